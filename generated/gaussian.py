"""Gaussian likelihood with a full covariance

The negative log-likelihood of each example under a normal distribution with a covariance matrix.

    r[..., i] = x[..., i] - mu[i]
    q[...] = sum(j, r[..., j] * solve(S[i, j], r[..., i]))
    L[...] = q[...] / 2 + logdet(S[i, j]) / 2 + size(i) / 2 * log(2 * pi)

Written by pullback 0.1.0 from the definition gaussian.toml; to change it, change that file.
Digest of the definition: a9827e8d2c3c945a
The derivation, step by step, each step proved: pullback show gaussian
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (..., I)
    dmu: NDArray[np.floating]  # (I,)
    dS: NDArray[np.floating]  # (I, I)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    S: NDArray[np.floating]
    r_2: NDArray[np.floating]
    solve: NDArray[np.floating]
    I: int
    size_batch: int
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, I, size_batch)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    r: NDArray[np.floating] | None = None  # (*batch, I)
    solve: NDArray[np.floating] | None = None  # (I, *batch)
    q: NDArray[np.floating] | None = None  # (*batch,); then L
    dq: NDArray[np.floating] | None = None  # (*batch,)
    dS_difference: NDArray[np.floating] | None = None  # (I, I)
    dr: NDArray[np.floating] | None = None  # (I, *batch)
    dq_dr: NDArray[np.floating] | None = None  # (I, *batch)
    solve_dq_dr: NDArray[np.floating] | None = None  # (I, I)
    dS: NDArray[np.floating] | None = None  # (I, I)
    dx: NDArray[np.floating] | None = None  # (*batch, I)
    dmu: NDArray[np.floating] | None = None  # (I,)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating],
    mu: NDArray[np.floating],
    S: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with I:
        x: values, (..., I), floats
        mu: means, (I,), floats
        S: covariance, symmetric and positive definite, (I, I), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    I must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, mu, S, dtype, batch, I = _arguments(x, mu, S)
    x = _flat(x, batch)
    size_batch = x.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, I, size_batch), x=x, mu=mu, S=S)
    # r[n, i] = x[n, i] - mu[i]
    r = np.subtract(x, mu, out=work.r)
    # q[n] = sum(j, r[n, j] * solve(S[i, j], r[n, i]))
    r_2 = np.einsum("ai->ia", r)
    solve = _solve(S, r_2, out=work.solve)
    q = np.einsum("ai,ia->a", r, solve, out=work.q)
    # L[n] = q[n] / 2 + logdet(S[i, j]) / 2 + size(i) / 2 * log(2 * pi)
    L = np.multiply(0.5, q, out=q)
    L += 0.5 * I * (np.log(2).item() + np.log(3.141592653589793).item())
    L += 0.5 * _log_determinant(S)
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(S, r_2, solve, I, size_batch, batch, shape, dtype, work, turn)
    return _unflat(L, batch), cache


def backward(dL: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    S, r_2, solve, I, size_batch, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    _apart(work, dL=dL)
    # ∂E/∂q[n] = (1/2) ∂E/∂L[n]
    # that is, (1/2) ∂E/∂L
    dq = np.multiply(0.5, dL, out=work.dq)
    # ∂E/∂S[i,j] = (1/2) S⁻¹[j,i] Σ_n ∂E/∂L[n] - Σ_n ∂E/∂q[n] (Σ_i′ r[n,i′] S⁻¹[i′,i]) Σ_i′
    #     r[n,i′] S⁻¹[j,i′]
    # that is, (1/2) ((∂E/∂L)ᵀ 𝟏) S⁻ᵀ - S⁻ᵀ rᵀ diag(∂E/∂q) r S⁻ᵀ
    dS_difference = _inverse(S, out=work.dS_difference)
    dS_difference *= 0.5 * dL.sum()
    dr = _solve(S, r_2, True, out=work.dr)
    dq_dr = np.multiply(dq, dr, out=work.dq_dr)
    solve_dq_dr = np.matmul(dq_dr, solve.T, out=work.solve_dq_dr)
    dS_difference -= solve_dq_dr.T
    dS = _spread(dS_difference.T, (I, I), out=work.dS)
    # ∂E/∂r[n,i] = (Σ_j r[n,j] S⁻¹[j,i] + Σ_j r[n,j] S⁻¹[i,j]) ∂E/∂q[n]
    # that is, diag(∂E/∂q) (r S⁻¹ + r S⁻ᵀ)
    dr += solve
    dr *= dq
    # ∂E/∂x[n,i] = ∂E/∂r[n,i]
    # that is, ∂E/∂r
    dx = _spread(dr.T, (size_batch, I), out=work.dx)
    # ∂E/∂μ[i] = -Σ_n ∂E/∂r[n,i]
    # that is, -(∂E/∂r)ᵀ 𝟏
    dmu = _sum_last(dr, out=work.dmu)
    np.negative(dmu, out=dmu)
    return Gradients(_unflat(dx, batch), dmu, dS)


def value(
    x: NDArray[np.floating], mu: NDArray[np.floating], S: NDArray[np.floating]
) -> NDArray[np.floating]:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, mu, S, dtype, batch, I = _arguments(x, mu, S)
    if not batch:
        return forward(x, mu, S)[0]
    L = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 2 * I + 1):
        L[_rows], _ = forward(x[_rows], mu, S)
    return L


def workspace(
    x: NDArray[np.floating], mu: NDArray[np.floating], S: NDArray[np.floating]
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    x, _, _, dtype, batch, I = _arguments(x, mu, S)
    x = _flat(x, batch)
    size_batch = x.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "r": np.empty((size_batch, I), dtype),
        "solve": np.empty((I, size_batch), dtype),
        "q": np.empty((size_batch,), dtype),
        "dq": np.empty((size_batch,), dtype),
        "dS_difference": np.empty((I, I), dtype),
        "dr": np.empty((I, size_batch), dtype),
        "dq_dr": np.empty((I, size_batch), dtype),
        "solve_dq_dr": np.empty((I, I), dtype),
        "dS": np.empty((I, I), dtype),
        "dx": np.empty((size_batch, I), dtype),
        "dmu": np.empty((I,), dtype),
    }
    return Workspace((dtype, I, size_batch), _ids(arrays), [0], **arrays)


def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (...).
    """
    x, mu, S = _each("inputs", inputs, "x mu S")
    x, mu, S, dtype, batch, I = _arguments(x, mu, S)
    x = _flat(x, batch)
    x_dot, mu_dot, S_dot = _each("tangents", tangents, "x_dot mu_dot S_dot")
    x_dot = _flat(_like("x_dot", x_dot, (*batch, I), dtype, "x"), batch)
    mu_dot = _like("mu_dot", mu_dot, (I,), dtype, "mu")
    S_dot = _like("S_dot", S_dot, (I, I), dtype, "S")
    # r[n, i] = x[n, i] - mu[i]
    r = x - mu
    # q[n] = sum(j, r[n, j] * solve(S[i, j], r[n, i]))
    r_2 = np.einsum("ai->ia", r)
    solve = _solve(S, r_2)
    q = np.einsum("ai,ia->a", r, solve)
    # L[n] = q[n] / 2 + logdet(S[i, j]) / 2 + size(i) / 2 * log(2 * pi)
    q_2 = 0.5 * q + 0.5 * I * (np.log(2).item() + np.log(3.141592653589793).item())
    L = np.add(q_2, 0.5 * _log_determinant(S), out=q_2)
    # ṙ[n,i] = ẋ[n,i] - μ̇[i]
    # that is, ẋ - 𝟏 μ̇ᵀ
    r_dot = x_dot - mu_dot
    # q̇[n] = Σ_i ṙ[n,i] Σ_j r[n,j] S⁻¹[j,i] + Σ_i ṙ[n,i] Σ_j r[n,j] S⁻¹[i,j] - Σ_{i,j} Ṡ[i,j]
    #     (Σ_i′ r[n,i′] S⁻¹[i′,i]) Σ_i′ r[n,i′] S⁻¹[j,i′]
    # that is, (ṙ ⊙ (r S⁻¹)) 𝟏 + (ṙ ⊙ (r S⁻ᵀ)) 𝟏 - ((r S⁻¹ Ṡ) ⊙ (r S⁻ᵀ)) 𝟏
    solve_2 = _solve(S, r_2, True)
    q_dot_sum = np.einsum("ai,ia->a", r_dot, solve_2) + np.einsum("ai,ia->a", r_dot, solve)
    q_dot = np.subtract(q_dot_sum, np.einsum("ia,ai->a", solve, solve_2.T @ S_dot), out=q_dot_sum)
    # L̇[n] = (1/2) Σ_{i,j} Ṡ[i,j] S⁻¹[j,i] + (1/2) q̇[n]
    # that is, (1/2) q̇ + ((1/2) 𝟏ᵀ (Ṡ ⊙ S⁻ᵀ) 𝟏) 𝟏
    L_dot = 0.5 * q_dot + 0.5 * np.einsum("ij,ji->", S_dot, _inverse(S))
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(
    x: NDArray[np.floating], mu: NDArray[np.floating], S: NDArray[np.floating]
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(x, mu, S)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"x": 0},
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


