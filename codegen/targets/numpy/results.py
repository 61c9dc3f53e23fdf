"""Results as a module returns them."""

from __future__ import annotations

from collections.abc import Iterable

from pullback.codegen.interface.shapes import has_batch
from pullback.codegen.program import (
    Value,
    Values,
    borrows,
    is_function,
)
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.precise import Conversions
from pullback.derive.layer import Node, Tensor


def copied(program: Values, value: Value) -> str:
    """`.copy()` where a result would be memory that was passed in."""
    return ".copy()" if value.sizes and borrows(value.op, program.values) else ""


def returned_values(
    program: Values,
    results: Iterable[tuple[Tensor | Node, int, str]],
    names: Names,
    conversions: Conversions,
    kept: bool,
) -> list[str]:
    """Results as they are returned, each in memory of its own and in the inputs' dtype.

    Each comes with the tensor whose axes it has, and with its name; `kept` as in Conversions.
    """
    found: list[str] = []
    seen: set[str] = set()
    for tensor, number, result in results:
        value, name = program[number], names[number]
        text = name + (".copy()" if name in seen and value.sizes else copied(program, value))
        if not value.sizes and not conversions.precise and not is_function(value.op, "cast"):
            # before 2.0 NumPy made float64 of a float32 and a Python number
            text = f"{names.own['dtype']}.type({text})"
        text = conversions.back(text, result, tensor, kept)
        found.append(f"_unflat({text}, {names.own['batch']})" if has_batch(tensor) else text)
        seen.add(name)
    return found
