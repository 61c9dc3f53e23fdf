"""From a layer to its gradients, step by step.

For each node: its value, simplified and put into a form that computes well; for each tensor that
it reads: the Jacobian's general entry by SymPy, its structure, and the pullback. The chain rule
runs over the named nodes in reverse; a tensor that is read twice gets the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from derive import laws
from derive.expressions import (
    Index,
    Sum,
    entries,
    entry,
    entry_name,
    log1p,
    substitute,
)
from derive.laws import Equality, Law
from derive.layer import Layer, Node, Tensor
from derive.structure import Structure, find_structure
from derive.vocabulary import COTANGENT


class Partial(Expr):
    """∂ expr / ∂ entry, not yet worked out."""

    @property
    def expr(self) -> Expr:
        """What is differentiated."""
        return cast(Expr, self.args[0])

    @property
    def wrt(self) -> Expr:
        """The entry by which it is differentiated."""
        return cast(Expr, self.args[1])


@dataclass(frozen=True)
class Step:
    """One use of a law: `before` equals `after`, given what is assumed."""

    law: Law
    before: Expr
    after: Expr
    assumes: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class Chain:
    """Steps, each of which goes on where the one before it ended."""

    start: Expr
    steps: tuple[Step, ...] = ()

    @property
    def end(self) -> Expr:
        """What the steps lead to."""
        return self.steps[-1].after if self.steps else self.start

    def then(self, law: Law, *context: Any, assumes: tuple[Relational, ...] = ()) -> Chain:
        """The chain with one more step, if the law changes anything."""
        after = law(self.end, *context)
        if after == self.end:
            return self
        return Chain(self.start, (*self.steps, Step(law, self.end, after, assumes)))


@dataclass(frozen=True)
class Value:
    """A node's right side: `meaning` for differentiating, `code` for computing."""

    node: Node
    meaning: Chain
    code: Chain


@dataclass(frozen=True)
class Jacobian:
    """∂ node / ∂ tensor: the general entry, with the node's indices primed, and its structure."""

    node: Node
    tensor: Tensor | Node
    rows: tuple[Index, ...]
    columns: tuple[Index, ...]
    entry: Chain
    structure: Structure


@dataclass(frozen=True)
class Pullback:
    """Jᵀg from the sum over the node's entries to its short form, and a form that computes well."""

    jacobian: Jacobian
    cotangent: Expr
    result: Chain
    code: Chain


@dataclass(frozen=True)
class Gradient:
    """The cotangent of a tensor: the sum over the nodes that read it."""

    tensor: Tensor | Node
    cotangent: Expr
    parts: tuple[Pullback, ...]

    @property
    def total(self) -> Expr:
        """The sum of the short forms."""
        return sp.Add(*(p.result.end for p in self.parts))

    @property
    def code(self) -> Expr:
        """The sum of the forms that compute well."""
        return sp.Add(*(p.code.end for p in self.parts))


@dataclass(frozen=True)
class Derivation:
    """Everything that follows from a layer: values in order, gradients in reverse order."""

    layer: Layer
    values: tuple[Value, ...]
    gradients: tuple[Gradient, ...]
    wanted: tuple[str, ...] = field(default=())

    def value(self, name: str) -> Value:
        """The value of the node of that name."""
        return next(v for v in self.values if v.node.name == name)

    def gradient(self, name: str) -> Gradient:
        """The gradient by the tensor of that name; KeyError where it was not wanted."""
        for gradient in self.gradients:
            if gradient.tensor.name == name:
                return gradient
        known = ", ".join(g.tensor.name for g in self.gradients)
        raise KeyError(f"no gradient by {name!r} was derived; there are {known}")

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the derivation."""
        chains = [c for v in self.values for c in (v.meaning, v.code)]
        for gradient in self.gradients:
            for part in gradient.parts:
                chains += [part.jacobian.entry, part.result, part.code]
        return tuple(step for chain in chains for step in chain.steps)


def cotangent_name(name: str) -> str:
    """The name of a tensor's cotangent."""
    return COTANGENT + name


