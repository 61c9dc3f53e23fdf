"""What is known of signs: what the definition's own domain says, conditions that hold, cases taken.

A fact holds of every place of its indices; a condition that is given holds of its own places alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import Factor

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


@dataclass(frozen=True)
class Fact:
    """That a value is positive, not negative, not 0 or 0, where all the guards hold."""

    kind: str
    value: Factor  # an atom that stands for it
    guards: tuple[Fact, ...] = ()
    everywhere: bool = True  # at every place of its indices
    said: Any = field(default=None, compare=False, repr=False)  # where it came up


Given = tuple[Fact, ...]  # conditions that hold where something stands


class Facts:
    """Facts by the value that they are about."""

    def __init__(self, ring: Ring) -> None:
        self.ring, self.places = ring, ring.places
        self.by_head: dict[int, list[Fact]] = {}
        self.count = 0

    def add(self, fact: Fact) -> None:
        """Take in a fact."""
        known = self.by_head.setdefault(fact.value[0], [])
        if fact not in known:
            known.append(fact)
            self.count += 1

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
