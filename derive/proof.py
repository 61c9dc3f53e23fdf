"""Proof: each step in scalars at small sizes, and the end result against SymPy's own diff.

The checker shares the objects of index notation with the derivation, and no code that it checks.
A step that fails raises ProofFailed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import prod
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from derive.derivation import Derivation, Gradient, cotangent_name
from derive.errors import ProofFailed, TooLarge
from derive.expressions import (
    Index,
    entries,
    entry,
    entry_indices,
    entry_name,
    free_indices,
    is_size,
)
from derive.layer import Layer, Node, Tensor
from derive.scalars import SIGNS, Cases, RandomCases, Scalars, Work, on_ties, scalar
from derive.steps import Chain, Partial, Step
from derive.symbols import BATCH_SIZE
from derive.tangents import Tangent, tangent_name
from derive.vocabulary import size_words
from derive.zero import DIGITS, zero

MAX_PLACES = 150  # of the free indices of a step, beyond which smaller sizes are taken
MAX_CASES = 600  # of a step, at all places together
MAX_WORK = 40_000  # of a step at one choice of sizes, in parts written out: about half a second
MAX_WHOLE = 4_000_000  # of a derivation, likewise: about a minute
WORKING = DIGITS + 20  # digits that the end result is computed with
Sizes = Mapping[Expr, int]


@dataclass(frozen=True)
class Check:
    """What was checked, how ("exact" or "50 digits"), at which sizes, and in how many cases."""

    what: str
    how: str
    sizes: tuple[tuple[str, int], ...]
    cases: int
    sampled: bool = False  # were there too many cases to take them all?

    @property
    def words(self) -> str:
        """For pages: `exact at N=2, J=3`."""
        at = ", ".join(f"{size_words(name)}={size}" for name, size in self.sizes)
        words = f"{self.how} at {at}" if at else self.how
        return f"{words}, in {self.cases} random cases" if self.sampled else words


@dataclass(frozen=True)
class Proof:
    """The check of every step, in the derivation's order, and of every result as a whole.

    `results` are the gradients, by name; `tangents` is the output's derivative along the inputs'
    tangents; `seconds` the gradients' derivatives along them.
    """

    steps: tuple[tuple[Step, Check], ...]
    results: tuple[tuple[str, Check], ...]
    tangents: Check
    seconds: Check | None  # None where there are none

    def check(self, step: Step) -> Check:
        """The check of one step."""
        return next(c for s, c in self.steps if s is step)


Checked = Iterable[tuple[Step, Check]]
Watch = Callable[[Checked, int], Checked]  # passes checks on, and may show how far they are


def prove(derivation: Derivation, watch: Watch = lambda checks, count: checks) -> Proof:
    """Check every step and every result; `watch` is given the checks of steps and their number.

    Raises ProofFailed at the first that does not hold, and TooLarge where checking takes too much.
    """
    layer, work = derivation.layer, Work()
    try:
        steps = list(watch(checked_steps(derivation, work), len(derivation.steps)))
        results = check_gradients(derivation)
        tangents, seconds = check_tangents(derivation), check_seconds(derivation)
    except OverflowError:
        raise ProofFailed(
            f"{layer.name}: values grow too large to be compared, as exp(exp(exp(exp(x)))) does"
        ) from None
    return Proof(tuple(steps), results, tangents, seconds)


def checked_steps(derivation: Derivation, work: Work) -> Iterator[tuple[Step, Check]]:
    """Every step with its check."""
    layer = derivation.layer
    for what, chain, definitions in chains(derivation):
        check_chain(what, chain)
        for step in chain.steps:
            yield step, check_step(layer, what, step, definitions, work)
            if work.done > MAX_WHOLE:
                raise TooLarge(
                    f"{layer.name}: {what}: the proof comes to more than {MAX_WHOLE:,} parts "
                    "written out; give parts of the equations names of their own, each with '='"
                )


Definitions = Mapping[str, tuple[tuple[Index, ...], Expr]]


def chains(derivation: Derivation) -> Iterable[tuple[str, Chain, Definitions]]:
    """Every chain of steps, what it is about, and the names that its check looks through."""
    notations = {n.name: (n.indices, n.expr) for n in derivation.layer.notations}
    for value in derivation.values:
        yield value.node.name, value.meaning, notations
        yield value.node.name, value.code, notations
    for gradient in derivation.gradients:
        for part in gradient.parts:
            node = part.jacobian.node
            own = {**notations, node.name: (node.indices, node.expr)}
            what = f"∂{node.name}/∂{gradient.tensor.name}"
            yield what, part.jacobian.entry, own
            yield what, part.result, own
            yield what, part.code, own
    for tangent in (*derivation.tangents, *derivation.seconds):
        own = {**notations, tangent.node.name: (tangent.node.indices, tangent.node.expr)}
        for push in tangent.parts:
            what = f"∂{tangent.node.name}/∂{push.jacobian.tensor.name}, pushed forward"
            if tangent in derivation.seconds:
                yield what, push.jacobian.entry, own
            yield what, push.result, own
            yield what, push.code, own


def check_chain(what: str, chain: Chain) -> None:
    """Each step goes on where the one before it ended."""
    at = chain.start
    for step in chain.steps:
        if step.before != at:
            raise ProofFailed(f"{what}: the step '{step.law.name}' does not start where it should")
        at = step.after


def small_sizes(exprs: Iterable[Expr], largest: int = 4) -> dict[Expr, int]:
    """Small numbers for the sizes: examples and leading axes 2, the others 3, 4, … or fewer.

    With many axes the largest is 3, so that the places and cases of all of them stay few.
    """
    found = {i.size for e in exprs for i in e.atoms(Index)}
    found |= {s for e in exprs for s in e.atoms(sp.Symbol) if is_size(s)}
    ordered = sorted(found, key=lambda s: (s.name not in ("N", BATCH_SIZE), s.name))
    largest = min(largest, 3) if len(ordered) > 3 else largest
    return {size: min(2 + place, largest) for place, size in enumerate(ordered)}


def check_step(
    layer: Layer, what: str, step: Step, definitions: Definitions, work: Work | None = None
) -> Check:
    """Write both sides out for every place of the free indices and every case.

    Sizes go up to 4 where that makes few places and cases and little work, else to 3 or 2; where
    it is too much even then, random cases are taken, and the check says so.
    """
    work = work or Work()
    for largest in (4, 3, 2):
        sizes, indices = sizes_at(layer, step, definitions, largest)
        if largest > 2 and prod(sizes[i.size] for i in indices) > MAX_PLACES:
            continue
        try:
            return check_at(layer, what, step, definitions, sizes, indices, Cases, work)
        except OverflowError:  # too many cases
            pass
    count = max(1, MAX_CASES // prod(sizes[i.size] for i in indices))
    chosen = partial(RandomCases, random.Random(0), count)
    check = check_at(
        layer, what, step, definitions, sizes, indices, lambda _: chosen(), work, sampled=True
    )
    return replace(check, sampled=True)


def sizes_at(
    layer: Layer, step: Step, definitions: Definitions, largest: int
) -> tuple[dict[Expr, int], list[Index]]:
    """The sizes up to the largest, and the free indices, of both sides of a step."""
    exprs = [step.before, step.after]
    names: set[str] = set()
    for expr in exprs:  # grows by what the names in it stand for
        new = {entry_name(a) for a in entries(expr)} - names
        exprs += [definitions[n][1] for n in sorted(new & set(definitions))]
        names |= new
    exprs += [size for name, size in labels(layer).items() if name in names]
    indices = {i for e in exprs[:2] for i in free_indices(e)}
    return small_sizes(exprs, largest), sorted(indices, key=lambda i: i.name)


def check_at(
    layer: Layer,
    what: str,
    step: Step,
    definitions: Definitions,
    sizes: Mapping[Expr, int],
    indices: Sequence[Index],
    cases_up_to: Callable[[int], Cases | RandomCases],
    work: Work,
    sampled: bool = False,
) -> Check:
    """Check a step at these sizes, in at most so many cases; OverflowError beyond that.

    A check of samples has its share of work for each place, and ends when that is used up.
    """
    kinds, count, start = set(), 0, work.done
    whole = prod(sizes[i.size] for i in indices)
    for number, places in enumerate(product(*(range(sizes[i.size]) for i in indices)), 1):
        at = dict(zip(indices, places, strict=True))
        cases = cases_up_to(MAX_CASES - count)
        for answers in cases.rounds():
            if count and work.done - start > MAX_WORK * (number / whole if sampled else 1):
                if sampled:
                    break
                raise OverflowError("too much work")
            memory: dict[Any, Expr] = {}
            scalars = Scalars(
                sizes, definitions, cases.decide, labels(layer), scalar, memory, work=work
            )
            before, after = (side(scalars, e, at) for e in (step.before, step.after))
            difference = under(before - after, answers, step.assumes, scalars)
            kind = zero(difference)
            if not kind:
                raise ProofFailed(refusal(layer, what, step, at))
            kinds.add(kind)
            count += 1
    how = "exact" if kinds == {"exact"} else f"{DIGITS} digits"
    return Check(step.law.name, how, named(sizes), count)


def labels(layer: Layer) -> dict[str, Expr]:
    """The integer tensors and the sizes they point into."""
    return {t.name: t.labels_of for t in layer.inputs if t.labels_of is not None}


def named(sizes: Sizes) -> tuple[tuple[str, int], ...]:
    """Sizes for people."""
    return tuple((str(s), n) for s, n in sizes.items())


def side(scalars: Scalars, expr: Expr, at: Mapping[Index, int]) -> Expr:
    """One side of a step in scalars; a derivative is SymPy's own of the written-out scalar."""
    if not isinstance(expr, Partial):
        return scalars.write(expr, at)
    indices = [scalars.place(i, at) for i in entry_indices(expr.wrt)]
    written = scalars.write(expr.expr, at)
    return cast(Expr, written.diff(scalar(entry_name(expr.wrt), indices)))


