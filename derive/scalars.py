"""Index notation written out in scalars at small sizes: the checker's own reading of it.

`x[n, d]` at n = 0, d = 1 becomes the symbol `x_0_1`; a sum becomes the sum of its terms. Where the
outcome depends on data (a label, which side of a kink, where the largest stands), every case is
taken in turn. Nothing here uses a law.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from derive.expressions import (
    Binder,
    Bracket,
    Erfc,
    Extreme,
    Index,
    Maximum,
    Minimum,
    Sigmoid,
    Sum,
    Where,
    entry_indices,
    entry_name,
    expm1,
    free_indices,
    is_entry,
    log1p,
)
from derive.zero import numerically_zero

Leaf = Callable[[str, list[int]], Expr]  # what stands for one entry of an input
Decide = Callable[[Any, int], int]  # a question and the number of its answers, to an answer
SIGNS = (1, -1, 0)
HOLDS: Mapping[str, Callable[[int], bool]] = {  # a comparison, by the sign of left - right
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


FLIPPED = (1, 0, 2)  # the sign of -a, by that of a


def known_question(question: Any, answers: Mapping[Any, int]) -> tuple[Any, bool]:
    """The question in the words in which it was asked before, and whether of the opposite value.

    Equal values have one sign, and opposite values opposite ones, however they are spelt.
    """
    if question in answers or question[0] != "sign":
        return question, False
    value = question[1]
    for known in answers:
        if known[0] == "sign" and known[1].free_symbols == value.free_symbols:
            for opposite, difference in ((False, known[1] - value), (True, known[1] + value)):
                if numerically_zero(difference):
                    return known, opposite
    return question, False


@dataclass
class Cases:
    """Every combination of answers to the questions that an evaluation asks."""

    limit: int
    trail: list[tuple[Any, int, int]] = field(default_factory=list)  # question, answer, answers
    answers: dict[Any, int] = field(default_factory=dict)

    def decide(self, question: Any, count: int) -> int:
        """The answer of this round; a new question is answered with its first answer."""
        question, opposite = known_question(question, self.answers)
        if question not in self.answers:
            self.trail.append((question, 0, count))
            self.answers[question] = 0
        return FLIPPED[self.answers[question]] if opposite else self.answers[question]

    def rounds(self) -> Iterator[dict[Any, int]]:
        """One round per combination; the body of the loop must ask the same way in each."""
        for _ in range(self.limit):
            self.answers = {question: answer for question, answer, _ in self.trail}
            yield self.answers
            while self.trail and self.trail[-1][1] + 1 == self.trail[-1][2]:
                self.trail.pop()
            if not self.trail:
                return
            question, answer, count = self.trail[-1]
            self.trail[-1] = (question, answer + 1, count)
        raise OverflowError(f"more than {self.limit} cases")


@dataclass
class RandomCases:
    """Random answers to the questions that an evaluation asks, in so many rounds."""

    chance: random.Random
    count: int
    answers: dict[Any, int] = field(default_factory=dict)

    def decide(self, question: Any, count: int) -> int:
        """The answer of this round."""
        question, opposite = known_question(question, self.answers)
        answer = self.answers.setdefault(question, self.chance.randrange(count))
        return FLIPPED[answer] if opposite else answer

    def rounds(self) -> Iterator[dict[Any, int]]:
        """One round after the other, each with answers of its own."""
        for _ in range(self.count):
            self.answers = {}
            yield self.answers


def scalar(name: str, places: list[int]) -> Expr:
    """The symbol of one entry."""
    return cast(Expr, sp.Symbol("_".join([name, *map(str, places)]), real=True))


@dataclass
class Work:
    """How many parts of expressions have been written out: what a check costs, in any run alike."""

    done: int = 0


@dataclass(frozen=True)
class Scalars:
    """Writes expressions out: sizes as numbers, definitions looked through, cases decided.

    `memory`, where it is given, keeps what definitions and binders come to; decisions must then
    not change.
    `shorten`, where it is given, is applied to what a definition comes to.
    """

    sizes: Mapping[Expr, int]
    definitions: Mapping[str, tuple[tuple[Index, ...], Expr]]
    decide: Decide
    labels_of: Mapping[str, Expr]  # an integer tensor to the size of the axis it points into
    leaf: Leaf = scalar
    memory: dict[Any, Expr] | None = None
    shorten: Callable[[Expr], Expr] | None = None
    work: Work = field(default_factory=Work)

    def write(self, expr: Expr, at: Mapping[Index, int]) -> Expr:
        """The expression in scalars, its free indices at these places."""
        self.work.done += 1
        if isinstance(expr, Index):
            return cast(Expr, sp.Integer(at[expr]))
        if expr in self.sizes:
            return cast(Expr, sp.Integer(self.sizes[expr]))
        if is_entry(expr):
            return self.entry(expr, at)
        if isinstance(expr, Binder):
            return self.binder(expr, at)
        if isinstance(expr, KroneckerDelta):
            left, right = (self.place(a, at) for a in expr.args)
            return cast(Expr, sp.Integer(left == right))
        if isinstance(expr, Bracket):
            return cast(Expr, sp.Integer(self.holds(expr.condition, at)))
        if isinstance(expr, Where):
            chosen = expr.args[1] if self.holds(expr.args[0], at) else expr.args[2]
            return self.write(cast(Expr, chosen), at)
        if isinstance(expr, Maximum | Minimum):
            return self.larger(expr, at)
        if expr.is_Mul and any(
            isinstance(f, KroneckerDelta) and self.write(f, at) == 0 for f in expr.args
        ):
            return cast(Expr, sp.S.Zero)  # the other factors are not asked, which saves their cases
        args = [self.write(a, at) for a in expr.args]
        if isinstance(expr, log1p):
            return cast(Expr, sp.log(1 + args[0]))
        if isinstance(expr, expm1):
            return cast(Expr, sp.exp(args[0]) - 1)
        if isinstance(expr, Erfc):
            return cast(Expr, 1 - sp.erf(args[0]))
        if isinstance(expr, Sigmoid):
            return cast(Expr, 1 / (1 + sp.exp(-args[0])))
        if isinstance(expr, sp.Abs):
            return args[0] * SIGNS[self.sign(args[0])]
        if isinstance(expr, sp.sign):
            return cast(Expr, sp.Integer(SIGNS[self.sign(args[0])]))
        return cast(Expr, expr.func(*args) if args else expr)

    def entry(self, expr: Expr, at: Mapping[Index, int]) -> Expr:
        """A tensor's entry as one symbol, or what its definition says."""
        name = entry_name(expr)
        places = [self.place(i, at) for i in entry_indices(expr)]
        if name in self.definitions:
            return self.defined(name, places)
        if name in self.labels_of:
            size = self.sizes[self.labels_of[name]]
            return cast(Expr, sp.Integer(self.decide((name, *places), size)))
        return self.leaf(name, places)

    def defined(self, name: str, places: list[int]) -> Expr:
        """What a definition says of one entry."""
        key = (name, *places)
        if self.memory is not None and key in self.memory:
            return self.memory[key]
        indices, meaning = self.definitions[name]
        value = self.write(meaning, dict(zip(indices, places, strict=True)))
        if self.shorten is not None:
            value = self.shorten(value)
        if self.memory is not None:
            self.memory[key] = value
        return value

    def place(self, index: Expr, at: Mapping[Index, int]) -> int:
        """The number that an index comes to."""
        return int(self.write(index, at))

    def binder(self, expr: Binder, at: Mapping[Index, int]) -> Expr:
        """A sum, an extreme value or its place."""
        if self.memory is None:
            return self.bind(expr, at)
        key = (expr, *(at[i] for i in free_indices(expr)))
        if key not in self.memory:
            self.memory[key] = self.bind(expr, at)
        return self.memory[key]

    def bind(self, expr: Binder, at: Mapping[Index, int]) -> Expr:
        """What a binder comes to, place by place."""
        ranges = [range(self.sizes[i.size]) for i in expr.indices]
        terms = [
            self.write(expr.body, {**at, **dict(zip(expr.indices, places, strict=True))})
            for places in product(*ranges)
        ]
        if isinstance(expr, Sum):
            return cast(Expr, sp.Add(*terms))
        kind = type(expr).place if isinstance(expr, Extreme) else type(expr)
        where = self.decide((kind.__name__, *terms), len(terms))
        return terms[where] if isinstance(expr, Extreme) else cast(Expr, sp.Integer(where))

    def sign(self, value: Expr) -> int:
        """Which sign a value has, as a place in SIGNS."""
        if value.is_number:
            return SIGNS.index(int(sp.sign(value)))
        if value.could_extract_minus_sign():
            return FLIPPED[self.sign(-value)]
        return self.decide(("sign", sp.expand(value)), 3)

    def holds(self, condition: Any, at: Mapping[Index, int]) -> bool:
        """Does a comparison hold?"""
        left, right = (self.write(a, at) for a in condition.args)
        return HOLDS[condition.rel_op](SIGNS[self.sign(left - right)])

    def larger(self, expr: Expr, at: Mapping[Index, int]) -> Expr:
        """The argument that max or min chooses; at a tie a constant, else the first."""
        first, second = (self.write(a, at) for a in expr.args)
        sign = SIGNS[self.sign(first - second)] * (1 if isinstance(expr, Maximum) else -1)
        if sign == 0:
            return second if expr.args[1].is_number and not expr.args[0].is_number else first
        return first if sign > 0 else second


def on_ties(answers: Mapping[Any, int]) -> dict[Expr, Expr]:
    """What a case with ties says of the symbols: u = 0, or a = b, or one factor of a product."""
    found: dict[Expr, Expr] = {}
    for question, answer in answers.items():
        if isinstance(question, tuple) and question[0] == "sign" and SIGNS[answer] == 0:
            tie = on_tie(question[1].xreplace(found))
            found = {k: v.xreplace(tie) for k, v in found.items()} | tie
    return found


def on_tie(value: Expr) -> dict[Expr, Expr]:
    """A symbol and what it must be for a value to be 0; nothing where none is found."""
    symbols = sorted(value.free_symbols, key=str)
    for symbol in symbols:
        slope = value.diff(symbol)
        if slope.is_number and slope != 0:
            return {symbol: symbol - value / slope}
    for symbol in symbols:
        if value.xreplace({symbol: sp.S.Zero}) == 0:
            return {symbol: sp.S.Zero}
    return {}
