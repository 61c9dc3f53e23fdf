"""Extreme values over an axis, and the places where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from sympy import Expr

from pullback.codegen.lower.arrays import floating, real, spread
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.program.builder import Builder
from pullback.codegen.program.operations import Operation, Pick, Reduce, Take, Value, reads
from pullback.derive.calculus.conditions import sizes
from pullback.derive.index.binders import ArgLargest, ArgSmallest, Binder, Largest, Smallest

REDUCTIONS: Mapping[type, str] = {
    Largest: "max",
    Smallest: "min",
    ArgLargest: "argmax",
    ArgSmallest: "argmin",
}


def extreme(here: Context, expr: Expr) -> Term:
    """max, min, and where they stand."""
    body, (i,) = cast(Binder, expr).open()
    term = real(here, here.under(sizes((i,))).lower(body))
    if i not in term.indices:  # the same at every place
        term = spread(here, floating(here, term), (*cast(Any, term.indices), i))
    others = tuple(j for j in term.indices if j != i)
    op = Reduce(REDUCTIONS[type(expr)], term.value, (term.indices.index(i),))
    return Term(here.builder.add(op), others)


def extremes_at_their_places(builder: Builder, *results: int) -> None:
    """`z[n, argmax(z)]` is `max(z)`, where the place itself is not needed."""
    live = builder.needed(*results)
    readers: dict[int, list[Value]] = {}
    for value in builder:
        for read in reads(value.op) if value.number in live else ():
            readers.setdefault(read, []).append(value)
    for place in builder:
        found = readers.get(place.number, [])
        op = place.op
        if (
            isinstance(op, Reduce)
            and op.kind in ("argmax", "argmin")
            and all(takes_at(r.op, place.number) == (op.value, op.axes) for r in found)
        ):
            for reader in found:
                extreme = Reduce(op.kind.removeprefix("arg"), op.value, op.axes)
                builder.values[reader.number] = replace(reader, op=extreme)


def takes_at(op: Operation, labels: int) -> tuple[int, tuple[int, ...]] | None:
    """The value and the axis along which an operation picks one entry for each place by labels."""
    match op:
        case Take(value, axis, label) if label == labels:
            return value, (axis,)
        case Pick(value, at):
            axes = [axis for axis, o in enumerate(at) if o.value == labels]
            rest = tuple(range(len(at) - 1))
            others = tuple(p for axis, o in enumerate(at) if axis not in axes for p in o.places)
            if len(axes) == 1 and others == rest and at[axes[0]].places == rest:
                return value, tuple(axes)
    return None
