"""Bilinear layer

A product of two inputs with a matrix for each output, and a bias.

    u[..., k] = sum(d, e, x[..., d] * W[k, d, e] * v[..., e]) + b[k]

Written by pullback 0.1.0 from the definition bilinear.toml; to change it, change that file.
Digest of the definition: 9719b575830c149f
The derivation, step by step, each step proved: pullback show bilinear
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(du * u), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (..., D)
    dW: NDArray[np.floating]  # (K, D, E)
    dv: NDArray[np.floating]  # (..., E)
    db: NDArray[np.floating]  # (K,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    W: NDArray[np.floating]
    v: NDArray[np.floating]
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, E, K, size_batch)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    v_x: NDArray[np.floating] | None = None  # (*batch, D, E)
    u: NDArray[np.floating] | None = None  # (*batch, K)
    W_v: NDArray[np.floating] | None = None  # (*batch, D, K)
    dx: NDArray[np.floating] | None = None  # (*batch, D)
    du_v: NDArray[np.floating] | None = None  # (K, E, *batch)
    dW: NDArray[np.floating] | None = None  # (K, D, E)
    W_x: NDArray[np.floating] | None = None  # (*batch, E, K)
    dv: NDArray[np.floating] | None = None  # (*batch, E)
    db: NDArray[np.floating] | None = None  # (K,)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    v: NDArray[np.floating],
    b: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
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
    x, W, v, b, dtype, batch, D, E, K = _arguments(x, W, v, b)
    x = _flat(x, batch)
    v = _flat(v, batch)
    size_batch = x.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, E, K, size_batch), x=x, W=W, v=v, b=b)
    # u[n, k] = sum(d, e, x[n, d] * W[k, d, e] * v[n, e]) + b[k]
    v_x = np.multiply(v[:, None, :], x[:, :, None], out=work.v_x)
    u = _contract("kde,ade->ak", W, v_x, out=work.u)
    u += b
    shape = (*batch, K)
    turn = work.turns[0]
    cache = Cache(x, W, v, batch, shape, dtype, work, turn)
    return _unflat(u, batch), cache


def backward(du: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        du: the gradient by u, (..., K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    x, W, v, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    du = _flat(_like("du", du, shape, dtype, "the output"), batch)
    _apart(work, du=du)
    # ∂ℒ/∂x[n,d] = Σ_k ∂ℒ/∂u[n,k] Σ_e W[k,d,e] v[n,e]
    W_v = _contract("kde,ae->adk", W, v, out=work.W_v)
    dx = np.einsum("ak,adk->ad", du, W_v, out=work.dx)
    # ∂ℒ/∂W[k,d,e] = Σ_n x[n,d] v[n,e] ∂ℒ/∂u[n,k]
    du_v = np.multiply(du.T[:, None, :], v.T, out=work.du_v)
    dW = _contract("ad,kea->kde", x, du_v, out=work.dW)
    # ∂ℒ/∂v[n,e] = Σ_k ∂ℒ/∂u[n,k] Σ_d x[n,d] W[k,d,e]
    W_x = _contract("kde,ad->aek", W, x, out=work.W_x)
    dv = np.einsum("ak,aek->ae", du, W_x, out=work.dv)
    # ∂ℒ/∂b[k] = Σ_n ∂ℒ/∂u[n,k]
    # that is, (∂ℒ/∂u)ᵀ 𝟏
    db = _sum_rows(du, out=work.db)
    return Gradients(_unflat(dx, batch), dW, _unflat(dv, batch), db)


def value(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    v: NDArray[np.floating],
    b: NDArray[np.floating],
) -> NDArray[np.floating]:
    """u alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, W, v, b, dtype, batch, D, E, K = _arguments(x, W, v, b)
    if not batch:
        return forward(x, W, v, b)[0]
    u = np.empty((*batch, K), dtype)
    for _rows in _parts(batch, D * E + K):
        u[_rows], _ = forward(x[_rows], W, v[_rows], b)
    return u


