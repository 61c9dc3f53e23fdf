"""Focal loss

Cross-entropy that counts less where the right class is likely already.

    p[..., j] := exp(z[..., j]) / sum(i, exp(z[..., i]))
    L[...] = -(1 - p[..., y[...]])**2 * log(p[..., y[...]])

Written by pullback 0.1.0 from the definition focal.toml; to change it, change that file.
Digest of the definition: 858836b156f1b16c
The derivation, step by step, each step proved: pullback show focal
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dz: NDArray[np.floating]  # (..., J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    y: NDArray[np.integer]
    z_argmax: NDArray[np.integer]
    places: NDArray[np.integer]
    exp_z_2: NDArray[np.floating]
    sum_exp_z_2: NDArray[np.floating]
    z_y_shifted: NDArray[np.floating]
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, J, size_batch)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    places: NDArray[np.integer] | None = None  # (*batch,)
    z_y_shifted: NDArray[np.floating] | None = None  # (*batch,)
    z_argmax: NDArray[np.integer] | None = None  # (*batch,)
    z_max: NDArray[np.floating] | None = None  # (*batch,)
    exp_z: NDArray[np.floating] | None = None  # (*batch, J)
    exp_z_2: NDArray[np.floating] | None = None  # (*batch, J)
    sum_exp_z_2: NDArray[np.floating] | None = None  # (*batch,)
    log1p_sum_exp_z_2: NDArray[np.floating] | None = None  # (*batch,)
    not_equal_z_argmax: NDArray[np.bool_] | None = None  # (*batch,)
    L: NDArray[np.floating] | None = None  # (*batch,)
    square_sum_exp_z_2: NDArray[np.floating] | None = None  # (*batch,)
    sum_exp_z_2_2: NDArray[np.floating] | None = None  # (*batch,)
    p: NDArray[np.floating] | None = None  # (*batch, J)
    dz: NDArray[np.floating] | None = None  # (*batch, J)
    dL_others_dz: NDArray[np.floating] | None = None  # (*batch,)
    dL_others_dz_2: NDArray[np.floating] | None = None  # (*batch,)
    p_y: NDArray[np.floating] | None = None  # (*batch,)
    z_y_shifted_p_y: NDArray[np.floating] | None = None  # (*batch,)
    z_y_shifted_p_y_dz: NDArray[np.floating] | None = None  # (*batch, J)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    z: NDArray[np.floating], y: NDArray[np.integer], *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with J classes:
        z: logits, (..., J), floats
        y: right classes, (...), integers from 0 to J - 1
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    z, y, dtype, batch, J = _arguments(z, y)
    z = _flat(z, batch)
    y = _flat(y, batch)
    size_batch = z.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, J, size_batch), z=z, y=y)
    # L[n] = -(1 - p[n, y[n]])**2 * log(p[n, y[n]])
    # in the form of: what the others have; shifted log-sum-exp; shifted softmax; split off the
    #     largest; distribute
    places = np.arange(size_batch) if work.places is None else work.places
    z_y_shifted = _pick(z, (places, y), out=work.z_y_shifted)
    z_argmax = z.argmax(axis=1, out=work.z_argmax)
    z_max = _pick(z, (places, z_argmax), out=work.z_max)
    z_y_shifted -= z_max
    exp_z = np.subtract(z, z_max[:, None], out=work.exp_z)
    np.exp(exp_z, out=exp_z)
    exp_z_2 = _spread(exp_z, exp_z.shape, out=work.exp_z_2)
    exp_z_2[places, z_argmax] = 0
    sum_exp_z_2 = _sum_last(exp_z_2, out=work.sum_exp_z_2)
    log1p_sum_exp_z_2 = np.log1p(sum_exp_z_2, out=work.log1p_sum_exp_z_2)
    z_y_shifted -= log1p_sum_exp_z_2
    exp_z[places, y] = 0
    not_equal_z_argmax = np.not_equal(z_argmax, y, out=work.not_equal_z_argmax)
    exp_z[places, z_argmax] = not_equal_z_argmax
    L = _sum_last(exp_z, out=work.L)
    np.square(L, out=L)
    L *= z_y_shifted
    sum_exp_z_2 += 1
    square_sum_exp_z_2 = np.square(sum_exp_z_2, out=work.square_sum_exp_z_2)
    L /= square_sum_exp_z_2
    np.negative(L, out=L)
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(
        y, z_argmax, places, exp_z_2, sum_exp_z_2, z_y_shifted, batch, shape, dtype, work, turn
    )
    return _unflat(L, batch), cache


@np.errstate(under="ignore")
def backward(dL: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    y, z_argmax, places, exp_z_2, sum_exp_z_2, z_y_shifted, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    _apart(work, dL=dL)
    # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z_2_2 = np.divide(1, sum_exp_z_2, out=work.sum_exp_z_2_2)
    p = np.divide(exp_z_2, sum_exp_z_2[:, None], out=work.p)
    p[places, z_argmax] = sum_exp_z_2_2
    # ∂E/∂z[n,j] = (1 - p[n,y[n]]) (p[n,j] (1 - p[n,y[n]]) + 2 p[n,y[n]] 𝟙[j = y[n]] (z[n,y[n]]
    #     - log(Σ_i exp(z[n,i]))) - 𝟙[j = y[n]] (1 - p[n,y[n]]) - 2 p[n,j] p[n,y[n]] (z[n,y[n]]
    #     - log(Σ_i exp(z[n,i])))) ∂E/∂L[n]
    # in the form of: difference from a label; what the others have; shifted log-sum-exp; minus
    #     the others
    dz = _spread(p, p.shape, out=work.dz)
    dz[places, y] = 0
    dL_others_dz = _sum_last(dz, out=work.dL_others_dz)
    dL_others_dz_2 = np.negative(dL_others_dz, out=work.dL_others_dz_2)
    dz[places, y] = dL_others_dz_2
    p_y = _pick(p, (places, y), out=work.p_y)
    z_y_shifted_p_y = np.multiply(2, z_y_shifted, out=work.z_y_shifted_p_y)
    z_y_shifted_p_y *= p_y
    z_y_shifted_p_y_dz = np.multiply(z_y_shifted_p_y[:, None], dz, out=work.z_y_shifted_p_y_dz)
    dz *= dL_others_dz[:, None]
    dz -= z_y_shifted_p_y_dz
    dL_others_dz *= dL
    dz *= dL_others_dz[:, None]
    return Gradients(_unflat(dz, batch))


def value(z: NDArray[np.floating], y: NDArray[np.integer]) -> NDArray[np.floating]:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    z, y, dtype, batch, J = _arguments(z, y)
    if not batch:
        return forward(z, y)[0]
    L = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 2 * J + 9):
        L[_rows], _ = forward(z[_rows], y[_rows])
    return L


def workspace(z: NDArray[np.floating], y: NDArray[np.integer]) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    z, _, dtype, batch, J = _arguments(z, y)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "places": np.arange(size_batch),
        "z_y_shifted": np.empty((size_batch,), dtype),
        "z_argmax": np.empty((size_batch,), np.intp),
        "z_max": np.empty((size_batch,), dtype),
        "exp_z": np.empty((size_batch, J), dtype),
        "exp_z_2": np.empty((size_batch, J), dtype),
        "sum_exp_z_2": np.empty((size_batch,), dtype),
        "log1p_sum_exp_z_2": np.empty((size_batch,), dtype),
        "not_equal_z_argmax": np.empty((size_batch,), np.bool_),
        "L": np.empty((size_batch,), dtype),
        "square_sum_exp_z_2": np.empty((size_batch,), dtype),
        "sum_exp_z_2_2": np.empty((size_batch,), dtype),
        "p": np.empty((size_batch, J), dtype),
        "dz": np.empty((size_batch, J), dtype),
        "dL_others_dz": np.empty((size_batch,), dtype),
        "dL_others_dz_2": np.empty((size_batch,), dtype),
        "p_y": np.empty((size_batch,), dtype),
        "z_y_shifted_p_y": np.empty((size_batch,), dtype),
        "z_y_shifted_p_y_dz": np.empty((size_batch, J), dtype),
    }
    return Workspace((dtype, J, size_batch), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (...).
    """
    z, y = _each("inputs", inputs, "z y")
    z, y, dtype, batch, J = _arguments(z, y)
    z = _flat(z, batch)
    y = _flat(y, batch)
    size_batch = z.shape[0]
    (z_dot,) = _each("tangents", tangents, "z_dot")
    z_dot = _flat(_like("z_dot", z_dot, (*batch, J), dtype, "z"), batch)
    # L[n] = -(1 - p[n, y[n]])**2 * log(p[n, y[n]])
    # in the form of: what the others have; shifted log-sum-exp; shifted softmax; split off the
    #     largest; distribute
    places = np.arange(size_batch)
    z_argmax = z.argmax(axis=1)
    z_max = z[places, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z_2 = exp_z.copy()
    exp_z_2[places, z_argmax] = 0
    others_exp_z_2 = exp_z_2.sum(axis=1)
    z_y_shifted = z[places, y] - z_max - np.log1p(others_exp_z_2)
    exp_z[places, y] = 0
    exp_z[places, z_argmax] = z_argmax != y
    sum_exp_z_2 = np.add(others_exp_z_2, 1, out=others_exp_z_2)
    L = -(z_y_shifted * np.square(exp_z.sum(axis=1)) / np.square(sum_exp_z_2))
    # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    # in the form of: shifted softmax; split off the largest; distribute
    p = np.divide(exp_z_2, sum_exp_z_2[:, None], out=exp_z_2)
    p[places, z_argmax] = 1 / sum_exp_z_2
    # L̇[n] = (1 - p[n,y[n]]) ((1 - p[n,y[n]]) Σ_j ż[n,j] p[n,j] + 2 ż[n,y[n]] p[n,y[n]]
    #     (z[n,y[n]] - log(Σ_j exp(z[n,j]))) - 2 p[n,y[n]] (z[n,y[n]] - log(Σ_j exp(z[n,j])))
    #     Σ_j ż[n,j] p[n,j] - ż[n,y[n]] (1 - p[n,y[n]]))
    p_2 = p.copy()
    p_2[places, y] = 0
    others_p_2 = p_2.sum(axis=1)
    p_z_dot = _dot_last(p, z_dot)
    z_y_shifted_p_y = 2 * z_y_shifted * p[places, y]
    z_dot_y = z_dot[places, y]
    L_dot_difference = others_p_2 * p_z_dot + z_y_shifted_p_y * z_dot_y - z_dot_y * others_p_2
    L_dot_product = np.multiply(z_y_shifted_p_y, p_z_dot, out=z_y_shifted_p_y)
    L_dot_difference_2 = np.subtract(L_dot_difference, L_dot_product, out=L_dot_difference)
    L_dot = np.multiply(L_dot_difference_2, others_p_2, out=L_dot_difference_2)
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(z: NDArray[np.floating], y: NDArray[np.integer]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(z, y)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"z": 0, "y": 0},
        "outputs": {"L": 0},
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


def _arguments(z: Any, y: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    z = _array("z", z, "... J")
    y = _integers("y", y, "...")
    dtype = z.dtype
    batch = z.shape[: z.ndim - 1]
    J = z.shape[-1]
    if y.shape != (*batch,):
        _one_size(z=(z, "... J"), y=(y, "..."))
    _not_empty("J", J)
    y = _labels("y", y, J)
    return z, y, dtype, batch, J


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


def _spread(value: Any, shape: tuple[int, ...], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


def _dot_last(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """Σ a b over the last axis; NumPy has vecdot from 2.0 on."""
    if hasattr(np, "vecdot"):
        return np.vecdot(a, b, out=out)
    return np.einsum("...i,...i->...", a, b, out=out)


def _sum_last(values: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The sum over the last axis; where short a product with ones takes a third of the time."""
    size = values.shape[-1]
    if size > 1024 or not values.flags.c_contiguous:
        total: NDArray[Any] = values.sum(axis=-1, out=out)
        return total
    return np.matmul(values, _ones(values.dtype)[:size], out=out)


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


# Written by pullback from its own layers; digest of what stands above: 863fd8debb7f339c
