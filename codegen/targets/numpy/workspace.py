"""The arrays of a workspace: a field for each, and the text that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sympy import Expr

from pullback.codegen.program import Arange, Fold, Scan, Values, Window, steps
from pullback.codegen.program.plan.plan import Buffer
from pullback.codegen.targets.numpy.layout import item
from pullback.codegen.targets.numpy.text import tuple_text
from pullback.derive.read.symbols import BATCH_SIZE

WORK = "work"  # the argument of forward that holds them
INDENT = 8  # of an item of the dictionary in which they are made


def array_type(kind: str) -> str:
    """The type of an array of values of a kind."""
    return f"NDArray[np.{ {'mask': 'bool_', 'integer': 'integer'}.get(kind, 'floating') }]"


def has_windows(program: Values) -> bool:
    """Are windows laid out, or what a scan reads at other places than its own?"""
    every = [program.values, *(step.values for step in steps(program.values))]
    ops = [value.op for values in every for value in values]
    shifted = any(s.shift for op in ops if isinstance(op, Scan) for s in op.sliced)
    return shifted or any(isinstance(op, Window | Fold) for op in ops)


def dtype_text(kind: str, own: Mapping[str, str]) -> str:
    """The dtype of arrays of values of a kind."""
    return {"mask": "np.bool_", "integer": "np.intp"}.get(kind, own["dtype"])


def buffer_field(buffer: Buffer, own: Mapping[str, str]) -> dict[str, Any]:
    """A buffer's name, what stands in it, and the text that makes it."""
    dtype = dtype_text(buffer.kind, own)
    made = f"np.empty({tuple_text(buffer.sizes)}, {dtype})"
    if isinstance(buffer.op, Arange):
        made = f"np.arange({buffer.sizes[0]})"
    return field(buffer.name, buffer.sizes, buffer.kind, made, own, buffer.holds)


def field(
    name: str,
    sizes: Iterable[Expr],
    kind: str,
    made: str,
    own: Mapping[str, str],
    holds: Iterable[str] = (),
) -> dict[str, Any]:
    """A field of these sizes; `holds` are the variables that it is in turn."""
    about = tuple_text(f"*{own['batch']}" if str(s) == BATCH_SIZE else s for s in sizes)
    then = ", then ".join(n for n in holds if n != name)
    return {
        "name": name,
        "type": array_type(kind),
        "about": f"{about}; then {then}" if then else about,
        "made": item(name, made, INDENT),
    }
