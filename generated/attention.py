"""Scaled dot-product attention

Each query takes a weighted mean of the values, by the softmax of its products with the keys.

    s[q, k] = sum(d, Q[q, d] * K[k, d]) / sqrt(size(d))
    p[q, k] = exp(s[q, k]) / sum(i, exp(s[q, i]))
    o[q, e] = sum(k, p[q, k] * V[k, e])

Written by pullback 0.1.0 from the definition attention.toml; to change it, change that file.
Digest of the definition: 253a69035764eae5
The derivation, step by step, each step proved: pullback show attention
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(do * o), each in the shape and the dtype of its input."""

    dQ: np.ndarray  # (size_q, D)
    dK: np.ndarray  # (size_k, D)
    dV: np.ndarray  # (size_k, E)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    Q: Any
    K: Any
    V: Any
    sqrt_D: Any
    p: Any
    shape: Any
    dtype: Any


def forward(Q, K, V):
    """o, and what backward needs to know of the way to it.

    Arguments, with size_q queries, size_k keys, E features out, D features:
        Q: queries, (size_q, D), floats
        K: keys, (size_k, D), floats
        V: values, (size_k, E), floats

    Returns (output, cache): o of shape (size_q, E), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    D and size_k must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    Q = _array("Q", Q, "size_q D")
    dtype = Q.dtype
    K = _array("K", K, "size_k D", dtype)
    V = _array("V", V, "size_k E", dtype)
    sizes = _sizes(
        Q=(Q, "size_q D"),
        K=(K, "size_k D"),
        V=(V, "size_k E"),
    )
    _not_empty("D", sizes["D"])
    _not_empty("size_k", sizes["size_k"])
    D = sizes["D"]
    E = sizes["E"]
    size_q = sizes["size_q"]
    # s[q, k] = sum(d, Q[q, d] * K[k, d]) / sqrt(size(d))
    sqrt_D = D ** 0.5
    s = Q @ K.T / sqrt_D
    # p[q, k] = exp(s[q, k]) / sum(i, exp(s[q, i]))
    # in the form of: shifted softmax
    exp_s = np.exp(s - s.max(axis=1)[:, None])
    p = np.divide(exp_s, exp_s.sum(axis=1)[:, None], out=exp_s)
    # o[q, e] = sum(k, p[q, k] * V[k, e])
    o = p @ V
    shape = (size_q, E)
    return o, Cache(Q, K, V, sqrt_D, p, shape, dtype)


def backward(do, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        do: the gradient by o, (size_q, E), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (Q, K, V, sqrt_D, p, shape, dtype) = cache
    do = _like("do", do, shape, dtype)
    # ∂ℒ/∂p[q,k] = Σ_e V[k,e] ∂ℒ/∂o[q,e]
    # that is, ∂ℒ/∂o Vᵀ
    dp = do @ V.T
    # ∂ℒ/∂s[q,k] = p[q,k] (∂ℒ/∂p[q,k] - Σ_i p[q,i] ∂ℒ/∂p[q,i])
    # that is, p ⊙ (∂ℒ/∂p - (p ⊙ ∂ℒ/∂p) 𝟏 𝟏ᵀ)
    ds = (dp - np.einsum("qk,qk->q", dp, p)[:, None]) * p
    # ∂ℒ/∂Q[q,d] = (1/√(D)) Σ_k K[k,d] ∂ℒ/∂s[q,k]
    # that is, (1/√(D)) ∂ℒ/∂s K
    dQ = ds @ K / sqrt_D
    # ∂ℒ/∂K[k,d] = (1/√(D)) Σ_q Q[q,d] ∂ℒ/∂s[q,k]
    # that is, (1/√(D)) (∂ℒ/∂s)ᵀ Q
    dK = ds.T @ Q / sqrt_D
    # ∂ℒ/∂V[k,e] = Σ_q p[q,k] ∂ℒ/∂o[q,e]
    # that is, pᵀ ∂ℒ/∂o
    dV = p.T @ do
    return Gradients(dQ, dK, dV)


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
