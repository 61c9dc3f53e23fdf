"""Mean squared error

The mean of squared residuals over all entries.

    L = mean(n, k, (x[n, k] - t[n, k])**2)

Written by pullback 0.1.0 from the definition mean_squared_error.toml; to change it, change that file.
Digest of the definition: cf13272d79fc266a
The derivation, step by step, each step proved: pullback show mean_squared_error
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of L, each in the shape and the dtype of its input."""

    dx: np.ndarray  # (N, K)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: Any
    t: Any
    K: Any
    N: Any
    dtype: Any


def forward(x, t):
    """L, and what backward needs to know of the way to it.

    Arguments, with K features, N examples:
        x: predictions, (N, K), floats
        t: targets, (N, K), floats

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    K and N must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x = _array("x", x, "N K")
    dtype = x.dtype
    t = _array("t", t, "N K", dtype)
    sizes = _sizes(
        x=(x, "N K"),
        t=(t, "N K"),
    )
    _not_empty("K", sizes["K"])
    _not_empty("N", sizes["N"])
    K = sizes["K"]
    N = sizes["N"]
    # L = mean(n, k, (x[n, k] - t[n, k])**2)
    x_shifted = x - t
    L = np.vdot(x_shifted, x_shifted) / K / N
    return L, Cache(x, t, K, N, dtype)


def backward(dL, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, one number
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (x, t, K, N, dtype) = cache
    dL = _number("dL", dL, dtype)
    # ∂L/∂x[n,k] = (1 / (K N)) (2 x[n,k] - 2 t[n,k])
    # that is, (1 / (K N)) (2 x - 2 t)
    dx = dL / K / N * (2 * x - 2 * t)
    return Gradients(dx)


def value_and_grad(x, t):
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(x, t)
    return L, backward(1.0, cache)


def _read(name, value):
    """The value as an array."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def _array(name, value, axes, dtype=None):
    """The value as an array of floats with these axes, of this dtype where one is given."""
    array = _read(name, value)
    if array.dtype.type not in (np.float32, np.float64) or (
        dtype and array.dtype.type is not dtype.type
    ):
        wanted = f"{dtype}, as the arguments before it" if dtype else "float32 or float64"
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {wanted}")
    if array.ndim != len(axes.split()):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _number(name, value, dtype):
    """The value as one number of this dtype."""
    array = _read(name, value)
    if array.ndim or array.dtype.kind not in "iuf":
        found = f"shape {array.shape}" if array.ndim else f"dtype {array.dtype}"
        raise TypeError(f"{name} has {found}; it must be one real number")
    return dtype.type(array)


def _sizes(**arrays):
    """The size of each axis; one axis has one size wherever it stands."""
    sizes, seen = {}, {}
    for name, (array, axes) in arrays.items():
        for axis, size in zip(axes.split(), array.shape):
            if sizes.setdefault(axis, size) != size:
                raise ValueError(
                    f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')}) "
                    f"with {axis} = {sizes[axis]}, as {seen[axis]} has"
                )
            seen.setdefault(axis, name)
    return sizes


def _not_empty(axis, size):
    """Refuse an axis of size 0 where the equations divide by it or take the largest along it."""
    if size == 0:
        raise ValueError(f"{axis} is 0; it must be at least 1")
