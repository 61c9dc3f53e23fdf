"""What a module says of the parts into which it can be cut: PARTS, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pullback.codegen.interface.shapes import has_batch
from pullback.codegen.targets.numpy.layout import WIDTH
from pullback.derive.calculus.cuts import Cut, Cutting
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.layer import Layer, Node, Tensor

INDENT = 4


def in_parts(
    derivation: Derivation,
    concatenate: str = "np.concatenate",
    typed: bool = False,
    cutting: Cutting | None = None,
) -> dict[str, Any] | None:
    """What the template of parts is filled with; None where there is no axis to cut.

    `cutting` is given where the module cannot be cut along each axis of the derivation.
    """
    cuts = (cutting or derivation.cutting).cuts
    if not cuts:
        return None
    return {
        "axis": cuts[0].name,
        "table": [line for cut in cuts for line in entry(derivation.layer, cut)],
        "concatenate": concatenate,
        "typed": typed,
    }


def entry(layer: Layer, cut: Cut) -> Iterator[str]:
    """The lines that say what is cut along an axis."""
    inputs = [f'"{n}": {axis_of(layer.tensor(n), p)}' for n, p in cut.inputs.items()]
    output = layer.output
    kind = f'"{cut.kind}"' if cut.output is None else str(axis_of(output, cut.output))
    items = {"inputs": inputs, "outputs": [f'"{output.name}": {kind}']}
    yield f'"{cut.name}": {{'
    for name, parts in items.items():
        line = f'    "{name}": {{{", ".join(parts)}}},'
        if len(line) + INDENT <= WIDTH:
            yield line
        else:
            yield from (f'    "{name}": {{', *(f"        {part}," for part in parts), "    },")
    if cut.has_rest:
        yield '    "rest": True,'
    yield "},"


def axis_of(tensor: Tensor | Node, position: int) -> int:
    """An axis of an array: from the end, where any number of leading axes may stand before it."""
    return position - len(tensor.indices) if position and has_batch(tensor) else position
