"""Which single change of the proved formulas gives the numbers that came."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, permutations

import numpy as np
from sympy import Expr

from pullback.codegen.check.arrays import Array, Spread, World
from pullback.codegen.check.changes import Change, by_sizes, changes
from pullback.codegen.check.quantities import Formula, Quantities, Quantity, ordered, reads
from pullback.derive.errors import PullbackError
from pullback.derive.index.objects import entry_name, free_indices, is_entry

EXACT = 1e-9  # relative: numbers that are this near are those of a change
SMALL = 1e-3  # entries below this are compared as this, so that what is 0 is what comes to nothing
MAX_CHANGES = 4_000
UNFIT = (PullbackError, IndexError, ValueError, KeyError, ZeroDivisionError)
Formulas = Mapping[str, Formula]
MAX_FIRST = 150  # changes that are tried together with a second one


@dataclass(frozen=True)
class Explanation:
    """What a value is in place of what it should be.

    `words` say what was changed; `formula` is the changed one, of the tensor `name`, if another
    than the value's own was changed. Its two `sides` are for those who spell it otherwise.
    """

    words: tuple[str, ...]
    name: str
    formula: str
    sides: tuple[Expr, Expr] | None = None


class Explainer:
    """Explains values of one layer, with the values that the user's code goes on from.

    Each explanation may take some seconds of the processor, and all together others.
    """

    def __init__(self, quantities: Quantities, seconds: float, most: float = math.inf) -> None:
        self.quantities, self.seconds, self.end = quantities, seconds, 0.0
        self.last = time.process_time() + most
        self.axes = dict(quantities.tensors)
        self.sizes = [s for s in quantities.sizes if s in self.used()]
        self.notation = quantities.spelling

    def used(self) -> set[Expr]:
        """The sizes of the layer's axes, and arguments."""
        found = {i.size for indices in self.axes.values() for i in indices}
        return found | {*self.quantities.layer.arguments}

    def explain(
        self, wanted: Quantity, came: Array, world: World, two: bool = True
    ) -> Explanation | None:
        """The first change with which `wanted` is what came; None where there is none in time.

        The formula itself is changed first, then those that it reads, nearest first; at last, with
        `two`, two changes of the formula itself.
        """
        self.end = min(time.process_time() + self.seconds, self.last)
        simple = self.same(wanted, came)
        if simple:
            return simple
        for among in (self.quantities.formulas, self.quantities.by_steps):
            target = among.get(wanted.name) or Formula(wanted.name, wanted.indices, wanted.expr)
            for formula, change in islice(self.single(target, among), MAX_CHANGES):
                if time.process_time() > self.end:
                    break
                if self.gives(formula, change.result, target, came, world, among):
                    return self.told(formula, (change,))
        self.end = min(time.process_time() + self.seconds, self.last)
        return self.twice(self.formula_of(wanted), came, world) if two else None

    def single(self, target: Formula, among: Formulas) -> Iterator[tuple[Formula, Change]]:
        """Single changes of a formula, then of those that it hangs on; at last a size too many."""
        for formula in along(target, among):
            yield from ((formula, c) for c in changes(formula.expr, self.axes, self.sizes))
        yield from ((target, c) for c in by_sizes(target.expr, self.sizes))

    def twice(self, target: Formula, came: Array, world: World) -> Explanation | None:
        """Two changes of the formula itself."""
        own = changes(target.expr, self.axes, self.sizes)
        for first in islice(chain(by_sizes(target.expr, self.sizes), own), MAX_FIRST):
            for second in changes(first.result, self.axes, self.sizes):
                if time.process_time() > self.end:
                    return None
                if self.fitting(second.result, target, came, world):
                    return self.told(target, (first, second))
        return None

    def formula_of(self, wanted: Quantity) -> Formula:
        """The formula of a tensor or cotangent; of a part it is the part."""
        known = self.quantities.formulas.get(wanted.name)
        return known or Formula(wanted.name, wanted.indices, wanted.expr)

    def same(self, wanted: Quantity, came: Array) -> Explanation | None:
        """The right numbers in another shape."""
        right = self.quantities.shaped(wanted.array, wanted.indices)
        if not np.any(came) and np.any(right):
            return Explanation(("it is 0: nothing is added to it",), wanted.name, "")
        if came.shape == right.shape:
            return None
        if same(np.squeeze(came), np.squeeze(right)):
            words = (
                f"the numbers are right, in the shape {came.shape} where {right.shape} is wanted"
            )
            return Explanation((words,), wanted.name, "")
        if right.ndim == 2 and same(came, right.T):
            return Explanation(("the numbers are right, and transposed",), wanted.name, "")
        return None

    def gives(
        self,
        formula: Formula,
        result: Expr,
        target: Formula,
        came: Array,
        world: World,
        among: Formulas,
    ) -> bool:
        """Is what came the target's value with this other right side of a formula?"""
        if formula.name == target.name:
            return self.fitting(result, target, came, world)
        if {*free_indices(result)} - {*formula.indices}:
            return False
        try:
            new = world.array(result, formula.indices)
            if same(new, world.arrays[formula.name]):
                return False
            changed = carried(world.beside({formula.name: new}), formula, target, among)
        except UNFIT:
            return False
        return self.fitting(target.expr, target, came, changed)

    def fitting(self, expr: Expr, target: Formula, came: Array, world: World) -> bool:
        """Does an expression give what came, if it has a value at all?"""
        try:
            return self.fits(expr, target, came, world)
        except UNFIT:
            return False

    def follows(
        self, wanted: Quantity, own: Array, others: Sequence[tuple[Quantity, Array]]
    ) -> bool:
        """Do other values follow, by their formulas, from this one in place of what is wanted?"""
        size = wanted.array.size
        if own.size not in (size, 1):
            return False
        value = np.broadcast_to(own, wanted.array.shape) if own.size == 1 else own
        value = value.reshape(wanted.array.shape)
        world = self.quantities.world
        if wanted.name:
            world = world.beside({wanted.name: value})
        else:
            world = world.fixing(wanted.expr, Spread(wanted.indices, value))
        return any(
            self.all_fit(world, wanted.name, others, among)
            for among in (self.quantities.formulas, self.quantities.by_steps)
        )

    def all_fit(
        self,
        world: World,
        name: str,
        others: Sequence[tuple[Quantity, Array]],
        among: Formulas,
    ) -> bool:
        """Are these the values of others, all but one tensor's worked out anew?"""
        for formula in in_order(among):
            if formula.name != name:
                world = world.beside({formula.name: world.array(formula.expr, formula.indices)})
        pairs = [(among.get(q.name) or self.formula_of(q), came) for q, came in others]
        return all(self.fitting(target.expr, target, came, world) for target, came in pairs)

    def fits(self, expr: Expr, target: Formula, came: Array, world: World) -> bool:
        """Is what came the value of an expression, over its free indices in some order?"""
        free = ordered(expr, target.indices, self.quantities.layer)
        if {*free} <= {*target.indices}:
            value = self.quantities.shaped(world.array(expr, target.indices), target.indices)
            if same(came, value):
                return True
        with np.errstate(all="ignore"):
            value = self.quantities.shaped(world.array(expr, free), free)
        a, b = np.squeeze(came), np.squeeze(value)
        if a.ndim != b.ndim or a.size != b.size or a.ndim > 4:
            return False
        return any(same(a, b.transpose(order)) for order in permutations(range(b.ndim)))

    def told(self, formula: Formula, found: Sequence[Change]) -> Explanation:
        """The changes in words and the changed formula."""
        words = tuple(self.spelled(change) for change in found)
        result = found[-1].result
        sides = (formula.left, result) if formula.name else None
        return Explanation(words, formula.name, self.equation(formula, result), sides)

    def spelled(self, change: Change) -> str:
        """A change in words; a cotangent that is one number, such as 1/N, is told with it."""
        return change.words.format(*map(self.about, change.about))

    def about(self, expr: Expr) -> str:
        """What a change is about."""
        text = self.notation.spell(expr)
        formula = self.quantities.formulas.get(entry_name(expr)) if is_entry(expr) else None
        if formula is None or free_indices(formula.expr):
            return text
        return f"{text} = {self.notation.spell(formula.expr)}"

    def equation(self, formula: Formula, result: Expr) -> str:
        """The formula with another right side."""
        if not formula.name:
            return self.notation.spell(result, formula.indices)
        return self.notation.equation(formula.left, result)


