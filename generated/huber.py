"""Huber loss

Half the square of a small residual, and linear beyond delta.

    r[n, k] := abs(x[n, k] - t[n, k])
    L[n, k] = where(r[n, k] <= delta, r[n, k]**2 / 2, delta * (r[n, k] - delta / 2))

Written by pullback 0.1.0 from the definition huber.toml; to change it, change that file.
Digest of the definition: 83eefcea468f01b1
The derivation, step by step, each step proved: pullback show huber
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dx: np.ndarray  # (N, K)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: Any
    t: Any
    delta: Any
    t_shifted: Any
    less_equal_r: Any
    shape: Any
    dtype: Any


def forward(x, t, delta):
    """L, and what backward needs to know of the way to it.

    Arguments, with N examples, K outputs:
        x: predictions, (N, K), floats
        t: targets, (N, K), floats
        delta: where the loss becomes linear, one number

    Returns (output, cache): L of shape (N, K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x = _array("x", x, "N K")
    dtype = x.dtype
    t = _array("t", t, "N K", dtype)
    delta = _number("delta", delta, dtype)
    sizes = _sizes(
        x=(x, "N K"),
        t=(t, "N K"),
    )
    K = sizes["K"]
    N = sizes["N"]
    # r[n, k] := abs(x[n, k] - t[n, k])
    t_shifted = t - x
    r = np.abs(t_shifted)
    # L[n, k] = where(r[n, k] <= delta, r[n, k]**2 / 2, delta * (r[n, k] - delta / 2))
    less_equal_r = r <= delta
    L = np.where(less_equal_r, 0.5 * np.square(t_shifted), delta * (r - 0.5 * delta))
    shape = (N, K)
    return L, Cache(x, t, delta, t_shifted, less_equal_r, shape, dtype)


def backward(dL, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (N, K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (x, t, delta, t_shifted, less_equal_r, shape, dtype) = cache
    dL = _like("dL", dL, shape, dtype)
    # ∂ℒ/∂x[n,k] = ∂ℒ/∂L[n,k] where(r[n,k] ≤ delta, x[n,k] - t[n,k], -delta sgn(t[n,k] -
    #     x[n,k]))
    dx = dL * np.where(less_equal_r, x - t, -(delta * np.sign(t_shifted)))
    return Gradients(dx)


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


def _like(name, value, shape, dtype):
    """The value as an array of this shape and dtype."""
    array = _read(name, value)
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as the output")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as the output")
    return array.astype(dtype, copy=False)
