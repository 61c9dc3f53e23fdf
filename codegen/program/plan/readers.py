"""Who reads which value of a section, and when for the last time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pullback.codegen.program.operations import Arange, Input, Value, Values, borrows, reads


class Readers:
    """The readers of each value; results are read after all else."""

    def __init__(self, program: Values, order: tuple[int, ...], results: Iterable[int]) -> None:
        self.program, self.order, self.results = program, order, frozenset(results)
        self.of: dict[int, list[int]] = {}
        for number in order:
            for read in reads(program[number].op):
                self.of.setdefault(read, []).append(number)

    def __getitem__(self, number: int) -> list[int]:
        return self.of.get(number, [])

    def positions(self, inlined: Collection[int]) -> dict[int, int]:
        """At which statement each value is worked out; what is inlined is at its reader's."""
        position: dict[int, int] = {}
        for place, number in reversed(list(enumerate(self.order))):
            position[number] = position[self[number][0]] if number in inlined else place
        return position

    def last(self, number: int, position: dict[int, int]) -> float:
        """The last statement that reads a value or a view of it."""
        if number in self.results:
            return float("inf")
        views = [r for r in self[number] if borrows(self.program[r].op, self.program.values)]
        last = max((position[r] for r in self[number]), default=-1)
        return max([last, *(self.last(view, position) for view in views)])

    def is_new(self, number: int) -> bool:
        """Is the value an array that its operation makes?"""
        return is_new(self.program[number], self.program.values)


def is_new(value: Value, values: Sequence[Value]) -> bool:
    """Is a value an array that its operation makes?"""
    given = isinstance(value.op, Arange | Input) or borrows(value.op, values)
    return len(value.sizes) > 0 and value.kind != "number" and not given
