"""Layers at 50 digits, in forms without cancellation; arrays hold mpmath's numbers.

Each takes arrays of floats and a cotangent, and returns quantities by name. They share nothing with
the generated code but the definition's meaning.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.ulp import MP, to_exact

Array = NDArray[Any]
Quantities = dict[str, Any]

exp = np.frompyfunc(MP.exp, 1, 1)
log1p = np.frompyfunc(MP.log1p, 1, 1)
sqrt = np.frompyfunc(MP.sqrt, 1, 1)
erfc = np.frompyfunc(MP.erfc, 1, 1)


def by_label(loss: Any, dz: Array, y: Array) -> Quantities:
    """Gradients at the label apart from the others."""
    label = np.arange(dz.shape[1]) == y[:, None]
    return {"loss": loss, "at the label": dz[label], "others": dz[~label]}


def softmax_cross_entropy(z: Array, y: Array, g: Array) -> Quantities:
    """log(1 + Σ exp(z_j - z_y)) over the others, and its slopes."""
    z, label = to_exact(z), np.arange(z.shape[1]) == y[:, None]
    e = exp(z - z[label][:, None])
    e[label] = MP.mpf(0)
    others = e.sum(axis=1)
    dz = e / (1 + others)[:, None]
    dz[label] = -others / (1 + others)
    return by_label(log1p(others), to_exact(g)[:, None] * dz, y)


def cross_entropy(z: Array, t: Array, g: Array) -> Quantities:
    """Σ t_j (z_top - z_j) + log1p of the others, and p - t; at the top the others' t - p."""
    z, t = to_exact(z), to_exact(t)
    top = np.arange(z.shape[1]) == z.argmax(axis=1)[:, None]
    behind = z[top][:, None] - z
    e = exp(-behind)
    e[top] = MP.mpf(0)
    others = e.sum(axis=1)
    dz = e / (1 + others)[:, None] - t
    dz[top] = MP.mpf(0)
    dz[top] = -dz.sum(axis=1)
    loss = (t * behind).sum(axis=1) + log1p(others)
    return {"loss": loss, "dz": to_exact(g)[:, None] * dz}


def at_largest(value: Array, gradient: Array, z: Array) -> Quantities:
    """Entries at the largest of each row, as a loss picks them, apart from the others."""
    top = np.arange(z.shape[1]) == z.argmax(axis=1)[:, None]
    return {
        "value at the largest": value[top],
        "gradient there": gradient[top],
        "other gradients": gradient[~top],
    }


def log_softmax(z: Array, g: Array) -> Quantities:
    """With g of -1 at the largest alone: the loss of the class that is right, and its slopes."""
    found = softmax_cross_entropy(z, z.argmax(axis=1), np.ones(len(z)))
    value, gradient = np.full(z.shape, MP.mpf(0)), np.full(z.shape, MP.mpf(0))
    top = np.arange(z.shape[1]) == z.argmax(axis=1)[:, None]
    value[top], gradient[top], gradient[~top] = (
        s * q for s, q in zip((-1, 1, 1), found.values(), strict=True)
    )
    return at_largest(value, gradient, z)


def softmax(z: Array, g: Array) -> Quantities:
    """Slopes as sums of p_i p_j (g_i - g_j), in which nothing cancels twice."""
    z, g = to_exact(z), to_exact(g)
    e = exp(z - z.max(axis=1)[:, None])
    p = e / e.sum(axis=1)[:, None]
    differences = g[:, :, None] - g[:, None, :]
    return {"p": p, "dz": p * (p[:, None, :] * differences).sum(axis=2)}


def tanh(u: Array, g: Array) -> Quantities:
    """The slope is 4 s(2u) s(-2u)."""
    u = to_exact(u)
    slope = 4 * logistic(2 * u) * logistic(-2 * u)
    return {"value": np.frompyfunc(MP.tanh, 1, 1)(u), "slope": to_exact(g) * slope}


