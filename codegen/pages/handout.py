"""A handout's lines beside what stands here for each: a value, a gradient or a Jacobian."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pullback.codegen.pages.matrix_forms import Forms
from pullback.codegen.pages.outline import Formula, HandoutLine, Section
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.jacobians import Value


def handout(
    derivation: Derivation, forms: Forms, sections: Sequence[Section]
) -> Iterable[HandoutLine]:
    """The lines that a definition names; `sections` are the gradients, spelled.

    A derivation that still grows has no line yet for what it has not come to.
    """
    layer = derivation.layer
    values = {v.node.name: v for v in derivation.values}
    gradients = {s.name: s for s in sections}
    for line in layer.handout:
        if line.tensor and line.tensor not in gradients:
            continue
        if not line.tensor:
            ours, where = value(values[line.node], forms), ("value", line.node)
        elif line.node == layer.output.name:
            ours, where = gradient(gradients[line.tensor]), ("grad", line.tensor)
        else:
            parts = derivation.gradient(line.tensor).parts
            place = [p.jacobian.node.name for p in parts].index(line.node)
            ours, where = jacobian(gradients[line.tensor], place), ("grad", line.tensor)
        yield HandoutLine(line.words, tuple(ours), where)


def value(found: Value, forms: Forms) -> Iterable[Formula]:
    """An equation, as it is differentiated, and as matrices."""
    yield forms.notation.equation(found.node.entry, found.node.expr)
    if found.meaning.steps:
        yield forms.notation.equation(found.node.entry, found.meaning.end)
    if found.matrix:
        yield forms.equation(found.node.entry, found.matrix)


def gradient(section: Section) -> Iterable[Formula]:
    """A gradient in indices and as matrices, put together where it can be."""
    both = section.wholes[-1] if section.wholes else (section.index, section.matrix)
    yield from filter(None, both)


def jacobian(section: Section, place: int) -> Iterable[Formula]:
    """The entry of a Jacobian, and the whole where it is small."""
    part = section.parts[place]
    assert part.jacobian is not None
    last = part.jacobian.lines[-1].formula if part.jacobian.lines else part.jacobian.start
    yield f"{part.jacobian.left} = {last}"
    if part.small:
        yield part.written
