"""Softmax cross-entropy with integer labels

The negative log-probability of the right class, for every example.

    p[..., j] := exp(z[..., j]) / sum(i, exp(z[..., i]))
    L[...] = -log(p[..., y[...]])

Written by pullback 0.1.0 from the definition softmax_cross_entropy.toml; to change it, change that file.
Digest of the definition: ab54b1e5651235df
The derivation, step by step, each step proved: pullback show softmax_cross_entropy
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dz: np.ndarray  # (..., J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    y: Any
    z_argmax: Any
    places: Any
    exp_z: Any
    others_exp_z: Any
    batch: Any
    shape: Any
    dtype: Any


@np.errstate(under="ignore")
def forward(z, y):
    """L, and what backward needs to know of the way to it.

    Arguments, with J classes:
        z: logits, (..., J), floats
        y: right classes, (...), integers from 0 to J - 1

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (z, y, dtype, batch, J, size_batch) = _arguments(z, y)
    # L[...] = -log(p[..., y[...]])
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch)
    z_argmax = z.argmax(axis=1)
    z_max = z[places, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z[places, z_argmax] = 0
    others_exp_z = exp_z.sum(axis=1)
    L = z_max - z[places, y] + np.log1p(others_exp_z)
    shape = (*batch,)
    return _unflat(L, batch), Cache(
        y, z_argmax, places, exp_z, others_exp_z, batch, shape, dtype,
    )


@np.errstate(under="ignore")
def backward(dL, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    if not isinstance(cache, Cache):
        raise TypeError(
            f"cache is {type(cache).__name__}; it must be what forward of this module returned"
        )
    (y, z_argmax, places, exp_z, others_exp_z, batch, shape, dtype) = cache
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    # p[..., j] := exp(z[..., j]) / sum(i, exp(z[..., i]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = others_exp_z + 1
    p = exp_z / sum_exp_z[:, None]
    p[places, z_argmax] = 1 / sum_exp_z
    # ∂ℒ/∂z[…,j] = (p[…,j] - 𝟏[j = y[…]]) ∂ℒ/∂L[…]
    # that is, diag(∂ℒ/∂L) (p - onehot(y))
    p[places, y] = 0
    p[places, y] = -p.sum(axis=1)
    dz = np.multiply(dL[:, None], p, out=p)
    return Gradients(_unflat(dz, batch))


@np.errstate(under="ignore")
def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (...).
    """
    z, y = _each("inputs", inputs, "z y")
    (z, y, dtype, batch, J, size_batch) = _arguments(z, y)
    (z_dot,) = _each("tangents", tangents, "z_dot")
    z_dot = _flat(_like("z_dot", z_dot, (*batch, J), dtype, "z"), batch)
    # L[...] = -log(p[..., y[...]])
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch)
    z_argmax = z.argmax(axis=1)
    z_max = z[places, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z[places, z_argmax] = 0
    others_exp_z = exp_z.sum(axis=1)
    L = z_max - z[places, y] + np.log1p(others_exp_z)
    # p[..., j] := exp(z[..., j]) / sum(i, exp(z[..., i]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = np.add(others_exp_z, 1, out=others_exp_z)
    p = np.divide(exp_z, sum_exp_z[:, None], out=exp_z)
    p[places, z_argmax] = 1 / sum_exp_z
    # L̇[…] = Σ_j ż[…,j] p[…,j] - ż[…,y[…]]
    L_dot = np.vecdot(p, z_dot) - z_dot[places, y]
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(z, y):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(z, y)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


def _arguments(z, y):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    z = _array("z", z, "... J")
    dtype = z.dtype
    y = _integers("y", y, "...")
    batch = z.shape[: z.ndim - 1]
    J = z.shape[-1]
    if y.shape != (*batch,):
        _refuse_sizes(
            z=(z, "... J"),
            y=(y, "..."),
        )
    _not_empty("J", J)
    y = _labels("y", y, J)
    z = _flat(z, batch)
    y = _flat(y, batch)
    size_batch = z.shape[0]
    return (z, y, dtype, batch, J, size_batch)


def _read(name, value):
    """The value as an array."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def _array(name, value, axes, dtype=None):
    """The value as an array of floats with these axes, of this dtype where one is given."""
    array = value if type(value) is np.ndarray else _read(name, value)
    fits = _fits(array, axes)
    if fits and (array.dtype == dtype if dtype else array.dtype in _FLOAT_DTYPES):
        return array
    if array.dtype.type not in (np.float32, np.float64) or (
        dtype and array.dtype.type is not dtype.type
    ):
        wanted = f"{dtype}, as the arguments before it" if dtype else "float32 or float64"
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {wanted}")
    if not fits:
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array.astype(array.dtype.newbyteorder("="))


_FLOAT_DTYPES = (np.dtype(np.float64), np.dtype(np.float32))


def _fits(array, axes):
    """Has the array these axes, `...` being any number of them?"""
    wanted = len(axes.split())
    return array.ndim >= wanted - 1 if axes.startswith("...") else array.ndim == wanted


def _each(name, values, parts):
    """The values of a tuple with one value for each part."""
    values = tuple(values)
    if len(values) != len(parts.split()):
        wanted = parts.replace(" ", ", ")
        raise ValueError(f"{name} has {len(values)} values; it must have those for {wanted}")
    return values


def _integers(name, value, axes):
    """The value as an array of integers with these axes."""
    array = value if type(value) is np.ndarray else _read(name, value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {array.dtype}; it must hold integers")
    if not _fits(array, axes):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array


def _refuse_sizes(**arrays):
    """Say which array has another size for an axis than an array before it."""
    sizes, seen = {}, {}
    for name, (array, axes) in arrays.items():
        lead = array.ndim - len(axes.split()) + 1 if axes.startswith("...") else 0
        shape = (array.shape[:lead], *array.shape[lead:]) if axes.startswith("...") else array.shape
        for axis, size in zip(axes.split(), shape):
            if sizes.setdefault(axis, size) != size:
                raise ValueError(
                    f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')}) "
                    f"with {axis} = {sizes[axis]}, as {seen[axis]} has"
                )
            seen.setdefault(axis, name)


def _labels(name, array, size):
    """The labels as places on an axis of that size."""
    places = array.astype(np.int64, copy=False)
    # without a sign a label below 0 is one above all, so one look at the largest is enough
    if array.size and places.view(np.uint64).max() >= size:
        at = tuple(int(i) for i in np.argwhere((array < 0) | (array >= size))[0])
        where = ", ".join(map(str, at))
        place = f"{name}[{where}]" if where else name
        raise ValueError(f"{place} is {array[at]}; it must be from 0 to {size - 1}")
    return places.astype(np.intp, copy=False)


def _flat(array, batch):
    """The leading axes, whose sizes are `batch`, as one axis."""
    if len(batch) == 1:
        return array
    size = 1
    for axis_size in batch:
        size *= axis_size
    return array.reshape((size, *array.shape[len(batch) :]))


def _unflat(array, batch):
    """The first axis as the leading axes that it was."""
    return array if len(batch) == 1 else array.reshape((*batch, *array.shape[1:]))


def _not_empty(axis, size):
    """Refuse an axis of size 0 where the equations divide by it or take the largest along it."""
    if size == 0:
        raise ValueError(f"{axis} is 0; it must be at least 1")


def _like(name, value, shape, dtype, model):
    """The value as an array of this shape and dtype, those of the model."""
    array = value if type(value) is np.ndarray else _read(name, value)
    if array.dtype == dtype and array.shape == shape:
        return array
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as {model}")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as {model}")
    return array.astype(dtype)


def _by_rows(output, pull):
    """Jacobians, a row for each entry of the output: the pullbacks of ones and zeros."""
    unit = np.zeros(output.shape, output.dtype)
    found = [np.zeros(output.shape + row.shape, row.dtype) for row in pull(unit)]
    for at in np.ndindex(output.shape):
        unit[at] = 1
        for array, row in zip(found, pull(unit)):
            array[at] = row
        unit[at] = 0
    return found
