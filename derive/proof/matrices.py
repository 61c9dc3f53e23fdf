"""Determinants and inverses of small matrices, written out: sums over all orders, and cofactors.

Nothing here knows a slope: those of inverses and determinants follow from the arithmetic alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from pullback.derive.proof.scalars import Scalars, V

Rows = Sequence[Sequence[V]]


def determinant(scalars: Scalars[V], rows: Rows[V]) -> V:
    """The determinant, by its first row."""
    if not rows:
        return scalars.algebra.number(1)
    first, *rest = rows
    terms = [
        scalars.algebra.mul([value, cofactor(scalars, rest, column)])
        for column, value in enumerate(first)
    ]
    scalars.work.done += len(terms)
    return scalars.algebra.add(terms)


def cofactor(scalars: Scalars[V], rest: Rows[V], column: int, row: int = 0) -> V:
    """The determinant of other rows without a column, with the sign of what is left out."""
    minor = [[*values[:column], *values[column + 1 :]] for values in rest]
    found = determinant(scalars, minor)
    return scalars.minus(found) if (row + column) % 2 else found


def entry_of_inverse(scalars: Scalars[V], rows: Rows[V], whole: V, row: int, column: int) -> V:
    """The cofactor at the other side of the diagonal, over the determinant."""
    rest = [*rows[:column], *rows[column + 1 :]]
    above = cofactor(scalars, rest, row, column)
    algebra = scalars.algebra
    return algebra.mul([above, algebra.power(whole, algebra.number(-1))])


def log_of_size(scalars: Scalars[Any], value: Any) -> Any:
    """log |a| as half the log of a²."""
    algebra = scalars.algebra
    square = algebra.function("log", algebra.mul([value, value]))
    return algebra.mul([algebra.number(Fraction(1, 2)), square])
