"""The axes of tensors in words: `(N, D)`, and `...` for any number of leading ones."""

from __future__ import annotations

from pullback.derive.layer import Node, Tensor
from pullback.derive.read.trees import BATCH


def has_batch(*tensors: Tensor | Node) -> bool:
    """Does a tensor have `...`, any number of leading axes?"""
    return any(i.name == BATCH for t in tensors for i in t.indices)


def axes_of(tensor: Tensor | Node) -> list[str]:
    """The axes of a tensor by their sizes: N, D, or `...` for any number of leading axes."""
    return [BATCH if i.name == BATCH else str(i.size) for i in tensor.indices]


def shape(tensor: Tensor | Node) -> str:
    """The shape of a tensor in words: `(N, D)`."""
    names = ", ".join(axes_of(tensor))
    return f"({names},)" if axes_of(tensor)[1:] == [] and names not in ("", BATCH) else f"({names})"
