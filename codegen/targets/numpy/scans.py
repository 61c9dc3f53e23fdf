"""The loop of a scan as text: arrays of all places, what a step reads at its place, and its lines.

An array has some places more than the loop, and 0 there, where steps ask for what was before them:
place -1 is the last of these, and from the end the place behind all is the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sympy import Expr

from pullback.codegen.program import (
    Arange,
    Carried,
    Input,
    Put,
    Scan,
    Scanned,
    Size,
    Sliced,
    Step,
    reads,
)
from pullback.codegen.program.plan.names import Names
from pullback.codegen.program.plan.plan import Kept
from pullback.codegen.program.plan.readers import is_new
from pullback.codegen.targets.numpy.spelling import Spelling, is_truth
from pullback.codegen.targets.numpy.text import CALL, Line, Text, call, infix, tuple_text
from pullback.codegen.targets.numpy.workspace import WORK, dtype_text

INDENT = "    "


@dataclass
class Loop:
    """The loop of a scan, `kept` being the arrays of its results; `outer` and `spelling` are those
    of the statements among which it stands.

    `names` are those of the step's values, `inputs` how its inputs are spelled where they are read,
    `rows` the results that are written into places of those arrays as they are worked out.
    """

    scan: Scan
    kept: Sequence[Kept]
    outer: Names
    spelling: Spelling
    inputs: dict[int, Text] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    before: list[str] = field(default_factory=list)  # statements before the loop
    first: list[str] = field(default_factory=list)  # ... at its beginning
    stored: list[tuple[str, int]] = field(default_factory=list)  # places, and what is put there
    private: set[str] = field(default_factory=set)  # names that mean nothing behind it

    def __post_init__(self) -> None:
        size = self.spelling.program[self.scan.size].op
        assert isinstance(size, Size)
        self.size = str(size.symbol)
        self.at = self.place(size.symbol)
        given: dict[int, str] = {}
        for kept in self.kept:
            self.before += self.array(kept)
        for value in self.step.values:
            if isinstance(value.op, Input):
                given[value.number] = self.input(value.number, value.op.name)
        for kept, (name, number) in zip(self.kept, self.step.results, strict=True):
            self.result(kept, name, number, given)
        self.names = self.outer.within(self.step, self.at, given)

    @property
    def step(self) -> Step:
        """What is worked out at each place."""
        return self.scan.step

    @property
    def workspace(self) -> bool:
        """Is there one?"""
        return bool(self.kept[0].buffer)

    def result(self, kept: Kept, name: str, number: int, given: dict[int, str]) -> None:
        """Say where a result of the step goes, and in `given` what it is called there."""
        place = f"{kept.name}[{self.at}]"
        made = number in self.step.body and number not in given
        if not made or isinstance(self.step[number].op, Arange | Scanned):
            self.stored.append((place, number))
        elif self.workspace and is_new(self.step[number], self.step.values):
            given[number] = self.outer.free(f"{name}_{self.at}")
            self.first.append(f"{given[number]} = {place}")
            self.rows.append(number)
        else:
            given[number] = place

    def place(self, size: Expr) -> str:
        """The variable of the loop."""
        return self.outer.place(size)

    def array(self, kept: Kept) -> list[str]:
        """The statements that make the array of a result, with its zeros."""
        dtype = dtype_text(kept.kind, self.spelling.own)
        zeros = "zeros" if kept.zeros and not kept.buffer else "empty"
        made = f"np.{zeros}({tuple_text(kept.sizes)}, {dtype})"
        if not kept.buffer:
            return [f"{kept.name} = {made}"]
        place = f"{WORK}.{kept.buffer}"
        found = [f"{kept.name} = {made} if {place} is None else {place}"]
        return [*found, f"{kept.name}[{self.size}:] = 0"] if kept.zeros else found

    def foot(self, kept: Kept) -> list[str]:
        """The statements behind the loop that leave the zeros out of an array that is read."""
        cut = kept.zeros and kept.read
        return [f"{kept.name} = {kept.name}[:{self.size}]"] if cut else []

    def about_zeros(self) -> str:
        """The comment that says where the zeros are."""
        if self.scan.back:
            return f"# place {self.size}, behind all, holds 0, for the first step to read"
        return "# place -1, the last one, holds 0, for the first step to read"

    # -- what a step reads -------------------------------------------------------------------------

    def input(self, number: int, name: str) -> str:
        """Say how an input of the step is spelled; returns what it would be called."""
        for whole, value in self.scan.whole:
            if whole == name:
                self.inputs[number] = self.whole(value)
                return self.outer.root(value)
        for sliced in self.scan.sliced:
            if sliced.name == name:
                text, root = self.sliced(sliced)
        for carried in self.scan.carried:
            if carried.name == name:
                text, root = self.carried(carried)
        own = self.outer.free(root)
        self.inputs[number] = text
        if self.needs_variable(number):
            self.first.append(f"{own} = {text.text}")
            self.inputs[number] = Text(own)
        return own

    def whole(self, value: int) -> Text:
        """What is the same at each place; Python's own True has no methods of an array."""
        text = self.spelling.spell(value)
        return call("np.bool_", text.text) if is_truth(self.spelling.program, value) else text

    def sliced(self, sliced: Sliced) -> tuple[Text, str]:
        """A value at the place, and what that is called; shifted ones are laid out before."""
        text, root = self.spelling.spell(sliced.value), self.outer.root(sliced.value)
        size = str(self.spelling.program[sliced.value].sizes[sliced.axis])
        if sliced.shift or size != self.size:
            shifted = self.outer.free(f"{root}_shifted")
            places = [str(sliced.axis), str(sliced.shift), "(1,)", f"({self.size},)"]
            self.before.append(f"{shifted} = {call('_window', text.text, *places).text}")
            text, root = Text(shifted), shifted
        return self.at_place(text, sliced.axis), f"{root}_{self.at}"

    def at_place(self, text: Text, axis: int) -> Text:
        """The entries at the place of the loop on an axis."""
        at = ", ".join([*[":"] * axis, self.at])
        return Text(f"{text.within(CALL)}[{at}]", CALL)

    def carried(self, carried: Carried) -> tuple[Text, str]:
        """A result of an earlier step, and what that is called."""
        place = infix("add" if self.scan.back else "subtract", self.at, str(carried.lag))
        name, _ = self.step.results[carried.result]
        words = [name, "after" if self.scan.back else "before"]
        words += [str(carried.lag)] if carried.lag > 1 else []
        return Text(f"{self.kept[carried.result].name}[{place.text}]", CALL), "_".join(words)

    def needs_variable(self, number: int) -> bool:
        """Is an input read more than once, or by what reads variables alone?"""
        readers = [self.step[n].op for n in self.step.body if number in reads(self.step[n].op)]
        results = [n for _, n in self.step.results if n == number]
        return len(readers) + len(results) > 1 or any(isinstance(r, Put | Scan) for r in readers)

    # -- the lines ---------------------------------------------------------------------------------

    def lines(self, body: Iterable[Line], stored: Iterable[str], about: str) -> list[Line]:
        """All lines; the equation of the step's first lines stands above the loop."""
        inside = [*map(Line, self.first), *body, *map(Line, self.last([*stored]))]
        named = next((line for line in inside if line.about), None)
        if named is not None:
            about = named.about
            inside[inside.index(named)] = Line(named.code)
        found = [*map(Line, [*self.before, *self.head()])]
        found += [Line(INDENT + line.code, line.about) for line in inside]
        return [Line(found[0].code, about), *found[1:], *map(Line, self.behind())]

    def head(self) -> list[str]:
        """The line above the statements of a place, and what is said of it."""
        places = f"reversed(range({self.size}))" if self.scan.back else f"range({self.size})"
        zeros = [self.about_zeros()] if any(k.zeros for k in self.kept) else []
        return [*zeros, f"for {self.at} in {places}:"]

    def last(self, stored: Sequence[str]) -> list[str]:
        """The last statements of a place, which put there what has no place of its own."""
        return [f"{place} = {text}" for (place, _), text in zip(self.stored, stored, strict=True)]

    def behind(self) -> list[str]:
        """The statements behind the loop."""
        return [line for kept in self.kept for line in self.foot(kept)]
