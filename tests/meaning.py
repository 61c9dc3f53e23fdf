"""Expressions evaluated with numbers, so that tests compare meanings and not strings."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import mpmath
import numpy as np
from sympy import Expr

from pullback.codegen import library
from pullback.derive.index.objects import Index
from pullback.derive.layer import Layer
from pullback.derive.proof.algebra import Duals, Numbers
from pullback.derive.proof.scalars import Scalars
from pullback.derive.proof.writing_out import write
from pullback.derive.read.reader import read_layer


def shipped(name: str) -> Layer:
    """A shipped layer."""
    return read_layer(name, library.shipped_source(name), library.shipped_source)


def evaluate(
    expr: Expr, indices: tuple[Index, ...], layer: Layer, arrays: Mapping[str, Any]
) -> Any:
    """The array of an expression's values, its tensors being these arrays.

    A node or notation whose name is in `arrays` is taken from there, else from its equation.
    """
    sizes: dict[Expr, int] = {}
    for tensor in [*layer.inputs, *layer.nodes]:
        for name in (tensor.name, f"d{tensor.name}"):
            if name in arrays:
                shape = np.shape(arrays[name])
                sizes.update(zip((i.size for i in tensor.indices), shape, strict=True))
    labels = {t.name: t.labels_of for t in layer.inputs if t.labels_of is not None}
    numbers = Numbers(
        mpmath.fp,
        lambda name, places: float(np.asarray(arrays[name])[tuple(places)]),
        lambda name, places, _: int(arrays[name][tuple(places)]),
    )
    definitions = {n.name: (n.indices, n.expr) for n in layer.nodes if n.name not in arrays}
    scalars = Scalars(sizes, definitions, numbers, labels)
    shape = tuple(sizes[i.size] for i in indices)
    result = np.empty(shape)
    for place in product(*map(range, shape)):
        at = dict(zip(indices, place, strict=True))
        result[place] = float(write(scalars, expr, at))
    return result


class RandomNumbers(Numbers):
    """Random numbers for what a node reads; kinks are decided by them, and labels are 0."""

    def __init__(self, layer: Layer, node: str, sizes: Mapping[str, int]) -> None:
        rng, self.drawn = np.random.default_rng(1), {}
        super().__init__(
            mpmath.fp,
            lambda name, places: self.drawn.setdefault((name, *places), float(rng.normal())),
            lambda name, places, size: 0,
        )
        labels = {t.name: t.labels_of for t in layer.inputs if t.labels_of is not None}
        by_size = {i.size: sizes.get(i.name, 2) for i in reversed(layer.axes)}
        by_size |= {i.size: sizes[i.name] for i in layer.axes if i.name in sizes}
        known = {n.name: (n.indices, n.expr) for n in layer.nodes if n.notation or n.name == node}
        self.scalars = Scalars(by_size, known, self, labels)

    def slope(self, expr: Expr, at: Mapping[Index, int], tensor: str, places: list[int]) -> float:
        """The slope of an expression by an entry, by the rules of `Duals`."""

        def tangent(name: str, at: Any) -> float:
            return float((name, [*at]) == (tensor, places))

        duals = replace(self.scalars, algebra=Duals(self, tangent), memory={}, lasting={})
        return float(write(duals, expr, at).slope)
