"""What is found for one file or formula: values that reports are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from pullback.codegen.check.comparing import Compared
from pullback.codegen.check.explaining import Explanation


@dataclass(frozen=True)
class Fault:
    """A line of the file where it goes wrong."""

    line: int
    source: str
    sets: str  # what the line sets, in the file's words
    name: str  # the tensor or cotangent that this should be; none of a part of a formula
    title: str  # what that should be: ∂L/∂u
    wanted: str  # its formula
    is_: str  # what it is instead, where that has a name
    explanation: Explanation | None
    repair: str | None
    makes_right: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """A line before the fault that is right: what it sets, and what that is."""

    line: int
    source: str
    title: str


@dataclass(frozen=True)
class Report:
    """What was found for one file or formula; `status` as of the command."""

    name: str
    against: str
    function: str
    status: int
    gradients: tuple[Compared, ...] = ()
    output: Compared | None = None
    raised: str = ""
    faults: tuple[Fault, ...] = ()
    right_until: Seen | None = None
    sizes: str = ""
    example: str = ""
    problem: str = ""
    remarks: tuple[str, ...] = field(default=())
