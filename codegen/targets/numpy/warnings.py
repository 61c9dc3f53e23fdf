"""What NumPy need not warn of."""

from __future__ import annotations

from collections.abc import Iterable

from pullback.codegen.program import (
    Elementwise,
    Function,
    Program,
    Value,
    Values,
    steps,
)

# functions with flat ends
UNDERFLOW = {"exp", "exp_difference", "expm1", "tanh", "sigmoid", "erf", "erfc", "erfcx"}
UNDERFLOW |= {"tan", "asin", "atan", "sinh", "asinh", "atanh", "atan2"}  # of what is tiny


def ignored(program: Program, functions: Iterable[Values]) -> str:
    """What NumPy need not warn of: tails that come out as 0, and what is worked out for no use."""
    every = list(functions)
    every += [step for f in every for step in steps(f.values)]
    if program.quiet or any(f.quiet for f in every if isinstance(f, Function)):
        return 'all="ignore"'
    tails = any(may_underflow(v) for f in every for v in f.values)
    return 'under="ignore"' if program.precise or tails else ""


def may_underflow(value: Value) -> bool:
    """Does it come out as 0 where it is too small for its dtype, as exp(-1000), without harm?"""
    return isinstance(value.op, Elementwise) and value.op.function in UNDERFLOW