def under(
    difference: Expr, answers: Mapping[Any, int], facts: tuple[Relational, ...], scalars: Scalars
) -> Expr:
    """The difference where the case's ties and the step's assumptions hold."""
    difference = difference.xreplace(on_ties(answers))
    for fact in facts:
        indices = free_indices(fact)
        for places in product(*(range(scalars.sizes[i.size]) for i in indices)):
            at = dict(zip(indices, places, strict=True))
            rest = scalars.write(fact.lhs, at) - scalars.write(fact.rhs, at)
            symbol = min(rest.free_symbols, key=str, default=None)
            if symbol is not None:
                difference = difference.xreplace({symbol: sp.solve(rest, symbol)[0]})
    return difference


def refusal(layer: Layer, what: str, step: Step, at: Mapping[Index, int]) -> str:
    """Why a step was refused."""
    where = ", ".join(f"{i.name} = {place}" for i, place in at.items()) or "its only entry"
    return (
        f"{layer.name}: {what}: the step '{step.law.name}' does not hold at {where}\n"
        f"  before: {step.before}\n  after:  {step.after}"
    )


# -- the end results -----------------------------------------------------------------------


def check_gradients(derivation: Derivation) -> tuple[tuple[str, Check], ...]:
    """Every wanted gradient, by name, against SymPy's diff of the written-out forward.

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
    """The slope along a random direction of these tensors, by their gradients and by SymPy."""
    direction = {EPSILON: (tuple(g.tensor.name for g in gradients), tangent_name)}

    def ours(point: Point, form: str) -> Expr:
        results = [Result(g.tensor.name, g.tensor.indices, g.cotangent) for g in gradients]
        return point.along(results, known(derivation.gradients, form), tangent_name)

    return check_result(derivation, what, direction, ours)


def check_tangents(derivation: Derivation) -> Check:
    """The output's derivative along the tangents of all inputs, weighted by random cotangents."""
    output = derivation.layer.output

    def ours(point: Point, form: str) -> Expr:
        meaning = known(derivation.tangents, form)
        end = entry(tangent_name(output.name), output.indices)
        return point.along([Result(output.name, output.indices, end)], meaning, cotangent_name)

    direction = {EPSILON: (derivation.wanted, tangent_name)}
    return check_result(derivation, "tangent of the output", direction, ours)


