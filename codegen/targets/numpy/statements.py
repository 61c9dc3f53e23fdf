"""A section of a program as NumPy statements: what gets a line, and where it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TypeGuard, cast

from sympy import Expr

from pullback.codegen.program import (
    COMMUTATIVE,
    Arange,
    Constant,
    Elementwise,
    Input,
    Operation,
    Put,
    Scatter,
    Size,
    Values,
    borrows,
    reads,
)
from pullback.codegen.targets.numpy.names import Names
from pullback.codegen.targets.numpy.spelling import (
    HELPERS,
    INFIX,
    Spelling,
    Text,
    call,
    number_text,
)

MAX_DEPTH = 4  # operations written into one another
LINE = 96  # letters of a statement in a function
AUGMENTED = ("add", "subtract", "multiply", "divide")
NOT_IN_PLACE = {*HELPERS, "where", "spread", "float", "cast"}  # do not write over an operand


@dataclass(frozen=True)
class Line:
    """One statement; `about` is the named value whose lines begin with it, or empty."""

    code: str
    about: str = ""


@dataclass
class Buffer:
    """An array of a workspace: its sizes and kind, and the names of the values that it holds.

    `content` is what it is filled with beforehand, if anything.
    """

    name: str
    sizes: tuple[Expr, ...]
    kind: str
    content: str = ""
    holds: list[str] = field(default_factory=list)


class Section:
    """The statements of a function.

    With a workspace each new array is a statement that writes into a buffer of it; without one,
    what is read once stands in the expression that reads it. `turned` is another order.
    """

    def __init__(
        self,
        program: Values,
        section: Iterable[int],
        results: Iterable[int],
        names: Names,
        workspace: str = "",
        turned: bool = False,
    ) -> None:
        self.program = program
        groups = schedule(program, section, turned)
        self.order = tuple(number for _, members in groups for number in members)
        self.results = set(results)
        self.workspace = workspace
        self.spelling = Spelling(program, self.spell, names.own)
        self.readers: dict[int, list[int]] = {}
        for number in self.order:
            for read in reads(program[number].op):
                self.readers.setdefault(read, []).append(number)
        self.added_products = set(filter(self.is_added_product, self.order)) if workspace else set()
        self.kept: set[int] = set()  # values on lines of their own, where a line were too long else
        self.write(groups, copy(names))
        while parts := self.longest_parts():
            self.kept |= parts
            self.write(groups, copy(names))

    def write(self, groups: Sequence[tuple[int, list[int]]], names: Names) -> None:
        """Choose lines, memory and names, and write the statements."""
        self.names = names
        self.buffers: dict[str, Buffer] = {}
        self.home: dict[int, str] = {}  # the buffer in which a value lies
        self.inlined: set[int] = set()
        self.choose_inlined()
        self.position = self.positions()
        self.give_names(groups)
        self.starts = {
            next(m for m in members if self.has_line(m)): self.program[root].name
            for root, members in groups
            if any(map(self.has_line, members))
        }
        self.written = {n: self.statement(n) for n in self.order if self.has_line(n)}
        self.statements = tuple(self.lines())

    def longest_parts(self) -> set[int]:
        """The longest operand of each statement that is too long for its line, if it has any."""
        found = set()
        for value, lines in self.written.items():
            if max(map(len, lines)) > LINE:
                inside = set(reads(self.program[value].op)) & self.inlined - self.added_products
                if inside:
                    found.add(max(sorted(inside), key=lambda n: len(self.spell(n).text)))
        return found

    # -- which values get a line of their own --------------------------------------------------

    def has_line(self, number: int) -> bool:
        """Does the value stand on a line of its own?"""
        return number not in self.inlined and not isinstance(self.program[number].op, Size)

    def give_names(self, groups: Iterable[tuple[int, list[int]]]) -> None:
        """Name what has a line; what entries are put into has the name of what it becomes."""
        about = {member: self.program[root].name for root, members in groups for member in members}
        for number in self.order:
            if number in self.inlined:
                continue
            op, like = self.program[number].op, self.becomes(number)
            if isinstance(op, Put) and not self.program[like].name and self.in_place(number, op):
                self.names.same(number, op.value)
            else:
                self.names.give(number, like, about[number])

    def in_place(self, number: int, op: Put) -> bool:
        """May entries be put into the base itself?"""
        return self.owned(op.value) and self.last_read(op.value) == self.position[number]

    def becomes(self, number: int) -> int:
        """The value that a value turns into where it lies, written over again and again."""
        while not self.program[number].name:
            last = [r for r in self.readers.get(number, []) if self.takes_over(r, number)]
            if len(last) != 1 or self.last_read(number) != self.position[last[0]]:
                break
            number = last[0]
        return number

    def takes_over(self, reader: int, number: int) -> bool:
        """Is the reader's value written over this one?"""
        op = self.program[reader].op
        if self.workspace and isinstance(op, Elementwise):
            return self.free_memory(reader, op) == number
        return is_base(op, number)

    def choose_inlined(self) -> None:
        """Values without a name that one other value reads are written into it."""
        for number in self.order:
            value = self.program[number]
            found = self.readers.get(number, [])
            if value.name or number in self.results | self.kept or len(found) != 1:
                continue
            reader = self.program[found[0]].op
            if isinstance(value.op, Put | Scatter) or needs_name(reader, number):
                continue
            if self.workspace and self.is_new(number) and number not in self.added_products:
                continue
            self.inlined.add(number)
            if self.depth(number) > MAX_DEPTH:
                self.inlined.remove(number)

    def is_added_product(self, number: int) -> bool:
        """Is it a number times an array that is only added, to an array that nothing else reads?"""
        value, readers = self.program[number], self.readers.get(number, [])
        if value.name or number in self.results or len(readers) != 1 or value.kind != "real":
            return False
        op, reader = value.op, self.program[readers[0]].op
        if not (is_ufunc(op, "multiply") and is_ufunc(reader, "add")):
            return False
        factor, array = op.operands
        whole = tuple(range(len(value.sizes)))
        if factor.places or any(o.places != whole for o in (array, *reader.operands)):
            return False
        others = [o.value for o in reader.operands if o.value != number]
        return len(others) == 1 and self.is_left_over(others[0])

    def is_left_over(self, number: int) -> bool:
        """Is it a new array of this section, for its one reader to write over?"""
        value = self.program[number]
        if number not in self.order or number in self.results or isinstance(value.op, Put):
            return False
        return self.is_new(number) and value.kind == "real" and len(self.readers[number]) == 1

    def depth(self, number: int) -> int:
        """How many operations are written into one another."""
        if number not in self.inlined:
            return 0
        return 1 + max((self.depth(r) for r in reads(self.program[number].op)), default=0)

    def positions(self) -> dict[int, int]:
        """At which statement a value is worked out."""
        position: dict[int, int] = {}
        for place, number in reversed(list(enumerate(self.order))):
            inlined = number in self.inlined
            position[number] = position[self.readers[number][0]] if inlined else place
        return position

    def last_read(self, number: int) -> float:
        """The last statement that reads a value or a view of it; results are read after all."""
        if number in self.results:
            return float("inf")
        readers = self.readers.get(number, [])
        views = [r for r in readers if borrows(self.program[r].op, self.program.values)]
        last = max((self.position[r] for r in readers), default=-1)
        return max([last, *map(self.last_read, views)])

    def is_new(self, number: int) -> bool:
        """Is the value an array that its operation makes?"""
        value = self.program[number]
        given = isinstance(value.op, Arange | Input) or borrows(value.op, self.program.values)
        return len(value.sizes) > 0 and value.kind != "number" and not given

    def owned(self, number: int) -> bool:
        """Is the value memory that this section has made, with a name?"""
        value = self.program[number]
        inside = number in self.position and number not in self.inlined
        return inside and value.kind == "real" and self.is_new(number)

    # -- statements -------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """The section as statements."""
        found: list[Line] = []
        for number, (first, *rest) in self.written.items():
            found += [Line(first, self.starts.get(number, "")), *map(Line, rest)]
        return found

    def statement(self, number: int) -> list[str]:
        """One value on a line, in memory that is no longer read where there is some."""
        op, name = self.program[number].op, self.names[number]
        if isinstance(op, Put):
            return self.put(number, op)
        if isinstance(op, Arange) and self.workspace:
            made = self.spelling.operation(op).text
            kept = self.buffer(number, content=made)
            return [f"{name} = {made} if {kept} is None else {kept}"]
        out = self.memory(number)
        if out == name and isinstance(op, Elementwise) and op.function in AUGMENTED:
            products = [o.value for o in op.operands if o.value in self.added_products]
            if products:
                factors = self.spelling.operands(cast(Elementwise, self.program[products[0]].op))
                return [call("_add_product", name, *(f.text for f in factors)).text]
            added = self.added(op, name)
            if added:
                return [f"{name} {INFIX[op.function][0]}= {added}"]
        text = self.spelling.operation(op, out).text
        return [text if out == name else f"{name} = {text}"]

    def added(self, op: Elementwise, name: str) -> str:
        """What an augmented assignment to `name` has on its right, or nothing."""
        left, right = (text.text for text in self.spelling.operands(op))
        if left == name:
            return right
        return left if right == name and op.function in COMMUTATIVE else ""

    def memory(self, number: int) -> str:
        """The array that a value is written into: one that is no longer read, or a buffer."""
        op = self.program[number].op
        free = self.free_memory(number, op) if isinstance(op, Elementwise) else None
        if free is not None:
            self.holds(free, number)
            return self.names[free]
        return self.buffer(number) if self.workspace and self.is_new(number) else ""

    def buffer(self, number: int, content: str = "") -> str:
        """A buffer of the workspace for a value."""
        value, field = self.program[number], self.names.field(self.names[number])
        self.buffers[field] = Buffer(field, value.sizes, value.kind, content)
        self.home[number] = field
        self.holds(number, number)
        return f"{self.workspace}.{field}"

    def holds(self, before: int, number: int) -> None:
        """Note that a value lies where another has been."""
        if before in self.home:
            self.home[number] = self.home[before]
            held = self.buffers[self.home[before]].holds
            if self.names[number] not in held:
                held.append(self.names[number])

    def free_memory(self, number: int, op: Elementwise) -> int | None:
        """An operand of the same shape that nothing reads after this statement."""
        value = self.program[number]
        if value.kind != "real" or not value.sizes or op.function in NOT_IN_PLACE:
            return None
        for operand in op.operands:
            same = operand.places == tuple(range(len(value.sizes)))
            last = self.last_read(operand.value) == self.position[number]
            if same and last and self.owned(operand.value):
                return operand.value
        return None

    def put(self, number: int, op: Put) -> list[str]:
        """Entries replaced, in place where the base is not read again."""
        name, base = self.names[number], self.names[op.value]
        found = []
        if self.in_place(number, op):
            self.holds(op.value, number)
        elif self.workspace:
            out = self.buffer(number)
            found.append(f"{name} = _spread({base}, {base}.shape, out={out})")
        else:
            found.append(f"{name} = {base}.copy()")
        if not found and name != base:
            found.append(f"{name} = {base}")
        return [*found, self.put_text(name, op)]

    def put_text(self, name: str, op: Put) -> str:
        """The assignment to the entries at the labels."""
        rank = len(op.at) - 1
        at = ", ".join(self.spelling.operand(o, rank).text for o in op.at)
        return f"{name}[{at}] = {self.spelling.operand(op.filling, rank).text}"

    def spell(self, number: int) -> Text:
        """A value where it is read: its name, its number, or what it is made of."""
        op = self.program[number].op
        if isinstance(op, Constant):
            return number_text(op.number)
        if number in self.inlined:
            return self.spelling.operation(op)
        return Text(self.names[number])


