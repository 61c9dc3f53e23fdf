"""Axes as arrays of integers, which say where entries are taken from and put."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sympy import Expr

from pullback.codegen.lower.arrays import size
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.program.operations import Arange, Operand
from pullback.derive.index.objects import Index


def axis(here: Context, index: Expr) -> Term:
    """An index as an array over its axis."""
    return Term(arange(here, cast(Index, index)), (index,))


def arange(here: Context, index: Index) -> int:
    """An axis as an array; it takes the axis's name in the layer."""
    number = here.builder.add(Arange(size(here, index.size).value))
    name = next((i.name for i in here.work.layer.axes if i.size == index.size), "")
    here.builder.name(number, name)
    return number


def beside(here: Context, others: Sequence[Expr], labels: Term, axis: int) -> tuple[Operand, ...]:
    """Labels for one axis, with every place of the others beside them."""
    at = [Operand(arange(here, cast(Index, i)), (place,)) for place, i in enumerate(others)]
    at.insert(axis, Operand(labels.value, tuple(others.index(i) for i in labels.indices)))
    return tuple(at)
