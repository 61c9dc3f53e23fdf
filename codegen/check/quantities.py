"""Every value of a derivation and every part of its formulas, in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np
import sympy as sp
from sympy import Expr

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.drawing import Draw, Sizes
from pullback.codegen.notation.matrix.printer import matrix_form
from pullback.codegen.notation.printer import Notation
from pullback.derive.calculus.derivation import Derivation, cotangent_name, derive
from pullback.derive.errors import PullbackError
from pullback.derive.index.binders import Binder
from pullback.derive.index.objects import Index, entries, entry, entry_name, free_indices, is_entry
from pullback.derive.index.rewriting import substitute
from pullback.derive.layer import Layer
from pullback.derive.read.trees import BATCH

MANY = 4  # terms or factors of which every choice is a part of its own


@dataclass(frozen=True)
class Formula:
    """What a tensor or a cotangent is: its name, its axes, its right side."""

    name: str
    indices: tuple[Index, ...]
    expr: Expr

    @property
    def left(self) -> Expr:
        """Its general entry."""
        return entry(self.name, self.indices)


@dataclass(frozen=True)
class Quantity:
    """A value that a backward pass may hold: an expression over axes, and its array."""

    expr: Expr
    indices: tuple[Index, ...]
    array: Array
    name: str = ""  # of the tensor or cotangent that it is; none of a part


class Quantities:
    """The right values of a layer for one draw of its inputs.

    `formulas` are those of nodes, notation and cotangents as they were derived; `by_steps` are the
    same where what is notation counts as a node: those who derive by hand often go these ways.
    """

    def __init__(self, derivation: Derivation, drawn: Draw) -> None:
        self.derivation, self.drawn = derivation, drawn
        self.layer: Layer = derivation.layer
        own, self.world = formulas(derivation), drawn.world
        by_steps = self.agreeing(finer(self.layer))
        self.formulas = {**by_steps, **own}
        self.by_steps = {**own, **by_steps}

    def agreeing(self, other: Derivation | None) -> dict[str, Formula]:
        """The formulas of another derivation whose values agree; its own are put into the world."""
        if other is None:
            return {}
        world, found = self.world, formulas(other)
        for formula in found.values():
            array = world.array(formula.expr, formula.indices)
            if formula.name not in world.arrays:
                world = world.beside({formula.name: array})
            elif not np.allclose(array, world.arrays[formula.name], rtol=1e-8, atol=1e-10):
                return {}
        self.world = world
        return {n: f for n, f in found.items() if np.isfinite(world.arrays[n]).all()}

    @property
    def sizes(self) -> Sizes:
        """The sizes of axes."""
        return self.drawn.sizes

    @cached_property
    def notation(self) -> Notation:
        """How formulas are spelled; the output's own cotangent is 1 where it is a number."""
        return Notation(self.layer)

    @property
    def spelling(self) -> Notation:
        """The same, with the output's own cotangent where it is not 1 in these numbers."""
        return self.notation.whole if self.drawn.upstream else self.notation

    def shaped(self, array: Array, indices: Sequence[Index]) -> Array:
        """An array over these axes as the user's code has it, the leading axes apart."""
        shape: list[int] = []
        for index, size in zip(indices, array.shape, strict=True):
            shape += self.drawn.lead if index.name == BATCH else (size,)
        return array.reshape(shape)

    def spelled(self, expr: Expr, indices: Sequence[Index]) -> str:
        """An expression in index notation, and beside it in matrices where there is such a form."""
        text = self.spelling.spell(expr, indices)
        matrix = matrix_form(expr, tuple(indices), self.spelling) if indices else None
        return f"{text}, that is {matrix}" if matrix and matrix != text else text

    def title(self, quantity: Quantity) -> str:
        """What a quantity is called: ∂L/∂u, or a part of a formula."""
        if quantity.name:
            return self.notation.whole.tensor(quantity.name)
        return self.spelling.spell(quantity.expr, quantity.indices)

    @cached_property
    def known(self) -> tuple[Quantity, ...]:
        """Tensors and cotangents, inputs first, then every part of a formula; each number once."""
        found: list[Quantity] = []
        seen: set[object] = set()

        def keep(quantity: Quantity) -> None:
            key = (quantity.array.shape, np.round(quantity.array.astype(float), 9).tobytes())
            if key not in seen and np.isfinite(quantity.array).all():
                seen.add(key)
                found.append(quantity)

        for name, indices in self.tensors.items():
            keep(Quantity(entry(name, indices), indices, self.world.arrays[name], name))
        every = {**self.formulas, **{f"{n} by steps": f for n, f in self.by_steps.items()}}
        for formula in every.values():
            for part in parts(formula.expr, self.layer.axes):
                if part.is_number or isinstance(part, Index) or is_entry(part):
                    continue
                indices = ordered(part, formula.indices, self.layer)
                keep(Quantity(part, indices, self.world.array(part, indices)))
        return tuple(found)

    @cached_property
    def tensors(self) -> Mapping[str, tuple[Index, ...]]:
        """The axes of every tensor and cotangent by name, cotangents first."""
        output = self.layer.output
        mine = {t.name: t.indices for t in self.layer.tensors.values()}
        named = {f.name: f.indices for f in self.formulas.values() if f.name not in mine}
        return {**named, cotangent_name(output.name): output.indices, **mine}


