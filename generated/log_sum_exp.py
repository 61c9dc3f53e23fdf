"""Log-sum-exp

The logarithm of the sum of exponentials of each row.

    s[...] = log(sum(j, exp(z[..., j])))

Written by pullback 0.1.0 from the definition log_sum_exp.toml; to change it, change that file.
Digest of the definition: 76588ec3c63157df
The derivation, step by step, each step proved: pullback show log_sum_exp
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(ds * s), each in the shape and the dtype of its input."""

    dz: NDArray[np.floating]  # (..., J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    exp_z: NDArray[np.floating]
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
    z_argmax: NDArray[np.integer] | None = None  # (*batch,)
    z_max: NDArray[np.floating] | None = None  # (*batch,)
    isfinite_z_max: NDArray[np.bool_] | None = None  # (*batch,)
    exp_z: NDArray[np.floating] | None = None  # (*batch, J)
    exp_z_2: NDArray[np.floating] | None = None  # (*batch, J)
    s_sum: NDArray[np.floating] | None = None  # (*batch,)
    s: NDArray[np.floating] | None = None  # (*batch,)
    ds_over_sum_exp_z: NDArray[np.floating] | None = None  # (*batch,)
    dz: NDArray[np.floating] | None = None  # (*batch, J)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    z: NDArray[np.floating], *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """s, and what backward needs to know of the way to it.

    Arguments, with J classes:
        z: logits, (..., J), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): s of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    z, dtype, batch, J = _arguments(z)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, J, size_batch), z=z)
    # s[n] = log(sum(j, exp(z[n, j])))
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch) if work.places is None else work.places
    z_argmax = z.argmax(axis=1, out=work.z_argmax)
    z_max = _pick(z, (places, z_argmax), out=work.z_max)
    isfinite_z_max = np.isfinite(z_max, out=work.isfinite_z_max)
    exp_z = np.subtract(z, z_max[:, None], out=work.exp_z)
    np.exp(exp_z, out=exp_z)
    exp_z_2 = _spread(exp_z, exp_z.shape, out=work.exp_z_2)
    exp_z_2[places, z_argmax] = 0
    s_sum = _sum_last(exp_z_2, out=work.s_sum)
    np.log1p(s_sum, out=s_sum)
    s_sum += z_max
    s = _where(isfinite_z_max, s_sum, z_max, out=work.s)
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(exp_z, batch, shape, dtype, work, turn)
    return _unflat(s, batch), cache


@np.errstate(under="ignore")
def backward(ds: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        ds: the gradient by s, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    exp_z, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    ds = _flat(_like("ds", ds, shape, dtype, "the output"), batch)
    _apart(work, ds=ds)
    # ∂ℒ/∂z[n,j] = (∂ℒ/∂s[n]) exp(z[n,j]) / (Σ_j′ exp(z[n,j′]))
    # that is, diag((exp(z) 𝟏)^∘(-1) ⊙ ∂ℒ/∂s) exp(z)
    # in the form of: shifted softmax
    ds_over_sum_exp_z = _sum_last(exp_z, out=work.ds_over_sum_exp_z)
    np.divide(ds, ds_over_sum_exp_z, out=ds_over_sum_exp_z)
    dz = np.multiply(ds_over_sum_exp_z[:, None], exp_z, out=work.dz)
    return Gradients(_unflat(dz, batch))


def value(z: NDArray[np.floating]) -> NDArray[np.floating]:
    """s alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    z, dtype, batch, J = _arguments(z)
    if not batch:
        return forward(z)[0]
    s = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 2 * J + 6):
        s[_rows], _ = forward(z[_rows])
    return s


def workspace(z: NDArray[np.floating]) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    z, dtype, batch, J = _arguments(z)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "places": np.arange(size_batch),
        "z_argmax": np.empty((size_batch,), np.intp),
        "z_max": np.empty((size_batch,), dtype),
        "isfinite_z_max": np.empty((size_batch,), np.bool_),
        "exp_z": np.empty((size_batch, J), dtype),
        "exp_z_2": np.empty((size_batch, J), dtype),
        "s_sum": np.empty((size_batch,), dtype),
        "s": np.empty((size_batch,), dtype),
        "ds_over_sum_exp_z": np.empty((size_batch,), dtype),
        "dz": np.empty((size_batch, J), dtype),
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
    (z,) = _each("inputs", inputs, "z")
    z, dtype, batch, J = _arguments(z)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    (z_dot,) = _each("tangents", tangents, "z_dot")
    z_dot = _flat(_like("z_dot", z_dot, (*batch, J), dtype, "z"), batch)
    # s[n] = log(sum(j, exp(z[n, j])))
    # in the form of: shifted log-sum-exp
    places = np.arange(size_batch)
    z_argmax = z.argmax(axis=1)
    z_max = z[places, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z_2 = exp_z.copy()
    exp_z_2[places, z_argmax] = 0
    s = np.where(np.isfinite(z_max), z_max + np.log1p(exp_z_2.sum(axis=1)), z_max)
    # ṡ[n] = (Σ_j ż[n,j] exp(z[n,j])) / (Σ_j exp(z[n,j]))
    # that is, (exp(z) 𝟏)^∘(-1) ⊙ ((ż ⊙ exp(z)) 𝟏)
    s_dot = _dot_last(exp_z, z_dot) / exp_z.sum(axis=1)
    return _unflat(s, batch), _unflat(s_dot, batch)


def jacobian(z: NDArray[np.floating]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    s, cache = forward(z)
    return Gradients(*_by_rows(s, lambda ds: backward(ds, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"z": 0},
        "outputs": {"s": 0},
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


def _arguments(z: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    z = _array("z", z, "... J")
    dtype = z.dtype
    batch = z.shape[: z.ndim - 1]
    J = z.shape[-1]
    _not_empty("J", J)
    return z, dtype, batch, J


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


def _where(condition: Any, a: Any, b: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """a where the condition holds, else b."""
    if out is None or out.size < 4096:
        chosen: NDArray[Any] = np.where(condition, a, b)
        return chosen if out is None else _spread(chosen, out.shape, out)
    # b ^ ((a ^ b) & mask), bit by bit; NumPy's where takes three times as long on mixed conditions
    kind = np.int32 if out.itemsize == 4 else np.int64
    a, b = (np.broadcast_to(np.asarray(v, out.dtype), out.shape) for v in (a, b))
    condition = np.broadcast_to(condition, out.shape)
    step = max(1, 2**15 // max(1, out[:1].size))
    masks = np.empty(out[:step].shape, kind)
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        left, right, bits = a[rows].view(kind), b[rows].view(kind), out[rows].view(kind)
        mask = masks[: len(bits)]
        np.negative(condition[rows].view(np.int8), out=mask, dtype=kind)
        np.bitwise_xor(left, right, out=bits)
        np.bitwise_and(bits, mask, out=bits)
        np.bitwise_xor(bits, right, out=bits)
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


# Written by pullback from its own layers; digest of what stands above: a413beec3e7c3c6b
