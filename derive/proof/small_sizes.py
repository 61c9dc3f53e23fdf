"""Small numbers for the sizes of a step's axes, at which what is assumed can hold."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.calculus.steps import Step
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import Index, entries, entry_name, free_indices, is_size
from pullback.derive.layer import Definitions, Layer, with_earlier
from pullback.derive.proof.cases import RandomCases
from pullback.derive.proof.making import Nodes
from pullback.derive.proof.nodes import Node
from pullback.derive.proof.scalars import Scalars
from pullback.derive.proof.symbolic import Symbolic
from pullback.derive.proof.ties import Solution, Ties, Unsolved
from pullback.derive.proof.writing_out import write
from pullback.derive.read.symbols import BATCH_SIZE

Sizes = Mapping[Expr, int]


def small_sizes(exprs: Iterable[Expr], largest: int = 4) -> dict[Expr, int]:
    """Small numbers for the sizes: examples and leading axes 2, the others 3, 4, … or fewer.

    With many axes the largest is 3, so that the places and cases of all of them stay few. A size
    that is alone is 3.
    """
    found = {i.size for e in exprs for i in e.atoms(Index)}
    found |= {s for e in exprs for s in e.atoms(sp.Symbol) if is_size(s)}
    ordered = sorted(found, key=lambda s: (s.name not in ("N", BATCH_SIZE), s.name))
    largest = min(largest, 3) if len(ordered) > 3 else largest
    if len(ordered) == 1:
        return {ordered[0]: 3}
    return {size: min(2 + place, largest) for place, size in enumerate(ordered)}


def sizes_to_try(
    layer: Layer, step: Step, definitions: Definitions
) -> tuple[list[Index], list[dict[Expr, int]]]:
    """The free indices of both sides of a step, and the sizes of all axes, larger ones first."""
    exprs = [step.before, step.after]
    names: set[str] = set()
    for expr in exprs:  # grows by what the names in it stand for
        new = {entry_name(a) for a in entries(expr)} - names
        exprs += [definitions[n][1] for n in sorted(new & set(definitions))]
        names |= new
    exprs += [size for name, size in labels(layer).items() if name in names]
    exprs += step.assumes
    indices = {i for e in exprs[:2] for i in free_indices(e)}
    found: list[dict[Expr, int]] = []
    for largest in (4, 3, 2):
        sizes = fitting(small_sizes(exprs, largest), layer, equalities(step.assumes))
        found += [sizes] if sizes not in found else []
    return sorted(indices, key=lambda i: i.name), found


def equalities(facts: Iterable[Relational]) -> list[Relational]:
    """Of what is assumed, what is said to be equal."""
    return [fact for fact in facts if isinstance(fact, sp.Eq)]


def fitting(sizes: dict[Expr, int], layer: Layer, facts: Sequence[Relational]) -> dict[Expr, int]:
    """The sizes, or equal ones where only at these all facts can hold together."""
    equal = dict.fromkeys(sizes, max(3, *sizes.values()) if sizes else 3)
    for tried in (sizes, equal) if facts else ():
        if solved(layer, facts, tried):
            return tried
    if facts:
        raise no_point(layer, facts)
    return sizes


def solved(layer: Layer, facts: Sequence[Relational], sizes: Sizes) -> list[Solution]:
    """The ways in which facts hold together at these sizes."""
    symbolic = Symbolic(Nodes(), RandomCases(random.Random(0), 1))
    scalars = Scalars(sizes, definitions_of(layer), symbolic, labels(layer))
    try:
        return Ties(symbolic.nodes, symbolic.zeros).solve(list(written(facts, scalars)))
    except Unsolved:
        raise no_point(layer, facts) from None


def definitions_of(layer: Layer) -> Definitions:
    """What each node of a layer is."""
    return with_earlier({n.name: (n.indices, n.expr) for n in layer.nodes})


def written(facts: Iterable[Relational], scalars: Scalars[Node]) -> Iterable[Node]:
    """Facts at all their places, as nodes that are 0."""
    for fact in facts:
        for at in places(free_indices(fact), scalars.sizes):
            left, right = write(scalars, fact.lhs, at), write(scalars, fact.rhs, at)
            yield cast(Symbolic, scalars.algebra).nodes.subtract(left, right)


def places(indices: Sequence[Index], sizes: Sizes) -> Iterator[dict[Index, int]]:
    """Every place of these indices."""
    for found in product(*(range(sizes[i.size]) for i in indices)):
        yield dict(zip(indices, found, strict=True))


def labels(layer: Layer) -> dict[str, Expr]:
    """The integer tensors and the sizes they point into."""
    return {t.name: t.labels_of for t in layer.inputs if t.labels_of is not None}


def named(sizes: Sizes) -> tuple[tuple[str, int], ...]:
    """Sizes for people."""
    return tuple((str(s), n) for s, n in sizes.items())


def no_point(layer: Layer, facts: Iterable[Relational]) -> ProofFailed:
    """That facts cannot be made to hold."""
    words = " and ".join(f"{f.lhs} = {f.rhs}" for f in facts)
    return ProofFailed(f"{layer.name}: no point was found where {words}")
