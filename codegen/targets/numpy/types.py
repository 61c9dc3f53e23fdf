"""The types of arguments, values and results."""

from __future__ import annotations

from pullback.codegen.program import (
    Size,
    Value,
)
from pullback.codegen.targets.numpy.workspace import array_type
from pullback.derive.layer import Node, Tensor

INTEGER = "int | np.integer"  # one integer that callers give


def value_type(value: Value) -> str:
    """The type of a value as forward keeps it."""
    if value.sizes or value.kind in ("mask", "integer"):
        return array_type(value.kind)
    if isinstance(value.op, Size):
        return "int"
    return "float" if value.kind == "number" else "float | np.floating"


def result_type(tensor: Tensor | Node) -> str:
    """The type of a result in the shape of a tensor."""
    return array_type("real") if tensor.indices else "np.floating"


def argument_type(tensor: Tensor | Node) -> str:
    """The type of an argument in the shape of a tensor."""
    integer = isinstance(tensor, Tensor) and tensor.integer
    if tensor.indices:
        return array_type("integer" if integer else "real")
    return INTEGER if integer else "float | np.floating"
