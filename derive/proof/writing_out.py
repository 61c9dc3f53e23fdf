"""Index notation written out in scalars at small sizes: the checker's own reading of it.

`x[n, d]` at n = 0, d = 1 becomes an entry; a sum becomes the sum of its terms. Where the outcome
depends on data (a label, which side of a kink, where the largest stands), the algebra decides.
Nothing here uses a law.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import ArgLargest, Binder, Extreme, Largest, Place, Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.elementary import Atan2
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where, wins_tie
from pullback.derive.index.matrices import Inverse, LogDeterminant, MatrixFunction
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entries,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    is_size,
    own_name,
)
from pullback.derive.proof.made_of_others import FUNCTIONS, MADE, NAMES, angle
from pullback.derive.proof.matrices import determinant, entry_of_inverse, log_of_size
from pullback.derive.proof.nodes import Number
from pullback.derive.proof.scalars import At, Reader, Scalars, V
from pullback.derive.proof.sums_of_products import Part, one_by_one, product_of, remembered

HOLDS: Mapping[str, Callable[[int], bool]] = {  # a comparison, by the sign of left - right
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def write(scalars: Scalars[V], expr: Expr, at: Mapping[Index, int]) -> V:
    """The expression in scalars, its free indices at these places."""
    return scalars.read(reader(expr), {i.name: place for i, place in at.items()})


def defined(scalars: Scalars[V], name: str, places: list[int]) -> V:
    """What a definition says of one entry."""
    indices, meaning = scalars.definitions[name]

    def write() -> V:
        at = {i.name: place for i, place in zip(indices, places, strict=True)}
        return scalars.read(reader(meaning), at)

    return scalars.kept((name, *places), write)


def entry_at(scalars: Scalars[V], name: str, places: list[int]) -> V:
    """A tensor's entry, or what its definition says."""
    if name in scalars.definitions:
        return defined(scalars, name, places)
    if name in scalars.labels_of:
        return scalars.algebra.number(scalars.label(name, places))
    return scalars.algebra.entry(name, places)


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
        return lambda s, at: entry_at(s, name, [p(s, at) for p in places])
    if isinstance(expr, Binder):
        return binder(expr)
    if isinstance(expr, MatrixFunction):
        return of_matrix(expr)
    if isinstance(expr, Where):
        test, first, second = condition(expr.args[0]), reader(expr.args[1]), reader(expr.args[2])
        return lambda s, at: s.read(first if test(s, at) else second, at)
    if isinstance(expr, Maximum | Minimum):
        return larger(expr)
    if isinstance(expr, Partial):
        return derivative(expr)
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
    """A power, or a function of one argument or two."""
    inner = reader(expr.args[0])
    if isinstance(expr, Atan2):
        second = reader(expr.args[1])
        return lambda s, at: angle(s.algebra, s.read(inner, at), s.read(second, at))
    if isinstance(expr, sp.Pow):
        exponent = reader(expr.exp)
        return lambda s, at: s.algebra.power(s.read(inner, at), s.read(exponent, at))
    name = next((n for kind, n in NAMES.items() if isinstance(expr, kind)), "")
    if name:
        make = MADE[name]
        return lambda s, at: make(s.algebra, s.read(inner, at))
    other = FUNCTIONS.get(type(expr)) or type(expr).__name__.lower()
    return lambda s, at: s.algebra.function(other, s.read(inner, at))


def derivative(expr: Partial) -> Reader:
    """A slope, worked out beside the value by the chain rule.

    Where the value is no number there is no slope, though nothing may move it there.
    """
    inner, name = reader(expr.expr), entry_name(expr.wrt)
    places = [placer(i) for i in entry_indices(expr.wrt)]

    def read(s: Scalars[Any], at: At) -> Any:
        found = s.along(name, tuple(p(s, at) for p in places)).read(inner, at)
        return s.algebra.slope_beside(found.value, found.slope)

    return read


def part(factor: Expr) -> Part:
    """A factor as it stands."""
    names = frozenset(i.name for i in free_indices(factor))
    read = map(entry_name, entries(factor))
    elsewhere = frozenset(name for name in read if own_name(name) != name)
    return Part(reader(factor), names, is_indicator(factor), elsewhere, is_entry(factor))


def binder(expr: Binder) -> Reader:
    """A sum or an extreme value; of the place of one, the place and the value."""
    names, free = [i.name for i in expr.indices], [i.name for i in free_indices(expr)]
    whole = isinstance(expr, Sum)
    if whole and len(names) > 1:
        short = one_by_one([part(f) for f in sp.Mul.make_args(expr.body)], expr.indices)
        if short:
            return remembered(short, free)
    body, largest = reader(expr.body), isinstance(expr, Largest | ArgLargest)

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


def of_matrix(expr: MatrixFunction) -> Reader:
    """A determinant, its log, or an entry of an inverse, by the entries of the matrix."""
    body, (rows, columns) = reader(expr.matrix.body), expr.matrix.indices
    free = [i.name for i in free_indices(expr.matrix)]

    def entries(s: Scalars[Any], at: At) -> Any:
        count = range(s.sizes[rows.size])
        return [
            [s.read(body, {**at, rows.name: row, columns.name: column}) for column in count]
            for row in count
        ]

    matrix = remembered(entries, free)
    whole = remembered(lambda s, at: determinant(s, matrix(s, at)), free)
    if isinstance(expr, Inverse):
        row, column = map(placer, expr.places)
        return lambda s, at: entry_of_inverse(
            s, matrix(s, at), whole(s, at), row(s, at), column(s, at)
        )
    if isinstance(expr, LogDeterminant):
        return remembered(lambda s, at: log_of_size(s, whole(s, at)), free)
    return whole


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


@lru_cache(2**16)
def counter(expr: Expr) -> Callable[[Scalars[Any], At], int]:
    """The number that a whole expression of places and sizes comes to."""
    if expr.is_Add or expr.is_Mul:
        parts = [counter(a) for a in expr.args]
        combine = sum if expr.is_Add else prod
        return lambda s, at: combine(part(s, at) for part in parts)
    if expr.is_Pow:
        base, power = counter(expr.base), int(expr.exp)
        return lambda s, at: base(s, at) ** power
    if is_size(expr):
        return lambda s, at: s.sizes[expr]
    return placer(expr)


def indicator(expr: Expr) -> Callable[[Scalars[Any], At], bool]:
    """Whether an indicator holds."""
    if isinstance(expr, Bracket):
        return condition(expr.condition)
    left, right = map(placer, expr.args)
    return lambda s, at: left(s, at) == right(s, at)


def condition(relation: Any) -> Callable[[Scalars[Any], At], bool]:
    """Whether a comparison holds: of places by their numbers, of values as the algebra says."""
    holds = HOLDS[relation.rel_op]
    if all(bool(side.is_integer) for side in relation.args):
        first, second = map(counter, relation.args)
        return lambda s, at: holds(first(s, at) - second(s, at))
    left, right = map(reader, relation.args)
    return lambda s, at: holds(s.sign_of_difference(s.read(left, at), s.read(right, at)))


def is_indicator(expr: Expr) -> bool:
    """Is it made of deltas, brackets and numbers?"""
    if expr.is_Add or expr.is_Mul or expr.is_Pow:
        return all(map(is_indicator, expr.args))
    return isinstance(expr, KroneckerDelta | Bracket) or bool(expr.is_Integer)
