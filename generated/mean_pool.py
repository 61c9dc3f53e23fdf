"""Mean pooling

The mean over an axis.

    h[n, d] = mean(t, x[n, t, d])

Written by pullback 0.1.0 from the definition mean_pool.toml; to change it, change that file.
Digest of the definition: 280b60824cd22a6c
The derivation, step by step, each step proved: pullback show mean_pool
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    dx: np.ndarray  # (N, T, D)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    T: Any
    N: Any
    D: Any
    shape: Any
    dtype: Any


def forward(x):
    """h, and what backward needs to know of the way to it.

    Arguments, with N examples, D features, T places:
        x: inputs, (N, T, D), floats

    Returns (output, cache): h of shape (N, D), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    T must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x = _array("x", x, "N T D")
    dtype = x.dtype
    sizes = _sizes(
        x=(x, "N T D"),
    )
    _not_empty("T", sizes["T"])
    D = sizes["D"]
    N = sizes["N"]
    T = sizes["T"]
    # h[n, d] = mean(t, x[n, t, d])
    h = x.sum(axis=1) / T
    shape = (N, D)
    return h, Cache(T, N, D, shape, dtype)


def backward(dh, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (N, D), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (T, N, D, shape, dtype) = cache
    dh = _like("dh", dh, shape, dtype)
    # ∂ℒ/∂x[n,t,d] = (1/T) ∂ℒ/∂h[n,d]
    dx = dh / T
    # ∂ℒ/∂x[n,t,d] = (1/T) ∂ℒ/∂h[n,d]
    dx = np.broadcast_to(dx[:, None, :], (N, T, D)).copy()
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


def _like(name, value, shape, dtype):
    """The value as an array of this shape and dtype."""
    array = _read(name, value)
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as the output")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as the output")
    return array.astype(dtype, copy=False)
