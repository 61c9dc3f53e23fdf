"""Shapes as text: "N D", "N: J" for labels below J along N, "" for a number, "... D"."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from pullback.derive.read.from_arrays.values import ONE, Axes, Unreadable
from pullback.derive.read.trees import BATCH

AXIS = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
EXAMPLES = 'as in "N D", "N: J" for labels below J, "" for a number'
NUMBERS = {"float", "np.float64", "np.float32"}
HOLDERS = {"Float": False, "Float32": False, "Float64": False, "Real": False, "Num": False}
HOLDERS |= {"Int": True, "Int32": True, "Int64": True, "Integer": True, "UInt": True}


@dataclass(frozen=True)
class Shape:
    """The axes of an input, and the axis that its labels are places on."""

    axes: Axes
    labels: bool = False
    below: str | None = None  # None where it is not said


def read_shape(text: str) -> Shape:
    """A shape from its text.

    >>> read_shape("N D"), read_shape("N: J").below, read_shape("... 1").axes
    (Shape(axes=('N', 'D'), labels=False, below=None), 'J', ('...', '1'))
    """
    axes, colon, below = text.partition(":")
    words = tuple(axes.replace(",", " ").split())
    for place, word in enumerate(words):
        if word == BATCH:
            if place:
                raise Unreadable(f"'{BATCH}' stands first in a shape")
        elif word.isdigit() and word != ONE:
            raise Unreadable(
                f"the size {word} in the shape {text!r}: a size has a name, {EXAMPLES}"
            )
        elif word != ONE and not AXIS.fullmatch(word):
            raise Unreadable(f"{word!r} in the shape {text!r} is no name of a size, {EXAMPLES}")
    if not colon:
        return Shape(words)
    label = below.strip()
    if not AXIS.fullmatch(label):
        raise Unreadable(f'labels lie below one size, as in "N: J"; found {text!r}')
    return Shape(words, True, label)


def annotated(node: ast.expr | None) -> Shape | None:
    """The shape that an annotation says; None where it says none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return read_shape(node.value)
    if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in NUMBERS:
        return Shape(())
    if isinstance(node, ast.Subscript):
        holder = ast.unparse(node.value).rpartition(".")[2]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        if holder in HOLDERS and len(inner) == 2:
            text = inner[1]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                shape = read_shape(text.value)
                return Shape(shape.axes, HOLDERS[holder] or shape.labels, shape.below)
    return None


def split_shapes(text: str) -> dict[str, str]:
    """Shapes from `x=N D; W=D K`, as the command takes them.

    >>> split_shapes("x=N D; y=N: J; a=")
    {'x': 'N D', 'y': 'N: J', 'a': ''}

    Raises ValueError for what is not of that form.
    """
    found: dict[str, str] = {}
    for part in filter(str.strip, text.split(";")):
        name, sign, shape = part.partition("=")
        if not sign or not name.strip().isidentifier() or name.strip() in found:
            raise ValueError(f"{part.strip()!r} is not like x=N D")
        found[name.strip()] = shape.strip()
    return found
