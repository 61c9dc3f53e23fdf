"""Convolution of images

Filters over windows of an image with a frame of zeros around it: 3 × 3 windows keep its size.

    y[n, f, i, j] = sum(c, a, b, pad(0, x[n, c, i + a - 1, j + b - 1]) * w[f, c, a, b]) + bias[f]

Written by pullback 0.1.0 from the definition conv2d.toml; to change it, change that file.
Digest of the definition: 900cac23c9374f33
The derivation, step by step, each step proved: pullback show conv2d
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dy * y), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (N, C, M, L)
    dw: NDArray[np.floating]  # (F, C, A, B)
    dbias: NDArray[np.floating]  # (F,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    w: NDArray[np.floating]
    A: int
    I: int
    B: int
    J: int
    L: int
    M: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, A, B, C, F, I, J, L, M, N)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    y: NDArray[np.floating] | None = None  # (N, F, I, J)
    dx: NDArray[np.floating] | None = None  # (N, C, M, L)
    dw: NDArray[np.floating] | None = None  # (F, C, A, B)
    dbias: NDArray[np.floating] | None = None  # (F,)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating],
    w: NDArray[np.floating],
    bias: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """y, and what backward needs to know of the way to it.

    Arguments, with N, F, I, J, A, B, C, L, M:
        x: images: examples, channels, rows, columns, (N, C, M, L), floats
        w: filters: one for each output channel, over input channels, rows and columns of a window, (F, C, A, B), floats
        bias: bias of each filter, (F,), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): y of shape (N, F, I, J), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, w, bias, dtype, A, B, C, F, I, J, L, M, N = _arguments(x, w, bias)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, A, B, C, F, I, J, L, M, N), x=x, w=w, bias=bias)
    # y[n, f, i, j] = sum(c, a, b, pad(0, x[n, c, i + a - 1, j + b - 1]) * w[f, c, a, b]) +
    #     bias[f]
    window = _window(_window(x, 2, -1, (1, 1), (A, I)), 4, -1, (1, 1), (B, J))
    y = _contract("fcab,ncaibj->nfij", w, window, out=work.y)
    y += bias[:, None, None]
    shape = (N, F, I, J)
    turn = work.turns[0]
    cache = Cache(x, w, A, I, B, J, L, M, shape, dtype, work, turn)
    return y, cache


