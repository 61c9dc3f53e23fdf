"""Log-softmax

The logarithm of the softmax of each row.

    s[..., j] = z[..., j] - log(sum(i, exp(z[..., i])))

Written by pullback 0.1.0 from the definition log_softmax.toml; to change it, change that file.
Digest of the definition: 978bfe0692f9d4a6
The derivation, step by step, each step proved: pullback show log_softmax
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(ds * s), each in the shape and the dtype of its input."""

    dz: np.ndarray  # (..., J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    z_argmax: Any
    places: Any
    exp_s: Any
    batch: Any
    shape: Any
    dtype: Any
    work: Any
    turn: Any


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: Any = None  # (dtype, J, size_batch)
    owned: Any = frozenset()  # what id() says of the arrays
    turns: Any = (0,)  # how many calls of forward have written into them
    places: Any = None  # (*batch,)
    z_argmax: Any = None  # (*batch,)
    z_max: Any = None  # (*batch,)
    s: Any = None  # (*batch, J)
    exp_s: Any = None  # (*batch, J)
    exp_s_2: Any = None  # (*batch, J)
    part: Any = None  # (*batch,)
    sum_ds_sum_exp_s: Any = None  # (*batch,)
    sum_exp_s: Any = None  # (*batch,)
    dz: Any = None  # (*batch, J)
    others_dz: Any = None  # (*batch,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(z, *, work=None):
    """s, and what backward needs to know of the way to it.

    Arguments, with J classes:
        z: logits, (..., J), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): s of shape (..., J), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (z, dtype, batch, J) = _arguments(z)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    work = _fitting(Workspace, work, (dtype, J, size_batch), z=z)
    # s[..., j] = z[..., j] - log(sum(i, exp(z[..., i])))
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch) if work.places is None else work.places
    z_argmax = z.argmax(axis=1, out=work.z_argmax)
    z_max = _pick(z, (places, z_argmax), out=work.z_max)
    s = np.subtract(z, z_max[:, None], out=work.s)
    exp_s = np.exp(s, out=work.exp_s)
    exp_s_2 = _spread(exp_s, exp_s.shape, out=work.exp_s_2)
    exp_s_2[places, z_argmax] = 0
    part = _sum_last(exp_s_2, out=work.part)
    np.log1p(part, out=part)
    s -= part[:, None]
    shape = (*batch, J)
    turn = work.turns[0]
    return _unflat(s, batch), Cache(z_argmax, places, exp_s, batch, shape, dtype, work, turn)


@np.errstate(under="ignore")
def backward(ds, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        ds: the gradient by s, (..., J), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (z_argmax, places, exp_s, batch, shape, dtype, work, turn) = cache
    _current(work, turn)
    ds = _flat(_like("ds", ds, shape, dtype, "the output"), batch)
    _apart(work, ds=ds)
    # ∂ℒ/∂z[…,j] = ∂ℒ/∂s[…,j] - exp(z[…,j]) (Σ_i ∂ℒ/∂s[…,i]) / (Σ_i exp(z[…,i]))
    # that is, ∂ℒ/∂s - diag((exp(z) 𝟏)^∘(-1) ⊙ (∂ℒ/∂s 𝟏)) exp(z)
    sum_ds_sum_exp_s = _sum_last(ds, out=work.sum_ds_sum_exp_s)
    sum_exp_s = _sum_last(exp_s, out=work.sum_exp_s)
    sum_ds_sum_exp_s /= sum_exp_s
    dz = np.multiply(sum_ds_sum_exp_s[:, None], exp_s, out=work.dz)
    np.subtract(ds, dz, out=dz)
    dz[places, z_argmax] = 0
    others_dz = _sum_last(dz, out=work.others_dz)
    np.negative(others_dz, out=others_dz)
    dz[places, z_argmax] = others_dz
    return Gradients(_unflat(dz, batch))


def value(z):
    """s alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (z, dtype, batch, J) = _arguments(z)
    if not batch:
        return forward(z)[0]
    s = np.empty((*batch, J), dtype)
    for _rows in _parts(batch, 3 * J + 4):
        s[_rows], _ = forward(z[_rows])
    return s


