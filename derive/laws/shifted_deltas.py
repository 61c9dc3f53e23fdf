"""Sums over deltas with a shift, Σ_m [m = t + 1] x(m) f(m): the place t + 1 may lie outside."""

from __future__ import annotations

from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.meetings import is_meeting, solved
from pullback.derive.index.objects import Index, KroneckerDelta
from pullback.derive.index.rewriting import rewrite


def picked_apart(expr: Expr) -> Expr | None:
    """Σ_{m,k} [m = t + 1] x(m) c(k) as Σ_k x(t + 1) c(k), where c reads something."""
    return with_place(expr, moves=False)


def solved_for_shift(expr: Expr) -> Expr | None:
    """Σ_m [m = t + 1] x(m) f(m) as x(t + 1) f(t + 1), where all that f reads there lies inside.

    x(t + 1) is the sum Σ_m [m = t + 1] x(m), which is 0 where t + 1 lies outside.
    """
    return with_place(expr, moves=True)


def with_place(expr: Expr, moves: bool) -> Expr | None:
    """A sum with what it picks at a place apart from the rest, if that `moves` with the place."""
    if not isinstance(expr, Sum):
        return None
    body, indices = expr.open()
    factors = sp.Mul.make_args(body)
    for meeting in filter(is_meeting, factors):
        for index in (i for i in indices if meeting.args[0].lhs.coeff(i, 1) in (1, -1)):
            at = solved(meeting, index)
            if not is_shift(at) or at.has(index):
                continue
            there = [f for f in factors if f is not meeting and index in f.free_symbols]
            entries = [f for f in there if isinstance(f, sp.Indexed) and index in f.indices]
            rest = [f for f in factors if f is not meeting and f not in there]
            others = [taken_at(f, index, at) for f in there if f not in entries]
            if not entries or None in others or bool(others) != moves:
                continue
            rest += cast("list[Expr]", others)
            if any(f.atoms(sp.Indexed) for f in rest):
                picked = Sum(sp.Mul(meeting, *entries), index)
                return Sum(sp.Mul(picked, *rest), *(i for i in indices if i != index))
    return None


def is_shift(at: Expr) -> bool:
    """Is it a place so many on from one of an axis, or from the end: t + 1, T − 1?"""
    own = [i for i in at.free_symbols if isinstance(i, Index)]
    plain = len(own) <= 1 and not at.atoms(sp.Indexed)
    return plain and all(at.coeff(i, 1) in (1, -1) for i in own)


def taken_at(factor: Expr, index: Index, at: Expr) -> Expr | None:
    """A factor at that place; None where it may read an entry outside of its axis there."""
    inside = True

    def rule(e: Expr) -> Expr | None:
        nonlocal inside
        if index not in e.free_symbols:
            return None
        if isinstance(e, sp.Indexed | KroneckerDelta):
            inside = False
        elif is_meeting(e):
            inside = inside and isinstance(e.xreplace({index: at}), KroneckerDelta)
        return None

    rewrite(factor, rule)
    return cast(Expr, rewrite(factor, lambda e: at if e == index else None)) if inside else None
