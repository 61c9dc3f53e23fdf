"""Index notation written out in scalars at small sizes: the checker's own reading of it.

`x[n, d]` at n = 0, d = 1 becomes an entry; a sum becomes the sum of its terms. Where the outcome
depends on data (a label, which side of a kink, where the largest stands), the algebra decides.
Nothing here uses a law.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any, Generic, TypeVar, cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from derive.algebra import Algebra
from derive.expressions import (
    Binder,
    Bracket,
    Erfc,
    Extreme,
    Index,
    Maximum,
    Minimum,
    Place,
    Sigmoid,
    Sum,
    Where,
    entry_indices,
    entry_name,
    expm1,
    free_indices,
    is_entry,
    log1p,
    wins_tie,
)
from derive.nodes import Number

V = TypeVar("V")
HOLDS: Mapping[str, Callable[[int], bool]] = {  # a comparison, by the sign of left - right
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}
NAMES: Mapping[type, str] = {
    sp.exp: "exp",
    sp.log: "log",
    sp.tanh: "tanh",
    sp.erf: "erf",
    sp.sin: "sin",
    sp.cos: "cos",
}


@dataclass
class Work:
    """How many parts of expressions have been written out: what a check costs, in any run alike."""

    done: int = 0


@dataclass(frozen=True)
class Scalars(Generic[V]):
    """Writes expressions out: sizes as numbers, definitions looked through, cases decided.

    `memory` keeps what definitions and binders come to; decisions must not change meanwhile.
    """

    sizes: Mapping[Expr, int]
    definitions: Mapping[str, tuple[tuple[Index, ...], Expr]]
    algebra: Algebra[V]
    labels_of: Mapping[str, Expr]  # an integer tensor to the size of the axis it points into
    memory: dict[Any, Any] = field(default_factory=dict)
    work: Work = field(default_factory=Work)

    def write(self, expr: Expr, at: Mapping[Index, int]) -> V:
        """The expression in scalars, its free indices at these places."""
        self.work.done += 1
        if expr.is_Number or expr.is_NumberSymbol or expr is sp.zoo or expr is sp.I:
            return self.number(expr)
        if expr.is_Add:
            return self.algebra.add([self.write(a, at) for a in expr.args])
        if expr.is_Mul:
            return self.product(expr, at)
        if expr in self.sizes:
            return self.algebra.number(self.sizes[expr])
        if is_entry(expr):
            return self.entry(expr, at)
        if isinstance(expr, sp.Pow):
            return self.algebra.power(self.write(expr.base, at), self.write(expr.exp, at))
        if isinstance(expr, Sum | Extreme):
            return self.binder(expr, at)
        if isinstance(expr, KroneckerDelta | Bracket):
            return self.algebra.number(int(self.indicated(expr, at)))
        if isinstance(expr, Where):
            chosen = expr.args[1] if self.holds(expr.args[0], at) else expr.args[2]
            return self.write(cast(Expr, chosen), at)
        if isinstance(expr, Maximum | Minimum):
            return self.larger(expr, at)
        if isinstance(expr, Index | Place):
            return self.algebra.number(self.place(expr, at))
        return self.function(expr, at)

    def number(self, expr: Expr) -> V:
        """A number; what is none becomes a constant without a value."""
        if expr.is_Rational:
            return self.algebra.number(int(expr.p) if expr.q == 1 else fraction(expr))
        if expr is sp.E:
            return self.algebra.function("exp", self.algebra.number(1))
        return self.algebra.constant(str(expr))

    def function(self, expr: Expr, at: Mapping[Index, int]) -> V:
        """A function of one argument."""
        algebra = self.algebra
        a = self.write(expr.args[0], at)
        if type(expr) in NAMES:
            return algebra.function(NAMES[type(expr)], a)
        one, minus = algebra.number(1), algebra.number(-1)
        if isinstance(expr, log1p):
            return algebra.function("log", algebra.add([one, a]))
        if isinstance(expr, expm1):
            return algebra.add([algebra.function("exp", a), minus])
        if isinstance(expr, Erfc):
            return algebra.add([one, algebra.mul([minus, algebra.function("erf", a)])])
        if isinstance(expr, Sigmoid):
            under = algebra.function("exp", algebra.mul([minus, a]))
            return algebra.power(algebra.add([one, under]), minus)
        if isinstance(expr, sp.Abs):
            return algebra.mul([algebra.number(algebra.sign(a)), a])
        if isinstance(expr, sp.sign):
            return algebra.number(algebra.sign(a))
        return algebra.function(type(expr).__name__.lower(), a)

    def product(self, expr: Expr, at: Mapping[Index, int]) -> V:
        """A product; where an indicator is 0 the other factors are not asked."""
        first, rest = in_order(expr)
        done = []
        for factor in first:
            value = self.write(factor, at)
            number = self.algebra.as_number(value)
            if number == 0:
                return value
            if number != 1:
                done.append(value)
        return self.algebra.mul([*done, *(self.write(f, at) for f in rest)])

    def entry(self, expr: Expr, at: Mapping[Index, int]) -> V:
        """A tensor's entry, or what its definition says."""
        name = entry_name(expr)
        places = [self.place(i, at) for i in entry_indices(expr)]
        if name in self.definitions:
            return self.defined(name, places)
        if name in self.labels_of:
            return self.algebra.number(self.label(name, places))
        return self.algebra.entry(name, places)

    def label(self, name: str, places: list[int]) -> int:
        """An entry of a tensor that holds labels."""
        return self.algebra.label(name, places, self.sizes[self.labels_of[name]])

    def defined(self, name: str, places: list[int]) -> V:
        """What a definition says of one entry."""
        key = (name, *places)
        if key not in self.memory:
            indices, meaning = self.definitions[name]
            self.memory[key] = self.write(meaning, dict(zip(indices, places, strict=True)))
        return cast(V, self.memory[key])

    def place(self, index: Expr, at: Mapping[Index, int]) -> int:
        """The number that an index comes to: an axis, a label, or where an extreme value stands."""
        if isinstance(index, Index):
            return at[index]
        if isinstance(index, Place):
            return cast(int, self.binder(index, at)[0])
        if index.is_Integer:
            return int(index)
        places = [self.place(i, at) for i in entry_indices(index)]
        return self.label(entry_name(index), places)

    def binder(self, expr: Binder, at: Mapping[Index, int]) -> Any:
        """A sum or an extreme value; of the place of one, the place and the value."""
        key = (expr, *(at[i] for i in free_indices(expr)))
        if key not in self.memory:
            self.memory[key] = self.bind(expr, at)
        return self.memory[key]

    def bind(self, expr: Binder, at: Mapping[Index, int]) -> Any:
        """What a binder comes to, place by place."""
        ranges = [range(self.sizes[i.size]) for i in expr.indices]
        terms = [
            self.write(expr.body, {**at, **dict(zip(expr.indices, places, strict=True))})
            for places in product(*ranges)
        ]
        if isinstance(expr, Sum):
            return self.algebra.add(terms)
        where = self.extreme(terms, type(expr).__name__.endswith("Largest"))
        return terms[where] if isinstance(expr, Extreme) else (where, terms[where])

    def extreme(self, terms: list[V], largest: bool) -> int:
        """The first place of the largest or of the smallest."""
        if not largest:
            minus = self.algebra.number(-1)
            terms = [self.algebra.mul([minus, t]) for t in terms]
        return self.algebra.largest(terms)

    def indicated(self, expr: Expr, at: Mapping[Index, int]) -> bool:
        """Does an indicator hold?"""
        if isinstance(expr, Bracket):
            return self.holds(expr.condition, at)
        left, right = (self.place(a, at) for a in expr.args)
        return left == right

    def holds(self, condition: Any, at: Mapping[Index, int]) -> bool:
        """Does a comparison hold?"""
        left, right = (self.write(a, at) for a in condition.args)
        return HOLDS[condition.rel_op](self.algebra.sign(self.difference(left, right)))

    def difference(self, left: V, right: V) -> V:
        """left - right."""
        return self.algebra.add([left, self.algebra.mul([self.algebra.number(-1), right])])

    def larger(self, expr: Expr, at: Mapping[Index, int]) -> V:
        """The argument that max or min chooses."""
        first, second = (self.write(a, at) for a in expr.args)
        sign = self.algebra.sign(self.difference(first, second))
        if sign == 0:
            return first if wins_tie(expr.args, 0) else second
        return first if (sign > 0) == isinstance(expr, Maximum) else second


@cache
def fraction(expr: Expr) -> Number:
    """A rational number of SymPy's."""
    return Fraction(int(expr.p), int(expr.q))


@cache
def in_order(expr: Expr) -> tuple[list[Expr], list[Expr]]:
    """The indicators of a product, and its other factors."""
    first = [f for f in expr.args if is_indicator(f)]
    return first, [f for f in expr.args if not is_indicator(f)]


def is_indicator(expr: Expr) -> bool:
    """Is it made of deltas, brackets and numbers?"""
    if expr.is_Add or expr.is_Mul or expr.is_Pow:
        return all(map(is_indicator, expr.args))
    return isinstance(expr, KroneckerDelta | Bracket) or bool(expr.is_Integer)
