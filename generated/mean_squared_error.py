"""Mean squared error

The mean of squared residuals over all entries.

    L = mean(..., (x[...] - t[...])**2)

Written by pullback 0.1.0 from the definition mean_squared_error.toml; to change it, change that file.
Digest of the definition: 88f35e1ab23c8e91
The derivation, step by step, each step proved: pullback show mean_squared_error
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of L, each in the shape and the dtype of its input."""

    dx: np.ndarray  # (...)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    size_batch: Any
    x_shifted: Any
    batch: Any
    dtype: Any
    work: Any
    turn: Any


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: Any = None  # (dtype, size_batch)
    owned: Any = frozenset()  # what id() says of the arrays
    turns: Any = (0,)  # how many calls of forward have written into them
    x_shifted: Any = None  # (*batch,)
    dx: Any = None  # (*batch,)


_NEW = Workspace()


def forward(x, t, *, work=None):
    """L, and what backward needs to know of the way to it.

    Arguments, with no axes:
        x: predictions, (...), floats
        t: targets, (...), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    ... must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (x, t, dtype, batch) = _arguments(x, t)
    x = _flat(x, batch)
    t = _flat(t, batch)
    size_batch = x.shape[0]
    work = _fitting(Workspace, work, (dtype, size_batch), x=x, t=t)
    # L = mean(..., (x[...] - t[...])**2)
    x_shifted = np.subtract(x, t, out=work.x_shifted)
    L = _dot(x_shifted, x_shifted) / size_batch
    turn = work.turns[0]
    return L, Cache(size_batch, x_shifted, batch, dtype, work, turn)


def backward(dL, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, one number
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (size_batch, x_shifted, batch, dtype, work, turn) = cache
    _current(work, turn)
    dL = _number("dL", dL, dtype)
    # ∂L/∂x[…] = (2/|…|) (x[…] - t[…])
    # that is, (2/|…|) (x - t)
    dx = np.multiply(2 * dL / size_batch, x_shifted, out=work.dx)
    return Gradients(_unflat(dx, batch))


def value_and_grad(x, t, *, work=None):
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(x, t, work=work)
    return L, backward(1.0, cache)


def value(x, t):
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (x, t, dtype, batch) = _arguments(x, t)
    if not batch:
        return forward(x, t)[0]
    _total = 0.0
    for _rows in _parts(batch, 1):
        _part = forward(x[_rows], t[_rows])[0].item()
        _total += _part * ((_rows.stop - _rows.start) / batch[0])
    return dtype.type(_total)


def workspace(x, t):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (x, t, dtype, batch) = _arguments(x, t)
    x = _flat(x, batch)
    t = _flat(t, batch)
    size_batch = x.shape[0]
    arrays = {
        "x_shifted": np.empty((size_batch,), dtype),
        "dx": np.empty((size_batch,), dtype),
    }
    return Workspace((dtype, size_batch), _ids(arrays), [0], **arrays)


def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    x, t = _each("inputs", inputs, "x t")
    (x, t, dtype, batch) = _arguments(x, t)
    x = _flat(x, batch)
    t = _flat(t, batch)
    size_batch = x.shape[0]
    (x_dot,) = _each("tangents", tangents, "x_dot")
    x_dot = _flat(_like("x_dot", x_dot, (*batch,), dtype, "x"), batch)
    # L = mean(..., (x[...] - t[...])**2)
    x_shifted = x - t
    L = _dot(x_shifted, x_shifted) / size_batch
    # L̇ = (2/|…|) Σ_… ẋ[…] (x[…] - t[…])
    # that is, (2/|…|) (xᵀ - tᵀ) ẋ
    L_dot = 2 * _dot(x_shifted, x_dot) / size_batch
    return L, L_dot


def hvp(inputs, tangents):
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    x, t = _each("inputs", inputs, "x t")
    (x, t, dtype, batch) = _arguments(x, t)
    x = _flat(x, batch)
    t = _flat(t, batch)
    size_batch = x.shape[0]
    (x_dot,) = _each("tangents", tangents, "x_dot")
    x_dot = _flat(_like("x_dot", x_dot, (*batch,), dtype, "x"), batch)
    # (∂L/∂x[…])˙ = (2/|…|) ẋ[…]
    # that is, (2/|…|) ẋ
    dx_dot = 2 / size_batch * x_dot
    return Gradients(_unflat(dx_dot, batch))


def jacobian(x, t):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(x, t)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


def _arguments(x, t):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "...")
    dtype = x.dtype
    t = _array("t", t, "...", dtype)
    batch = x.shape
    if t.shape != (*batch,):
        _refuse_sizes(
            x=(x, "..."),
            t=(t, "..."),
        )
    _not_empty("the number of examples in the leading axes", 0 not in batch)
    return (x, t, dtype, batch)


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


def _dot(a, b):
    """Σ a b over all entries: rows of 4096 one by one, then their sum, so that rounding stays small."""
    a, b = a.reshape(-1), b.reshape(-1)
    if a.size <= 4096:
        return a @ b
    whole = a.size // 4096 * 4096
    total = float(a[whole:] @ b[whole:])
    for start in range(0, whole, 2**20):
        end = min(whole, start + 2**20)
        rows = np.vecdot(a[start:end].reshape(-1, 4096), b[start:end].reshape(-1, 4096))
        total += float(rows.sum())
    return a.dtype.type(total)


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
# Written by pullback from its own layers; digest of what stands above: a0c05dc44e5991f0
