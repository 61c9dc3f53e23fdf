"""Deltas of an index and a label: as arrays, as holes in arrays, and as places to put terms in."""

from __future__ import annotations

from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import elementwise, real, spread
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.places import arange, axis, beside
from pullback.codegen.program.operations import OneHot, Operand, Put
from pullback.derive.index.objects import Index, KroneckerDelta, ordered
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.algebra import is_label_delta


def delta(here: Context, expr: Expr) -> Term:
    """A delta that no law took away, as an array."""
    left, right = expr.args
    if isinstance(left, Index) and isinstance(right, Index):
        return elementwise(here, "equal", [axis(here, left), axis(here, right)])
    if not isinstance(left, Index) and not isinstance(right, Index):
        return elementwise(here, "equal", [here.lower(left), here.lower(right)])
    index, label = index_and_label(expr)
    labels = here.lower(label)
    if index in labels.indices:
        return elementwise(here, "equal", [axis(here, index), labels])
    op = OneHot(labels.value, arange(here, index))
    return Term(here.builder.add(op), (*labels.indices, index))


def fill(here: Context, expr: Expr) -> Term | None:
    """`base + δ(i, label) v`: the base, and v put in or added at the label."""
    for term in ordered(expr.args):
        delta = next((f for f in sp.Mul.make_args(term) if is_label_delta(f)), None)
        if delta is None:
            continue
        index, label = index_and_label(delta)
        base_expr = expr - term
        base, labels = here.lower(base_expr), here.lower(label)
        if index not in base.indices or not set(labels.indices) <= set(base.indices):
            continue
        value = substitute(
            sp.Mul(*(f for f in sp.Mul.make_args(term) if f != delta)), {index: label}
        )
        if not has_hole(base_expr, delta):
            value = substitute(base_expr, {index: label}) + value
        return put(here, base, index, labels, here.lower(value))
    return None


def put(here: Context, base: Term, index: Index, labels: Term, filling: Term) -> Term:
    """The base with its entries at the labels replaced."""
    more = tuple(i for i in filling.indices if i not in base.indices)
    base = spread(here, real(here, base), (*cast(Any, base.indices), *cast(Any, more)))
    others = tuple(i for i in base.indices if i != index)
    places = tuple(others.index(i) for i in filling.indices)
    at = beside(here, others, labels, base.indices.index(index))
    below, read = base.value, here.builder.needed(filling.value)
    while isinstance(under := here.builder.values[below].op, Put) and under.at == at:
        if below in read:
            break
        below = under.value  # what is replaced again, unread, need not be put there
    op = Put(below, at, Operand(filling.value, places))
    return Term(here.builder.add(op), base.indices)


def index_and_label(delta: Expr) -> tuple[Index, Expr]:
    """The two sides of δ(i, label)."""
    left, right = delta.args
    return (left, right) if isinstance(left, Index) else (cast(Index, right), cast(Expr, left))


def is_hole(expr: Expr) -> bool:
    """Is it 1 − δ(i, label)?"""
    return bool(expr.is_Add) and is_label_delta(1 - expr)


def has_hole(expr: Expr, delta: Expr) -> bool:
    """Is each term of the expression zero where the delta is one?"""
    return all(1 - delta in sp.Mul.make_args(t) for t in sp.Add.make_args(expr))


def are_unequal_labels(expr: Expr) -> bool:
    """Is it 1 − δ(y, l) of two labels, neither of which is an axis?"""
    delta = 1 - expr
    return isinstance(delta, KroneckerDelta) and not any(isinstance(a, Index) for a in delta.args)
