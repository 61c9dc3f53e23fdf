"""What a form in matrix notation says: its entry at a row and a column, in index notation.

Here stand the definitions of matrix algebra, one for each kind of matrix, and nothing of how forms
are made: shapes come from the tensors alone, and names of indices count for nothing. So a form that
was read from an index expression can be held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import sympy as sp
from sympy import Expr

from pullback.derive.errors import ProofFailed
from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.matrices import (
    Determinant,
    Inverse,
    LogDeterminant,
    MatrixFunction,
    MatrixOf,
)
from pullback.derive.index.objects import Index, KroneckerDelta, entry_indices, fresh_index
from pullback.derive.matrix.tree import Leaf, Made, Matrix, OneHot, Ones

ONE = sp.S.One  # the size of what is one row, or one column
Shape = tuple[Expr, Expr]
At = Index | None  # a row or a column; None where there is but one


class Misfit(ProofFailed):
    """A form whose parts do not fit together."""


def said(a: Matrix, axes: Sequence[Index]) -> Expr:
    """The entry of a form over these axes; Misfit where it has another shape."""
    wanted = (*(i.size for i in axes), ONE, ONE)[:2]
    if shape(a) != wanted:
        raise Misfit(f"the form has the shape {shape(a)}, and {wanted} is wanted")
    row, column = (*axes, None, None)[:2]
    return entry_of(a, row, column)


# -- shapes ----------------------------------------------------------------------------------------


def shape(a: Matrix) -> Shape:
    """Its numbers of rows and columns; Misfit where its parts do not fit together."""
    if isinstance(a, Leaf):
        sizes = [i.size for i in entry_indices(a.expr)[len(a.held) :] if isinstance(i, Index)]
        rows, columns, *more = (*sizes, ONE, ONE)
        if len(more) > 2:
            raise Misfit(f"{a.expr} has more than two axes")
        return rows, columns
    if isinstance(a, Ones):
        return size_of(a.rows), ONE
    if isinstance(a, OneHot):
        return size_of(entry_indices(a.label)[-1]), size_of(a.columns)
    assert isinstance(a, Made)
    return SHAPES.get(a.kind, all_alike)(a, [shape(b) for b in a.of])


def size_of(axis: object) -> Expr:
    """The size of an axis."""
    return axis.size if isinstance(axis, Index) else ONE


def turned(a: Made, of: list[Shape]) -> Shape:
    """Of a transpose."""
    return of[0][1], of[0][0]


def multiplied(a: Made, of: list[Shape]) -> Shape:
    """Of a product: neighbours have one size between them."""
    for left, right in pairwise(of):
        if left[1] != right[0]:
            raise Misfit(f"a matrix with {left[1]} columns times one with {right[0]} rows")
    return of[0][0], of[-1][1]


def all_alike(a: Made, of: list[Shape]) -> Shape:
    """Of what is taken entry by entry; in functions and comparisons a number goes with all."""
    with_numbers = a.kind in ("apply", "bracket")
    found = {s for s in of if not (with_numbers and s == (ONE, ONE))} or {(ONE, ONE)}
    if len(found) > 1:
        raise Misfit(f"entry by entry of the shapes {sorted(found, key=str)}")
    return found.pop()


def scaled(a: Made, of: list[Shape]) -> Shape:
    """Of a number times a matrix."""
    if of[0] != (ONE, ONE):
        raise Misfit(f"what should be a number has the shape {of[0]}")
    return of[1]


def on_diagonal(a: Made, of: list[Shape]) -> Shape:
    """Of a column put on a diagonal."""
    if of[0][1] != ONE:
        raise Misfit(f"what is put on a diagonal has the shape {of[0]}")
    return of[0][0], of[0][0]


def inverted(a: Made, of: list[Shape]) -> Shape:
    """Of an inverse: as many rows as columns."""
    if of[0][0] != of[0][1]:
        raise Misfit(f"the inverse of what has the shape {of[0]}")
    return of[0]


def one_number(a: Made, of: list[Shape]) -> Shape:
    """Of a determinant."""
    inverted(a, of)
    return ONE, ONE


SHAPES: Mapping[str, Callable[[Made, list[Shape]], Shape]] = {
    "transpose": turned,
    "product": multiplied,
    "scale": scaled,
    "diag": on_diagonal,
    "inverse": inverted,
    "det": one_number,
    "logdet": one_number,
}


# -- entries ---------------------------------------------------------------------------------------


def entry_of(a: Matrix, row: At, column: At) -> Expr:
    """What stands at a row and a column."""
    if isinstance(a, Leaf):
        places = [p for p, size in zip((row, column), shape(a), strict=True) if size != ONE]
        return a.expr.func(a.expr.base, *a.held, *places) if places else a.expr
    if isinstance(a, Ones):
        return ONE
    if isinstance(a, OneHot):
        return KroneckerDelta(column, a.label.func(a.label.base, *a.label.indices[:-1], row))
    assert isinstance(a, Made)
    return ENTRIES[a.kind](a, row, column)


def of_product(a: Made, row: At, column: At) -> Expr:
    """Σ over what stands between: the column of each factor is the row of the next."""
    between = [None if shape(b)[1] == ONE else fresh_index(shape(b)[1]) for b in a.of[:-1]]
    ways = zip((row, *between), (*between, column), a.of, strict=True)
    return Sum(sp.Mul(*(entry_of(b, r, c) for r, c, b in ways)), *(i for i in between if i))


def of_number(a: Made, row: At, column: At) -> Expr:
    """The number times the entry."""
    return entry_of(a.of[0], None, None) * entry_of(a.of[1], row, column)


def of_diagonal(a: Made, row: At, column: At) -> Expr:
    """The vector's entry where row and column are one, else 0."""
    return KroneckerDelta(row, column) * entry_of(a.of[0], row, None)


def of_function(a: Made, row: At, column: At) -> Expr:
    """The function of the entries at the same place; what is one number stays that."""
    values = [
        entry_of(b, None, None) if shape(b) == (ONE, ONE) else entry_of(b, row, column)
        for b in a.of
    ]
    if a.kind == "bracket":
        return Bracket(sp.Rel(*values, a.word))
    assert a.function is not None
    return a.function(*values)


def of_matrix(a: Made, row: At, column: At) -> Expr:
    """The function of the matrix whose entries the form says."""
    kinds: dict[str, type[MatrixFunction]] = {
        "inverse": Inverse,
        "det": Determinant,
        "logdet": LogDeterminant,
    }
    rows, columns = (fresh_index(size) for size in shape(a.of[0]))
    matrix = MatrixOf(entry_of(a.of[0], rows, columns), rows, columns)
    return kinds[a.kind](matrix, *(p for p in (row, column) if p is not None))


ENTRIES: Mapping[str, Callable[[Made, At, At], Expr]] = {
    "transpose": lambda a, row, column: entry_of(a.of[0], column, row),
    "product": of_product,
    "hadamard": lambda a, row, column: sp.Mul(*(entry_of(b, row, column) for b in a.of)),
    "plus": lambda a, row, column: sp.Add(*(entry_of(b, row, column) for b in a.of)),
    "scale": of_number,
    "diag": of_diagonal,
    "apply": of_function,
    "bracket": of_function,
    "inverse": of_matrix,
    "det": of_matrix,
    "logdet": of_matrix,
    "power": lambda a, row, column: entry_of(a.of[0], row, column) ** a.exponent,
}
