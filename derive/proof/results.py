"""End results, checked at random points: gradients, tangents and second derivatives as a whole.

What was derived is compared with the derivative of the forward pass written out in scalars, which
numbers with slopes carry along, node by node.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath

from pullback.derive.calculus.derivation import Derivation, Gradient, cotangent_name
from pullback.derive.calculus.tangents import Tangent, tangent_name
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import Index, entry, entry_name
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.proof.algebra import Algebra, Dual, Duals, Numbers, fold
from pullback.derive.proof.check import NUMERIC, Check
from pullback.derive.proof.nodes import symbols
from pullback.derive.proof.scalars import Scalars
from pullback.derive.proof.small_sizes import (
    Definitions,
    Sizes,
    definitions_of,
    fitting,
    labels,
    named,
    no_point,
    places,
    small_sizes,
    solved,
)
from pullback.derive.proof.witness import WORKING, close

TRIES = 8  # points to start from in the search for one where the forward pass is real
MOVES = 150  # of single coordinates, from each


def check_gradients(derivation: Derivation) -> tuple[tuple[str, Check], ...]:
    """Every wanted gradient, by name, against the slope of the written-out forward.

    All are compared at once, along one random direction: with 50 random digits in each entry it
    misses a wrong entry with no chance to speak of. Labels, sides of kinks and places of extreme
    values are those of the point. Both the short form and the form for computing are compared.
    """
    wanted = [g for g in derivation.gradients if g.tensor.name in derivation.wanted]
    names = ", ".join(g.tensor.name for g in wanted)
    try:
        check = check_along(derivation, wanted, f"gradient by {names}")
    except ProofFailed:
        for gradient in wanted:  # which one is it?
            check_along(derivation, [gradient], f"gradient by {gradient.tensor.name}")
        raise
    return tuple((g.tensor.name, check) for g in wanted)


def check_along(derivation: Derivation, gradients: Sequence[Gradient], what: str) -> Check:
    """The slope along a random direction of these tensors, by their gradients and written out."""

    def ours(point: Point, form: str) -> Any:
        results = [Result(g.tensor.name, g.tensor.indices, g.cotangent) for g in gradients]
        return point.along(results, known(derivation.gradients, form), tangent_name)

    direction = [(tuple(g.tensor.name for g in gradients), tangent_name)]
    return check_result(derivation, what, direction, ours)


def check_tangents(derivation: Derivation) -> Check:
    """The output's derivative along the tangents of all inputs, weighted by random cotangents."""
    output = derivation.layer.output

    def ours(point: Point, form: str) -> Any:
        meaning = known(derivation.tangents, form)
        end = entry(tangent_name(output.name), output.indices)
        return point.along([Result(output.name, output.indices, end)], meaning, cotangent_name)

    direction = [(derivation.wanted, tangent_name)]
    return check_result(derivation, "tangent of the output", direction, ours)


def check_seconds(derivation: Derivation) -> Check | None:
    """uᵀHẋ for random u and ẋ, against the second derivative of the written-out forward."""
    if not derivation.seconds:
        return None

    def ours(point: Point, form: str) -> Any:
        meaning = {
            **known(derivation.gradients, form),
            **known(derivation.tangents, form),
            **known(derivation.seconds, form),
        }
        results = [
            Result(name, second.node.indices, second.tangent)
            for second in derivation.seconds
            if (name := second.node.name.removeprefix(cotangent_name(""))) in derivation.wanted
        ]
        return point.along(results, meaning, other_name)

    directions = [(derivation.wanted, tangent_name), (derivation.wanted, other_name)]
    return check_result(derivation, "second derivative", directions, ours, points=1)


Directions = Sequence[tuple[tuple[str, ...], Callable[[str], str]]]


def other_name(name: str) -> str:
    """The name of a second direction, which no tensor bears."""
    return f"{name}'"


def known(found: Iterable[Gradient | Tangent], form: str) -> Definitions:
    """What cotangents or tangents come to, in their short forms or in those for computing."""
    return {
        entry_name(g.cotangent if isinstance(g, Gradient) else g.tangent): (
            (g.tensor if isinstance(g, Gradient) else g.node).indices,
            getattr(g, form),
        )
        for g in found
    }


