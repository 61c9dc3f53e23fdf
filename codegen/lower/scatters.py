"""Sums by label: what has the same label is added up where the label points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import floating, size, spread
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.deltas import index_and_label
from pullback.codegen.lower.places import axis
from pullback.codegen.program.operations import Operand, Scatter
from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import Index, ordered
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.algebra import is_label_delta


def scatter(here: Context, factors: Iterable[Expr], indices: tuple[Index, ...]) -> Term | None:
    """Σ_n δ(v, y_n) Σ_k g[n, k, …]: what is summed beside the labels first, then by label.

    Axes of the labels that are not summed are places of their own.
    """
    labels, rest = take_label_deltas(factors, indices)
    terms = {index: here.lower(label) for index, label in labels.items()}
    along = tuple(dict.fromkeys(cast(Index, i) for t in terms.values() for i in t.indices))
    if not set(along) & set(indices):
        return None
    beside = [i for i in indices if i not in along]
    rows = (*along, *(i for i in here.scope if i not in along))  # as they go
    term = floating(here, replace(here, scope=rows).lower(Sum(rest, *beside)))
    others = tuple(i for i in term.indices if i not in along)
    term = spread(here, term, (*along, *cast(Any, others)))
    terms |= {i: axis(here, i) for i in along if i not in indices}
    at = tuple(Operand(t.value, tuple(map(along.index, t.indices))) for t in terms.values())
    lengths = tuple(size(here, i.size).value for i in terms)
    return Term(here.builder.add(Scatter(term.value, at, lengths)), (*terms, *others))


def take_label_deltas(
    factors: Iterable[Expr], indices: Iterable[Index]
) -> tuple[dict[Index, Expr], Expr]:
    """The label at which each index stands that is not summed, and the rest, taken there."""
    rest, labels = sp.Mul(*factors), dict[Index, Expr]()
    while True:
        deltas = [f for f in ordered(sp.Mul.make_args(rest)) if is_label_delta(f)]
        delta = next((d for d in deltas if index_and_label(d)[0] not in indices), None)
        if delta is None:
            return labels, rest
        index, label = index_and_label(delta)
        rest = substitute(rest / delta, {index: label})
        labels = {i: substitute(other, {index: label}) for i, other in labels.items()}
        labels[index] = label
