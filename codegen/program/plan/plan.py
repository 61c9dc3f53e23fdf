"""A plan: the statements of a function on value numbers, with names and memory; no target's words.

A target spells each statement. What stands in no statement is written into the one that reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field

from sympy import Expr

from pullback.codegen.program.operations import (
    Arange,
    Elementwise,
    Operation,
    Put,
    Scan,
    Scanned,
    Size,
    Values,
)
from pullback.codegen.program.plan.inlined import added_products, folded_products, inlined_values
from pullback.codegen.program.plan.names import Names
from pullback.codegen.program.plan.order import Group, groups
from pullback.codegen.program.plan.readers import Readers
from pullback.codegen.program.scans import zeros_of


@dataclass
class Buffer:
    """An array of a workspace: its sizes and kind, and the names of the values that it holds.

    `op` makes the first of them, where one is.
    """

    name: str
    sizes: tuple[Expr, ...]
    kind: str
    op: Operation | None = None
    holds: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Statement:
    """A value on a line of its own; `about` is the named value whose lines begin here, or empty.

    It is written over another value, into a buffer of the workspace, or into memory of its own.
    """

    value: int
    about: str = ""
    over: int | None = None
    buffer: str = ""


@dataclass(frozen=True)
class Kept:
    """The array of one result of a scan at every place, and behind these 0 at some `zeros` more.

    So what the first steps read of those before them is 0: at place -1, which is the last one, or,
    from the end, at the place behind all.
    """

    name: str
    buffer: str
    sizes: tuple[Expr, ...]  # with the places of zeros
    kind: str
    zeros: int
    read: bool  # after the loop


@dataclass(frozen=True)
class Plan:
    """The statements of a function in order, and what they are about.

    `inlined` values stand in the statements of others; `added_products` are the numbers times
    arrays among them that are added to an array in place; `folded` are those that are folded.
    `kept` are the arrays of the results of each scan, `rows` the variables that buffers are not
    needed for, as they are places of such arrays.
    """

    program: Values
    statements: tuple[Statement, ...]
    names: Names
    inlined: frozenset[int]
    added_products: frozenset[int]
    folded: frozenset[int]
    buffers: Mapping[str, Buffer]
    kept: Mapping[int, tuple[Kept, ...]]
    rows: frozenset[str]

    def operation(self, statement: Statement) -> Operation:
        """What a statement works out."""
        return self.program[statement.value].op


def plan(
    program: Values,
    section: Iterable[int],
    results: Iterable[int],
    names: Names,
    *,
    workspace: bool,
    turned: bool = False,
    kept: Collection[int] = (),
    fresh: Collection[str] = (),
    rows: Collection[int] = (),
) -> Plan:
    """The plan of a section of a program.

    Arguments:
        section: the numbers of its values
        results: those that are read after all
        names: the names that values have already; they are not changed
        workspace: is each new array written into a buffer?
        turned: another order, in which other arrays live at one time
        kept: values that have a statement of their own, though they might be inlined
        fresh: functions of entries that cannot write over an operand
        rows: values that are written into memory of their own, which has their names
    """
    found = groups(program, section, turned)
    order = tuple(number for _, members in found for number in members)
    readers = Readers(program, order, results)
    return Planner(readers, copy(names), workspace, kept, fresh, rows).plan(found)


class Planner:
    """Makes one plan."""

    def __init__(
        self,
        readers: Readers,
        names: Names,
        workspace: bool,
        kept: Collection[int],
        fresh: Collection[str],
        rows: Collection[int],
    ) -> None:
        self.readers, self.program, self.names = readers, readers.program, names
        self.rows = frozenset(rows)
        self.workspace, self.fresh = workspace, fresh
        self.added = added_products(readers) if workspace else frozenset()
        self.folded = folded_products(readers) if workspace else frozenset()
        self.inlined = inlined_values(readers, kept, workspace, self.added | self.folded)
        self.position = readers.positions(self.inlined)
        self.buffers: dict[str, Buffer] = {}
        self.home: dict[int, str] = {}  # the buffer in which a value lies

    def plan(self, found: Iterable[Group]) -> Plan:
        """The plan of values in groups."""
        starts: dict[int, str] = {}
        for root, members in found:
            lines = [*filter(self.has_statement, members)]
            starts |= {lines[0]: self.program[root].name} if lines else {}
        self.give_names({member: self.program[root].name for root, ms in found for member in ms})
        kept = {n: self.kept(n) for n in self.readers.order if self.is_scan(n)}
        order = filter(self.has_statement, self.readers.order)
        statements = tuple(self.statement(n, starts.get(n, "")) for n in order)
        rows = frozenset(self.names[n] for n in self.rows)
        return Plan(
            self.program,
            statements,
            self.names,
            self.inlined,
            self.added,
            self.folded,
            {name: b for name, b in self.buffers.items() if name not in rows},
            kept,
            rows,
        )

    def has_statement(self, number: int) -> bool:
        """Does the value stand on a line of its own? Results of a scan stand on its lines."""
        op = self.program[number].op
        return number not in self.inlined and not isinstance(op, Size | Scanned)

    def is_scan(self, number: int) -> bool:
        """Is the value all that a scan makes?"""
        return isinstance(self.program[number].op, Scan)

    def statement(self, number: int, about: str) -> Statement:
        """Where a value is written."""
        op, over = self.program[number].op, None
        if isinstance(op, Put):
            over = op.value if self.in_place(number, op) else None
        elif isinstance(op, Elementwise):
            over = self.free_operand(number, op)
        if over is not None and number in self.rows and self.names[over] != self.names[number]:
            over = None
        if over is not None:
            self.holds(over, number)
            return Statement(number, about, over)
        makes = self.readers.is_new(number) or isinstance(op, Put | Arange)
        return Statement(number, about, None, self.buffer(number) if makes else "")

    # -- names -------------------------------------------------------------------------------------

    def give_names(self, about: Mapping[int, str]) -> None:
        """Name what has a line; what entries are put into has the name of what it becomes."""
        for number in self.readers.order:
            if number in self.inlined or self.is_scan(number):
                continue
            op, like = self.program[number].op, self.becomes(number)
            if isinstance(op, Put) and not self.program[like].name and self.in_place(number, op):
                self.names.same(number, op.value)
            else:
                self.names.give(number, like, about[number])

    def becomes(self, number: int) -> int:
        """The value that a value turns into where it lies, written over again and again."""
        while not self.program[number].name:
            last = [r for r in self.readers[number] if self.takes_over(r, number)]
            if len(last) != 1 or not self.is_last(number, last[0]):
                break
            number = last[0]
        return number

    def takes_over(self, reader: int, number: int) -> bool:
        """Is the reader's value written over this one?"""
        op = self.program[reader].op
        if self.workspace and isinstance(op, Elementwise):
            return self.free_operand(reader, op) == number
        return isinstance(op, Put) and op.value == number

    # -- memory ------------------------------------------------------------------------------------

    def is_last(self, number: int, reader: int) -> bool:
        """Does nothing read a value after this reader's statement?"""
        return self.readers.last(number, self.position) == self.position[reader]

    def owned(self, number: int) -> bool:
        """Is the value memory that this section has made, with a name?"""
        inside = number in self.position and number not in self.inlined
        return inside and self.program[number].kind == "real" and self.readers.is_new(number)

    def in_place(self, number: int, op: Put) -> bool:
        """May entries be put into the base itself?"""
        return self.owned(op.value) and self.is_last(op.value, number)

    def free_operand(self, number: int, op: Elementwise) -> int | None:
        """An operand of the same shape that nothing reads after this statement."""
        value = self.program[number]
        if value.kind != "real" or not value.sizes or op.function in self.fresh:
            return None
        whole = tuple(range(len(value.sizes)))
        for operand in op.operands:
            last = operand.places == whole and self.is_last(operand.value, number)
            if last and self.owned(operand.value):
                return operand.value
        return None

    def buffer(self, number: int) -> str:
        """A buffer of the workspace for a value, if there is a workspace."""
        if not self.workspace:
            return ""
        value, name = self.program[number], self.names.field(self.names[number])
        self.buffers[name] = Buffer(name, value.sizes, value.kind, value.op)
        self.home[number] = name
        self.holds(number, number)
        return name

    def kept(self, number: int) -> tuple[Kept, ...]:
        """The arrays of a scan's results, those that nothing else reads too."""
        scan = self.program[number].op
        assert isinstance(scan, Scan)
        found = []
        read = {self.program[r].op: r for r in self.readers[number]}
        size = self.program[scan.size].op
        assert isinstance(size, Size)
        for which, (name, made) in enumerate(scan.step.results):
            zeros, value = zeros_of(scan, which), scan.step[made]
            sizes, scanned = (size.symbol + zeros, *value.sizes), read.get(Scanned(number, which))
            own = self.names.free(f"{name}_steps") if scanned is None else self.names[scanned]
            buffer = self.names.field(own) if self.workspace else ""
            if buffer:
                self.buffers[buffer] = Buffer(buffer, sizes, value.kind, None, [own])
            if buffer and scanned is not None:
                self.home[scanned] = buffer
            found.append(Kept(own, buffer, sizes, value.kind, zeros, scanned is not None))
        return tuple(found)

    def holds(self, before: int, number: int) -> None:
        """Note that a value lies where another has been."""
        if before in self.home:
            self.home[number] = self.home[before]
            held = self.buffers[self.home[before]].holds
            if self.names[number] not in held:
                held.append(self.names[number])
