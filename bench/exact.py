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
    "sigmoid": sigmoid,
    "softplus": softplus,
    "binary_cross_entropy": binary_cross_entropy,
    "log_sum_exp": log_sum_exp,
    "layer_norm": layer_norm,
    "gelu": gelu,
}
BY_ROW = ("y", "dx", "dgain", "dbias")  # sums that may cancel: in steps at the row's largest
