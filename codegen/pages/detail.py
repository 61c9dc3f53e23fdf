"""How much of a derivation is shown: its results, the key steps of each gradient, or every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pullback.codegen.pages.outline import COMPUTING, Block, Line, Outline, Part, Section
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
        index = section.matrix if notation == MATRIX and section.matrix else section.index
        matrix = section.matrix if notation == BOTH else ""
        return replace(at_detail(section, detail), index=index, matrix=matrix)

    wanted = [s for s in page.sections if not of or s.name in of]
    forward = not of and seconds and detail == EVERY
    values = {EVERY: page.values, KEY: tuple(key_blocks(page.values)), RESULT: ()}
    found = replace(
        page,
        values=() if of else values[detail],
        sections=tuple(map(section, wanted)),
        tangents=tuple(map(section, page.tangents if forward else ())),
        seconds=tuple(map(section, page.seconds if forward else ())),
    )
    used = {line.law for line in lines(found)}
    return replace(found, laws=tuple(law for law in page.laws if law[0] in used))


def at_detail(section: Section, detail: str) -> Section:
    """A section with so much of its steps."""
    parts = {EVERY: section.parts, KEY: tuple(map(key_part, section.parts)), RESULT: ()}
    return replace(section, parts=parts[detail])


def key_part(part: Part) -> Part:
    """What one node contributes, each chain by its ends."""
    jacobian = part.jacobian and key_block(part.jacobian)
    return replace(part, jacobian=jacobian, blocks=tuple(key_blocks(part.blocks)))


def key_blocks(blocks: Iterable[Block]) -> Iterable[Block]:
    """Chains by their ends, but for those to the forms for computing."""
    return (key_block(block) for block in blocks if block.words != COMPUTING)


def key_block(block: Block) -> Block:
    """The start of a chain and its end, with the numbers of the steps between."""
    if len(block.lines) < 2:
        return block
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
    yield from (*page.values, *jacobians, *(b for part in parts for b in part.blocks))
