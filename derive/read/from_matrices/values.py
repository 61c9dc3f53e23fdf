"""Values of matrix notation: numbers, vectors, which may lie or stand, and matrices."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pullback.derive.read.from_arrays.values import (
    NOWHERE,
    ONE,
    Array,
    Axes,
    Kind,
    Unreadable,
    numeral,
)
from pullback.derive.read.trees import Number

OPEN = "?"  # the size of an axis that follows from what it meets


class Way(Enum):
    """How a vector lies; a declared one does as its place in a product wants it."""

    EITHER = "a vector"
    ROW = "a row"  # by ᵀ
    LAID = "the row"  # by its place left of a matrix, without ᵀ
    COLUMN = "a column"


@dataclass(frozen=True, eq=False)
class Matrix:
    """An array of at most two axes; `way` is that of a vector.

    `open` are the axes of vectors of ones whose size nobody has said; the array has size 1 there.
    """

    array: Array
    way: Way = Way.EITHER
    open: frozenset[int] = field(default=frozenset())

    @property
    def axes(self) -> Axes:
        """The sizes, by their names."""
        return tuple(OPEN if p in self.open else a for p, a in enumerate(self.array.axes))

    @property
    def rank(self) -> int:
        """How many axes: 0 for a number, 1 for a vector."""
        return len(self.array.axes)

    @property
    def words(self) -> str:
        """What it is, for messages."""
        if not self.rank:
            return "a number"
        what = self.way.value if self.rank == 1 else "a matrix"
        return f"{what} ({' '.join(self.axes)})"

    def closed(self, what: str) -> Array:
        """The array, where every size is known."""
        if self.open:
            raise Unreadable(f"{what}: the length of the vector of ones does not follow from this")
        if self.array.kind is Kind.PLACE:
            raise Unreadable(f"{what}: labels are no numbers to compute with; CE(z, y) takes them")
        return self.array


def typed(text: str) -> Matrix:
    """A number as typed."""
    tree = Number(text, NOWHERE)
    value = float(text)
    return Matrix(Array((), lambda i, s: tree, literal=int(value) if value % 1 == 0 else value))


def constant(value: int | float) -> Matrix:
    """A vector of one number, whose length follows from what it meets."""
    tree = numeral(value)
    return Matrix(Array((ONE,), lambda i, s: tree), open=frozenset({0}))


def number(value: Matrix) -> Array:
    """An array whose entries can be computed with."""
    if value.array.kind is Kind.PLACE:
        raise Unreadable("labels are no numbers to compute with; CE(z, y) takes them")
    return value.array
