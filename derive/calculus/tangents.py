"""Forward mode: how each node changes along tangents of the inputs, by the same Jacobians."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from pullback.derive import laws
from pullback.derive.calculus.jacobians import (
    Jacobian,
    Value,
    derivative_for_computing,
    derive_jacobian,
    foldable,
    meanings,
)
from pullback.derive.calculus.matrix_forms import MatrixForm, matrix_form
from pullback.derive.calculus.reasoning import Reasoning, in_matrices
from pullback.derive.calculus.steps import Chain, tidy
from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import earlier, entries, entry, entry_name, own_name
from pullback.derive.index.rewriting import substitute
from pullback.derive.layer import Layer, Node
from pullback.derive.read.vocabulary import TANGENT


@dataclass(frozen=True)
class Pushforward:
    """J ẋ from the sum over the tensor's entries to its short form, and a form for computing."""

    jacobian: Jacobian
    tangent: Expr
    result: Chain
    code: Chain


@dataclass(frozen=True)
class Tangent:
    """How a node changes along the inputs' tangents: the sum over the tensors that it reads."""

    node: Node
    tangent: Expr
    parts: tuple[Pushforward, ...]
    matrix: MatrixForm | None

    @property
    def total(self) -> Expr:
        """The sum of the short forms."""
        return total(self.parts)

    @property
    def code(self) -> Expr:
        """The sum of the forms that compute well."""
        return sp.Add(*(p.code.end for p in self.parts))

    def reasonings(self, second: bool) -> list[Reasoning]:
        """Its chains; of first derivatives without those of Jacobians, which gradients have."""
        found = []
        for push in self.parts:
            what = f"∂{self.node.name}/∂{push.jacobian.tensor.name}, pushed forward"
            chains = (push.jacobian.entry, push.result, push.code)
            new = chains if second else chains[1:]
            found += [Reasoning(what, c, self.node, second) for c in new]
        return found + in_matrices(entry_name(self.tangent), self.matrix, second)


def total(parts: Iterable[Pushforward]) -> Expr:
    """The sum of short forms."""
    return sp.Add(*(p.result.end for p in parts))


def tangent_name(name: str) -> str:
    """The name of a tensor's tangent, which goes through a recurrence as the tensor does."""
    own = own_name(name)
    return own + TANGENT if own == name else earlier(own + TANGENT)


def derive_tangents(
    layer: Layer,
    values: Mapping[str, Value],
    nodes: Sequence[Node],
    moving: Iterable[str],
    known: Mapping[tuple[str, str], Jacobian],
) -> tuple[Tangent, ...]:
    """The tangents of nodes, in order, where the tensors named `moving` have tangents.

    `known` holds Jacobians that are derived already, by node and tensor.
    """
    looped = [earlier(n.name) for n in nodes if layer.recurrence(n.name)]
    order = {name: place for place, name in enumerate(dict.fromkeys([*moving, *looped]))}
    found, notation = [], meanings(layer)
    for node in nodes:
        if node.notation:
            continue
        read = {entry_name(a) for a in entries(laws.put_in(node.expr, notation))}
        parts = []
        for name in sorted(read & order.keys(), key=order.__getitem__):
            jacobian = known.get((node.name, name))
            if jacobian is None:
                jacobian = derive_jacobian(layer, values, values[node.name], layer.tensor(name))
            parts.append(push(layer, values, jacobian))
        matrix = matrix_form(total(parts), node.indices)
        moved = entry(tangent_name(node.name), node.indices)
        tangent = Tangent(node, moved, tuple(parts), matrix)
        found.append(tangent)
        if tangent.total != 0:
            order.setdefault(node.name, len(order))
    return tuple(found)


def push(layer: Layer, values: Mapping[str, Value], jacobian: Jacobian) -> Pushforward:
    """J ẋ in its short form: the sum runs over the tensor's axes, which are primed for that."""
    node, tensor = jacobian.node, jacobian.tensor
    columns = tuple(i.primed for i in tensor.indices)
    swap = dict(zip(jacobian.rows, node.indices, strict=True))
    swap |= dict(zip(jacobian.columns, columns, strict=True))
    tangent = entry(tangent_name(tensor.name), columns)
    chain = Chain(Sum(substitute(jacobian.entry.end, swap) * tangent, *columns))
    chain = tidy(chain, layer).then(laws.common_factor)
    chain = chain.then(laws.fold, foldable(layer, values, node))
    code = derivative_for_computing(chain.end, layer, values, node)
    return Pushforward(jacobian, tangent, chain, code)
