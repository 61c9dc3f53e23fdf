"""Hyperbolic tangent

tanh(u), entry by entry; its slope is 1 - h**2.

    h[n, k] = tanh(u[n, k])

Written by pullback 0.1.0 from the definition tanh.toml; to change it, change that file.
Digest of the definition: 07ac08333a920fd4
The derivation, step by step, each step proved: pullback show tanh
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    du: np.ndarray  # (N, K)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    h: Any
    shape: Any
    dtype: Any


def forward(u):
    """h, and what backward needs to know of the way to it.

    Arguments, with N examples, K features:
        u: pre-activations, (N, K), floats

    Returns (output, cache): h of shape (N, K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    u = _array("u", u, "N K")
    dtype = u.dtype
    sizes = _sizes(
        u=(u, "N K"),
    )
    K = sizes["K"]
    N = sizes["N"]
    # h[n, k] = tanh(u[n, k])
    h = np.tanh(u)
    shape = (N, K)
    return h, Cache(h, shape, dtype)


def backward(dh, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (N, K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (h, shape, dtype) = cache
    dh = _like("dh", dh, shape, dtype)
    # ∂ℒ/∂u[n,k] = (1 - h[n,k]²) ∂ℒ/∂h[n,k]
    # that is, (𝟏 𝟏ᵀ - h ⊙ h) ⊙ ∂ℒ/∂h
    du = (1 - np.square(h)) * dh
    return Gradients(du)


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
