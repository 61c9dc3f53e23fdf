"""Index notation written out in scalars at small sizes: the checker's own reading of it.

`x[n, d]` at n = 0, d = 1 becomes an entry; a sum becomes the sum of its terms. Where the outcome
depends on data (a label, which side of a kink, where the largest stands), the algebra decides.
Nothing here uses a law.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, Generic, NamedTuple, TypeVar, cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from pullback.derive.index.binders import Binder, Extreme, Place, Sum
from pullback.derive.index.functions import Erfc, Erfcx, LogErfc, LogSigmoid, Sigmoid, expm1, log1p
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where, wins_tie
from pullback.derive.index.objects import (
    Index,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    is_size,
)
from pullback.derive.proof.algebra import Algebra
from pullback.derive.proof.nodes import Number

V = TypeVar("V")
HOLDS: Mapping[str, Callable[[int], bool]] = {  # a comparison, by the sign of left - right
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}
FUNCTIONS: Mapping[type, str] = {
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


At = Mapping[str, int]  # the places of indices, by name
Reader = Callable[["Scalars[Any]", At], Any]  # writes an expression out


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
        return self.read(reader(expr), {i.name: place for i, place in at.items()})

    def read(self, read: Reader, at: At) -> V:
        """What a reader comes to."""
        self.work.done += 1
        return cast(V, read(self, at))

    def entry(self, name: str, places: list[int]) -> V:
        """A tensor's entry, or what its definition says."""
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
            at = {i.name: place for i, place in zip(indices, places, strict=True)}
            self.memory[key] = self.read(reader(meaning), at)
        return cast(V, self.memory[key])

    def place(self, index: Expr, at: Mapping[Index, int]) -> int:
        """The number that an index comes to."""
        return placer(index)(self, {i.name: place for i, place in at.items()})

    def minus(self, value: V) -> V:
        """-value."""
        return self.algebra.mul([self.algebra.number(-1), value])

    def sign_of_difference(self, left: V, right: V) -> int:
        """The sign of left - right."""
        return self.algebra.sign(self.algebra.add([left, self.minus(right)]))


@lru_cache(2**16)
def reader(expr: Expr) -> Reader:
    """What writes an expression out; made once, as an expression is written out many times."""
    if expr.is_Number or expr.is_NumberSymbol or expr in (sp.zoo, sp.I):
        return number(expr)
    if isinstance(expr, Index | Place | KroneckerDelta | Bracket):
        count = placer(expr) if isinstance(expr, Index | Place) else indicator(expr)
        return lambda s, at: s.algebra.number(int(count(s, at)))
    if expr.is_Add:
        terms = [reader(a) for a in expr.args]
        return lambda s, at: s.algebra.add([s.read(t, at) for t in terms])
    if expr.is_Mul:
        return product_of([part(f) for f in expr.args])
    if is_size(expr):
        return lambda s, at: s.algebra.number(s.sizes[expr])
    if is_entry(expr):
        name, places = entry_name(expr), [placer(i) for i in entry_indices(expr)]
        return lambda s, at: s.entry(name, [p(s, at) for p in places])
    if isinstance(expr, Binder):
        return binder(expr)
    if isinstance(expr, Where):
        test, first, second = condition(expr.args[0]), reader(expr.args[1]), reader(expr.args[2])
        return lambda s, at: s.read(first if test(s, at) else second, at)
    if isinstance(expr, Maximum | Minimum):
        return larger(expr)
    return function(expr)


def number(expr: Expr) -> Reader:
    """A number; what is none becomes a constant without a value."""
    if expr.is_Rational:
        value: Number = int(expr.p) if expr.q == 1 else Fraction(int(expr.p), int(expr.q))
        return lambda s, at: s.algebra.number(value)
    if expr is sp.E:
        return lambda s, at: s.algebra.function("exp", s.algebra.number(1))
    name = str(expr)
    return lambda s, at: s.algebra.constant(name)