def workspace(z):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (z, dtype, batch, J) = _arguments(z)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    arrays = {
        "places": np.arange(size_batch),
        "z_argmax": np.empty((size_batch,), np.intp),
        "z_max": np.empty((size_batch,), dtype),
        "s": np.empty((size_batch, J), dtype),
        "exp_s": np.empty((size_batch, J), dtype),
        "exp_s_2": np.empty((size_batch, J), dtype),
        "part": np.empty((size_batch,), dtype),
        "sum_ds_sum_exp_s": np.empty((size_batch,), dtype),
        "sum_exp_s": np.empty((size_batch,), dtype),
        "dz": np.empty((size_batch, J), dtype),
        "others_dz": np.empty((size_batch,), dtype),
    }
    return Workspace((dtype, J, size_batch), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., J).
    """
    (z,) = _each("inputs", inputs, "z")
    (z, dtype, batch, J) = _arguments(z)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    (z_dot,) = _each("tangents", tangents, "z_dot")
    z_dot = _flat(_like("z_dot", z_dot, (*batch, J), dtype, "z"), batch)
    # s[..., j] = z[..., j] - log(sum(i, exp(z[..., i])))
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch)
    z_argmax = z.argmax(axis=1)
    z_shifted = z - z[places, z_argmax][:, None]
    exp_z_shifted = np.exp(z_shifted)
    exp_z_shifted_2 = exp_z_shifted.copy()
    exp_z_shifted_2[places, z_argmax] = 0
    s = np.subtract(z_shifted, np.log1p(exp_z_shifted_2.sum(axis=1))[:, None], out=z_shifted)
    # ṡ[…,j] = ż[…,j] - (Σ_i ż[…,i] exp(z[…,i])) / (Σ_i exp(z[…,i]))
    # that is, ż - ((exp(z) 𝟏)^∘(-1) ⊙ ((ż ⊙ exp(z)) 𝟏)) 𝟏ᵀ
    s_dot = z_dot - (np.vecdot(exp_z_shifted, z_dot) / exp_z_shifted.sum(axis=1))[:, None]
    return _unflat(s, batch), _unflat(s_dot, batch)


def jacobian(z):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    s, cache = forward(z)
    return Gradients(*_by_rows(s, lambda ds: backward(ds, cache)))


def _arguments(z):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    z = _array("z", z, "... J")
    dtype = z.dtype
    batch = z.shape[: z.ndim - 1]
    J = z.shape[-1]
    _not_empty("J", J)
    return (z, dtype, batch, J)


def _fitting(kind, work, sizes, /, **arrays):
    """The workspace, if it was made for these sizes and no argument lies in it."""
    if work is None:
        return _NEW
    if not isinstance(work, kind):
        raise TypeError(
            f"work is {type(work).__name__}; it must be what workspace of this module returned"
        )
    if work.sizes != sizes:
        made, asked = ("({})".format(", ".join(map(str, s))) for s in (work.sizes, sizes))
        raise ValueError(
            f"work was made for dtype and sizes {made}, and the arguments have {asked}; "
            "make another with workspace"
        )
    _apart(work, **arrays)
    work.turns[0] += 1
    return work


def _apart(work, /, **arrays):
    """Refuse an argument that lies in the workspace, as it would be written over."""
    for name, array in arrays.items():
        if id(array) in work.owned or id(array.base) in work.owned:
            raise ValueError(f"{name} lies in the workspace that is written into; pass a copy of it")


def _ids(arrays):
    """What id() says of these arrays."""
    return frozenset(map(id, arrays.values()))


def _check_cache(cache, kind):
    """Refuse what is no cache of this module."""
    if not isinstance(cache, kind):
        raise TypeError(
            f"cache is {type(cache).__name__}; it must be what forward of this module returned"
        )


def _current(work, turn):
    """Refuse a cache whose arrays a later call of forward has written over."""
    if work.turns[0] != turn:
        raise ValueError(
            "cache lies in a workspace that forward has been given again since; "
            "use the cache of the last call"
        )


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


def _parts(sizes, entries):
    """Slices of the first axis, for parts of _PART entries or so, if a row has `entries`."""
    count = sizes[0]
    for size in sizes[1:]:
        entries *= size
    step = max(1, _PART // max(1, entries))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


_PART = 2**20  # entries of arrays that value works with at a time


def _pick(values, at, out=None):
    """The entries of an array at some places; into `out` rows by rows, as an index makes an array."""
    if out is None:
        return values[at]
    if out.size <= 2**12:
        out[...] = values[at]
        return out
    step = max(1, 2**12 // max(1, out[:1].size))
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        own = (a[rows] if a.ndim == out.ndim and len(a) > 1 else a for a in at)
        out[rows] = values[tuple(own)]
    return out


def _spread(value, shape, out=None):
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


def _sum_last(values, out=None):
    """The sum over the last axis; where that is short a product with ones takes a third of the time."""
    size = values.shape[-1]
    if size > 1024 or not values.flags.c_contiguous:
        return values.sum(axis=-1, out=out)
    return np.matmul(values, _ones(values.dtype)[:size], out=out)


def _ones(dtype):
    """A row of 1024 ones: a matrix product with it adds up rows."""
    return _ONES[dtype.itemsize]


_ONES = {4: np.ones(1024, np.float32), 8: np.ones(1024)}


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
# Written by pullback from its own layers; digest of what stands above: 9679e750728fbc48
