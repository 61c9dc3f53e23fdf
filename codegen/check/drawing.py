"""Sizes and inputs that show every case: all sizes differ, kinks on both sides, labels twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import sympy as sp
from sympy import Expr

from pullback.codegen.check.arrays import Array, World
from pullback.codegen.interface.sizes import fitted
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.errors import PullbackError
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.objects import Index, earlier, size_symbol
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE

Sizes = Mapping[Expr, int]
LENGTHS = (5, 4, 3, 7, 6, 8, 9, 10, 11, 13)  # of axes, in order; further ones have two and more
TRIES = 24
NEAR = 1e-3  # to a kink, where a side is not plain
HUGE = 1e6


@dataclass(frozen=True)
class Draw:
    """One draw: sizes, the shape in place of the leading axes, and all values by name."""

    sizes: Sizes
    lead: tuple[int, ...]
    world: World
    upstream: bool  # is the output's cotangent random? else it is 1


def draw(
    derivation: Derivation,
    lead: Sequence[int] = (5,),
    upstream: bool = True,
    seed: int = 0,
    lengths: Sequence[int] = LENGTHS,
    whole: bool = False,
) -> Draw:
    """Inputs at which most kinks are seen from both sides and all values are finite.

    `lead` is the shape in place of the leading axes; with `whole` inputs are whole numbers.
    Raises PullbackError where no such inputs are found.
    """
    sizes, best = sizes_of(derivation.layer, lead, lengths), None
    for attempt in range(TRIES):
        rng = np.random.default_rng([seed, attempt])
        given = inputs(derivation.layer, sizes, rng, positive=attempt % 3 == 2, whole=whole)
        given[cotangent_name(derivation.layer.output.name)] = cotangent(
            derivation.layer.output, sizes, rng, upstream, whole
        )
        world = filled(derivation, World(given, sizes))
        fault = faults(derivation, world)
        if fault is not None and (best is None or fault < best[0]):
            best = fault, world
            if not fault:
                break
    if best is None:
        raise PullbackError(
            f"{derivation.layer.name}: no inputs were found at which every value is a number"
        )
    return Draw(sizes, tuple(lead), best[1], upstream)


def sizes_of(layer: Layer, lead: Sequence[int], lengths: Sequence[int]) -> dict[Expr, int]:
    """A size for every axis, all different as long as there are lengths; that of leading axes."""
    symbols = list(dict.fromkeys(i.size for t in layer.tensors.values() for i in t.indices))
    symbols += [i.size for i in layer.axes if i.size not in symbols]
    own = [s for s in symbols if s.is_Symbol and s != size_symbol(BATCH_SIZE)]
    free = [n for n in lengths if n != np.prod(lead)] if len(own) != len(symbols) else lengths
    sizes = {s: free[k] if k < len(free) else 2 + k % 3 for k, s in enumerate(own)}
    sizes[size_symbol(BATCH_SIZE)] = int(np.prod(lead))
    sizes |= {size: 2 + k for k, size in enumerate(layer.arguments)}  # as windows are short
    shown = layer.given_sizes
    return {**sizes, **fitted(layer, {s: n for s, n in sizes.items() if s in shown})}


def inputs(
    layer: Layer, sizes: Sizes, rng: np.random.Generator, positive: bool, whole: bool
) -> dict[str, Array]:
    """Random numbers, where they are assumed to lie; what is assumed to equal something adds up to
    one along its last axis."""
    assumed = {str(b) for fact in layer.assumptions for b in fact.atoms(sp.IndexedBase)}
    given = {}
    for tensor in layer.inputs:
        shape = tuple(sizes[i.size] for i in tensor.indices)
        if tensor.integer:
            value: Array = labels(rng, sizes[cast(Expr, tensor.labels_of)], shape)
        elif tensor.name in assumed:
            value = rng.uniform(0.2, 1, shape)
            value = value / value.sum(axis=-1, keepdims=True) if shape else value
        elif whole:
            value = rng.integers(1 if positive or not shape else -2, 4, shape).astype(float)
        elif not shape:
            value = np.array(rng.uniform(0.4, 1.6))
        else:
            value = rng.normal(size=shape)
        value = abs(value) if positive and not tensor.integer else value
        if tensor.name in layer.ranges:
            value = np.vectorize(layer.ranges[tensor.name].inside, otypes=[float])(value)
        given[tensor.name] = value
    return given


def labels(rng: np.random.Generator, size: int, shape: tuple[int, ...]) -> Array:
    """Labels of which one comes twice, where there are more than one."""
    found = rng.integers(size, size=shape)
    if found.size > 1:
        flat = found.reshape(-1)
        flat[-1] = flat[0]
        if size > 1 and found.size > 2 and flat[1] == flat[0]:
            flat[1] = (flat[0] + 1) % size
    return np.asarray(found)


def cotangent(
    output: Node | Tensor, sizes: Sizes, rng: np.random.Generator, upstream: bool, whole: bool
) -> Array:
    """The output's cotangent: random, or 1."""
    shape = tuple(sizes[i.size] for i in output.indices)
    if not upstream:
        return np.ones(shape)
    return rng.integers(1, 4, shape).astype(float) if whole else rng.normal(size=shape) + 0.1


