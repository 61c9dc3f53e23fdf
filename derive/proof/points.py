"""Random points at which a layer's forward pass is real, and slopes along directions there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath

from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import Index
from pullback.derive.layer import Definitions, Layer, with_earlier
from pullback.derive.proof.algebra import Algebra, Dual, Duals, Numbers, fold
from pullback.derive.proof.nodes import symbols
from pullback.derive.proof.scalars import Scalars
from pullback.derive.proof.small_sizes import (
    Sizes,
    definitions_of,
    labels,
    no_point,
    places,
    solved,
)
from pullback.derive.proof.writing_out import defined, write

TRIES = 8  # points to start from in the search for one where the forward pass is real
MOVES = 150  # of single coordinates, from each
Directions = Sequence[tuple[tuple[str, ...], Callable[[str], str]]]


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
        self.names: dict[str, str] = {}  # of the tensors of which coordinates are entries
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
            self.floats[key] = self.inside(name, self.drawn(self.start))
            self.names[key] = name
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
        drawn = self.inside(self.names[key], self.drawn(move))
        before, self.floats[key] = self.floats[key], drawn
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
                value = defined(scalars, node.name, [at[i] for i in node.indices])
                wrong += not abs(value) < mpmath.inf
                self.large |= bool(abs(value) == mpmath.inf and not numbers.faults)
        self.decided |= numbers.decided
        return wrong + numbers.faults + self.outside()

    def inside(self, name: str, value: float) -> float:
        """A number in the range where the entries of a tensor lie: this one, if it does."""
        found = self.layer.ranges.get(name)
        return value if found is None else found.inside(value)

    def outside(self) -> int:
        """How many entries that are tied to others lie where they are assumed not to."""
        return sum(
            not self.layer.ranges[tensor.name].has(self.coordinate(tensor.name, [*at.values()]))
            for tensor in self.layer.inputs
            if tensor.name in self.layer.ranges and self.facts
            for at in places(tensor.indices, self.sizes)
        )

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
            value = write(scalars, node.entry, at)
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
        everything: Mapping[str, Any] = {**self.forward, **with_earlier(meaning)}
        scalars = Scalars(self.sizes, everything, numbers, labels(self.layer))
        total = mpmath.mpf(0)
        for result in results:
            for at in places(result.indices, self.sizes):
                weight = numbers.entry(direction(result.tensor), [at[i] for i in result.indices])
                total += weight * write(scalars, result.derived, at)
        return total
