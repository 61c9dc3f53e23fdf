"""Gradients beside those of HIPS autograd, from forward passes written by hand."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from sklearn.datasets import load_digits

from tests.definitions import facts
from tests.samples import NAMES, cotangent, draw, module, sizes_of


def softmax(z):
    e = anp.exp(z - anp.max(z, axis=1, keepdims=True))
    return e / anp.sum(e, axis=1, keepdims=True)


def log_softmax(z):
    shifted = z - anp.max(z, axis=1, keepdims=True)
    return shifted - anp.log(anp.sum(anp.exp(shifted), axis=1, keepdims=True))


def label_loss(z, y):
    return -log_softmax(z)[anp.arange(len(y)), y]


def mlp(x, W, c, w, b, y, lamda):
    hidden = anp.maximum(anp.dot(x, W) + c, 0.0)
    loss = anp.mean(label_loss(anp.dot(hidden, w) + b, y))
    return loss + lamda / 2 * (anp.sum(W**2) + anp.sum(w**2))


FORWARD = {
    "affine": lambda x, W, c: anp.dot(x, W) + c,
    "cross_entropy": lambda z, t: -anp.sum(t * log_softmax(z), axis=1),
    "l2": lambda lamda, W: lamda / 2 * anp.sum(W**2),
    "mlp": mlp,
    "relu": lambda u: anp.maximum(u, 0.0),
    "softmax": softmax,
    "softmax_cross_entropy": label_loss,
}


def compare(name, inputs, g):
    """Output and every gradient, to 1e-12 of the largest entry."""
    code, layer = module(name), facts(name)
    output, kept = code.forward(**inputs)
    close(output, FORWARD[name](**inputs))
    for wanted, ours in zip(layer.wrt, code.backward(g, kept), strict=True):

        def total(value, wanted=wanted):
            return anp.sum(g * FORWARD[name](**inputs | {wanted: value}))

        close(ours, grad(total)(inputs[wanted]))


def close(ours, theirs):
    assert ours.dtype == np.float64 and ours.shape == np.shape(theirs)
    assert np.abs(ours - theirs).max() <= 1e-12 * np.abs(theirs).max()


@pytest.mark.parametrize("name", sorted(set(FORWARD) & set(NAMES)))
@pytest.mark.parametrize("seed", range(3))
def test_layer(name, seed):
    layer, rng = facts(name), np.random.default_rng(seed)
    sizes = {axis: 5 * size for axis, size in sizes_of(layer).items()}
    inputs = draw(layer, sizes, rng)
    compare(name, inputs, cotangent(layer, inputs, rng, "float64"))


@pytest.mark.parametrize("hidden", [1, 64])
def test_mlp_on_digits(hidden):
    """All 1,797 digits of 8 by 8 pixels, in ten classes."""
    digits, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    inputs = {
        "x": digits / 16,
        "W": rng.normal(size=(64, hidden)) / 8,
        "c": rng.normal(size=hidden) / 8,
        "w": rng.normal(size=(hidden, 10)) / 8,
        "b": rng.normal(size=10) / 8,
        "y": labels,
        "lamda": 1e-3,
    }
    compare("mlp", inputs, 1.0)
    value, _ = module("mlp").value_and_grad(**inputs)
    assert value == module("mlp").forward(**inputs)[0]
