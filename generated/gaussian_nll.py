"""Gaussian likelihood

The negative log-likelihood of a normal distribution with independent entries, each with a mean and a variance of its own.

    L[...] = sum(d, s[..., d] + (t[..., d] - mu[..., d])**2 * exp(-s[..., d]) + log(2 * pi)) / 2

Written by pullback 0.1.0 from the definition gaussian_nll.toml; to change it, change that file.
Digest of the definition: 1a5a7679ac3fda35
The derivation, step by step, each step proved: pullback show gaussian_nll
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    ds: NDArray[np.floating]  # (..., D)
    dmu: NDArray[np.floating]  # (..., D)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    t_shifted: NDArray[np.floating]
    square_t_shifted: NDArray[np.floating]
    exp_s: NDArray[np.floating]
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, size_batch)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    t_shifted: NDArray[np.floating] | None = None  # (*batch, D)
    square_t_shifted: NDArray[np.floating] | None = None  # (*batch, D)
    exp_s: NDArray[np.floating] | None = None  # (*batch, D)
    L_sum: NDArray[np.floating] | None = None  # (*batch, D)
    L: NDArray[np.floating] | None = None  # (*batch,)
    ds: NDArray[np.floating] | None = None  # (*batch, D)
    dmu: NDArray[np.floating] | None = None  # (*batch, D)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    s: NDArray[np.floating],
    t: NDArray[np.floating],
    mu: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with D entries of a target:
        s: logarithms of the variances, (..., D), floats
        t: targets, (..., D), floats
        mu: means, (..., D), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    s, t, mu, dtype, batch, D = _arguments(s, t, mu)
    s = _flat(s, batch)
    t = _flat(t, batch)
    mu = _flat(mu, batch)
    size_batch = s.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, size_batch), s=s, t=t, mu=mu)
    # L[n] = sum(d, s[n, d] + (t[n, d] - mu[n, d])**2 * exp(-s[n, d]) + log(2 * pi)) / 2
    t_shifted = np.subtract(t, mu, out=work.t_shifted)
    square_t_shifted = np.square(t_shifted, out=work.square_t_shifted)
    exp_s = np.negative(s, out=work.exp_s)
    np.exp(exp_s, out=exp_s)
    L_sum = np.multiply(square_t_shifted, exp_s, out=work.L_sum)
    L_sum += s
    L_sum += np.log(2).item()
    L_sum += np.log(3.141592653589793).item()
    L = _sum_last(L_sum, out=work.L)
    L *= 0.5
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(t_shifted, square_t_shifted, exp_s, batch, shape, dtype, work, turn)
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
    t_shifted, square_t_shifted, exp_s, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    _apart(work, dL=dL)
    # ∂E/∂s[n,d] = (1/2 - (1/2) (t[n,d] - μ[n,d])² exp(-s[n,d])) ∂E/∂L[n]
    # that is, diag(∂E/∂L) ((1/2) 𝟏 𝟏ᵀ - (1/2) (((t - μ) ⊙ (t - μ)) ⊙ exp(-s)))
    ds = np.multiply(0.5, square_t_shifted, out=work.ds)
    ds *= exp_s
    np.subtract(0.5, ds, out=ds)
    ds *= dL[:, None]
    # ∂E/∂μ[n,d] = -(t[n,d] - μ[n,d]) ∂E/∂L[n] exp(-s[n,d])
    # that is, -diag(∂E/∂L) (exp(-s) ⊙ (t - μ))
    dmu = np.multiply(dL[:, None], t_shifted, out=work.dmu)
    dmu *= exp_s
    np.negative(dmu, out=dmu)
    return Gradients(_unflat(ds, batch), _unflat(dmu, batch))


def value(
    s: NDArray[np.floating], t: NDArray[np.floating], mu: NDArray[np.floating]
) -> NDArray[np.floating]:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    s, t, mu, dtype, batch, D = _arguments(s, t, mu)
    if not batch:
        return forward(s, t, mu)[0]
    L = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 4 * D + 1):
        L[_rows], _ = forward(s[_rows], t[_rows], mu[_rows])
    return L


def workspace(
    s: NDArray[np.floating], t: NDArray[np.floating], mu: NDArray[np.floating]
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    s, _, _, dtype, batch, D = _arguments(s, t, mu)
    s = _flat(s, batch)
    size_batch = s.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "t_shifted": np.empty((size_batch, D), dtype),
        "square_t_shifted": np.empty((size_batch, D), dtype),
        "exp_s": np.empty((size_batch, D), dtype),
        "L_sum": np.empty((size_batch, D), dtype),
        "L": np.empty((size_batch,), dtype),
        "ds": np.empty((size_batch, D), dtype),
        "dmu": np.empty((size_batch, D), dtype),
    }
    return Workspace((dtype, D, size_batch), _ids(arrays), [0], **arrays)


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
    s, t, mu = _each("inputs", inputs, "s t mu")
    s, t, mu, dtype, batch, D = _arguments(s, t, mu)
    s = _flat(s, batch)
    t = _flat(t, batch)
    mu = _flat(mu, batch)
    s_dot, mu_dot = _each("tangents", tangents, "s_dot mu_dot")
    s_dot = _flat(_like("s_dot", s_dot, (*batch, D), dtype, "s"), batch)
    mu_dot = _flat(_like("mu_dot", mu_dot, (*batch, D), dtype, "mu"), batch)
    # L[n] = sum(d, s[n, d] + (t[n, d] - mu[n, d])**2 * exp(-s[n, d]) + log(2 * pi)) / 2
    t_shifted = t - mu
    exp_s = np.exp(-s)
    L_sum = np.square(t_shifted) * exp_s + s + np.log(2).item() + np.log(3.141592653589793).item()
    L = 0.5 * L_sum.sum(axis=1)
    # L̇[n] = (1/2) Σ_d ṡ[n,d] - Σ_d μ̇[n,d] (t[n,d] - μ[n,d]) exp(-s[n,d]) - (1/2) Σ_d ṡ[n,d]
    #     (t[n,d] - μ[n,d])² exp(-s[n,d])
    # that is, (1/2) ṡ 𝟏 - (μ̇ ⊙ exp(-s) ⊙ (t - μ)) 𝟏 - (1/2) (ṡ ⊙ ((t - μ) ⊙ (t - μ)) ⊙
    #     exp(-s)) 𝟏
    sum_s_dot_shifted = 0.5 * s_dot.sum(axis=1) - _dot_last(mu_dot, t_shifted * exp_s)
    L_dot_product = 0.5 * _dot_last(t_shifted * t_shifted, exp_s * s_dot)
    L_dot = np.subtract(sum_s_dot_shifted, L_dot_product, out=sum_s_dot_shifted)
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(
    s: NDArray[np.floating], t: NDArray[np.floating], mu: NDArray[np.floating]
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(s, t, mu)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"s": 0, "t": 0, "mu": 0},
        "outputs": {"L": 0},
    },
    "d": {
        "inputs": {"s": -1, "t": -1, "mu": -1},
        "outputs": {"L": "sum"},
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


def _arguments(s: Any, t: Any, mu: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    s = _array("s", s, "... D")
    t = _array("t", t, "... D")
    mu = _array("mu", mu, "... D")
    dtype = s.dtype
    if t.dtype != dtype or mu.dtype != dtype:
        _one_dtype(s=s, t=t, mu=mu)
    batch = s.shape[: s.ndim - 1]
    D = s.shape[-1]
    if t.shape != (*batch, D) or mu.shape != (*batch, D):
        _one_size(s=(s, "... D"), t=(t, "... D"), mu=(mu, "... D"))
    return s, t, mu, dtype, batch, D


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


# Written by pullback from its own layers; digest of what stands above: d7e69908acf338cd
