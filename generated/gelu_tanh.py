"""Gaussian error linear unit, by tanh

GELU with its distribution function approximated by a tanh.

    t[...] := tanh(sqrt(2 / pi) * (u[...] + 0.044715 * u[...]**3))
    h[...] = u[...] / 2 * (1 + t[...])

Written by pullback 0.1.0 from the definition gelu_tanh.toml; to change it, change that file.
Digest of the definition: 3358ef21b5cb807f
The derivation, step by step, each step proved: pullback show gelu_tanh
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    du: NDArray[np.floating]  # (...)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    u: NDArray[np.floating]
    square_u_u: NDArray[np.floating]
    h_exp: NDArray[np.floating]
    h_exp_2: NDArray[np.floating]
    h_quotient: NDArray[np.floating]
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, size_batch)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    square_u_u: NDArray[np.floating] | None = None  # (*batch,)
    u_plus_square_u_u: NDArray[np.floating] | None = None  # (*batch,)
    h_exp: NDArray[np.floating] | None = None  # (*batch,)
    h_greater_equal: NDArray[np.bool_] | None = None  # (*batch,)
    h_quotient: NDArray[np.floating] | None = None  # (*batch,)
    h_exp_2: NDArray[np.floating] | None = None  # (*batch,)
    h: NDArray[np.floating] | None = None  # (*batch,)
    du_product: NDArray[np.floating] | None = None  # (*batch,)
    du: NDArray[np.floating] | None = None  # (*batch,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    u: NDArray[np.floating], *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """h, and what backward needs to know of the way to it.

    Arguments, with no axes:
        u: pre-activations, (...), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): h of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    u, dtype, batch = _arguments(u)
    u = _flat(u, batch)
    size_batch = u.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, size_batch), u=u)
    # h[n] = u[n] / 2 * (1 + t[n])
    # in the form of: tanh as a sigmoid
    square_u_u = np.square(u, out=work.square_u_u)
    square_u_u *= u
    u_plus_square_u_u = np.multiply(0.044715, square_u_u, out=work.u_plus_square_u_u)
    u_plus_square_u_u += u
    u_plus_square_u_u *= 1.5957691216057308
    h_exp = np.abs(u_plus_square_u_u, out=work.h_exp)
    np.negative(h_exp, out=h_exp)
    np.exp(h_exp, out=h_exp)
    h_greater_equal = np.greater_equal(u_plus_square_u_u, 0, out=work.h_greater_equal)
    h_quotient = np.maximum(h_exp, h_greater_equal, out=work.h_quotient)
    h_exp_2 = np.add(h_exp, 1, out=work.h_exp_2)
    h_quotient /= h_exp_2
    h = np.multiply(h_quotient, u, out=work.h)
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(u, square_u_u, h_exp, h_exp_2, h_quotient, batch, shape, dtype, work, turn)
    return _unflat(h, batch), cache


@np.errstate(under="ignore")
def backward(dh: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    u, square_u_u, h_exp, h_exp_2, h_quotient, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dh = _flat(_like("dh", dh, shape, dtype, "the output"), batch)
    _apart(work, dh=dh)
    # ∂ℒ/∂u[n] = (1/2 + (√(2) / (2 √(π))) u[n] (1 - t[n]²) + (0.0670725 √(2) / √(π)) u[n]³ (1 -
    #     t[n]²) + (1/2) t[n]) ∂ℒ/∂h[n]
    # that is, ((1/2) t + (1/2) 𝟏 + (√(2) / (2 √(π))) (u ⊙ (𝟏 - t ⊙ t)) + (0.0670725 √(2) /
    #     √(π)) (u^∘(3) ⊙ (𝟏 - t ⊙ t))) ⊙ ∂ℒ/∂h
    # in the form of: tanh as a sigmoid
    du_product = np.square(h_exp_2, out=work.du_product)
    np.divide(h_exp, du_product, out=du_product)
    du = np.multiply(1.5957691216057308, du_product, out=work.du)
    du *= u
    du_product *= 0.21406444881780073
    du_product *= square_u_u
    du += du_product
    du += h_quotient
    du *= dh
    return Gradients(_unflat(du, batch))


def value(u: NDArray[np.floating]) -> NDArray[np.floating]:
    """h alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    u, dtype, batch = _arguments(u)
    if not batch:
        return forward(u)[0]
    h = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 7):
        h[_rows], _ = forward(u[_rows])
    return h


def workspace(u: NDArray[np.floating]) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    u, dtype, batch = _arguments(u)
    u = _flat(u, batch)
    size_batch = u.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "square_u_u": np.empty((size_batch,), dtype),
        "u_plus_square_u_u": np.empty((size_batch,), dtype),
        "h_exp": np.empty((size_batch,), dtype),
        "h_greater_equal": np.empty((size_batch,), np.bool_),
        "h_quotient": np.empty((size_batch,), dtype),
        "h_exp_2": np.empty((size_batch,), dtype),
        "h": np.empty((size_batch,), dtype),
        "du_product": np.empty((size_batch,), dtype),
        "du": np.empty((size_batch,), dtype),
    }
    return Workspace((dtype, size_batch), _ids(arrays), [0], **arrays)


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
    (u,) = _each("inputs", inputs, "u")
    u, dtype, batch = _arguments(u)
    u = _flat(u, batch)
    (u_dot,) = _each("tangents", tangents, "u_dot")
    u_dot = _flat(_like("u_dot", u_dot, (*batch,), dtype, "u"), batch)
    # h[n] = u[n] / 2 * (1 + t[n])
    # in the form of: tanh as a sigmoid
    square_u_u = np.square(u) * u
    u_plus_square_u_u = 1.5957691216057308 * (u + 0.044715 * square_u_u)
    h_exp = np.exp(-np.abs(u_plus_square_u_u))
    h_exp_2 = h_exp + 1
    h_quotient = np.maximum(h_exp, u_plus_square_u_u >= 0) / h_exp_2
    h = h_quotient * u
    # ḣ[n] = u̇[n] (1/2 + (√(2) / (2 √(π))) u[n] (1 - t[n]²) + (0.0670725 √(2) / √(π)) u[n]³ (1
    #     - t[n]²) + (1/2) t[n])
    # that is, u̇ ⊙ ((1/2) t + (1/2) 𝟏 + (√(2) / (2 √(π))) (u ⊙ (𝟏 - t ⊙ t)) + (0.0670725 √(2) /
    #     √(π)) (u^∘(3) ⊙ (𝟏 - t ⊙ t)))
    h_dot_quotient = np.divide(h_exp, np.square(h_exp_2), out=h_exp)
    h_dot_product = np.multiply(0.21406444881780073 * h_dot_quotient, square_u_u, out=square_u_u)
    h_dot_sum = np.add(1.5957691216057308 * h_dot_quotient * u, h_dot_product, out=h_dot_product)
    h_dot_sum_2 = np.add(h_dot_sum, h_quotient, out=h_dot_sum)
    h_dot = np.multiply(h_dot_sum_2, u_dot, out=h_dot_sum_2)
    return _unflat(h, batch), _unflat(h_dot, batch)


def jacobian(u: NDArray[np.floating]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    h, cache = forward(u)
    return Gradients(*_by_rows(h, lambda dh: backward(dh, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"u": 0},
        "outputs": {"h": 0},
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


def _arguments(u: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    u = _array("u", u, "...")
    dtype = u.dtype
    batch = u.shape
    return u, dtype, batch


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


# Written by pullback from its own layers; digest of what stands above: 5d32da5d0c5428e6
