"""Expressions of C: numbers, and functions of entries."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sympy import Expr

from pullback.codegen.targets.c.nodes import COMPARISONS

SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
SIGNS |= {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="}
SIGNS |= {"equal": "==", "not_equal": "!="}
CALLS = {"maximum": "max", "minimum": "min"}
TYPES = {"real": "REAL", "mask": "PLACE", "integer": "PLACE"}  # of what is worked with
STORED = {"real": "REAL", "mask": "uint8_t", "integer": "int64_t"}  # of entries of arrays


def literal(number: Expr) -> str:
    """A number as it is in Python, and then in the type of an array."""
    if number.is_infinite:
        return "(REAL)-INFINITY" if number < 0 else "(REAL)INFINITY"
    exact = number.p / number.q if number.is_Rational else float(number)
    return f"(REAL){'-' if math.copysign(1, exact) < 0 else ''}{float.hex(abs(exact))}"


def function(
    name: str, args: Sequence[str], kinds: Sequence[str], constants: Sequence[bool]
) -> str:
    """A function of entries; the args are names or literals, some of them constant numbers."""
    if name in COMPARISONS:
        return f"{args[0]} {SIGNS[name]} {args[1]}"
    if name == "where":
        return f"{args[0]} ? {as_real(args[1], kinds[1])} : {as_real(args[2], kinds[2])}"
    if name == "isfinite":
        return f"{args[0]} - {args[0]} == 0"
    reals = [as_real(a, k) for a, k in zip(args, kinds, strict=True)]
    if name in SIGNS:
        return f"{reals[0]} {SIGNS[name]} {reals[1]}"
    if name in CALLS and any(constants):
        number, other = reals if constants[0] else reversed(reals)
        return f"{other} {'<=' if name == 'maximum' else '>='} {number} ? {number} : {other}"
    if name == "negative":
        return f"-{reals[0]}"
    if name == "square":
        return f"{reals[0]} * {reals[0]}"
    if name in ("float", "spread"):
        return reals[0]
    if name == "multiply_guarded":
        a, b = reals
        return f"({a} == 0) | ({b} == 0) ? (REAL)0 : {a} * {b}"
    return f"F({CALLS.get(name, name)})({', '.join(reals)})"


def as_real(text: str, kind: str) -> str:
    """A value among numbers; a mask is 0 or 1."""
    return text if kind in ("real", "number") else f"(REAL){text}"
