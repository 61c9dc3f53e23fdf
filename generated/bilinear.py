"""Bilinear layer

A product of two inputs with a matrix for each output, and a bias.

    u[n, k] = sum(d, e, x[n, d] * W[k, d, e] * v[n, e]) + b[k]

Written by pullback 0.1.0 from the definition bilinear.toml; to change it, change that file.
Digest of the definition: fa717ce754318e6a
The derivation, step by step, each step proved: pullback show bilinear
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(du * u), each in the shape and the dtype of its input."""

    dx: np.ndarray  # (N, D)
    dW: np.ndarray  # (K, D, E)
    dv: np.ndarray  # (N, E)
    db: np.ndarray  # (K,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: Any
    W: Any
    v: Any
    shape: Any
    dtype: Any


def forward(x, W, v, b):
    """u, and what backward needs to know of the way to it.

    Arguments, with N examples, K features out, D features of x, E features of v:
        x: first inputs, (N, D), floats
        W: weights, (K, D, E), floats
        v: second inputs, (N, E), floats
        b: bias, (K,), floats

    Returns (output, cache): u of shape (N, K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x = _array("x", x, "N D")
    dtype = x.dtype
    W = _array("W", W, "K D E", dtype)
    v = _array("v", v, "N E", dtype)
    b = _array("b", b, "K", dtype)
    sizes = _sizes(
        x=(x, "N D"),
        W=(W, "K D E"),
        v=(v, "N E"),
        b=(b, "K"),
    )
    K = sizes["K"]
    N = sizes["N"]
    # u[n, k] = sum(d, e, x[n, d] * W[k, d, e] * v[n, e]) + b[k]
    u = np.einsum("kde,nde->nk", W, v[:, None, :] * x[:, :, None]) + b
    shape = (N, K)
    return u, Cache(x, W, v, shape, dtype)


def backward(du, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        du: the gradient by u, (N, K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (x, W, v, shape, dtype) = cache
    du = _like("du", du, shape, dtype)
    # ∂ℒ/∂x[n,d] = Σ_k ∂ℒ/∂u[n,k] Σ_e W[k,d,e] v[n,e]
    dx = np.einsum("nk,ndk->nd", du, np.einsum("kde,ne->ndk", W, v))
    # ∂ℒ/∂W[k,d,e] = Σ_n x[n,d] v[n,e] ∂ℒ/∂u[n,k]
    dW = np.einsum("nd,ken->kde", x, du.T[:, None, :] * v.T)
    # ∂ℒ/∂v[n,e] = Σ_k ∂ℒ/∂u[n,k] Σ_d x[n,d] W[k,d,e]
    dv = np.einsum("nk,nek->ne", du, np.einsum("kde,nd->nek", W, x))
    # ∂ℒ/∂b[k] = Σ_n ∂ℒ/∂u[n,k]
    # that is, Σ_n ∂ℒ/∂u_n
    db = du.sum(axis=0)
    return Gradients(dx, dW, dv, db)


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
