"""Batch normalization

Each feature less its mean over the batch, over its standard deviation there, with a gain and a bias, as in training.

    mu[d] := mean(..., x[..., d])
    v[d] := mean(..., (x[..., d] - mu[d])**2)
    r[d] := 1 / sqrt(v[d] + 1e-5)
    xhat[..., d] := (x[..., d] - mu[d]) * r[d]
    y[..., d] = gain[d] * xhat[..., d] + bias[d]

Written by pullback 0.1.0 from the definition batch_norm.toml; to change it, change that file.
Digest of the definition: c8e6bc5b29597812
The derivation, step by step, each step proved: pullback show batch_norm
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dy * y), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (..., D)
    dgain: NDArray[np.floating]  # (D,)
    dbias: NDArray[np.floating]  # (D,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    gain: NDArray[np.floating]
    size_batch: int
    r: NDArray[np.floating]
    xhat: NDArray[np.floating]
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
    mu: NDArray[np.floating] | None = None  # (D,)
    xhat: NDArray[np.floating] | None = None  # (*batch, D)
    sum_xhat: NDArray[np.floating] | None = None  # (D,)
    v: NDArray[np.floating] | None = None  # (D,); then r
    y: NDArray[np.floating] | None = None  # (*batch, D)
    dbias: NDArray[np.floating] | None = None  # (D,)
    dgain: NDArray[np.floating] | None = None  # (D,)
    gain_r: NDArray[np.floating] | None = None  # (D,)
    dbias_2: NDArray[np.floating] | None = None  # (D,)
    dx: NDArray[np.floating] | None = None  # (*batch, D)
    dgain_2: NDArray[np.floating] | None = None  # (D,)
    dgain_2_xhat: NDArray[np.floating] | None = None  # (*batch, D)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating],
    gain: NDArray[np.floating],
    bias: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """y, and what backward needs to know of the way to it.

    Arguments, with D features:
        x: inputs: the leading axes are those of the batch, features come last, (..., D), floats
        gain: factor of each feature, learned, (D,), floats
        bias: number added to each feature, learned, (D,), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): y of shape (..., D), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    ... must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, gain, bias, dtype, batch, D = _arguments(x, gain, bias)
    x = _flat(x, batch)
    size_batch = x.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, size_batch), x=x, gain=gain, bias=bias)
    # mu[d] := mean(n, x[n, d])
    mu = _sum_rows(x, out=work.mu)
    mu /= size_batch
    # v[d] := mean(n, (x[n, d] - mu[d])**2)
    # in the form of: mean of the deviations
    xhat = np.subtract(x, mu, out=work.xhat)
    sum_xhat = _sum_rows(xhat, out=work.sum_xhat)
    sum_xhat /= size_batch
    xhat -= sum_xhat
    v = _dot_rows(xhat, xhat, out=work.v)
    v /= size_batch
    # r[d] := 1 / sqrt(v[d] + 1e-5)
    r = np.add(v, 1e-05, out=v)
    np.sqrt(r, out=r)
    np.divide(1, r, out=r)
    # xhat[n, d] := (x[n, d] - mu[d]) * r[d]
    # in the form of: mean of the deviations
    xhat *= r
    # y[n, d] = gain[d] * xhat[n, d] + bias[d]
    y = np.multiply(gain, xhat, out=work.y)
    y += bias
    shape = (*batch, D)
    turn = work.turns[0]
    cache = Cache(gain, size_batch, r, xhat, batch, shape, dtype, work, turn)
    return _unflat(y, batch), cache