def check_seconds(derivation: Derivation) -> Check | None:
    """uᵀHẋ for random u and ẋ, against the second derivative of the written-out forward."""
    if not derivation.seconds:
        return None

    def ours(point: Point, form: str) -> Expr:
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

    directions = {
        EPSILON: (derivation.wanted, tangent_name),
        ETA: (derivation.wanted, other_name),
    }
    return check_result(derivation, "second derivative", directions, ours, points=1)


EPSILON, ETA = sp.symbols("ε η", real=True)
Directions = Mapping[Expr, tuple[tuple[str, ...], Callable[[str], str]]]


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
    ours: Callable[[Point, str], Expr],
    points: int = 2,
) -> Check:
    """Compare a result with SymPy's diff at random points, one where nothing is chosen there."""
    layer = derivation.layer
    tensors: list[Tensor | Node] = [*layer.inputs, *layer.nodes]
    every = [*labels(layer).values(), *(i.size for t in tensors for i in t.indices)]
    sizes = small_sizes([*(n.expr for n in layer.nodes), *every], largest=3)
    count = 0
    for seed in range(points):
        point = Point(layer, sizes, seed)
        theirs = point.slope(directions)
        for form in ("total", "code"):
            if not close(ours(point, form), theirs):
                raise ProofFailed(
                    f"{layer.name}: the {what} is not the derivative of the written-out forward "
                    f"({form})"
                )
            count += 1
        if not point.decided:
            break
    return Check(what, f"{DIGITS} digits", named(sizes), count)


