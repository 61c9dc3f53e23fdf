"""Scans of libraries whose arrays are not written into: a loop over lists, or the library's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from sympy import Expr

from pullback.codegen.program import Carried, Scanned
from pullback.codegen.program.linear import ONE, pairs
from pullback.codegen.program.plan.names import free_name
from pullback.codegen.program.plan.plan import Kept
from pullback.codegen.targets.numpy.scans import Loop
from pullback.codegen.targets.numpy.text import CALL, Text, call, tuple_text
from pullback.derive.read.trees import BATCH


@dataclass
class ListLoop(Loop):
    """A loop whose results are lists of arrays, one for each place, stacked behind it."""

    def array(self, kept: Kept) -> list[str]:
        """The list of a result, with zeros behind it: each place is put in later."""
        zero = zeros_text(kept.sizes[1:], kept.kind, self.outer.own["like"])
        count = kept.sizes[0] if kept.zeros else kept.sizes[0] + 1  # one says what an entry is like
        return [f"{kept.name} = [{zero}] * ({count})"]

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


@dataclass
class Traced(Loop):
    """A scan of the library: its step is a function, which is traced once for all places."""

    function: str = field(init=False)
    now: str = field(init=False)  # the argument that holds entries at the place
    arrays: dict[str, str] = field(default_factory=dict)  # of which arrays each of them is

    def __post_init__(self) -> None:
        self.function = self.outer.free(f"{self.step.results[0][0]}_step")
        self.now = free_name("now", {*self.outer.used})
        super().__post_init__()
        self.private.add(self.now)
        self.names.used |= self.private
        if self.arrays:
            self.first.append(f"{tuple_text(self.arrays)} = {self.now}")

    def place(self, size: Expr) -> str:
        """The name of the axis: no variable, but what is at a place is called by it."""
        axes = self.outer.program.layer.axes
        return next((i.name for i in axes if i.size == size and i.name != BATCH), "t")

    def array(self, kept: Kept) -> list[str]:
        """No array: the library makes it."""
        return []

    def whole(self, value: int) -> Text:
        """What is the same at each place."""
        return self.spelling.spell(value)

    def at_place(self, text: Text, axis: int) -> Text:
        """The array whose places are gone through, their axis in front."""
        word = self.outer.own["jnp"]
        return call(f"{word}.moveaxis", text.text, str(axis), "0") if axis else text

    def input(self, number: int, name: str) -> str:
        """Say how an input of the step is spelled; returns what it is called."""
        for sliced in self.scan.sliced:
            if sliced.name == name:
                text, root = self.sliced(sliced)
                own = self.outer.free(root)
                self.arrays[own], self.inputs[number] = text.text, Text(own)
                return own
        return super().input(number, name)

    def result(self, kept: Kept, name: str, number: int, given: dict[int, str]) -> None:
        """Each result is returned; what the step works out has a variable."""
        made = number in self.step.body and number not in given
        if made and not isinstance(self.step[number].op, Scanned):
            given[number] = self.outer.free(f"{name}_{self.at}")
        self.stored.append((kept.name if kept.read else "_", number))

    def called(self, *arguments: str) -> str:
        """What gives the results at every place."""
        back = ["back=True"] if self.scan.back else []
        arrays = tuple_text(self.arrays.values())
        return call(self.helper, self.function, *arguments, arrays, self.size, *back).text

    helper: ClassVar[str]


@dataclass
class OneByOne(Traced):
    """A loop of the library, as each place needs what was made at the one before."""

    helper: ClassVar[str] = "_scan"
    before_: str = field(init=False)  # the argument that holds the states
    states: dict[tuple[int, int], str] = field(default_factory=dict)  # by result and lag

    def __post_init__(self) -> None:
        self.before_ = free_name("before", {*self.outer.used})
        for which, kept in enumerate(self.kept):
            for lag in range(1, kept.zeros + 1):  # also those that are only handed on
                words = [self.step.results[which][0], "after" if self.scan.back else "before"]
                words += [str(lag)] if lag > 1 else []
                self.states[which, lag] = self.outer.free("_".join(words))
        super().__post_init__()
        self.private.add(self.before_)
        self.names.used |= self.private
        if self.states:
            self.first.insert(0, f"{tuple_text(self.states.values())} = {self.before_}")

    def carried(self, carried: Carried) -> tuple[Text, str]:
        """A result of an earlier step, and what that is called."""
        own = self.states[carried.result, carried.lag]
        return Text(own), own

    def needs_variable(self, number: int) -> bool:
        """States have theirs."""
        return False

    def head(self) -> list[str]:
        """The step as a function of states and of what lies at the place."""
        return [f"def {self.function}({self.before_}, {self.now}):"]

    def last(self, stored: Sequence[str]) -> list[str]:
        """What it returns: the states for the next place, and the results."""
        states = [
            stored[which] if lag == 1 else self.states[which, lag - 1] for which, lag in self.states
        ]
        return [f"return {tuple_text(states)}, {tuple_text(stored)}"]

    def behind(self) -> list[str]:
        """The call, with what states are before the first place."""
        like = self.outer.own["like"]
        zeros = [
            zeros_text(self.kept[which].sizes[1:], self.kept[which].kind, like)
            for which, _ in self.states
        ]
        names = tuple_text(name for name, _ in self.stored)
        return [f"{names} = {self.called(tuple_text(zeros))}"]


@dataclass
class Parallel(Traced):
    """A prefix scan of a linear step, whose slopes and offsets are worked out for all places."""

    helper: ClassVar[str] = "_linear_scan"

    def input(self, number: int, name: str) -> str:
        """As above; what nothing reads any more, as states, is not given."""
        given = {*(name for name, _ in self.scan.whole), *(s.name for s in self.scan.sliced)}
        return super().input(number, name) if name in given else self.outer.free(name)

    def head(self) -> list[str]:
        """The step as a function of what lies at the place."""
        return [f"def {self.function}({self.now}):"]

    def last(self, stored: Sequence[str]) -> list[str]:
        """What it returns: of each result the slope, None where that is 1, and the offset."""
        found = [
            f"({'None' if self.step[number].op == ONE else slope}, {offset})"
            for ((_, number), _), (slope, offset) in zip(
                pairs(self.stored), pairs(stored), strict=True
            )
        ]
        return [f"return {tuple_text(found)}"]

    def behind(self) -> list[str]:
        """The call."""
        names = tuple_text(name for (name, _), _ in pairs(self.stored))
        return [f"{names} = {self.called()}"]


def zeros_text(sizes: Sequence[Expr], kind: str, like: str) -> str:
    """An array of zeros of a kind."""
    word = {"mask": "bool", "integer": "integer"}.get(kind, "real")
    return f'_zeros({tuple_text(sizes)}, "{word}", {like})'