def workspace(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    v: NDArray[np.floating],
    b: NDArray[np.floating],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    x, _, _, _, dtype, batch, D, E, K = _arguments(x, W, v, b)
    x = _flat(x, batch)
    size_batch = x.shape[0]
    arrays: dict[str, NDArray[Any]] = {
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


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., K).
    """
    x, W, v, b = _each("inputs", inputs, "x W v b")
    x, W, v, b, dtype, batch, D, E, K = _arguments(x, W, v, b)
    x = _flat(x, batch)
    v = _flat(v, batch)
    x_dot, W_dot, v_dot, b_dot = _each("tangents", tangents, "x_dot W_dot v_dot b_dot")
    x_dot = _flat(_like("x_dot", x_dot, (*batch, D), dtype, "x"), batch)
    W_dot = _like("W_dot", W_dot, (K, D, E), dtype, "W")
    v_dot = _flat(_like("v_dot", v_dot, (*batch, E), dtype, "v"), batch)
    b_dot = _like("b_dot", b_dot, (K,), dtype, "b")
    # u[n, k] = sum(d, e, x[n, d] * W[k, d, e] * v[n, e]) + b[k]
    v_x = v[:, None, :] * x[:, :, None]
    u = _contract("kde,ade->ak", W, v_x) + b
    # u̇[n,k] = Σ_e v̇[n,e] Σ_d x[n,d] W[k,d,e] + Σ_d ẋ[n,d] Σ_e W[k,d,e] v[n,e] + Σ_{d,e}
    #     Ẇ[k,d,e] x[n,d] v[n,e] + ḃ[k]
    v_dot_W_x = np.einsum("ae,ake->ak", v_dot, _contract("kde,ad->ake", W, x))
    x_dot_W_v = np.einsum("ad,akd->ak", x_dot, _contract("kde,ae->akd", W, v))
    u_dot_sum = np.add(v_dot_W_x, x_dot_W_v, out=v_dot_W_x)
    u_dot_sum_2 = np.add(u_dot_sum, _contract("kde,ade->ak", W_dot, v_x), out=u_dot_sum)
    u_dot = np.add(u_dot_sum_2, b_dot, out=u_dot_sum_2)
    return _unflat(u, batch), _unflat(u_dot, batch)


def jacobian(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    v: NDArray[np.floating],
    b: NDArray[np.floating],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    u, cache = forward(x, W, v, b)
    return Gradients(*_by_rows(u, lambda du: backward(du, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"x": 0, "v": 0},
        "outputs": {"u": 0},
    },
    "k": {
        "inputs": {"W": 0, "b": 0},
        "outputs": {"u": -1},
    },
    "d": {
        "inputs": {"x": -1, "W": 1},
        "outputs": {"u": "sum"},
        "rest": True,
    },
    "e": {
        "inputs": {"W": 2, "v": -1},
        "outputs": {"u": "sum"},
        "rest": True,
    },
}


def parts(counts: Sequence[int], axis: str = "...") -> list[dict[str, float]]:
    """The weight of each part in the output, where parts have so many places of the axis.

    A part is forward of its slice of each input in PARTS[axis]["inputs"] and the others whole, and
    backward of its weight times the cotangent; of its slice of it, where the output is cut, too.
    Where PARTS says "rest", the last weight is that of one more part, which has no places: it takes
    off what all parts have in common, and the whole has once.
    """
    return _weights(PARTS[axis], counts)


def combine(
    results: Sequence[Any], counts: Sequence[int], axis: str = "..."
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values, gradients) of the whole, from such a pair of each part, in the order of parts().

    Both are dictionaries: the output by its name, gradients by the names of their inputs, with or
    without the d before them. Where `counts` says 0 there need be no pair, but None.
    """
    return _combined(PARTS[axis], results, counts, np.concatenate)


def _arguments(x: Any, W: Any, v: Any, b: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "... D")
    W = _array("W", W, "K D E")
    v = _array("v", v, "... E")
    b = _array("b", b, "K")
    dtype = x.dtype
    if W.dtype != dtype or v.dtype != dtype or b.dtype != dtype:
        _one_dtype(x=x, W=W, v=v, b=b)
    batch = x.shape[: x.ndim - 1]
    D = x.shape[-1]
    K = W.shape[0]
    E = W.shape[2]
    if W.shape != (K, D, E) or v.shape != (*batch, E) or b.shape != (K,):
        _one_size(x=(x, "... D"), W=(W, "K D E"), v=(v, "... E"), b=(b, "K"))
    return x, W, v, b, dtype, batch, D, E, K


def _fitting(kind: Any, work: Any, sizes: tuple[Any, ...], /, **arrays: Any) -> None:
    """See that a workspace is one, was made for these sizes, and that no argument lies in it."""
    if not isinstance(work, kind):
        raise TypeError(
            f"work is {type(work).__name__}; it must be what workspace of this module returned"
        )
    if work.sizes is None:
        return  # new arrays for each call
    if work.sizes != sizes:
        made, asked = ("({})".format(", ".join(map(str, s))) for s in (work.sizes, sizes))
        raise ValueError(
            f"work was made for dtype and sizes {made}, and the arguments have {asked}; "
            "make another with workspace"
        )
    _apart(work, **arrays)
    work.turns[0] += 1


def _apart(work: Any, /, **arrays: Any) -> None:
    """Refuse an argument that lies in the workspace, as it would be written over."""
    for name, array in arrays.items():
        if id(array) in work.owned or id(array.base) in work.owned:
            raise ValueError(
                f"{name} lies in the workspace that is written into; pass a copy of it"
            )


def _ids(arrays: dict[str, NDArray[Any]]) -> frozenset[int]:
    """What id() says of these arrays."""
    return frozenset(map(id, arrays.values()))


def _check_cache(cache: Any, kind: Any) -> None:
    """Refuse what is no cache of this module."""
    if not isinstance(cache, kind):
        raise TypeError(
            f"cache is {type(cache).__name__}; it must be what forward of this module returned"
        )


def _current(work: Any, turn: int) -> None:
    """Refuse a cache whose arrays a later call of forward has written over."""
    if work.turns[0] != turn:
        raise ValueError(
            "cache lies in a workspace that forward has been given again since; "
            "use the cache of the last call"
        )


def _read(name: str, value: Any) -> NDArray[Any]:
    """The value as an array."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def _array(name: str, value: Any, axes: str) -> NDArray[Any]:
    """The value as an array of floats with these axes."""
    array: NDArray[Any] = value if type(value) is np.ndarray else _read(name, value)
    dtype = array.dtype
    if dtype.type not in _FLOAT_TYPES:
        raise TypeError(f"{name} has dtype {dtype}; it must be float32 or float64")
    if array.ndim != axes.count(" ") + 1 and not _fits(array, axes):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


_FLOAT_TYPES = (np.float64, np.float32)


def _one_dtype(**arrays: Any) -> None:
    """Say which array has another dtype than most, or than the first where there is no most."""
    names: dict[Any, list[str]] = {}
    for name, array in arrays.items():
        names.setdefault(array.dtype, []).append(name)
    usual = max(names, key=lambda dtype: len(names[dtype]))
    for name, array in arrays.items():
        if array.dtype != usual:
            raise TypeError(
                f"{name} has dtype {array.dtype}; it must be {usual}, as {names[usual][0]} has"
            )


def _fits(array: NDArray[Any], axes: str) -> bool:
    """Has the array these axes, `...` being any number of them?"""
    wanted = len(axes.split())
    return array.ndim >= wanted - 1 if axes.startswith("...") else array.ndim == wanted


def _each(name: str, values: Any, parts: str) -> tuple[Any, ...]:
    """The values of a tuple with one value for each part."""
    try:
        each = tuple(values)
    except TypeError:
        raise TypeError(f"{name} is {type(values).__name__}; it must be a tuple") from None
    if len(each) != len(parts.split()):
        wanted = parts.replace(" ", ", ")
        raise ValueError(f"{name} has {len(each)} values; it must have those for {wanted}")
    return each


def _one_size(**arrays: Any) -> None:
    """Say which array has another size for an axis than most, or than the first one."""
    names: dict[str, dict[int, list[str]]] = {}  # of the arrays that show a size, for each axis
    shown: dict[str, list[tuple[str, int]]] = {}
    for name, (array, axes) in arrays.items():
        words = axes.split()
        lead = array.ndim - len(words) + 1 if axes.startswith("...") else 0
        sizes = [array.shape[:lead], *array.shape[lead:]] if lead or "..." in words else array.shape
        shown[name] = list(zip(words, sizes))
        for axis, size in shown[name]:
            names.setdefault(axis, {}).setdefault(size, []).append(name)
    for name, (array, axes) in arrays.items():
        for axis, size in shown[name]:
            usual = max(names[axis], key=lambda s: len(names[axis][s]))
            if size != usual:
                raise ValueError(
                    f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')}) "
                    f"with {axis} = {usual}, as {names[axis][usual][0]} has"
                )


def _flat(array: NDArray[Any], batch: tuple[int, ...]) -> NDArray[Any]:
    """The leading axes, whose sizes are `batch`, as one axis."""
    if len(batch) == 1:
        return array
    size = 1
    for axis_size in batch:
        size *= axis_size
    return array.reshape((size, *array.shape[len(batch) :]))


def _unflat(array: NDArray[Any], batch: tuple[int, ...]) -> NDArray[Any]:
    """The first axis as the leading axes that it was."""
    return array if len(batch) == 1 else array.reshape((*batch, *array.shape[1:]))


def _like(
    name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any], model: str
) -> NDArray[Any]:
    """The value as an array of this shape and dtype, those of the model."""
    array = value if type(value) is np.ndarray else _read(name, value)
    if array.dtype == dtype and array.shape == shape:
        return array
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as {model}")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as {model}")
    return array.astype(dtype)


def _parts(sizes: tuple[Any, ...], entries: int) -> Iterator[slice]:
    """Slices of the first axis, for parts of _PART entries or so, if a row has `entries`."""
    count = sizes[0]
    for size in sizes[1:]:
        entries *= size
    step = max(1, _PART // max(1, entries))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


_PART = 2**20  # entries of arrays that value works with at a time


def _sum_rows(rows: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The sum over the first axis: 1024 rows, then their sums, so that rounding stays small."""
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


def _ones(dtype: np.dtype[Any]) -> NDArray[Any]:
    """A row of 1024 ones: a matrix product with it adds up rows."""
    return _ONES[dtype.itemsize]


_ONES: dict[int, NDArray[Any]] = {4: np.ones(1024, np.float32), 8: np.ones(1024)}


def _by_rows(output: Any, pull: Callable[[Any], tuple[Any, ...]]) -> list[Any]:
    """Jacobians, a row for each entry of the output: the pullbacks of ones and zeros."""
    unit = np.zeros(output.shape, output.dtype)
    found = [np.zeros(output.shape + row.shape, row.dtype) for row in pull(unit)]
    for at in np.ndindex(output.shape):
        unit[at] = 1
        for array, row in zip(found, pull(unit)):
            array[at] = row
        unit[at] = 0
    return found


def _contract(
    signature: str, a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """einsum of two arrays by matrix products, some rows of the larger one at a time.

    So what has to be copied for them, such as windows, stays in the cache.
    """
    left, right, result = signature.replace("->", ",").split(",")
    if a.size < b.size:
        left, right, a, b = right, left, b, a
    length = dict(zip(left + right, a.shape + b.shape))
    if out is None:
        out = np.empty([length[letter] for letter in result], a.dtype)
    alone = [length[letter] for letter in right if letter not in left]
    if a.size * math.prod(alone) <= 2**12:
        np.einsum(f"{left},{right}->{result}", a, b, out=out)
        return out
    first, row = left[0], a[:1].size
    step = max(1, 2**19 // row)
    space = np.empty(min(step, len(a)) * row, a.dtype)
    added = first not in result and step < len(a)
    total = np.zeros(out.shape) if added else out
    stacked = first if first in result and row >= 2**14 else ""
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        some = b[(slice(None),) * right.index(first) + (rows,)] if first in right else b
        place = out
        if first in result:
            place = out[(slice(None),) * result.index(first) + (rows,)]
        _matrix_product((left, right, result), a[rows], some, place, space, stacked)
        if added:
            total += out
    if added:
        out[...] = total
    return out


def _matrix_product(
    letters: tuple[str, str, str],
    a: NDArray[Any],
    b: NDArray[Any],
    out: NDArray[Any],
    space: NDArray[Any],
    stacked: str,
) -> None:
    """einsum of two arrays by one matrix product, or by one for each place of shared axes, and of
    the `stacked` one. The first array is copied into `space`, if it must be."""
    left, right, result = letters
    shared = [c for c in left if c in right]
    batch = [c for c in result if c in shared or c == stacked]
    summed = [c for c in shared if c not in result]
    rows, columns = ([c for c in result if c in own and c not in batch] for own in (left, right))
    x = _matrix(a, left, batch, (rows, summed), space)
    y = _matrix(b, right, batch, (summed, columns), None)
    order = [*batch, *rows, *columns]
    if rows and columns and result.index(columns[0]) < result.index(rows[0]):
        x, y = y.swapaxes(-1, -2), x.swapaxes(-1, -2)
        order = [*batch, *columns, *rows]
    if "".join(order) == result and out.flags.c_contiguous:
        lead = [out.shape[k] for k in range(len(batch))]
        np.matmul(x, y, out=out.reshape(*lead, x.shape[-2], y.shape[-1]))
        return
    found = out.transpose([result.index(c) for c in order])
    found[...] = np.matmul(x, y).reshape(found.shape)


def _matrix(
    array: NDArray[Any],
    letters: str,
    batch: list[str],
    sides: tuple[list[str], list[str]],
    space: NDArray[Any] | None,
) -> NDArray[Any]:
    """An array as matrices, copied into `space` where it must be; what runs along memory is copied
    along memory. An axis of `batch` that it lacks has the length 1."""
    runs = [(abs(stride) or 2**62, -n) for stride, n in zip(array.strides, array.shape)]
    turned = letters[runs.index(min(runs))] in sides[0]
    first, last = sides[::-1] if turned else sides
    lead = [c for c in batch if c in letters]
    array = array.transpose([letters.index(c) for c in (*lead, *first, *last)])
    if space is not None and not array.flags.c_contiguous:
        copied = space[: array.size].reshape(array.shape)
        np.copyto(copied, array)
        array = copied
    length = dict(zip(lead, array.shape))
    middle = len(lead) + len(first)
    shape = [math.prod(array.shape[len(lead) : middle]), math.prod(array.shape[middle:])]
    matrices = array.reshape(*(length.get(c, 1) for c in batch), *shape)
    return matrices.swapaxes(-1, -2) if turned else matrices


def _weights(along: dict[str, Any], counts: Any) -> list[dict[str, float]]:
    """The weight of each part in a mean or a sum along an axis; 0 of one without places."""
    total, used = sum(counts), sum(count > 0 for count in counts)
    if total == 0 or min(counts) < 0:
        raise ValueError(f"counts is {[*counts]}; wanted is how many places each part has")
    kinds = {name: kind for name, kind in along["outputs"].items() if isinstance(kind, str)}
    shares = {"mean": [c / total for c in counts], "sum": [float(c > 0) for c in counts]}
    found = [{name: shares[kind][p] for name, kind in kinds.items()} for p in range(len(counts))]
    return found + [dict.fromkeys(kinds, 1.0 - used)] * along.get("rest", False)


def _combined(
    along: dict[str, Any], results: Any, counts: Any, concatenate: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and gradients of the whole, by name, from those of its parts."""
    weights = _weights(along, counts)
    if len(results) != len(weights):
        raise ValueError(f"there are {len(results)} results; wanted are {len(weights)}")
    used = [*(count > 0 for count in counts), True]  # a part without places says nothing
    found = [(weight, *pair) for weight, pair, there in zip(weights, results, used) if there]
    cut = {**along["inputs"], **{"d" + name: axis for name, axis in along["inputs"].items()}}

    def together(parts: list[Any], axis: Any) -> Any:
        return concatenate(parts, axis) if isinstance(axis, int) else sum(parts[1:], parts[0])

    values = {
        name: together([weight.get(name, 1) * own[name] for weight, own, _ in found], axis)
        for name, axis in along["outputs"].items()
    }
    gradients = {n: together([own[n] for _, _, own in found], cut.get(n)) for n in found[0][2]}
    return values, gradients


# Written by pullback from its own layers; digest of what stands above: 6a4aae72d7902e48
