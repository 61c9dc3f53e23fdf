"""Log-sum-exp

The logarithm of the sum of exponentials of each row.

    s[n] = log(sum(j, exp(z[n, j])))

Written by pullback 0.1.0 from the definition log_sum_exp.toml; to change it, change that file.
Digest of the definition: 9b426e0ee30fd630
The derivation, step by step, each step proved: pullback show log_sum_exp
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(ds * s), each in the shape and the dtype of its input."""

    dz: np.ndarray  # (N, J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    exp_z: Any
    shape: Any
    dtype: Any


def forward(z):
    """s, and what backward needs to know of the way to it.

    Arguments, with N examples, J classes:
        z: logits, (N, J), floats

    Returns (output, cache): s of shape (N,), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    z = _array("z", z, "N J")
    dtype = z.dtype
    sizes = _sizes(
        z=(z, "N J"),
    )
    _not_empty("J", sizes["J"])
    N = sizes["N"]
    # s[n] = log(sum(j, exp(z[n, j])))
    # in the form of: shifted log-sum-exp
    z_argmax = z.argmax(axis=1)
    n = np.arange(N)
    z_max = z[n, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z_2 = exp_z.copy()
    exp_z_2[n, z_argmax] = 0
    s = np.add(np.log1p(exp_z_2.sum(axis=1)), z_max, out=z_max)
    shape = (N,)
    return s, Cache(exp_z, shape, dtype)


def backward(ds, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        ds: the gradient by s, (N,), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (exp_z, shape, dtype) = cache
    ds = _like("ds", ds, shape, dtype)
    # ∂ℒ/∂z[n,j] = (∂ℒ/∂s[n]) exp(z[n,j]) / (Σ_j′ exp(z[n,j′]))
    # that is, diag((exp(z) 𝟏)^∘(-1) ⊙ ∂ℒ/∂s) exp(z)
    dz = (ds / exp_z.sum(axis=1))[:, None] * exp_z
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