def derive(layer: Layer) -> Derivation:
    """Derive every gradient that the layer wants."""
    values = derive_values(layer)
    by_name = {v.node.name: v for v in values}
    readers = reading_nodes(layer)
    needed = on_the_way(layer, readers)
    gradients = []
    nodes: list[Tensor | Node] = [n for n in reversed(layer.nodes) if not n.notation]
    for tensor in [*nodes, *layer.inputs]:
        if tensor.name not in needed or tensor.name == layer.output.name:
            continue
        parts = tuple(
            derive_pullback(layer, by_name, by_name[reader], tensor)
            for reader in readers.get(tensor.name, ())
            if reader in needed
        )
        cotangent = entry(cotangent_name(tensor.name), tensor.indices)
        gradients.append(Gradient(tensor, cotangent, parts))
    return Derivation(layer, tuple(values), tuple(gradients), layer.wrt)


def reading_nodes(layer: Layer) -> dict[str, list[str]]:
    """Which nodes read a tensor, notation looked through."""
    readers: dict[str, list[str]] = {}
    for node in layer.nodes:
        if node.notation:
            continue
        names = {entry_name(a) for a in entries(laws.put_in(node.expr, meanings(layer)))}
        for name in sorted(names):
            readers.setdefault(name, []).append(node.name)
    return readers


def on_the_way(layer: Layer, readers: dict[str, list[str]]) -> set[str]:
    """The tensors between a wanted input and the output."""
    reached: set[str] = set()
    frontier = list(layer.wrt)
    while frontier:
        name = frontier.pop()
        if name not in reached:
            reached.add(name)
            frontier.extend(readers.get(name, ()))
    leads = {layer.output.name}
    for node in reversed([n for n in layer.nodes if not n.notation]):
        if any(r in leads for r in readers.get(node.name, ())):
            leads.add(node.name)
    leads |= {t.name for t in layer.inputs}
    return reached & leads


def meanings(layer: Layer) -> list[Equality]:
    """What each notation stands for."""
    return [Equality(n.entry, n.expr) for n in layer.notations]


# -- values --------------------------------------------------------------------------------


def derive_values(layer: Layer) -> list[Value]:
    """The value of each node and notation, in order."""
    values = []
    for node in layer.nodes:
        meaning = Chain(node.expr).then(laws.put_in, meanings(layer))
        meaning = meaning.then(laws.log_of_quotient).then(laws.log_of_sigmoid)
        code = for_computing(meaning.end)
        if {s.law for s in meaning.steps} <= {laws.put_in} and not code.steps:
            code = Chain(node.expr)  # no form is better than the one with the notation in it
        values.append(Value(node, meaning, code))
    parts = [s for v in values for s in sums_without_largest(v.code.end)]
    if not parts:
        return values
    return [
        Value(v.node, v.meaning, v.code.then(laws.split_largest, parts).then(laws.distribute))
        for v in values
    ]


def for_computing(expr: Expr) -> Chain:
    """The steps that make an expression stable."""
    chain = Chain(expr).then(laws.shift_log_sum_exp).then(laws.shift_softmax)
    return chain.then(laws.shift_softplus)


def sums_without_largest(expr: Expr) -> list[Expr]:
    """The sums that shifting has left under log1p."""
    found = [e.args[0] for e in expr.atoms(log1p) if isinstance(e.args[0], Sum)]
    return sorted(found, key=sp.default_sort_key)


# -- Jacobians -----------------------------------------------------------------------------


def primed(index: Index) -> Index:
    """The same axis, for the node's own entry: n becomes n′."""
    return Index(f"{index.name}'", index.size)


def derive_jacobian(
    layer: Layer, values: dict[str, Value], value: Value, tensor: Tensor | Node
) -> Jacobian:
    """The general entry of ∂ node / ∂ tensor, simplified by laws."""
    node = value.node
    rows = tuple(primed(i) for i in node.indices)
    expr = substitute(value.meaning.end, dict(zip(node.indices, rows, strict=True)))
    columns = tuple(tensor.indices)
    chain = Chain(Partial(expr, tensor.entry))
    chain = chain.then(DIFFERENTIATE).then(laws.sigmoid)
    chain = tidy(chain, layer)
    chain = chain.then(laws.fold, foldable(layer, values, node))
    structure = find_structure(chain.end, rows, columns)
    return Jacobian(node, tensor, rows, columns, chain, structure)


def jacobian(layer: Layer, node: str, tensor: str) -> Jacobian:
    """The Jacobian of any node by any real tensor that it reads; zero where it does not read it."""
    values = {v.node.name: v for v in derive_values(layer)}
    if node not in values or values[node].node.notation:
        raise KeyError(f"{layer.name} has no node {node!r}")
    return derive_jacobian(layer, values, values[node], layer.tensor(tensor))


