"""L2 regularisation

Half the sum of squares, times lamda.

    R = lamda / 2 * sum(..., W[...]**2)

Written by pullback 0.1.0 from the definition l2.toml; to change it, change that file.
Digest of the definition: 0ea0dfc3f262ecb8
The derivation, step by step, each step proved: pullback show l2
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of R, each in the shape and the dtype of its input."""

    dW: np.ndarray  # (...)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    lamda: Any
    W: Any
    batch: Any
    dtype: Any
    work: Any
    turn: Any


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: Any = None  # (dtype, size_batch)
    owned: Any = frozenset()  # what id() says of the arrays
    turns: Any = (0,)  # how many calls of forward have written into them
    dW: Any = None  # (*batch,)


_NEW = Workspace()


def forward(lamda, W, *, work=None):
    """R, and what backward needs to know of the way to it.

    Arguments, with no axes:
        lamda: strength, one number
        W: weights, (...), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): R (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (lamda, W, dtype, batch) = _arguments(lamda, W)
    W = _flat(W, batch)
    size_batch = W.shape[0]
    work = _fitting(Workspace, work, (dtype, size_batch), W=W)
    # R = lamda / 2 * sum(..., W[...]**2)
    R = 0.5 * lamda * _dot(W, W)
    turn = work.turns[0]
    return R, Cache(lamda, W, batch, dtype, work, turn)


def backward(dR, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dR: the gradient by R, one number
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (lamda, W, batch, dtype, work, turn) = cache
    _current(work, turn)
    dR = _number("dR", dR, dtype)
    # ∂R/∂W[…] = λ W[…]
    # that is, λ W
    dW = np.multiply(dR * lamda, W, out=work.dW)
    return Gradients(_unflat(dW, batch))


def value_and_grad(lamda, W, *, work=None):
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    R, cache = forward(lamda, W, work=work)
    return R, backward(1.0, cache)


def value(lamda, W):
    """R alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (lamda, W, dtype, batch) = _arguments(lamda, W)
    if not batch:
        return forward(lamda, W)[0]
    _total = 0.0
    for _rows in _parts(batch, 1):
        _part = forward(lamda, W[_rows])[0].item()
        _total += _part
    return dtype.type(_total)


def workspace(lamda, W):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (lamda, W, dtype, batch) = _arguments(lamda, W)
    W = _flat(W, batch)
    size_batch = W.shape[0]
    arrays = {
        "dW": np.empty((size_batch,), dtype),
    }
    return Workspace((dtype, size_batch), _ids(arrays), [0], **arrays)


def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    lamda, W = _each("inputs", inputs, "lamda W")
    (lamda, W, dtype, batch) = _arguments(lamda, W)
    W = _flat(W, batch)
    size_batch = W.shape[0]
    (W_dot,) = _each("tangents", tangents, "W_dot")
    W_dot = _flat(_like("W_dot", W_dot, (*batch,), dtype, "W"), batch)
    # R = lamda / 2 * sum(..., W[...]**2)
    R = 0.5 * lamda * _dot(W, W)
    # Ṙ = λ Σ_… Ẇ[…] W[…]
    # that is, λ Wᵀ Ẇ
    R_dot = lamda * _dot(W, W_dot)
    return R, R_dot


def hvp(inputs, tangents):
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    lamda, W = _each("inputs", inputs, "lamda W")
    (lamda, W, dtype, batch) = _arguments(lamda, W)
    W = _flat(W, batch)
    size_batch = W.shape[0]
    (W_dot,) = _each("tangents", tangents, "W_dot")
    W_dot = _flat(_like("W_dot", W_dot, (*batch,), dtype, "W"), batch)
    # (∂R/∂W[…])˙ = λ Ẇ[…]
    # that is, λ Ẇ
    dW_dot = lamda * W_dot
    return Gradients(_unflat(dW_dot, batch))


def jacobian(lamda, W):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    R, cache = forward(lamda, W)
    return Gradients(*_by_rows(R, lambda dR: backward(dR, cache)))


def _arguments(lamda, W):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    W = _array("W", W, "...")
    dtype = W.dtype
    lamda = _number("lamda", lamda, dtype)
    batch = W.shape
    return (lamda, W, dtype, batch)


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
# Written by pullback from its own layers; digest of what stands above: e7238b35f574f39e
