"""The statements of forward, of backward or of a step of a scan, in C."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Expr

from pullback.codegen.program import (
    Constant,
    Contract,
    Elementwise,
    Scan,
    Scanned,
    Values,
    Window,
    reads,
)
from pullback.codegen.program.plan.names import Names
from pullback.codegen.program.plan.order import groups
from pullback.codegen.targets.c_only.entries import TYPES, Body, NotFlat, Place
from pullback.codegen.targets.c_only.keeping import Keeping, is_view
from pullback.codegen.targets.c_only.memory import STORED, Memory
from pullback.codegen.targets.c_only.numbers import Numbers
from pullback.codegen.targets.c_only.sizes import stays
from pullback.codegen.targets.c_only.views import View, dense, times
from pullback.codegen.targets.c_only.words import Words, looped
from pullback.derive.layer import Layer
from pullback.derive.read.symbols import BATCH_SIZE

LONGEST = 24  # letters of the name of a variable


@dataclass
class Around:
    """What all statements of a function share: names, sizes, memory."""

    layer: Layer
    words: Words
    numbers: Numbers
    memory: Memory
    statement: Callable[[Section, int], None]
    fails: Callable[[str], int]  # the number that is returned with a message
    loops: dict[Expr, list[str]] = field(default_factory=dict)

    def loop(self, size: Expr, open_: Iterable[str]) -> str:
        """The variable of a loop over an axis of this size, beside those of loops around it."""
        taken = {*open_}
        if size not in self.loops:
            named = [i.name for i in self.layer.axes if i.size == size and str(size) != BATCH_SIZE]
            own = [n for n in dict.fromkeys(named) if n not in self.layer.tensors]
            self.loops[size] = [self.words.of[n] for n in own if n in self.words.of]
            self.words.taken |= {*self.loops[size]}
        names = self.loops[size]
        free = next((n for n in names if n not in taken), "")
        if not free:
            free = self.words.free("i" if not names else names[0])
            names.append(free)
        return free


class Section:
    """Statements, and where what they read lies.

    `where` holds views of memory and names of variables, `results` where some values go.
    """

    def __init__(
        self,
        program: Values,
        numbers: Sequence[int],
        around: Around,
        where: Mapping[int, View | str],
        results: Mapping[int, View],
        open_: Sequence[str] = (),
        names: Names | None = None,
    ) -> None:
        self.program, self.around, self.open = program, around, (*open_,)
        self.words, self.numbers = around.words, around.numbers
        self.where: dict[int, View | str] = dict(where)
        self.results = results
        found = groups(program, numbers)
        self.order = [n for _, members in found for n in members]
        self.about = {members[0]: program[root].name for root, members in found}
        self.keeping = Keeping(program, self.order, results)
        self.position = {n: i for i, n in enumerate(self.order)}
        self.names = names or Names(program)
        self.slots: dict[int, list[int]] = {}  # of values, until nothing reads them any more
        self.temporary: list[int] = []  # of the statement alone
        self.written: set[int] = set()  # results that are where they go
        self.ends: dict[int, float] = {}
        self.lines: list[tuple[str, list[str]]] = []  # what they are about, and statements

    # -- words -------------------------------------------------------------------------------------

    def word(self, value: int) -> str:
        """What a value is called, so that a variable may be called like it."""
        self.names.give(value, value)
        name = self.names.given.get(value, "value").partition("[")[0]
        return name if len(name) <= LONGEST else name[:LONGEST].rstrip("_")

    def sizes(self, sizes: Sequence[Expr]) -> tuple[str, ...]:
        """Sizes as text."""
        return tuple(map(self.numbers.size, sizes))

    # -- memory ------------------------------------------------------------------------------------

    def take(self, sizes: Sequence[str], kind: str, like: str, owner: int | None = None) -> View:
        """New memory, for as long as a value is read, or for one statement; and its name."""
        slot = self.around.memory.take(kind, sizes)
        held = self.temporary if owner is None else self.slots.setdefault(owner, [])
        held.append(slot)
        name = self.words.free(like)
        self.say(self.around.memory.line(slot, kind, name))
        return dense(name, sizes)

    def home(self, value: int) -> View:
        """Where a value is written."""
        if value in self.results:
            self.written.add(value)
            return self.results[value]
        made = self.program[value]
        return self.take(self.sizes(made.sizes), made.kind, self.word(value), value)

    def last(self, value: int) -> float:
        """The statement that reads a value last."""
        if value not in self.ends:
            found = [float("inf") if value in self.results else self.position.get(value, 0)]
            for reader in self.keeping.readers.get(value, []):
                own = reader in self.keeping.kept or isinstance(self.program[reader].op, Scan)
                found.append(self.position[reader] if own else self.last(reader))
            self.ends[value] = max(found)
        return self.ends[value]

    def release(self, number: int) -> None:
        """Give back what no later statement reads."""
        for value in [v for v in self.slots if self.last(v) <= self.position[number]]:
            self.temporary += self.slots.pop(value)
        for slot in self.temporary:
            self.around.memory.give_back(slot)
        self.temporary = []

    def view(self, value: int) -> View | None:
        """Where the entries of a value lie; None where it lies nowhere."""
        found = self.where.get(value)
        if found is not None:
            return found if isinstance(found, View) else None
        if not is_view(self.program, value):
            return None
        op = self.program[value].op
        base = self.view(reads(op)[0])
        if base is None:
            return None
        if isinstance(op, Contract):
            return base.turned(op.letters[0], op.out)
        if isinstance(op, Elementwise):
            return base.turned(op.operands[0].places, range(len(self.program[value].sizes)))
        assert isinstance(op, Window)
        start, *steps = (self.numbers.whole(self.program, n) for n in (op.start, *op.steps))
        return base.window(op.axis, start, steps, self.room_of(op))

    def room_of(self, op: Window) -> str | None:
        """The size of the axis on which windows lie, where they may leave it."""
        size = self.program[op.value].sizes[op.axis]
        moves = [self.program[n].op for n in (op.start, *op.steps)]
        if op.steps and all(isinstance(m, Constant) for m in moves):
            start, *steps = [m.number for m in moves if isinstance(m, Constant)]
            new = [self.program[op_].op for op_ in op.sizes]
            high = start + sum(
                s * (n.symbol - 1)  # type: ignore[union-attr]
                for s, n in zip(steps, new, strict=True)
            )
            if all(s >= 0 for s in steps) and stays(self.program.layer, start, high, size):
                return None
        return self.numbers.size(size)

    # -- statements --------------------------------------------------------------------------------

    def say(self, *lines: str) -> None:
        """Add lines to the statement."""
        self.lines[-1][1].extend(lines)

    def run(self) -> None:
        """Make all statements."""
        for number in self.order:
            op = self.program[number].op
            self.lines.append((self.about.get(number, ""), []))
            if isinstance(op, Scan) or (
                number in self.keeping.kept and not isinstance(op, Scanned)
            ):
                self.around.statement(self, number)
                self.release(number)
        self.lines.append(("", []))
        for value, view in self.results.items():
            if value not in self.written:
                self.copy(value, view)

    def copy(self, value: int, view: View) -> None:
        """Write a value to another place."""
        made = self.program[value]
        if not made.sizes:
            body = Body(self, ())
            text = body.entry(value, ())
            self.say(*body.lines, f"{body.stored(view, ())} = {self.fitting(value, text)};")
            return

        def fill(body: Body) -> None:
            text = body.entry(value, body.at)
            self.store(body, view, value, text)

        self.nest(made.sizes, fill)

    def fitting(self, value: int, text: str) -> str:
        """A value as it is stored."""
        kind = self.program[value].kind
        return f"({STORED[kind]}){text}" if kind == "mask" else text

    def store(self, body: Body, view: View, value: int, text: str) -> None:
        """Write an entry."""
        target = body.stored(view, body.at)
        kind = self.program[value].kind
        found = body.last(text)
        if kind == "mask":
            found = f"({STORED[kind]})({found})"
        body.lines.append(f"{target} = {found};")

    def nest(self, sizes: Sequence[Expr], fill: Callable[[Body], None]) -> None:
        """Loops over axes; over one of all of them, where each place is read by itself."""
        self.say(*self.loops(sizes, fill))

    def loops(
        self,
        sizes: Sequence[Expr],
        fill: Callable[[Body], None],
        open_: Place = (),
        names: Iterable[str] = (),
    ) -> list[str]:
        """The same as lines, within other loops."""
        at = self.places(sizes, open_)
        texts = self.sizes(sizes)
        if len(sizes) > 1 and not open_:
            flat = self.around.loop(WHOLE, self.open)
            body = Body(self, at, flat)
            try:
                fill(body)
                return looped(body.lines, [(flat, times(*texts))])
            except NotFlat:
                pass
        body = Body(self, (*open_, *at), names=names)
        fill(body)
        return looped(body.lines, [*zip(at, texts, strict=True)])

    def places(self, sizes: Sequence[Expr], open_: Sequence[str] = ()) -> Place:
        """Variables of loops."""
        found: list[str] = []
        for size in sizes:
            found.append(self.around.loop(size, (*self.open, *open_, *found)))
        return tuple(found)

    def scalar(self, value: int, body: Body, text: str) -> None:
        """Name a number that is worked out; where it is a result, write it, too."""
        kind = self.program[value].kind
        name = self.words.free(self.word(value))
        self.say(*body.lines, f"const {TYPES[kind]} {name} = {text};")
        self.where[value] = name
        if value in self.results:
            view = self.home(value)
            self.say(f"{body.stored(view, ())} = {self.fitting(value, name)};")


WHOLE = Expr()  # stands for all axes as one
