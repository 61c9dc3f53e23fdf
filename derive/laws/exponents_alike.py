"""Exponents and conditions that are the same at some values of a term's indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.derive.index.objects import Index, entries, entry_indices, free_indices
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.exponential_terms import Term


def renamings(indices: Sequence[Index], expr: Any) -> Iterator[dict[Index, Expr]]:
    """Values for indices under which something may be a part of an expression."""
    labels = {i for e in entries(expr) for i in entry_indices(e) if not isinstance(i, Index)}
    found = [*free_indices(expr), *sorted(labels, key=sp.default_sort_key)]
    for values in product(found, repeat=len(indices)):
        pairs = tuple(zip(indices, values, strict=True))
        if all(not isinstance(v, Index) or v.size == i.size for i, v in pairs):
            yield dict(pairs)


def is_alike(pattern: Any, indices: Sequence[Index], expr: Any) -> bool:
    """Is an expression the pattern, at some values of the indices?"""
    running = [i for i in indices if i in pattern.free_symbols]
    if type(pattern) is not type(expr):
        return False
    wanted = (expr, expr.reversed) if isinstance(expr, sp.Eq | sp.Ne) else (expr,)
    return any(substitute(pattern, at) in wanted for at in renamings(running, expr))


def parts_alike(term: Term, exponent: Expr) -> Iterator[Expr]:
    """The term's exponent at each choice of its indices that makes it a part of this one."""
    parts = set(sp.Add.make_args(exponent))
    running = [i for i in term.indices if i in term.exponent.free_symbols]
    for at in renamings(running, exponent):
        own = substitute(term.exponent, at)
        if set(sp.Add.make_args(own)) <= parts:
            yield own


def shares_exponent(term: Term, exponent: Expr) -> bool:
    """Is the term's exponent, at some values of its indices, a part of this one?"""
    return next(parts_alike(term, exponent), None) is not None


def relevant(terms: Sequence[Term]) -> Callable[[Any], bool]:
    """Is a condition one of those that the terms count under, at other indices perhaps?"""
    return lambda condition: any(
        is_alike(own, t.indices, condition) for t in terms for own in t.counts
    )
