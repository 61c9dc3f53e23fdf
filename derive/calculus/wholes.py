"""Gradients put together: what a gradient comes to with another one put in for its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sympy import Expr

from pullback.derive import laws
from pullback.derive.calculus.matrix_forms import MatrixForm, matrix_form
from pullback.derive.calculus.steps import Chain
from pullback.derive.index.objects import Index
from pullback.derive.laws.matching import Equality
from pullback.derive.layer import Node


@dataclass(frozen=True)
class Whole:
    """A gradient with `known` put in for its name, and what it comes to as matrices."""

    known: Node
    chain: Chain
    matrix: MatrixForm | None


def put_together(at: Expr, axes: tuple[Index, ...], known: Iterable[Node]) -> Iterator[Whole]:
    """A gradient with others put in, one after the other; what is common stands before it."""
    for node in known:
        chain = Chain(at).then(laws.put_in, [Equality(node.entry, node.expr)])
        if chain.steps:
            chain = chain.then(laws.common_factor)
            yield Whole(node, chain, matrix_form(chain.end, axes))
            at = chain.end