def backward(dy: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dy: the gradient by y, (..., D), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    gain, size_batch, r, xhat, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dy = _flat(_like("dy", dy, shape, dtype, "the output"), batch)
    _apart(work, dy=dy)
    # ∂ℒ/∂bias[d] = Σ_n ∂ℒ/∂y[n,d]
    # that is, (∂ℒ/∂y)ᵀ 𝟏
    dbias = _sum_rows(dy, out=work.dbias)
    # ∂ℒ/∂gain[d] = Σ_n xhat[n,d] ∂ℒ/∂y[n,d]
    # that is, ((∂ℒ/∂y)ᵀ ⊙ xhatᵀ) 𝟏
    dgain = _dot_rows(dy, xhat, out=work.dgain)
    # ∂ℒ/∂x[n,d] = r[d] gain[d] (∂ℒ/∂y[n,d] - (1/N) Σ_n′ ∂ℒ/∂y[n′,d] - (1/N) xhat[n,d] Σ_n′
    #     xhat[n′,d] ∂ℒ/∂y[n′,d])
    # that is, (∂ℒ/∂y - (1/N) 𝟏 𝟏ᵀ ∂ℒ/∂y - (1/N) xhat diag(((∂ℒ/∂y)ᵀ ⊙ xhatᵀ) 𝟏)) diag(r ⊙ gain)
    gain_r = np.multiply(gain, r, out=work.gain_r)
    dbias_2 = np.divide(dbias, size_batch, out=work.dbias_2)
    dx = np.subtract(dy, dbias_2, out=work.dx)
    dgain_2 = np.divide(dgain, size_batch, out=work.dgain_2)
    dgain_2_xhat = np.multiply(dgain_2, xhat, out=work.dgain_2_xhat)
    dx -= dgain_2_xhat
    dx *= gain_r
    return Gradients(_unflat(dx, batch), dgain, dbias)


def value(
    x: NDArray[np.floating], gain: NDArray[np.floating], bias: NDArray[np.floating]
) -> NDArray[np.floating]:
    """y alone, with arguments as in forward."""
    return forward(x, gain, bias)[0]


def workspace(
    x: NDArray[np.floating], gain: NDArray[np.floating], bias: NDArray[np.floating]
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    x, _, _, dtype, batch, D = _arguments(x, gain, bias)
    x = _flat(x, batch)
    size_batch = x.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "mu": np.empty((D,), dtype),
        "xhat": np.empty((size_batch, D), dtype),
        "sum_xhat": np.empty((D,), dtype),
        "v": np.empty((D,), dtype),
        "y": np.empty((size_batch, D), dtype),
        "dbias": np.empty((D,), dtype),
        "dgain": np.empty((D,), dtype),
        "gain_r": np.empty((D,), dtype),
        "dbias_2": np.empty((D,), dtype),
        "dx": np.empty((size_batch, D), dtype),
        "dgain_2": np.empty((D,), dtype),
        "dgain_2_xhat": np.empty((size_batch, D), dtype),
    }
    return Workspace((dtype, D, size_batch), _ids(arrays), [0], **arrays)


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., D).
    """
    x, gain, bias = _each("inputs", inputs, "x gain bias")
    x, gain, bias, dtype, batch, D = _arguments(x, gain, bias)
    x = _flat(x, batch)
    size_batch = x.shape[0]
    x_dot, gain_dot, bias_dot = _each("tangents", tangents, "x_dot gain_dot bias_dot")
    x_dot = _flat(_like("x_dot", x_dot, (*batch, D), dtype, "x"), batch)
    gain_dot = _like("gain_dot", gain_dot, (D,), dtype, "gain")
    bias_dot = _like("bias_dot", bias_dot, (D,), dtype, "bias")
    # mu[d] := mean(n, x[n, d])
    mu = _sum_rows(x) / size_batch
    # v[d] := mean(n, (x[n, d] - mu[d])**2)
    # in the form of: mean of the deviations
    x_shifted = x - mu
    x_shifted_shifted = np.subtract(x_shifted, _sum_rows(x_shifted) / size_batch, out=x_shifted)
    v = _dot_rows(x_shifted_shifted, x_shifted_shifted) / size_batch
    # r[d] := 1 / sqrt(v[d] + 1e-5)
    r = 1 / np.sqrt(v + 1e-05)
    # xhat[n, d] := (x[n, d] - mu[d]) * r[d]
    # in the form of: mean of the deviations
    xhat = np.multiply(r, x_shifted_shifted, out=x_shifted_shifted)
    # y[n, d] = gain[d] * xhat[n, d] + bias[d]
    y = gain * xhat + bias
    # ẏ[n,d] = gain˙[d] xhat[n,d] + r[d] gain[d] (ẋ[n,d] - (1/N) Σ_n′ ẋ[n′,d] - (1/N) xhat[n,d]
    #     Σ_n′ ẋ[n′,d] xhat[n′,d]) + bias˙[d]
    # that is, xhat diag(gain˙) + (ẋ - (1/N) 𝟏 𝟏ᵀ ẋ - (1/N) xhat diag((ẋᵀ ⊙ xhatᵀ) 𝟏)) diag(r ⊙
    #     gain) + 𝟏 bias˙ᵀ
    x_dot_shifted = x_dot - _sum_rows(x_dot) / size_batch
    x_dot_xhat_xhat = _dot_rows(x_dot, xhat) / size_batch * xhat
    y_dot_difference = np.subtract(x_dot_shifted, x_dot_xhat_xhat, out=x_dot_shifted)
    y_dot = gain_dot * xhat + gain * r * y_dot_difference + bias_dot
    return _unflat(y, batch), _unflat(y_dot, batch)


def jacobian(
    x: NDArray[np.floating], gain: NDArray[np.floating], bias: NDArray[np.floating]
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    y, cache = forward(x, gain, bias)
    return Gradients(*_by_rows(y, lambda dy: backward(dy, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "d": {
        "inputs": {"x": -1, "gain": 0, "bias": 0},
        "outputs": {"y": -1},
    },
}


def parts(counts: Sequence[int], axis: str = "d") -> list[dict[str, float]]:
    """The weight of each part in the output, where parts have so many places of the axis.

    A part is forward of its slice of each input in PARTS[axis]["inputs"] and the others whole, and
    backward of its weight times the cotangent; of its slice of it, where the output is cut, too.
    Where PARTS says "rest", the last weight is that of one more part, which has no places: it takes
    off what all parts have in common, and the whole has once.
    """
    return _weights(PARTS[axis], counts)


def combine(
    results: Sequence[Any], counts: Sequence[int], axis: str = "d"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values, gradients) of the whole, from such a pair of each part, in the order of parts().

    Both are dictionaries: the output by its name, gradients by the names of their inputs, with or
    without the d before them. Where `counts` says 0 there need be no pair, but None.
    """
    return _combined(PARTS[axis], results, counts, np.concatenate)


