"""Inputs on which accuracy is measured, by layer: a name, and how to draw them.

All are drawn in float64 and rounded to the dtype; the exact values are those of the rounded inputs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Draw = Callable[[np.random.Generator], tuple[Any, ...]]
ENTRIES, ROWS, CLASSES, WIDE_ROWS, WIDE = 4096, 128, 100, 4, 50257


def logits(kind: Callable[[np.random.Generator, int, int], Array], rows: int, classes: int) -> Draw:
    """Logits of a kind, with random labels."""
    return lambda rng: (kind(rng, rows, classes), rng.integers(classes, size=rows))


def normal(scale: float, mean: float = 0.0) -> Callable[[np.random.Generator, int, int], Array]:
    """Normal entries."""
    return lambda rng, *shape: mean + scale * rng.standard_normal(shape)


def near_ties(rng: np.random.Generator, rows: int, classes: int) -> Array:
    """Rows whose entries differ in their last digits."""
    return rng.standard_normal((rows, 1)) * (1 + 1e-7 * rng.standard_normal((rows, classes)))


def outlier(rng: np.random.Generator) -> tuple[Array, Array]:
    """A wrong class at 1e4."""
    z, y = rng.standard_normal((ROWS, CLASSES)), rng.integers(CLASSES, size=ROWS)
    z[np.arange(ROWS), (y + 1) % CLASSES] = 1e4
    return z, y


def ahead(low: float, high: float) -> Draw:
    """The right class ahead of the largest other."""

    def draw(rng: np.random.Generator) -> tuple[Array, Array]:
        z, y = rng.standard_normal((ROWS, CLASSES)), rng.integers(CLASSES, size=ROWS)
        z[np.arange(ROWS), y] = z.max(axis=1) + rng.uniform(low, high, ROWS)
        return z, y

    return draw


def one_hot(draw: Draw) -> Draw:
    """Logits with targets that are 1 at the label."""

    def drawn(rng: np.random.Generator) -> tuple[Array, Array]:
        z, y = draw(rng)
        return z, (np.arange(z.shape[1]) == y[:, None]) * 1.0

    return drawn


def spread(draw: Draw, rest: float) -> Draw:
    """Logits with targets of which others have a share, in parts that add up to 1 exactly."""

    def drawn(rng: np.random.Generator) -> tuple[Array, Array]:
        z, t = one_hot(draw)(rng)
        others = rng.multinomial(1024, [1 / z.shape[1]] * z.shape[1], len(z)) / 1024
        return z, (1 - rest) * t + rest * others

    return drawn


def without_labels(draw: Draw) -> Draw:
    """Logits alone."""
    return lambda rng: draw(rng)[:1]


def few(draw: Draw) -> Draw:
    """The first rows of logits alone."""
    return lambda rng: (draw(rng)[0][:16],)


def entries(kind: Callable[[np.random.Generator], Array]) -> Draw:
    """One array of entries."""
    return lambda rng: (kind(rng),)


def normal_entries(rng: np.random.Generator) -> Array:
    """Standard normal entries."""
    return rng.standard_normal(ENTRIES)


def powers(low: float, high: float) -> Callable[[np.random.Generator], Array]:
    """Entries of both signs, their logarithms spread evenly."""
    return lambda rng: rng.choice([-1, 1], ENTRIES) * 10 ** rng.uniform(low, high, ENTRIES)


def targets(kind: Callable[[np.random.Generator], Array], certain: bool) -> Draw:
    """Logits with target probabilities, of 0 and 1 alone where they are certain."""

    def draw(rng: np.random.Generator) -> tuple[Array, Array]:
        t = rng.integers(2, size=ENTRIES) * 1.0 if certain else rng.random(ENTRIES)
        return kind(rng), t

    return draw


def right(rng: np.random.Generator) -> tuple[Array, Array]:
    """Targets of 0 and 1 that the logits are sure of."""
    t = rng.integers(2, size=ENTRIES) * 1.0
    return (2 * t - 1) * rng.uniform(3, 80, ENTRIES), t


def features(scale: float, mean: float = 0.0, spike: float = 0.0) -> Draw:
    """Rows to normalise, with a gain and a bias."""

    def draw(rng: np.random.Generator) -> tuple[Array, Array, Array]:
        x = mean + scale * rng.standard_normal((32, 256))
        if spike:
            x[:, 7] = spike
        return x, 1 + 0.1 * rng.standard_normal(256), 0.1 * rng.standard_normal(256)

    return draw


LOGITS: dict[str, Draw] = {
    "N(0, 1)": logits(normal(1), ROWS, CLASSES),
    "N(0, 10²)": logits(normal(10), ROWS, CLASSES),
    "N(0, 100²)": logits(normal(100), ROWS, CLASSES),
    "offset by 1e4": logits(normal(1, 1e4), ROWS, CLASSES),
    "near ties": logits(near_ties, ROWS, CLASSES),
    "a wrong outlier at 1e4": outlier,
    "right class ahead by 45": ahead(45, 45),
    "right class ahead by U(3, 20)": ahead(3, 20),
    "C = 2": logits(normal(3), ENTRIES // 2, 2),
    "C = 50257": logits(normal(3), WIDE_ROWS, WIDE),
}
NARROW = {name: draw for name, draw in LOGITS.items() if name != "C = 50257"}
SURE = (
    "N(0, 1)",
    "N(0, 100²)",
    "right class ahead by 45",
    "right class ahead by U(3, 20)",
    "C = 2",
)
POINTS: dict[str, Draw] = {
    "N(0, 1)": entries(normal_entries),
    "N(0, 100²)": entries(lambda rng: 100 * rng.standard_normal(ENTRIES)),
    "tiny, 1e-30 to 1e-3": entries(powers(-30, -3)),
    "mixed, 1e-6 to 1e4": entries(powers(-6, 4)),
    "U(-12, -3)": entries(lambda rng: rng.uniform(-12, -3, ENTRIES)),
    "U(-80, -12)": entries(lambda rng: rng.uniform(-80, -12, ENTRIES)),
    "U(3, 80)": entries(lambda rng: rng.uniform(3, 80, ENTRIES)),
}
REGIMES: dict[str, dict[str, Draw]] = {
    "softmax_cross_entropy": LOGITS,
    "cross_entropy": {f"{name}, one-hot": one_hot(LOGITS[name]) for name in SURE}
    | {f"{name}, soft": spread(LOGITS[name], 0.25) for name in SURE},
    "log_sum_exp": {name: without_labels(draw) for name, draw in LOGITS.items()}
    | {"sums near 1": lambda rng: (rng.standard_normal((ROWS, CLASSES)) / 100 - np.log(CLASSES),)},
    "sigmoid": POINTS,
    "softplus": POINTS,
    "gelu": POINTS,
    "gelu_tanh": POINTS,
    "tanh": POINTS,
    "silu": POINTS,
    "softmax": {name: few(draw) for name, draw in NARROW.items()},
    "log_softmax": {name: without_labels(draw) for name, draw in NARROW.items()},
    "binary_cross_entropy": {
        "N(0, 1), any target": targets(normal_entries, False),
        "N(0, 1), targets 0 and 1": targets(normal_entries, True),
        "N(0, 100²), any target": targets(lambda rng: 100 * normal_entries(rng), False),
        "tiny, any target": targets(powers(-30, -3), False),
        "sure and right": right,
    },
    "layer_norm": {
        "N(0, 1)": features(1),
        "mean 1e4, sd 1": features(1, 1e4),
        "sd 1e-3": features(1e-3),
        "sd 1e4": features(1e4),
        "an outlier at 1e4": features(1, spike=1e4),
    },
}


def draw(layer: str, regime: str, dtype: str) -> tuple[Any, ...]:
    """Inputs of a layer, rounded to the dtype."""
    drawn = REGIMES[layer][regime](np.random.default_rng(0))
    return tuple(a if a.dtype.kind == "i" else a.astype(dtype) for a in drawn)


def cotangent(layer: str, inputs: tuple[Any, ...]) -> Array:
    """The gradient by the output: of a sum, of a loss, or at random where all entries count."""
    first = inputs[0]
    if layer in ("softmax_cross_entropy", "cross_entropy", "log_sum_exp"):
        return np.ones(len(first), first.dtype)
    if layer == "log_softmax":
        return -(np.arange(first.shape[1]) == first.argmax(axis=1)[:, None]).astype(first.dtype)
    if layer in ("layer_norm", "softmax"):
        return np.random.default_rng(1).standard_normal(first.shape).astype(first.dtype)
    return np.ones_like(first)
