"""Max pooling

The largest entry of each 2 × 2 window of an image.

    y[n, c, i, j] = max(a, b, x[n, c, 2 * i + a, 2 * j + b])

Written by pullback 0.1.0 from the definition max_pool2d.toml; to change it, change that file.
Digest of the definition: 80bf93d11d94a9ed
The derivation, step by step, each step proved: pullback show max_pool2d
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dy * y), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (N, C, M, L)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    A: int
    I: int
    B: int
    J: int
    N: int
    C: int
    L: int
    M: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, A, B, C, I, J, L, M, N)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    window_max: NDArray[np.floating] | None = None  # (N, C, A, I, J)
    y: NDArray[np.floating] | None = None  # (N, C, I, J)
    spread_dy: NDArray[np.floating] | None = None  # (N, C, J, I)
    j: NDArray[np.integer] | None = None  # (J,)
    whole_multiply_j: NDArray[np.integer] | None = None  # (J,)
    n: NDArray[np.integer] | None = None  # (N,)
    c: NDArray[np.integer] | None = None  # (C,)
    i: NDArray[np.integer] | None = None  # (I,)
    whole_multiply_i: NDArray[np.integer] | None = None  # (I,)
    window_2_max: NDArray[np.floating] | None = None  # (N, C, I, A, J)
    dx_argmax: NDArray[np.integer] | None = None  # (N, C, I, J)
    dx_whole_add: NDArray[np.integer] | None = None  # (N, C, I, J)
    b: NDArray[np.integer] | None = None  # (B,)
    dx_whole_add_2: NDArray[np.integer] | None = None  # (J, B)
    x_picked: NDArray[np.floating] | None = None  # (N, C, J, I, B)
    x_picked_argmax: NDArray[np.integer] | None = None  # (N, C, J, I)
    dx_whole_add_3: NDArray[np.integer] | None = None  # (N, C, J, I)
    spread_dy_2: NDArray[np.floating] | None = None  # (L, M, N, C)
    dx: NDArray[np.floating] | None = None  # (N, C, M, L)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating], *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """y, and what backward needs to know of the way to it.

    Arguments, with N, C, I, J, A, B, L, M:
        x: images: examples, channels, rows, columns, (N, C, M, L), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): y of shape (N, C, I, J), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    A and B and C and I and J and L and M and N must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, dtype, A, B, C, I, J, L, M, N = _arguments(x)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, A, B, C, I, J, L, M, N), x=x)
    # y[n, c, i, j] = max(a, b, x[n, c, 2 * i + a, 2 * j + b])
    window = _window(_window(x, 2, 0, (1, 2), (A, I)), 4, 0, (1, 2), (B, J))
    window_max = window.max(axis=4, out=work.window_max)
    y = window_max.max(axis=2, out=work.y)
    shape = (N, C, I, J)
    turn = work.turns[0]
    cache = Cache(x, A, I, B, J, N, C, L, M, shape, dtype, work, turn)
    return y, cache


