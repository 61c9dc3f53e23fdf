"""The whole program of a derivation: forward, backward, what is kept between them, and tangents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from pullback.codegen.lower.context import Known, Work
from pullback.codegen.lower.extremes import extremes_at_their_places
from pullback.codegen.lower.nonempty import nonempty
from pullback.codegen.lower.rules import rule_for
from pullback.codegen.lower.scans import loops_of, scan
from pullback.codegen.lower.tensors import meanings, passed_in, result, tensor
from pullback.codegen.program.builder import Builder
from pullback.codegen.program.operations import (
    Constant,
    Function,
    Input,
    Program,
    Scanned,
    Size,
    reads,
)
from pullback.codegen.program.verify import verify
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.finite import Finite
from pullback.derive.calculus.tangents import tangent_name


def lower(derivation: Derivation, precise: bool = False) -> Program:
    """The program of a derivation; `precise` as in Program."""
    layer, wanted = derivation.layer, derivation.wanted
    about = known(derivation)
    work = begin(about, precise)
    upstream = passed_in(work, cotangent_name(layer.output.name), layer.output.indices)
    # in the order of the derivation, so that the code is read beside it
    order = [g.tensor.name for g in derivation.gradients if g.tensor.name in wanted]
    names = [layer.output.name, *map(cotangent_name, order)]
    (_, output), *made = results(work, names)
    gradients = dict(zip(order, (value for _, value in made), strict=True))
    found = sections(work.builder, output, [*gradients.values()], upstream.value)
    seconds = not layer.output.indices and not derivation.no_seconds
    moving = along_tangents(about, derivation)
    program = Program(
        layer=layer,
        values=tuple(work.builder.values),
        output=output,
        gradients=tuple((n, gradients[n]) for n in wanted),
        forward=found.forward,
        backward=found.backward,
        cache=found.cache,
        nonempty=about.nonempty,
        precise=precise,
        jvp=jvp(moving, wanted, precise),
        hvp=hvp(moving, wanted, precise) if seconds else None,
        quiet=work.quiet,
    )
    verify(program)
    return program


def known(derivation: Derivation) -> Known:
    """What is known of a derivation."""
    layer, meaning = derivation.layer, meanings(derivation)
    finite = Finite(layer, meaning)  # a state is, where the one before it is
    needed = nonempty(derivation, meaning)
    return Known(layer, meaning, needed, finite, loops_of(layer, meaning))


def along_tangents(about: Known, derivation: Derivation) -> Known:
    """The same, where a scalar output's cotangent is 1; that of another stays as it is."""
    if about.layer.output.indices:
        return about
    meaning = meanings(derivation, along=True)
    return replace(about, meaning=meaning, finite=Finite(about.layer, meaning))


def jvp(about: Known, wanted: Sequence[str], precise: bool) -> Function:
    """The output and its derivative along tangents of these inputs."""
    output = about.layer.output.name
    return function(about, wanted, precise, [output, tangent_name(output)])


def hvp(about: Known, wanted: Sequence[str], precise: bool) -> Function:
    """The derivative of each gradient along tangents of these inputs."""
    names = [tangent_name(cotangent_name(n)) for n in wanted]
    return function(about, wanted, precise, names)


def lower_every(derivation: Derivation) -> Function:
    """The operations from inputs and the output's cotangent to every tensor and every gradient."""
    layer = derivation.layer
    work = begin(known(derivation))
    passed_in(work, cotangent_name(layer.output.name), layer.output.indices)
    names = [n.name for n in layer.nodes]
    names += [cotangent_name(g.tensor.name) for g in derivation.gradients]
    return finished(work, names)


def function(about: Known, wanted: Iterable[str], precise: bool, names: Iterable[str]) -> Function:
    """The operations from inputs, and tangents of those wanted, to tensors of these names."""
    work = begin(about, precise)
    for name in wanted:
        passed_in(work, tangent_name(name), about.layer.tensor(name).indices)
    return finished(work, names)


def finished(work: Work, names: Iterable[str]) -> Function:
    """The function whose results are the tensors of these names."""
    found = results(work, names)
    values = work.builder.values
    body = work.builder.needed(*(value for _, value in found))
    return Function(
        layer=work.layer,
        values=tuple(values),
        results=tuple(found),
        body=tuple(sorted(v for v in body if not isinstance(values[v].op, Input | Constant))),
        quiet=work.quiet,
    )


def begin(about: Known, precise: bool = False) -> Work:
    """The work on a function, its inputs passed in."""
    work = Work(about, precise, rule_for, scan)
    for given in about.layer.inputs:
        passed_in(work, given.name, given.indices, "integer" if given.integer else "real")
    return work


def results(work: Work, names: Iterable[str]) -> list[tuple[str, int]]:
    """The values of these tensors by name, once those of all nodes are made, in order."""
    for node in work.layer.nodes:
        if not node.notation:
            tensor(work, node.name)
    found = [(name, result(work, name)) for name in names]
    extremes_at_their_places(work.builder, *(value for _, value in found))
    return found


def is_scanned(builder: Builder, number: int, forward: Collection[int]) -> bool:
    """Is it a result of a scan that forward has? It is taken there, as no scan itself is kept."""
    op = builder.values[number].op
    return isinstance(op, Scanned) and op.scan in forward


@dataclass(frozen=True)
class Sections:
    """The values of each part of a program, in order."""

    forward: tuple[int, ...]
    backward: tuple[int, ...]
    cache: tuple[int, ...]


def sections(builder: Builder, output: int, gradients: list[int], upstream: int) -> Sections:
    """Forward makes what the output needs, and sizes; backward the rest of what gradients need.

    Backward reads inputs and forward's values from the cache, and has constants of its own.
    """
    inputs = {v.number for v in builder if isinstance(v.op, Input)}
    lengths = {v.number for v in builder if isinstance(v.op, Size)}
    constants = {v.number for v in builder if isinstance(v.op, Constant)}
    forward = builder.needed(output)
    backward = builder.needed(*gradients) - forward - constants
    forward |= {v for v in backward if is_scanned(builder, v, forward)}
    backward -= forward
    forward |= lengths & builder.needed(*backward)
    backward -= lengths
    read = {r for v in backward for r in reads(builder.values[v].op)} | {*gradients}
    cache = read - (backward - inputs) - {upstream} - constants
    return Sections(
        forward=tuple(sorted(forward - inputs - constants)),
        backward=tuple(sorted(backward - inputs - cache)),
        cache=tuple(sorted(cache)),
    )
