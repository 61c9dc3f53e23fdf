"""Recurrent layer

Elman's recurrent layer: each state is tanh of the input and of the state before it.

    u[n, t, k] = sum(d, x[n, t, d] * W[d, k]) + b[k]
    s[n, -1, k] = s0[n, k]
    s[n, t, k] = tanh(u[n, t, k] + sum(j, s[n, t - 1, j] * U[j, k]))
    h[n, t, k] = s[n, t, k]

Written by pullback 0.1.0 from the definition rnn.toml; to change it, change that file.
Digest of the definition: 21f5a426a40bc428
The derivation, step by step, each step proved: pullback show rnn
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (N, T, D)
    dW: NDArray[np.floating]  # (D, K)
    db: NDArray[np.floating]  # (K,)
    ds0: NDArray[np.floating]  # (N, K)
    dU: NDArray[np.floating]  # (K, K)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    W: NDArray[np.floating]
    s0: NDArray[np.floating]
    U: NDArray[np.floating]
    T: int
    equal_t: NDArray[np.bool_]
    s: NDArray[np.floating]
    K: int
    N: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, K, N, T)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    s: NDArray[np.floating] | None = None  # (T + 1, N, K)
    u: NDArray[np.floating] | None = None  # (N, T, K)
    t: NDArray[np.integer] | None = None  # (T,)
    equal_t: NDArray[np.bool_] | None = None  # (T,)
    equal_t_2: NDArray[np.floating] | None = None  # (T,)
    h: NDArray[np.floating] | None = None  # (N, T, K)
    s_sum: NDArray[np.floating] | None = None  # (N, K)
    ds: NDArray[np.floating] | None = None  # (T + 1, N, K)
    du: NDArray[np.floating] | None = None  # (T, N, K)
    ds0: NDArray[np.floating] | None = None  # (N, K)
    dU_sum: NDArray[np.floating] | None = None  # (K, N, T)
    dU: NDArray[np.floating] | None = None  # (K, K)
    dx: NDArray[np.floating] | None = None  # (N, T, D)
    dW: NDArray[np.floating] | None = None  # (D, K)
    db: NDArray[np.floating] | None = None  # (K,)
    ds_product: NDArray[np.floating] | None = None  # (N, K)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    b: NDArray[np.floating],
    s0: NDArray[np.floating],
    U: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """h, and what backward needs to know of the way to it.

    Arguments, with N sequences, T steps, K units, D features:
        x: inputs, (N, T, D), floats
        W: weights of the inputs, (D, K), floats
        b: bias, (K,), floats
        s0: state before the first step, (N, K), floats
        U: weights of the state, (K, K), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): h of shape (N, T, K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, W, b, s0, U, dtype, D, K, N, T = _arguments(x, W, b, s0, U)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, K, N, T), x=x, W=W, b=b, s0=s0, U=U)
    # u[n, t, k] = sum(d, x[n, t, d] * W[d, k]) + b[k]
    u = np.matmul(x, W, out=work.u)
    u += b
    # s[n, -1, k] = s0[n, k]
    # s[n, t, k] = tanh(u[n, t, k] + sum(j, s[n, t - 1, j] * U[j, k]))
    t = np.arange(T) if work.t is None else work.t
    equal_t = np.equal(t, 0, out=work.equal_t)
    equal_t_2 = np.positive(equal_t, dtype=dtype, out=work.equal_t_2)
    s = np.empty((T + 1, N, K), dtype) if work.s is None else work.s
    s[T:] = 0
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        s_t_2 = s[t_2]
        s_sum = np.multiply(equal_t_2[t_2] > 0, s0, out=work.s_sum)
        s_sum += s[t_2 - 1]
        np.matmul(s_sum, U, out=s_t_2)
        s_t_2 += u[:, t_2]
        np.tanh(s_t_2, out=s_t_2)
    s = s[:T]
    # h[n, t, k] = s[n, t, k]
    h = _spread(s.transpose([1, 0, 2]), (N, T, K), out=work.h)
    shape = (N, T, K)
    turn = work.turns[0]
    cache = Cache(x, W, s0, U, T, equal_t, s, K, N, shape, dtype, work, turn)
    return h, cache


