"""Indicators of where places meet, such as [m = 2i + a]."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Place
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.objects import Index, is_size


def is_meeting(expr: Expr) -> bool:
    """Is it the indicator that a whole expression of axes, labels and sizes is 0?"""
    if not isinstance(expr, Bracket) or not isinstance(expr.condition, sp.Eq):
        return False
    return all(bool(side.is_integer) for side in expr.condition.args)


@dataclass(frozen=True)
class Laid:
    """Where windows lie: at `start` + Σ step · axis, on the axis `on`."""

    on: Index
    start: Expr
    steps: tuple[tuple[Index, Expr], ...]


def place_of(meeting: Expr, first: Collection[Index] = ()) -> Laid | None:
    """The place that an indicator [m − 2i − a = 0] speaks of; None where labels are in it.

    Windows lie on the axis that is the sum of most others; of several on one of the `first`.
    """
    form = meeting.args[0].lhs
    steps: dict[Index, Expr] = {}
    start = sp.S.Zero
    for term in sp.Add.make_args(form):
        own = [f for f in term.free_symbols if isinstance(f, Index)]
        if not own and all(map(is_size, term.free_symbols)):
            start += term
        elif len(own) == 1 and term.is_polynomial(*own) and not term.atoms(sp.Indexed):
            steps[own[0]] = sp.expand(term / own[0])
        else:
            return None
    by_name = sorted(steps, key=lambda i: (i.primes, str(i)))
    for on in sorted(by_name, key=lambda i: (against(steps, i), i in first), reverse=True):
        if steps[on] in (1, -1):
            sign = -steps[on]
            others = tuple((i, steps[i] * sign) for i in by_name if i != on)
            return Laid(on, sp.expand(start * sign), others)
    return None


def extent(form: Expr) -> tuple[Expr, Expr]:
    """The least and the largest value of a place, over all places of its axes and labels."""
    low = high = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(form)):
        moving = [a for a in sp.Mul.make_args(term) if isinstance(a, Index | Place)]
        if not moving:
            low, high = low + term, high + term
            continue
        (index,) = moving
        size = index.size if isinstance(index, Index) else index.indices[0].size
        step = term / index
        if step.is_positive:
            high += step * (size - 1)
        else:
            low += step * (size - 1)
    return sp.expand(low), sp.expand(high)


def against(steps: dict[Index, Expr], on: Index) -> int:
    """How many of the other axes this one grows with."""
    return sum(1 for i, s in steps.items() if i != on and (s * steps[on]).is_negative)


def is_size_power(factor: Expr) -> bool:
    """Is it a size, or a power of one?"""
    base = factor.base if factor.is_Pow else factor
    return is_size(base)


def solved(meeting: Expr, on: Index) -> Expr:
    """The place at which an axis meets the others."""
    form = meeting.args[0].lhs
    return cast(Expr, sp.expand(on - form / form.coeff(on, 1)))
