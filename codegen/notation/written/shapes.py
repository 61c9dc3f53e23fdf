"""The shapes of what a layer takes, as array and matrix notation declare them."""

from __future__ import annotations

from pullback.derive.layer import Layer, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH
from pullback.derive.read.vocabulary import SIZE


def shapes(layer: Layer) -> dict[str, str]:
    """The shape of each input by its name."""
    return {tensor.name: shape(tensor) for tensor in layer.inputs}


def shape(tensor: Tensor) -> str:
    """The shape of one input."""
    axes = " ".join(BATCH if i.name == BATCH else size(str(i.size)) for i in tensor.indices)
    return axes if tensor.labels_of is None else f"{axes}: {size(str(tensor.labels_of))}"


def size(name: str) -> str:
    """What a size is called in a shape."""
    return BATCH if name == BATCH_SIZE else name.removeprefix(SIZE)
