"""Bilinear layer

A product of two inputs with a matrix for each output, and a bias.

    u[..., k] = sum(d, e, x[..., d] * W[k, d, e] * v[..., e]) + b[k]

Written by pullback 0.1.0 from the definition bilinear.toml; to change it, change that file.
Digest of the definition: e4e600dac50cb5f4
The derivation, step by step, each step proved: pullback show bilinear
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(du * u), each in the shape and the dtype of its input."""

    dx: np.ndarray  # (..., D)
    dW: np.ndarray  # (K, D, E)
    dv: np.ndarray  # (..., E)
    db: np.ndarray  # (K,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: Any
    W: Any
    v: Any
    batch: Any
    shape: Any
    dtype: Any
    work: Any
    turn: Any


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: Any = None  # (dtype, D, E, K, size_batch)
    owned: Any = frozenset()  # what id() says of the arrays
    turns: Any = (0,)  # how many calls of forward have written into them
    v_x: Any = None  # (*batch, D, E)
    u: Any = None  # (*batch, K)
    W_v: Any = None  # (*batch, D, K)
    dx: Any = None  # (*batch, D)
    du_v: Any = None  # (K, E, *batch)
    dW: Any = None  # (K, D, E)
    W_x: Any = None  # (*batch, E, K)
    dv: Any = None  # (*batch, E)
    db: Any = None  # (K,)


_NEW = Workspace()


def forward(x, W, v, b, *, work=None):
    """u, and what backward needs to know of the way to it.

    Arguments, with K features out, D features of x, E features of v:
        x: first inputs, (..., D), floats
        W: weights, (K, D, E), floats
        v: second inputs, (..., E), floats
        b: bias, (K,), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): u of shape (..., K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (x, W, v, b, dtype, batch, D, E, K) = _arguments(x, W, v, b)
    x = _flat(x, batch)
    v = _flat(v, batch)
    size_batch = x.shape[0]
    work = _fitting(Workspace, work, (dtype, D, E, K, size_batch), x=x, W=W, v=v, b=b)
    # u[..., k] = sum(d, e, x[..., d] * W[k, d, e] * v[..., e]) + b[k]
    v_x = np.multiply(v[:, None, :], x[:, :, None], out=work.v_x)
    u = np.einsum("kde,ade->ak", W, v_x, out=work.u)
    u += b
    shape = (*batch, K)
    turn = work.turns[0]
    return _unflat(u, batch), Cache(x, W, v, batch, shape, dtype, work, turn)


def backward(du, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        du: the gradient by u, (..., K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (x, W, v, batch, shape, dtype, work, turn) = cache
    _current(work, turn)
    du = _flat(_like("du", du, shape, dtype, "the output"), batch)
    _apart(work, du=du)
    # ∂ℒ/∂x[…,d] = Σ_k ∂ℒ/∂u[…,k] Σ_e W[k,d,e] v[…,e]
    W_v = np.einsum("kde,ae->adk", W, v, out=work.W_v)
    dx = np.einsum("ak,adk->ad", du, W_v, out=work.dx)
    # ∂ℒ/∂W[k,d,e] = Σ_… x[…,d] v[…,e] ∂ℒ/∂u[…,k]
    du_v = np.multiply(du.T[:, None, :], v.T, out=work.du_v)
    dW = np.einsum("ad,kea->kde", x, du_v, out=work.dW)
    # ∂ℒ/∂v[…,e] = Σ_k ∂ℒ/∂u[…,k] Σ_d x[…,d] W[k,d,e]
    W_x = np.einsum("kde,ad->aek", W, x, out=work.W_x)
    dv = np.einsum("ak,aek->ae", du, W_x, out=work.dv)
    # ∂ℒ/∂b[k] = Σ_… ∂ℒ/∂u[…,k]
    # that is, Σ_… ∂ℒ/∂u_…
    db = _sum_rows(du, out=work.db)
    return Gradients(_unflat(dx, batch), dW, _unflat(dv, batch), db)


def value(x, W, v, b):
    """u alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (x, W, v, b, dtype, batch, D, E, K) = _arguments(x, W, v, b)
    if not batch:
        return forward(x, W, v, b)[0]
    u = np.empty((*batch, K), dtype)
    for _rows in _parts(batch, D * E + K):
        u[_rows], _ = forward(x[_rows], W, v[_rows], b)
    return u