def silu(u: Array, g: Array) -> Quantities:
    """The slope is s(u) (1 + u s(-u))."""
    u = to_exact(u)
    slope = logistic(u) * (1 + u * logistic(-u))
    return {"value": u * logistic(u), "slope": to_exact(g) * slope}


def gelu_tanh(u: Array, g: Array) -> Quantities:
    """u s(w), for (1 + tanh(w / 2)) / 2 is s(w)."""
    u, k, a = to_exact(u), MP.sqrt(2 / MP.pi), MP.mpf("0.044715")
    w = 2 * k * (u + a * u**3)
    slope = logistic(w) * (1 + u * logistic(-w) * 2 * k * (1 + 3 * a * u**2))
    return {"value": u * logistic(w), "slope": to_exact(g) * slope}


def logistic(u: Array) -> Array:
    """1 / (1 + exp(-u))."""
    return 1 / (1 + exp(-u))


def sigmoid(u: Array, g: Array) -> Quantities:
    """The slope is s(u) s(-u)."""
    u = to_exact(u)
    return {"value": logistic(u), "slope": to_exact(g) * logistic(u) * logistic(-u)}


def softplus(u: Array, g: Array) -> Quantities:
    """The slope is the sigmoid."""
    u = to_exact(u)
    return {"value": log1p(exp(u)), "slope": to_exact(g) * logistic(u)}


def binary_cross_entropy(z: Array, t: Array, g: Array) -> Quantities:
    """Two softplus; the slope is s(z) (1 - t) - s(-z) t."""
    z, t = to_exact(z), to_exact(t)
    loss = t * log1p(exp(-z)) + (1 - t) * log1p(exp(z))
    slope = logistic(z) * (1 - t) - logistic(-z) * t
    return {"value": loss, "slope": to_exact(g) * slope}


def log_sum_exp(z: Array, g: Array) -> Quantities:
    """Shifted by the first entry, which needs no care at any exponent."""
    z = to_exact(z)
    first = z[:, :1]
    e = exp(z - first)
    total = e.sum(axis=1)
    value = first[:, 0] + np.frompyfunc(MP.log, 1, 1)(total)
    return {"value": value, "gradient": to_exact(g)[:, None] * e / total[:, None]}


def layer_norm(x: Array, gain: Array, bias: Array, g: Array) -> Quantities:
    """As in the paper."""
    x, gain, bias, g = map(to_exact, (x, gain, bias, g))
    D = x.shape[1]
    shifted = x - x.sum(axis=1, keepdims=True) / D
    deviation = sqrt((shifted**2).sum(axis=1, keepdims=True) / D + MP.mpf("1e-5"))
    xhat, scaled = shifted / deviation, g * gain
    mean = scaled.sum(axis=1, keepdims=True) / D
    along = (scaled * xhat).sum(axis=1, keepdims=True) / D
    return {
        "y": gain * xhat + bias,
        "dx": (scaled - mean - along * xhat) / deviation,
        "dgain": (g * xhat).sum(axis=0),
        "dbias": g.sum(axis=0),
    }


def gelu(u: Array, g: Array) -> Quantities:
    """Through erfc; the slope is Φ + u φ."""
    u = to_exact(u)
    phi = erfc(-u / MP.sqrt(2)) / 2
    density = exp(-u * u / 2) / MP.sqrt(2 * MP.pi)
    return {"value": u * phi, "slope": to_exact(g) * (phi + u * density)}


LAYERS = {
    "softmax_cross_entropy": softmax_cross_entropy,
    "cross_entropy": cross_entropy,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "binary_cross_entropy": binary_cross_entropy,
    "log_sum_exp": log_sum_exp,
    "layer_norm": layer_norm,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "tanh": tanh,
    "silu": silu,
    "softmax": softmax,
    "log_softmax": log_softmax,
}
BY_ROW = ("dz", "y", "dx", "dgain", "dbias")  # sums that may cancel: in steps at the row's largest
