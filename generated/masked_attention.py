"""Scaled dot-product attention with a mask

Attention in which a query sees only the keys where the mask is above 0.

    s[..., q, k] = where(M[q, k] > 0, sum(d, Q[..., q, d] * K[..., k, d]) / sqrt(size(d)), -1e30)
    p[..., q, k] = exp(s[..., q, k]) / sum(i, exp(s[..., q, i]))
    o[..., q, e] = sum(k, p[..., q, k] * V[..., k, e])

Written by pullback 0.1.0 from the definition masked_attention.toml; to change it, change that file.
Digest of the definition: be449e834cee5af5
The derivation, step by step, each step proved: pullback show masked_attention
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(do * o), each in the shape and the dtype of its input."""

    dQ: NDArray[np.floating]  # (..., size_q, D)
    dK: NDArray[np.floating]  # (..., size_k, D)
    dV: NDArray[np.floating]  # (..., size_k, E)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    Q: NDArray[np.floating]
    K: NDArray[np.floating]
    V: NDArray[np.floating]
    sqrt_D: float
    greater_M: NDArray[np.bool_]
    s_argmax: NDArray[np.integer]
    places: NDArray[np.integer]
    q: NDArray[np.integer]
    p: NDArray[np.floating]
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, E, size_batch, size_k, size_q)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    greater_M: NDArray[np.bool_] | None = None  # (size_q, size_k)
    K_Q: NDArray[np.floating] | None = None  # (*batch, size_q, size_k)
    s: NDArray[np.floating] | None = None  # (*batch, size_q, size_k); then p
    places: NDArray[np.integer] | None = None  # (*batch,)
    q: NDArray[np.integer] | None = None  # (size_q,)
    s_argmax: NDArray[np.integer] | None = None  # (*batch, size_q)
    s_max: NDArray[np.floating] | None = None  # (*batch, size_q)
    sum_p: NDArray[np.floating] | None = None  # (*batch, size_q)
    o: NDArray[np.floating] | None = None  # (*batch, size_q, E)
    dV: NDArray[np.floating] | None = None  # (*batch, size_k, E)
    dp: NDArray[np.floating] | None = None  # (*batch, size_q, size_k); then ds, then greater_M_ds
    dp_p: NDArray[np.floating] | None = None  # (*batch, size_q)
    others_ds: NDArray[np.floating] | None = None  # (*batch, size_q)
    dQ: NDArray[np.floating] | None = None  # (*batch, size_q, D)
    dK: NDArray[np.floating] | None = None  # (*batch, size_k, D)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    M: NDArray[np.floating],
    Q: NDArray[np.floating],
    K: NDArray[np.floating],
    V: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """o, and what backward needs to know of the way to it.

    Arguments, with size_q queries, size_k keys, E features out, D features:
        M: the mask, above 0 where a query sees a key, (size_q, size_k), floats
        Q: queries, (..., size_q, D), floats
        K: keys, (..., size_k, D), floats
        V: values, (..., size_k, E), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): o of shape (..., size_q, E), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    D and size_k must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    M, Q, K, V, dtype, batch, D, E, size_k, size_q = _arguments(M, Q, K, V)
    Q = _flat(Q, batch)
    K = _flat(K, batch)
    V = _flat(V, batch)
    size_batch = Q.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, E, size_batch, size_k, size_q), M=M, Q=Q, K=K, V=V)
    # s[n, q, k] = where(M[q, k] > 0, sum(d, Q[n, q, d] * K[n, k, d]) / sqrt(size(d)), -1e30)
    greater_M = np.greater(M, 0, out=work.greater_M)
    K_Q = np.matmul(Q, K.swapaxes(-1, -2), out=work.K_Q)
    sqrt_D = D**0.5
    K_Q /= sqrt_D
    s = _where(greater_M, K_Q, -1e30, out=work.s)
    # p[n, q, k] = exp(s[n, q, k]) / sum(i, exp(s[n, q, i]))
    # in the form of: shifted softmax
    places = np.arange(size_batch) if work.places is None else work.places
    q = np.arange(size_q) if work.q is None else work.q
    s_argmax = s.argmax(axis=2, out=work.s_argmax)
    s_max = _pick(s, (places[:, None], q, s_argmax), out=work.s_max)
    p = np.subtract(s, s_max[:, :, None], out=s)
    np.exp(p, out=p)
    sum_p = _sum_last(p, out=work.sum_p)
    p /= sum_p[:, :, None]
    # o[n, q, e] = sum(k, p[n, q, k] * V[n, k, e])
    o = np.matmul(p, V, out=work.o)
    shape = (*batch, size_q, E)
    turn = work.turns[0]
    cache = Cache(
        Q, K, V, sqrt_D, greater_M, s_argmax, places, q, p, batch, shape, dtype, work, turn
    )
    return _unflat(o, batch), cache


@np.errstate(under="ignore")
def backward(do: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        do: the gradient by o, (..., size_q, E), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    Q, K, V, sqrt_D, greater_M, s_argmax, places, q, p, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    do = _flat(_like("do", do, shape, dtype, "the output"), batch)
    _apart(work, do=do)
    # ∂ℒ/∂V[n,k,e] = Σ_q p[n,q,k] ∂ℒ/∂o[n,q,e]
    dV = np.matmul(p.swapaxes(-1, -2), do, out=work.dV)
    # ∂ℒ/∂p[n,q,k] = Σ_e V[n,k,e] ∂ℒ/∂o[n,q,e]
    dp = np.matmul(do, V.swapaxes(-1, -2), out=work.dp)
    # ∂ℒ/∂s[n,q,k] = p[n,q,k] (∂ℒ/∂p[n,q,k] - Σ_i p[n,q,i] ∂ℒ/∂p[n,q,i])
    # in the form of: entries that add up to nothing
    dp_p = _dot_last(dp, p, out=work.dp_p)
    ds = np.subtract(dp, dp_p[:, :, None], out=dp)
    ds *= p
    ds[places[:, None], q, s_argmax] = 0
    others_ds = _sum_last(ds, out=work.others_ds)
    np.negative(others_ds, out=others_ds)
    ds[places[:, None], q, s_argmax] = others_ds
    # ∂ℒ/∂Q[n,q,d] = Σ_k ∂ℒ/∂s[n,q,k] where(M[q,k] > 0, (1/√(D)) K[n,k,d], 0)
    greater_M_ds = np.multiply(greater_M, ds, out=ds)
    dQ = np.matmul(greater_M_ds, K, out=work.dQ)
    dQ /= sqrt_D
    # ∂ℒ/∂K[n,k,d] = Σ_q ∂ℒ/∂s[n,q,k] where(M[q,k] > 0, (1/√(D)) Q[n,q,d], 0)
    dK = np.matmul(greater_M_ds.swapaxes(-1, -2), Q, out=work.dK)
    dK /= sqrt_D
    return Gradients(_unflat(dQ, batch), _unflat(dK, batch), _unflat(dV, batch))


def value(
    M: NDArray[np.floating],
    Q: NDArray[np.floating],
    K: NDArray[np.floating],
    V: NDArray[np.floating],
) -> NDArray[np.floating]:
    """o alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    M, Q, K, V, dtype, batch, _, E, size_k, size_q = _arguments(M, Q, K, V)
    if not batch:
        return forward(M, Q, K, V)[0]
    o = np.empty((*batch, size_q, E), dtype)
    for _rows in _parts(batch, 2 * size_q * size_k + 3 * size_q + size_q * E + 1):
        o[_rows], _ = forward(M, Q[_rows], K[_rows], V[_rows])
    return o


