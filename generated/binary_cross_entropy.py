"""Binary cross-entropy from logits

Cross-entropy between a target probability and the sigmoid of a logit.

    p[...] := sigmoid(z[...])
    L[...] = t[...] * log(1 + exp(-z[...])) + (1 - t[...]) * log(1 + exp(z[...]))

Written by pullback 0.1.0 from the definition binary_cross_entropy.toml; to change it, change that file.
Digest of the definition: cc880cec91051af1
The derivation, step by step, each step proved: pullback show binary_cross_entropy
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dz: np.ndarray  # (...)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    z: Any
    t: Any
    t_shifted: Any
    exp_abs_z: Any
    batch: Any
    shape: Any
    dtype: Any
    work: Any
    turn: Any


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: Any = None  # (dtype, size_batch)
    owned: Any = frozenset()  # what id() says of the arrays
    turns: Any = (0,)  # how many calls of forward have written into them
    t_shifted: Any = None  # (*batch,)
    L: Any = None  # (*batch,)
    exp_abs_z: Any = None  # (*batch,)
    log1p_exp_abs_z: Any = None  # (*batch,)
    part: Any = None  # (*batch,)
    greater_equal_z: Any = None  # (*batch,)
    dz: Any = None  # (*batch,)
    exp_abs_z_2: Any = None  # (*batch,)
    less_equal_z: Any = None  # (*batch,)
    part_2: Any = None  # (*batch,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(z, t, *, work=None):
    """L, and what backward needs to know of the way to it.

    Arguments, with no axes:
        z: logits, (...), floats
        t: target probabilities, (...), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (z, t, dtype, batch) = _arguments(z, t)
    z = _flat(z, batch)
    t = _flat(t, batch)
    size_batch = z.shape[0]
    work = _fitting(Workspace, work, (dtype, size_batch), z=z, t=t)
    # L[...] = t[...] * log(1 + exp(-z[...])) + (1 - t[...]) * log(1 + exp(z[...]))
    # in the form of: shifted softplus
    t_shifted = np.subtract(1, t, out=work.t_shifted)
    L = np.maximum(0, z, out=work.L)
    exp_abs_z = np.abs(z, out=work.exp_abs_z)
    np.negative(exp_abs_z, out=exp_abs_z)
    np.exp(exp_abs_z, out=exp_abs_z)
    log1p_exp_abs_z = np.log1p(exp_abs_z, out=work.log1p_exp_abs_z)
    L += log1p_exp_abs_z
    L *= t_shifted
    part = np.negative(z, out=work.part)
    np.maximum(0, part, out=part)
    part += log1p_exp_abs_z
    part *= t
    L += part
    shape = (*batch,)
    turn = work.turns[0]
    return _unflat(L, batch), Cache(z, t, t_shifted, exp_abs_z, batch, shape, dtype, work, turn)


@np.errstate(under="ignore")
def backward(dL, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (z, t, t_shifted, exp_abs_z, batch, shape, dtype, work, turn) = cache
    _current(work, turn)
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    _apart(work, dL=dL)
    # ∂ℒ/∂z[…] = (p[…] - t[…]) ∂ℒ/∂L[…]
    # that is, (p - t) ⊙ ∂ℒ/∂L
    greater_equal_z = np.greater_equal(z, 0, out=work.greater_equal_z)
    dz = np.maximum(exp_abs_z, greater_equal_z, out=work.dz)
    exp_abs_z_2 = np.add(exp_abs_z, 1, out=work.exp_abs_z_2)
    dz /= exp_abs_z_2
    dz *= t_shifted
    less_equal_z = np.less_equal(z, 0, out=work.less_equal_z)
    part_2 = np.maximum(exp_abs_z, less_equal_z, out=work.part_2)
    part_2 /= exp_abs_z_2
    part_2 *= t
    dz -= part_2
    dz *= dL
    return Gradients(_unflat(dz, batch))


def value(z, t):
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (z, t, dtype, batch) = _arguments(z, t)
    if not batch:
        return forward(z, t)[0]
    L = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 5):
        L[_rows], _ = forward(z[_rows], t[_rows])
    return L


def workspace(z, t):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (z, t, dtype, batch) = _arguments(z, t)
    z = _flat(z, batch)
    t = _flat(t, batch)
    size_batch = z.shape[0]
    arrays = {
        "t_shifted": np.empty((size_batch,), dtype),
        "L": np.empty((size_batch,), dtype),
        "exp_abs_z": np.empty((size_batch,), dtype),
        "log1p_exp_abs_z": np.empty((size_batch,), dtype),
        "part": np.empty((size_batch,), dtype),
        "greater_equal_z": np.empty((size_batch,), np.bool_),
        "dz": np.empty((size_batch,), dtype),
        "exp_abs_z_2": np.empty((size_batch,), dtype),
        "less_equal_z": np.empty((size_batch,), np.bool_),
        "part_2": np.empty((size_batch,), dtype),
    }
    return Workspace((dtype, size_batch), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (...).
    """
    z, t = _each("inputs", inputs, "z t")
    (z, t, dtype, batch) = _arguments(z, t)
    z = _flat(z, batch)
    t = _flat(t, batch)
    size_batch = z.shape[0]
    (z_dot,) = _each("tangents", tangents, "z_dot")
    z_dot = _flat(_like("z_dot", z_dot, (*batch,), dtype, "z"), batch)
    # L[...] = t[...] * log(1 + exp(-z[...])) + (1 - t[...]) * log(1 + exp(z[...]))
    # in the form of: shifted softplus
    t_shifted = 1 - t
    exp_abs_z = np.exp(-np.abs(z))
    log1p_exp_abs_z = np.log1p(exp_abs_z)
    L = t_shifted * (np.maximum(0, z) + log1p_exp_abs_z) + (np.maximum(0, -z) + log1p_exp_abs_z) * t
    # L̇[…] = ż[…] (p[…] - t[…])
    # that is, ż ⊙ (p - t)
    exp_abs_z_2 = exp_abs_z + 1
    part = t_shifted * (np.maximum(exp_abs_z, z >= 0) / exp_abs_z_2) - np.maximum(exp_abs_z, z <= 0) / exp_abs_z_2 * t
    L_dot = np.multiply(part, z_dot, out=part)
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(z, t):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(z, t)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


def _arguments(z, t):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    z = _array("z", z, "...")
    dtype = z.dtype
    t = _array("t", t, "...", dtype)
    batch = z.shape
    if t.shape != (*batch,):
        _refuse_sizes(
            z=(z, "..."),
            t=(t, "..."),
        )
    return (z, t, dtype, batch)


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
# Written by pullback from its own layers; digest of what stands above: 4fbd96320e5ddb23
