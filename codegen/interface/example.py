"""A worked example: a layer at small sizes and simple inputs, in numbers.

Values follow from the derivation's own formulas, entry by entry, and must agree with what the
generated module returns for the same inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random
from types import ModuleType
from typing import Any, cast

import mpmath
import numpy as np
import sympy as sp
from sympy import Expr

from pullback.codegen.interface.example_sizes import small_sizes
from pullback.codegen.interface.sizes import completed
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.errors import PullbackError
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.objects import Index, free_indices
from pullback.derive.layer import Layer, Node, Tensor, with_earlier
from pullback.derive.proof.algebra import Numbers
from pullback.derive.proof.scalars import Scalars
from pullback.derive.proof.writing_out import defined, write
from pullback.derive.read.vocabulary import size_words

HALVES = (2, -1, 1, 3, -2, 1, -3, 2, 4, -1, 3, -4, 1)
LADDER = tuple(h / 2 for h in HALVES)  # the numbers that inputs are taken from
APART = tuple((37 * k % 151 - 75) / 2 for k in range(151))  # all different, for many without a tie
# ... and the output's cotangent: no number is in both, and it is no multiple of an input
UPSTREAM = tuple(HALVES[5 * k % len(HALVES)] / 5 for k in range(len(HALVES)))
SCALARS = (0.5, 0.75, 1.25)  # what inputs without axes are, a third of the attempts each
NEAR = 1e-9  # to a kink or a tie
SMALLEST = 5e-5  # what is smaller shows as 0
DIGITS = 30
TRIES = 12
FEW = 3  # attempts at most for the sake of numbers that are not too small


class Unfit(Exception):
    """These inputs meet a kink, a tie, or what is not a number."""


@dataclass(frozen=True)
class Table:
    """A tensor's or a gradient's entries."""

    name: str
    gradient: bool
    values: Any  # an array of floats or of labels


@dataclass(frozen=True)
class Example:
    """Inputs, nodes, the output's cotangent where it has axes, and gradients, in order."""

    sizes: str
    inputs: tuple[Table, ...]
    nodes: tuple[Table, ...]
    upstream: Table | None
    gradients: tuple[Table, ...]
    one_sided: int = 0  # kinks of which no entry lies at one side
    arguments: tuple[int, ...] = ()  # the sizes that callers give

    @property
    def lacks(self) -> tuple[int, int, int]:
        """What it does not show: sides of kinks and whole gradients, rows and columns of these, and
        numbers so small that all of their decimals are 0."""
        dead = sum(not t.values.any() for t in self.gradients if t.values.size)
        lines = sum(zero_lines(t.values) for t in self.gradients)
        tables = (*self.nodes, *self.gradients)
        small = sum(int(((t.values != 0) & (abs(t.values) < SMALLEST)).sum()) for t in tables)
        return self.one_sided + dead, lines, small


class Decided(Numbers):
    """Numbers that decide every case; what is as near as `near` to a kink or a tie is unfit."""

    def __init__(self, given: Mapping[str, Any], near: float = NEAR) -> None:
        super().__init__(mpmath.mp, self.taken, lambda name, at, _: given[name][tuple(at)])
        self.given, self.near = given, near

    def taken(self, name: str, places: Sequence[int]) -> Any:
        """An entry of an input."""
        return mpmath.mpf(self.given[name][tuple(places)])

    def sign(self, value: Any) -> int:
        """Which sign a number has."""
        if abs(real(value)) < self.near:
            raise Unfit("a kink")
        return super().sign(value)

    def largest(self, values: Sequence[Any]) -> int:
        """The place of the largest, which must stand out."""
        order = sorted(map(real, values), reverse=True)
        if len(order) > 1 and order[0] - order[1] < self.near:
            raise Unfit("a tie")
        return super().largest(values)


def real(value: Any) -> Any:
    """The value; Unfit where it is no number."""
    if not mpmath.isfinite(value):
        raise Unfit("not a number")
    return value


def example(
    derivation: Derivation,
    code: ModuleType,
    drawn: int = 0,
    sizes: Mapping[Expr, int] | None = None,
    own: Mapping[str, Any] | None = None,
) -> Example | None:
    """A worked example of a layer, whose module is `code`, and must agree; as `simple` has it."""
    found = simple(derivation, drawn, sizes, own)
    if found:
        agree(derivation.layer, found, code)
    return found


