"""Recurrences: one step as a function of slices, and a scan that goes from place to place.

What hangs on no state is worked out before the loop, for all places at once: u = xW is one product,
and so is dU = Σ_t … behind it. The step has the rest, with the axis of time left out: a slice of
what was worked out before, what is the same at each place, and what the step made before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import Expr

from pullback.codegen.lower.arrays import size
from pullback.codegen.lower.context import Known, Term, Work
from pullback.codegen.lower.steps import Steps
from pullback.codegen.lower.tensors import passed_in, reading, result
from pullback.codegen.program.operations import (
    Carried,
    Constant,
    Input,
    Scan,
    Scanned,
    Step,
)
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.calculus.finite import Finite
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.index.objects import (
    Index,
    entry,
)
from pullback.derive.layer import Definitions, Layer, Recurrence, Tensor

UNKNOWN = "?"  # ends the name of what may be 0, where it is only known that something is no number


def loops_of(layer: Layer, meaning: Definitions) -> tuple[Recurrence, ...]:
    """The recurrences among tensors: of nodes, of their cotangents, and of the tangents of both."""
    found = []
    for known in layer.recurrences:
        order = [*known.positions.items()]
        turned = [(cotangent_name(name), at) for name, at in reversed(order)]
        for names, back in ((order, known.back), (turned, not known.back)):
            for each in (names, [(tangent_name(name), at) for name, at in names]):
                there = {name: at for name, at in each if name in meaning}
                if there:
                    found.append(Recurrence(there, back))
    return tuple(found)


def scan(work: Work, loop: Recurrence) -> None:
    """Make all tensors of a recurrence."""
    whole = Steps(work, loop)
    forms = {name: whole.form(name) for name in loop.positions}
    step, names = step_of(whole, forms), [*loop.positions]
    first = names[0]
    axis = work.known.meaning[first][0][loop.positions[first]]
    op = Scan(
        step,
        size(reading(work, first, ()), axis.size).value,
        loop.back,
        tuple(whole.whole.items()),
        tuple(whole.sliced),
        tuple(Carried(name, names.index(of), lag) for (of, lag), name in whole.carried.items()),
    )
    made = work.builder.add(op)
    for number, name in enumerate(names):
        indices, _ = work.known.meaning[name]
        time = indices[loop.positions[name]]
        value = work.builder.add(Scanned(made, number))
        work.builder.name(value, name)
        work.tensors[name] = Term(value, (time, *(i for i in indices if i != time)))
        work.axes[name] = indices


def step_of(given: Steps, forms: Mapping[str, tuple[tuple[Index, ...], Expr]]) -> Step:
    """The operations of one step."""
    outer = given.work.known
    layer = layer_of(given, forms)
    definitions = dict(forms)
    for name in given.unsure:
        axes, _ = given.inputs[name]
        definitions[name] = axes, 1 / entry(name + UNKNOWN, axes)
    known = Known(layer, forms, outer.nonempty, Finite(layer, definitions), ())
    inner = Work(known, given.work.precise, given.work.rule_for, given.work.scan)
    for name, (axes, kind) in given.inputs.items():
        passed_in(inner, name, axes, kind)
    found = [(name, result(inner, name)) for name in forms]
    given.work.quiet |= inner.quiet
    values = inner.builder.values
    body = inner.builder.needed(*(value for _, value in found))
    return Step(
        layer=given.work.layer,
        values=tuple(values),
        results=tuple(found),
        body=tuple(sorted(v for v in body if not isinstance(values[v].op, Input | Constant))),
        quiet=inner.quiet,
    )


def layer_of(given: Steps, forms: Mapping[str, tuple[tuple[Index, ...], Expr]]) -> Layer:
    """The step as a layer: what it is given, and nodes, finite where the layer's are."""
    inputs = tuple(Tensor(name, axes) for name, (axes, _) in given.inputs.items())
    own = given.work.layer
    nodes = tuple(
        replace(node, indices=forms[node.name][0], expr=forms[node.name][1])
        for node in own.nodes
        if node.name in forms
    )
    return replace(own, inputs=inputs, nodes=nodes, recurrences=())
