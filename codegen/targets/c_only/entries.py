"""The entries of values at a place, as lines within a loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pullback.codegen.program import (
    Arange,
    Constant,
    Contract,
    Elementwise,
    OneHot,
    Operand,
    Pick,
    Put,
    Take,
    Values,
)
from pullback.codegen.targets.c.nodes import COMPARISONS
from pullback.codegen.targets.c.text import SIGNS, function
from pullback.codegen.targets.c_only.functions import Lacking, checked
from pullback.codegen.targets.c_only.keeping import is_view
from pullback.codegen.targets.c_only.numbers import Numbers
from pullback.codegen.targets.c_only.views import View
from pullback.codegen.targets.c_only.words import Words

TYPES = {"real": "REAL", "mask": "int", "integer": "int64_t"}
WHOLE = {"whole_add": "+", "whole_multiply": "*"}
OF_TWO = {"whole_maximum": "most", "whole_minimum": "least"}
Place = tuple[str, ...]


class Around(Protocol):
    """What lines are written among: names, sizes, and where values lie.

    `where` holds views of memory and names of variables, `open` the variables of loops around.
    """

    program: Values
    words: Words
    numbers: Numbers
    where: dict[int, View | str]
    open: tuple[str, ...]

    def word(self, value: int) -> str:
        """What a value is called, so that a variable may be called like it."""

    def view(self, value: int) -> View | None:
        """Where the entries of a value lie; None where it lies nowhere."""


class NotFlat(Exception):
    """The entries that are read are not those of one place alone."""


class Body:
    """The lines of a loop at a place `at`; with `flat`, which is then the number of the entry, all
    axes are gone through as one."""

    def __init__(
        self,
        section: Around,
        at: Sequence[str],
        flat: str = "",
        names: Iterable[str] = (),
    ) -> None:
        self.section, self.program, self.at, self.flat = section, section.program, (*at,), flat
        self.lines: list[str] = []
        self.known: dict[tuple[int, Place], str] = {}
        self.names = {*names}  # of variables here and around

    # -- text --------------------------------------------------------------------------------------

    def name(self, like: str) -> str:
        """A name for a variable of the loop, or, outside of loops, of the function."""
        words = self.section.words
        if not self.at:
            return words.free(like)
        name, number = like, 2
        while not words.is_free(name) or name in self.names or name in self.section.open:
            name, number = f"{like}_{number}", number + 1
        self.names.add(name)
        return name

    def local(self, kind: str, like: str, text: str) -> str:
        """A variable that holds this."""
        name = self.name(like)
        self.lines.append(f"const {TYPES[kind]} {name} = {text};")
        return name

    def last(self, text: str) -> str:
        """What the variable of the last line holds, instead of its name; the line is gone."""
        if self.lines and f" {text} = " in self.lines[-1]:
            head, _, rest = self.lines[-1].partition(f" {text} = ")
            if head in [f"const {t}" for t in TYPES.values()]:
                self.lines.pop()
                return rest.removesuffix(";")
        return text

    def index(self, view: View, at: Place) -> str:
        """The number of an entry in memory."""
        if self.flat and at:
            if view.dense is None or at != self.at:
                raise NotFlat
            return self.flat
        return view.index(at)

    def place(self, text: str) -> str:
        """A place, where it is a number among others."""
        if self.flat:
            raise NotFlat
        return text

    def stored(self, view: View, at: Place) -> str:
        """An entry in memory, to be written."""
        if not view.strides and view.offset == "0":
            return f"*{view.base}"
        return f"{view.base}[{self.index(view, at)}]"

    # -- entries -----------------------------------------------------------------------------------

    def real(self, value: int, at: Place) -> str:
        """An entry in the type of the floats."""
        text, kind = self.entry(value, at), self.program[value].kind
        return f"(REAL){text}" if kind == "mask" else text

    def double(self, value: int, at: Place) -> str:
        """An entry in double."""
        text = self.real(value, at)
        return f"D({text})" if text.isidentifier() else f"(double){text}"

    def whole(self, value: int, at: Place) -> str:
        """An entry as a label or a place."""
        if self.program[value].kind == "number":
            return self.section.numbers.whole(self.program, value)
        return self.entry(value, at)

    def entry(self, value: int, at: Place) -> str:
        """An entry: a variable, or a number."""
        made = self.program[value]
        if made.kind == "number":
            return self.section.numbers.real(self.program, value)
        key = (value, at)
        if key not in self.known:
            found = self.section.where.get(value)
            if isinstance(found, str):
                self.known[key] = found
            elif isinstance(found, View):
                self.known[key] = self.load(value, found, at)
            else:
                self.known[key] = self.work_out(value, at)
        return self.known[key]

    def load(self, value: int, view: View, at: Place) -> str:
        """An entry from memory; 0 where it is not there."""
        kind = self.program[value].kind
        text = f"{view.base}[{self.index(view, at)}]"
        tests = view.tests(at)
        if tests:
            self.place("")
            zero = "R(0.0)" if kind == "real" else "0"
            text = f"{condition(tests)} ? {text} : {zero}"
        return self.local(kind, f"{self.section.word(value)}_at", text)

    def work_out(self, value: int, at: Place) -> str:
        """An entry by the operation that makes it."""
        made, like = self.program[value], self.section.word(value)
        if is_view(self.program, value):
            view = self.section.view(value)
            return self.through(value, at) if view is None else self.load(value, view, at)
        match made.op:
            case Arange():
                return self.place(at[0])
            case Elementwise():
                return self.elementwise(value, made.op, at, like)
            case Contract():
                return self.multiplied(made.op, at, like)
            case Put():
                return self.put(made.op, at, like)
            case Pick(base, operands):
                places = tuple(self.operand(o, at) for o in operands)
                return self.looked_up(base, places)
            case Take(base, axis, labels):
                end = axis + len(self.program[labels].sizes)
                label = self.whole(labels, at[axis:end])
                return self.looked_up(base, (*at[:axis], label, *at[end:]))
            case OneHot(labels):
                label = self.whole(labels, at[:-1])
                return self.local("mask", like, f"{self.place(at[-1])} == {label}")
        raise Lacking(f"the operation {type(made.op).__name__}")

    def looked_up(self, base: int, places: Place) -> str:
        """An entry at places that are worked out."""
        self.place("")
        return self.entry(base, places)

    def through(self, value: int, at: Place) -> str:
        """An entry of what a view shows, which lies nowhere."""
        op = self.program[value].op
        if isinstance(op, Elementwise):
            operand = op.operands[0]
            return self.entry(operand.value, tuple(at[p] for p in operand.places))
        assert isinstance(op, Contract)
        by_letter = dict(zip(op.out, at, strict=True))
        return self.entry(op.values[0], tuple(by_letter[x] for x in op.letters[0]))

    def operand(self, operand: Operand, at: Place) -> str:
        """A place that an operand holds."""
        return self.whole(operand.value, tuple(at[p] for p in operand.places))

    # -- operations --------------------------------------------------------------------------------

    def elementwise(self, value: int, op: Elementwise, at: Place, like: str) -> str:
        """A function of entries."""
        name, program = checked(op.function), self.program
        kinds = [program[o.value].kind for o in op.operands]
        places = [tuple(at[p] for p in o.places) for o in op.operands]
        pairs = [*zip([o.value for o in op.operands], places, strict=True)]
        kind = program[value].kind
        if name == "spread":
            return self.entry(*pairs[0])
        if name == "cast":
            return self.section.numbers.real(program, pairs[0][0])
        if name in WHOLE or name in OF_TWO or (name in COMPARISONS and "integer" in kinds):
            a, b = (self.whole(*pair) for pair in pairs)
            sign = WHOLE.get(name) or SIGNS.get(name)
            text = f"{a} {sign} {b}" if sign else f"{OF_TWO[name]}({a}, {b})"
            return self.local(kind, like, text)
        if name in COMPARISONS and {*kinds} == {"number"}:
            a, b = (self.section.numbers.double(program, v) for v, _ in pairs)
            return self.local(kind, like, f"{a} {SIGNS[name]} {b}")
        args = [self.entry(*pair) for pair in pairs]
        constants = [isinstance(program[v].op, Constant) for v, _ in pairs]
        if name == "exp_difference":
            return self.local(kind, like, f"F(exp)({args[0]} - {args[1]})")
        return self.local(kind, like, function(name, args, kinds, constants))

    def multiplied(self, op: Contract, at: Place, like: str) -> str:
        """A product of entries."""
        by_letter = dict(zip(op.out, at, strict=True))
        factors = [
            self.real(v, tuple(by_letter[x] for x in letters))
            for v, letters in zip(op.values, op.letters, strict=True)
        ]
        if op.guarded:
            a, b = factors
            text = f"(({a} == 0) | ({b} == 0)) ? R(0.0) : {a} * {b}"
            return self.local("real", like, text)
        return self.local("real", like, " * ".join(factors))

    def put(self, op: Put, at: Place, like: str) -> str:
        """An entry, or the one that replaces it."""
        whole: dict[int, str] = {}  # by the axes of the places
        tests: list[str] = []
        for operand, place in zip(op.at, at, strict=True):
            if isinstance(self.program[operand.value].op, Arange):
                (axis,) = operand.places
                if axis in whole:
                    tests.append(f"{self.place(place)} == {whole[axis]}")
                whole.setdefault(axis, place)
        for operand, place in zip(op.at, at, strict=True):
            if not isinstance(self.program[operand.value].op, Arange):
                there = self.whole(operand.value, tuple(whole[p] for p in operand.places))
                tests.append(f"{self.place(place)} == {there}")
        new = self.real(op.filling.value, tuple(whole[p] for p in op.filling.places))
        old = self.real(op.value, at)
        if not tests:
            return new
        return self.local("real", like, f"{condition(tests)} ? {new} : {old}")


def condition(tests: Sequence[str]) -> str:
    """All of these, without branches."""
    return tests[0] if len(tests) == 1 else f"({' & '.join(f'({t})' for t in tests)})"
