"""Moving average

The mean of each run of so many neighbours in a sequence.

    y[n, i] = mean(a, x[n, i + a])

Written by pullback 0.1.0 from the definition moving_average.toml; to change it, change that file.
Digest of the definition: d614e7e4cfc165d6
The derivation, step by step, each step proved: pullback show moving_average
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dy * y), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (N, M)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    A: int
    I: int
    N: int
    M: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, A, I, M, N)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    y: NDArray[np.floating] | None = None  # (N, I)
    spread_dy: NDArray[np.floating] | None = None  # (N, I, A)
    dx: NDArray[np.floating] | None = None  # (N, M)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating], A: int | np.integer, *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """y, and what backward needs to know of the way to it.

    Arguments, with N, I, A places in a window, M:
        x: sequences: examples, places, (N, M), floats
        A: places in a window, the size of a, one integer from 1 on
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): y of shape (N, I), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    A must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, dtype, A, I, M, N = _arguments(x, A)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, A, I, M, N), x=x)
    # y[n, i] = mean(a, x[n, i + a])
    y = _window(x, 1, 0, (1, 1), (A, I)).sum(axis=1, out=work.y)
    y /= A
    shape = (N, I)
    turn = work.turns[0]
    cache = Cache(A, I, N, M, shape, dtype, work, turn)
    return y, cache


def backward(dy: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dy: the gradient by y, (N, I), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    A, I, N, M, shape, dtype, work, turn = cache
    _current(work, turn)
    dy = _like("dy", dy, shape, dtype, "the output")
    _apart(work, dy=dy)
    # ∂ℒ/∂x[n,m] = (1/A) Σ_a ∂ℒ/∂y[n,m - a]
    spread_dy = _spread(dy[:, :, None], (N, I, A), out=work.spread_dy)
    dx = _fold(spread_dy, (1, 2), 0, (1, 1), M, out=work.dx)
    dx /= A
    return Gradients(dx)


def value(x: NDArray[np.floating], A: int | np.integer) -> NDArray[np.floating]:
    """y alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, dtype, A, I, _, N = _arguments(x, A)
    y = np.empty((N, I), dtype)
    for _rows in _parts((N,), I):
        y[_rows], _ = forward(x[_rows], A)
    return y


def workspace(x: NDArray[np.floating], A: int | np.integer) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, dtype, A, I, M, N = _arguments(x, A)
    arrays: dict[str, NDArray[Any]] = {
        "y": np.empty((N, I), dtype),
        "spread_dy": np.empty((N, I, A), dtype),
        "dx": np.empty((N, M), dtype),
    }
    return Workspace((dtype, A, I, M, N), _ids(arrays), [0], **arrays)


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (N, I).
    """
    x, A = _each("inputs", inputs, "x A")
    x, dtype, A, I, M, N = _arguments(x, A)
    (x_dot,) = _each("tangents", tangents, "x_dot")
    x_dot = _like("x_dot", x_dot, (N, M), dtype, "x")
    # y[n, i] = mean(a, x[n, i + a])
    y = _window(x, 1, 0, (1, 1), (A, I)).sum(axis=1) / A
    # ẏ[n,i] = (1/A) Σ_a ẋ[n,i + a]
    y_dot = _window(x_dot, 1, 0, (1, 1), (A, I)).sum(axis=1) / A
    return y, y_dot


def jacobian(x: NDArray[np.floating], A: int | np.integer) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    y, cache = forward(x, A)
    return Gradients(*_by_rows(y, lambda dy: backward(dy, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"x": 0},
        "outputs": {"y": 0},
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


def _arguments(x: Any, A: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N M")
    dtype = x.dtype
    A = _size("A", A)
    N = x.shape[0]
    M = x.shape[1]
    I = M - A + 1
    _some("I = M - A + 1", I)
    return x, dtype, A, I, M, N


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


def _size(name: str, value: Any) -> int:
    """The value as a size: one integer of Python or NumPy, no bool, and at least 1."""
    index: Any = None if isinstance(value, bool) else getattr(value, "__index__", None)
    try:
        # of what is no integer there is none to call; torch.compile knows integers of Python alone
        size: int = value if type(value) is int else index()
    except TypeError:
        raise TypeError(f"{name} is {type(value).__name__}; it must be one integer") from None
    if size < 1:
        raise ValueError(f"{name} is {size}; it must be at least 1")
    return size


def _parts(sizes: tuple[Any, ...], entries: int) -> Iterator[slice]:
    """Slices of the first axis, for parts of _PART entries or so, if a row has `entries`."""
    count = sizes[0]
    for size in sizes[1:]:
        entries *= size
    step = max(1, _PART // max(1, entries))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


_PART = 2**20  # entries of arrays that value works with at a time


def _spread(value: Any, shape: tuple[int, ...], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


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


# Written by pullback from its own layers; digest of what stands above: 6b34d385c344f001