def backward(dy: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dy: the gradient by y, (N, C, I, J), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    x, A, I, B, J, N, C, L, M, shape, dtype, work, turn = cache
    _current(work, turn)
    dy = _like("dy", dy, shape, dtype, "the output")
    _apart(work, dy=dy)
    # ∂E/∂x[n,c,m,l] = Σ_{i,j} 𝟙[l = argmax_b x[n,c,argmax_a max_b′ x[n,c,2 i + a,2 j + b′] + 2
    #     i,2 j + b] + 2 j] 𝟙[m = argmax_a max_b x[n,c,2 i + a,2 j + b] + 2 i] ∂E/∂y[n,c,i,j]
    spread_dy = _spread(dy.transpose([0, 1, 3, 2]), (N, C, J, I), out=work.spread_dy)
    j = np.arange(J) if work.j is None else work.j
    whole_multiply_j = np.multiply(2, j, out=work.whole_multiply_j)
    n = np.arange(N) if work.n is None else work.n
    c = np.arange(C) if work.c is None else work.c
    i = np.arange(I) if work.i is None else work.i
    whole_multiply_i = np.multiply(2, i, out=work.whole_multiply_i)
    window_2 = _window(_window(x, 3, 0, (2, 1), (J, B)), 2, 0, (2, 1), (I, A))
    window_2_max = window_2.max(axis=5, out=work.window_2_max)
    dx_argmax = _places("argmax", window_2_max, 3, out=work.dx_argmax)
    dx_whole_add = np.add(whole_multiply_i[:, None], dx_argmax, out=work.dx_whole_add)
    b = np.arange(B) if work.b is None else work.b
    dx_whole_add_2 = np.add(whole_multiply_j[:, None], b, out=work.dx_whole_add_2)
    x_picked = _pick(
        x,
        (n[:, None, None, None, None], c[:, None, None, None], dx_whole_add.transpose([0, 1, 3, 2])[:, :, :, :, None], dx_whole_add_2[:, None, :]),
        out=work.x_picked,
    )
    x_picked_argmax = x_picked.argmax(axis=4, out=work.x_picked_argmax)
    dx_whole_add_3 = np.add(whole_multiply_j[:, None], x_picked_argmax, out=work.dx_whole_add_3)
    spread_dy_2 = _add_entries(
        spread_dy,
        (dx_whole_add_3, dx_whole_add.transpose([0, 1, 3, 2]), n[:, None, None, None], c[:, None, None]),
        (L, M, N, C),
        out=work.spread_dy_2,
    )
    dx = _spread(spread_dy_2.transpose([2, 3, 1, 0]), (N, C, M, L), out=work.dx)
    return Gradients(dx)


def value(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """y alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, dtype, A, _, C, I, J, _, _, N = _arguments(x)
    y = np.empty((N, C, I, J), dtype)
    for _rows in _parts((N,), C * A * I * J + C * I * J):
        y[_rows], _ = forward(x[_rows])
    return y


def workspace(x: NDArray[np.floating]) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, dtype, A, B, C, I, J, L, M, N = _arguments(x)
    arrays: dict[str, NDArray[Any]] = {
        "window_max": np.empty((N, C, A, I, J), dtype),
        "y": np.empty((N, C, I, J), dtype),
        "spread_dy": np.empty((N, C, J, I), dtype),
        "j": np.arange(J),
        "whole_multiply_j": np.empty((J,), np.intp),
        "n": np.arange(N),
        "c": np.arange(C),
        "i": np.arange(I),
        "whole_multiply_i": np.empty((I,), np.intp),
        "window_2_max": np.empty((N, C, I, A, J), dtype),
        "dx_argmax": np.empty((N, C, I, J), np.intp),
        "dx_whole_add": np.empty((N, C, I, J), np.intp),
        "b": np.arange(B),
        "dx_whole_add_2": np.empty((J, B), np.intp),
        "x_picked": np.empty((N, C, J, I, B), dtype),
        "x_picked_argmax": np.empty((N, C, J, I), np.intp),
        "dx_whole_add_3": np.empty((N, C, J, I), np.intp),
        "spread_dy_2": np.empty((L, M, N, C), dtype),
        "dx": np.empty((N, C, M, L), dtype),
    }
    return Workspace((dtype, A, B, C, I, J, L, M, N), _ids(arrays), [0], **arrays)


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (N, C, I, J).
    """
    (x,) = _each("inputs", inputs, "x")
    x, dtype, A, B, C, I, J, L, M, N = _arguments(x)
    (x_dot,) = _each("tangents", tangents, "x_dot")
    x_dot = _like("x_dot", x_dot, (N, C, M, L), dtype, "x")
    # y[n, c, i, j] = max(a, b, x[n, c, 2 * i + a, 2 * j + b])
    window_max = _window(_window(x, 2, 0, (1, 2), (A, I)), 4, 0, (1, 2), (B, J)).max(axis=4)
    y = window_max.max(axis=2)
    # ẏ[n,c,i,j] = ẋ[n,c,argmax_a max_b x[n,c,2 i + a,2 j + b] + 2 i,argmax_b x[n,c,argmax_a
    #     max_b′ x[n,c,2 i + a,2 j + b′] + 2 i,2 j + b] + 2 j]
    n = np.arange(N)
    c = np.arange(C)
    i = np.arange(I)
    y_dot_whole_add = (2 * i)[:, None] + _places("argmax", window_max, 2)
    j = np.arange(J)
    whole_multiply_j = 2 * j
    b = np.arange(B)
    whole_add_b = b + whole_multiply_j[:, None]
    x_picked = x[n[:, None, None, None, None], c[:, None, None, None], y_dot_whole_add[:, :, :, :, None], whole_add_b]
    x_picked_argmax = x_picked.argmax(axis=4)
    y_dot_whole_add_2 = whole_multiply_j + x_picked_argmax
    y_dot = x_dot[n[:, None, None, None], c[:, None, None], y_dot_whole_add, y_dot_whole_add_2]
    return y, y_dot


def jacobian(x: NDArray[np.floating]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    y, cache = forward(x)
    return Gradients(*_by_rows(y, lambda dy: backward(dy, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"x": 0},
        "outputs": {"y": 0},
    },
    "c": {
        "inputs": {"x": 1},
        "outputs": {"y": 1},
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


def _arguments(x: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N C M L")
    dtype = x.dtype
    N = x.shape[0]
    C = x.shape[1]
    M = x.shape[2]
    L = x.shape[3]
    A = 2
    B = 2
    I = (M - A) // 2 + 1
    _some("I = (M - A) // 2 + 1", I)
    J = (L - B) // 2 + 1
    _some("J = (L - B) // 2 + 1", J)
    _not_empty("A", A)
    _not_empty("B", B)
    _not_empty("C", C)
    _not_empty("I", I)
    _not_empty("J", J)
    _not_empty("L", L)
    _not_empty("M", M)
    _not_empty("N", N)
    return x, dtype, A, B, C, I, J, L, M, N


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


def _not_empty(axis: str, size: int) -> None:
    """Refuse an axis of size 0 where the equations divide by it or take the largest along it."""
    if size == 0:
        raise ValueError(f"{axis} is 0; it must be at least 1")


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


def _pick(
    values: NDArray[Any], at: tuple[Any, ...], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """The entries of an array at some places; into `out` rows by rows, as an index makes arrays."""
    if out is None:
        chosen: NDArray[Any] = values[at]
        return chosen
    if out.size <= 2**12:
        out[...] = values[at]
        return out
    step = max(1, 2**12 // max(1, out[:1].size))
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        own = (a[rows] if a.ndim == out.ndim and len(a) > 1 else a for a in at)
        out[rows] = values[tuple(own)]
    return out


def _places(
    kind: str, values: NDArray[Any], axis: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """argmax or argmin along an axis before the last: in parts, as NumPy copies what it gets."""
    if out is None:
        out = np.empty(values.shape[:axis] + values.shape[axis + 1 :], np.intp)
    if axis:
        step = max(1, 2**15 // max(1, values[:1].size))
        for start in range(0, len(values), step):
            rows = slice(start, start + step)
            getattr(values[rows], kind)(axis=axis, out=out[rows])
    else:
        step = max(1, 2**15 // max(1, values[:, :1].size))
        for start in range(0, values.shape[1], step):
            columns = slice(start, start + step)
            getattr(values[:, columns], kind)(axis=0, out=out[columns])
    return out


def _spread(value: Any, shape: tuple[int, ...], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


def _add_entries(
    rows: NDArray[Any],
    at: tuple[NDArray[Any], ...],
    sizes: tuple[int, ...],
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Rows with the same labels are added up: (labels…, rest…) to (*sizes, rest…)."""
    labels, size = at[0], sizes[0]
    for more, length in zip(at[1:], sizes[1:]):
        labels, size = labels * length + more, size * length
    rest = rows.shape[labels.ndim :]
    if out is None:
        return _add_rows(rows, labels, size).reshape(*sizes, *rest)
    _add_rows(rows, labels, size, out.reshape(size, *rest))
    return out


def _add_rows(
    rows: NDArray[Any], labels: NDArray[Any], size: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Rows with one label are added up: (labels…, rest…) to (size, rest…).

    Where a label comes more than 4096 times, some rows are added up at a time, then their sums, so
    that rounding stays small; then some columns at a time, so that these sums stay in the cache.
    """
    if out is None:
        out = np.empty((size, *rows.shape[labels.ndim :]), rows.dtype)
    out[...] = 0
    if not rows.size:
        return out
    width = rows.size // labels.size
    rows, labels, total = rows.reshape(-1, width), labels.reshape(-1), out.reshape(size, width)
    if len(rows) <= 4096 or np.bincount(labels).max() <= 4096:
        _add_at(total.reshape(-1), rows, labels)
        return out
    group, columns = max(4096, size // 8), max(1, min(width, 2**15 // size))
    for left in range(0, width, columns):
        some = slice(left, left + columns)
        part = np.empty(total[:, some].shape, rows.dtype)
        for start in range(0, len(rows), group):
            part[...] = 0
            end = start + group
            _add_at(part.reshape(-1), rows[start:end, some], labels[start:end])
            total[:, some] += part
    return out


def _add_at(total: NDArray[Any], rows: NDArray[Any], labels: NDArray[Any]) -> None:
    """Add each row to the one that its label says, in the flat array of them all."""
    width = rows.shape[1]
    if width > 2**12:
        for row, label in zip(rows, labels):
            total[label * width : (label + 1) * width] += row
        return
    step = max(1, 2**14 // width)  # rows whose places stay in the cache
    for start in range(0, len(rows), step):
        # add.at is several times as fast with a place for each entry as with one for each row
        places = labels[start : start + step, None] * width + np.arange(width)
        np.add.at(total, places.reshape(-1), rows[start : start + step].reshape(-1))


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


# Written by pullback from its own layers; digest of what stands above: 6b4418c8b17fd8c3