def check_result(
    derivation: Derivation,
    what: str,
    directions: Directions,
    ours: Callable[[Point, str], Any],
    points: int = 2,
) -> Check:
    """Compare a result with the written-out slope at random points, at one if nothing is chosen."""
    layer = derivation.layer
    tensors: list[Tensor | Node] = [*layer.inputs, *layer.nodes]
    every = [*labels(layer).values(), *(i.size for t in tensors for i in t.indices)]
    sizes = small_sizes([*(n.expr for n in layer.nodes), *every], largest=3)
    sizes = fitting(sizes, layer, layer.assumptions)
    count = 0
    with mpmath.workdps(WORKING):
        for seed in range(points):
            point = Point(layer, sizes, seed)
            theirs = point.slope(directions)
            for form in ("total", "code"):
                if not close(ours(point, form), theirs):
                    raise ProofFailed(
                        f"{layer.name}: the {what} is not the derivative of the written-out "
                        f"forward ({form})"
                    )
                count += 1
            if not point.decided:
                break
    return Check(what, NUMERIC, named(sizes), count)


@dataclass(frozen=True)
class Result:
    """What was derived for a tensor: its gradient or its tangent, over the tensor's own axes."""

    tensor: str
    indices: tuple[Index, ...]
    derived: Any


class Watched(Numbers):
    """Numbers that remember whether anything hung on a decision."""

    decided = False

    def sign(self, value: Any) -> int:
        """The sign."""
        self.decided = True
        return super().sign(value)

    def largest(self, values: Sequence[Any]) -> int:
        """The place of the largest."""
        self.decided = True
        return super().largest(values)


