"""L2 regularisation

Half the sum of squares, times lamda.

    R = lamda / 2 * sum(d, k, W[d, k]**2)

Written by pullback 0.1.0 from the definition l2.toml; to change it, change that file.
Digest of the definition: 5fd43c09162d6378
The derivation, step by step, each step proved: pullback show l2
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of R, each in the shape and the dtype of its input."""

    dW: np.ndarray  # (D, K)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    lamda: Any
    W: Any
    dtype: Any


def forward(lamda, W):
    """R, and what backward needs to know of the way to it.

    Arguments, with D, K:
        lamda: strength, one number
        W: weights, (D, K), floats

    Returns (output, cache): R (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    W = _array("W", W, "D K")
    dtype = W.dtype
    lamda = _number("lamda", lamda, dtype)
    sizes = _sizes(
        W=(W, "D K"),
    )
    # R = lamda / 2 * sum(d, k, W[d, k]**2)
    R = 0.5 * lamda * np.vdot(W, W)
    return R, Cache(lamda, W, dtype)


def backward(dR, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dR: the gradient by R, one number
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (lamda, W, dtype) = cache
    dR = _number("dR", dR, dtype)
    # ∂R/∂W[d,k] = λ W[d,k]
    # that is, λ W
    dW = dR * lamda * W
    return Gradients(dW)


def value_and_grad(lamda, W):
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    R, cache = forward(lamda, W)
    return R, backward(1.0, cache)


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
