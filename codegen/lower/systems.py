"""Sums along an inverse as systems to be solved: Σ_i A⁻¹(j, i) b(i) is the x with A x = b."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder
from pullback.derive.index.matrices import Inverse
from pullback.derive.index.objects import Index, free_indices


class Solution(Expr):
    """Σ_i A⁻¹(place, i) b(i), or with (i, place): a matrix, a column, a place, is it turned."""

    is_commutative = True

    @property
    def turned(self) -> bool:
        """Is it the transpose that is solved with?"""
        return bool(self.args[3])


class Column(Binder):
    """The values at one bound index."""


class Pattern(NamedTuple):
    """A factor with an inverse, the index that is summed, its other place, is it transposed."""

    factor: Inverse
    along: Index
    place: Expr
    turned: bool


def solved(factors: Sequence[Expr], indices: Sequence[Index]) -> tuple[Expr, Index] | None:
    """A product to be summed in which a system stands solved for the inverse and what it meets;
    with the index that is summed no more. None where there is no inverse to be got rid of."""
    found = next(filter(None, (pattern(f, factors, indices) for f in factors)), None)
    if found is None:
        return None
    others = [f for f in factors if f is not found.factor]
    met = [f for f in others if found.along in f.free_symbols]
    rest = [f for f in others if f not in met]
    column = Column(sp.Mul(*met), found.along)
    turned = sp.Integer(found.turned)
    return sp.Mul(*rest, Solution(found.factor.matrix, column, found.place, turned)), found.along


def pattern(factor: Expr, factors: Sequence[Expr], indices: Sequence[Index]) -> Pattern | None:
    """Is a factor an inverse that a sum runs along, beside what it can be solved for?

    Of both its axes it is that along which fewer other axes come in.
    """
    if not isinstance(factor, Inverse):
        return None
    others = [f for f in factors if f is not factor]
    ways = []
    for along, place, turned in (
        (factor.places[1], factor.places[0], False),
        (factor.places[0], factor.places[1], True),
    ):
        met = [f for f in others if along in f.free_symbols]
        if along not in indices or along == place or along in free_indices(factor.matrix):
            continue
        axes = {i for f in met for i in free_indices(f)}
        if met and place not in axes:
            ways.append((len(axes), Pattern(factor, cast(Index, along), place, turned)))
    return min(ways, key=lambda w: w[0])[1] if ways else None
