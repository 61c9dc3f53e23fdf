"""Reading an index expression as a tree of matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import permutations
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.matrices import Inverse, LogDeterminant, MatrixFunction
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entry_indices,
    free_indices,
    is_entry,
    is_size,
)
from pullback.derive.matrix.making import (
    NoMatrixForm,
    contract,
    fit,
    hadamard,
    ordered,
    total,
)
from pullback.derive.matrix.tree import Leaf, Made, Matrix, OneHot


def matrix_tree(expr: Expr, axes: Sequence[Index]) -> Matrix | None:
    """The tree of an expression whose result runs over these axes, or None where there is none."""
    if len(axes) > 2:
        return None
    rows, columns = (*axes, None, None)[:2]
    try:
        return fit(form(expr, axes), rows, columns)
    except NoMatrixForm:
        return None


def form(expr: Expr, order: Sequence[Index]) -> Matrix:
    """The tree of an expression over its own free indices."""
    if isinstance(expr, MatrixFunction):
        return of_matrix(expr)
    if not free_indices(expr) and not expr.has(Sum, MatrixFunction):
        if expr.atoms(sp.Indexed) or not is_scalar_form(expr):
            raise NoMatrixForm
        return Leaf(None, None, expr)
    if is_entry(expr):
        return leaf(expr)
    if expr.is_Add:
        return together([form(t, order) for t in expr.args], order, "plus")
    if expr.is_Mul or (isinstance(expr, Where) and expr.args[2] == 0):
        return total(factors_of(expr, order), order)
    if isinstance(expr, Where):
        return by_cases(expr, order)
    if isinstance(expr, Sum):
        return summed(expr, order)
    if isinstance(expr, KroneckerDelta):
        return one_hot(expr)
    return entrywise(expr, order)


def is_scalar_form(expr: Expr) -> bool:
    """Is it made of numbers, sizes and tensors without axes?"""
    return all(is_entry(s) or is_size(s) for s in expr.free_symbols)


def leaf(expr: Expr) -> Matrix:
    """A tensor at plain indices, each once."""
    indices = entry_indices(expr)
    if len(indices) > 2 or len(set(indices)) < len(indices):
        raise NoMatrixForm
    if not all(isinstance(i, Index) for i in indices):
        raise NoMatrixForm
    rows, columns = (*cast("tuple[Index, ...]", indices), None, None)[:2]
    return Leaf(rows, columns, expr)


def of_matrix(expr: MatrixFunction) -> Matrix:
    """The inverse of a matrix that no other index reaches, its determinant, or the log of that."""
    body, (rows, columns) = expr.matrix.open()
    inner = fit(form(body, (rows, columns)), rows, columns)
    if not isinstance(expr, Inverse):
        kind = "logdet" if isinstance(expr, LogDeterminant) else "det"
        return Made(None, None, kind, (inner,))
    row, column = expr.places
    if row == column or not (isinstance(row, Index) and isinstance(column, Index)):
        raise NoMatrixForm
    return Made(row, column, "inverse", (inner,))


def one_hot(expr: Expr) -> Matrix:
    """The delta of an index and a label."""
    index, label = sorted(expr.args, key=lambda a: not isinstance(a, Index))
    labels = entry_indices(label)
    if not isinstance(index, Index) or not isinstance(label, sp.Indexed) or len(labels) != 1:
        raise NoMatrixForm
    if not isinstance(labels[0], Index) or labels[0] == index:
        raise NoMatrixForm
    return OneHot(labels[0], index, label)


def together(
    parts: Sequence[Matrix],
    order: Sequence[Index],
    kind: str,
    word: str = "",
    function: Callable[..., Expr] | None = None,
) -> Matrix:
    """Matrices brought to the same axes; in a function or comparison a scalar stays one."""
    axes = ordered({i for p in parts for i in p.axes}, order)
    if len(axes) > 2:
        raise NoMatrixForm
    rows, columns = (*axes, None, None)[:2]
    keep = kind != "plus"
    fitted = tuple(p if keep and not p.axes else fit(p, rows, columns) for p in parts)
    return Made(rows, columns, kind, fitted, word, function=function)


def factors_of(expr: Expr, order: Sequence[Index]) -> list[Matrix]:
    """The factors of a product; what is 0 unless a condition holds is 1 or 0 times the rest."""
    found: list[Matrix] = []
    for factor in sp.Mul.make_args(expr):
        if isinstance(factor, Where) and factor.args[2] == 0:
            condition, chosen, _ = factor.args
            found += [form(Bracket(condition), order), *factors_of(chosen, order)]
        else:
            found.append(form(factor, order))
    return found


def by_cases(expr: Where, order: Sequence[Index]) -> Matrix:
    """Of two cases each where it holds: 𝟙[c] times the one, plus 𝟙[not c] times the other."""
    condition, chosen, other = expr.args
    if not isinstance(condition, Relational):
        raise NoMatrixForm
    cases = (
        part if holds_only_where(part, fact) else Where(fact, part, 0)
        for fact, part in ((condition, chosen), (condition.negated, other))
    )
    return together([total(factors_of(c, order), order) for c in cases], order, "plus")


def holds_only_where(expr: Expr, fact: Relational) -> bool:
    """Is it 0 where the fact does not hold, as it has a factor that says so?"""
    strict = {sp.Le: sp.Lt, sp.Ge: sp.Gt}.get(type(fact), type(fact))
    enough = {Bracket(fact), Bracket(strict(*fact.args))}
    return bool(enough.intersection(sp.Mul.make_args(expr)))


def summed(expr: Sum, order: Sequence[Index]) -> Matrix:
    """A sum of products, contracted over one index after the other."""
    factors = factors_of(expr.body, order)
    for indices in permutations(expr.indices):
        try:
            chain = reduce(lambda found, i: contract(found, i, order), indices, factors)
            return total(chain, order)
        except NoMatrixForm:
            continue
    raise NoMatrixForm


def entrywise(expr: Expr, order: Sequence[Index]) -> Matrix:
    """Powers, functions and comparisons, entry by entry."""
    if isinstance(expr, sp.Pow) and expr.exp.is_Rational:
        base = form(expr.base, order)
        if expr.exp == 2 and base.axes:
            return hadamard([base, base])
        return Made(base.rows, base.columns, "power", (base,), "", expr.exp)
    if isinstance(expr, Bracket):
        fact = expr.condition
        return together([form(a, order) for a in fact.args], order, "bracket", fact.rel_op)
    if isinstance(expr, sp.Function) and (
        len(expr.args) == 1 or isinstance(expr, Maximum | Minimum)
    ):
        parts = [form(a, order) for a in expr.args]
        return together(parts, order, "apply", type(expr).__name__, type(expr))
    raise NoMatrixForm
