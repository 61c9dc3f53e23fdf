"""Along which axes a layer can be cut, so that its parts are worked out apart from one another.

A layer is cut along an axis where every value on the way to its output is one of three:

- cut: it has the axis, and what it is at a place is made of what is cut, at the same place, and of
  what is whole;
- whole: nothing in it hangs on the axis;
- a weighted sum: c Σ_n t[n] + r, where t is cut, r is whole, and the weight c is 1/N or 1. It may
  be read where it is added up, and multiplied by what is whole.

Then the layer itself, at a part of each input that is cut and at the others as they are, gives a
part of its output, or with L_p, the layer at part p, and N_p, the number of its places:

    L = Σ_p w_p L_p + (1 - Σ_p w_p) r,    w_p = N_p/N for a mean, 1 for a sum

The weights of a mean make 1. Gradients follow, as this is linear in each L_p: those of part p are
the layer's own for the cotangent w_p ∂ℒ/∂L. What is found here knows no layer by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import Expr

from pullback.derive import laws
from pullback.derive.calculus.cuts import MEAN, SUM, Cut, Cutting, Uncut
from pullback.derive.calculus.reading import reached_from
from pullback.derive.calculus.reasoning import Reasoning
from pullback.derive.calculus.steps import Chain
from pullback.derive.index.binders import Binder, Place, Smallest, Sum
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entries,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    own_name,
    size_symbol,
)
from pullback.derive.laws.matching import Equality
from pullback.derive.laws.parts import Apart, Mixed, apart
from pullback.derive.layer import Layer, Node, Tensor

WEIGHTS = {-1: MEAN, 0: SUM}  # by the power of the size before the sum
PART = "part"  # holds labels: in which part a place lies


class Whole(Exception):
    """Why a layer cannot be cut along an axis, in words."""


def cutting(layer: Layer) -> Cutting:
    """Along which axes a layer can be cut."""
    cuts: list[Cut] = []
    uncut: list[Uncut] = []
    for axis in axes_of(layer):
        number = sum(cut.part is not None for cut in cuts)
        try:
            cuts.append(Along(layer, axis, number).cut())
        except Whole as why:
            uncut.append(Uncut(axis, str(why)))
    return Cutting(tuple(cuts), tuple(uncut))


def axes_of(layer: Layer) -> list[Index]:
    """The axes of the inputs, one for each size, by their first names, in the order of the text."""
    sizes = {i.size for t in layer.inputs for i in t.indices}
    named = {i.size: i for i in reversed(layer.axes) if i.size in sizes}
    return [i for i in layer.axes if named.get(i.size) == i]


def part_names(layer: Layer, number: int) -> tuple[str, Index]:
    """What the labels of parts and their axis may be called beside a layer's own names."""
    taken = {*layer.tensors, *(s for i in layer.axes for s in (i.axis, str(i.size)))}
    taken |= {str(s) for size in layer.sizes for s in size[0].free_symbols}
    taken |= {*map(str, layer.arguments)}
    letters = (x for x in "pqrabcdefghijklmnostuvwxyz" if not {x, x.upper()} & taken)
    axis = next(letters, "")
    index = Index(axis, size_symbol(axis.upper())) if axis else Index(PART, size_symbol("PARTS"))
    name = f"{PART}{number + 1}" if number else PART
    while name in taken:
        name += "_"
    return name, index


