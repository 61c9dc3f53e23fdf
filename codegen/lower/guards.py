"""What in a product may not be finite, and what is known to be 0 there.

The forward pass is finite where it is read. Where a mask is 0, or in a slope any factor, its
product is 0 whatever the other factors are, NaN and ∞ included.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.context import Context
from pullback.derive.calculus.conditions import is_mask
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.objects import free_indices, ordered


def covered(here: Context, factors: Iterable[Expr]) -> tuple[Expr, ...]:
    """The factors of a product; in a slope with ∞ for denominators where it is 0/0."""
    factors = tuple(factors)
    return here.work.known.finite.covered(factors, here.conditions) if here.in_slope else factors


def sorted_out(here: Context, factors: Iterable[Expr]) -> tuple[list[Expr], list[Expr], list[Expr]]:
    """Masks, factors that may not be finite where the forward pass is, and the others."""
    masks = [f for f in factors if is_mask(f)]
    loose = [f for f in factors if not here.is_finite(f)]
    return masks, loose, [f for f in factors if f not in masks and f not in loose]


def finite_under(here: Context, masks: Iterable[Expr], factors: Iterable[Expr]) -> bool:
    """Are factors finite where the masks let them through?"""
    return all(map(here.under(masks).is_finite, factors))


def guard(here: Context, factors: Iterable[Expr], loose: Iterable[Expr]) -> Expr | None:
    """That a factor is not 0: the one of fewest axes by which the loose ones are finite."""
    for factor in sorted(ordered(factors), key=lambda f: len(free_indices(f))):
        mask = Bracket(sp.Ne(factor, 0)) if may_vanish(factor) else None
        if mask is not None and finite_under(here, [mask], loose):
            return cast(Expr, mask)
    return None


def may_vanish(factor: Expr) -> bool:
    """Is it no number and no denominator, so that it may be 0?"""
    return not (factor.is_number or (factor.is_Pow and factor.exp.is_negative))
