"""Values in a form that computes well, and Jacobians: their general entries and structures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive import laws
from pullback.derive.calculus.matrix_forms import MatrixForm, matrix_form
from pullback.derive.calculus.steps import Chain, differentiated, in_domain, tidy
from pullback.derive.calculus.structure import Structure, find_structure
from pullback.derive.index.binders import Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.functions import log1p
from pullback.derive.index.kinks import with_own_abs
from pullback.derive.index.objects import Index, entries, entry_name, is_entry
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.algebra import is_hole
from pullback.derive.laws.exponential_sums import (
    exponential_sum,
    has_exponential_term,
    is_exponential_sum,
)
from pullback.derive.laws.matching import Equality, factors
from pullback.derive.laws.zero_sums import Distribution
from pullback.derive.layer import Layer, Node, Tensor


@dataclass(frozen=True)
class Value:
    """A node's right side: `meaning` for differentiating, `code` for computing, and as matrices."""

    node: Node
    meaning: Chain
    code: Chain
    matrix: MatrixForm | None = None


@dataclass(frozen=True)
class Jacobian:
    """∂ node / ∂ tensor: the general entry, with the node's indices primed, and its structure."""

    node: Node
    tensor: Tensor | Node
    rows: tuple[Index, ...]
    columns: tuple[Index, ...]
    entry: Chain
    structure: Structure


def meanings(layer: Layer) -> list[Equality]:
    """What each notation stands for."""
    return [Equality(n.entry, n.expr) for n in layer.notations]


# -- values --------------------------------------------------------------------------------


def derive_values(layer: Layer) -> list[Value]:
    """The value of each node and notation, in order."""
    known: dict[str, Value] = {}
    notation = meanings(layer)
    for node in layer.nodes:
        meaning = Chain(node.expr).then(laws.put_in, notation)
        meaning = (
            meaning.then(laws.common_exponential)
            .then(laws.log_of_quotient)
            .then(laws.sigmoid)
            .then(laws.log_of_sigmoid)
            .then(laws.weights_as_exponentials)
            .then(laws.log_of_quotient)
        )
        meaning = in_domain(meaning, layer)
        code = for_tails(for_computing(near_one(Chain(meaning.end), ())), ())
        if {s.law for s in meaning.steps} <= {laws.put_in.name} and not code.steps:
            code = Chain(node.expr)  # no form is better than the one with the notation in it
        code = for_deviations(code, layer, known)
        known[node.name] = Value(node, meaning, code, matrix_form(node.expr, node.indices))
    values = [*known.values()]
    parts = [s for v in values for s in sums_without_largest(v.code.end)]
    if not parts:
        return values
    return [
        replace(v, code=v.code.then(laws.split_largest, parts).then(laws.distribute))
        for v in values
    ]


def for_deviations(chain: Chain, layer: Layer, values: Mapping[str, Value]) -> Chain:
    """The step that takes deviations from a mean exactly; names are looked through."""
    known = (n for n in layer.notations if n.name in values)
    equal = [Equality(n.entry, values[n.name].meaning.end) for n in known]
    return chain.then(laws.centred, equal, layer.tensors.keys())


def for_computing(chain: Chain, slope: bool = False, textbook: bool = False) -> Chain:
    """The steps that make an expression stable; a slope is 0 where nothing moves the value.

    In a `textbook` the log of a sum of exponentials is not parted at its largest term.
    """
    chain = chain.then(laws.sum_over_delta).then(laws.log_of_quotient)
    chain = chain.then(laws.product_of_exponentials)
    if not textbook:
        chain = chain.then(laws.shift_log_sum_exp)
    chain = chain.then(laws.shift_softplus).then(laws.shift_log)
    chain = chain.then(laws.exponentials_into_quotients).then(laws.shift_softmax, slope)
    chain = chain.then(laws.complement_of_erf).then(laws.scaled_erfc).then(laws.log_of_erfc)
    return chain.then(laws.log_of_sigmoid_in_exponent)


def near_one(chain: Chain, distributions: Sequence[tuple[Expr, Index]]) -> Chain:
    """The steps that leave no 1 beside what is nearly 1, and no log of it."""
    chain = chain.then(laws.log_cosh).then(laws.log_of_one_less).then(laws.over_one_less)
    return chain.then(laws.less_one).then(laws.others, distributions)


def for_tails(chain: Chain, known: Sequence[Equality]) -> Chain:
    """The steps that keep the digits of what is nearly 0 or 1; names are looked through."""
    chain = chain.then(laws.tanh_as_sigmoid, known).then(laws.complement_of_sigmoid, known)
    chain = chain.then(laws.exponential_beside_sigmoid, known)
    return chain.then(laws.sigmoid_less, known)


def sums_without_largest(expr: Expr) -> list[Expr]:
    """The sums that shifting has left under log1p, each with a hole where the largest stood."""
    sums = (e.args[0] for e in expr.atoms(log1p) if isinstance(e.args[0], Sum))
    found = [s for s in sums if any(map(is_hole, sp.Mul.make_args(s.body)))]
    return sorted(found, key=sp.default_sort_key)


