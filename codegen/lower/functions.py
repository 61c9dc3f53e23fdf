"""Functions and powers, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import elementwise
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.program.operations import Elementwise
from pullback.derive.index import special
from pullback.derive.index.functions import FUNCTIONS as KNOWN
from pullback.derive.index.functions import OF_TWO, Erfc, Erfcx, Sigmoid, expm1, log1p
from pullback.derive.index.kinks import Abs, Maximum, Minimum, Sign

# functions that a program calls as the language does
BY_THEIR_WORDS: tuple[str, ...] = ("tan", "asin", "acos", "atan", "atan2", "sinh", "cosh")
BY_THEIR_WORDS += ("asinh", "acosh", "atanh", "cbrt", "floor", "ceil", "round")
LANGUAGE: Mapping[str, Any] = {**KNOWN, **OF_TWO}
FUNCTIONS: Mapping[type, str] = {
    sp.exp: "exp",
    sp.log: "log",
    log1p: "log1p",
    expm1: "expm1",
    sp.tanh: "tanh",
    sp.sin: "sin",
    sp.cos: "cos",
    Abs: "abs",
    sp.Abs: "abs",  # of a root of a square
    Sign: "sign",
    Sigmoid: "sigmoid",
    sp.erf: "erf",
    Erfc: "erfc",
    Erfcx: "erfcx",
    Maximum: "maximum",
    Minimum: "minimum",
    **{LANGUAGE[word]: word for word in BY_THEIR_WORDS},
    special.Erfinv: "erfinv",
    **{kind: kind.__name__.lower() for kind in special.FAMILIES},
}

MAX_PRODUCT = 8  # whole powers up to this one are products; np.power is slower than these


def function(here: Context, expr: Expr) -> Term:
    """A function of values."""
    return elementwise(here, FUNCTIONS[type(expr)], [here.lower(a) for a in expr.args])


def larger_or_smaller(here: Context, expr: Expr) -> Term:
    """max or min of two values, of which an infinite one may lose."""
    here.work.quiet |= not all(map(here.is_finite, expr.args))
    return function(here, expr)


def exponential(here: Context, expr: Expr) -> Term:
    """exp of a value; in a precise program that of a difference of arrays is one operation.

    It loses less.
    """
    if not here.work.precise:
        return function(here, expr)
    term = here.lower(expr.exp)
    op = here.operation(term)
    if not isinstance(op, Elementwise) or op.function != "subtract":
        return elementwise(here, "exp", [term])
    if any(here.builder.values[o.value].kind != "real" for o in op.operands):
        return elementwise(here, "exp", [term])
    return Term(here.builder.add(replace(op, function="exp_difference")), term.indices)


def power(here: Context, expr: Expr) -> Term:
    """A power."""
    return to_the_power(here, expr.base, expr.exp)


def to_the_power(here: Context, base: Expr, exponent: Expr) -> Term:
    """A power, by the cheapest operation; its base is a value, in a slope too."""
    here = here.of_value()
    if exponent == 1:
        return here.lower(base)
    if exponent.is_Rational and exponent < 0:
        below = [here.lower(sp.S.One), to_the_power(here, base, -exponent)]
        return elementwise(here, "divide", below)
    if exponent.is_Rational and exponent.q == 2 and exponent != sp.Rational(1, 2):
        return to_the_power(here, sp.sqrt(base), sp.Integer(exponent.p))
    term = here.lower(base)
    if exponent == sp.Rational(1, 2):
        return elementwise(here, "sqrt", [term])
    if exponent.is_Integer and exponent <= MAX_PRODUCT:
        half = to_the_power(here, base, exponent // 2)
        whole = elementwise(here, "square", [half])
        return elementwise(here, "multiply", [whole, term]) if exponent % 2 else whole
    return elementwise(here, "power", [term, here.lower(exponent)])
