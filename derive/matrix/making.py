"""Making matrices of others: transposes, products, diagonals, and vectors repeated to fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import sympy as sp

from pullback.derive.index.objects import Index
from pullback.derive.matrix.tree import Axis, Leaf, Made, Matrix, Ones


class NoMatrixForm(Exception):
    """The expression has no form in matrix notation."""


def transpose(a: Matrix) -> Matrix:
    """aᵀ, taken into products and sums."""
    if isinstance(a, Made) and a.kind == "transpose":
        return a.of[0]
    if a.rows is None and a.columns is None:
        return a
    if isinstance(a, Made) and a.kind in (
        "product",
        "hadamard",
        "plus",
        "scale",
        "apply",
        "bracket",
    ):
        of = tuple(transpose(b) for b in (reversed(a.of) if a.kind == "product" else a.of))
        return Made(a.columns, a.rows, a.kind, of, a.word, function=a.function)
    if isinstance(a, Made) and a.kind == "power":
        return Made(a.columns, a.rows, a.kind, (transpose(a.of[0]),), "", a.exponent)
    return Made(a.columns, a.rows, "transpose", (a,))


def product(*factors: Matrix) -> Matrix:
    """A matrix product; neighbours share an axis, or have none there."""
    flat: list[Matrix] = []
    scalars: list[Matrix] = []
    for factor in factors:
        while isinstance(factor, Made) and factor.kind == "scale":
            scalars.append(factor.of[0])
            factor = factor.of[1]
        flat += factor.of if isinstance(factor, Made) and factor.kind == "product" else (factor,)
    for left, right in pairwise(flat):
        if left.columns != right.rows:
            raise ValueError("a product of matrices that do not fit")
    whole = flat[0] if len(flat) == 1 else Made(flat[0].rows, flat[-1].columns, "product", (*flat,))
    return scale(scalars, whole)


def hadamard(parts: Sequence[Matrix]) -> Matrix:
    """The product entry by entry of matrices over the same axes."""
    if len(parts) == 1:
        return parts[0]
    return Made(parts[0].rows, parts[0].columns, "hadamard", tuple(parts))


def scale(scalars: Sequence[Matrix], a: Matrix) -> Matrix:
    """A matrix times scalars; plain numbers and symbols are one scalar."""
    plain = sp.Mul(*(s.expr for s in scalars if isinstance(s, Leaf)))
    others = [s for s in scalars if not isinstance(s, Leaf)]
    for scalar in others:
        a = Made(a.rows, a.columns, "scale", (scalar, a))
    return a if plain == 1 else Made(a.rows, a.columns, "scale", (Leaf(None, None, plain), a))


def diagonal(vectors: Sequence[Matrix]) -> list[Matrix]:
    """The diagonal matrix of a product of vectors, or nothing where there are none."""
    if not vectors:
        return []
    v = hadamard(vectors)
    return [Made(v.rows, v.rows, "diag", (v,))]


def fit(a: Matrix, rows: Axis, columns: Axis) -> Matrix:
    """The same values over these axes: transposed, or repeated over the axes that it lacks."""
    if (a.rows, a.columns) == (rows, columns):
        return a
    if (a.columns, a.rows) == (rows, columns):
        return transpose(a)
    if rows is None and columns is not None:
        return transpose(fit(a, columns, None))
    if rows is None:
        raise NoMatrixForm
    if not a.axes:
        ones = Ones(rows, None)
        whole = ones if columns is None else product(ones, transpose(Ones(columns, None)))
        return scale([a], whole)
    if a.axes == {rows} and columns is not None:
        return product(fit(a, rows, None), transpose(Ones(columns, None)))
    if a.axes == {columns} and columns is not None:
        return product(Ones(rows, None), fit(a, None, columns))
    raise NoMatrixForm


def total(factors: Sequence[Matrix], order: Sequence[Index]) -> Matrix:
    """The product of scalars, vectors and matrices over at most two axes together."""
    axes = ordered({i for f in factors for i in f.axes}, order)
    if len(axes) > 2:
        raise NoMatrixForm
    rows, columns = (*axes, None, None)[:2]
    scalars = [f for f in factors if not f.axes]
    on_rows = [fit(f, rows, None) for f in factors if f.axes == {rows}]
    on_columns = [fit(f, columns, None) for f in factors if f.axes == {columns}]
    whole = [fit(f, rows, columns) for f in factors if len(f.axes) == 2]
    if whole:
        return scale(scalars, product(*diagonal(on_rows), hadamard(whole), *diagonal(on_columns)))
    if on_rows and on_columns:
        return scale(scalars, product(hadamard(on_rows), transpose(hadamard(on_columns))))
    if on_rows:
        return scale(scalars, hadamard(on_rows))
    plain = sp.Mul(*(s.expr for s in scalars if isinstance(s, Leaf)))
    others = [s for s in scalars if not isinstance(s, Leaf)]
    if not others:
        return Leaf(None, None, plain)
    return scale([Leaf(None, None, plain), *others[1:]], others[0])


def contract(factors: Sequence[Matrix], i: Index, order: Sequence[Index]) -> list[Matrix]:
    """The factors once their product is summed over i."""
    on = [f for f in factors if i in f.axes]
    rest = [f for f in factors if i not in f.axes]
    others = ordered({a for f in on for a in f.axes} - {i}, order)
    vectors = [fit(f, i, None) for f in on if f.axes == {i}]
    if not on or len(others) > 2:
        raise NoMatrixForm
    matrices = [hadamard([fit(f, o, i) for f in on if f.axes == {o, i}]) for o in others]
    if len(others) == 2:
        return [product(matrices[0], *diagonal(vectors), transpose(matrices[1])), *rest]
    if not others and len(vectors) > 1:
        return [product(transpose(vectors[0]), hadamard(vectors[1:])), *rest]
    whole = transpose(matrices[0]) if others else vectors[0]
    if not others:
        return [product(transpose(whole), Ones(i, None)), *rest]
    return [product(matrices[0], hadamard(vectors) if vectors else Ones(i, None)), *rest]


def ordered(axes: Iterable[Index], order: Sequence[Index]) -> list[Index]:
    """Axes in the wanted order, those of a result first."""
    return sorted(axes, key=lambda i: (order.index(i) if i in order else len(order), i.name))
