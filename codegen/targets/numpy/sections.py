"""The statements of forward or backward, as the template of a module takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pullback.codegen.program import Values
from pullback.codegen.program.plan.names import Names
from pullback.codegen.program.plan.plan import Buffer, Plan
from pullback.codegen.targets.numpy.statements import Statements
from pullback.codegen.targets.numpy.text import Line


class Section(Protocol):
    """The statements of forward or backward, spelled."""

    @property
    def plan(self) -> Plan:
        """What is spelled."""

    @property
    def names(self) -> Names:
        """The names of values."""

    @property
    def lines(self) -> list[Line]:
        """The lines."""

    @property
    def buffers(self) -> list[Buffer]:
        """The arrays of a workspace that they write into."""


def leanest(
    values: Values, body: Sequence[int], results: Sequence[int], names: Names
) -> Statements:
    """The statements that write into a workspace, in the order that needs the fewest arrays."""
    orders = (
        Statements.planned(values, body, results, names, True, turned) for turned in (False, True)
    )
    return min(orders, key=lambda section: len(section.buffers))
