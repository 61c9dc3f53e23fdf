"""The shapes below a form: (N×J)(J×K) → N×K."""

from __future__ import annotations

from pullback.codegen.notation.matrix.printer import terms_of
from pullback.codegen.notation.styles import Style
from pullback.derive.index.objects import Index
from pullback.derive.matrix.tree import Axis, Made, Matrix


def shapes(tree: Matrix, style: Style) -> str:
    """The shape of each factor and term, and of the whole; empty where there is but one part."""
    inner = parts(tree, style)
    if inner == within(tree, style):
        return ""
    arrow = r"\to" if style.latex else "→"
    return f"{inner} {arrow} {shape(tree, style)}"


def parts(a: Matrix, style: Style) -> str:
    """The shapes of what a form is put together from."""
    if isinstance(a, Made):
        if a.kind == "product":
            return "".join(within(b, style) for b in a.of)
        if a.kind == "plus":
            return " + ".join(dict.fromkeys(parts(b, style) for _, b in terms_of(a)))
        if a.kind == "hadamard":
            sign = r" \odot " if style.latex else " ⊙ "
            return sign.join(within(b, style) for b in a.of)
        if a.kind == "scale":
            return parts(a.of[1], style)
    return within(a, style)


def within(a: Matrix, style: Style) -> str:
    """A shape in brackets."""
    return f"({shape(a, style)})"


def shape(a: Matrix, style: Style) -> str:
    """N×J; what is one row or one column has a 1 there."""
    return (r" \times " if style.latex else "×").join(size(i, style) for i in (a.rows, a.columns))


def size(axis: Axis, style: Style) -> str:
    """The size of an axis."""
    return style.name(str(axis.size)) if isinstance(axis, Index) else "1"
