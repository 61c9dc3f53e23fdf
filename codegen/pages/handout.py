"""A handout's lines beside what stands here for each: a value, a gradient or a Jacobian."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp

from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages.matrix_forms import Forms
from pullback.codegen.pages.outline import Block, Formula, HandoutLine, Section
from pullback.codegen.pages.pictures import written_sizes
from pullback.codegen.pages.plain_formulas import spelled
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.jacobians import Jacobian, Value
from pullback.derive.index.objects import KroneckerDelta, entry_indices, entry_name


def handout(
    derivation: Derivation, forms: Forms, sections: Sequence[Section]
) -> Iterable[HandoutLine]:
    """The lines that a definition names; `sections` are the gradients, spelled.

    A derivation that still grows has no line yet for what it has not come to.
    """
    layer, style = derivation.layer, forms.notation.style
    values = {v.node.name: v for v in derivation.values}
    gradients = {s.name: s for s in sections}
    for line in layer.handout:
        if line.tensor and line.tensor not in gradients:
            continue
        where = ("grad", line.tensor) if line.tensor else ("value", line.node)
        if not line.tensor:
            ours = value(values[line.node], forms, line.part)
        elif line.part == "chain rule":
            ours = chain_rule(gradients[line.tensor])
        elif line.node == layer.output.name:
            ours = gradient(gradients[line.tensor])
        else:
            parts = derivation.gradient(line.tensor).parts
            place = [p.jacobian.node.name for p in parts].index(line.node)
            section, found = gradients[line.tensor], parts[place].jacobian
            if line.part == "by name":
                ours = [jacobian_block(section, place).left]
            else:
                ours = jacobian(section, place, as_tensor(found, forms.notation))
        yield HandoutLine(
            spelled(line.words, style), tuple(ours), where, spelled(line.remark, style)
        )


def value(found: Value, forms: Forms, part: str = "") -> Iterable[Formula]:
    """An equation, as it is differentiated, and as matrices; or one of the first two."""
    if part != "worked out":
        yield forms.notation.equation(found.node.entry, found.node.expr)
    if found.meaning.steps and part != "as defined":
        yield forms.notation.equation(found.node.entry, found.meaning.end)
    if found.matrix and not part:
        yield forms.equation(found.node.entry, found.matrix)


def chain_rule(section: Section) -> Iterable[Formula]:
    """What each node that reads the tensor adds to its gradient, by the chain rule."""
    for part in section.parts:
        for block in part.blocks:
            if block.words == "pullback":
                yield f"{section.left} = {block.left}" if len(section.parts) == 1 else block.left


def gradient(section: Section) -> Iterable[Formula]:
    """A gradient in indices and as matrices, put together where it can be."""
    both = section.wholes[-1] if section.wholes else (section.index, section.matrix)
    yield from filter(None, both)


def jacobian(section: Section, place: int, name: Formula) -> Iterable[Formula]:
    """The entry of a Jacobian, and the whole where it is small, which may have a name."""
    part, block = section.parts[place], jacobian_block(section, place)
    last = block.lines[-1].formula if block.lines else block.start
    yield f"{block.left} = {last}"
    if part.small:
        yield f"{part.written} = {name}" if name else part.written


def jacobian_block(section: Section, place: int) -> Block:
    """The steps to the entry of a Jacobian."""
    found = section.parts[place].jacobian
    assert found is not None
    return found


def as_tensor(jacobian: Jacobian, notation: Notation) -> Formula:
    """A matrix that a Jacobian is for one example, or its transpose; empty where it is neither.

    Deltas between axes that have size 1 where it is written out do not count.
    """
    sizes = written_sizes(jacobian)
    wide = [i for i in (*jacobian.rows, *jacobian.columns) if sizes[i.axis] > 1]
    rest = [
        f
        for f in sp.Mul.make_args(jacobian.entry.end)
        if not (isinstance(f, KroneckerDelta) and not f.free_symbols & {*wide})
    ]
    if len(rest) != 1 or not isinstance(rest[0], sp.Indexed) or len(wide) != 2:
        return ""
    row, column = wide
    if row not in jacobian.rows or column not in jacobian.columns:
        return ""
    name = notation.style.name(entry_name(rest[0]))
    if entry_indices(rest[0]) == (row, column):
        return name
    transposed = rf"{name}^{{\top}}" if notation.style.latex else f"{name}ᵀ"
    return transposed if entry_indices(rest[0]) == (column, row) else ""