def filled(derivation: Derivation, world: World) -> World:
    """The world with every node, notation and cotangent worked out from the formulas."""
    rules: list[tuple[str, tuple[Index, ...], Expr]] = [
        (n.name, n.indices, n.expr) for n in derivation.layer.nodes
    ]
    rules += [
        (cotangent_name(g.tensor.name), g.tensor.indices, g.total) for g in derivation.gradients
    ]
    if not derivation.layer.recurrences:
        for name, indices, expr in rules:
            world = world.beside({name: world.array(expr, indices)})
        return world
    # a recurrence reads itself: with each round one place more is what it is to be, of all it reads
    zero = {n: np.zeros([world.sizes[i.size] for i in indices]) for n, indices, _ in rules}
    world = world.beside({**zero, **{earlier(n): array for n, array in zero.items()}})
    for _ in range(sum(world.sizes.values())):
        before = world.arrays
        for name, indices, expr in rules:
            found = world.array(expr, indices)
            world = world.beside({name: found, earlier(name): found})
        if all(np.array_equal(a, before[n], equal_nan=True) for n, a in world.arrays.items()):
            break
    return world


def faults(derivation: Derivation, world: World) -> float | None:
    """How much this draw does not show; None where a value is no number or an assumption fails."""
    arrays = [*world.arrays.values()]
    if not all(np.isfinite(a).all() and np.max(abs(a), initial=0) < HUGE for a in arrays):
        return None
    for name, place in derivation.layer.ranges.items():
        if not all(map(place.has, np.ravel(world.arrays[name]))):
            return None
    for fact in derivation.layer.assumptions:
        difference = world.value(fact.lhs - fact.rhs).array
        if np.max(abs(difference), initial=0) > 1e-9:
            return None
    exprs = [n.expr for n in derivation.layer.nodes] + [g.total for g in derivation.gradients]
    missing = 0.0
    for switch in dict.fromkeys(s for e in exprs for s in switches(e)):
        values = world.value(switch).array
        missing += not (values > NEAR).any()
        missing += not (values < -NEAR).any()
        missing += 0.5 * bool((abs(values) < NEAR).any())
    dead = [
        g for g in derivation.gradients if not world.arrays[cotangent_name(g.tensor.name)].any()
    ]
    return missing + len(dead)


def switches(expr: Expr) -> Iterator[Expr]:
    """What is compared with 0 in an expression, its sides subtracted."""
    for kind, sides in SIDES.items():
        for found in sorted(expr.atoms(kind), key=str):
            yield sides(found)


SIDES: Mapping[type, Callable[[Expr], Expr]] = {
    Bracket: lambda e: e.args[0].args[0] - e.args[0].args[1],
    Where: lambda e: e.args[0].args[0] - e.args[0].args[1],
    Maximum: lambda e: e.args[0] - e.args[1],
    Minimum: lambda e: e.args[0] - e.args[1],
    sp.Abs: lambda e: e.args[0],
    sp.sign: lambda e: e.args[0],
}
