"""Arguments and sizes in words, and text from definitions made harmless in code."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr
from sympy.core.relational import Relational

from pullback.codegen.interface.shapes import shape
from pullback.derive.layer import Layer, Tensor
from pullback.derive.read.trees import BATCH


def docstring(text: str) -> str:
    """Text from a definition on one line, made harmless inside a docstring."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def comment(text: str) -> str:
    """Text on one line of a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def describe(tensor: Tensor) -> str:
    """An argument in words."""
    about = docstring(tensor.description)
    text = f"{about}, " if about else ""
    if not tensor.indices:
        whole = f"one integer from 0 to {tensor.labels_of} - 1"
        return text + (whole if tensor.integer else "one number")
    kind = f"integers from 0 to {tensor.labels_of} - 1" if tensor.integer else "floats"
    return f"{text}{shape(tensor)}, {kind}"


def describe_size(layer: Layer, size: Expr) -> str:
    """A size that is an argument, in words."""
    names = [i.name for i in layer.axes if i.size == size]
    about = next((t for n in names if (t := docstring(layer.descriptions.get(n, "")))), "")
    axes = f"the size of {' and '.join(names)}"
    return f"{f'{about}, ' if about else ''}{axes}, one integer from 1 on"


def assumptions(layer: Layer, spelled: Callable[[Relational], str]) -> list[str]:
    """What a layer assumes of its inputs, in a sentence each; no module checks it."""
    return [f"It is assumed, and not checked, that {spelled(fact)}." for fact in layer.assumed]


def dimensions(layer: Layer) -> str:
    """The sizes in words: `N examples, D features`."""
    words, seen = [], set()
    for index in layer.axes:
        about = docstring(layer.descriptions.get(index.name, ""))
        if index.size not in seen and index.name != BATCH:
            words.append(f"{index.size} {about}".strip())
            seen.add(index.size)
    return ", ".join(words) or "no axes"
