"""Entries at sums of axes in print: `x[n,2 i + a]` for Σ_m x[n,m] 𝟙[m = 2 i + a].

An entry whose place lies outside of its axis is 0, as that sum is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.codegen.notation.styles import ADD, LOOSE, MUL, Spelled
from pullback.codegen.notation.writing import Writing
from pullback.derive.index.binders import Sum
from pullback.derive.index.meetings import is_meeting, place_of, solved
from pullback.derive.index.objects import Index, is_entry
from pullback.derive.index.rewriting import rewrite


def at_places(expr: Expr) -> Expr:
    """The expression, with entries at sums of axes for the sums that pick them."""
    if not any(map(is_meeting, expr.atoms(sp.Expr))):
        return expr
    return rewrite(expr, lambda e: absorbed(e) if isinstance(e, Sum) else None)


def any_sum(entry: Expr) -> bool:
    """Does an entry stand at a sum of axes?"""
    return any(bool(i.is_Add) for i in entry.indices)


def absorbed(expr: Expr) -> Expr | None:
    """A sum over an index that stands at one entry beside [m = 2i + a] alone, without it."""
    body, indices = opened(*cast(Sum, expr).open())
    factors = list(sp.Mul.make_args(body))
    left = list(indices)
    for meeting in [f for f in factors if is_meeting(f)]:
        factors = [f if f is meeting else tied(f, meeting) for f in factors]
        index = picked(meeting, factors, left)
        if index is None:
            whole = near(meeting, factors, left)
            if whole is not None:
                index, at = whole
                factors = [moved(f, index, at) for f in factors if f is not meeting]
                left.remove(index)
            continue
        entry = next(f for f in factors if f is not meeting and index in f.free_symbols)
        factors[factors.index(entry)] = moved(entry, index, solved(meeting, index))
        factors.remove(meeting)
        left.remove(index)
    if len(left) == len(indices):
        return None
    return Sum(sp.Mul(*factors), *left)


def opened(body: Expr, indices: Sequence[Index]) -> tuple[Expr, tuple[Index, ...]]:
    """A sum of a product, with the sums of meetings among its factors that it may take up."""
    factors, bound = list(sp.Mul.make_args(body)), tuple(indices)
    for place, factor in enumerate(factors):
        if isinstance(factor, Sum) and any(map(is_meeting, sp.Mul.make_args(factor.body))):
            inner, more = factor.open_anew()
            factors[place], bound = inner, (*bound, *more)
    return sp.Mul(*factors), bound


def tied(factor: Expr, meeting: Expr) -> Expr:
    """x[2i + a] beside [m = 2i + a] as x[m]: where they meet they are one place."""
    place = place_of(meeting)
    if place is None or not isinstance(factor, sp.Indexed):
        return factor
    at = sp.expand(place.start + sp.Add(*(i * step for i, step in place.steps)))
    return factor.func(
        factor.base, *(place.on if i.is_Add and i == at else i for i in factor.indices)
    )


def picked(meeting: Expr, factors: list[Expr], indices: list[Index]) -> Index | None:
    """The index over which the sum is taken away: that of the axis on which windows lie first."""
    form = meeting.args[0].lhs
    place = place_of(meeting, indices)
    on = [place.on] if place is not None else []
    for index in dict.fromkeys([*(i for i in on if i in indices), *indices]):
        if form.coeff(index, 1) not in (1, -1):
            continue
        beside = [f for f in factors if f is not meeting and index in f.free_symbols]
        if len(beside) == 1 and isinstance(beside[0], sp.Indexed):
            at = beside[0].indices
            if at.count(index) == 1 and not any(i.has(index) for i in at if i != index):
                return index
    return None


def near(meeting: Expr, factors: list[Expr], indices: list[Index]) -> tuple[Index, Expr] | None:
    """The index over which the sum is taken away where it stands at several entries, and the place
    t + 1, or T − 1, at which these stand then; one of them is a factor, which is 0 outside."""
    form = meeting.args[0].lhs
    for index in (i for i in indices if form.coeff(i, 1) in (1, -1)):
        at = solved(meeting, index)
        own = [i for i in at.free_symbols if isinstance(i, Index)]
        beside = [f for f in factors if f is not meeting and index in f.free_symbols]
        if len(own) > 1 or any(at.coeff(i, 1) not in (1, -1) for i in own):
            continue
        single = all(index not in moved(f, index, sp.S.Zero).free_symbols for f in beside)
        if single and any(isinstance(f, sp.Indexed) for f in beside):
            return index, at
    return None


def moved(expr: Expr, index: Index, at: Expr) -> Expr:
    """An expression with the entries at an index at another place."""

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.Indexed) or index not in e.indices:
            return None
        return cast(Expr, e.func(e.base, *(at if i == index else i for i in e.indices)))

    return rewrite(expr, rule)


def whole(here: Writing, expr: Expr) -> Spelled:
    """A sum of axes, sizes and whole numbers: those of the layer's axes first, then the rest."""
    order = {a.name: place for place, a in enumerate(here.tensors.layer.axes)}

    def rank(term: Expr) -> tuple[bool, int, int, str]:
        own = [f for f in term.free_symbols if isinstance(f, Index)]
        name = min((order.get(i.axis, len(order)) for i in own), default=len(order) + 1)
        kind = 0 if own else 1 if any(map(is_entry, term.free_symbols)) else 2
        return term.could_extract_minus_sign(), kind + bool(term.is_Number), name, str(term)

    text = ""
    for term in sorted(sp.Add.make_args(expr), key=rank):
        negative = bool(term.could_extract_minus_sign())
        word = here.within(-term if negative else term, MUL)
        sign = here.style.minus if negative else "+"
        text += f" {sign} {word}" if text else (sign if negative else "") + word
    return text, ADD if expr.is_Add else LOOSE


def met(here: Writing, meeting: Expr) -> str:
    """`m = 2 i + a`, solved for the axis on which windows lie, or for a label's."""
    form = meeting.args[0].lhs
    place = place_of(meeting)
    plain = (t for t in map(abs_of, sp.Add.make_args(form)) if isinstance(t, Index))
    alone = place.on if place is not None else next(plain, None)
    if alone is None:
        return f"{whole(here, form)[0]} {here.style.equal} 0"
    return f"{here.write(alone)[0]} {here.style.equal} {whole(here, solved(meeting, alone))[0]}"


def abs_of(term: Expr) -> Expr:
    """A term without its sign."""
    return -term if term.could_extract_minus_sign() else term
