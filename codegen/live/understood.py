"""What was understood of a definition: its equations, typeset, and the shapes of its tensors."""

from __future__ import annotations

from typing import Any

from pullback.codegen.live.chips import what_ifs
from pullback.codegen.live.reading import Reading
from pullback.codegen.pages.outliner import Outlines
from pullback.codegen.pages.setting import Setting, plain
from pullback.codegen.pages.symbols import spelled_shape, symbol
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.layer import Node, Tensor
from pullback.derive.proof.proving import Proof


def understood(reading: Reading) -> dict[str, Any]:
    """The event that says what was read."""
    layer = reading.layer
    nothing = Derivation(layer, (), (), (), (), ())
    setting = Setting(Outlines(nothing, Proof(nothing, (), (), None, None), reading.letters))
    made = reading.definition.understood
    return {
        "event": "read",
        "equations": [
            {"html": str(setting.equation(node)), "text": plain(node.text), "line": line}
            for node, line in zip(layer.nodes, reading.lines, strict=True)
        ],
        "shapes": [shape(setting, tensor) for tensor in layer.tensors.values()],
        "notes": list(made.notes) if made else [],
        "count": len(layer.nodes),
        "what_ifs": what_ifs(reading.written),
    }


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
