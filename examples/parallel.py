"""What the examples of several machines share: a perceptron, and its descent on one process."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from generated import mlp

STEP, MOMENTUM, LAMDA = 0.1, 0.9, 1e-3
Weights = dict[str, NDArray[np.float64]]


class Problem(NamedTuple):
    """Examples x (N, D) with labels y (N,), and weights to begin with."""

    x: NDArray[np.float64]
    y: NDArray[np.intp]
    weights: Weights

    @property
    def bytes(self) -> int:
        """The size of all weights, which is that of all gradients."""
        return sum(v.nbytes for v in self.weights.values())


def problem(rows: int = 1000, features: int = 64, hidden: int = 96, classes: int = 10) -> Problem:
    """Random examples and weights in float64."""
    rng = np.random.default_rng(0)
    return Problem(
        x=rng.normal(size=(rows, features)),
        y=rng.integers(0, classes, rows),
        weights={
            "W": 0.3 * rng.normal(size=(features, hidden)),
            "c": np.zeros(hidden),
            "w": 0.3 * rng.normal(size=(hidden, classes)),
            "b": np.zeros(classes),
        },
    )


def alone(given: Problem, steps: int) -> Weights:
    """The weights after some steps of one process, by the module for NumPy."""
    weights = {n: v.copy() for n, v in given.weights.items()}
    speed = {n: np.zeros_like(v) for n, v in weights.items()}
    for _ in range(steps):
        _, gradients = mlp.value_and_grad(given.x, *weights.values(), given.y, LAMDA)
        for name, gradient in zip(weights, gradients, strict=True):
            speed[name] = MOMENTUM * speed[name] + gradient
            weights[name] -= STEP * speed[name]
    return weights


def furthest(found: dict[str, Any], wanted: Weights) -> float:
    """The largest difference of an entry."""
    return max(float(np.max(np.abs(np.asarray(found[n]) - v))) for n, v in wanted.items())


def shown(way: str, difference: float, traffic: float, least: float) -> str:
    """A line: how far from one process, and how many bytes a step moves."""
    return (
        f"{way:<28} furthest from one process: {difference:.1e}; "
        f"{traffic:,.0f} bytes a step, at least {least:,.0f} must travel"
    )
