"""Sums of terms: in which order they are added, and which differences come first."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import elementwise
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.deltas import are_unequal_labels, fill
from pullback.codegen.program.operations import Contract
from pullback.derive.calculus.conditions import are_unequal_axes
from pullback.derive.index.binders import Binder
from pullback.derive.index.functions import log1p
from pullback.derive.index.objects import entry_name, is_entry, ordered
from pullback.derive.laws.exponential_sums import is_exponential_sum, shift_of


def add(here: Context, expr: Expr) -> Term:
    """A sum of terms, by the first of these ways that is one.

    Unequal places are a mask, a delta's term is put into an array, and M + log Σ exp(a − M) minds
    an infinite M.
    """
    if are_unequal_labels(expr) or are_unequal_axes(expr):
        return elementwise(here, "not_equal", [here.lower(side) for side in (1 - expr).args])
    filled = fill(here, expr)
    if filled is not None:
        return filled
    top = largest_of_log_sum(expr)
    if top is not None:
        return unless_infinite(here, here.lower(top), here.lower(expr - top))
    return term_by_term(here, expr)


def term_by_term(here: Context, expr: Expr) -> Term:
    """Differences of like entries come first, then what is added, then what is taken away."""
    plus = [t for t in ordered(expr.args) if not t.could_extract_minus_sign()]
    minus = [-t for t in ordered(expr.args) if t.could_extract_minus_sign()]
    minus.sort(key=nested)  # a mean before the mean of deviations from it
    total: Term | None = None
    for a in list(plus):
        b = next((m for m in minus if alike(a, m)), None)
        if b is not None:
            # the difference of two entries of one tensor is exact where they are near
            plus.remove(a)
            minus.remove(b)
            pair = elementwise(here, "subtract", [here.lower(a), here.lower(b)])
            total = pair if total is None else elementwise(here, "add", [total, pair])
    for term in sorted(map(here.lower, plus), key=lambda t: widest_first(here, t)):
        total = term if total is None else elementwise(here, "add", [total, term])
    for term in map(here.lower, minus):
        if total is None:
            total = elementwise(here, "negative", [term])
        else:
            total = elementwise(here, "subtract", [total, term])
    assert total is not None
    return total


def unless_infinite(here: Context, top: Term, rest: Term) -> Term:
    """top + rest, and top alone where it is infinite: there the rest is of ∞ − ∞."""
    finite = elementwise(here, "isfinite", [top])
    total = elementwise(here, "add", [top, rest])
    return elementwise(here, "where", [finite, total, top])


def largest_of_log_sum(expr: Expr) -> Expr | None:
    """The M of M + log Σ w exp(a − M), where that is the whole expression; log1p likewise."""
    for rest in expr.args:
        if isinstance(rest, sp.log | log1p) and is_exponential_sum(rest.args[0]):
            top = shift_of(rest.args[0])
            if top == expr - rest:
                return top
    return None


def widest_first(here: Context, term: Term) -> tuple[int, bool]:
    """Terms with many axes come first, contractions before others."""
    return -len(term.indices), not isinstance(here.operation(term), Contract)


def alike(a: Expr, b: Expr) -> bool:
    """Are they entries of one tensor?"""
    return is_entry(a) and is_entry(b) and entry_name(a) == entry_name(b)


def nested(expr: Expr) -> int:
    """How deeply binders stand within one another."""
    return max((binder.level for binder in expr.atoms(Binder)), default=0)
