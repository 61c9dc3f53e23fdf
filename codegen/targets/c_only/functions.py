"""Functions of entries that C has, or that are written beside."""

from __future__ import annotations

from pullback.codegen.targets.c.nodes import FUNCTIONS as OF_KERNELS

OF_LIBRARY = frozenset(
    {
        *("power", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh"),
        *("acosh", "atanh", "cbrt", "lgamma"),
    }
)
OF_PLACES = frozenset({"whole_add", "whole_multiply", "whole_maximum", "whole_minimum"})
HAS = OF_KERNELS | OF_LIBRARY | OF_PLACES | {"cast", "exp_difference", "erfcx"}


class Lacking(Exception):
    """What has no form in C."""


def checked(name: str) -> str:
    """The function; Lacking where C has none of that name."""
    if name not in HAS:
        raise Lacking(f"the function {name}")
    return name
