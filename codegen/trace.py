"""Every value and every gradient of a layer for some inputs, by name: what one compares with.

They are worked out in float64 by a function of plain NumPy, made of the proved formulas in the
forms that compute well, and must agree with what the fast module returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pullback.codegen.compiler import Compiled
from pullback.codegen.interface.example import example
from pullback.codegen.notation.names import as_written
from pullback.codegen.notation.printer import Notation
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.plain.every_value import FUNCTION, every_value
from pullback.codegen.targets.table import NUMPY, PLAIN
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.errors import Fault, PullbackError
from pullback.derive.layer import Layer

Array = np.ndarray[Any, Any]
MOST = 60  # entries of an array that is shown whole
CLOSE = 1e-9  # of what two modules return for the same inputs, in float64


@dataclass(frozen=True)
class Row:
    """A value: its name, its formula's left side, what it is, and its entries."""

    name: str
    symbol: str
    words: str
    array: Array


class Trace(Mapping[str, Array]):
    """Arrays by name: inputs, values in order, gradients in reverse order (`dz` is ∂L/∂z).

    Printed it is a table; `trace["dz"]` is an array.
    """

    def __init__(self, layer: Layer, arrays: Mapping[str, Array]) -> None:
        self.layer, self.arrays = layer, dict(arrays)

    def __getitem__(self, name: str) -> Array:
        try:
            return self.arrays[name]
        except KeyError:
            known = ", ".join(self.arrays)
            raise KeyError(f"there is no value {name!r}; there are {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    @property
    def rows(self) -> list[Row]:
        """Everything with what it is."""
        notation = Notation(self.layer).whole
        about = {n.name: as_written(self.layer, n)[-1] for n in self.layer.nodes}
        about |= self.layer.descriptions
        return [
            Row(name, notation.tensor(name), about.get(name, ""), array)
            for name, array in self.arrays.items()
        ]

    def __str__(self) -> str:
        return "\n".join(map(shown, self.rows)) + "\n"

    def __repr__(self) -> str:
        return f"<trace of {self.layer.name}: {', '.join(self.arrays)}>"

    def _repr_markdown_(self) -> str:
        return f"```text\n{self}```\n"


def shown(row: Row) -> str:
    """A value as text: its name, what it is, its shape, its entries or how large they are."""
    shape = f"  {row.array.shape}".replace(",)", ")") if row.array.ndim else ""
    symbol = f"  {row.symbol}" if row.symbol != row.name else ""
    words = f"  {row.words}" if row.words else ""
    if row.array.size > MOST:
        whole = row.array.astype(float)
        size = f"between {whole.min():.6g} and {whole.max():.6g}, mean {whole.mean():.6g}"
        return f"{row.name}{symbol}{shape}{words}\n    {size}"
    text = np.array2string(row.array, precision=6, suppress_small=False, floatmode="maxprec")
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return f"{row.name}{symbol}{shape}{words}\n{lines}"


def trace(compiled: Compiled, inputs: Mapping[str, Any] | None = None) -> Trace:
    """Every value and gradient of a layer.

    `inputs` are arrays, numbers or lists by name; among them may be the output's cotangent, `dh`
    of h: it is 1 everywhere if it is left out, which gives the gradients of the output's sum.
    Without inputs they are those of the worked example on the layer's page.

    Raises PullbackError for a name that is missing or unknown and for entries that are no numbers,
    and as the layer's own module does for shapes that do not go together.
    """
    layer = compiled.layer
    fast = loaded(compiled.to(NUMPY).emit().module, layer)
    given = as_arrays(layer, example_inputs(compiled, fast) if inputs is None else inputs)
    upstream = cotangent_name(layer.output.name)
    arguments = [given[name] for name in layer.parameters]
    output, cache = fast.forward(*(a if a.ndim else a[()] for a in arguments))
    given.setdefault(upstream, np.ones(np.shape(output)))
    gradients = fast.backward(given[upstream] if np.ndim(output) else given[upstream][()], cache)
    text = every_value(compiled.to(PLAIN).forms.derivation)
    found = getattr(loaded(text, layer), FUNCTION)(*arguments, given[upstream])
    agree(layer, {layer.output.name: output, **gradients._asdict()}, found)
    every = {**given, **found}
    return Trace(layer, {n: np.asarray(a) + 0 for n, a in every.items()})  # a copy, without -0


def example_inputs(compiled: Compiled, fast: Any) -> dict[str, Any]:
    """The inputs of the worked example, and its cotangent."""
    found = example(compiled.derivation, fast)
    if found is None:
        raise PullbackError(f"{compiled.layer.name}: no simple inputs will do; give inputs")
    given = {t.name: t.values for t in found.inputs}
    given |= zip(map(str, compiled.layer.arguments), found.arguments, strict=True)
    if found.upstream:
        given[cotangent_name(found.upstream.name)] = found.upstream.values
    return given


def as_arrays(layer: Layer, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """The inputs as arrays, in the layer's order: floats, or whole numbers for labels."""
    upstream = cotangent_name(layer.output.name)
    names = layer.parameters
    wanted = f"{layer.name} takes {', '.join(names)}, and may be given {upstream}"
    for name in inputs:
        if name not in (*names, upstream):
            raise PullbackError(f"there is no input {name!r}: {wanted}")
    if missing := [n for n in names if n not in inputs]:
        raise PullbackError(f"{', '.join(missing)}: not given; {wanted}")
    found = {t.name: as_array(t.name, inputs[t.name], t.integer) for t in layer.inputs}
    found |= {n: as_array(n, inputs[n], True) for n in map(str, layer.arguments)}
    if upstream in inputs:
        found[upstream] = as_array(upstream, inputs[upstream])
    return found


def as_array(name: str, value: Any, integer: bool = False) -> Array:
    """One input as an array."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise PullbackError(f"{name}: its rows are not of one length") from None
    if array.dtype.kind not in ("iu" if integer else "iufb"):
        what = "whole numbers, for labels and sizes" if integer else "real numbers"
        raise PullbackError(f"{name}: wanted are {what}; came {array.dtype}")
    return array.astype(np.int64 if integer else np.float64)


def agree(layer: Layer, wanted: Mapping[str, Any], found: Mapping[str, Array]) -> None:
    """Both modules must return the same; raises Fault where they do not."""
    for name, value in wanted.items():
        if not np.allclose(found[name], value, rtol=CLOSE, atol=CLOSE, equal_nan=True):
            raise Fault(f"{layer.name}: two modules of ours differ in {name} for these inputs")