def simple(
    derivation: Derivation,
    drawn: int = 0,
    sizes: Mapping[Expr, int] | None = None,
    own: Mapping[str, Any] | None = None,
) -> Example | None:
    """A layer worked out at simple inputs; None where none will do.

    Inputs with both signs come first, and of those that fit such that show the most: both sides of
    each kink, gradients without rows and columns of zeros, numbers that are not too small. Where
    `drawn` is not 0 other inputs are drawn; those in `own`, arrays of numbers that fit `sizes`, are
    not drawn at all, and may lie at a kink.
    """
    layer, own = derivation.layer, own or {}
    sizes = completed(layer, sizes or small_sizes(layer))
    best: Example | None = None
    near = 0.0 if own else NEAR
    ladder = Random(drawn).sample(LADDER, len(LADDER)) if drawn else LADDER
    tries = 1 if all(t.name in own for t in layer.inputs) else TRIES
    for numbers, positive in product((ladder, APART), (False, True)):
        if best and (numbers is APART or not best.lacks[0]):
            break
        for attempt in range(tries):
            given = {**inputs(layer, sizes, attempt, positive, numbers), **own}
            try:
                with mpmath.workdps(DIGITS):
                    found = worked(derivation, sizes, given, near)
            except Unfit:
                continue
            if best is None or found.lacks < best.lacks:
                best = found
            if not any(best.lacks[: 3 if attempt < FEW else 2]):
                break
    return best


def zero_lines(values: Any) -> int:
    """How many rows, columns and so on of an array of two axes or more hold zeros alone."""
    if values.ndim < 2:
        return 0
    others = (tuple(k for k in range(values.ndim) if k != axis) for axis in range(values.ndim))
    return sum(int((~values.any(axis=rest)).sum()) for rest in others)


