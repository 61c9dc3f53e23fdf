"""Expressions evaluated with numbers, so that tests compare meanings and not strings."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr

from codegen import library
from derive.derivation import Derivation, derive
from derive.expressions import Index
from derive.layer import Layer
from derive.reader import read_layer
from derive.scalars import SIGNS, Scalars


def shipped(name: str) -> Layer:
    """A shipped layer."""
    return read_layer(name, library.shipped_source(name), library.shipped_source)


def derived(name: str) -> Derivation:
    """The derivation of a shipped layer."""
    return derive(shipped(name))


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

    def decide(question: Any, count: int) -> int:
        kind, *values = question
        if kind == "sign":
            return SIGNS.index(int(np.sign(float(values[0]))))
        if kind == "ArgLargest":
            return int(np.argmax([float(v) for v in values]))
        return int(arrays[kind][tuple(values)])

    scalars = Scalars(
        sizes,
        {n.name: (n.indices, n.expr) for n in layer.nodes if n.name not in arrays},
        decide,
        labels,
        lambda name, places: sp.Float(float(np.asarray(arrays[name])[tuple(places)])),
    )
    shape = tuple(sizes[i.size] for i in indices)
    result = np.empty(shape)
    for place in product(*map(range, shape)):
        at = dict(zip(indices, place, strict=True))
        result[place] = float(scalars.write(expr, at))
    return result


class Numbers:
    """Random numbers for what a node reads; kinks are decided by them."""

    def __init__(self, layer: Layer, node: str, sizes: Mapping[str, int]) -> None:
        self.rng = np.random.default_rng(1)
        self.values: dict[Expr, float] = {}
        labels = {t.name: t.labels_of for t in layer.inputs if t.labels_of is not None}
        by_size = {i.size: sizes.get(i.name, 2) for i in reversed(layer.axes)}
        by_size |= {i.size: sizes[i.name] for i in layer.axes if i.name in sizes}
        known = {n.name: (n.indices, n.expr) for n in layer.nodes if n.notation or n.name == node}
        self.scalars = Scalars(by_size, known, self.decide, labels)

    def number(self, expr: Expr) -> float:
        """The value of an expression in scalars."""
        for symbol in sorted(expr.free_symbols, key=str):
            self.values.setdefault(symbol, float(self.rng.normal()))
        return float(expr.subs(self.values))

    def decide(self, question: Any, count: int) -> int:
        """Sides of kinks by the numbers; labels are 0."""
        kind, *values = question
        return SIGNS.index(int(np.sign(self.number(values[0])))) if kind == "sign" else 0