@np.errstate(under="ignore")
def backward(dh: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (N, T, K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    x, W, s0, U, T, equal_t, s, K, N, shape, dtype, work, turn = cache
    _current(work, turn)
    dh = _like("dh", dh, shape, dtype, "the output")
    _apart(work, dh=dh)
    # ∂ℒ/∂s[n,t,k] = Σ_j U[k,j] (1 - s[n,t + 1,j]²) ∂ℒ/∂s[n,t + 1,j] + ∂ℒ/∂h[n,t,k]
    du = np.square(s, out=work.du)
    np.subtract(1, du, out=du)
    ds = np.empty((T + 1, N, K), dtype) if work.ds is None else work.ds
    ds[T:] = 0
    du_shifted = _window(du, 0, 1, (1,), (T,))
    # place T, behind all, holds 0, for the first step to read
    for t_3 in reversed(range(T)):
        ds_t_3 = ds[t_3]
        ds_product = np.multiply(ds[t_3 + 1], du_shifted[t_3], out=work.ds_product)
        np.matmul(ds_product, U.T, out=ds_t_3)
        ds_t_3 += dh[:, t_3]
    ds = ds[:T]
    # ∂ℒ/∂u[n,t,k] = (1 - s[n,t,k]²) ∂ℒ/∂s[n,t,k]
    du *= ds
    # ∂ℒ/∂s0[n,j] = Σ_k U[j,k] (1 - s[n,0,k]²) ∂ℒ/∂s[n,0,k]
    ds0 = np.matmul(_window(du, 0, 0, (), ()), U.T, out=work.ds0)
    # ∂ℒ/∂U[j,k] = Σ_{n,t} (1 - s[n,t,k]²) (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂ℒ/∂s[n,t,k]
    dU_sum = np.multiply(equal_t, s0.T[:, :, None], out=work.dU_sum)
    dU_sum += _window(s, 0, -1, (1,), (T,)).transpose([2, 1, 0])
    dU = _contract("knt,tnj->kj", dU_sum, du, out=work.dU)
    # ∂ℒ/∂x[n,t,d] = Σ_k W[d,k] ∂ℒ/∂u[n,t,k]
    dx = _contract("dk,tnk->ntd", W, du, out=work.dx)
    # ∂ℒ/∂W[d,k] = Σ_{n,t} x[n,t,d] ∂ℒ/∂u[n,t,k]
    dW = _contract("tnk,ntd->dk", du, x, out=work.dW)
    # ∂ℒ/∂b[k] = Σ_{n,t} ∂ℒ/∂u[n,t,k]
    db = du.sum(axis=(0, 1), out=work.db)
    return Gradients(dx, dW, db, ds0, dU)


def value(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    b: NDArray[np.floating],
    s0: NDArray[np.floating],
    U: NDArray[np.floating],
) -> NDArray[np.floating]:
    """h alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, W, b, s0, U, dtype, _, K, N, T = _arguments(x, W, b, s0, U)
    h = np.empty((N, T, K), dtype)
    for _rows in _parts((N,), (T + 1) * K + 2 * T * K):
        h[_rows], _ = forward(x[_rows], W, b, s0[_rows], U)
    return h


def workspace(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    b: NDArray[np.floating],
    s0: NDArray[np.floating],
    U: NDArray[np.floating],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, _, _, dtype, D, K, N, T = _arguments(x, W, b, s0, U)
    arrays: dict[str, NDArray[Any]] = {
        "s": np.empty((T + 1, N, K), dtype),
        "u": np.empty((N, T, K), dtype),
        "t": np.arange(T),
        "equal_t": np.empty((T,), np.bool_),
        "equal_t_2": np.empty((T,), dtype),
        "h": np.empty((N, T, K), dtype),
        "s_sum": np.empty((N, K), dtype),
        "ds": np.empty((T + 1, N, K), dtype),
        "du": np.empty((T, N, K), dtype),
        "ds0": np.empty((N, K), dtype),
        "dU_sum": np.empty((K, N, T), dtype),
        "dU": np.empty((K, K), dtype),
        "dx": np.empty((N, T, D), dtype),
        "dW": np.empty((D, K), dtype),
        "db": np.empty((K,), dtype),
        "ds_product": np.empty((N, K), dtype),
    }
    return Workspace((dtype, D, K, N, T), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (N, T, K).
    """
    x, W, b, s0, U = _each("inputs", inputs, "x W b s0 U")
    x, W, b, s0, U, dtype, D, K, N, T = _arguments(x, W, b, s0, U)
    x_dot, W_dot, b_dot, s0_dot, U_dot = _each(
        "tangents", tangents, "x_dot W_dot b_dot s0_dot U_dot"
    )
    x_dot = _like("x_dot", x_dot, (N, T, D), dtype, "x")
    W_dot = _like("W_dot", W_dot, (D, K), dtype, "W")
    b_dot = _like("b_dot", b_dot, (K,), dtype, "b")
    s0_dot = _like("s0_dot", s0_dot, (N, K), dtype, "s0")
    U_dot = _like("U_dot", U_dot, (K, K), dtype, "U")
    # u[n, t, k] = sum(d, x[n, t, d] * W[d, k]) + b[k]
    u = x @ W + b
    # s[n, -1, k] = s0[n, k]
    # s[n, t, k] = tanh(u[n, t, k] + sum(j, s[n, t - 1, j] * U[j, k]))
    t = np.arange(T)
    equal_t = (t == 0).astype(dtype)
    s = np.zeros((T + 1, N, K), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        s_sum = ((equal_t[t_2] > 0) * s0 + s[t_2 - 1]) @ U + u[:, t_2]
        s[t_2] = np.tanh(s_sum, out=s_sum)
    s = s[:T]
    # h[n, t, k] = s[n, t, k]
    h = np.broadcast_to(s.transpose([1, 0, 2]), (N, T, K)).copy()
    # u̇[n,t,k] = Σ_d ẋ[n,t,d] W[d,k] + Σ_d Ẇ[d,k] x[n,t,d] + ḃ[k]
    u_dot = x_dot @ W + x @ W_dot + b_dot
    # ṡ[n,t,k] = (1 - s[n,t,k]²) Σ_j U̇[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) + (1 - s[n,t,k]²)
    #     Σ_j ṡ[n,t - 1,j] U[j,k] + 𝟙[t = 0] (1 - s[n,t,k]²) Σ_j s0˙[n,j] U[j,k] + u̇[n,t,k] (1
    #     - s[n,t,k]²)
    one_minus_square_s = 1 - np.square(s)
    s_dot_product = one_minus_square_s * u_dot.transpose([1, 0, 2])
    window = _window(s, 0, -1, (1,), (T,))
    s_dot_product_2 = s0_dot @ U * one_minus_square_s
    s_dot = np.zeros((T + 1, N, K), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_3 in range(T):
        one_minus_square_s_t_3 = one_minus_square_s[t_3]
        s_dot_greater = equal_t[t_3] > 0
        s_dot_product_3 = s_dot_greater * s_dot_product_2[t_3]
        s_dot_product_4 = one_minus_square_s_t_3 * ((s_dot_greater * s0 + window[t_3]) @ U_dot)
        s_dot_sum = np.add(s_dot_product_3, s_dot_product_4, out=s_dot_product_3)
        s_dot_product_5 = one_minus_square_s_t_3 * (s_dot[t_3 - 1] @ U)
        s_dot_sum_2 = np.add(s_dot_sum, s_dot_product_5, out=s_dot_sum)
        s_dot[t_3] = np.add(s_dot_sum_2, s_dot_product[t_3], out=s_dot_sum_2)
    s_dot = s_dot[:T]
    # ḣ[n,t,k] = ṡ[n,t,k]
    h_dot = np.broadcast_to(s_dot.transpose([1, 0, 2]), (N, T, K)).copy()
    return h, h_dot


def jacobian(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    b: NDArray[np.floating],
    s0: NDArray[np.floating],
    U: NDArray[np.floating],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    h, cache = forward(x, W, b, s0, U)
    return Gradients(*_by_rows(h, lambda dh: backward(dh, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"x": 0, "s0": 0},
        "outputs": {"h": 0},
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


def _arguments(x: Any, W: Any, b: Any, s0: Any, U: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N T D")
    W = _array("W", W, "D K")
    b = _array("b", b, "K")
    s0 = _array("s0", s0, "N K")
    U = _array("U", U, "K K")
    dtype = x.dtype
    if W.dtype != dtype or b.dtype != dtype or s0.dtype != dtype or U.dtype != dtype:
        _one_dtype(x=x, W=W, b=b, s0=s0, U=U)
    N = x.shape[0]
    T = x.shape[1]
    D = x.shape[2]
    K = W.shape[1]
    if W.shape != (D, K) or b.shape != (K,) or s0.shape != (N, K) or U.shape != (K, K):
        _one_size(x=(x, "N T D"), W=(W, "D K"), b=(b, "K"), s0=(s0, "N K"), U=(U, "K K"))
    return x, W, b, s0, U, dtype, D, K, N, T


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


def _contract(
    signature: str, a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """einsum of two arrays by matrix products, some rows of the larger one at a time.

    So what has to be copied for them, such as windows, stays in the cache.
    """
    left, right, result = signature.replace("->", ",").split(",")
    if a.size < b.size:
        left, right, a, b = right, left, b, a
    length = dict(zip(left + right, a.shape + b.shape))
    if out is None:
        out = np.empty([length[letter] for letter in result], a.dtype)
    alone = [length[letter] for letter in right if letter not in left]
    if a.size * math.prod(alone) <= 2**12:
        np.einsum(f"{left},{right}->{result}", a, b, out=out)
        return out
    first, row = left[0], a[:1].size
    step = max(1, 2**19 // row)
    space = np.empty(min(step, len(a)) * row, a.dtype)
    added = first not in result and step < len(a)
    total = np.zeros(out.shape) if added else out
    stacked = first if first in result and row >= 2**14 else ""
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        some = b[(slice(None),) * right.index(first) + (rows,)] if first in right else b
        place = out
        if first in result:
            place = out[(slice(None),) * result.index(first) + (rows,)]
        _matrix_product((left, right, result), a[rows], some, place, space, stacked)
        if added:
            total += out
    if added:
        out[...] = total
    return out


def _matrix_product(
    letters: tuple[str, str, str],
    a: NDArray[Any],
    b: NDArray[Any],
    out: NDArray[Any],
    space: NDArray[Any],
    stacked: str,
) -> None:
    """einsum of two arrays by one matrix product, or by one for each place of shared axes, and of
    the `stacked` one. The first array is copied into `space`, if it must be."""
    left, right, result = letters
    shared = [c for c in left if c in right]
    batch = [c for c in result if c in shared or c == stacked]
    summed = [c for c in shared if c not in result]
    rows, columns = ([c for c in result if c in own and c not in batch] for own in (left, right))
    x = _matrix(a, left, batch, (rows, summed), space)
    y = _matrix(b, right, batch, (summed, columns), None)
    order = [*batch, *rows, *columns]
    if rows and columns and result.index(columns[0]) < result.index(rows[0]):
        x, y = y.swapaxes(-1, -2), x.swapaxes(-1, -2)
        order = [*batch, *columns, *rows]
    if "".join(order) == result and out.flags.c_contiguous:
        lead = [out.shape[k] for k in range(len(batch))]
        np.matmul(x, y, out=out.reshape(*lead, x.shape[-2], y.shape[-1]))
        return
    found = out.transpose([result.index(c) for c in order])
    found[...] = np.matmul(x, y).reshape(found.shape)


def _matrix(
    array: NDArray[Any],
    letters: str,
    batch: list[str],
    sides: tuple[list[str], list[str]],
    space: NDArray[Any] | None,
) -> NDArray[Any]:
    """An array as matrices, copied into `space` where it must be; what runs along memory is copied
    along memory. An axis of `batch` that it lacks has the length 1."""
    runs = [(abs(stride) or 2**62, -n) for stride, n in zip(array.strides, array.shape)]
    turned = letters[runs.index(min(runs))] in sides[0]
    first, last = sides[::-1] if turned else sides
    lead = [c for c in batch if c in letters]
    array = array.transpose([letters.index(c) for c in (*lead, *first, *last)])
    if space is not None and not array.flags.c_contiguous:
        copied = space[: array.size].reshape(array.shape)
        np.copyto(copied, array)
        array = copied
    length = dict(zip(lead, array.shape))
    middle = len(lead) + len(first)
    shape = [math.prod(array.shape[len(lead) : middle]), math.prod(array.shape[middle:])]
    matrices = array.reshape(*(length.get(c, 1) for c in batch), *shape)
    return matrices.swapaxes(-1, -2) if turned else matrices


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


# Written by pullback from its own layers; digest of what stands above: 6fa4f1870d838a37
