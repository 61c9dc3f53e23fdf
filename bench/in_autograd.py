"""The layers for HIPS autograd."""

from typing import Any

import autograd.numpy as np
from autograd.scipy.special import erf, logsumexp


def mlp(x: Any, W: Any, c: Any, w: Any, b: Any, y: Any, lamda: float) -> Any:
    """The loss of the perceptron."""
    z = np.maximum(0, x @ W + c) @ w + b
    squares = np.sum(W * W) + np.sum(w * w)
    return np.mean(softmax_cross_entropy(z, y)) + lamda / 2 * squares


def softmax_cross_entropy(z: Any, y: Any) -> Any:
    """The loss of each row."""
    return logsumexp(z, axis=1) - z[np.arange(len(y)), y]


def relu(u: Any) -> Any:
    """The positive part."""
    return np.maximum(0, u)


def gelu(u: Any) -> Any:
    """The exact one."""
    return u * 0.5 * (1 + erf(u / 2**0.5))


def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
    """Normalised rows."""
    shifted = x - np.mean(x, axis=1, keepdims=True)
    v = np.mean(shifted * shifted, axis=1, keepdims=True)
    return gain * shifted / np.sqrt(v + 1e-5) + bias


def attention(Q: Any, K: Any, V: Any) -> Any:
    """Weighted means of the values."""
    s = Q @ np.swapaxes(K, -1, -2) / Q.shape[-1] ** 0.5
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True) @ V


LAYERS = {
    "mlp": mlp,
    "softmax_cross_entropy": softmax_cross_entropy,
    "relu": relu,
    "gelu": gelu,
    "layer_norm": layer_norm,
    "attention": attention,
}
