"""Which rule lowers which kind of expression."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.additions import add
from pullback.codegen.lower.arrays import constant, is_constant, size
from pullback.codegen.lower.choices import bracket, where
from pullback.codegen.lower.context import Context, Rule, Term
from pullback.codegen.lower.deltas import delta
from pullback.codegen.lower.entries import entry
from pullback.codegen.lower.extremes import REDUCTIONS, extreme
from pullback.codegen.lower.functions import (
    FUNCTIONS,
    exponential,
    function,
    larger_or_smaller,
    power,
)
from pullback.codegen.lower.matrices import determinant, inverse, solution
from pullback.codegen.lower.places import axis
from pullback.codegen.lower.products import multiply
from pullback.codegen.lower.shifts import Label, label
from pullback.codegen.lower.sigmoids import sigmoid
from pullback.codegen.lower.sums import total
from pullback.codegen.lower.systems import Solution
from pullback.derive.errors import MissingLaw
from pullback.derive.index.binders import Sum
from pullback.derive.index.functions import Sigmoid
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.matrices import Inverse, MatrixFunction
from pullback.derive.index.objects import Index, KroneckerDelta, is_size

RULES: Mapping[type, Rule] = {
    sp.Symbol: entry,  # a tensor without axes
    sp.Indexed: entry,
    Index: axis,
    sp.Add: add,
    sp.Mul: multiply,
    sp.Pow: power,
    Sum: total,
    **dict.fromkeys(REDUCTIONS, extreme),
    KroneckerDelta: delta,
    Bracket: bracket,
    Where: where,
    **dict.fromkeys(FUNCTIONS, function),
    sp.exp: exponential,
    Sigmoid: sigmoid,
    Maximum: larger_or_smaller,
    Minimum: larger_or_smaller,
    Label: label,
    MatrixFunction: determinant,
    Inverse: inverse,
    Solution: solution,
}


def rule_for(expr: Expr) -> Rule:
    """The rule for an expression: that of numbers, that of sizes, or that of its kind."""
    if is_constant(expr):
        return constant
    if is_size(expr):
        return size
    return next((RULES[kind] for kind in type(expr).__mro__ if kind in RULES), missing)


def missing(here: Context, expr: Expr) -> Term:
    """The error for what no rule covers: where it stands, and what lacks."""
    place = f"{here.work.layer.name}: in the value of {here.defining}"
    raise MissingLaw(f"{place}: no array operation for {type(expr).__name__}, for {expr}")
