"""Is a program well-formed? Every program is asked, as soon as it is made.

Each value is what its operation makes of earlier ones; each part of the program reads only what it
is passed, and results have the axes of their tensors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from sympy import Expr

from pullback.codegen.program.operations import (
    Constant,
    Function,
    Input,
    Program,
    Scan,
    Scanned,
    Step,
    Value,
    Values,
    reads,
)
from pullback.codegen.program.refusals import Malformed, refuse_unless
from pullback.codegen.program.rules import result_of
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.vocabulary import COTANGENT, TANGENT


def verify(program: Values) -> None:
    """Raise Malformed, with the value and what is wrong of it, unless the program is one."""
    check_values(program)
    if isinstance(program, Program):
        check_sections(program)
        verify(program.jvp)
        if program.hvp is not None:
            verify(program.hvp)
    if isinstance(program, Step):
        check_step(program)
    elif isinstance(program, Function):
        check_function(program)


def check_values(program: Values) -> None:
    """Every value alone: its number, its operands, its sizes and its kind; and all their names."""
    names: dict[str, int] = {}
    taken: dict[Scanned, int] = {}
    for place, value in enumerate(program.values):
        try:
            refuse_unless(value.number == place, f"it stands at {place}")
            check_value(program, value, program.values[:place])
            if value.name:
                first = names.setdefault(value.name, place)
                refuse_unless(first == place, f"value {first} is called {value.name!r} too")
            if isinstance(value.op, Scanned):  # two would be one array
                first = taken.setdefault(value.op, place)
                refuse_unless(first == place, f"value {first} is this result, too")
        except Malformed as error:
            kind = type(value.op).__name__
            raise Malformed(
                f"{program.layer.name}: value {value.number}, {kind}: {error}"
            ) from None


def check_value(program: Values, value: Value, before: tuple[Value, ...]) -> None:
    """One value, by those before it."""
    op = value.op
    for read in reads(op):
        refuse_unless(0 <= read < len(before), f"it reads value {read}, which comes later")
        whole = before[read].kind != "scan" or isinstance(op, Scanned)
        refuse_unless(whole, f"it reads the scan {read} itself")
    if isinstance(op, Scan):
        refuse_unless(op.step.layer == program.layer, "its step is one of another layer")
        verify(op.step)
    if isinstance(op, Input):
        sizes, kind = of_input(program, value)
    else:
        sizes, kind = result_of(op, before)
    refuse_unless(value.sizes == sizes, f"its axes are {value.sizes}, and its operation's {sizes}")
    refuse_unless(value.kind == kind, f"it is {value.kind}, and its operation makes {kind}")


def of_input(program: Values, value: Value) -> tuple[tuple[Expr, ...], str]:
    """The sizes and the kind of what is passed in: a tensor's; a step's are for its scan to see."""
    name = cast(Input, value.op).name
    if isinstance(program, Step):
        return value.sizes, value.kind
    tensor = tensor_of(program.layer, name)
    labels = isinstance(tensor, Tensor) and tensor.integer and tensor.name == name
    return tuple(i.size for i in tensor.indices), "integer" if labels else "real"


def tensor_of(layer: Layer, name: str) -> Tensor | Node:
    """The tensor of the layer that a name means: its own, its cotangent's or its tangent's."""
    for plain in (name, name.removesuffix(TANGENT)):
        for own in (plain, plain.removeprefix(COTANGENT)):
            if own in layer.tensors:
                return layer.tensors[own]
    raise Malformed(f"no tensor is called {name!r}")


def check_sections(program: Program) -> None:
    """Forward and backward read only what they are passed; the cache is what forward has."""
    layer = program.layer
    inputs = {v.number for v in program.values if isinstance(v.op, Input)}
    upstream = {
        v for v in inputs if cast(Input, program[v].op).name == COTANGENT + layer.output.name
    }
    forward, backward, cache = {*program.forward}, {*program.backward}, {*program.cache}
    where = f"{layer.name}: "
    refuse_unless(not forward & backward, f"{where}forward and backward share values")
    check_section(program, "forward", program.forward, inputs - upstream)
    check_section(program, "backward", program.backward, cache | upstream)
    refuse_unless(cache <= forward | inputs - upstream, f"{where}the cache is not forward's")
    scans = sorted(v for v in cache if program[v].kind == "scan")
    refuse_unless(not scans, f"{where}the cache holds the scans {scans} themselves")
    check_results(program, [(layer.output.name, program.output)], forward | inputs)
    check_results(program, program.gradients, backward | cache | upstream)


def check_function(function: Function) -> None:
    """The body reads inputs and itself."""
    inputs = {v.number for v in function.values if isinstance(v.op, Input)}
    check_section(function, "the body", function.body, inputs)
    check_results(function, function.results, {*function.body, *inputs})


def check_step(step: Step) -> None:
    """As of a function; results are those of one place."""
    inputs = {v.number for v in step.values if isinstance(v.op, Input)}
    constants = {v.number for v in step.values if isinstance(v.op, Constant)}
    check_section(step, "a step", step.body, inputs)
    for name, number in step.results:
        where = f"{step.layer.name}: a step's result {name}"
        refuse_unless(name.isidentifier(), f"{where} has no name that a variable may have")
        refuse_unless(number in {*step.body, *inputs, *constants}, f"{where} is not worked out")
        kind = step[number].kind
        refuse_unless(kind in ("real", "integer", "mask"), f"{where} is {kind}")


def check_section(program: Values, name: str, body: tuple[int, ...], passed: set[int]) -> None:
    """The numbers rise, none is passed in, and each value reads what is there before it."""
    where = f"{program.layer.name}: {name}"
    refuse_unless(list(body) == sorted({*body}), f"{where} is not in order")
    there = passed | {v.number for v in program.values if isinstance(v.op, Constant)}
    for number in body:
        op = program[number].op
        refuse_unless(not isinstance(op, Input | Constant), f"{where} works out value {number}")
        missing = sorted({*reads(op)} - there)
        refuse_unless(not missing, f"{where}: value {number} reads {missing}, which are not there")
        there.add(number)


def check_results(program: Values, results: Iterable[tuple[str, int]], there: set[int]) -> None:
    """Each result is there, real, and has its tensor's axes."""
    for name, number in results:
        where, value = f"{program.layer.name}: the result {name}", program[number]
        sizes = tuple(i.size for i in tensor_of(program.layer, name).indices)
        refuse_unless(number in there, f"{where} is not worked out")
        refuse_unless(value.kind == "real", f"{where} is {value.kind}")
        refuse_unless(value.sizes == sizes, f"{where} has the axes {value.sizes}, not {sizes}")
