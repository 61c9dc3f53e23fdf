"""Embedding

Rows of a table, by label; the gradients of a row that is taken more than once add up.

    h[..., d] = sum(v, [v == y[...]] * E[v, d])

Written by pullback 0.1.0 from the definition embedding.toml; to change it, change that file.
Digest of the definition: 33ff9419c4a276a1
The derivation, step by step, each step proved: pullback show embedding
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    dE: NDArray[np.floating]  # (V, D)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    y: NDArray[np.integer]
    V: int
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, V, size_batch)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    h: NDArray[np.floating] | None = None  # (*batch, D)
    dE: NDArray[np.floating] | None = None  # (V, D)


_NEW = Workspace()


def forward(
    y: NDArray[np.integer], E: NDArray[np.floating], *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """h, and what backward needs to know of the way to it.

    Arguments, with D features, V words:
        y: words to look up, (...), integers from 0 to V - 1
        E: the table, (V, D), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): h of shape (..., D), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    y, E, dtype, batch, D, V = _arguments(y, E)
    y = _flat(y, batch)
    size_batch = y.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, V, size_batch), y=y, E=E)
    # h[n, d] = sum(v, [v == y[n]] * E[v, d])
    # in the form of: sum over a delta
    h = np.take(E, y, axis=0, mode="clip", out=work.h)
    shape = (*batch, D)
    turn = work.turns[0]
    cache = Cache(y, V, batch, shape, dtype, work, turn)
    return _unflat(h, batch), cache


def backward(dh: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (..., D), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    y, V, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dh = _flat(_like("dh", dh, shape, dtype, "the output"), batch)
    _apart(work, dh=dh)
    # ∂ℒ/∂E[v,d] = Σ_n 𝟙[v = y[n]] ∂ℒ/∂h[n,d]
    # that is, (onehot(y))ᵀ ∂ℒ/∂h
    dE = _add_rows(dh, y, V, out=work.dE)
    return Gradients(dE)


def value(y: NDArray[np.integer], E: NDArray[np.floating]) -> NDArray[np.floating]:
    """h alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    y, E, dtype, batch, D, _ = _arguments(y, E)
    if not batch:
        return forward(y, E)[0]
    h = np.empty((*batch, D), dtype)
    for _rows in _parts(batch, D):
        h[_rows], _ = forward(y[_rows], E)
    return h


def workspace(y: NDArray[np.integer], E: NDArray[np.floating]) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    y, _, dtype, batch, D, V = _arguments(y, E)
    y = _flat(y, batch)
    size_batch = y.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "h": np.empty((size_batch, D), dtype),
        "dE": np.empty((V, D), dtype),
    }
    return Workspace((dtype, D, V, size_batch), _ids(arrays), [0], **arrays)


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., D).
    """
    y, E = _each("inputs", inputs, "y E")
    y, E, dtype, batch, D, V = _arguments(y, E)
    y = _flat(y, batch)
    (E_dot,) = _each("tangents", tangents, "E_dot")
    E_dot = _like("E_dot", E_dot, (V, D), dtype, "E")
    # h[n, d] = sum(v, [v == y[n]] * E[v, d])
    # in the form of: sum over a delta
    h = E[y]
    # ḣ[n,d] = Ė[y[n],d]
    h_dot = E_dot[y]
    return _unflat(h, batch), _unflat(h_dot, batch)


def jacobian(y: NDArray[np.integer], E: NDArray[np.floating]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    h, cache = forward(y, E)
    return Gradients(*_by_rows(h, lambda dh: backward(dh, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"y": 0},
        "outputs": {"h": 0},
    },
    "d": {
        "inputs": {"E": 1},
        "outputs": {"h": -1},
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


def _arguments(y: Any, E: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    y = _integers("y", y, "...")
    E = _array("E", E, "V D")
    dtype = E.dtype
    batch = y.shape
    V = E.shape[0]
    D = E.shape[1]
    y = _labels("y", y, V)
    return y, E, dtype, batch, D, V


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


def _integers(name: str, value: Any, axes: str) -> NDArray[Any]:
    """The value as an array of integers with these axes."""
    array = value if type(value) is np.ndarray else _read(name, value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {array.dtype}; it must hold integers")
    if not _fits(array, axes):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array


def _labels(name: str, array: NDArray[Any], size: int) -> NDArray[Any]:
    """The labels as places on an axis of that size."""
    places = array.astype(np.int64, copy=False)
    # without a sign a label below 0 is one above all, so one look at the largest is enough
    if array.size and places.view(np.uint64).max() >= size:
        at = tuple(int(i) for i in np.argwhere((array < 0) | (array >= size))[0])
        where = ", ".join(map(str, at))
        place = f"{name}[{where}]" if where else name
        raise ValueError(f"{place} is {array[at]}; it must be from 0 to {size - 1}")
    return places.astype(np.intp, copy=False)


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


# Written by pullback from its own layers; digest of what stands above: 963aa17143da7d2a