def backward(dy: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dy: the gradient by y, (N, F, I, J), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    x, w, A, I, B, J, L, M, shape, dtype, work, turn = cache
    _current(work, turn)
    dy = _like("dy", dy, shape, dtype, "the output")
    _apart(work, dy=dy)
    # ∂E/∂x[n,c,m,l] = Σ_{f,i,j} w[f,c,m + 1 - i,l + 1 - j] ∂E/∂y[n,f,i,j]
    dx = _fold_product(
        "nfij,fcab->ncaibj", dy, w, (((5, 4), -1, (1, 1), L), ((3, 2), -1, (1, 1), M)), out=work.dx
    )
    # ∂E/∂w[f,c,a,b] = Σ_{n,i,j} x[n,c,a + i - 1,b + j - 1] ∂E/∂y[n,f,i,j]
    window_2 = _window(_window(x, 2, -1, (1, 1), (I, A)), 4, -1, (1, 1), (J, B))
    dw = _contract("nfij,nciajb->fcab", dy, window_2, out=work.dw)
    # ∂E/∂bias[f] = Σ_{n,i,j} ∂E/∂y[n,f,i,j]
    dbias = dy.sum(axis=(0, 2, 3), out=work.dbias)
    return Gradients(dx, dw, dbias)


def value(
    x: NDArray[np.floating], w: NDArray[np.floating], bias: NDArray[np.floating]
) -> NDArray[np.floating]:
    """y alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, w, bias, dtype, _, _, _, F, I, J, _, _, N = _arguments(x, w, bias)
    y = np.empty((N, F, I, J), dtype)
    for _rows in _parts((N,), F * I * J):
        y[_rows], _ = forward(x[_rows], w, bias)
    return y


def workspace(
    x: NDArray[np.floating], w: NDArray[np.floating], bias: NDArray[np.floating]
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, dtype, A, B, C, F, I, J, L, M, N = _arguments(x, w, bias)
    arrays: dict[str, NDArray[Any]] = {
        "y": np.empty((N, F, I, J), dtype),
        "dx": np.empty((N, C, M, L), dtype),
        "dw": np.empty((F, C, A, B), dtype),
        "dbias": np.empty((F,), dtype),
    }
    return Workspace((dtype, A, B, C, F, I, J, L, M, N), _ids(arrays), [0], **arrays)


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (N, F, I, J).
    """
    x, w, bias = _each("inputs", inputs, "x w bias")
    x, w, bias, dtype, A, B, C, F, I, J, L, M, N = _arguments(x, w, bias)
    x_dot, w_dot, bias_dot = _each("tangents", tangents, "x_dot w_dot bias_dot")
    x_dot = _like("x_dot", x_dot, (N, C, M, L), dtype, "x")
    w_dot = _like("w_dot", w_dot, (F, C, A, B), dtype, "w")
    bias_dot = _like("bias_dot", bias_dot, (F,), dtype, "bias")
    # y[n, f, i, j] = sum(c, a, b, pad(0, x[n, c, i + a - 1, j + b - 1]) * w[f, c, a, b]) +
    #     bias[f]
    window = _window(_window(x, 2, -1, (1, 1), (A, I)), 4, -1, (1, 1), (B, J))
    y = _contract("fcab,ncaibj->nfij", w, window) + bias[:, None, None]
    # ẏ[n,f,i,j] = Σ_{c,m,l} ẋ[n,c,m,l] w[f,c,m + 1 - i,l + 1 - j] + Σ_{c,a,b} ẇ[f,c,a,b]
    #     x[n,c,i + a - 1,j + b - 1] + bias˙[f]
    window_2 = _window(_window(x_dot, 2, -1, (1, 1), (A, I)), 4, -1, (1, 1), (B, J))
    w_window_2 = _contract("fcab,ncaibj->nfij", w, window_2)
    y_dot_sum = np.add(_contract("fcab,ncaibj->nfij", w_dot, window), w_window_2, out=w_window_2)
    y_dot = np.add(y_dot_sum, bias_dot[:, None, None], out=y_dot_sum)
    return y, y_dot


def jacobian(
    x: NDArray[np.floating], w: NDArray[np.floating], bias: NDArray[np.floating]
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    y, cache = forward(x, w, bias)
    return Gradients(*_by_rows(y, lambda dy: backward(dy, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"x": 0},
        "outputs": {"y": 0},
    },
    "f": {
        "inputs": {"w": 0, "bias": 0},
        "outputs": {"y": 1},
    },
    "c": {
        "inputs": {"x": 1, "w": 1},
        "outputs": {"y": "sum"},
        "rest": True,
    },
}


def parts(counts: Sequence[int], axis: str = "n") -> list[dict[str, float]]:
    """The weight of each part in the output, where parts have so many places of the axis.

    A part is forward of its slice of each input in PARTS[axis]["inputs"] and the others whole, and
    backward of its weight times the cotangent; of its slice of it, where the output is cut, too.
    Where PARTS says "rest", the last weight is that of one more part, which has no places: it takes
    off what all parts have in common, and the whole has once.
    """
    return _weights(PARTS[axis], counts)


def combine(
    results: Sequence[Any], counts: Sequence[int], axis: str = "n"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values, gradients) of the whole, from such a pair of each part, in the order of parts().

    Both are dictionaries: the output by its name, gradients by the names of their inputs, with or
    without the d before them. Where `counts` says 0 there need be no pair, but None.
    """
    return _combined(PARTS[axis], results, counts, np.concatenate)


def _arguments(x: Any, w: Any, bias: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N C M L")
    w = _array("w", w, "F C A B")
    bias = _array("bias", bias, "F")
    dtype = x.dtype
    if w.dtype != dtype or bias.dtype != dtype:
        _one_dtype(x=x, w=w, bias=bias)
    N = x.shape[0]
    C = x.shape[1]
    M = x.shape[2]
    L = x.shape[3]
    F = w.shape[0]
    A = w.shape[2]
    B = w.shape[3]
    if w.shape != (F, C, A, B) or bias.shape != (F,):
        _one_size(x=(x, "N C M L"), w=(w, "F C A B"), bias=(bias, "F"))
    I = M - A + 3
    _some("I = M - A + 3", I)
    J = L - B + 3
    _some("J = L - B + 3", J)
    return x, w, bias, dtype, A, B, C, F, I, J, L, M, N


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


def _some(words: str, size: int) -> None:
    """Refuse a size that is worked out, and below 1."""
    if size < 1:
        raise ValueError(f"{words} is {size}; it must be at least 1: an array is too short for it")


def _parts(sizes: tuple[Any, ...], entries: int) -> Iterator[slice]:
    """Slices of the first axis, for parts of _PART entries or so, if a row has `entries`."""
    count = sizes[0]
    for size in sizes[1:]:
        entries *= size
    step = max(1, _PART // max(1, entries))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


_PART = 2**20  # entries of arrays that value works with at a time


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


def _window(
    values: NDArray[Any], axis: int, start: int, steps: tuple[int, ...], sizes: tuple[int, ...]
) -> NDArray[Any]:
    """Entries at start + Σ step · new axis along an axis, in new axes; 0 outside.

    It is a view where it can be, and is only read.
    """
    shape = (*values.shape[:axis], *sizes, *values.shape[axis + 1 :])
    if 0 in shape:
        return np.zeros(shape, values.dtype)
    size = values.shape[axis]
    ends = [step * (count - 1) for step, count in zip(steps, sizes)]
    low, high = start + sum(min(0, e) for e in ends), start + sum(max(0, e) for e in ends)
    if low < 0 or high >= size:
        before, behind = max(0, -low), max(0, high + 1 - size)
        wide = (*values.shape[:axis], before + size + behind, *values.shape[axis + 1 :])
        padded = np.zeros(wide, values.dtype)
        padded[(slice(None),) * axis + (slice(before, before + size),)] = values
        values, start = padded, start + before
    stride = values.strides[axis]
    strides = [*values.strides[:axis], *(step * stride for step in steps)]
    first = values[(slice(None),) * axis + (slice(start, None),)]
    return np.lib.stride_tricks.as_strided(
        first, shape, [*strides, *values.strides[axis + 1 :]], writeable=False
    )


def _fold(
    windows: NDArray[Any],
    axes: tuple[int, ...],
    start: int,
    steps: tuple[int, ...],
    size: int,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Entries added up at start + Σ step · axis along one axis in place of those; none outside."""
    rest = [length for axis, length in enumerate(windows.shape) if axis not in axes]
    place = sum(1 for axis in range(axes[0]) if axis not in axes)
    if out is None:
        out = np.empty((*rest[:place], size, *rest[place:]), windows.dtype)
    out[...] = 0
    total = np.moveaxis(out, place, 0)
    windows = np.moveaxis(windows, axes, range(len(axes)))
    counts = windows.shape[: len(axes)]
    run = max(range(len(axes)), key=lambda k: (steps[k] != 0, counts[k]))  # taken in one slice
    windows = np.moveaxis(windows, run, len(axes) - 1)
    others = [k for k in range(len(axes)) if k != run]
    step, count = steps[run], counts[run]
    for at in np.ndindex(*(counts[k] for k in others)):
        low = start + sum(steps[k] * p for k, p in zip(others, at))
        row = windows[at]
        if step < 0:
            low, row = low + step * (count - 1), row[::-1]
        stride = abs(step)
        first = max(0, -(low // stride))
        last = min(count, (size - 1 - low) // stride + 1)
        if first < last:
            end = low + stride * (last - 1) + 1
            total[low + stride * first : end : stride] += row[first:last]
    return out


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


def _fold_product(
    signature: str,
    a: NDArray[Any],
    b: NDArray[Any],
    folds: tuple[tuple[tuple[int, ...], int, tuple[int, ...], int], ...],
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """The einsum of two arrays, folded by each of _fold's (axes, start, steps, size) in turn.

    Some rows at a time where rows stay apart, so that the windows stay in the cache.
    """
    left, right, result = signature.replace("->", ",").split(",")
    length = dict(zip(left + right, a.shape + b.shape))
    shapes = [tuple(length[letter] for letter in result)]
    for axes, _, _, size in folds:
        rest = [n for axis, n in enumerate(shapes[-1]) if axis not in axes]
        rest.insert(sum(1 for axis in range(axes[0]) if axis not in axes), size)
        shapes.append(tuple(rest))
    if out is None:
        out = np.empty(shapes[-1], a.dtype)
    count = shapes[0][0]
    apart = not any(0 in axes for axes, _, _, _ in folds)
    step = max(1, 2**19 // max(1, math.prod(shapes[0][1:]))) if apart else max(1, count)
    steps = [np.empty((min(step, shape[0]), *shape[1:]), a.dtype) for shape in shapes[:-1]]
    for start in range(0, count, step) if apart else (0,):
        rows = slice(start, start + step) if apart else slice(None)
        x, y = (
            v[(slice(None),) * own.index(result[0]) + (rows,)] if result[0] in own else v
            for v, own in ((a, left), (b, right))
        )
        places = [*(part[: min(step, count - start)] if apart else part for part in steps)]
        places.append(out[rows])
        _contract(signature, x, y, out=places[0])
        for fold, part, place in zip(folds, places, places[1:]):
            _fold(part, *fold, out=place)
    return out


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


# Written by pullback from its own layers; digest of what stands above: 87d02ce6ce170c02
