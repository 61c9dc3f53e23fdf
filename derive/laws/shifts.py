"""Indicators of where places meet, such as [m = 2i + a]."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from pullback.derive.index.kinks import Bracket


def is_meeting(expr: Expr) -> bool:
    """Is it the indicator that a whole expression of axes, labels and sizes is 0?"""
    if not isinstance(expr, Bracket) or not isinstance(expr.condition, sp.Eq):
        return False
    return all(bool(side.is_integer) for side in expr.condition.args)
