"""Softmax cross-entropy with label smoothing

The right class gets 1 - a of the target distribution, and all classes share a.

    p[..., j] := exp(z[..., j]) / sum(i, exp(z[..., i]))
    L[...] = -(1 - a) * log(p[..., y[...]]) - a / J * sum(j, log(p[..., j]))

Written by pullback 0.1.0 from the definition smoothed_cross_entropy.toml; to change it, change that file.
Digest of the definition: de9c42299355e488
The derivation, step by step, each step proved: pullback show smoothed_cross_entropy
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dz: np.ndarray  # (..., J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    a: Any
    y: Any
    places: Any
    z_argmax: Any
    exp_z_shifted: Any
    part: Any
    a_2: Any
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
    L: Any = None  # (*batch,)
    z_argmax: Any = None  # (*batch,)
    z_max: Any = None  # (*batch,)
    z_shifted: Any = None  # (*batch, J)
    exp_z_shifted: Any = None  # (*batch, J)
    part: Any = None  # (*batch,)
    log1p_part: Any = None  # (*batch,)
    a_2_sum_z_shifted: Any = None  # (*batch,)
    part_2: Any = None  # (*batch,)
    p: Any = None  # (*batch, J)
    dz: Any = None  # (*batch, J)
    a_shifted: Any = None  # (*batch,)
    a_2_shifted: Any = None  # (*batch,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(z, a, y, *, work=None):
    """L, and what backward needs to know of the way to it.

    Arguments, with J classes:
        z: logits, (..., J), floats
        a: smoothing, from 0 to 1, one number
        y: right classes, (...), integers from 0 to J - 1
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (z, a, y, dtype, batch, J) = _arguments(z, a, y)
    z = _flat(z, batch)
    y = _flat(y, batch)
    size_batch = z.shape[0]
    work = _fitting(Workspace, work, (dtype, J, size_batch), z=z, y=y)
    # L[...] = -(1 - a) * log(p[..., y[...]]) - a / J * sum(j, log(p[..., j]))
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch) if work.places is None else work.places
    L = _pick(z, (places, y), out=work.L)
    z_argmax = z.argmax(axis=1, out=work.z_argmax)
    z_max = _pick(z, (places, z_argmax), out=work.z_max)
    L -= z_max
    z_shifted = np.subtract(z, z_max[:, None], out=work.z_shifted)
    exp_z_shifted = np.exp(z_shifted, out=work.exp_z_shifted)
    exp_z_shifted[places, z_argmax] = 0
    part = _sum_last(exp_z_shifted, out=work.part)
    log1p_part = np.log1p(part, out=work.log1p_part)
    L -= log1p_part
    L *= a - 1
    a_2 = a / J
    z_shifted -= log1p_part[:, None]
    a_2_sum_z_shifted = _sum_last(z_shifted, out=work.a_2_sum_z_shifted)
    a_2_sum_z_shifted *= a_2
    L -= a_2_sum_z_shifted
    shape = (*batch,)
    turn = work.turns[0]
    return _unflat(L, batch), Cache(
        a, y, places, z_argmax, exp_z_shifted, part, a_2, batch, shape, dtype, work, turn,
    )


@np.errstate(under="ignore")
def backward(dL, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (a, y, places, z_argmax, exp_z_shifted, part, a_2, batch, shape, dtype, work, turn) = cache
    _current(work, turn)
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    _apart(work, dL=dL)
    # p[..., j] := exp(z[..., j]) / sum(i, exp(z[..., i]))
    # in the form of: shifted softmax; split off the largest; distribute
    part_2 = np.add(part, 1, out=work.part_2)
    p = np.divide(exp_z_shifted, part_2[:, None], out=work.p)
    np.divide(1, part_2, out=part_2)
    p[places, z_argmax] = part_2
    # ∂ℒ/∂z[…,j] = (a 𝟏[j = y[…]] + p[…,j] - a/J - 𝟏[j = y[…]]) ∂ℒ/∂L[…]
    # that is, diag(∂ℒ/∂L) (a onehot(y) + p - onehot(y) - (a/J) 𝟏 𝟏ᵀ)
    p[places, y] = 0
    dz = np.subtract(p, a_2, out=work.dz)
    a_shifted = _sum_last(p, out=work.a_shifted)
    a_2_shifted = np.subtract(-a_2, a_shifted, out=work.a_2_shifted)
    dz[places, y] = a_2_shifted
    np.subtract(a - a_2, a_shifted, out=a_shifted)
    dz[places, y] = a_shifted
    dz *= dL[:, None]
    return Gradients(_unflat(dz, batch))


def value(z, a, y):
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (z, a, y, dtype, batch, J) = _arguments(z, a, y)
    if not batch:
        return forward(z, a, y)[0]
    L = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 2 * J + 7):
        L[_rows], _ = forward(z[_rows], a, y[_rows])
    return L