def workspace(
    M: NDArray[np.floating],
    Q: NDArray[np.floating],
    K: NDArray[np.floating],
    V: NDArray[np.floating],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, Q, _, _, dtype, batch, D, E, size_k, size_q = _arguments(M, Q, K, V)
    Q = _flat(Q, batch)
    size_batch = Q.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "greater_M": np.empty((size_q, size_k), np.bool_),
        "K_Q": np.empty((size_batch, size_q, size_k), dtype),
        "s": np.empty((size_batch, size_q, size_k), dtype),
        "places": np.arange(size_batch),
        "q": np.arange(size_q),
        "s_argmax": np.empty((size_batch, size_q), np.intp),
        "s_max": np.empty((size_batch, size_q), dtype),
        "sum_p": np.empty((size_batch, size_q), dtype),
        "o": np.empty((size_batch, size_q, E), dtype),
        "dV": np.empty((size_batch, size_k, E), dtype),
        "dp": np.empty((size_batch, size_q, size_k), dtype),
        "dp_p": np.empty((size_batch, size_q), dtype),
        "others_ds": np.empty((size_batch, size_q), dtype),
        "dQ": np.empty((size_batch, size_q, D), dtype),
        "dK": np.empty((size_batch, size_k, D), dtype),
    }
    return Workspace((dtype, D, E, size_batch, size_k, size_q), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., size_q, E).
    """
    M, Q, K, V = _each("inputs", inputs, "M Q K V")
    M, Q, K, V, dtype, batch, D, E, size_k, size_q = _arguments(M, Q, K, V)
    Q = _flat(Q, batch)
    K = _flat(K, batch)
    V = _flat(V, batch)
    size_batch = Q.shape[0]
    Q_dot, K_dot, V_dot = _each("tangents", tangents, "Q_dot K_dot V_dot")
    Q_dot = _flat(_like("Q_dot", Q_dot, (*batch, size_q, D), dtype, "Q"), batch)
    K_dot = _flat(_like("K_dot", K_dot, (*batch, size_k, D), dtype, "K"), batch)
    V_dot = _flat(_like("V_dot", V_dot, (*batch, size_k, E), dtype, "V"), batch)
    # s[n, q, k] = where(M[q, k] > 0, sum(d, Q[n, q, d] * K[n, k, d]) / sqrt(size(d)), -1e30)
    greater_M = M > 0
    sqrt_D = D**0.5
    s = np.where(greater_M, Q @ K.swapaxes(-1, -2) / sqrt_D, -1e30)
    # p[n, q, k] = exp(s[n, q, k]) / sum(i, exp(s[n, q, i]))
    # in the form of: shifted softmax
    places = np.arange(size_batch)
    q = np.arange(size_q)
    s_argmax = s.argmax(axis=2)
    exp_s = np.exp(s - s[places[:, None], q, s_argmax][:, :, None])
    p = np.divide(exp_s, exp_s.sum(axis=2)[:, :, None], out=exp_s)
    # o[n, q, e] = sum(k, p[n, q, k] * V[n, k, e])
    o = p @ V
    # ṡ[n,q,k] = Σ_d K̇[n,k,d] where(M[q,k] > 0, (1/√(D)) Q[n,q,d], 0) + Σ_d Q̇[n,q,d]
    #     where(M[q,k] > 0, (1/√(D)) K[n,k,d], 0)
    greater_M_2 = greater_M.astype(dtype) / sqrt_D
    s_dot = greater_M_2 * (Q @ K_dot.swapaxes(-1, -2)) + greater_M_2 * (Q_dot @ K.swapaxes(-1, -2))
    # ṗ[n,q,k] = p[n,q,k] (ṡ[n,q,k] - Σ_i ṡ[n,q,i] p[n,q,i])
    p_dot = (s_dot - _dot_last(p, s_dot)[:, :, None]) * p
    p_dot[places[:, None], q, s_argmax] = 0
    p_dot[places[:, None], q, s_argmax] = -p_dot.sum(axis=2)
    # ȯ[n,q,e] = Σ_k ṗ[n,q,k] V[n,k,e] + Σ_k V̇[n,k,e] p[n,q,k]
    o_dot = p_dot @ V + p @ V_dot
    return _unflat(o, batch), _unflat(o_dot, batch)


def jacobian(
    M: NDArray[np.floating],
    Q: NDArray[np.floating],
    K: NDArray[np.floating],
    V: NDArray[np.floating],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    o, cache = forward(M, Q, K, V)
    return Gradients(*_by_rows(o, lambda do: backward(do, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"Q": 0, "K": 0, "V": 0},
        "outputs": {"o": 0},
    },
    "q": {
        "inputs": {"M": 0, "Q": -2},
        "outputs": {"o": -2},
    },
    "e": {
        "inputs": {"V": -1},
        "outputs": {"o": -1},
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


def _arguments(M: Any, Q: Any, K: Any, V: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    M = _array("M", M, "size_q size_k")
    Q = _array("Q", Q, "... size_q D")
    K = _array("K", K, "... size_k D")
    V = _array("V", V, "... size_k E")
    dtype = M.dtype
    if Q.dtype != dtype or K.dtype != dtype or V.dtype != dtype:
        _one_dtype(M=M, Q=Q, K=K, V=V)
    size_q = M.shape[0]
    size_k = M.shape[1]
    batch = Q.shape[: Q.ndim - 2]
    D = Q.shape[-1]
    E = V.shape[-1]
    if (
        Q.shape != (*batch, size_q, D)
        or K.shape != (*batch, size_k, D)
        or V.shape != (*batch, size_k, E)
    ):
        _one_size(
            M=(M, "size_q size_k"),
            Q=(Q, "... size_q D"),
            K=(K, "... size_k D"),
            V=(V, "... size_k E"),
        )
    _not_empty("D", D)
    _not_empty("size_k", size_k)
    return M, Q, K, V, dtype, batch, D, E, size_k, size_q


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


# Written by pullback from its own layers; digest of what stands above: d5503d836d0960de
