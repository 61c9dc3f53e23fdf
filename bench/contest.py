"""Three contestants for one training step on the same operands, checked and timed in turns."""

from collections.abc import Callable, Iterator
from timeit import Timer
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench import cs231n_style
from generated import mlp

Array = NDArray[Any]
LAMDA = 1e-3
LIMITS = {"float32": 1e-5, "float64": 1e-13}
ROUND_SECONDS = 0.02


class Sizes(NamedTuple):
    """Examples N, inputs D, hidden units H and classes C."""

    N: int
    D: int
    H: int
    C: int


class Operands(NamedTuple):
    """What both training steps take, in their common order."""

    x: Array
    W: Array
    c: Array
    w: Array
    b: Array
    y: Array
    lamda: float


class Contest(NamedTuple):
    """The generated step, the hand-written step, and the bare matrix products."""

    ours: Callable[[], Any]
    hand: Callable[[], Any]
    products: Callable[[], Any]


def draw(sizes: Sizes, dtype: str) -> Operands:
    """Draw normal inputs, weights of a usual scale, and labels."""
    rng = np.random.default_rng(0)
    N, D, H, C = sizes

    def normal(scale: float, *shape: int) -> Array:
        return (scale * rng.standard_normal(shape)).astype(dtype)

    return Operands(
        x=normal(1, N, D),
        W=normal((2 / D) ** 0.5, D, H),
        c=normal(0.1, H),
        w=normal((2 / H) ** 0.5, H, C),
        b=normal(0.1, C),
        y=rng.integers(C, size=N),
        lamda=LAMDA,
    )


def bare_products(o: Operands) -> Callable[[], None]:
    """Return a call of the five matrix products alone, writing into ready arrays."""
    u = o.x @ o.W
    h = np.maximum(u, 0)
    z = h @ o.w
    dz, dh = z / len(z), np.empty_like(u)
    dw, dW = np.empty_like(o.w), np.empty_like(o.W)
    out_u, out_z = np.empty_like(u), np.empty_like(z)

    def call() -> None:
        np.dot(o.x, o.W, out=out_u)
        np.dot(h, o.w, out=out_z)
        np.dot(h.T, dz, out=dw)
        np.dot(dz, o.w.T, out=dh)
        np.dot(o.x.T, dh, out=dW)

    return call


def enter(o: Operands) -> Contest:
    """Bind all contestants to the operands."""
    return Contest(lambda: mlp.value_and_grad(*o), lambda: cs231n_style.step(*o), bare_products(o))


def check(contest: Contest, dtype: str) -> None:
    """Raise ArithmeticError unless both steps give the same loss and gradients."""
    (our_loss, ours), (hand_loss, hand) = contest.ours(), contest.hand()
    names = ("loss", "dW", "dc", "dw", "db")
    for name, a, b in zip(names, (our_loss, *ours), (hand_loss, *hand), strict=True):
        if np.shape(a) != np.shape(b) or np.asarray(a).dtype != dtype:
            raise ArithmeticError(f"{name} has another shape or type than the hand-written one")
        error = float(np.max(np.abs(a - b)) / np.max(np.abs(b)))
        if not error <= LIMITS[dtype]:
            raise ArithmeticError(f"{name} is off by {error:.1e}, limit {LIMITS[dtype]:.0e}")


def repetitions(call: Callable[[], Any]) -> int:
    """Return how many calls in a row last a round, with a quarter to spare."""
    timer, count = Timer(call), 1
    while timer.timeit(count) < 1.25 * ROUND_SECONDS:
        count *= 2
    return count


def rounds(contest: Contest, number: int) -> Iterator[tuple[float, ...]]:
    """Yield the seconds per call of each contestant; every other round runs backwards."""
    timers = [Timer(call) for call in contest]
    counts = [repetitions(call) for call in contest]
    order = list(range(len(contest)))
    for _ in range(number):
        seconds = [0.0] * len(contest)
        for k in order:
            seconds[k] = timers[k].timeit(counts[k]) / counts[k]
        order.reverse()
        yield tuple(seconds)
