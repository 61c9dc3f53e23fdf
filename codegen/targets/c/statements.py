"""The statements of a plan, runs of them as calls of kernels with NumPy's lines beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pullback.codegen.program import Arange, Contract, Reduce, reads
from pullback.codegen.program.plan.names import Names
from pullback.codegen.program.plan.plan import Buffer, Plan, Statement
from pullback.codegen.targets.c.kernel import Kernel, Output
from pullback.codegen.targets.c.loops import Loops
from pullback.codegen.targets.c.nodes import Nodes, Refused, has_form
from pullback.codegen.targets.numpy.statements import Statements
from pullback.codegen.targets.numpy.text import Line, tuple_text
from pullback.codegen.targets.numpy.workspace import WORK, dtype_text

INDENT = "    "


@dataclass(frozen=True)
class Run:
    """Statements one behind the other that are one kernel."""

    statements: Sequence[Statement]
    kernel: Kernel


@dataclass
class Fused:
    """Statements with runs of them as kernels, whose texts go to `kernels`.

    `section` are the numbers of their values, `results` those that are read behind them.
    """

    base: Statements
    section: Sequence[int]
    results: frozenset[int]
    kernels: list[Loops]

    @property
    def plan(self) -> Plan:
        """What is spelled."""
        return self.base.plan

    @property
    def names(self) -> Names:
        """The names of values."""
        return self.base.names

    @property
    def buffers(self) -> list[Buffer]:
        """The arrays of the workspace."""
        return self.base.buffers

    @cached_property
    def runs(self) -> list[Run | Statement]:
        """The statements in order, as many as can be in runs."""
        found: list[Run | Statement] = []
        held: list[Statement] = []
        kernel: Kernel | None = None

        def close() -> None:
            nonlocal held, kernel
            if kernel is not None and self.is_worth(held):
                found.append(Run(held, kernel))
            else:
                found.extend(held)
            held, kernel = [], None

        for statement in self.plan.statements:
            if self.may_come_before(statement, held):
                found.append(statement)
                continue
            longer = self.kernel([*held, statement])
            if longer is None and held:
                close()
                longer = self.kernel([statement])
            if longer is None:
                found.append(statement)
            else:
                held, kernel = [*held, statement], longer
        close()
        return found

    def may_come_before(self, statement: Statement, held: Sequence[Statement]) -> bool:
        """Is it a number or a row of places, which reads nothing of what is held back?"""
        value = self.base.program[statement.value]
        if value.sizes and not isinstance(value.op, Arange):
            return False
        inside = {s.value for s in held}
        waiting = [*reads(value.op)]
        while waiting:
            number = waiting.pop()
            if number in inside:
                return False
            if number in self.plan.inlined:
                waiting += reads(self.base.program[number].op)
        return True

    def is_worth(self, held: Sequence[Statement]) -> bool:
        """Does a kernel gain anything? A sum of products alone is NumPy's."""
        ops = [self.plan.operation(s) for s in held]
        return not all(isinstance(op, Contract | Reduce) for op in ops)

    def kernel(self, statements: Sequence[Statement]) -> Kernel | None:
        """The kernel of statements, if there is one."""
        values = [s.value for s in statements]
        if not all(has_form(self.base.program, v) for v in values):
            return None
        nodes = Nodes(self.base.program, {*values}, self.plan.inlined)
        try:
            for value in values:
                nodes.work_out(value)
            found = Kernel(nodes, [*self.outputs(statements, nodes)])
            for group in range(len(found.groups)):
                self.size_of(found, group)
        except Refused:
            return None
        fresh = {self.names[o.value] for o in found.outputs if o.over < 0}
        loaded = {self.base.spell(n.value).text for n in nodes.nodes if n.op == "load"}
        if fresh & loaded or not all(map(str.isidentifier, loaded)):
            return None  # what is worked out where it is read is NumPy's
        return found

    def outputs(self, statements: Sequence[Statement], nodes: Nodes) -> Iterable[Output]:
        """The values that are read after the statements, and where they lie."""
        inside = {s.value: s for s in statements}
        for statement in statements:
            if not self.is_read_after(statement.value, inside):
                continue
            over = statement.over
            while over is not None and over in inside:
                over = inside[over].over if inside[over].over is not None else -1
            node = nodes.of_value[statement.value]
            yield Output(statement.value, node, -1 if over is None else over)

    def is_read_after(self, value: int, inside: Iterable[int]) -> bool:
        """Is a value read by another statement than these, or returned?"""
        if value in self.results:
            return True
        within = {*inside}
        for reader in self.reading.get(value, []):
            at = reader
            while at in self.plan.inlined:
                (at,) = self.reading[at]
            if at not in within:
                return True
        return False

    @cached_property
    def reading(self) -> dict[int, list[int]]:
        """The readers of each value, in this section."""
        found: dict[int, list[int]] = {}
        for number in self.section:
            for read in reads(self.base.program[number].op):
                found.setdefault(read, []).append(number)
        return found

    # -- text --------------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> list[Line]:
        """The section as lines."""
        found: list[Line] = []
        for part in self.runs:
            if isinstance(part, Run):
                found += self.branches(part)
            else:
                found += self.base.written[part.value]
        return found

    def branches(self, run: Run) -> list[Line]:
        """The call of a kernel, and what stands for it where it cannot be."""
        loops = Loops(run.kernel, f"k{len(self.kernels)}")
        self.kernels.append(loops)
        made = {o.value for o in run.kernel.outputs if o.over < 0}
        values = loops.slots.arrays
        arrays = [self.names[v] if v in made else self.base.spell(v).text for v in values]
        given = [a for a, v in zip(arrays, values, strict=True) if v not in made]
        sizes = [self.size_of(run.kernel, g) for g in range(loops.slots.sizes)]
        numbers = [self.base.spell(v).text for v in loops.slots.numbers]
        block = [arrays, sizes, *([numbers] if numbers else [])]
        words = [f'"{loops.name}"', self.names.own["dtype"], *map(tuple_text, block)]
        inside = [*filter(None, (self.array(run, o) for o in run.kernel.outputs))]
        inside.append(f"_run({', '.join(words)})")
        old = [line for s in run.statements for line in self.base.written[s.value]]
        return [
            Line(f"if _ready({', '.join([self.names.own['dtype'], *given])}):"),
            *(Line(INDENT + code) for code in inside),
            Line("else:"),
            *(Line(INDENT + line.code, line.about) for line in old),
        ]

    def array(self, run: Run, output: Output) -> str:
        """The statement that makes an array for an output, or says where it lies."""
        name = self.names[output.value]
        if output.over >= 0:
            other = self.names[output.over]
            return "" if other == name else f"{name} = {other}"
        first = self.first(run, output.value)
        axes = run.kernel.axes[output.node]
        shape = tuple_text(self.axis_text(run.kernel, a) for a in axes)
        dtype = dtype_text(self.base.program[output.value].kind, self.names.own)
        if first.buffer:
            return f"{name} = _made({WORK}.{first.buffer}, {shape}, {dtype})"
        return f"{name} = np.empty({shape}, {dtype})"

    def first(self, run: Run, value: int) -> Statement:
        """The statement that makes the memory in which a value of a run lies."""
        inside = {s.value: s for s in run.statements}
        first = inside[value]
        while first.over is not None and first.over in inside:
            first = inside[first.over]
        return first

    def axis_text(self, kernel: Kernel, axis: int) -> str:
        """The size of an axis, read off an array that has it."""
        found, counted = [], list[str]()
        for node in kernel.nodes:
            axes = kernel.axes[node.number]
            if node.op == "load" and axis in axes:
                found.append((self.base.spell(node.value).text, axes.index(axis)))
            if node.op == "index" and axes == (axis,) and node.value >= 0:
                (size,) = reads(self.base.program[node.value].op)
                if node.value in self.plan.inlined:
                    counted.append(self.base.spell(size).text)
                else:
                    found.append((self.names[node.value], 0))
        if counted and not found:
            return counted[0]
        if not found:
            raise Refused("an axis of no array")
        text, place = min(found, key=lambda f: (not f[0].isidentifier(), len(f[0])))
        return f"{text}.shape[{place}]"

    def size_of(self, kernel: Kernel, group: int) -> str:
        """The size of axes that are one."""
        return " * ".join(self.axis_text(kernel, a) for a in kernel.groups[group])
