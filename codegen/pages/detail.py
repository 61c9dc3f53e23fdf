"""How much of a derivation is shown: its results, the key steps of each gradient, or every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pullback.codegen.pages.outline import (
    COMPUTING,
    MATRICES,
    Block,
    Formula,
    Line,
    Outline,
    Part,
    Section,
)
from pullback.derive.errors import PullbackError

RESULT, KEY, EVERY = DETAILS = ("result", "key", "every")
INDEX, MATRIX, BOTH = NOTATIONS = ("index", "matrix", "both")


def narrowed(
    page: Outline,
    of: Sequence[str] = (),
    detail: str = EVERY,
    notation: str = BOTH,
    seconds: bool = True,
) -> Outline:
    """An outline with less in it.

    Arguments:
        of: the tensors whose gradients are shown, by name; all of them if there is none
        detail: with "result" no step is shown; with "key" of each chain where it starts and where
            it ends, which is the value put in, the Jacobian's entry and the short form, and
            nothing of tangents, second derivatives and the forms for computing
        notation: the results in index notation, in matrix notation where there is one, or in both
        seconds: are tangents and second derivatives shown?

    Raises PullbackError for a tensor that has no gradient.
    """
    known = [section.name for section in page.sections]
    for name in of:
        if name not in known:
            raise PullbackError(f"there is no gradient by {name!r}; there are {', '.join(known)}")

    def section(section: Section) -> Section:
        index, matrix = chosen((section.index, section.matrix), notation)
        wholes = tuple(chosen(both, notation) for both in section.wholes)
        found = at_detail(section, detail)
        shown = tuple(b for b in found.forms if notation != INDEX or b.words != MATRICES)
        return replace(found, index=index, matrix=matrix, forms=shown, wholes=wholes)

    wanted = [s for s in page.sections if not of or s.name in of]
    forward = not of and seconds and detail == EVERY
    blocks = [b for b in page.values if notation != INDEX or b.words != MATRICES]
    values = {EVERY: tuple(blocks), KEY: tuple(key_blocks(blocks)), RESULT: ()}
    found = replace(
        page,
        values=() if of else values[detail],
        sections=tuple(map(section, wanted)),
        tangents=tuple(map(section, page.tangents if forward else ())),
        seconds=tuple(map(section, page.seconds if forward else ())),
        handout=() if of else page.handout,
        along=page.along if not of and detail == EVERY else (),
        not_along=page.not_along if not of and detail == EVERY else (),
    )
    used = {line.law for line in lines(found)}
    return replace(found, laws=tuple(law for law in page.laws if law[0] in used))


def at_detail(section: Section, detail: str) -> Section:
    """A section with so much of its steps."""
    parts = {EVERY: section.parts, KEY: tuple(map(key_part, section.parts)), RESULT: ()}
    forms = {EVERY: section.forms, KEY: tuple(key_blocks(section.forms)), RESULT: ()}
    return replace(section, parts=parts[detail], forms=forms[detail])


def chosen(both: tuple[Formula, Formula], notation: str) -> tuple[Formula, Formula]:
    """A result in index notation and as matrices, or in one of them."""
    index, matrix = both
    if notation == MATRIX and matrix:
        return matrix, ""
    return index, matrix if notation == BOTH else ""


def key_part(part: Part) -> Part:
    """What one node contributes, each chain by its ends."""
    jacobian = part.jacobian and key_block(part.jacobian)
    return replace(part, jacobian=jacobian, blocks=tuple(key_blocks(part.blocks)))


def key_blocks(blocks: Iterable[Block]) -> Iterable[Block]:
    """Chains by their ends, but for those to the forms for computing, and to matrices of which
    nothing is to be said."""
    return (key_block(block) for block in blocks if block.words != COMPUTING and says(block))


def says(block: Block) -> bool:
    """Is it no step to matrices, or one with a reason?"""
    return block.words != MATRICES or any(line.reasons for line in block.lines)


def key_block(block: Block) -> Block:
    """The start of a chain and its end, with the numbers of the steps between; two reasons."""
    if len(block.lines) < 2:
        return replace(block, lines=tuple(replace(a, reasons=a.reasons[:2]) for a in block.lines))
    first, *_, last = block.lines
    steps = replace(last, law=f"steps {first.number} to {last.number}", needs=(), assumes=())
    return replace(block, lines=(steps,))


def lines(page: Outline) -> Iterable[Line]:
    """Every step that is shown."""
    return (line for block in blocks(page) for line in block.lines)


def blocks(page: Outline) -> Iterable[Block]:
    """Every chain that is shown."""
    sections = (*page.sections, *page.tangents, *page.seconds)
    parts = [part for section in sections for part in section.parts]
    jacobians = [part.jacobian for part in parts if part.jacobian]
    forms = [block for section in sections for block in section.forms]
    yield from (*page.values, *jacobians, *(b for part in parts for b in part.blocks), *forms)
    yield from (block for along in page.along for block in along.blocks)