def function(expr: Expr) -> Reader:
    """A power, or a function of one argument."""
    inner = reader(expr.args[0])
    if isinstance(expr, sp.Pow):
        exponent = reader(expr.exp)
        return lambda s, at: s.algebra.power(s.read(inner, at), s.read(exponent, at))
    name = next((n for kind, n in NAMES.items() if isinstance(expr, kind)), "")
    if name:
        make = MADE[name]
        return lambda s, at: make(s.algebra, s.read(inner, at))
    other = FUNCTIONS.get(type(expr)) or type(expr).__name__.lower()
    return lambda s, at: s.algebra.function(other, s.read(inner, at))


class Part(NamedTuple):
    """A factor: what writes it out, the indices free in it, and whether it is 0 or a number."""

    read: Reader
    names: frozenset[str]
    is_indicator: bool


def part(factor: Expr) -> Part:
    """A factor as it stands."""
    names = frozenset(i.name for i in free_indices(factor))
    return Part(reader(factor), names, is_indicator(factor))


def product_of(parts: Sequence[Part]) -> Reader:
    """A product; where an indicator is 0 the other factors are not asked."""
    first = [p.read for p in parts if p.is_indicator]
    rest = [p.read for p in parts if not p.is_indicator]

    def read(s: Scalars[Any], at: At) -> Any:
        done = []
        for factor in first:
            value = s.read(factor, at)
            number = s.algebra.as_number(value)
            if number == 0:
                return value
            if number != 1:
                done.append(value)
        return s.algebra.mul([*done, *(s.read(f, at) for f in rest)])

    return read


def one_by_one(factors: Sequence[Expr], indices: Sequence[Index]) -> Reader | None:
    """A sum of products, index by index, each over the factors that have it.

    Sums of products of matrices so come to the work of these products, and not to that of all
    places of all indices. None where no order saves work.
    """
    parts, left = [part(f) for f in factors], list(indices)
    bound = {i.name for i in indices}
    while left:
        unions = {i: frozenset[str]().union(*(p.names for p in having(parts, i))) for i in left}
        index = min(left, key=lambda i: (len(unions[i] & bound), i.name))
        if len(unions[index] & bound) == len(indices):
            return None
        group = having(parts, index)
        rest = unions[index] - {index.name}
        total = remembered(total_of(index, product_of(group)), sorted(rest))
        parts = [p for p in parts if p not in group]
        parts.append(Part(total, rest, all(p.is_indicator for p in group)))
        left.remove(index)
    return product_of(parts)


def having(parts: Sequence[Part], index: Index) -> list[Part]:
    """The factors in which an index stands."""
    return [p for p in parts if index.name in p.names]


def total_of(index: Index, body: Reader) -> Reader:
    """A sum over one index."""

    def read(s: Scalars[Any], at: At) -> Any:
        places = range(s.sizes[index.size])
        return s.algebra.add([s.read(body, {**at, index.name: place}) for place in places])

    return read


def remembered(write: Reader, free: Sequence[str]) -> Reader:
    """What is written out once for all that has the same free indices at the same places."""

    def read(s: Scalars[Any], at: At) -> Any:
        key = (write, *(at[n] for n in free))
        if key not in s.memory:
            s.memory[key] = write(s, at)
        return s.memory[key]

    return read


def binder(expr: Binder) -> Reader:
    """A sum or an extreme value; of the place of one, the place and the value."""
    names, free = [i.name for i in expr.indices], [i.name for i in free_indices(expr)]
    whole, kind = isinstance(expr, Sum), type(expr).__name__
    if whole and len(names) > 1:
        short = one_by_one(sp.Mul.make_args(expr.body), expr.indices)
        if short:
            return remembered(short, free)
    body, largest = reader(expr.body), kind.endswith("Largest")

    def bind(s: Scalars[Any], at: At) -> Any:
        ranges = [range(s.sizes[i.size]) for i in expr.indices]
        terms = [
            s.read(body, {**at, **dict(zip(names, places, strict=True))})
            for places in product(*ranges)
        ]
        if whole:
            return s.algebra.add(terms)
        where = s.algebra.largest(terms if largest else [s.minus(t) for t in terms])
        return terms[where] if isinstance(expr, Extreme) else (where, terms[where])

    return remembered(bind, free)