class Point:
    """A random point that keeps to the layer's assumptions, where its forward pass is real."""

    def __init__(self, layer: Layer, sizes: Sizes, seed: int) -> None:
        self.layer, self.sizes = layer, sizes
        self.chance = random.Random(seed)
        self.floats: dict[str, float] = {}
        self.digits: dict[str, Any] = {}
        self.chosen: dict[Any, int] = {}
        self.forward = definitions_of(layer)
        self.decided = bool(labels(layer))
        self.large = False  # has a value gone beyond all floats?
        self.facts = self.solved()
        self.search()

    # -- coordinates -----------------------------------------------------------------------------

    def solved(self) -> dict[str, Any]:
        """The entries that the assumptions tie to others, by name, as nodes."""
        solutions = solved(self.layer, self.layer.assumptions, self.sizes)
        if not solutions:
            raise no_point(self.layer, self.layer.assumptions)
        solution = self.chance.choice(solutions)
        return {s.args[0]: node for s, node in solution.items()}

    def drawn(self, start: int) -> float:
        """A coordinate near 0, of any sign; positive in every second search."""
        width = (3.0, 3.0, 1.0, 1.0)[start % 4]
        value = self.chance.uniform(-width, width) or 1.0
        return abs(value) if start % 2 else value

    def coordinate(self, name: str, places: Sequence[int], context: Any = mpmath.fp) -> Any:
        """The value of one entry: a float, or that with many digits more."""
        key = "_".join([name, *map(str, places)])
        if key in self.facts:
            node = self.facts[key]
            at = {s: self.coordinate(s.args[0], (), context) for s in symbols([node])}
            return fold(node, Numbers(context, None), at)
        if key not in self.floats:
            self.floats[key] = self.drawn(self.start)
        if context is mpmath.fp:
            return self.floats[key]
        if key not in self.digits:
            self.digits[key] = mpmath.mpf(self.floats[key]) + mpmath.ldexp(
                self.chance.getrandbits(170), -230
            )
        return self.digits[key]

    def label(self, name: str, places: Sequence[int], size: int) -> int:
        """A label."""
        return self.chosen.setdefault((name, *places), self.chance.randrange(size))

    def search(self) -> None:
        """Find floats at which every node of the forward pass is a real number."""
        for self.start in range(TRIES):
            self.floats, self.chosen = {}, {}
            wrong = self.wrong()
            for move in range(MOVES):
                if not wrong:
                    return
                wrong = self.moved(wrong, move)
        words = f"no point was found where '{self.layer.output.name}' is a real number"
        if self.large:
            words = "values grow too large to be compared, as exp(exp(exp(exp(x)))) does"
        raise ProofFailed(f"{self.layer.name}: {words}")

    def moved(self, wrong: int, move: int) -> int:
        """One coordinate drawn anew, which is kept where no more is wrong than before."""
        if not self.floats:
            return wrong
        key = self.chance.choice(list(self.floats))
        before, self.floats[key] = self.floats[key], self.drawn(move)
        now = self.wrong()
        if now > wrong:
            self.floats[key] = before
        return min(wrong, now)

    def wrong(self) -> int:
        """How much of the forward pass is no real number."""
        numbers = Watched(mpmath.fp, self.coordinate, self.label)
        scalars = Scalars(self.sizes, self.forward, numbers, labels(self.layer))
        wrong = 0
        for node in (n for n in self.layer.nodes if not n.notation):
            for at in places(node.indices, self.sizes):
                value = scalars.defined(node.name, [at[i] for i in node.indices])
                wrong += not abs(value) < mpmath.inf
                self.large |= bool(abs(value) == mpmath.inf and not numbers.faults)
        self.decided |= numbers.decided
        return wrong + numbers.faults

    # -- values ----------------------------------------------------------------------------------

    def numbers(self) -> Numbers:
        """Numbers with many digits."""
        upstream = cotangent_name(self.layer.output.name)

        def value(name: str, places: Sequence[int]) -> Any:
            if name == upstream:
                return self.weight(name, places)
            return self.coordinate(name, places, mpmath.mp)

        return Numbers(mpmath.mp, value, self.label)

    def weight(self, name: str, places: Sequence[int]) -> Any:
        """An entry of the output's cotangent; it is 1 where the output is a scalar."""
        return self.coordinate(name, places, mpmath.mp) if places else mpmath.mpf(1)

    def slope(self, directions: Directions) -> Any:
        """The derivative of Σ g · output along each direction in turn."""
        algebra: Algebra[Any] = self.numbers()
        for names, direction in directions:
            algebra = Duals(algebra, self.tangent(algebra, names, direction))
        scalars = Scalars(self.sizes, self.forward, algebra, labels(self.layer))
        node = self.layer.output
        total = mpmath.mpf(0)
        for at in places(node.indices, self.sizes):
            here = [at[i] for i in node.indices]
            value = scalars.write(node.entry, at)
            for _ in directions:
                assert isinstance(value, Dual)
                value = value.slope
            total += self.weight(cotangent_name(node.name), here) * value
        if not mpmath.isfinite(total):
            raise ProofFailed(
                f"{self.layer.name}: no point was found where the derivative of '{node.name}' is "
                "a real number"
            )
        return total

    def tangent(
        self, algebra: Algebra[Any], names: Sequence[str], direction: Callable[[str], str]
    ) -> Callable[[str, Sequence[int]], Any]:
        """The slope of each entry along a direction."""

        def slope(name: str, places: Sequence[int]) -> Any:
            if name not in names:
                return algebra.number(0)
            value = self.coordinate(direction(name), places, mpmath.mp)
            return Dual(value, mpmath.mpf(0)) if isinstance(algebra, Duals) else value

        return slope

    def along(
        self, results: Iterable[Result], meaning: Definitions, direction: Callable[[str], str]
    ) -> Any:
        """Σ over the entries of these tensors: the direction there times what was derived."""
        numbers = self.numbers()
        everything: Mapping[str, Any] = {**self.forward, **meaning}
        scalars = Scalars(self.sizes, everything, numbers, labels(self.layer))
        total = mpmath.mpf(0)
        for result in results:
            for at in places(result.indices, self.sizes):
                weight = numbers.entry(direction(result.tensor), [at[i] for i in result.indices])
                total += weight * scalars.write(result.derived, at)
        return total
