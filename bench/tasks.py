"""What is timed: layers, shapes and their operands, and the least that any code must do."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DTYPES = ("float32", "float64")
LAMDA = 1e-3

# From a size at which calls cost most, over one that fits the caches, to one that does not.
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "mlp": (
        (300, 2, 100, 3),
        (200, 64, 100, 10),
        (256, 784, 512, 10),
        (256, 3072, 1024, 10),
        (256, 256, 256, 32000),
    ),
    "softmax_cross_entropy": ((128, 10), (256, 1000), (4096, 1000), (256, 50257)),
    "relu": ((32, 32), (256, 512), (4096, 2048)),
    "gelu": ((32, 32), (256, 512), (4096, 2048)),
    "layer_norm": ((32, 64), (256, 768), (8192, 1024)),
    "attention": ((2, 16, 16), (8, 128, 64), (8, 512, 64)),
}
AXES = {
    "mlp": "N, D, H, C",
    "softmax_cross_entropy": "N, C",
    "relu": "N, D",
    "gelu": "N, D",
    "layer_norm": "N, D",
    "attention": "B, T, D",
}


@dataclass(frozen=True)
class Row:
    """A layer at one shape and dtype."""

    layer: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> str:
        """The shape in words."""
        return "×".join(map(str, self.shape))

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"{self.layer} {self.size} {self.dtype}"

    @property
    def work(self) -> int:
        """Multiplications of the products where there are any, else entries of the input."""
        if self.layer == "mlp":
            N, D, H, C = self.shape
            return N * H * (2 * D + 3 * C)
        if self.layer == "attention":
            B, T, D = self.shape
            return 6 * B * T * T * D
        return prod(self.shape)


class Operands(NamedTuple):
    """Inputs by name in a layer's order, which gradients are wanted, and the cotangent.

    The cotangent is None where the output is a number.
    """

    inputs: dict[str, Any]
    wanted: tuple[str, ...]
    g: Array | None


def rows(pattern: str = "*", dtypes: tuple[str, ...] = DTYPES) -> list[Row]:
    """The rows whose name holds the pattern."""
    every = [Row(layer, s, d) for d in dtypes for layer, shapes in SHAPES.items() for s in shapes]
    return [row for row in every if fnmatchcase(row.name.replace("×", "x"), f"*{pattern}*")]


def draw(row: Row) -> Operands:
    """Normal inputs, weights of a usual scale, labels, and a cotangent."""
    rng = np.random.default_rng(0)

    def normal(*shape: int, scale: float = 1.0) -> Array:
        return (scale * rng.standard_normal(shape, dtype=np.float32)).astype(row.dtype)

    return DRAWN[row.layer](row, rng, normal)


def draw_mlp(row: Row, rng: np.random.Generator, normal: Callable[..., Array]) -> Operands:
    """A step of the perceptron, towards all its parameters."""
    N, D, H, C = row.shape
    inputs = {
        "x": normal(N, D),
        "W": normal(D, H, scale=(2 / D) ** 0.5),
        "c": normal(H, scale=0.1),
        "w": normal(H, C, scale=(2 / H) ** 0.5),
        "b": normal(C, scale=0.1),
        "y": rng.integers(C, size=N),
        "lamda": LAMDA,
    }
    return Operands(inputs, ("W", "c", "w", "b"), None)


def draw_loss(row: Row, rng: np.random.Generator, normal: Callable[..., Array]) -> Operands:
    """The loss of every row, with the cotangent of their mean."""
    N, C = row.shape
    inputs = {"z": normal(N, C), "y": rng.integers(C, size=N)}
    return Operands(inputs, ("z",), np.full(N, 1 / N, row.dtype))


def draw_activation(row: Row, _: np.random.Generator, normal: Callable[..., Array]) -> Operands:
    """Entries around 0."""
    return Operands({"u": normal(*row.shape)}, ("u",), normal(*row.shape))


def draw_norm(row: Row, _: np.random.Generator, normal: Callable[..., Array]) -> Operands:
    """Rows to normalise, with a gain and a bias."""
    D = row.shape[-1]
    inputs = {"x": normal(*row.shape), "gain": normal(D), "bias": normal(D)}
    return Operands(inputs, ("x", "gain", "bias"), normal(*row.shape))


def draw_attention(row: Row, _: np.random.Generator, normal: Callable[..., Array]) -> Operands:
    """As many queries as keys."""
    inputs = {name: normal(*row.shape) for name in "QKV"}
    return Operands(inputs, ("Q", "K", "V"), normal(*row.shape))


DRAWN = {
    "mlp": draw_mlp,
    "softmax_cross_entropy": draw_loss,
    "relu": draw_activation,
    "gelu": draw_activation,
    "layer_norm": draw_norm,
    "attention": draw_attention,
}


def limit(row: Row, o: Operands) -> Callable[[], None]:
    """The bare matrix products into ready arrays, else one copy of what is read and written."""
    if row.layer == "mlp":
        return products(mlp_products(o))
    if row.layer == "attention":
        return products(attention_products(o))
    first = next(iter(o.inputs.values()))
    sources = [first] if o.g is None or o.g.shape != first.shape else [first, o.g]
    pairs = [(np.empty_like(a), a) for a in sources]

    def call() -> None:
        for target, source in pairs:
            np.copyto(target, source)

    return call


def products(factors: list[tuple[Array, Array]]) -> Callable[[], None]:
    """A call of the products alone."""
    ready = [(a, b, np.empty((a.shape[0], b.shape[1]), a.dtype)) for a, b in factors]

    def call() -> None:
        for a, b, out in ready:
            np.dot(a, b, out=out)

    return call


def mlp_products(o: Operands) -> list[tuple[Array, Array]]:
    """The five products of a step."""
    x, W, _, w, *_ = o.inputs.values()
    u = x @ W
    h = np.maximum(u, 0)
    z = h @ w
    return [(x, W), (h, w), (h.T, z), (z, w.T), (x.T, u)]


def attention_products(o: Operands) -> list[tuple[Array, Array]]:
    """The two products forward and the four backward, for each of the leading places."""
    found = []
    for Q, K, V, g in zip(*o.inputs.values(), o.g, strict=True):
        s = Q @ K.T
        found += [(Q, K.T), (s, V), (g, V.T), (s.T, g), (s, K), (s.T, Q)]
    return found
