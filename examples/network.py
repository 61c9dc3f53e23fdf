"""The two-layer perceptron on generated modules: parameters, scores, one step of descent."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from generated import affine, mlp, relu

Floats = NDArray[np.float32]
Labels = NDArray[np.intp]


class Parameters(NamedTuple):
    """Weights and biases of both layers, in the order the generated module takes them."""

    W: Floats
    c: Floats
    w: Floats
    b: Floats


class Examples(NamedTuple):
    """Inputs x (N, D) with their class labels y (N,)."""

    x: Floats
    y: Labels


class Epoch(NamedTuple):
    """Cross-entropy and accuracy after one pass, on the training and the held-out part."""

    loss: float
    held_loss: float
    accuracy: float
    held_accuracy: float


def initial(
    rng: np.random.Generator, sizes: tuple[int, int, int], scales: tuple[float, float]
) -> Parameters:
    """Draw normal weights with the given scale for each layer; biases start at zero."""
    D, H, C = sizes
    W = scales[0] * rng.standard_normal((D, H))
    w = scales[1] * rng.standard_normal((H, C))
    return Parameters(*(a.astype(np.float32) for a in (W, np.zeros(H), w, np.zeros(C))))


def predict(p: Parameters, x: Floats) -> Labels:
    """Return the class with the highest score for each row of x."""
    u, _ = affine.forward(x, p.W, p.c)
    h, _ = relu.forward(u)
    z, _ = affine.forward(h, p.w, p.b)
    labels: Labels = np.argmax(z, axis=1)
    return labels


def accuracy(p: Parameters, data: Examples) -> float:
    """Return the share of examples whose predicted class is their label."""
    return float(np.mean(predict(p, data.x) == data.y))


def cross_entropy(p: Parameters, data: Examples) -> float:
    """Return the mean cross-entropy, without the weight penalty."""
    loss, _ = mlp.forward(data.x, *p, data.y, 0.0)
    return float(loss)


def assess(p: Parameters, train: Examples, held: Examples) -> Epoch:
    """Measure loss and accuracy on the training and the held-out part."""
    losses = cross_entropy(p, train), cross_entropy(p, held)
    return Epoch(*losses, accuracy(p, train), accuracy(p, held))


def slope(lamda: float, p: Parameters, batch: Examples) -> tuple[float, Iterable[Floats]]:
    """The loss of a batch with the weight penalty, and its gradients."""
    loss, gradients = mlp.value_and_grad(batch.x, *p, batch.y, lamda)
    return float(loss), gradients


class Descent:
    """Gradient descent with momentum; updates its parameters in place.

    `slope` gives the loss of a batch and the gradient of each parameter.
    """

    def __init__(
        self,
        p: Any,
        slope: Callable[[Any, Examples], tuple[float, Iterable[Floats]]],
        momentum: float = 0.0,
    ) -> None:
        self.p, self.slope, self.momentum = p, slope, momentum
        self.velocity = [np.zeros_like(a) for a in p]

    def step(self, batch: Examples, size: float) -> float:
        """Take one step of the given size and return the loss before it."""
        loss, gradients = self.slope(self.p, batch)
        for a, v, g in zip(self.p, self.velocity, gradients, strict=True):
            v *= self.momentum
            v -= size * g
            a += v
        return loss


def descent(p: Parameters, lamda: float, momentum: float = 0.0) -> Descent:
    """Descent of the perceptron."""
    return Descent(p, partial(slope, lamda), momentum)
