"""Inverses and determinants, known by the matrices that they are of, and their slopes.

An entry of an inverse is a factor that stands at a row and a column; its head is the matrix, in the
form in which its entries are written least, so that equal matrices have equal inverses. A matrix
and its transpose have one head: the inverse of a transpose is the transpose of the inverse, and
their determinants are one number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pullback.derive.index.matrices import Inverse, LogDeterminant
from pullback.derive.proof.every_size.facts import NOT_ZERO
from pullback.derive.proof.every_size.places import OPEN
from pullback.derive.proof.every_size.reader import At, Reader
from pullback.derive.proof.every_size.terms import Value, scaled


class Matrix(NamedTuple):
    """A matrix by its entries: their text, the places on which these hang, whether what is asked
    of it is that of its transpose, and whether it is its own transpose."""

    name: str
    free: tuple[int, ...]
    turned: bool
    symmetric: bool


def opened(reader: Reader, matrix: Any, at: At) -> tuple[dict[Any, int], list[int]]:
    """The rows and columns of a matrix as places that stand nowhere else."""
    marks = [
        reader.ring.places.make(OPEN, str(i.size), -1 - reader.level - k)
        for k, i in enumerate(matrix.indices)
    ]
    return {**at, **dict(zip(matrix.indices, marks, strict=True))}, marks


def known(reader: Reader, matrix: Any, at: At) -> Matrix:
    """A matrix by its entries."""
    inner, marks = opened(reader, matrix, at)
    reader.level += 2
    try:
        value = reader.read(matrix.body, inner)
    finally:
        reader.level -= 2
    ring = reader.ring
    ways = []
    for order in (marks, marks[::-1]):
        rest, _ = ring.order(value, order)
        ways.append((repr(sorted(ring.held(value, [*order, *rest]).items())), tuple(rest)))
    turned = ways[1][0] < ways[0][0]
    name, free = ways[turned]
    return Matrix(name, free, turned, ways[0] == ways[1])


def determinant_of(reader: Reader, matrix: Matrix) -> Value:
    """The determinant as a factor."""
    return reader.ring.factor((reader.ring.head("determinant", matrix.name), *matrix.free))


def entry_of(reader: Reader, matrix: Matrix, row: int, column: int) -> Value:
    """The inverse's entry as a factor, if the determinant is not 0."""
    reader.need(NOT_ZERO, determinant_of(reader, matrix))
    places = (column, row) if matrix.turned else (row, column)
    rest = range(2, 2 + len(matrix.free))
    swaps = ((0, 1, *rest), (1, 0, *rest)) if matrix.symmetric else ()
    ring = reader.ring
    head = ring.head("inverse", matrix.name, swaps=swaps)
    return ring.factor(ring.least_way((head, *places, *matrix.free)))


def of_matrix(reader: Reader, expr: Any, at: At) -> Value:
    """An entry of an inverse, a determinant, or the log of one."""
    matrix = known(reader, expr.matrix, at)
    if isinstance(expr, Inverse):
        return entry_of(reader, matrix, *(reader.place(p, at) for p in expr.places))
    if isinstance(expr, LogDeterminant):
        reader.need(NOT_ZERO, determinant_of(reader, matrix))
        return reader.ring.factor((reader.ring.head("log of", matrix.name), *matrix.free))
    return determinant_of(reader, matrix)


def slope_of_matrix(reader: Reader, expr: Any, at: At, by: Any, slope: Any) -> Value:
    """−A⁻¹ A′ A⁻¹ of an inverse; the trace of A⁻¹ A′ of the log of a determinant, and that times
    the determinant of a determinant."""
    matrix = known(reader, expr.matrix, at)
    inner, marks = opened(reader, expr.matrix, at)
    row, column = marks
    reader.level += 2
    try:
        moved = slope(reader, expr.matrix.body, inner, by)
        if not moved:
            return {}
        if isinstance(expr, Inverse):
            first, last = (reader.place(p, at) for p in expr.places)
            left, right = (
                entry_of(reader, matrix, first, row),
                entry_of(reader, matrix, column, last),
            )
            value = scaled(reader.ring.times(left, moved, right), -1)
        else:
            value = reader.ring.product(entry_of(reader, matrix, column, row), moved)
    finally:
        reader.level -= 2
    found = reader.ring.summed(value, marks)
    if isinstance(expr, Inverse | LogDeterminant):
        return found
    return reader.ring.product(determinant_of(reader, matrix), found)
