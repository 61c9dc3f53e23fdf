"""Inverses and determinants of whole matrices, and systems that are solved."""

from __future__ import annotations

from typing import Any, cast

from sympy import Expr

from pullback.codegen.lower.arrays import floating, spread
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.entries import entry_of
from pullback.codegen.program.of_matrices import Determinant, Inverse, Solve
from pullback.codegen.program.operations import Contract
from pullback.derive.calculus.conditions import sizes
from pullback.derive.index import matrices
from pullback.derive.index.binders import Binder


def matrix(here: Context, expr: matrices.MatrixOf) -> Term:
    """The matrices: leading axes, rows, columns."""
    body, (rows, columns) = expr.open()
    inside = here.of_value().under(sizes((rows, columns)))
    term = floating(here, inside.lower(body))
    lead = tuple(i for i in term.indices if i not in (rows, columns))
    return laid_out(here, term, (*lead, rows, columns))


def laid_out(here: Context, term: Term, indices: tuple[Expr, ...]) -> Term:
    """The value with exactly these axes in this order."""
    if set(term.indices) != set(indices):
        return spread(here, term, cast(Any, indices))
    if term.indices == indices:
        return term
    letters = tuple(indices.index(i) for i in term.indices)
    op = Contract((term.value,), (letters,), tuple(range(len(indices))))
    return Term(here.builder.add(op), indices)


def inverse(here: Context, expr: Expr) -> Term:
    """An entry of an inverse."""
    found = matrix(here, cast(matrices.Inverse, expr).matrix)
    term = Term(here.builder.add(Inverse(found.value)), found.indices)
    return entry_of(here, term, (*found.indices[:-2], *cast(matrices.Inverse, expr).places))


def determinant(here: Context, expr: Expr) -> Term:
    """A determinant, or its log."""
    found = matrix(here, cast(matrices.MatrixFunction, expr).matrix)
    op = Determinant(found.value, isinstance(expr, matrices.LogDeterminant))
    return Term(here.builder.add(op), found.indices[:-2])


def solution(here: Context, expr: Expr) -> Term:
    """A system, solved for all columns at once."""
    whole, column, place, turned = expr.args
    found = matrix(here, cast(matrices.MatrixOf, whole))
    body, (along,) = cast(Binder, column).open()
    right = floating(here, here.under(sizes((along,))).lower(body))
    lead = found.indices[:-2]
    columns = tuple(i for i in right.indices if i not in (*lead, along))
    right = laid_out(here, right, (*lead, along, *columns))
    term = Term(here.builder.add(Solve(found.value, right.value, bool(turned))), right.indices)
    return entry_of(here, term, (*lead, place, *columns))
