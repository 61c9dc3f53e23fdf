"""Scans whose step is linear in each entry: s_t = slope · s_{t−1} + offset.

Of such steps two in a row are one again, so that places can be taken in any grouping, and at one
time: s is a running sum where the slope is 1, and a prefix scan of pairs where it is not. Whether a
step is one is seen by its operations alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sympy import Integer

from pullback.codegen.program.builder import Builder
from pullback.codegen.program.operations import (
    Carried,
    Constant,
    Elementwise,
    Input,
    Operand,
    Scan,
    Size,
    Sliced,
    Value,
    reads,
)

T = TypeVar("T")
ZERO, ONE = Constant(Integer(0)), Constant(Integer(1))


@dataclass(frozen=True)
class Linear:
    """A value as slope · state + offset, whose axes are those of the state or fewer of them."""

    slope: Operand
    offset: Operand


def linear(scan: Scan) -> Scan | None:
    """A scan without states, whose results are the slope and the offset of each one, in turn.

    None, where a result hangs on another's states, on one of two places before, or is not linear.
    A slope of 1 everywhere is the number 1.
    """
    if not scan.carried or any(c.lag != 1 for c in scan.carried):
        return None
    own = Linearity(scan)
    results: list[tuple[str, int]] = []
    for which, (name, number) in enumerate(scan.step.results):
        value = scan.step[number]
        found = own.of(number, which) if value.kind == "real" else None
        if found is None:
            return None
        results += [(name, own.laid_out(part, value)) for part in (found.slope, found.offset)]
    made = own.builder
    needed = made.needed(*(number for _, number in results))
    states = {c.name for c in scan.carried}
    values = made.values
    body = [v for v in needed if not isinstance(values[v].op, Input | Constant)]
    there = {v.op.name for v in values if isinstance(v.op, Input) and v.number in needed}
    step = replace(
        scan.step, values=tuple(values), results=tuple(results), body=tuple(sorted(body))
    )
    assert not there & states, "a state is read"
    return replace(
        scan,
        step=step,
        whole=tuple(pair for pair in scan.whole if pair[0] in there),
        sliced=tuple(s for s in scan.sliced if s.name in there),
        carried=(),
    )


def running_sums(scan: Scan, values: Sequence[Value]) -> tuple[Sliced, ...] | None:
    """What is added up in each result, where all are running sums of arrays that are there."""
    found, given = linear(scan), {s.name: s for s in scan.sliced}
    if found is None:
        return None
    sums = list[Sliced]()
    for (_, slope), (_, offset) in pairs(found.step.results):
        op = found.step[offset].op
        if found.step[slope].op != ONE or not isinstance(op, Input) or op.name not in given:
            return None
        sums.append(given[op.name])
    size = values[scan.size].op
    own = all(isinstance(size, Size) and values[s.value].sizes[s.axis] == size.symbol for s in sums)
    return tuple(sums) if own and not any(s.shift for s in sums) else None


def pairs(results: Sequence[T]) -> list[tuple[T, T]]:
    """The results of a linear step, two by two."""
    return list(zip(results[::2], results[1::2], strict=True))


@dataclass
class Linearity:
    """Works out slopes and offsets beside the operations of a step."""

    scan: Scan
    builder: Builder = field(init=False)
    states: dict[int, Carried] = field(init=False)  # by the number of the input
    hang: set[int] = field(init=False)  # what hangs on a state

    def __post_init__(self) -> None:
        values = self.scan.step.values
        self.builder = Builder([*values], {v.op: v.number for v in values})
        carried = {c.name: c for c in self.scan.carried}
        self.states = {
            v.number: carried[v.op.name]
            for v in values
            if isinstance(v.op, Input) and v.op.name in carried
        }
        self.hang = {*self.states}
        for value in values:  # each reads earlier ones alone
            if self.hang.intersection(reads(value.op)):
                self.hang.add(value.number)

    def of(self, number: int, result: int) -> Linear | None:
        """A value as a linear function of a result one step before; None where it is none."""
        value = self.scan.step[number]
        if number not in self.hang:
            return Linear(self.number(ZERO), whole(value))
        if number in self.states:
            mine = self.states[number].result == result
            return Linear(self.number(ONE), self.number(ZERO)) if mine else None
        if not isinstance(value.op, Elementwise):
            return None
        moving = [o for o in value.op.operands if o.value in self.hang]
        if any(o.places != whole(value).places for o in moving):
            return None  # its axes are turned, or repeated
        return self.elementwise(value.op, result)

    def elementwise(self, op: Elementwise, result: int) -> Linear | None:
        """A function of entries, of which some are linear and others hang on no state."""
        if op.function == "where":
            mask, *cases = op.operands
            both = [self.part(o, result) for o in cases]
            if mask.value in self.hang or None in both:
                return None
            first, second = (found for found in both if found is not None)
            return Linear(
                self.chosen(mask, first.slope, second.slope),
                self.chosen(mask, first.offset, second.offset),
            )
        if op.function == "negative":
            inner = self.part(op.operands[0], result)
            return inner and Linear(
                self.apply("negative", inner.slope), self.apply("negative", inner.offset)
            )
        if op.function not in ("add", "subtract", "multiply", "divide"):
            return None
        left, right = op.operands
        a, b = self.part(left, result), self.part(right, result)
        if a is None or b is None:
            return None
        if op.function in ("add", "subtract"):
            return Linear(
                self.apply(op.function, a.slope, b.slope),
                self.apply(op.function, a.offset, b.offset),
            )
        if right.value not in self.hang:
            return Linear(
                self.apply(op.function, a.slope, right), self.apply(op.function, a.offset, right)
            )
        if op.function == "multiply" and left.value not in self.hang:
            return Linear(
                self.apply("multiply", left, b.slope), self.apply("multiply", left, b.offset)
            )
        return None

    def part(self, operand: Operand, result: int) -> Linear | None:
        """An operand; what hangs on no state keeps its places among the axes of the result."""
        if operand.value not in self.hang:
            return Linear(self.number(ZERO), operand)
        return self.of(operand.value, result)

    # -- making values: a 0 or a 1 that is known leaves no operation behind ------------------------

    def number(self, number: Constant) -> Operand:
        """A number."""
        return Operand(self.builder.add(number), ())

    def is_number(self, operand: Operand, number: Constant) -> bool:
        """Is it this number?"""
        return self.builder.values[operand.value].op == number

    def apply(self, function: str, *operands: Operand) -> Operand:
        """A function of entries, over the axes that its operands have."""
        zero = [self.is_number(o, ZERO) for o in operands]
        if function in ("multiply", "divide", "negative") and zero[0]:
            return operands[0]
        if function == "multiply" and zero[1]:
            return operands[1]
        if function in ("add", "subtract") and zero[1]:
            return operands[0]
        if function == "add" and zero[0]:
            return operands[1]
        if function == "subtract" and zero[0]:
            return self.apply("negative", operands[1])
        if function == "multiply" and self.is_number(operands[0], ONE):
            return operands[1]
        if function in ("multiply", "divide") and self.is_number(operands[1], ONE):
            return operands[0]
        return self.made(function, *operands)

    def chosen(self, mask: Operand, a: Operand, b: Operand) -> Operand:
        """One of two, or what both are."""
        return a if a == b else self.made("where", mask, a, b)

    def made(self, function: str, *operands: Operand) -> Operand:
        """The value of a function, its axes being those of its operands that are there."""
        kinds = [self.builder.values[o.value].kind for o in operands]
        if function == "where" and "real" not in kinds[1:]:
            operands = (operands[0], self.real(operands[1]), operands[2])
        elif "mask" in kinds and "real" not in kinds:
            operands = tuple(map(self.real, operands))
        axes = sorted({p for o in operands for p in o.places})
        inner = (Operand(o.value, tuple(axes.index(p) for p in o.places)) for o in operands)
        return Operand(self.builder.add(Elementwise(function, tuple(inner))), tuple(axes))

    def real(self, operand: Operand) -> Operand:
        """A number or a mask as floats."""
        value = self.builder.values[operand.value]
        function = {"number": "cast", "mask": "float"}[value.kind]
        return Operand(self.builder.add(Elementwise(function, (whole(value),))), operand.places)

    def laid_out(self, operand: Operand, like: Value) -> int:
        """The value with all axes of the state; a number 1 stays one."""
        if self.is_number(operand, ONE):
            return operand.value
        if self.builder.values[operand.value].kind != "real":
            operand = self.real(operand)
        if operand.places == whole(like).places:
            return operand.value
        sizes = (Operand(self.builder.add(Size(size)), ()) for size in like.sizes)
        return self.builder.add(Elementwise("spread", (operand, *sizes)))


def whole(value: Value) -> Operand:
    """A value as an operand that has all axes of the result, in order."""
    return Operand(value.number, tuple(range(len(value.sizes))))
