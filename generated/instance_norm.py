"""Instance normalization

Each channel of each image less its mean, over its standard deviation, with a gain and a bias for each channel.

    mu[n, c] := mean(i, j, x[n, c, i, j])
    v[n, c] := mean(i, j, (x[n, c, i, j] - mu[n, c])**2)
    r[n, c] := 1 / sqrt(v[n, c] + 1e-5)
    xhat[n, c, i, j] := (x[n, c, i, j] - mu[n, c]) * r[n, c]
    y[n, c, i, j] = gain[c] * xhat[n, c, i, j] + bias[c]

Written by pullback 0.1.0 from the definition instance_norm.toml; to change it, change that file.
Digest of the definition: 82436e95dc5e0630
The derivation, step by step, each step proved: pullback show instance_norm
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dy * y), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (N, C, I, J)
    dgain: NDArray[np.floating]  # (C,)
    dbias: NDArray[np.floating]  # (C,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    gain: NDArray[np.floating]
    I: int
    J: int
    r: NDArray[np.floating]
    xhat: NDArray[np.floating]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, C, I, J, N)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    mu: NDArray[np.floating] | None = None  # (N, C)
    xhat: NDArray[np.floating] | None = None  # (N, C, I, J)
    v: NDArray[np.floating] | None = None  # (N, C); then r
    y: NDArray[np.floating] | None = None  # (N, C, I, J)
    gain_r: NDArray[np.floating] | None = None  # (N, C)
    sum_dy: NDArray[np.floating] | None = None  # (N, C)
    dx: NDArray[np.floating] | None = None  # (N, C, I, J)
    dy_xhat: NDArray[np.floating] | None = None  # (N, C)
    dy_xhat_xhat: NDArray[np.floating] | None = None  # (N, C, I, J)
    dgain: NDArray[np.floating] | None = None  # (C,)
    dbias: NDArray[np.floating] | None = None  # (C,)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating],
    gain: NDArray[np.floating],
    bias: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """y, and what backward needs to know of the way to it.

    Arguments, with N, C, I, J:
        x: images: examples, channels, rows, columns, (N, C, I, J), floats
        gain: factor of each channel, learned, (C,), floats
        bias: number added to each channel, learned, (C,), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): y of shape (N, C, I, J), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    I and J must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, gain, bias, dtype, C, I, J, N = _arguments(x, gain, bias)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, C, I, J, N), x=x, gain=gain, bias=bias)
    # mu[n, c] := mean(i, j, x[n, c, i, j])
    mu = x.sum(axis=(2, 3), out=work.mu)
    mu /= I
    mu /= J
    # v[n, c] := mean(i, j, (x[n, c, i, j] - mu[n, c])**2)
    xhat = np.subtract(x, mu[:, :, None, None], out=work.xhat)
    v = np.einsum("ncij,ncij->nc", xhat, xhat, out=work.v)
    v /= I
    v /= J
    # r[n, c] := 1 / sqrt(v[n, c] + 1e-5)
    r = np.add(v, 1e-05, out=v)
    np.sqrt(r, out=r)
    np.divide(1, r, out=r)
    # xhat[n, c, i, j] := (x[n, c, i, j] - mu[n, c]) * r[n, c]
    xhat *= r[:, :, None, None]
    # y[n, c, i, j] = gain[c] * xhat[n, c, i, j] + bias[c]
    y = np.multiply(gain[:, None, None], xhat, out=work.y)
    y += bias[:, None, None]
    shape = (N, C, I, J)
    turn = work.turns[0]
    cache = Cache(gain, I, J, r, xhat, shape, dtype, work, turn)
    return y, cache


