"""Which single change of the proved formulas gives the numbers that came."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, permutations

import numpy as np
from sympy import Expr

from pullback.codegen.check.arrays import Array, Spread, World
from pullback.codegen.check.changes import Change, changes
from pullback.codegen.check.quantities import Formula, Quantities, Quantity, ordered, reads
from pullback.derive.errors import PullbackError
from pullback.derive.index.objects import entry_name, free_indices, is_entry

EXACT = 1e-9  # relative: numbers that are this near are those of a change
SMALL = 1e-3  # entries below this are compared as this, so that what is 0 is what comes to nothing
MAX_CHANGES = 4_000
MAX_FIRST = 150  # changes that are tried together with a second one


@dataclass(frozen=True)
class Explanation:
    """What a value is in place of what it should be.

    `words` say what was changed; `formula` is the changed one, of the tensor `name`, if another
    than the value's own was changed.
    """

    words: tuple[str, ...]
    name: str
    formula: str


class Explainer:
    """Explains values of one layer, with the values that the user's code goes on from."""

    def __init__(self, quantities: Quantities, seconds: float) -> None:
        self.quantities, self.end = quantities, time.monotonic() + seconds
        self.axes = dict(quantities.tensors)
        self.sizes = [s for s in quantities.sizes if s in self.used()]
        self.notation = quantities.spelling

    def used(self) -> set[Expr]:
        """The sizes of the layer's axes."""
        return {i.size for indices in self.axes.values() for i in indices}

    def explain(self, wanted: Quantity, came: Array, world: World) -> Explanation | None:
        """The first change with which `wanted` is what came; None where there is none.

        The formula itself is changed first, then those that it reads, nearest first; at last two
        changes of the formula itself.
        """
        target = self.formula_of(wanted)
        simple = self.same(wanted, came)
        if simple:
            return simple
        budget = iter(range(MAX_CHANGES))
        for formula in self.chain(target):
            for change in changes(formula.expr, self.axes, self.sizes):
                if next(budget, None) is None or time.monotonic() > self.end:
                    return None
                if self.gives(formula, change.result, target, came, world):
                    return self.told(formula, target, (change,))
        return self.twice(target, came, world)

    def twice(self, target: Formula, came: Array, world: World) -> Explanation | None:
        """Two changes of the formula itself."""
        for first in islice(changes(target.expr, self.axes, self.sizes), MAX_FIRST):
            for second in changes(first.result, self.axes, self.sizes):
                if time.monotonic() > self.end:
                    return None
                if self.gives(target, second.result, target, came, world):
                    return self.told(target, target, (first, second))
        return None

    def formula_of(self, wanted: Quantity) -> Formula:
        """The formula of a tensor or cotangent; of a part it is the part."""
        known = self.quantities.formulas.get(wanted.name)
        return known or Formula(wanted.name, wanted.indices, wanted.expr)

    def same(self, wanted: Quantity, came: Array) -> Explanation | None:
        """The right numbers in another shape."""
        right = self.quantities.shaped(wanted.array, wanted.indices)
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

    def chain(self, target: Formula) -> Iterator[Formula]:
        """The formula and those that it hangs on, the nearest first."""
        waiting, seen = [target], {target.name}
        while waiting:
            formula = waiting.pop(0)
            yield formula
            for name in reads(formula):
                if name not in seen and name in self.quantities.formulas:
                    seen.add(name)
                    waiting.append(self.quantities.formulas[name])

    def gives(
        self, formula: Formula, result: Expr, target: Formula, came: Array, world: World
    ) -> bool:
        """Is what came the target's value with this other right side of a formula?"""
        try:
            if formula.name == target.name:
                return self.fits(result, target, came, world)
            if {*free_indices(result)} - {*formula.indices}:
                return False
            with np.errstate(all="ignore"):
                new = world.array(result, formula.indices)
            if same(new, world.arrays[formula.name]):
                return False
            changed = self.carried(world.beside({formula.name: new}), formula, target)
            return self.fits(target.expr, target, came, changed)
        except (PullbackError, IndexError, ValueError, KeyError, ZeroDivisionError):
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
        for formula in self.quantities.formulas.values():
            if formula.name != wanted.name:
                world = world.beside({formula.name: world.array(formula.expr, formula.indices)})
        return all(
            self.fits(other.expr, self.formula_of(other), came, world) for other, came in others
        )

    def carried(self, world: World, formula: Formula, target: Formula) -> World:
        """The world with all that hangs on a formula, on the way to the target, worked out anew."""
        way = self.between(formula.name, target)
        for other in self.quantities.formulas.values():
            if other.name in way:
                world = world.beside({other.name: world.array(other.expr, other.indices)})
        return world

    def between(self, name: str, target: Formula) -> set[str]:
        """The formulas that read a tensor, however far, and that the target reads, however far."""
        above = {f.name for f in self.chain(target)} - {target.name, name}
        found = {name}
        for formula in self.quantities.formulas.values():
            if formula.name in above and {*reads(formula)} & found:
                found.add(formula.name)
        return found - {name}

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

    def told(self, formula: Formula, target: Formula, found: Sequence[Change]) -> Explanation:
        """The changes in words and the changed formula."""
        words = tuple(self.spelled(change) for change in found)
        return Explanation(words, formula.name, self.equation(formula, found[-1].result))

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


def same(a: Array, b: Array) -> bool:
    """Are two arrays equal up to rounding, by the largest entry?"""
    if a.shape != b.shape:
        return False
    scale = max(float(np.max(abs(b), initial=0)), SMALL)
    return bool(np.isfinite(b).all() and np.max(abs(a - b), initial=0) <= EXACT * scale)
