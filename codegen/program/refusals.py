"""How programs that are none are refused."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from pullback.codegen.program.operations import Size, Value

Sizes = tuple[Expr, ...]
Result = tuple[Sizes, str]


class Malformed(Exception):
    """A program that is none: a fault of pullback, never of a definition."""


def refuse_unless(condition: bool, message: str) -> None:
    """Raise Malformed with this message where the condition fails."""
    if not condition:
        raise Malformed(message)


def size_of(number: int, values: Sequence[Value]) -> Expr:
    """The size that a Size stands for."""
    op = values[number].op
    if not isinstance(op, Size):
        raise Malformed(f"{type(op).__name__} is no size")
    return op.symbol
