"""The outline of a derivation: what every page shows, in the order in which it is read.

It holds spelled formulas and words; a page decides only where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass

Formula = str  # spelled in the outline's style
COMPUTING = "for computing"  # words of a block that most readers skip


@dataclass(frozen=True)
class Line:
    """A step: its number, what it leads to, its law, how it was checked, and what it assumes.

    `needs` is what must hold for both sides to have values, where that is not everywhere. `mark`
    stands beside the law where the check is not what the outline says of all steps.
    """

    number: int
    formula: Formula
    law: str
    check: str
    mark: str
    assumes: tuple[Formula, ...]
    needs: tuple[Formula, ...]


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
    """

    jacobian: Block | None
    structure: str
    size: Formula
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Section:
    """A gradient or a tangent; `matrix` and `check` are empty where there is none."""

    name: str
    left: Formula
    index: Formula  # left = … in index notation
    matrix: Formula
    check: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Outline:
    """Everything that a page of a derivation shows."""

    title: str
    summary: str
    equations: tuple[str, ...]
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