def derivative_for_computing(
    expr: Expr, layer: Layer, values: Mapping[str, Value], node: Node
) -> Chain:
    """The steps that make a node's pullback or pushforward stable."""
    ones = distributions(layer, values, node)
    chain = Chain(expr).then(laws.put_in, exponentials_below(expr, layer, values))
    chain = chain.then(laws.zero_sum, ones, ())
    for fact in layer.assumptions:
        chain = chain.then(laws.zero_sum, ones, (fact,), assumes=(fact,))
    shares = [(d.entry, d.index) for d in ones]
    chain = near_one(chain.then(laws.from_label, shares), shares)
    chain = for_computing(chain, slope=True).then(laws.complement, shares)
    chain = for_deviations(chain, layer, values)
    return for_tails(chain, foldable(layer, values, node))


def exponentials_below(expr: Expr, layer: Layer, values: Mapping[str, Value]) -> list[Equality]:
    """The notations that are sums or quotients of exponentials, where others are to be seen too.

    By names alone nobody sees that a quotient by a sum of exponentials is to be shifted as a whole,
    nor that what a share is multiplied by is beyond all numbers only where the share is 0.
    """
    below = [p.base for p in expr.atoms(sp.Pow) if p.exp.is_number and p.exp.is_negative]
    names = {entry_name(a) for base in below for a in entries(base)}
    meaning = {n: values[n.name].meaning.end for n in layer.notations}
    shifted = {n: m for n, m in meaning.items() if has_exponential_term(m)}
    found = shifted if any(n.name in names for n in shifted) else {}
    names = names_beside_exponentials(expr)
    shares = {n: m for n, m in meaning.items() if n.name in names and is_share(m)}
    return [Equality(n.entry, m) for n, m in meaning.items() if n in found or n in shares]


def names_beside_exponentials(expr: Expr) -> set[str]:
    """The names that are factors of a product beside exponentials or sums of them."""
    found: set[str] = set()
    for whole in expr.atoms(sp.Mul):
        if any(map(has_exponential_term, whole.args)):
            found |= {entry_name(f) for f in whole.args if is_entry(f)}
    return found


def is_share(expr: Expr) -> bool:
    """Is it an exponential over a sum of them?"""
    parts = factors(expr)
    above = any(isinstance(b, sp.exp) and p.is_positive for b, p in parts.items())
    return above and any(p.is_negative and is_exponential_sum(b) for b, p in parts.items())


def distributions(layer: Layer, values: Mapping[str, Value], node: Node) -> list[Distribution]:
    """What a node's derivative may name whose entries add up to one: exp(a_j)/Σ_i exp(a_i)."""
    found = []
    for known in named_in(layer, node):
        parts = factors(values[known.name].meaning.end)
        sums = [b for b, power in parts.items() if power == -1 and exponential_sum(b)]
        if len(parts) == 2 and len(sums) == 1:
            a, i = cast("tuple[Expr, Index]", exponential_sum(sums[0]))
            own = next(b for b in parts if b != sums[0])
            for j in known.indices:
                at_j = substitute(a, {i: j})
                if isinstance(own, sp.exp) and own.args[0] == at_j:
                    found.append(Distribution(known.entry, j, at_j))
    return found


# -- Jacobians -----------------------------------------------------------------------------


def derive_jacobian(
    layer: Layer, values: Mapping[str, Value], value: Value, tensor: Tensor | Node
) -> Jacobian:
    """The general entry of ∂ node / ∂ tensor, simplified by laws."""
    node = value.node
    rows = tuple(i.primed for i in node.indices)
    expr = substitute(value.meaning.end, dict(zip(node.indices, rows, strict=True)))
    columns = tuple(tensor.indices)
    chain = differentiated(Chain(Partial(with_own_abs(expr), tensor.entry)))
    chain = chain.then(laws.one_power)
    chain = chain.then(laws.tanh_of_exponentials).then(laws.sigmoid)
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
        return list(product(*(range(sizes.get(i.axis, 2)) for i in indices)))

    def at(indices: tuple[Index, ...], place: tuple[int, ...]) -> dict[Index, Expr]:
        return dict(zip(indices, map(sp.Integer, place), strict=True))

    rows, columns = places(jacobian.rows), places(jacobian.columns)

    def general(row: int, column: int) -> Expr:
        where = {**at(jacobian.rows, rows[row]), **at(jacobian.columns, columns[column])}
        return substitute(jacobian.entry.end, where)

    return sp.Matrix(len(rows), len(columns), general)


def named_in(layer: Layer, node: Node) -> list[Node]:
    """The equations whose names may stand in a node's gradient: notation, and the node itself."""
    return [*layer.notations, *([] if node.notation else [node])]


def foldable(layer: Layer, values: Mapping[str, Value], node: Node) -> list[Equality]:
    """The names that may stand for their definitions in a node's gradient.

    What stands for much comes before what stands for little, and notation before the node itself.
    """
    known = named_in(layer, node)
    meaning = {n.name: values[n.name].meaning.end for n in known}
    length = {name: sum(1 for _ in sp.preorder_traversal(expr)) for name, expr in meaning.items()}
    known.sort(key=lambda n: (-length[n.name], not n.notation))
    return [Equality(n.entry, meaning[n.name]) for n in known]
