"""Statements of a plan as pure functions of arrays; a scan is a loop over lists of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pullback.codegen.program import FUNCTIONS, Constant, Scan
from pullback.codegen.program.plan.plan import Kept, Plan, Statement
from pullback.codegen.targets.functional.dialect import ARRAY_API, JAX, TORCH, Dialect
from pullback.codegen.targets.functional.spelling import Functional, number
from pullback.codegen.targets.numpy.scans import Loop
from pullback.codegen.targets.numpy.statements import Statements
from pullback.codegen.targets.numpy.text import CALL, Text, tuple_text


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
        return ListLoop(op, kept, self.names, self.spelling)


class OfArrayAPI(Pure):
    """In the array API."""

    dialect = ARRAY_API


class OfTorch(Pure):
    """In PyTorch."""

    dialect = TORCH


class OfJAX(Pure):
    """In JAX."""

    dialect = JAX


@dataclass
class ListLoop(Loop):
    """A loop whose results are lists of arrays, one for each place, stacked behind it."""

    def array(self, kept: Kept) -> list[str]:
        """The list of a result, with its zeros: each place is put in later."""
        kind = {"mask": '"bool"', "integer": '"integer"'}.get(kept.kind, '"real"')
        zero = f"_zeros({tuple_text(kept.sizes[1:])}, {kind}, {self.outer.own['like']})"
        return [f"{kept.name} = [{zero}] * ({kept.sizes[0]})"]

    def whole(self, value: int) -> Text:
        """What is the same at each place."""
        return self.spelling.spell(value)

    def at_place(self, text: Text, axis: int) -> Text:
        """The entries at a place of an axis."""
        at = ", ".join([*[":"] * axis, self.at, "..."])
        return Text(f"{text.within(CALL)}[{at}]", CALL)

    def foot(self, kept: Kept) -> list[str]:
        """The list as an array."""
        if not kept.read:
            return []
        return [f"{kept.name} = _stacked({kept.name}, {self.size})"]
