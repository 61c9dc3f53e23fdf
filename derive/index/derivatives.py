"""Derivatives that are not yet worked out, as objects of formulas."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Place
from pullback.derive.index.kinks import Bracket, Where
from pullback.derive.index.objects import Index, KroneckerDelta, entry_name, is_entry

STILL = Index | Place | Bracket | KroneckerDelta | sp.sign  # what has the slope 0 by its kind


class Partial(Expr):
    """∂ expr / ∂ entry, not yet worked out: at each place, by the entry at the places of `wrt`."""

    is_commutative = True

    @property
    def expr(self) -> Expr:
        """What is differentiated."""
        return cast(Expr, self.args[0])

    @property
    def wrt(self) -> Expr:
        """The entry by which it is differentiated."""
        return cast(Expr, self.args[1])

    def _eval_is_real(self) -> bool:
        return True

    def _eval_is_extended_real(self) -> bool:
        return True


@lru_cache(2**14)
def moves(expr: Expr, name: str) -> bool:
    """Does it hang on the entries of this tensor? Conditions and places have no slope."""
    if isinstance(expr, STILL):
        return False
    if is_entry(expr):
        return entry_name(expr) == name
    if isinstance(expr, Binder):
        return moves(expr.body, name)
    parts = expr.args[1:] if isinstance(expr, Where) else expr.args
    return any(moves(part, name) for part in parts)


@lru_cache(2**14)
def is_open(expr: sp.Basic) -> bool:
    """Is there a derivative in it that is not yet worked out?"""
    return bool(expr.has(Partial))
