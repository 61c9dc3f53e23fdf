"""The statements of a plan in NumPy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self, cast

from pullback.codegen.program import (
    COMMUTATIVE,
    Arange,
    Constant,
    Elementwise,
    Put,
    Scan,
    Sliced,
    Values,
    reads,
)
from pullback.codegen.program.linear import running_sums
from pullback.codegen.program.plan.names import Names
from pullback.codegen.program.plan.plan import Buffer, Kept, Plan, Statement, plan
from pullback.codegen.targets.numpy.scans import Loop
from pullback.codegen.targets.numpy.spelling import Spelling
from pullback.codegen.targets.numpy.text import HELPERS, INFIX, Line, Text, call, number_text
from pullback.codegen.targets.numpy.workspace import WORK

AUGMENTED = ("add", "subtract", "multiply", "divide")


class Statements:
    """A plan, spelled; `fresh` functions write over no operand, `width` is that of a statement."""

    fresh: Collection[str] = frozenset({*HELPERS, "where", "spread", "float", "cast"})
    width = 96  # letters of a statement in a function

    def __init__(
        self, made: Plan, inputs: Mapping[int, Text] | None = None, depth: int = 0
    ) -> None:
        self.plan, self.program, self.names = made, made.program, made.names
        self.inputs = inputs or {}
        self.spelling = Spelling(made.program, self.spell, made.names.own, made.inlined)
        self.depth, self.bodies = depth, list[Statements]()

    @classmethod
    def planned(
        cls,
        program: Values,
        section: Iterable[int],
        results: Iterable[int],
        names: Names,
        workspace: bool = False,
        turned: bool = False,
        rows: Collection[int] = (),
        inputs: Mapping[int, Text] | None = None,
        depth: int = 0,
    ) -> Self:
        """A section planned so that no statement is longer than a line, and spelled.

        Those of a scan's step stand in `depth` loops, `inputs` are what it is given there, and
        `rows` are values that lie in arrays of all places.
        """
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
                rows=rows,
            )
            found = cls(made, inputs, depth)
            parts = found.longest_parts()
            if not parts:
                return found
            kept |= parts

    @cached_property
    def written(self) -> Mapping[int, list[Line]]:
        """The lines of each value that has its own."""
        return {s.value: self.lines_of(s) for s in self.plan.statements}

    def lines_of(self, statement: Statement) -> list[Line]:
        """The lines of one value, or of all that a scan makes."""
        op = self.plan.operation(statement)
        if isinstance(op, Scan):
            return self.scan(op, self.plan.kept[statement.value], statement.about)
        first, *rest = self.statement(statement)
        return [Line(first, statement.about), *map(Line, rest)]

    def scan(self, op: Scan, kept: Sequence[Kept], about: str) -> list[Line]:
        """A scan: a running sum where it is one, else a loop."""
        sums = running_sums(op, self.program.values)
        if sums is None:
            return self.loop(op, kept, about)
        read = [(own, s) for own, s in zip(kept, sums, strict=True) if own.read]
        first, *rest = (f"{own.name} = {self.running_sum(op, own, s).text}" for own, s in read)
        return [Line(first, about), *map(Line, rest)]

    def running_sum(self, op: Scan, kept: Kept, of: Sliced) -> Text:
        """The sums of what lies at the places of an axis up to each, or from each on."""
        back = ["back=True"] if op.back else []
        out = f"{WORK}.{kept.buffer}" if kept.buffer else ""
        return call(
            "_running_sum", self.spelling.spell(of.value).text, str(of.axis), *back, out=out
        )

    def loop(self, op: Scan, kept: Sequence[Kept], about: str) -> list[Line]:
        """A scan: its step, planned and spelled, in a loop."""
        loop = self.loop_of(op, kept)
        body = type(self).planned(
            op.step,
            op.step.body,
            [number for _, number in op.step.results],
            loop.names,
            loop.workspace,
            rows=loop.rows,
            inputs=loop.inputs,
            depth=self.depth + 1,
        )
        self.bodies.append(body)
        self.names.used |= body.names.used - loop.private
        return loop.lines(body.lines, (body.spell(n).text for _, n in loop.stored), about)

    def loop_of(self, op: Scan, kept: Sequence[Kept]) -> Loop:
        """The loop of a scan."""
        return Loop(op, kept, self.names, self.spelling)

    @property
    def lines(self) -> list[Line]:
        """The section as lines."""
        return [line for s in self.plan.statements for line in self.written[s.value]]

    @property
    def buffers(self) -> list[Buffer]:
        """The arrays of the workspace, those of steps of scans too."""
        inner = [b for body in self.bodies for b in body.buffers]
        return [*self.plan.buffers.values(), *inner]

    def longest_parts(self) -> frozenset[int]:
        """The longest operand of each statement that is too long for its line, if it has any."""
        found = set()
        for value, lines in self.written.items():
            if max(len(line.code) for line in lines) > self.width - 4 * self.depth:
                inside = set(reads(self.program[value].op)) & self.plan.inlined
                inside -= self.plan.added_products | self.plan.folded
                if inside:
                    found.add(max(sorted(inside), key=lambda n: len(self.spell(n).text)))
        return frozenset(found)

    def statement(self, statement: Statement) -> list[str]:
        """One value on a line, in memory that is no longer read where there is some."""
        op, name = self.plan.operation(statement), self.names[statement.value]
        out = f"{WORK}.{statement.buffer}" if statement.buffer else ""
        if statement.buffer in self.plan.rows:
            out = statement.buffer
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
        if number in self.inputs:
            return self.inputs[number]
        if isinstance(op, Constant):
            return number_text(op.number)
        if number in self.plan.inlined:
            return self.spelling.operation(op)
        return Text(self.names[number])
