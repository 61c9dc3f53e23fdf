"""Statements of a plan as pure functions of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pullback.codegen.program import FUNCTIONS, Constant, Scan
from pullback.codegen.program.linear import linear
from pullback.codegen.program.plan.plan import Kept, Plan, Statement
from pullback.codegen.targets.functional.dialect import ARRAY_API, JAX, TORCH, Dialect
from pullback.codegen.targets.functional.scans import ListLoop, OneByOne, Parallel
from pullback.codegen.targets.functional.spelling import Functional, number
from pullback.codegen.targets.numpy.scans import Loop
from pullback.codegen.targets.numpy.statements import Statements
from pullback.codegen.targets.numpy.text import Line, Text


class Pure(Statements):
    """A plan in the words of one library; subclasses say of which."""

    dialect: ClassVar[Dialect]
    fresh = FUNCTIONS.keys()  # each statement makes something new
    width = 88

    def __init__(
        self, made: Plan, inputs: Mapping[int, Text] | None = None, depth: int = 0
    ) -> None:
        super().__init__(made, inputs, depth)
        own, dialect = made.names.own, self.dialect
        self.spelling = Functional(made.program, self.spell, own, made.inlined, dialect)

    def statement(self, statement: Statement) -> list[str]:
        """One value on a line."""
        op, name = self.plan.operation(statement), self.names[statement.value]
        return [f"{name} = {self.spelling.operation(op).text}"]

    def spell(self, number_: int) -> Text:
        """A value where it is read."""
        op = self.program[number_].op
        if number_ not in self.inputs and isinstance(op, Constant):
            return number(op, self.names.own["math"])
        return super().spell(number_)

    def loop_of(self, op: Scan, kept: Sequence[Kept]) -> Loop:
        """The loop of a scan."""
        if not self.dialect.scans:
            return ListLoop(op, kept, self.names, self.spelling)
        return (OneByOne if op.carried else Parallel)(op, kept, self.names, self.spelling)

    def loop(self, op: Scan, kept: Sequence[Kept], about: str) -> list[Line]:
        """A loop; where the library has scans of its own, a linear one is a prefix scan."""
        found = linear(op) if self.dialect.scans else None
        if found is None:
            return super().loop(op, kept, about)
        return super().loop(found, [each for each in kept for _ in range(2)], about)


class OfArrayAPI(Pure):
    """In the array API."""

    dialect = ARRAY_API


class OfTorch(Pure):
    """In PyTorch."""

    dialect = TORCH


class OfJAX(Pure):
    """In JAX."""

    dialect = JAX