def workspace(x, W, v, b):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (x, W, v, b, dtype, batch, D, E, K) = _arguments(x, W, v, b)
    x = _flat(x, batch)
    v = _flat(v, batch)
    size_batch = x.shape[0]
    arrays = {
        "v_x": np.empty((size_batch, D, E), dtype),
        "u": np.empty((size_batch, K), dtype),
        "W_v": np.empty((size_batch, D, K), dtype),
        "dx": np.empty((size_batch, D), dtype),
        "du_v": np.empty((K, E, size_batch), dtype),
        "dW": np.empty((K, D, E), dtype),
        "W_x": np.empty((size_batch, E, K), dtype),
        "dv": np.empty((size_batch, E), dtype),
        "db": np.empty((K,), dtype),
    }
    return Workspace((dtype, D, E, K, size_batch), _ids(arrays), [0], **arrays)


def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., K).
    """
    x, W, v, b = _each("inputs", inputs, "x W v b")
    (x, W, v, b, dtype, batch, D, E, K) = _arguments(x, W, v, b)
    x = _flat(x, batch)
    v = _flat(v, batch)
    size_batch = x.shape[0]
    x_dot, W_dot, v_dot, b_dot = _each("tangents", tangents, "x_dot W_dot v_dot b_dot")
    x_dot = _flat(_like("x_dot", x_dot, (*batch, D), dtype, "x"), batch)
    W_dot = _like("W_dot", W_dot, (K, D, E), dtype, "W")
    v_dot = _flat(_like("v_dot", v_dot, (*batch, E), dtype, "v"), batch)
    b_dot = _like("b_dot", b_dot, (K,), dtype, "b")
    # u[..., k] = sum(d, e, x[..., d] * W[k, d, e] * v[..., e]) + b[k]
    v_x = v[:, None, :] * x[:, :, None]
    u = np.einsum("kde,ade->ak", W, v_x) + b
    # u̇[…,k] = Σ_e v̇[…,e] Σ_d x[…,d] W[k,d,e] + Σ_d ẋ[…,d] Σ_e W[k,d,e] v[…,e] + Σ_{d,e}
    #     Ẇ[k,d,e] x[…,d] v[…,e] + ḃ[k]
    u_dot = np.einsum("ae,ake->ak", v_dot, np.einsum("kde,ad->ake", W, x)) + np.einsum("ad,akd->ak", x_dot, np.einsum("kde,ae->akd", W, v)) + np.einsum("kde,ade->ak", W_dot, v_x) + b_dot
    return _unflat(u, batch), _unflat(u_dot, batch)


def jacobian(x, W, v, b):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    u, cache = forward(x, W, v, b)
    return Gradients(*_by_rows(u, lambda du: backward(du, cache)))


def _arguments(x, W, v, b):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "... D")
    dtype = x.dtype
    W = _array("W", W, "K D E", dtype)
    v = _array("v", v, "... E", dtype)
    b = _array("b", b, "K", dtype)
    batch = x.shape[: x.ndim - 1]
    D = x.shape[-1]
    K = W.shape[0]
    E = W.shape[2]
    if W.shape != (K, D, E) or v.shape != (*batch, E) or b.shape != (K,):
        _refuse_sizes(
            x=(x, "... D"),
            W=(W, "K D E"),
            v=(v, "... E"),
            b=(b, "K"),
        )
    return (x, W, v, b, dtype, batch, D, E, K)


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


def _sum_rows(rows, out=None):
    """The sum over the first axis: 1024 rows at a time, then their sums, so that rounding stays small."""
    count = len(rows)
    if out is None:
        out = np.empty(rows.shape[1:], rows.dtype)
    if count <= 1024 and rows.ndim == 2:
        return np.matmul(_ones(rows.dtype)[:count], rows, out=out)
    flat, rows = out.reshape(-1), rows.reshape(count, out.size)
    for left in range(0, out.size, 4096):
        columns = slice(left, left + 4096)
        total = np.zeros(len(flat[columns]))
        for start in range(0, count, 1024):
            part = rows[start : start + 1024, columns]
            total += _ones(rows.dtype)[: len(part)] @ part
        flat[columns] = total
    return out


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
# Written by pullback from its own layers; digest of what stands above: 9450e812c114ef25
