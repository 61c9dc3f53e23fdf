"""What must hold for what is read to have a value, taken down as it is read.

A denominator is not 0, what is under a log is positive, what is under a root is not negative: where
the conditions hold beside which it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.proof.every_size.facts import (
    HOLDS,
    NOT_NEGATIVE,
    NOT_ZERO,
    POSITIVE,
    Fact,
    Given,
)
from pullback.derive.proof.every_size.known import PLAIN
from pullback.derive.proof.every_size.meeting import direction
from pullback.derive.proof.every_size.places import INDEX, OPEN
from pullback.derive.proof.every_size.said import Letters, Said, argument
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.switches import in_cases, switches
from pullback.derive.proof.every_size.terms import Factor, Number, Value, as_number, scaled


class Needs:
    """Takes down what must hold; `needed` has it."""

    def __init__(self, signs: Signs) -> None:
        self.signs, self.ring = signs, signs.ring
        self.needed: list[Fact] = []
        self.about: Expr = sp.S.Zero  # what is being read
        self.letters = Letters()  # for the indices of what is looked through
        self.beside: tuple[tuple[Relational, Letters], ...] = ()

    def under(self, facts: Given, read: Callable[[], Any], beside: Iterable[Relational]) -> Any:
        """What is read where conditions hold; `beside` is these in index notation."""
        before = self.signs.given, self.beside
        self.signs.given = tuple(dict.fromkeys((*before[0], *facts)))
        self.beside = (*self.beside, *((fact, self.letters) for fact in beside))
        try:
            return read()
        finally:
            self.signs.given, self.beside = before

    def reading(self, expr: Expr, read: Callable[[], Value]) -> Value:
        """What is read of an expression; its needs are said of it."""
        before, self.about = self.about, expr
        try:
            return read()
        finally:
            self.about = before

    def need(self, kind: str, value: Value, of: Callable[[Expr], Expr] = argument) -> None:
        """That something must hold here of a value, which is `of` of what is being read."""
        self.said = Said(kind, of(self.about), self.letters, self.beside)
        given = list(self.signs.given)
        while True:  # where two places are one, it is said of one of them
            equal = next((g for g in given if g.kind == HOLDS and self.puts_in(g)), None)
            if equal is None:
                return self.say(kind, value, tuple(given))
            old, new = direction(self.ring, *equal.value[1:])
            value = self.ring.put(value, {old: new})
            given = [self.moved(g, {old: new}) for g in given if g != equal]

    def puts_in(self, fact: Fact) -> bool:
        """Does it say that an index, which takes every place, stands at another place?

        Of two labels it stays a condition: they may never be one.
        """
        if fact.value[0] != self.ring.delta or fact.value[1] == fact.value[2]:
            return False
        old, _ = direction(self.ring, *fact.value[1:])
        return old >= 0 and self.ring.places.kinds[old] in (INDEX, OPEN)

    def moved(self, fact: Fact, table: Mapping[int, int]) -> Fact:
        """What is given, said of other places."""
        return replace(fact, value=self.ring.renamed(fact.value, table))

    def say(self, kind: str, value: Value, given: Given) -> None:
        """Take down what must hold; of a product that is not 0 no factor is."""
        known = as_number(value)
        if known is not None and (known > 0 or (known < 0 and kind == NOT_ZERO)):
            return
        if (
            kind != NOT_NEGATIVE
            and switches(self.ring, value)
            and self.say_by_cases(kind, value, given)
        ):
            return
        if kind == NOT_ZERO and len(value) == 1:
            ((bound, factors),) = value
            if not bound:
                for factor, exponent in factors:
                    self.say_of_factor(factor, exponent, given)
                return
        self.take_down(kind, value, given)

    def take_down(self, kind: str, value: Value, given: Given) -> None:
        """Keep it, with where it came up."""
        self.needed.append(replace(self.signs.fact(kind, value, given), said=self.said))

    def say_by_cases(self, kind: str, value: Value, given: Given) -> bool:
        """That a value is not 0, said by cases: those in which it would be 0 must not come up."""
        cases = in_cases(self.ring, value)
        if len(cases) == 1:  # too many switches
            return False
        whole = [case for _, case in cases if case]
        subjects = {frozenset(s for s, _ in self.signs.subject(case)) for case in whole}
        if len(subjects) != 1 or (kind == POSITIVE and len(whole) > 1):
            return False
        excluded = []
        for answers in (answers for answers, case in cases if not case):
            off = [switch for switch, answer in answers if not answer]
            if any(self.ring.heads[s[0]].kind != "bracket" for s, _ in answers):
                return False
            inner = self.ring.inside(answers[0][0])
            if len(answers) == 1:
                excluded.append((POSITIVE, inner) if off else (NOT_NEGATIVE, scaled(inner, -1)))
            elif len(answers) == len(off) == 2 and self.ring.opposite(off[0]) == off[1]:
                excluded.append((NOT_ZERO, inner))
            else:
                return False
        for each in excluded:
            self.say(*each, given)
        self.say(kind, whole[0], given)
        return True

    def say_of_factor(self, factor: Factor, exponent: Number, given: Given) -> None:
        """That a factor is not 0."""
        head = self.ring.heads[factor[0]]
        if head.kind in PLAIN:
            return
        value = self.ring.inside(factor) if head.kind == "base" else self.ring.factor(factor)
        root = Fraction(exponent).denominator % 2 == 0
        self.take_down(POSITIVE if root else NOT_ZERO, value, given)
