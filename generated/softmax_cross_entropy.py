"""Softmax cross-entropy with integer labels

The negative log-probability of the right class, for every example.

    p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    L[n] = -log(p[n, y[n]])

Written by pullback 0.1.0 from the definition softmax_cross_entropy.toml; to change it, change that file.
Digest of the definition: 16eee81c15a33d7e
The derivation, step by step, each step proved: pullback show softmax_cross_entropy
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dz: np.ndarray  # (N, J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    y: Any
    z_argmax: Any
    n: Any
    exp_z: Any
    others_exp_z: Any
    shape: Any
    dtype: Any


def forward(z, y):
    """L, and what backward needs to know of the way to it.

    Arguments, with N examples, J classes:
        z: logits, (N, J), floats
        y: right classes, (N,), integers from 0 to J - 1

    Returns (output, cache): L of shape (N,), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    z = _array("z", z, "N J")
    dtype = z.dtype
    y = _integers("y", y, "N")
    sizes = _sizes(
        z=(z, "N J"),
        y=(y, "N"),
    )
    _not_empty("J", sizes["J"])
    y = _labels("y", y, sizes["J"])
    N = sizes["N"]
    # L[n] = -log(p[n, y[n]])
    # in the form of: shifted log-sum-exp
    z_argmax = z.argmax(axis=1)
    n = np.arange(N)
    z_max = z[n, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z[n, z_argmax] = 0
    others_exp_z = exp_z.sum(axis=1)
    L = z_max - z[n, y] + np.log1p(others_exp_z)
    shape = (N,)
    return L, Cache(y, z_argmax, n, exp_z, others_exp_z, shape, dtype)


def backward(dL, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (N,), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (y, z_argmax, n, exp_z, others_exp_z, shape, dtype) = cache
    dL = _like("dL", dL, shape, dtype)
    # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = others_exp_z + 1
    p = exp_z / sum_exp_z[:, None]
    p[n, z_argmax] = 1 / sum_exp_z
    # ∂ℒ/∂z[n,j] = (p[n,j] - 𝟏[j = y[n]]) ∂ℒ/∂L[n]
    # that is, diag(∂ℒ/∂L) (p - onehot(y))
    p[n, y] = 0
    p[n, y] = -p.sum(axis=1)
    dz = np.multiply(dL[:, None], p, out=p)
    return Gradients(dz)


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


def _integers(name, value, axes):
    """The value as an array of integers with these axes."""
    array = _read(name, value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {array.dtype}; it must hold integers")
    if array.ndim != len(axes.split()):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array


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


def _labels(name, array, size):
    """The labels as places on an axis of that size."""
    if array.size and (array.min() < 0 or array.max() >= size):
        at = tuple(int(i) for i in np.argwhere((array < 0) | (array >= size))[0])
        where = ", ".join(map(str, at))
        raise ValueError(f"{name}[{where}] is {array[at]}; it must be from 0 to {size - 1}")
    return array.astype(np.intp, copy=False)


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
