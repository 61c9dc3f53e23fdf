"""Linear layer without bias

A matrix product for every example.

    u[n, k] = sum(d, x[n, d] * W[d, k])

Written by pullback 0.1.0 from the definition linear.toml; to change it, change that file.
Digest of the definition: 99406584a1739e0a
The derivation, step by step, each step proved: pullback show linear
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(du * u), each in the shape and the dtype of its input."""

    dx: np.ndarray  # (N, D)
    dW: np.ndarray  # (D, K)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: Any
    W: Any
    shape: Any
    dtype: Any


def forward(x, W):
    """u, and what backward needs to know of the way to it.

    Arguments, with N examples, K features out, D features in:
        x: inputs, (N, D), floats
        W: weights, (D, K), floats

    Returns (output, cache): u of shape (N, K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x = _array("x", x, "N D")
    dtype = x.dtype
    W = _array("W", W, "D K", dtype)
    sizes = _sizes(
        x=(x, "N D"),
        W=(W, "D K"),
    )
    K = sizes["K"]
    N = sizes["N"]
    # u[n, k] = sum(d, x[n, d] * W[d, k])
    u = x @ W
    shape = (N, K)
    return u, Cache(x, W, shape, dtype)


def backward(du, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        du: the gradient by u, (N, K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (x, W, shape, dtype) = cache
    du = _like("du", du, shape, dtype)
    # ∂ℒ/∂x[n,d] = Σ_k W[d,k] ∂ℒ/∂u[n,k]
    # that is, ∂ℒ/∂u Wᵀ
    dx = du @ W.T
    # ∂ℒ/∂W[d,k] = Σ_n x[n,d] ∂ℒ/∂u[n,k]
    # that is, xᵀ ∂ℒ/∂u
    dW = x.T @ du
    return Gradients(dx, dW)


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


def _like(name, value, shape, dtype):
    """The value as an array of this shape and dtype."""
    array = _read(name, value)
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as the output")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as the output")
    return array.astype(dtype, copy=False)
