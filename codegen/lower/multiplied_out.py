"""Sums that are multiplied out, as their arrays have more axes than any that is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.context import Term
from pullback.codegen.lower.contraction_order import in_pairs
from pullback.derive.index.objects import Index, free_indices, is_entry, ordered


def grows(factor: Expr, factors: Sequence[Expr], indices: Sequence[Index]) -> bool:
    """Is it a sum to be multiplied out, since its array has more axes than any that is needed?

    Σ_n x[n,i] (a[n,f] − x[n,i] v[i,f]) takes I N F entries as it stands, and I F multiplied out.
    What cancels in the sum then cancels later. That loses nothing where the terms are rounded
    anyway: at most one is a number or an entry of an input, unlike those of (x − μ).
    """
    if not factor.is_Add or sum(not is_worked_out(t) for t in factor.args) > 1:
        return False
    axes = len(free_indices(factor))
    others = [f for f in factors if f != factor]
    products = [[*others, *sp.Mul.make_args(term)] for term in factor.args]
    return all(widest(product, indices) < axes for product in products)


def is_worked_out(term: Expr) -> bool:
    """Is it rounded, unlike a number or an entry of an input?"""
    return not (term.is_number or is_entry(term) or is_entry(-term))


def widest(factors: Iterable[Expr], indices: Sequence[Index]) -> int:
    """The axes of the largest array that a contraction of these factors goes through."""
    met = [Term(0, tuple(ordered(free_indices(f)))) for f in factors]

    def meet(left: Term, right: Term, summed: Sequence[Index]) -> Term:
        met.append(Term(0, tuple(ordered({*left.indices, *right.indices} - {*summed}))))
        return met[-1]

    in_pairs([*met], indices, meet)
    return max(len(term.indices) for term in met)