def close(a: Expr, b: Expr) -> bool:
    """Equal to 50 digits, beside the larger of both."""
    return bool(
        abs(a - b) <= max(abs(a), abs(b), sp.Float(10, 80) ** -20) * sp.Float(10, 80) ** -DIGITS
    )


@dataclass(frozen=True)
class Result:
    """What was derived for a tensor: its gradient or its tangent, over the tensor's own axes."""

    tensor: str
    indices: tuple[Index, ...]
    derived: Expr


class Point:
    """A random point that keeps to the layer's assumptions, and the decisions that hold there."""

    def __init__(self, layer: Layer, sizes: Sizes, seed: int) -> None:
        self.layer, self.sizes = layer, sizes
        self.chance = random.Random(seed)
        self.coordinates: dict[Expr, Expr] = {}
        self.labels: dict[Any, int] = {}
        self.forward = {n.name: (n.indices, n.expr) for n in layer.nodes}
        self.decided = False  # has the forward pass asked for a label, a side or a place?
        for fact in layer.assumptions:
            self.keep_to(fact)

    def keep_to(self, fact: Relational) -> None:
        """Choose one coordinate in each instance of an assumption so that it holds."""
        scalars = Scalars(self.sizes, self.forward, self.decide, labels(self.layer))
        indices = free_indices(fact)
        for places in product(*(range(self.sizes[i.size]) for i in indices)):
            at = dict(zip(indices, places, strict=True))
            rest = scalars.write(fact.lhs, at) - scalars.write(fact.rhs, at)
            symbol = min(rest.free_symbols, key=str, default=sp.S.Zero)
            solutions = sp.solve(rest, symbol) if symbol != 0 else []
            if not solutions:
                raise ProofFailed(f"{self.layer.name}: no point was found where {fact} holds")
            self.coordinates[symbol] = self.value(solutions[0])

    def coordinate(self, symbol: Expr) -> Expr:
        """The value of one entry: between -3 and 3, with all its digits."""
        if symbol not in self.coordinates:
            number = self.chance.randint(-3000, 3000) or 1
            self.coordinates[symbol] = sp.Float(number, WORKING) / 997
        return self.coordinates[symbol]

    def value(self, expr: Expr) -> Expr:
        """An expression's value here."""
        symbols = sorted(expr.free_symbols, key=str)
        return cast(Expr, sp.N(expr.xreplace({s: self.coordinate(s) for s in symbols}), WORKING))

    def decide(self, question: Any, count: int) -> int:
        """What holds at this point."""
        kind, *values = question
        if kind == "sign":
            return SIGNS.index(int(sp.sign(self.value(values[0]))))
        if kind in ("ArgLargest", "ArgSmallest"):
            numbers = [self.value(v) for v in values]
            return numbers.index(max(numbers) if kind == "ArgLargest" else min(numbers))
        return self.labels.setdefault(question, self.chance.randrange(count))

    def slope(self, directions: Directions) -> Expr:
        """SymPy's diff of Σ g · output along each direction in turn, node by node."""
        self.coordinates |= dict.fromkeys(directions, sp.S.Zero)

        def leaf(tensor: str, at: list[int]) -> Expr:
            moved = self.coordinate(scalar(tensor, at))
            for step, (names, direction) in directions.items():
                if tensor in names:
                    moved += step * self.coordinate(scalar(direction(tensor), at))
            return moved

        def decide(question: Any, count: int) -> int:
            self.decided = True
            return self.decide(question, count)

        def shorten(value: Expr) -> Expr:
            return self.to_first_order(value, tuple(directions))

        scalars = Scalars(self.sizes, self.forward, decide, labels(self.layer), leaf, {}, shorten)
        node = self.layer.output
        total = sp.S.Zero
        for at in self.places(node.indices):
            weight = self.weight(cotangent_name(node.name), [at[i] for i in node.indices])
            total += weight * scalars.write(node.entry, at)
        for step in directions:
            total = total.diff(step)
        return self.value(total)

    def to_first_order(self, value: Expr, steps: tuple[Expr, ...]) -> Expr:
        """A node's value with what is of higher order in a step left out, which changes no slope.

        Without this the written-out forward of a deep network would grow with its depth's power.
        """
        if not steps:
            return self.value(value)
        first, rest = steps[0], steps[1:]
        at_zero = self.to_first_order(value.xreplace({first: sp.S.Zero}), rest)
        slope = value.diff(first).xreplace({first: sp.S.Zero})
        return cast(Expr, at_zero + first * self.to_first_order(slope, rest))

    def weight(self, name: str, at: list[int]) -> Expr:
        """An entry of the output's cotangent; it is 1 where the output is a scalar."""
        return self.coordinate(scalar(name, at)) if at else cast(Expr, sp.S.One)

    def places(self, indices: tuple[Index, ...]) -> Iterator[dict[Index, int]]:
        """Every place of these indices."""
        for places in product(*(range(self.sizes[i.size]) for i in indices)):
            yield dict(zip(indices, places, strict=True))

    def along(
        self, results: Iterable[Result], meaning: Definitions, direction: Callable[[str], str]
    ) -> Expr:
        """Σ over the entries of these tensors: the direction there times what was derived."""
        output = self.layer.output

        def leaf(tensor: str, at: list[int]) -> Expr:
            return (
                self.weight(tensor, at)
                if tensor == upstream
                else self.coordinate(scalar(tensor, at))
            )

        upstream = cotangent_name(output.name)
        everything = {**self.forward, **meaning}
        scalars = Scalars(
            self.sizes, everything, self.decide, labels(self.layer), leaf, {}, self.value
        )
        total = sp.S.Zero
        for result in results:
            for at in self.places(result.indices):
                weight = leaf(direction(result.tensor), [at[i] for i in result.indices])
                total += weight * self.value(scalars.write(result.derived, at))
        return self.value(total)