def inputs(
    layer: Layer,
    sizes: Mapping[Expr, int],
    attempt: int,
    positive: bool,
    ladder: Sequence[float] = LADDER,
) -> dict[str, Any]:
    """Halves from a ladder, shifted by the attempt, without signs where they must be positive.

    What is assumed to equal something has weights that add up to one along the last axis, and what
    is assumed to lie in a range lies there.
    """
    assumed = {
        s.name for fact in layer.assumptions for s in fact.free_symbols if hasattr(s, "name")
    }
    assumed |= {str(b) for fact in layer.assumptions for b in fact.atoms(sp.IndexedBase)}
    found = {}
    for at, tensor in enumerate(layer.inputs):
        shape = tuple(sizes[i.size] for i in tensor.indices)
        numbers = (ladder[(k + 3 * at + attempt) % len(ladder)] for k in range(prod(shape)))
        if tensor.integer:
            size = sizes[cast(Expr, tensor.labels_of)]
            values: Iterable[Any] = ((k + 1 + attempt) % size for k in range(prod(shape)))
        elif tensor.name in assumed:
            values = weights(shape)
        elif not shape:
            values = [SCALARS[attempt * len(SCALARS) // TRIES % len(SCALARS)]]
        else:
            values = (abs(n) for n in numbers) if positive else numbers
        if tensor.name in layer.ranges:
            values = map(layer.ranges[tensor.name].inside, values)
        found[tensor.name] = np.array([*values], object).reshape(shape)
    return found


def weights(shape: Sequence[int]) -> list[float]:
    """Positive numbers that add up to one along the last axis: 1/4, 3/4."""
    last = shape[-1] if shape else 1
    row = [(1 if k + 1 < last else 2**last - last + 1) / 2**last for k in range(last)]
    return [row[(k + k // last) % last] for k in range(prod(shape))]


def numbers_of(
    derivation: Derivation,
    sizes: Mapping[Expr, int],
    given: Mapping[str, Any],
    near: float = NEAR,
) -> tuple[Scalars[Any], Decided]:
    """What works out values and gradients for these inputs, and the numbers that it does it in."""
    layer = derivation.layer
    output = cotangent_name(layer.output.name)
    shape = tuple(sizes[i.size] for i in layer.output.indices)
    flat = [UPSTREAM[k % len(UPSTREAM)] if shape else 1.0 for k in range(prod(shape))]
    known = {**given, output: np.array(flat, object).reshape(shape)}
    definitions = {n.name: (n.indices, n.expr) for n in layer.nodes}
    definitions |= {
        cotangent_name(g.tensor.name): (g.tensor.indices, g.total) for g in derivation.gradients
    }
    labels = {t.name: t.labels_of for t in layer.inputs if t.labels_of is not None}
    numbers = Decided(known, near)
    return Scalars(sizes, with_earlier(definitions), numbers, labels), numbers


def worked(
    derivation: Derivation,
    sizes: Mapping[Expr, int],
    given: Mapping[str, Any],
    near: float = NEAR,
) -> Example:
    """Every value of the layer and every gradient for these inputs."""
    layer = derivation.layer
    scalars, numbers = numbers_of(derivation, sizes, given, near)
    upstream = numbers.given[cotangent_name(layer.output.name)]
    for tensor in (t for t in layer.inputs if t.name in layer.ranges):
        if not all(map(layer.ranges[tensor.name].has, np.ravel(given[tensor.name]))):
            raise Unfit("an assumption")
    for fact in layer.assumptions:
        for at in at_places(sorted(fact.free_symbols & {*layer.axes}, key=str), sizes):
            if abs(real(write(scalars, fact.lhs - fact.rhs, at))) > NEAR:
                raise Unfit("an assumption")

    def table(tensor: Tensor | Node, name: str) -> Table:
        places = list(at_places(tensor.indices, sizes))
        entries = [float(real(defined(scalars, name, [*at.values()]))) for at in places]
        if numbers.faults:
            raise Unfit("not a number")
        shape = tuple(sizes[i.size] for i in tensor.indices)
        return Table(tensor.name, name != tensor.name, np.array(entries).reshape(shape))

    def one_sided(difference: Expr) -> bool:
        free = sorted(free_indices(difference), key=str)
        found = {write(scalars, difference, at) > 0 for at in at_places(free, sizes)}
        return len(found) == 1

    return Example(
        sizes=", ".join(f"{size_words(str(size))} = {number}" for size, number in sizes.items()),
        inputs=tuple(Table(n, False, plain(v)) for n, v in given.items()),
        nodes=tuple(table(n, n.name) for n in layer.nodes),
        upstream=Table(layer.output.name, True, plain(upstream)) if upstream.ndim else None,
        gradients=tuple(
            table(g.tensor, cotangent_name(g.tensor.name)) for g in derivation.gradients
        ),
        one_sided=sum(map(one_sided, differences(layer))),
        arguments=tuple(sizes[size] for size in layer.arguments),
    )


def differences(layer: Layer) -> list[Expr]:
    """What is above 0 at one side of a kink or of a condition, for each in a layer's equations."""
    found: dict[Expr, None] = {}
    for node in layer.nodes:
        kinks = node.expr.atoms(Maximum, Minimum, Where, Bracket, sp.Abs, sp.sign)
        for kink in sorted(kinks, key=sp.default_sort_key):
            decides = kink.args[0] if isinstance(kink, Where | Bracket) else kink
            difference = sp.Add(decides.args[0], *(-s for s in decides.args[1:2]))
            if not isinstance(decides, sp.Eq | sp.Ne) and difference.atoms(sp.Indexed):
                found[difference] = None
    return [*found]


def at_places(indices: Sequence[Index], sizes: Mapping[Expr, int]) -> Iterator[dict[Index, int]]:
    """Every place on these axes."""
    for found in product(*(range(sizes[i.size]) for i in indices)):
        yield dict(zip(indices, found, strict=True))


def plain(values: Any) -> Any:
    """An array of numbers as NumPy has them: labels as integers, all else as floats."""
    integer = all(isinstance(v, int) for v in values.flat)
    return values.astype(np.int64 if integer else np.float64)


def agree(layer: Layer, found: Example, code: ModuleType) -> None:
    """A module must return the same output and the same gradients."""
    arguments = [t.values if t.values.ndim else t.values.item() for t in found.inputs]
    upstream = found.upstream.values if found.upstream else 1.0
    with np.errstate(all="ignore"):  # a case that is not taken may be no number
        output, cache = code.forward(*arguments, *found.arguments)
        gradients = code.backward(upstream, cache)
    shown = {t.name: t.values for t in found.gradients}
    values = {t.name: t.values for t in found.nodes}
    pairs = [(output, values[layer.output.name], layer.output.name)]
    several = gradients if isinstance(gradients, tuple) else (gradients,)
    pairs += [(one, shown[n], cotangent_name(n)) for n, one in zip(layer.wrt, several, strict=True)]
    for computed, wanted, name in pairs:
        if not np.allclose(computed, wanted, rtol=1e-9, atol=1e-12):
            raise PullbackError(
                f"{layer.name}: the module returns {name} = {computed}, the page has {wanted}"
            )
