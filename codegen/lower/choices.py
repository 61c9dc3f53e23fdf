"""Conditions as masks, and one of two cases by a condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import elementwise
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.shifts import compared, is_of_places
from pullback.derive.calculus.conditions import cases

COMPARISONS: Mapping[type, str] = {
    sp.StrictGreaterThan: "greater",
    sp.GreaterThan: "greater_equal",
    sp.StrictLessThan: "less",
    sp.LessThan: "less_equal",
    sp.Eq: "equal",
    sp.Ne: "not_equal",
}


def bracket(here: Context, expr: Expr) -> Term:
    """An indicator, as a mask."""
    return comparison(here, expr.args[0])


def comparison(here: Context, condition: Any) -> Term:
    """A comparison of values, as a mask."""
    if is_of_places(condition):
        return compared(here, condition, COMPARISONS[type(condition)])
    terms = [here.of_value().lower(a) for a in condition.args]
    return elementwise(here, COMPARISONS[type(condition)], terms)


def where(here: Context, expr: Expr) -> Term:
    """One of two cases; the one that is not taken need not be finite."""
    terms = [here.under({condition}).lower(case) for condition, case in cases(expr)]
    here.work.quiet |= not all(here.is_finite(case) for _, case in cases(expr))
    return elementwise(here, "where", [comparison(here, expr.args[0]), *terms])
