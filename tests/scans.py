"""Programs with scans, made by hand, and what they give as each target spells them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from sympy import Expr, Integer

from pullback.codegen.program import (
    Builder,
    Carried,
    Constant,
    Contract,
    Elementwise,
    Function,
    Input,
    Operand,
    Scan,
    Scanned,
    Size,
    Sliced,
    Step,
    verify,
)
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.runtime import arrays, functions, windows
from pullback.codegen.targets.numpy.statements import Statements
from pullback.codegen.targets.numpy.workspace import buffer_field
from pullback.codegen.targets.plain import runtime
from pullback.codegen.targets.plain.spelling import PlainStatements
from pullback.derive.index.objects import size_symbol
from pullback.derive.layer import Layer
from pullback.derive.read.reader import read_equations

T, N, K, J, M = (size_symbol(name) for name in "TNKJM")
# a definition with tensors that the programs here are about; what it says plays no part
TEXT = """
s[t, n, k] = tanh(sum(j, sum(m, x[t, n, m] * W[m, j]) * U[j, k])) * v[k]
c[t, n, k] = s[t, n, k] * b[n] * r[t]
q[t, n, k] = c[t, n, k] * [y[t] == k]
"""


def layer() -> Layer:
    """The layer of those tensors."""
    return read_equations("layer", TEXT)


class Making(Builder):
    """A builder with words for what programs here are made of."""

    def apply(self, function: str, *values: int) -> int:
        """A function of entries of arrays whose axes are the last ones of the result."""
        rank = max(len(self.values[v].sizes) for v in values)
        places = (range(rank - len(self.values[v].sizes), rank) for v in values)
        operands = tuple(Operand(v, tuple(p)) for v, p in zip(values, places, strict=True))
        return self.add(Elementwise(function, operands))

    def where(self, condition: int, a: int, b: int) -> int:
        """A choice of two arrays of the condition's shape."""
        places = tuple(range(len(self.values[condition].sizes)))
        return self.add(Elementwise("where", tuple(Operand(v, places) for v in (condition, a, b))))

    def product(self, a: int, b: int) -> int:
        """A matrix product."""
        return self.add(Contract((a, b), ((0, 1), (1, 2)), (0, 2)))

    def number(self, number: int) -> int:
        """A number."""
        return self.add(Constant(Integer(number)))

    def body(self) -> tuple[int, ...]:
        """The values that are worked out."""
        return tuple(v.number for v in self if not isinstance(v.op, Input | Constant))

    def step(self, of: Layer, *results: tuple[str, int]) -> Step:
        """The step with these results."""
        return Step(of, tuple(self.values), results, self.body())

    def function(self, of: Layer, *results: tuple[str, int]) -> Function:
        """The function with these results."""
        return Function(of, tuple(self.values), results, self.body())


def scan(
    outer: Making,
    step: Step,
    *,
    back: bool = False,
    size: Expr = T,
    whole: Mapping[str, int] | None = None,
    sliced: tuple[Sliced, ...] = (),
    carried: tuple[Carried, ...] = (),
) -> list[int]:
    """The values of a scan's results."""
    length = outer.add(Size(size))
    op = Scan(step, length, back, tuple((whole or {}).items()), sliced, carried)
    made = outer.add(op)
    return [outer.add(Scanned(made, which)) for which in range(len(step.results))]


def run(
    function: Function, inputs: Mapping[str, Any], target: str, dtype: str = "float64"
) -> dict[str, np.ndarray]:
    """The results of a function, its statements spelled by a target and run.

    The targets are plain, fast (with new arrays), kept (with a workspace) and empty (with one that
    has no arrays).
    """
    lines, names, fields = spelled(function, target)
    given = {n: v.astype(dtype) if v.dtype.kind == "f" else v for n, v in inputs.items()}
    space: dict[str, Any] = {"np": np, "dtype": np.dtype(dtype), **given, **sizes(function, inputs)}
    modules = [runtime] if target == "plain" else [arrays, functions, windows]
    for module in modules:
        space |= {n: f for n, f in vars(module).items() if n.startswith("_") and callable(f)}
    made = {f["name"]: None for f in fields}
    if target == "kept":
        texts = "\n".join(" ".join(f["made"]) for f in fields)
        made = eval(f"{{{texts}}}", space)
    space["work"] = SimpleNamespace(**made)
    found: list[dict[str, np.ndarray]] = []
    for _ in range(2):  # a workspace is written into again
        exec("\n".join(lines), space)
        found.append({n: np.array(space[names[v]]) for n, v in function.results})
    for name, value in found[0].items():
        np.testing.assert_array_equal(value, found[1][name])
        assert value.dtype == dtype or function[dict(function.results)[name]].kind != "real"
    for name, value in given.items():
        np.testing.assert_array_equal(value, inputs[name].astype(value.dtype))
    return found[0]


def spelled(function: Function, target: str) -> tuple[list[str], Names, list[dict[str, Any]]]:
    """The lines of a function, the names of its values, and the fields of its workspace."""
    verify(as_step(function))
    kind = PlainStatements if target == "plain" else Statements
    results = [v for _, v in function.results]
    workspace = target in ("kept", "empty")
    found = kind.planned(function, function.body, results, Names(function), workspace)
    fields = [buffer_field(b, found.names.own) for b in found.buffers]
    return [line.code for line in found.lines], found.names, fields


def as_step(function: Function) -> Step:
    """A function whose results need be no tensors, as a step's need not."""
    return Step(function.layer, function.values, function.results, function.body)


def sizes(function: Function, inputs: Mapping[str, Any]) -> dict[str, int]:
    """The sizes of axes by name."""
    found: dict[str, int] = {}
    for value in function.values:
        if isinstance(value.op, Input):
            shape = inputs[value.op.name].shape
            found |= {str(s): n for s, n in zip(value.sizes, shape, strict=True)}
    return found