def workspace(z, a, y):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (z, a, y, dtype, batch, J) = _arguments(z, a, y)
    z = _flat(z, batch)
    y = _flat(y, batch)
    size_batch = z.shape[0]
    arrays = {
        "places": np.arange(size_batch),
        "L": np.empty((size_batch,), dtype),
        "z_argmax": np.empty((size_batch,), np.intp),
        "z_max": np.empty((size_batch,), dtype),
        "z_shifted": np.empty((size_batch, J), dtype),
        "exp_z_shifted": np.empty((size_batch, J), dtype),
        "part": np.empty((size_batch,), dtype),
        "log1p_part": np.empty((size_batch,), dtype),
        "a_2_sum_z_shifted": np.empty((size_batch,), dtype),
        "part_2": np.empty((size_batch,), dtype),
        "p": np.empty((size_batch, J), dtype),
        "dz": np.empty((size_batch, J), dtype),
        "a_shifted": np.empty((size_batch,), dtype),
        "a_2_shifted": np.empty((size_batch,), dtype),
    }
    return Workspace((dtype, J, size_batch), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (...).
    """
    z, a, y = _each("inputs", inputs, "z a y")
    (z, a, y, dtype, batch, J) = _arguments(z, a, y)
    z = _flat(z, batch)
    y = _flat(y, batch)
    size_batch = z.shape[0]
    (z_dot,) = _each("tangents", tangents, "z_dot")
    z_dot = _flat(_like("z_dot", z_dot, (*batch, J), dtype, "z"), batch)
    # L[...] = -(1 - a) * log(p[..., y[...]]) - a / J * sum(j, log(p[..., j]))
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch)
    z_argmax = z.argmax(axis=1)
    z_max = z[places, z_argmax]
    z_shifted = z - z_max[:, None]
    exp_z_shifted = np.exp(z_shifted)
    exp_z_shifted[places, z_argmax] = 0
    part = exp_z_shifted.sum(axis=1)
    log1p_part = np.log1p(part)
    a_2 = a / J
    L = (a - 1) * (z[places, y] - z_max - log1p_part) - a_2 * (z_shifted - log1p_part[:, None]).sum(axis=1)
    # p[..., j] := exp(z[..., j]) / sum(i, exp(z[..., i]))
    # in the form of: shifted softmax; split off the largest; distribute
    part_2 = np.add(part, 1, out=part)
    p = np.divide(exp_z_shifted, part_2[:, None], out=exp_z_shifted)
    p[places, z_argmax] = 1 / part_2
    # L̇[…] = Σ_j ż[…,j] p[…,j] + a ż[…,y[…]] - (a/J) Σ_j ż[…,j] - ż[…,y[…]]
    z_dot_y = z_dot[places, y]
    L_dot = np.vecdot(p, z_dot) + a * z_dot_y - z_dot_y - a_2 * z_dot.sum(axis=1)
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(z, a, y):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(z, a, y)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


def _arguments(z, a, y):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    z = _array("z", z, "... J")
    dtype = z.dtype
    y = _integers("y", y, "...")
    a = _number("a", a, dtype)
    batch = z.shape[: z.ndim - 1]
    J = z.shape[-1]
    if y.shape != (*batch,):
        _refuse_sizes(
            z=(z, "... J"),
            y=(y, "..."),
        )
    _not_empty("J", J)
    y = _labels("y", y, J)
    return (z, a, y, dtype, batch, J)


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


def _number(name, value, dtype):
    """The value as one number of this dtype."""
    if type(value) is float:
        return dtype.type(value)
    array = _read(name, value)
    if array.ndim or array.dtype.kind not in "iuf":
        found = f"shape {array.shape}" if array.ndim else f"dtype {array.dtype}"
        raise TypeError(f"{name} has {found}; it must be one real number")
    return dtype.type(array)


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
# Written by pullback from its own layers; digest of what stands above: 0d9a2482b8089978
