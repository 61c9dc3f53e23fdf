"""What is known in a ring: facts, conditions that are given, what a definition assumes."""

from __future__ import annotations

from collections.abc import Callable

from pullback.derive.proof.every_size.assumed import Rule
from pullback.derive.proof.every_size.facts import NOT_ZERO, Fact, Facts, Given
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import (
    Factor,
    Factors,
    Number,
    Term,
    Value,
    merged,
    primitive,
    scaled,
)

Question = tuple[frozenset[tuple[Term, Number]], Given, int]  # a value, what is given, facts
PLAIN = ("size", "exp", "constant")  # kinds of factors that are positive


class Known:
    """A ring with what is known in it, and where."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.facts = Facts(ring)
        self.given: Given = ()
        self.rules: list[Rule] = []  # what a definition assumes

    def known(self, kind: str, value: Value) -> bool:
        """Is it a fact, or given here?"""
        return any(
            (sign > 0 or kind == NOT_ZERO) and self.facts.holds(kind, factor, self.given)
            for factor, sign in self.subject(value)
        )

    def question(self, value: Value) -> Question:
        """What an answer about a value hangs on."""
        return frozenset(value.items()), self.given, self.facts.count

    def subject(self, value: Value) -> list[tuple[Factor, int]]:
        """What facts about a value are about, up to a positive factor."""
        bare = self.bare(value)
        found = [(self.ring.atom("fact", bare), 1)]
        return [*found, (self.ring.atom("fact", scaled(bare, -1)), -1)]

    def fact(self, kind: str, value: Value, guards: Given, everywhere: bool = True) -> Fact:
        """A fact about a value."""
        return Fact(kind, self.ring.atom("fact", self.bare(value)), guards, everywhere)

    def bare(self, value: Value, but: int = -1) -> Value:
        """A value without what is positive in all its terms, in whole numbers without a divisor.

        What stands at the place `but` stays.
        """
        _, rest = content(
            self.ring,
            value,
            lambda factor, power: (
                self.plainly_positive(factor, power)
                and not any(but in self.ring.places.leaves[p] for p in factor[1:])
            ),
        )
        return primitive(rest)

    def plainly_positive(self, factor: Factor, power: Number) -> bool:
        """Is it positive by its kind?"""
        return self.ring.heads[factor[0]].kind in PLAIN


def content(
    ring: Ring, value: Value, taken: Callable[[Factor, Number], bool]
) -> tuple[Factors, Value]:
    """The factors that all terms have, of those that may be taken, and what is left."""
    common: Factors | None = None
    for bound, factors in value:
        here: Factors = {}
        for factor, power in factors:
            if factor[0] in ring.switches or not taken(factor, power):
                continue
            if bound and any(ring.places.leaves[p] & set(bound) for p in factor[1:]):
                continue
            here[factor] = power
        if common is None:
            common = here
        else:
            both = {*common, *here}
            common = {f: min(common.get(f, 0), here.get(f, 0)) for f in both}
        common = {f: p for f, p in common.items() if p}
    if not common:
        return {}, value
    rest: Value = {}
    for (bound, factors), coefficient in value.items():
        ring.add(rest, coefficient, bound, merged(factors, [(f, -p) for f, p in common.items()]))
    return common, rest
