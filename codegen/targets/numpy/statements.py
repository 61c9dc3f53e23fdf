"""The statements of a plan in NumPy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self, cast

from pullback.codegen.program import (
    COMMUTATIVE,
    Arange,
    Constant,
    Elementwise,
    Put,
    Values,
    reads,
)
from pullback.codegen.program.plan.names import Names
from pullback.codegen.program.plan.plan import Plan, Statement, plan
from pullback.codegen.targets.numpy.spelling import Spelling
from pullback.codegen.targets.numpy.text import HELPERS, INFIX, Text, call, number_text

AUGMENTED = ("add", "subtract", "multiply", "divide")
WORK = "work"  # the argument of forward that holds its buffers


@dataclass(frozen=True)
class Line:
    """One statement; `about` is the named value whose lines begin with it, or empty."""

    code: str
    about: str = ""


class Statements:
    """A plan, spelled; `fresh` functions write over no operand, `width` is that of a statement."""

    fresh: Collection[str] = frozenset({*HELPERS, "where", "spread", "float", "cast"})
    width = 96  # letters of a statement in a function

    def __init__(self, made: Plan) -> None:
        self.plan, self.program, self.names = made, made.program, made.names
        self.spelling = Spelling(made.program, self.spell, made.names.own, made.inlined)

    @classmethod
    def planned(
        cls,
        program: Values,
        section: Iterable[int],
        results: Iterable[int],
        names: Names,
        workspace: bool = False,
        turned: bool = False,
    ) -> Self:
        """A section planned so that no statement is longer than a line, and spelled."""
        kept: frozenset[int] = frozenset()
        section, results = [*section], [*results]
        while True:
            made = plan(
                program,
                section,
                results,
                names,
                workspace=workspace,
                turned=turned,
                kept=kept,
                fresh=cls.fresh,
            )
            found = cls(made)
            parts = found.longest_parts()
            if not parts:
                return found
            kept |= parts

    @cached_property
    def written(self) -> Mapping[int, list[str]]:
        """The lines of each value that has its own."""
        return {s.value: self.statement(s) for s in self.plan.statements}

    @property
    def lines(self) -> list[Line]:
        """The section as lines."""
        found: list[Line] = []
        for statement in self.plan.statements:
            first, *rest = self.written[statement.value]
            found += [Line(first, statement.about), *map(Line, rest)]
        return found

    def longest_parts(self) -> frozenset[int]:
        """The longest operand of each statement that is too long for its line, if it has any."""
        found = set()
        for value, lines in self.written.items():
            if max(map(len, lines)) > self.width:
                inside = set(reads(self.program[value].op)) & self.plan.inlined
                inside -= self.plan.added_products | self.plan.folded
                if inside:
                    found.add(max(sorted(inside), key=lambda n: len(self.spell(n).text)))
        return frozenset(found)

    def statement(self, statement: Statement) -> list[str]:
        """One value on a line, in memory that is no longer read where there is some."""
        op, name = self.plan.operation(statement), self.names[statement.value]
        out = f"{WORK}.{statement.buffer}" if statement.buffer else ""
        if isinstance(op, Put):
            return self.put(statement, op, out)
        if isinstance(op, Arange) and out:
            return [f"{name} = {self.spelling.operation(op).text} if {out} is None else {out}"]
        if statement.over is not None:
            out = self.names[statement.over]
            augmented = self.augmented(cast(Elementwise, op), name) if out == name else ""
            if augmented:
                return [augmented]
        text = self.spelling.operation(op, out).text
        return [text if out == name else f"{name} = {text}"]

    def augmented(self, op: Elementwise, name: str) -> str:
        """An assignment such as `u += c`, where `name` is an operand; else nothing."""
        if op.function not in AUGMENTED:
            return ""
        products = [o.value for o in op.operands if o.value in self.plan.added_products]
        if products:
            factors = self.spelling.operands(cast(Elementwise, self.program[products[0]].op))
            return call("_add_product", name, *(f.text for f in factors)).text
        left, right = (text.text for text in self.spelling.operands(op))
        commutes = op.function in COMMUTATIVE and right == name
        added = right if left == name else left if commutes else ""
        return f"{name} {INFIX[op.function][0]}= {added}" if added else ""

    def put(self, statement: Statement, op: Put, out: str) -> list[str]:
        """Entries replaced, in place where the base is not read again."""
        name, base = self.names[statement.value], self.names[op.value]
        found = []
        if out:
            found.append(f"{name} = _spread({base}, {base}.shape, out={out})")
        elif statement.over is None:
            found.append(f"{name} = {base}.copy()")
        elif name != base:
            found.append(f"{name} = {base}")
        return [*found, self.put_text(name, op)]

    def put_text(self, name: str, op: Put) -> str:
        """The assignment to the entries at the labels."""
        filling = self.spelling.operand(op.filling, len(op.at) - 1).text
        return f"{name}[{self.places_text(op)}] = {filling}"

    def places_text(self, op: Put) -> str:
        """Where entries are put."""
        return ", ".join(self.spelling.operand(o, len(op.at) - 1).text for o in op.at)

    def spell(self, number: int) -> Text:
        """A value where it is read: its name, its number, or what it is made of."""
        op = self.program[number].op
        if isinstance(op, Constant):
            return number_text(op.number)
        if number in self.plan.inlined:
            return self.spelling.operation(op)
        return Text(self.names[number])