def schedule(program: Values, section: Iterable[int], turned: bool) -> list[tuple[int, list[int]]]:
    """The values in groups: each that has a name, behind those that are worked out for it.

    With `turned` what an operation reads is worked out from the last to the first.
    """
    numbers = set(section)
    done: set[int] = set()
    groups: list[tuple[int, list[int]]] = []

    def place(number: int, members: list[int]) -> None:
        if number in numbers and number not in done:
            done.add(number)
            found = reads(program[number].op)
            for read in reversed(found) if turned else found:
                place(read, members)
            members.append(number)

    def comes_late(number: int) -> tuple[bool, int]:
        value = program[number]
        return not value.name or isinstance(value.op, Arange), number

    for root in sorted(numbers, key=comes_late):
        members: list[int] = []
        place(root, members)
        if members:
            groups.append((root, members))
    return groups


def is_ufunc(op: Operation, function: str) -> TypeGuard[Elementwise]:
    """Is it this function of entries?"""
    return isinstance(op, Elementwise) and op.function == function


def is_base(op: Operation, number: int) -> bool:
    """Are entries put into this value?"""
    return isinstance(op, Put) and op.value == number


def needs_name(reader: Operation, number: int) -> bool:
    """Does this operation need the value in a variable?"""
    if isinstance(reader, Put):
        return number in (reader.value, *(o.value for o in reader.at))
    return isinstance(reader, Scatter) and number in reader.sizes
