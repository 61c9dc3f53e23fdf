"""The outline of a derivation: what every page shows, in the order in which it is read.

It holds spelled formulas and words; a page decides only where they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Formula = str  # spelled in the outline's style
Words = str  # a sentence, its formulas between backticks
MATRICES = "as matrices"  # words of a block that reads a form in matrix notation out of indices
IN_PARTS = "In parts"  # the title of what is said of axes along which it is cut
ONE_NUMBER = "The node is one number, so that its Jacobian is its part of the gradient itself"
COMPUTING = "for computing"  # words of a block that most readers skip


@dataclass(frozen=True)
class Line:
    """A step: its number, what it leads to, its law, how it was checked, and what it assumes.

    `needs` is what must hold for both sides to have values, where that is not everywhere. `mark`
    stands beside the law where the check is not what the outline says of all steps. A step to a
    matrix form has the shapes of its factors, and says why each stands as it does.
    """

    number: int
    formula: Formula
    law: str
    check: str
    mark: str
    assumes: tuple[Formula, ...]
    needs: tuple[Formula, ...]
    shapes: Formula = ""
    reasons: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Block:
    """Steps from a start; `left` is what all of them equal, `words` what they are for."""

    words: str
    left: Formula
    start: Formula
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Part:
    """One node that reads the tensor: the Jacobian, its structure, and the pullback.

    For a tangent it is one tensor that the node reads, and the Jacobian is None where a gradient
    has shown it. `size` is how many entries the Jacobian would have; it is empty, and `blocks` hold
    no pullback, where the node is the scalar output and the Jacobian is the gradient itself.
    `written` is the Jacobian at the sizes `at`, where it has rows and columns.
    """

    jacobian: Block | None
    structure: Words
    size: Formula
    blocks: tuple[Block, ...]
    written: Formula = ""
    at: str = ""
    held: Words = ""  # what is held, where the derivative is a direct one
    small: bool = False  # has it so few entries that it fits everywhere?

    @property
    def said(self) -> Words:
        """Its structure, as a sentence without an end."""
        return f"Structure: {self.structure}" if self.size else ONE_NUMBER


@dataclass(frozen=True)
class Section:
    """A gradient or a tangent; `matrix` and `check` are empty where there is none.

    `forms` are the steps from the sum of its parts to matrices and, with other gradients put in
    for their names, to `wholes`, each in indices and as matrices.
    """

    name: str
    left: Formula
    index: Formula  # left = … in index notation
    matrix: Formula
    check: str
    parts: tuple[Part, ...]
    forms: tuple[Block, ...] = ()
    wholes: tuple[tuple[Formula, Formula], ...] = ()


@dataclass(frozen=True)
class HandoutLine:
    """A line of a handout in words, and what stands here for it; `section` says where."""

    words: Words
    ours: tuple[Formula, ...]
    section: tuple[str, str]  # "value" or "grad", and a name
    remark: Words = ""  # where ours differs


@dataclass(frozen=True)
class Along:
    """An axis along which the layer is worked out in parts: how they come together, and why."""

    axis: Formula
    formula: Formula  # the output from those of the parts, where that is no laying side by side
    words: tuple[Words, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Outline:
    """Everything that a page of a derivation shows."""

    title: str
    summary: str
    equations: tuple[str, ...]  # as they are written
    definition: tuple[Formula, ...]  # the same, spelled
    symbols: tuple[tuple[Formula, str], ...]
    proof: str  # how the steps were checked
    values: tuple[Block, ...]
    sections: tuple[Section, ...]  # gradients
    tangents: tuple[Section, ...]
    seconds: tuple[Section, ...]  # how gradients change along the tangents
    laws: tuple[tuple[str, str], ...]
    kinks: tuple[tuple[Formula, str], ...]
    assumptions: tuple[tuple[Formula, tuple[int, ...]], ...]
    references: tuple[str, ...]
    remark: str  # on what was left out
    handout: tuple[HandoutLine, ...] = ()
    along: tuple[Along, ...] = ()  # axes along which it is worked out in parts
    not_along: tuple[tuple[Formula, str], ...] = ()  # ... along which it is not, and why


def without_marks(words: Words) -> str:
    """A sentence as plain text.

    >>> without_marks("hence `h w`")
    'hence h w'
    """
    return words.replace("`", "")


def pieces(words: Words) -> Iterator[tuple[str, bool]]:
    """The pieces of a sentence, each with whether it is a formula.

    >>> list(pieces("hence `h w`"))
    [('hence ', False), ('h w', True), ('', False)]
    """
    for number, piece in enumerate(words.split("`")):
        yield piece, bool(number % 2)
