"""The sizes of a worked example: small, and different where there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from math import prod

from sympy import Expr

from pullback.codegen.interface.sizes import completed, fitted, lacking, related
from pullback.derive.index.objects import size_symbol
from pullback.derive.layer import Layer
from pullback.derive.read.symbols import BATCH_SIZE

# sizes of axes, all different: then a wrong transpose has another shape. Of two rows the mean and
# the deviation say nothing of either: three come first, where that is not too much
SIZES = ((3, 4, 2, 5, 6), (2, 3, 4, 5, 6))
MOST = 130  # entries of all inputs with these sizes
SMALL = 20  # ... with which an axis may have size 3


def small_sizes(layer: Layer) -> dict[Expr, int]:
    """Small sizes for all axes, at which windows lie within theirs, different where that is not too
    much."""
    windows, sizes = dict.fromkeys(related(layer), 2), different_sizes(layer)
    if not windows:
        return apart(layer, fitted(layer, sizes), 1)
    found = fitted(layer, {**sizes, **windows}, 3)
    if entries(layer, found) <= MOST:
        return apart(layer, found, 3)
    return apart(layer, fitted(layer, dict.fromkeys({**sizes, **windows}, 2), 2), 2)


def entries(layer: Layer, sizes: Mapping[Expr, int]) -> int:
    """How many numbers all inputs hold."""
    return sum(prod(sizes[i.size] for i in t.indices) for t in layer.inputs)


def apart(layer: Layer, sizes: dict[Expr, int], least: int) -> dict[Expr, int]:
    """Sizes of which two at a time are changed, where fewer axes are equal by that: of one tensor
    first, then of all. Those that are worked out are at least so large."""
    free = layer.given_sizes
    tensors = {tuple(dict.fromkeys(i.size for i in t.indices)) for t in layer.tensors.values()}

    def equal(sizes: Mapping[Expr, int]) -> tuple[int, int]:
        return (
            sum(alike([sizes[s] for s in axes]) for axes in tensors),
            alike([*sizes.values()]),
        )

    best = equal(sizes)
    while best > (0, 0):
        pairs = product(combinations(free, 2), product(range(2, 6), repeat=2))
        tried = (completed(layer, {**sizes, **dict(zip(*pair, strict=True))}) for pair in pairs)
        fitting = [s for s in tried if entries(layer, s) <= MOST and lacking(layer, s, least) >= 0]
        found = min(fitting, key=lambda s: (equal(s), entries(layer, s)), default=sizes)
        if equal(found) >= best:
            break
        sizes, best = found, equal(found)
    return sizes


def alike(sizes: Sequence[int]) -> int:
    """How many pairs of these are equal."""
    return sum(a == b for a, b in combinations(sizes, 2))


def different_sizes(layer: Layer) -> dict[Expr, int]:
    """A size of its own for each axis of an input, and each argument; where that is too much, 2 for
    the first axis and 3 or 2 for the others.

    Leading axes count as the first.
    """
    axes = [*layer.given_sizes]
    axes.sort(key=lambda size: size != size_symbol(BATCH_SIZE))

    for different in SIZES if 1 < len(axes) <= len(SIZES[0]) else ():
        sizes = dict(zip(axes, different, strict=False))
        if entries(layer, sizes) <= MOST:
            return sizes
    for size in (3, 2):
        sizes = {axis: size if k or len(axes) == 1 else 2 for k, axis in enumerate(axes)}
        if entries(layer, sizes) <= SMALL:
            return sizes
    return sizes
