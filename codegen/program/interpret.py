"""What a program means: entry by entry, slowly, in numbers of 50 digits.

This shares nothing with any target: arrays are tables from places to numbers, a contraction is
loops, a function of entries is what the table of functions says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.codegen.program.functions import FUNCTIONS, MP
from pullback.codegen.program.of_matrices import Determinant, Inverse, Solve, of_matrices
from pullback.codegen.program.operations import (
    Arange,
    Constant,
    Contract,
    Elementwise,
    Fold,
    Function,
    Input,
    OneHot,
    Operand,
    Pick,
    Program,
    Put,
    Reduce,
    Scan,
    Scanned,
    Scatter,
    Size,
    Step,
    Take,
    Window,
    reads,
)
from pullback.codegen.program.tables import Place, Table, extreme, places, stacked, zeros


def interpret(program: Program | Function, inputs: Mapping[str, Any]) -> dict[str, Table]:
    """The results by name: of a Program the output and the gradients, of a Function its own.

    `inputs` are arrays by name; leading axes are one axis. A Program wants the cotangent among
    them, and a Function its tangents.
    """
    meaning = Meaning(program, inputs)
    return {name: meaning.table(number) for name, number in meaning.results()}


class Meaning:
    """One evaluation at some inputs."""

    def __init__(self, program: Program | Function, inputs: Mapping[str, Any]) -> None:
        import numpy as np  # here alone: a program is made and spelled where there is no NumPy, too

        self.program = program
        self.inputs = {name: np.asarray(array) for name, array in inputs.items()}
        self.tables: dict[int, Table] = {}
        self.sizes: dict[Expr, int] = {}
        for value in program.values:
            if isinstance(value.op, Input):
                shape = self.inputs[value.op.name].shape
                self.sizes.update(zip(value.sizes, shape, strict=True))
        for size in program.layer.arguments:
            self.sizes[size] = int(self.inputs[str(size)])
        for size, by in program.layer.sizes:
            self.sizes[size] = int(by.xreplace(self.sizes))

    def results(self) -> list[tuple[str, int]]:
        """The names of the results and their values."""
        if isinstance(self.program, Program):
            return [(self.program.layer.output.name, self.program.output), *self.program.gradients]
        return list(self.program.results)

    def table(self, number: int) -> Table:
        """The value of that number; those that it reads come first."""
        waiting = [number]
        while waiting:
            last = waiting[-1]
            missing = [r for r in reads(self.program[last].op) if r not in self.tables]
            if missing:
                waiting += missing
                continue
            if last not in self.tables:
                self.tables[last] = self.work_out(last)
            waiting.pop()
        return self.tables[number]

    def work_out(self, number: int) -> Table:
        """One value, from those that it reads."""
        op, sizes = self.program[number].op, self.program[number].sizes
        shape = tuple(self.sizes[s] for s in sizes)
        if isinstance(op, Input):
            return self.input(op, shape)
        if isinstance(op, Put):
            return self.put(op)
        if isinstance(op, Scatter):
            return self.scatter(op, shape)
        if isinstance(op, Fold):
            return self.fold(op, shape)
        if isinstance(op, Scan):
            return self.scan(op)
        if isinstance(op, Scanned):
            made: Table = self.tables[op.scan][(op.result,)]
            return made
        if isinstance(op, Inverse | Determinant | Solve):
            return of_matrices(op, self.tables, shape)
        entry = RULES[type(op)]
        return Table(shape, {place: entry(self, op, place) for place in places(shape)})

    def at(self, operand: Operand, place: Place) -> Any:
        """The entry of an operand that belongs to a place of the result."""
        return self.tables[operand.value][tuple(place[p] for p in operand.places)]

    # -- one rule for each operation: the entry at a place -----------------------------------------

    def constant(self, op: Constant, place: Place) -> Any:
        """A number."""
        if op.number.is_infinite:
            return MP.inf * int(sp.sign(op.number))
        if op.number.is_Rational:
            return MP.mpf(int(op.number.p)) / int(op.number.q)
        return MP.mpf(str(sp.N(op.number, MP.dps + 5)))

    def size(self, op: Size, place: Place) -> Any:
        """A size."""
        return MP.mpf(self.sizes[op.symbol])

    def arange(self, op: Arange, place: Place) -> int:
        """The place itself."""
        return place[0]

    def elementwise(self, op: Elementwise, place: Place) -> Any:
        """As the table says."""
        f = FUNCTIONS[op.function]
        args = [self.at(o, place) for o in op.operands]
        kinds = {self.program[o.value].kind for o in op.operands}
        if f.result == "arithmetic" or (f.result == "mask" and "integer" not in kinds):
            args = [MP.mpf(a) for a in args]
        return f.meaning(*args)

    def reduce(self, op: Reduce, place: Place) -> Any:
        """Over all places of some axes."""
        table, rest = self.tables[op.value], iter(place)
        ranges = [
            range(size) if axis in op.axes else (next(rest),)
            for axis, size in enumerate(table.shape)
        ]
        entries = [table[p] for p in product(*ranges)]
        if op.kind == "sum":
            return sum(entries, MP.mpf(0))
        return extreme(op.kind, entries)

    def contract(self, op: Contract, place: Place) -> Any:
        """A sum of products."""
        at = dict(zip(op.out, place, strict=True))
        size = {
            letter: self.tables[value].shape[axis]
            for value, letters in zip(op.values, op.letters, strict=True)
            for axis, letter in enumerate(letters)
        }
        summed = sorted({*size} - {*op.out})
        if len(op.values) == 1 and not summed:
            return self.factor(op, 0, at)
        total = MP.mpf(0)
        for more in places(size[s] for s in summed):
            where = at | dict(zip(summed, more, strict=True))
            term = MP.mpf(1)
            factors = [self.factor(op, which, where) for which in range(len(op.values))]
            if op.guarded and 0 in factors:
                continue
            for factor in factors:
                term *= factor
            total += term
        return total

    def factor(self, op: Contract, which: int, at: Mapping[int, int]) -> Any:
        """The entry of one factor, its axes being at these places."""
        return self.tables[op.values[which]][tuple(at[letter] for letter in op.letters[which])]

    def take(self, op: Take, place: Place) -> Any:
        """The row at a label."""
        labels = self.tables[op.labels]
        end = op.axis + len(labels.shape)
        label = labels[place[op.axis : end]]
        return self.tables[op.value][(*place[: op.axis], label, *place[end:])]

    def pick(self, op: Pick, place: Place) -> Any:
        """The entry at some indices."""
        return self.tables[op.value][tuple(int(self.at(o, place)) for o in op.at)]

    def one_hot(self, op: OneHot, place: Place) -> bool:
        """Is the last place the label?"""
        return bool(self.tables[op.labels][place[:-1]] == place[-1])

    def window(self, op: Window, place: Place) -> Any:
        """The entry of a window, 0 outside of what it lies on."""
        end = op.axis + len(op.steps)
        at = self.along(op, place[op.axis : end])
        table = self.tables[op.value]
        inside = 0 <= at < table.shape[op.axis]
        return table[(*place[: op.axis], at, *place[end:])] if inside else MP.mpf(0)

    def along(self, op: Window | Fold, place: Iterable[int]) -> int:
        """The place on the axis on which windows lie."""
        numbers = [int(self.tables[n][()]) for n in (op.start, *op.steps)]
        return numbers[0] + sum(s * p for s, p in zip(numbers[1:], place, strict=True))

    # -- operations that fill a table in another order ---------------------------------------------

    def input(self, op: Input, shape: tuple[int, ...]) -> Table:
        """What was passed in."""
        given = self.inputs[op.name].ravel().tolist()
        numbers = (entry if isinstance(entry, int) else MP.mpf(entry) for entry in given)
        return Table(shape, dict(zip(places(shape), numbers, strict=True)))

    def put(self, op: Put) -> Table:
        """The base, some entries replaced."""
        base = self.tables[op.value]
        entries = dict(base.entries)
        size = {
            axis: length
            for o in op.at
            for axis, length in zip(o.places, self.tables[o.value].shape, strict=True)
        }
        for place in places(size[axis] for axis in sorted(size)):
            entries[tuple(self.at(o, place) for o in op.at)] = MP.mpf(self.at(op.filling, place))
        return Table(base.shape, entries)

    def scatter(self, op: Scatter, shape: tuple[int, ...]) -> Table:
        """Rows added up where integers point."""
        rows = self.tables[op.value]
        entries = {place: MP.mpf(0) for place in places(shape)}
        lead = 1 + max(p for o in op.at for p in o.places)
        for place in places(rows.shape):
            entries[(*(self.at(o, place) for o in op.at), *place[lead:])] += rows[place]
        return Table(shape, entries)

    def fold(self, op: Fold, shape: tuple[int, ...]) -> Table:
        """Windows added up where they lie."""
        windows = self.tables[op.value]
        entries = {place: MP.mpf(0) for place in places(shape)}
        first = sum(1 for axis in range(op.axes[0]) if axis not in op.axes)
        for place in places(windows.shape):
            at = self.along(op, [place[axis] for axis in op.axes])
            left = [p for axis, p in enumerate(place) if axis not in op.axes]
            if 0 <= at < shape[first]:
                entries[(*left[:first], at, *left[first:])] += windows[place]
        return Table(shape, entries)

    def scan(self, op: Scan) -> Table:
        """The results at every place, each a table."""
        size = int(self.tables[op.size][()])
        results = [op.step[number] for _, number in op.step.results]
        made: list[dict[int, Table]] = [{} for _ in results]  # by the place
        shapes = [tuple(self.sizes[s] for s in value.sizes) for value in results]
        for at in reversed(range(size)) if op.back else range(size):
            given = {name: self.tables[number] for name, number in op.whole}
            for s in op.sliced:
                given[s.name] = self.slice(s.value, s.axis, at + s.shift)
            for c in op.carried:
                before = at + c.lag if op.back else at - c.lag
                empty = zeros(shapes[c.result], results[c.result].kind)
                given[c.name] = made[c.result].get(before, empty)
            there = AtPlace(op.step, given, self.sizes)
            for own, value in zip(made, results, strict=True):
                own[at] = there.table(value.number)
        whole = (stacked(own, size, shape) for own, shape in zip(made, shapes, strict=True))
        return Table((len(made),), {(which,): table for which, table in enumerate(whole)})

    def slice(self, number: int, axis: int, at: int) -> Table:
        """A value at a place of one axis; 0 outside."""
        table = self.tables[number]
        shape = table.shape[:axis] + table.shape[axis + 1 :]
        if not 0 <= at < table.shape[axis]:
            return zeros(shape, self.program[number].kind)
        return Table(shape, {p: table[(*p[:axis], at, *p[axis:])] for p in places(shape)})


class AtPlace(Meaning):
    """One evaluation of a step, its inputs being tables already."""

    def __init__(self, step: Step, given: Mapping[str, Table], sizes: dict[Expr, int]) -> None:
        self.program, self.sizes = step, sizes
        passed = {v.number: v.op.name for v in step.values if isinstance(v.op, Input)}
        self.tables = {number: given[name] for number, name in passed.items()}


RULES: Mapping[type, Callable[..., Any]] = {
    Constant: Meaning.constant,
    Size: Meaning.size,
    Arange: Meaning.arange,
    Elementwise: Meaning.elementwise,
    Reduce: Meaning.reduce,
    Contract: Meaning.contract,
    Take: Meaning.take,
    Pick: Meaning.pick,
    OneHot: Meaning.one_hot,
    Window: Meaning.window,
}