@lru_cache(8)
def finer(layer: Layer) -> Derivation | None:
    """The derivation in which notation counts as nodes; None where there is none of it, or no way.

    Its steps are not proved: its numbers must agree with those of the one that is.
    """
    if not layer.notations:
        return None
    nodes = tuple(replace(n, notation=False) for n in layer.nodes)
    try:
        return derive(replace(layer, nodes=nodes))
    except PullbackError:
        return None


def formulas(derivation: Derivation) -> dict[str, Formula]:
    """The formula of every node, notation and cotangent by name."""
    found = [Formula(n.name, n.indices, n.expr) for n in derivation.layer.nodes]
    found += [
        Formula(cotangent_name(g.tensor.name), g.tensor.indices, g.total)
        for g in derivation.gradients
    ]
    return {f.name: f for f in found}


def ordered(expr: Expr, first: Sequence[Index], layer: Layer) -> tuple[Index, ...]:
    """The free indices of an expression: in this order if they are these, else the layer's."""
    free = free_indices(expr)
    if {*free} == {*first}:
        return tuple(first)
    order = {i: place for place, i in enumerate(layer.axes)}
    return tuple(sorted(free, key=lambda i: (order.get(i, len(order)), i.name)))


def parts(expr: Expr, axes: Sequence[Index]) -> Iterator[Expr]:
    """An expression and all below it, with every choice of a few terms or factors.

    Below a binder its indices get the names of axes of the layer.
    """
    yield expr
    if isinstance(expr, sp.Add | sp.Mul) and 2 < len(expr.args) <= MANY:
        for count in range(len(expr.args) - 1, 1, -1):
            for some in combinations(expr.args, count):
                yield expr.func(*some)
    if isinstance(expr, sp.Pow) and expr.exp.is_number and expr.exp.is_negative:
        yield 1 / expr  # what is divided by
    if isinstance(expr, Binder):
        yield from parts(below(expr, axes), axes)
    elif not isinstance(expr, sp.Indexed):
        for part in expr.args:
            if isinstance(part, Expr):
                yield from parts(part, axes)


def below(binder: Binder, axes: Sequence[Index]) -> Expr:
    """What a binder binds, over axes of the layer's that are free in it."""
    body, bound = binder.open()
    taken, names = {*free_indices(binder)}, {}
    for index in bound:
        own = [a for a in axes if a.size == index.size]
        name = own[0] if own else index
        while name in taken:
            name = name.primed
        taken.add(name)
        names[index] = name
    return substitute(body, names)


def reads(formula: Formula) -> list[str]:
    """The names of the tensors and cotangents that a formula reads, in a fixed order."""
    return list(dict.fromkeys(entry_name(a) for a in entries(formula.expr)))