def written_out(jacobian: Jacobian, sizes: Mapping[str, int]) -> sp.Matrix:
    """A Jacobian as a matrix at small sizes, a row for each entry of the node.

    `sizes` gives the size of each axis by its name, as in {"n": 1, "k": 2}; axes that are left out
    have size 2.
    """

    def places(indices: tuple[Index, ...]) -> list[tuple[int, ...]]:
        names = [i.name.rstrip("'") for i in indices]
        return list(product(*(range(sizes.get(name, 2)) for name in names)))

    def at(indices: tuple[Index, ...], place: tuple[int, ...]) -> dict[Index, Expr]:
        return dict(zip(indices, map(sp.Integer, place), strict=True))

    rows, columns = places(jacobian.rows), places(jacobian.columns)

    def general(row: int, column: int) -> Expr:
        where = {**at(jacobian.rows, rows[row]), **at(jacobian.columns, columns[column])}
        return substitute(jacobian.entry.end, where)

    return sp.Matrix(len(rows), len(columns), general)


def differentiate(expr: Expr) -> Expr:
    """SymPy differentiates by one entry: ∂x_n/∂x_m = δ(n, m); kinks have their declared slopes."""
    assert isinstance(expr, Partial)
    return cast(Expr, expr.expr.diff(expr.wrt))


DIFFERENTIATE = laws.law("differentiate")(differentiate)


def foldable(layer: Layer, values: dict[str, Value], node: Node) -> list[Equality]:
    """The names that may stand for their definitions in a node's gradient.

    Notation comes before the node itself, and what stands for much before what stands for little.
    """
    known = [n for n in layer.nodes if n.notation or n.name == node.name]
    meaning = {n.name: values[n.name].meaning.end for n in known}
    length = {name: sum(1 for _ in sp.preorder_traversal(expr)) for name, expr in meaning.items()}
    known.sort(key=lambda n: (not n.notation, -length[n.name]))
    return [Equality(n.entry, meaning[n.name]) for n in known]


def tidy(chain: Chain, layer: Layer) -> Chain:
    """Deltas are summed away, constants come out of sums, assumptions are used, to the end."""
    for _ in range(20):
        before = chain
        chain = chain.then(laws.factor_of_cases)
        chain = chain.then(laws.distribute)
        chain = chain.then(laws.linearity)
        chain = chain.then(laws.sum_over_delta)
        chain = chain.then(laws.sum_of_constant)
        chain = chain.then(laws.cancel)
        for fact in layer.assumptions:
            chain = chain.then(laws.assumption, fact, assumes=(fact,))
        if chain is before:
            return chain
    raise RecursionError("the laws do not come to an end")


# -- pullbacks -----------------------------------------------------------------------------


def derive_pullback(
    layer: Layer, values: dict[str, Value], value: Value, tensor: Tensor | Node
) -> Pullback:
    """Jᵀg in its short form."""
    jacobian = derive_jacobian(layer, values, value, tensor)
    name = cotangent_name(value.node.name)
    g = entry(name, jacobian.rows)
    chain = Chain(Sum(g * jacobian.entry.end, *jacobian.rows))
    chain = tidy(chain, layer)
    chain = chain.then(laws.common_factor)
    chain = chain.then(laws.fold, foldable(layer, values, value.node))
    code = for_computing(chain.end).then(laws.complement, distributions(layer, values))
    code = code.then(laws.mask_from_output, [Equality(value.node.entry, value.meaning.end)])
    return Pullback(jacobian, g, chain, code)


def distributions(layer: Layer, values: dict[str, Value]) -> list[tuple[Expr, Index]]:
    """The tensors whose entries add up to one over an axis: exp(a_j)/Σ_i exp(a_i)."""
    found = []
    for node in layer.nodes:
        parts = laws.factors(values[node.name].meaning.end)
        sums = [b for b, power in parts.items() if power == -1 and laws.exponential_sum(b)]
        if len(parts) == 2 and len(sums) == 1:
            a, i = cast("tuple[Expr, Index]", laws.exponential_sum(sums[0]))
            own = next(b for b in parts if b != sums[0])
            for j in node.indices:
                if isinstance(own, sp.exp) and own.args[0] == substitute(a, {i: j}):
                    found.append((node.entry, j))
    return found