def _arguments(x: Any, gain: Any, bias: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "... D")
    gain = _array("gain", gain, "D")
    bias = _array("bias", bias, "D")
    dtype = x.dtype
    if gain.dtype != dtype or bias.dtype != dtype:
        _one_dtype(x=x, gain=gain, bias=bias)
    batch = x.shape[: x.ndim - 1]
    D = x.shape[-1]
    if gain.shape != (D,) or bias.shape != (D,):
        _one_size(x=(x, "... D"), gain=(gain, "D"), bias=(bias, "D"))
    _not_empty("the number of examples in the leading axes", 0 not in batch)
    return x, gain, bias, dtype, batch, D


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


def _dot_rows(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Σ a b over the first axis: some rows, then their sums, so that rounding stays small."""
    if out is None:
        out = np.empty(a.shape[1:], a.dtype)
    flat, a, b = out.reshape(-1), a.reshape(len(a), out.size), b.reshape(len(a), out.size)
    wide = out.size >= 32  # below that einsum takes too long
    step = 128 if wide else 1024
    for left in range(0, out.size, 4096):
        columns = slice(left, left + 4096)
        total = np.zeros(len(flat[columns]))
        for start in range(0, len(a), step):
            x, y = a[start : start + step, columns], b[start : start + step, columns]
            total += np.einsum("nd,nd->d", x, y) if wide else _ones(a.dtype)[: len(x)] @ (x * y)
        flat[columns] = total
    return out


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


# Written by pullback from its own layers; digest of what stands above: 6ff9c6d3607462b2