@dataclass(frozen=True)
class Along:
    """A layer, looked at along one axis: what each of its tensors is.

    `number` says along how many axes before it the layer is a weighted sum.
    """

    layer: Layer
    axis: Index
    number: int = 0

    @property
    def size(self) -> Expr:
        """How many places the axis has."""
        return self.axis.size

    @cached_property
    def sums(self) -> dict[str, Apart]:
        """The nodes that are weighted sums; filled as nodes are looked at."""
        return {}

    def cut(self) -> Cut:
        """How the layer is cut; raises Whole, with the reason, where it cannot be."""
        layer, output = self.layer, self.layer.output
        self.look_at_sizes()
        nodes = self.on_the_way()
        inputs = {t.name: p for t in layer.inputs if (p := self.position(t)) is not None}
        for tensor in layer.inputs:
            if tensor.labels_of is not None and tensor.labels_of == self.size:
                raise Whole(f"the labels {tensor.name} point into it")
        self.look_at_assumptions()
        for node in nodes:
            self.look_at(node)
        position = self.position(output)
        if position is None and output.name not in self.sums:
            raise Whole(f"{output.name} does not hang on it")
        if position is not None:
            return Cut(self.axis, inputs, position)
        return self.weighted(inputs)

    def look_at_sizes(self) -> None:
        """No other size may hang on this one: windows would reach into other parts."""
        tensors: list[Tensor | Node] = [*self.layer.inputs, *self.layer.nodes]
        for size in {i.size for t in tensors for i in t.indices}:
            if size != self.size and self.size in size.free_symbols:
                raise Whole("it is merged with another axis")
        for size, formula in self.layer.sizes:
            if self.size == size:
                raise Whole("its size follows from those of others")
            if self.size in formula.free_symbols:
                raise Whole("the size of another axis follows from its own, as of windows")

    def look_at_assumptions(self) -> None:
        """What is assumed must hold of each part."""
        for fact in self.layer.assumptions:
            rows = [i for i in free_indices(fact) if i.size == self.size]
            why = self.refusal(fact, rows[0] if len(rows) == 1 else None)
            if len(rows) > 1 or why:
                raise Whole("what is assumed speaks of all of it")

    def on_the_way(self) -> list[Node]:
        """The nodes and notations that the output is made of, in order."""
        nodes = self.layer.nodes
        reads = {n.name: [own_name(entry_name(e)) for e in entries(n.expr)] for n in nodes}
        found = reached_from([self.layer.output.name], reads)
        return [n for n in nodes if n.name in found]

    def position(self, tensor: Tensor | Node) -> int | None:
        """Where a tensor has the axis, if it has it."""
        found = [place for place, i in enumerate(tensor.indices) if i.size == self.size]
        if len(found) > 1:
            raise Whole(f"{tensor.name} has it twice")
        return found[0] if found else None

    def look_at(self, node: Node) -> None:
        """See that a node is cut, whole or a weighted sum."""
        position = self.position(node)
        loop = self.layer.recurrence(node.name)
        if loop is not None and loop.positions[node.name] == position:
            raise Whole(f"{node.name} is worked out from one place of it to the next")
        row = None if position is None else node.indices[position]
        why = self.refusal(node.expr, row)
        if why and (row is not None or loop is not None):
            raise Whole(f"{node.name} {why}")
        if why:
            self.sums[node.name] = self.sum_of(node, why)

    def sum_of(self, node: Node, why: str) -> Apart:
        """A node as a weighted sum; Whole where it is none."""
        expr = laws.put_in(node.expr, self.equalities)
        try:
            found = apart(expr, self.size)
        except Mixed:
            raise Whole(f"{node.name} has sums over it of several weights") from None
        if found is None:
            raise Whole(f"{node.name} {self.not_linear(node.expr) or why}")
        own = self.refusal(found.term, found.index) or self.refusal(found.rest, None)
        if own:
            raise Whole(f"{node.name} {self.sum_read(node.expr) or own}")
        if found.power not in WEIGHTS:
            raise Whole(f"the weight of {node.name}'s sum over it is neither 1 nor 1/{self.size}")
        return found

    def sum_read(self, expr: Expr) -> str:
        """That a sum over the axis is read as it must not be, if one is read."""
        read = {entry_name(e) for e in entries(expr)}
        name = next((name for name in self.sums if name in read), "")
        return f"reads {name}, which is a sum over it, and is not linear in it" if name else ""

    def not_linear(self, expr: Expr) -> str:
        """That sums over the axis, by name or as they are, do not just add up."""
        sums = [s for s in expr.atoms(Sum) if any(i.size == self.size for i in s.indices)]
        return self.sum_read(expr) or ("is not linear in its sum over it" if sums else "")

    @property
    def equalities(self) -> list[Equality]:
        """What the nodes that are weighted sums stand for."""
        own = {n.name: n for n in self.layer.nodes}
        return [Equality(own[name].entry, own[name].expr) for name in self.sums]

    def refusal(self, expr: sp.Basic, row: Index | None) -> str:
        """Why an expression is not made at this row of what is cut, at the same row, and of what is
        whole; or nothing. Without a row it is: why it is not whole."""
        if is_entry(expr):
            return self.refusal_of_entry(expr, row)
        if isinstance(expr, Index):
            return "asks which place of it is meant" if expr.size == self.size else ""
        if isinstance(expr, Binder) and any(i.size == self.size for i in expr.indices):
            return self.within(expr)
        if expr == self.size:
            return "asks how many places it has"
        return next((why for arg in expr.args if (why := self.refusal(arg, row))), "")

    def within(self, expr: Binder) -> str:
        """That places of the axis are gone through, or met, as at a shift, in an expression."""
        own = {i for i in expr.indices if i.size == self.size}
        met = expr.body.atoms(Bracket, KroneckerDelta)
        if isinstance(expr, Sum) and any(own & m.free_symbols for m in met):
            return "reads other places of it"
        return f"has {bound_words(expr)} over it within"

    def refusal_of_entry(self, expr: Expr, row: Index | None) -> str:
        """The same of an entry of a tensor."""
        name = entry_name(expr)
        if own_name(name) in self.sums:
            return f"reads {own_name(name)}, which is a sum over it"
        axes = self.layer.tensor(name).indices
        for axis, at in zip(axes, entry_indices(expr), strict=True):
            if axis.size == self.size:
                if at != row:
                    return f"reads {own_name(name)} at other places of it"
            elif why := self.refusal(at, row):
                return why
        return ""

    # -- weighted sums -------------------------------------------------------------------------

    def weighted(self, inputs: Mapping[str, int]) -> Cut:
        """The output as a weighted sum, and the steps to it."""
        output = self.layer.output
        found = self.sums[output.name]
        name, parts = part_names(self.layer, self.number)
        part = Tensor(name, (self.axis,), parts.size)
        what = f"{output.name} in parts along {self.axis.axis}"
        reasonings = list(self.put_in(what))
        start = reasonings[-1].chain.end if reasonings else output.expr
        chain = Chain(start).then(laws.rows_apart, self.size)
        chain = chain.then(laws.parts_of_sum, self.size, part.name, parts)
        reasonings.append(Reasoning(what, chain))
        kind = WEIGHTS[found.power]
        return Cut(self.axis, inputs, None, kind, found.rest, part, parts, tuple(reasonings))

    def put_in(self, what: str) -> Iterator[Reasoning]:
        """The steps that put in nodes that are weighted sums, the last one first."""
        expr = self.layer.output.expr
        nodes = {n.name: n for n in self.layer.nodes}
        for name in reversed(self.sums):
            node = nodes[name]
            chain = Chain(expr).then(laws.put_in, [Equality(node.entry, node.expr)])
            if chain.steps:
                yield Reasoning(what, chain, node)
                expr = chain.end


def bound_words(expr: Binder) -> str:
    """What a binder is, in words."""
    if isinstance(expr, Sum):
        return "a sum"
    if isinstance(expr, Place):
        return "the place of an extreme value"
    if isinstance(expr, Smallest):
        return "a smallest value"
    return "a largest value" if not expr.in_order else "a matrix"