def along(target: Formula, among: Formulas) -> Iterator[Formula]:
    """A formula and those that it hangs on, the nearest first."""
    waiting, seen = [target], {target.name}
    while waiting:
        formula = waiting.pop(0)
        yield formula
        for name in reads(formula):
            if name not in seen and name in among:
                seen.add(name)
                waiting.append(among[name])


def carried(world: World, formula: Formula, target: Formula, among: Formulas) -> World:
    """The world with what hangs on a formula, on the way to the target, worked out anew."""
    above = {f.name for f in along(target, among)} - {target.name, formula.name}
    moved = {formula.name}
    for other in in_order(among):
        if other.name in above and {*reads(other)} & moved:
            moved.add(other.name)
            world = world.beside({other.name: world.array(other.expr, other.indices)})
    return world


def in_order(among: Formulas) -> list[Formula]:
    """Formulas such that each stands behind those that it reads."""
    done: dict[str, Formula] = {}

    def visit(formula: Formula) -> None:
        for name in reads(formula):
            if name in among and name not in done and name != formula.name:
                visit(among[name])
        done.setdefault(formula.name, formula)

    for formula in among.values():
        visit(formula)
    return list(done.values())


def same(a: Array, b: Array) -> bool:
    """Are two arrays equal up to rounding, by the largest entry?"""
    if a.shape != b.shape:
        return False
    scale = max(float(np.max(abs(b), initial=0)), SMALL)
    return bool(np.isfinite(b).all() and np.max(abs(a - b), initial=0) <= EXACT * scale)