def _arguments(x: Any, mu: Any, S: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "... I")
    mu = _array("mu", mu, "I")
    S = _array("S", S, "I I")
    dtype = x.dtype
    if mu.dtype != dtype or S.dtype != dtype:
        _one_dtype(x=x, mu=mu, S=S)
    batch = x.shape[: x.ndim - 1]
    I = x.shape[-1]
    if mu.shape != (I,) or S.shape != (I, I):
        _one_size(x=(x, "... I"), mu=(mu, "I"), S=(S, "I I"))
    _not_empty("I", I)
    return x, mu, S, dtype, batch, I


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


def _spread(value: Any, shape: tuple[int, ...], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


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


def _inverse(a: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """The inverse of each matrix; LinAlgError where one has none."""
    return _written(np.linalg.inv(a), out)


def _log_determinant(a: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """The log of the absolute value of each determinant, which may itself overflow or vanish."""
    return _written(np.linalg.slogdet(a)[1], out)


def _solve(
    a: NDArray[Any], b: NDArray[Any], turned: bool = False, out: NDArray[Any] | None = None
) -> Any:
    """The x with a x = b for each matrix, or with aᵀ x = b; what follows the rows are columns."""
    a = np.swapaxes(a, -1, -2) if turned else a
    count = math.prod(b.shape[a.ndim - 1 :])
    columns = b.reshape((*a.shape[:-1], count))
    return _written(np.linalg.solve(a, columns).reshape(b.shape), out)


def _written(found: Any, out: NDArray[Any] | None) -> Any:
    """What was found, written into an array where there is one."""
    if out is None:
        return found
    out[...] = found
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


# Written by pullback from its own layers; digest of what stands above: 12c78440c0fab60f
