"""The tensors of a layer on a page: each with its shape, its part and what it is."""

from __future__ import annotations

from markupsafe import Markup

from pullback.codegen.interface.shapes import axes_of
from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages.setting import Context, Setting, plain
from pullback.derive.layer import Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH


def symbol(setting: Setting, tensor: Tensor | Node) -> Context:
    """A tensor with its shape, its part and what it is."""
    return {
        "formula": setting.formula(lambda n: n.spell(tensor.entry)),
        "shape": shape(setting, tensor),
        "part": role(setting, tensor),
        "words": plain(setting.layer.descriptions.get(tensor.name, "")),
    }


def shape(setting: Setting, tensor: Tensor | Node) -> Markup | str:
    """N × D, or that it is one number."""
    if not tensor.indices:
        return "one number"
    return setting.formula(lambda notation: spelled_shape(notation, tensor))


def spelled_shape(notation: Notation, tensor: Tensor | Node) -> str:
    """N × D."""
    times = r" \times " if notation.style.latex else " × "
    return times.join(notation.style.name(BATCH_SIZE if a == BATCH else a) for a in axes_of(tensor))


def role(setting: Setting, tensor: Tensor | Node) -> str:
    """What part a tensor plays."""
    if isinstance(tensor, Tensor):
        return "labels" if tensor.integer else "input"
    if tensor.name == setting.layer.output.name:
        return "output"
    return "notation" if tensor.notation else "node"