def backward(dy: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dy: the gradient by y, (N, C, I, J), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    gain, I, J, r, xhat, shape, dtype, work, turn = cache
    _current(work, turn)
    dy = _like("dy", dy, shape, dtype, "the output")
    _apart(work, dy=dy)
    # ∂ℒ/∂x[n,c,i,j] = r[n,c] gain[c] (∂ℒ/∂y[n,c,i,j] - (1 / (I J)) Σ_{i′,j′} ∂ℒ/∂y[n,c,i′,j′] -
    #     (1 / (I J)) xhat[n,c,i,j] Σ_{i′,j′} xhat[n,c,i′,j′] ∂ℒ/∂y[n,c,i′,j′])
    gain_r = np.multiply(gain, r, out=work.gain_r)
    sum_dy = dy.sum(axis=(2, 3), out=work.sum_dy)
    sum_dy /= I
    sum_dy /= J
    dx = np.subtract(dy, sum_dy[:, :, None, None], out=work.dx)
    dy_xhat = np.einsum("ncij,ncij->nc", dy, xhat, out=work.dy_xhat)
    dy_xhat /= I
    dy_xhat /= J
    dy_xhat_xhat = np.multiply(dy_xhat[:, :, None, None], xhat, out=work.dy_xhat_xhat)
    dx -= dy_xhat_xhat
    dx *= gain_r[:, :, None, None]
    # ∂ℒ/∂gain[c] = Σ_{n,i,j} xhat[n,c,i,j] ∂ℒ/∂y[n,c,i,j]
    dgain = np.einsum("ncij,ncij->c", dy, xhat, out=work.dgain)
    # ∂ℒ/∂bias[c] = Σ_{n,i,j} ∂ℒ/∂y[n,c,i,j]
    dbias = dy.sum(axis=(0, 2, 3), out=work.dbias)
    return Gradients(dx, dgain, dbias)


def value(
    x: NDArray[np.floating], gain: NDArray[np.floating], bias: NDArray[np.floating]
) -> NDArray[np.floating]:
    """y alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, gain, bias, dtype, C, I, J, N = _arguments(x, gain, bias)
    y = np.empty((N, C, I, J), dtype)
    for _rows in _parts((N,), 2 * C + 2 * C * I * J):
        y[_rows], _ = forward(x[_rows], gain, bias)
    return y


def workspace(
    x: NDArray[np.floating], gain: NDArray[np.floating], bias: NDArray[np.floating]
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, dtype, C, I, J, N = _arguments(x, gain, bias)
    arrays: dict[str, NDArray[Any]] = {
        "mu": np.empty((N, C), dtype),
        "xhat": np.empty((N, C, I, J), dtype),
        "v": np.empty((N, C), dtype),
        "y": np.empty((N, C, I, J), dtype),
        "gain_r": np.empty((N, C), dtype),
        "sum_dy": np.empty((N, C), dtype),
        "dx": np.empty((N, C, I, J), dtype),
        "dy_xhat": np.empty((N, C), dtype),
        "dy_xhat_xhat": np.empty((N, C, I, J), dtype),
        "dgain": np.empty((C,), dtype),
        "dbias": np.empty((C,), dtype),
    }
    return Workspace((dtype, C, I, J, N), _ids(arrays), [0], **arrays)


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (N, C, I, J).
    """
    x, gain, bias = _each("inputs", inputs, "x gain bias")
    x, gain, bias, dtype, C, I, J, N = _arguments(x, gain, bias)
    x_dot, gain_dot, bias_dot = _each("tangents", tangents, "x_dot gain_dot bias_dot")
    x_dot = _like("x_dot", x_dot, (N, C, I, J), dtype, "x")
    gain_dot = _like("gain_dot", gain_dot, (C,), dtype, "gain")
    bias_dot = _like("bias_dot", bias_dot, (C,), dtype, "bias")
    # mu[n, c] := mean(i, j, x[n, c, i, j])
    mu = x.sum(axis=(2, 3)) / I / J
    # v[n, c] := mean(i, j, (x[n, c, i, j] - mu[n, c])**2)
    x_shifted = x - mu[:, :, None, None]
    v = np.einsum("ncij,ncij->nc", x_shifted, x_shifted) / I / J
    # r[n, c] := 1 / sqrt(v[n, c] + 1e-5)
    r = 1 / np.sqrt(v + 1e-05)
    # xhat[n, c, i, j] := (x[n, c, i, j] - mu[n, c]) * r[n, c]
    xhat = np.multiply(r[:, :, None, None], x_shifted, out=x_shifted)
    # y[n, c, i, j] = gain[c] * xhat[n, c, i, j] + bias[c]
    y = gain[:, None, None] * xhat + bias[:, None, None]
    # ẏ[n,c,i,j] = gain˙[c] xhat[n,c,i,j] + r[n,c] gain[c] (ẋ[n,c,i,j] - (1 / (I J)) Σ_{i′,j′}
    #     ẋ[n,c,i′,j′] - (1 / (I J)) xhat[n,c,i,j] Σ_{i′,j′} ẋ[n,c,i′,j′] xhat[n,c,i′,j′]) +
    #     bias˙[c]
    x_dot_shifted = x_dot - (x_dot.sum(axis=(2, 3)) / I / J)[:, :, None, None]
    x_dot_xhat_xhat = (np.einsum("ncij,ncij->nc", x_dot, xhat) / I / J)[:, :, None, None] * xhat
    y_dot_product = (gain * r)[:, :, None, None] * (x_dot_shifted - x_dot_xhat_xhat)
    y_dot_sum = np.add(gain_dot[:, None, None] * xhat, y_dot_product, out=y_dot_product)
    y_dot = np.add(y_dot_sum, bias_dot[:, None, None], out=y_dot_sum)
    return y, y_dot


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
    "n": {
        "inputs": {"x": 0},
        "outputs": {"y": 0},
    },
    "c": {
        "inputs": {"x": 1, "gain": 0, "bias": 0},
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


def _arguments(x: Any, gain: Any, bias: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N C I J")
    gain = _array("gain", gain, "C")
    bias = _array("bias", bias, "C")
    dtype = x.dtype
    if gain.dtype != dtype or bias.dtype != dtype:
        _one_dtype(x=x, gain=gain, bias=bias)
    N = x.shape[0]
    C = x.shape[1]
    I = x.shape[2]
    J = x.shape[3]
    if gain.shape != (C,) or bias.shape != (C,):
        _one_size(x=(x, "N C I J"), gain=(gain, "C"), bias=(bias, "C"))
    _not_empty("I", I)
    _not_empty("J", J)
    return x, gain, bias, dtype, C, I, J, N


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


# Written by pullback from its own layers; digest of what stands above: 17f7d3c8cff74514
