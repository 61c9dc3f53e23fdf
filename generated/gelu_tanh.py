"""Gaussian error linear unit, by tanh

GELU with its distribution function approximated by a tanh.

    t[...] := tanh(sqrt(2 / pi) * (u[...] + 0.044715 * u[...]**3))
    h[...] = u[...] / 2 * (1 + t[...])

Written by pullback 0.1.0 from the definition gelu_tanh.toml; to change it, change that file.
Digest of the definition: b1c39eed4bb93fe6
The derivation, step by step, each step proved: pullback show gelu_tanh
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    du: np.ndarray  # (...)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    u: Any
    square_u_u: Any
    part: Any
    part_3: Any
    maximum_part_part: Any
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
    square_u_u: Any = None  # (*batch,)
    u_square_u_u: Any = None  # (*batch,)
    part: Any = None  # (*batch,)
    part_2: Any = None  # (*batch,)
    maximum_part_part: Any = None  # (*batch,)
    part_3: Any = None  # (*batch,)
    h: Any = None  # (*batch,)
    part_4: Any = None  # (*batch,)
    du: Any = None  # (*batch,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(u, *, work=None):
    """h, and what backward needs to know of the way to it.

    Arguments, with no axes:
        u: pre-activations, (...), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): h of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (u, dtype, batch) = _arguments(u)
    u = _flat(u, batch)
    size_batch = u.shape[0]
    work = _fitting(Workspace, work, (dtype, size_batch), u=u)
    # h[...] = u[...] / 2 * (1 + t[...])
    # in the form of: tanh as a sigmoid
    square_u_u = np.square(u, out=work.square_u_u)
    square_u_u *= u
    u_square_u_u = np.multiply(0.044715, square_u_u, out=work.u_square_u_u)
    u_square_u_u += u
    u_square_u_u *= 1.5957691216057308
    part = np.abs(u_square_u_u, out=work.part)
    np.negative(part, out=part)
    np.exp(part, out=part)
    part_2 = np.greater_equal(u_square_u_u, 0, out=work.part_2)
    maximum_part_part = np.maximum(part, part_2, out=work.maximum_part_part)
    part_3 = np.add(part, 1, out=work.part_3)
    maximum_part_part /= part_3
    h = np.multiply(maximum_part_part, u, out=work.h)
    shape = (*batch,)
    turn = work.turns[0]
    return _unflat(h, batch), Cache(
        u, square_u_u, part, part_3, maximum_part_part, batch, shape, dtype, work, turn,
    )


@np.errstate(under="ignore")
def backward(dh, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (u, square_u_u, part, part_3, maximum_part_part, batch, shape, dtype, work, turn) = cache
    _current(work, turn)
    dh = _flat(_like("dh", dh, shape, dtype, "the output"), batch)
    _apart(work, dh=dh)
    # ∂ℒ/∂u[…] = (1/2 + (√(2) / (2 √(π))) u[…] (1 - t[…]²) + (26829 √(2) / (400000 √(π))) u[…]³
    #     (1 - t[…]²) + (1/2) t[…]) ∂ℒ/∂h[…]
    # that is, ((1/2) t + (1/2) 𝟏 + (√(2) / (2 √(π))) (u ⊙ (𝟏 - t ⊙ t)) + (26829 √(2) / (400000
    #     √(π))) (u^∘(3) ⊙ (𝟏 - t ⊙ t))) ⊙ ∂ℒ/∂h
    part_4 = np.square(part_3, out=work.part_4)
    np.divide(part, part_4, out=part_4)
    du = np.multiply(1.5957691216057308, part_4, out=work.du)
    du *= u
    part_4 *= 0.21406444881780073
    part_4 *= square_u_u
    du += part_4
    du += maximum_part_part
    du *= dh
    return Gradients(_unflat(du, batch))


def value(u):
    """h alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (u, dtype, batch) = _arguments(u)
    if not batch:
        return forward(u)[0]
    h = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 7):
        h[_rows], _ = forward(u[_rows])
    return h


def workspace(u):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (u, dtype, batch) = _arguments(u)
    u = _flat(u, batch)
    size_batch = u.shape[0]
    arrays = {
        "square_u_u": np.empty((size_batch,), dtype),
        "u_square_u_u": np.empty((size_batch,), dtype),
        "part": np.empty((size_batch,), dtype),
        "part_2": np.empty((size_batch,), np.bool_),
        "maximum_part_part": np.empty((size_batch,), dtype),
        "part_3": np.empty((size_batch,), dtype),
        "h": np.empty((size_batch,), dtype),
        "part_4": np.empty((size_batch,), dtype),
        "du": np.empty((size_batch,), dtype),
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
    (u,) = _each("inputs", inputs, "u")
    (u, dtype, batch) = _arguments(u)
    u = _flat(u, batch)
    size_batch = u.shape[0]
    (u_dot,) = _each("tangents", tangents, "u_dot")
    u_dot = _flat(_like("u_dot", u_dot, (*batch,), dtype, "u"), batch)
    # h[...] = u[...] / 2 * (1 + t[...])
    # in the form of: tanh as a sigmoid
    square_u_u = np.square(u) * u
    u_square_u_u = 1.5957691216057308 * (u + 0.044715 * square_u_u)
    part = np.exp(-np.abs(u_square_u_u))
    part_2 = part + 1
    part_3 = np.maximum(part, u_square_u_u >= 0) / part_2
    h = part_3 * u
    # ḣ[…] = u̇[…] (1/2 + (√(2) / (2 √(π))) u[…] (1 - t[…]²) + (26829 √(2) / (400000 √(π)))
    #     u[…]³ (1 - t[…]²) + (1/2) t[…])
    # that is, u̇ ⊙ ((1/2) t + (1/2) 𝟏 + (√(2) / (2 √(π))) (u ⊙ (𝟏 - t ⊙ t)) + (26829 √(2) /
    #     (400000 √(π))) (u^∘(3) ⊙ (𝟏 - t ⊙ t)))
    part_square_part_2 = np.divide(part, np.square(part_2), out=part)
    h_dot = (1.5957691216057308 * part_square_part_2 * u + 0.21406444881780073 * part_square_part_2 * square_u_u + part_3) * u_dot
    return _unflat(h, batch), _unflat(h_dot, batch)


def jacobian(u):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    h, cache = forward(u)
    return Gradients(*_by_rows(h, lambda dh: backward(dh, cache)))


def _arguments(u):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    u = _array("u", u, "...")
    dtype = u.dtype
    batch = u.shape
    return (u, dtype, batch)


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
# Written by pullback from its own layers; digest of what stands above: 460a300a3f8e5ca4
