"""Scans: what their steps are given, what they make, and what is read within them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sympy import Expr

from pullback.codegen.program.operations import (
    Function,
    Input,
    Program,
    Scan,
    Scanned,
    Size,
    Step,
    Value,
)
from pullback.codegen.program.refusals import Malformed, Result, Sizes, refuse_unless, size_of


def steps(values: Iterable[Value]) -> Iterator[Step]:
    """The steps of the scans among values, and those within them."""
    for value in values:
        if isinstance(value.op, Scan):
            yield value.op.step
            yield from steps(value.op.step.values)


def is_quiet(function: Function | Program) -> bool:
    """Is something worked out that is not taken, and may not be finite, in a step too?"""
    return function.quiet or any(step.quiet for step in steps(function.values))


def sizes_within(values: Iterable[Value]) -> set[Expr]:
    """The sizes that the steps of scans among values read, and those of what they make."""
    found: set[Expr] = set()
    for step in steps(values):
        found |= {v.op.symbol for v in step.values if isinstance(v.op, Size)}
        found |= {size for _, number in step.results for size in step[number].sizes}
    return found


def zeros_of(scan: Scan, result: int) -> int:
    """How many steps before the first one are asked for a result."""
    return max((c.lag for c in scan.carried if c.result == result), default=0)


def of_scan(op: Scan, values: Sequence[Value]) -> Result:
    """No array: all that it makes. Each input of the step is given once, as the step has it."""
    size_of(op.size, values)
    results, given = op.step.results, given_to_step(op, values)
    names = [name for name, _ in results]
    refuse_unless(len(names) > 0, "a step without results")
    refuse_unless(len({*names}) == len(names), f"two results have one name: {names}")
    inputs = {v.op.name: v for v in op.step.values if isinstance(v.op, Input)}
    asked, there = sorted(inputs), sorted(name for name, _, _ in given)
    refuse_unless(asked == there, f"the step has the inputs {asked}, and given are {there}")
    for name, sizes, kind in given:
        own = inputs[name]
        refuse_unless(own.sizes == sizes, f"{name} has the axes {own.sizes}, given are {sizes}")
        refuse_unless(own.kind == kind, f"{name} is {own.kind}, given is {kind}")
    return (), "scan"


def given_to_step(op: Scan, values: Sequence[Value]) -> list[tuple[str, Sizes, str]]:
    """What a scan gives to its step: a name, sizes and a kind each."""
    given = [(name, values[number].sizes, values[number].kind) for name, number in op.whole]
    for sliced in op.sliced:
        sizes, kind = values[sliced.value].sizes, values[sliced.value].kind
        refuse_unless(0 <= sliced.axis < len(sizes), f"axis {sliced.axis} of {sizes}")
        given.append((sliced.name, sizes[: sliced.axis] + sizes[sliced.axis + 1 :], kind))
    for carried in op.carried:
        refuse_unless(carried.lag >= 1, f"{carried.name} is of {carried.lag} steps before")
        made = result_of_step(op, carried.result)
        given.append((carried.name, made.sizes, made.kind))
    return given


def result_of_step(op: Scan, result: int) -> Value:
    """The value in the step of one of its results."""
    count = len(op.step.results)
    refuse_unless(0 <= result < count, f"result {result} of a step that has {count}")
    return op.step[op.step.results[result][1]]


def of_scanned(op: Scanned, values: Sequence[Value]) -> Result:
    """The axis of the scan, and then those of a result of its step."""
    scan = values[op.scan].op
    if not isinstance(scan, Scan):
        raise Malformed(f"{type(scan).__name__} is no scan")
    made = result_of_step(scan, op.result)
    return (size_of(scan.size, values), *made.sizes), made.kind
