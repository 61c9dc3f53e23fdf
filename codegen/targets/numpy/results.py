"""Results as a module returns them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pullback.codegen.interface.shapes import has_batch
from pullback.codegen.program import (
    Values,
    borrows,
    is_function,
)
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.precise import Conversions
from pullback.derive.layer import Node, Tensor


@dataclass(frozen=True)
class Result:
    """A result as it is returned; is it a copy, as it would be memory of another?"""

    text: str
    copied: bool


def returned_values(
    program: Values,
    results: Iterable[tuple[Tensor | Node, int, str]],
    names: Names,
    conversions: Conversions,
    kept: bool,
) -> list[Result]:
    """Results as they are returned, each in memory of its own and in the inputs' dtype.

    Each comes with the tensor whose axes it has, and with its name; `kept` as in Conversions.
    """
    found: list[Result] = []
    seen: set[str] = set()
    for tensor, number, result in results:
        value, name = program[number], names[number]
        copied = bool(value.sizes) and (name in seen or borrows(value.op, program.values))
        text = f"{name}.copy()" if copied else name
        if not value.sizes and not conversions.precise and not is_function(value.op, "cast"):
            # before 2.0 NumPy made float64 of a float32 and a Python number
            text = f"{names.own['dtype']}.type({text})"
        text = conversions.back(text, result, tensor, kept)
        text = f"_unflat({text}, {names.own['batch']})" if has_batch(tensor) else text
        found.append(Result(text, copied))
        seen.add(name)
    return found
