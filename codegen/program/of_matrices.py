"""Operations of whole matrices, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pullback.codegen.program.functions import MP
from pullback.codegen.program.tables import Place, Table, places


@dataclass(frozen=True)
class Inverse:
    """The inverses of the matrices of the last two axes."""

    value: int


@dataclass(frozen=True)
class Determinant:
    """The determinants of the matrices of the last two axes, or the logs of their sizes."""

    value: int
    log: bool = False


@dataclass(frozen=True)
class Solve:
    """What the matrices of the last two axes, or their transposes, have to be multiplied with.

    `right` has the axes of `value` but the last; all that follow are columns.
    """

    value: int
    right: int
    turned: bool = False


def of_matrices(
    op: Inverse | Determinant | Solve, tables: Mapping[int, Table], shape: tuple[int, ...]
) -> Table:
    """Each matrix alone, by elimination; what has no inverse has NaN for it."""
    table = tables[op.value]
    *lead, size, _ = table.shape
    entries: dict[Place, Any] = {}
    for before in places(lead):
        rows = [[table[(*before, i, j)] for j in range(size)] for i in range(size)]
        if isinstance(op, Determinant):
            found = MP.det(MP.matrix(rows)) if size else MP.mpf(1)
            if op.log:
                found = MP.log(abs(found)) if found else -MP.inf
            entries[before] = found
            continue
        inverse = inverse_of(rows)
        if isinstance(op, Inverse):
            entries |= {(*before, i, j): inverse[i][j] for i in range(size) for j in range(size)}
            continue
        if op.turned:
            inverse = [list(column) for column in zip(*inverse, strict=True)]
        right = tables[op.right]
        for after in places(shape[len(before) + 1 :]):
            column = [right[(*before, i, *after)] for i in range(size)]
            for i, row in enumerate(inverse):
                products = (a * b for a, b in zip(row, column, strict=True))
                entries[(*before, i, *after)] = sum(products, MP.mpf(0))
    return Table(shape, entries)


def inverse_of(rows: list[list[Any]]) -> list[list[Any]]:
    """The inverse of a matrix by its rows."""
    size = len(rows)
    try:
        found: Any = MP.inverse(MP.matrix(rows)) if size else rows
        return [[found[i, j] for j in range(size)] for i in range(size)]
    except ZeroDivisionError:
        return [[MP.nan] * size for _ in rows]
