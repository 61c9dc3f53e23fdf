"""What is known of signs: what the definition's own domain says, conditions that hold, cases taken.

A fact holds of every place of its indices; a condition that is given holds of its own places alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import (
    ONE,
    Factor,
    Number,
    Value,
    constant,
    number,
    plus,
    primitive,
)

POSITIVE, NOT_NEGATIVE, NOT_ZERO, ZERO = ">", ">=", "!=", "=="
HOLDS, FAILS = "holds", "fails"  # of a delta, or of one place before another
IMPLIES = {
    POSITIVE: {POSITIVE, NOT_NEGATIVE, NOT_ZERO},
    NOT_NEGATIVE: {NOT_NEGATIVE},
    NOT_ZERO: {NOT_ZERO},
    ZERO: {ZERO},
    HOLDS: {HOLDS},
    FAILS: {FAILS},
}


Shape = frozenset[tuple[tuple[int, Number], ...]]  # heads and powers of factors, by terms


@dataclass(frozen=True)
class Fact:
    """That a value is positive, not negative, not 0 or 0, where all the guards hold."""

    kind: str
    value: Factor  # an atom that stands for it
    guards: tuple[Fact, ...] = ()
    everywhere: bool = True  # at every place of its indices
    said: Any = field(default=None, compare=False, repr=False)  # where it came up


Given = tuple[Fact, ...]  # conditions that hold where something stands


def shape(value: Value) -> Shape:
    """The heads of what stands beside a number, which are the same at all places."""
    return frozenset(tuple(sorted((f[0], p) for f, p in t[1])) for t in value if t != ONE)


def apart_from_number(value: Value) -> tuple[Value, Number]:
    """a and c, where a value is a + c up to a factor above 0, a in whole numbers."""
    rest = {t: c for t, c in value.items() if t != ONE}
    simple = primitive(rest)
    term = min(simple)
    return simple, number(Fraction(value.get(ONE, 0)) * simple[term] / rest[term])


class Facts:
    """Facts by the value that they are about."""

    def __init__(self, ring: Ring) -> None:
        self.ring, self.places = ring, ring.places
        self.by_head: dict[int, list[Fact]] = {}
        self.numbers: dict[Shape, set[Number]] = {}  # c of facts about a + c, by what a is like
        self.parts: dict[int, tuple[Shape, Number]] = {}
        self.count = 0

    def add(self, fact: Fact) -> None:
        """Take in a fact."""
        known = self.by_head.setdefault(fact.value[0], [])
        if fact not in known:
            known.append(fact)
            self.count += 1
            key, beside = self.parted(fact)
            if key:
                self.numbers.setdefault(key, set()).add(beside)

    def parted(self, fact: Fact) -> tuple[Shape, Number]:
        """What a is like in a fact that a + c is not below 0, and c; of other facts nothing."""
        head = fact.value[0]
        if head not in self.parts:
            value = self.ring.heads[head].value or {}
            key = shape(value)
            self.parts[head] = key, apart_from_number(value)[1] if key else 0
        return self.parts[head] if fact.kind in (POSITIVE, NOT_NEGATIVE) else (frozenset(), 0)

    def less(self, value: Value, given: Given) -> list[Value]:
        """Values that are less by a number, of which something may be known."""
        key = shape(value)
        parts = [self.parted(fact) for fact in given]
        found = {*self.numbers.get(key, ()), *(c for k, c in parts if k == key)}
        if not found or not key:
            return []
        simple, own = apart_from_number(value)
        return [plus(simple, constant(c)) for c in sorted(found) if c < own]

    def holds(self, kind: str, value: Factor, given: Given) -> bool:
        """Does it follow that a value is positive, not negative, or not 0?"""
        if any(g.value == value and kind in IMPLIES[g.kind] for g in given):
            return True
        return any(
            kind in IMPLIES[fact.kind] and self.fits(fact, value, given)
            for fact in self.by_head.get(value[0], ())
        )

    def fits(self, fact: Fact, value: Factor, given: Given) -> bool:
        """Is it an instance of a fact whose guards hold?"""
        for way in self.ring.ways(value):
            table: dict[int, int] = {}
            there = self.places.matches(fact.value[1:], way, table, fact.everywhere)
            if there and self.guarded(fact.guards, given, table):
                return True
        return False

    def guarded(self, guards: Sequence[Fact], given: Given, table: Mapping[int, int]) -> bool:
        """Do the guards hold, at some places for indices of which the fact says nothing?"""
        if not guards:
            return True
        first, *others = guards
        for fact in given:
            if fact.value[0] != first.value[0] or first.kind not in IMPLIES[fact.kind]:
                continue
            for way in self.ring.ways(fact.value):
                more = dict(table)
                there = self.places.matches(first.value[1:], way, more)
                if there and self.guarded(others, given, more):
                    return True
        return False
