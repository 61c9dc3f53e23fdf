"""Values and slopes entry by entry where functions are singular, by the declared rule.

Dual numbers through the syntax trees of the equations: nothing is shared with the derivation but
the parser. A slope is a product of slopes, and 0 where one of them is 0, whatever the others are.
A mask is 0 or 1, and 0 times anything is 0; of `where` the case that is taken counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pullback.derive.read.trees import Apply, Iverson, Operation, Tree
from tests.definitions import Facts
from tests.reference import Exact

INF, NAN = math.inf, math.nan


def safe(function: Callable[..., float]) -> Callable[..., float]:
    """A function of Python's that returns what NumPy does where it would raise."""

    def value(*args: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(*map(np.float64, args)))

    return value


@dataclass(frozen=True)
class Dual:
    """A value and its slope; `mask` where it is 0 by a mask, and everything times it."""

    value: float
    slope: float = 0.0
    mask: bool = False


def times(a: float, b: float) -> float:
    """A product of slopes."""
    return 0.0 if a == 0 or b == 0 else a * b


def erfc_of(x: float) -> float:
    return math.erfc(x)


def power_slopes(a: float, b: float) -> tuple[float, float]:
    """The slopes of a**b."""
    return times(b, safe(np.power)(a, b - 1)), times(safe(np.power)(a, b), safe(np.log)(a))


# a function's value, and its slope
SMOOTH: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (safe(np.exp), safe(np.exp)),
    "expm1": (safe(np.expm1), safe(np.exp)),
    "log": (safe(np.log), safe(lambda a: 1 / a)),
    "log1p": (safe(np.log1p), safe(lambda a: 1 / (1 + a))),
    "sqrt": (safe(np.sqrt), safe(lambda a: 0.5 / np.sqrt(a))),
    "tanh": (safe(np.tanh), safe(lambda a: 1 / np.cosh(a) ** 2)),
    "sin": (safe(np.sin), safe(np.cos)),
    "cos": (safe(np.cos), safe(lambda a: -np.sin(a))),
    "abs": (safe(np.abs), safe(np.sign)),
    "erf": (math.erf, safe(lambda a: 2 / np.sqrt(np.pi) * np.exp(-(a**2)))),
    "erfc": (erfc_of, safe(lambda a: -2 / np.sqrt(np.pi) * np.exp(-(a**2)))),
    "sigmoid": (
        safe(lambda a: 1 / (1 + np.exp(-a))),
        safe(lambda a: 1 / (1 + np.exp(-a)) / (1 + np.exp(a))),
    ),
}


class Declared(Exact):
    """One evaluation along a direction: every value is a Dual."""

    def __init__(self, layer: Facts, inputs: dict[str, Any], along: dict[str, Any]) -> None:
        super().__init__(layer, inputs)
        self.along = {name: np.asarray(value) for name, value in along.items()}

    def number(self, value: Any) -> Dual:
        return Dual(float(value))

    def leaf(self, name: str, place: tuple[int, ...]) -> Dual:
        moves = self.along.get(name)
        return Dual(float(self.inputs[name][place]), 0.0 if moves is None else float(moves[place]))

    def real(self, value: Dual) -> float:
        return value.value

    def apply(self, op: str, *args: Dual) -> Dual:
        if op in SMOOTH:
            (a,) = args
            value, slope = SMOOTH[op]
            return Dual(value(a.value), times(slope(a.value), a.slope) if a.slope else 0.0)
        a, b = args
        if op in ("+", "-"):
            sign = 1 if op == "+" else -1
            return Dual(a.value + sign * b.value, a.slope + sign * b.slope)
        if op == "*":
            if a.mask or b.mask:
                return Dual(0.0, 0.0, True)
            return Dual(a.value * b.value, times(a.slope, b.value) + times(a.value, b.slope))
        if op == "/":
            if a.mask:
                return Dual(0.0, 0.0, True)
            value = safe(np.divide)(a.value, b.value)
            by_b = times(safe(np.divide)(-a.value, b.value**2), b.slope)
            return Dual(value, times(safe(np.divide)(1, b.value), a.slope) + by_b)
        by_a, by_b = power_slopes(a.value, b.value)
        value = safe(np.power)(a.value, b.value)
        return Dual(value, times(by_a, a.slope) + times(by_b, b.slope))

    def build(self, tree: Tree, at: dict[str, int]) -> Any:
        if isinstance(tree, Iverson):
            return Dual(1.0) if self.holds(tree.comparison, at) else Dual(0.0, 0.0, True)
        if isinstance(tree, Apply) and tree.name == "where":
            condition, first, second = tree.args
            return self.build(first if self.decided(condition, at) else second, at)
        return super().build(tree, at)

    def decided(self, condition: Tree, at: dict[str, int]) -> bool:
        assert isinstance(condition, Operation)
        return self.holds(condition, at)


def value_of(layer: Facts, inputs: dict[str, Any]) -> np.ndarray:
    """Every entry of the output."""
    return along(layer, inputs, {})[0]


def along(layer: Facts, inputs: dict[str, Any], tangents: dict[str, Any]) -> tuple[Any, Any]:
    """The output and its slope along tangents of the inputs."""
    found = Declared(layer, inputs, tangents).output()
    values = np.array([d.value for d in found.ravel()], float).reshape(found.shape)
    return values, np.array([d.slope for d in found.ravel()], float).reshape(found.shape)


def pulled(layer: Facts, inputs: dict[str, Any], g: Any) -> dict[str, np.ndarray]:
    """The gradients of sum(g * output), one entry after the other."""
    found = {}
    for name in layer.wrt:
        gradient = np.zeros(np.shape(inputs[name]))
        for place in np.ndindex(gradient.shape):
            unit = np.zeros(gradient.shape)
            unit[place] = 1
            slopes = along(layer, inputs, {name: unit})[1]
            gradient[place] = sum(map(times, np.ravel(g), np.ravel(slopes)))
        found[name] = gradient
    return found
