"""Tensors by name: what their names stand for, and their values."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import floating, spread
from pullback.codegen.lower.context import Context, Term, Work
from pullback.codegen.program.operations import Input
from pullback.derive.calculus.conditions import sizes
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.index.objects import Index, entry, own_name
from pullback.derive.layer import Definitions, Node


def meanings(derivation: Derivation, along: bool = False) -> Definitions:
    """What nodes, cotangents and tangents stand for, in the forms that are computed.

    With `along` the cotangent of a scalar output is 1.
    """
    output = derivation.layer.output
    upstream = entry(cotangent_name(output.name), output.indices)
    unit = {upstream: sp.S.One} if along and not output.indices else {}
    meaning = {v.node.name: (v.node.indices, v.code.end) for v in derivation.values}
    for gradient in derivation.gradients:
        name = cotangent_name(gradient.tensor.name)
        meaning[name] = (gradient.tensor.indices, gradient.code.xreplace(unit))
    for tangent in (*derivation.tangents, *derivation.seconds):
        meaning[tangent_name(tangent.node.name)] = (tangent.node.indices, tangent.code)
    return meaning


def passed_in(work: Work, name: str, indices: tuple[Index, ...], kind: str = "real") -> Term:
    """A tensor that is passed in."""
    value = work.builder.input(name, tuple(i.size for i in indices), kind)
    work.axes[name] = indices
    work.tensors[name] = Term(value, indices)
    return work.tensors[name]


def tensor(work: Work, name: str) -> Term:
    """The value of an input, a node, a notation, a cotangent or a tangent; also where these are
    read at other places of a recurrence."""
    own = own_name(name)
    if own not in work.tensors:
        loop = next((x for x in work.known.loops if own in x.positions), None)
        if loop:
            work.scan(work, loop)
        else:
            define(work, own, *work.known.meaning[own])
    if own != name:
        work.axes[name] = work.axes[own]
    return work.tensors[own]


def define(work: Work, name: str, indices: tuple[Index, ...], expr: Expr) -> None:
    """Lower a tensor's expression and give the result its name.

    The value may lack axes along which it does not change, and keeps its own order of axes.
    """
    term = reading(work, name, indices).lower(expr)
    work.builder.name(term.value, name)
    work.tensors[name] = term
    work.axes[name] = indices


def reading(work: Work, name: str, indices: tuple[Index, ...]) -> Context:
    """Where the expression of a tensor is read."""
    in_slope = not isinstance(work.layer.tensors.get(name), Node)
    return Context(work, name, indices, sizes(indices).union(work.known.nonempty), in_slope)


def result(work: Work, name: str) -> int:
    """The value of a tensor with all its axes, in their order."""
    own, axes, builder = tensor(work, name), work.axes[name], work.builder
    here = reading(work, name, axes)
    term = spread(here, floating(here, own), axes)
    value = builder.values[own.value]
    if term.value != own.value and value.name == name and not isinstance(value.op, Input):
        builder.rename(own.value, "")  # the name is for the result alone
    builder.name(term.value, name)
    return term.value