def larger(expr: Expr) -> Reader:
    """The argument that max or min chooses."""
    one, other = map(reader, expr.args)
    most, tie = isinstance(expr, Maximum), wins_tie(expr.args, 0)

    def read(s: Scalars[Any], at: At) -> Any:
        first, second = s.read(one, at), s.read(other, at)
        sign = s.sign_of_difference(first, second)
        return first if (tie if sign == 0 else (sign > 0) == most) else second

    return read


@lru_cache(2**16)
def placer(index: Expr) -> Callable[[Scalars[Any], At], int]:
    """The number that an index comes to: an axis, a label, or where an extreme value stands."""
    if isinstance(index, Index):
        name = index.name
        return lambda s, at: at[name]
    if isinstance(index, Place):
        read = binder(index)
        return lambda s, at: int(read(s, at)[0])
    if index.is_Integer:
        value = int(index)
        return lambda s, at: value
    label, places = entry_name(index), [placer(i) for i in entry_indices(index)]
    return lambda s, at: s.label(label, [p(s, at) for p in places])


def indicator(expr: Expr) -> Callable[[Scalars[Any], At], bool]:
    """Whether an indicator holds."""
    if isinstance(expr, Bracket):
        return condition(expr.condition)
    left, right = map(placer, expr.args)
    return lambda s, at: left(s, at) == right(s, at)


def condition(relation: Any) -> Callable[[Scalars[Any], At], bool]:
    """Whether a comparison holds."""
    left, right = map(reader, relation.args)
    holds = HOLDS[relation.rel_op]
    return lambda s, at: holds(s.sign_of_difference(s.read(left, at), s.read(right, at)))


def is_indicator(expr: Expr) -> bool:
    """Is it made of deltas, brackets and numbers?"""
    if expr.is_Add or expr.is_Mul or expr.is_Pow:
        return all(map(is_indicator, expr.args))
    return isinstance(expr, KroneckerDelta | Bracket) or bool(expr.is_Integer)


def one_over(algebra: Algebra[Any], value: Any) -> Any:
    """1/value."""
    return algebra.power(value, algebra.number(-1))


def less(algebra: Algebra[Any], a: Any, b: Any) -> Any:
    """a - b."""
    return algebra.add([a, algebra.mul([algebra.number(-1), b])])


def logistic(algebra: Algebra[Any], a: Any) -> Any:
    """1/(1 + exp(-a))."""
    one = algebra.number(1)
    below = algebra.function("exp", algebra.mul([algebra.number(-1), a]))
    return one_over(algebra, algebra.add([one, below]))


def scaled(algebra: Algebra[V], a: V) -> V:
    """exp(a²)(1 − erf(a))."""
    rest = less(algebra, algebra.number(1), algebra.function("erf", a))
    return algebra.mul([algebra.function("exp", algebra.mul([a, a])), rest])


NAMES: Mapping[type, str] = {  # functions that others make up
    log1p: "log1p",
    expm1: "expm1",
    Erfc: "erfc",
    Erfcx: "erfcx",
    Sigmoid: "sigmoid",
    LogSigmoid: "logsigmoid",
    LogErfc: "logerfc",
    sp.Abs: "abs",
    sp.sign: "sign",
}
MADE: Mapping[str, Callable[[Algebra[Any], Any], Any]] = {
    "log1p": lambda A, a: A.function("log", A.add([A.number(1), a])),
    "expm1": lambda A, a: less(A, A.function("exp", a), A.number(1)),
    "erfc": lambda A, a: less(A, A.number(1), A.function("erf", a)),
    "erfcx": scaled,
    "sigmoid": logistic,
    "logsigmoid": lambda A, a: A.function("log", logistic(A, a)),
    "logerfc": lambda A, a: A.function("log", less(A, A.number(1), A.function("erf", a))),
    "abs": lambda A, a: A.mul([A.number(A.sign(a)), a]),
    "sign": lambda A, a: A.number(A.sign(a)),
}
