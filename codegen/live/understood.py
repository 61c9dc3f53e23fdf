"""What was understood of a definition: its equations, typeset, and the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar, cast

from pullback.codegen.live.chips import what_ifs
from pullback.codegen.live.reading import Reading
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.setting import Setting, plain
from pullback.codegen.pages.symbols import spelled_shape, symbol
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.layer import Node, Tensor
from pullback.derive.proof.proving import Proof

MOST_KEPT = 500  # lines and shapes
KEPT: dict[Hashable, object] = {}
T = TypeVar("T")


def understood(reading: Reading) -> dict[str, Any]:
    """The event that says what was read."""
    layer = reading.layer
    nothing = Derivation(layer, (), (), (), (), ())
    setting = Setting(Outlines(nothing, Proof(nothing, (), (), None, None), reading.letters))
    made = reading.definition.understood
    around = surroundings(reading)
    return {
        "event": "read",
        "equations": [
            {
                "html": kept(("line", node, *around), partial(equation, setting, node)),
                "text": plain(node.text),
                "line": line,
            }
            for node, line in zip(layer.nodes, reading.lines, strict=True)
        ],
        "shapes": [
            kept(("shape", tensor, *around), partial(shape, setting, tensor))
            for tensor in layer.tensors.values()
        ],
        "notes": list(made.notes) if made else [],
        "count": len(layer.nodes),
        "what_ifs": what_ifs(reading.written),
    }


def equation(setting: Setting, node: Node) -> str:
    """A line, typeset."""
    return str(setting.equation(node))


def surroundings(reading: Reading) -> tuple[Hashable, ...]:
    """What the look of one line hangs on beside itself: names, their places and their letters."""
    layer = reading.layer
    names = tuple((t.name, t.indices) for t in layer.tensors.values())
    words = tuple(sorted(layer.descriptions.items()))
    return names, layer.axes, layer.output.name, words, tuple(reading.letters.items())


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """What was made before for the same: a key changes one line, and the others stay."""
    if key not in KEPT:
        if len(KEPT) >= MOST_KEPT:
            del KEPT[next(iter(KEPT))]
        KEPT[key] = make()
    return cast(T, KEPT[key])


def shape(setting: Setting, tensor: Tensor | Node) -> dict[str, str]:
    """A tensor and its shape."""
    about = symbol(setting.layer, setting.formula, tensor)
    words = [about["part"]]
    if isinstance(tensor, Tensor) and tensor.integer:
        words = [f"labels from 0 to {setting.notations[1].style.name(str(tensor.labels_of))} − 1"]
    return {
        "html": str(about["formula"]),
        "name": tensor.name,
        "shape": spelled_shape(setting.notations[1], tensor) or "one number",
        "words": "; ".join([*words, *filter(None, [about["words"]])]),
    }
