"""Triplet loss

How far an anchor is from what is like it, beyond its distance from what is not, and a margin.

    a[...] = sqrt(sum(d, (x[..., d] - p[..., d])**2))
    b[...] = sqrt(sum(d, (x[..., d] - q[..., d])**2))
    L[...] = max(0, a[...] - b[...] + m)

Written by pullback 0.1.0 from the definition triplet.toml; to change it, change that file.
Digest of the definition: 49beb15b1eb74582
The derivation, step by step, each step proved: pullback show triplet
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (..., D)
    dp: NDArray[np.floating]  # (..., D)
    dq: NDArray[np.floating]  # (..., D)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x_shifted: NDArray[np.floating]
    a: NDArray[np.floating]
    x_shifted_2: NDArray[np.floating]
    b: NDArray[np.floating]
    L: NDArray[np.floating]
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
    x_shifted: NDArray[np.floating] | None = None  # (*batch, D)
    a: NDArray[np.floating] | None = None  # (*batch,)
    x_shifted_2: NDArray[np.floating] | None = None  # (*batch, D)
    b: NDArray[np.floating] | None = None  # (*batch,)
    L: NDArray[np.floating] | None = None  # (*batch,)
    not_equal_L: NDArray[np.bool_] | None = None  # (*batch,)
    da: NDArray[np.floating] | None = None  # (*batch,); then dx_quotient
    db: NDArray[np.floating] | None = None  # (*batch,); then dq_quotient
    not_equal_b: NDArray[np.bool_] | None = None  # (*batch,)
    where_not_equal_b: NDArray[np.floating] | None = None  # (*batch,)
    dx: NDArray[np.floating] | None = None  # (*batch, D)
    dq: NDArray[np.floating] | None = None  # (*batch, D)
    not_equal_a: NDArray[np.bool_] | None = None  # (*batch,)
    where_not_equal_a: NDArray[np.floating] | None = None  # (*batch,)
    dp: NDArray[np.floating] | None = None  # (*batch, D)


_NEW = Workspace()


@np.errstate(all="ignore")
def forward(
    x: NDArray[np.floating],
    p: NDArray[np.floating],
    q: NDArray[np.floating],
    m: float | np.floating,
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with D features:
        x: anchors, (..., D), floats
        p: positive examples, like the anchors, (..., D), floats
        q: negative examples, unlike the anchors, (..., D), floats
        m: margin, such as 1, one number
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, p, q, m, dtype, batch, D = _arguments(x, p, q, m)
    x = _flat(x, batch)
    p = _flat(p, batch)
    q = _flat(q, batch)
    size_batch = x.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, size_batch), x=x, p=p, q=q)
    # a[n] = sqrt(sum(d, (x[n, d] - p[n, d])**2))
    x_shifted = np.subtract(x, p, out=work.x_shifted)
    a = _dot_last(x_shifted, x_shifted, out=work.a)
    np.sqrt(a, out=a)
    # b[n] = sqrt(sum(d, (x[n, d] - q[n, d])**2))
    x_shifted_2 = np.subtract(x, q, out=work.x_shifted_2)
    b = _dot_last(x_shifted_2, x_shifted_2, out=work.b)
    np.sqrt(b, out=b)
    # L[n] = max(0, a[n] - b[n] + m)
    L = np.add(a, m, out=work.L)
    L -= b
    np.maximum(0, L, out=L)
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(x_shifted, a, x_shifted_2, b, L, batch, shape, dtype, work, turn)
    return _unflat(L, batch), cache


@np.errstate(all="ignore")
def backward(dL: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    x_shifted, a, x_shifted_2, b, L, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    _apart(work, dL=dL)
    # ∂E/∂a[n] = 𝟙[m + a[n] - b[n] > 0] ∂E/∂L[n]
    # that is, 𝟙[a + m 𝟏 - b > 0] ⊙ ∂E/∂L
    # in the form of: mask from the output
    not_equal_L = np.not_equal(L, 0, out=work.not_equal_L)
    da = np.multiply(dL, not_equal_L, out=work.da)
    # ∂E/∂b[n] = -𝟙[m + a[n] - b[n] > 0] ∂E/∂L[n]
    # that is, -𝟙[a + m 𝟏 - b > 0] ⊙ ∂E/∂L
    # in the form of: mask from the output
    db = np.negative(da, out=work.db)
    # ∂E/∂q[n,d] = -(x[n,d] - q[n,d]) (∂E/∂b[n]) / b[n]
    # that is, -diag(b^∘(-1) ⊙ ∂E/∂b) (x - q)
    not_equal_b = np.not_equal(b, 0, out=work.not_equal_b)
    where_not_equal_b = _where(not_equal_b, b, np.inf, out=work.where_not_equal_b)
    dq_quotient = np.divide(db, where_not_equal_b, out=db)
    dx = np.multiply(dq_quotient[:, None], x_shifted_2, out=work.dx)
    dq = np.negative(dx, out=work.dq)
    # ∂E/∂x[n,d] = (x[n,d] - p[n,d]) (∂E/∂a[n]) / a[n] + (x[n,d] - q[n,d]) (∂E/∂b[n]) / b[n]
    # that is, diag(a^∘(-1) ⊙ ∂E/∂a) (x - p) + diag(b^∘(-1) ⊙ ∂E/∂b) (x - q)
    not_equal_a = np.not_equal(a, 0, out=work.not_equal_a)
    where_not_equal_a = _where(not_equal_a, a, np.inf, out=work.where_not_equal_a)
    dx_quotient = np.divide(da, where_not_equal_a, out=da)
    dp = np.multiply(dx_quotient[:, None], x_shifted, out=work.dp)
    dx += dp
    # ∂E/∂p[n,d] = -(x[n,d] - p[n,d]) (∂E/∂a[n]) / a[n]
    # that is, -diag(a^∘(-1) ⊙ ∂E/∂a) (x - p)
    np.negative(dp, out=dp)
    return Gradients(_unflat(dx, batch), _unflat(dp, batch), _unflat(dq, batch))


def value(
    x: NDArray[np.floating],
    p: NDArray[np.floating],
    q: NDArray[np.floating],
    m: float | np.floating,
) -> NDArray[np.floating]:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, p, q, m, dtype, batch, D = _arguments(x, p, q, m)
    if not batch:
        return forward(x, p, q, m)[0]
    L = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 2 * D + 3):
        L[_rows], _ = forward(x[_rows], p[_rows], q[_rows], m)
    return L


def workspace(
    x: NDArray[np.floating],
    p: NDArray[np.floating],
    q: NDArray[np.floating],
    m: float | np.floating,
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    x, _, _, _, dtype, batch, D = _arguments(x, p, q, m)
    x = _flat(x, batch)
    size_batch = x.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "x_shifted": np.empty((size_batch, D), dtype),
        "a": np.empty((size_batch,), dtype),
        "x_shifted_2": np.empty((size_batch, D), dtype),
        "b": np.empty((size_batch,), dtype),
        "L": np.empty((size_batch,), dtype),
        "not_equal_L": np.empty((size_batch,), np.bool_),
        "da": np.empty((size_batch,), dtype),
        "db": np.empty((size_batch,), dtype),
        "not_equal_b": np.empty((size_batch,), np.bool_),
        "where_not_equal_b": np.empty((size_batch,), dtype),
        "dx": np.empty((size_batch, D), dtype),
        "dq": np.empty((size_batch, D), dtype),
        "not_equal_a": np.empty((size_batch,), np.bool_),
        "where_not_equal_a": np.empty((size_batch,), dtype),
        "dp": np.empty((size_batch, D), dtype),
    }
    return Workspace((dtype, D, size_batch), _ids(arrays), [0], **arrays)


@np.errstate(all="ignore")
def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (...).
    """
    x, p, q, m = _each("inputs", inputs, "x p q m")
    x, p, q, m, dtype, batch, D = _arguments(x, p, q, m)
    x = _flat(x, batch)
    p = _flat(p, batch)
    q = _flat(q, batch)
    x_dot, p_dot, q_dot = _each("tangents", tangents, "x_dot p_dot q_dot")
    x_dot = _flat(_like("x_dot", x_dot, (*batch, D), dtype, "x"), batch)
    p_dot = _flat(_like("p_dot", p_dot, (*batch, D), dtype, "p"), batch)
    q_dot = _flat(_like("q_dot", q_dot, (*batch, D), dtype, "q"), batch)
    # a[n] = sqrt(sum(d, (x[n, d] - p[n, d])**2))
    x_shifted = x - p
    a = np.sqrt(_dot_last(x_shifted, x_shifted))
    # b[n] = sqrt(sum(d, (x[n, d] - q[n, d])**2))
    x_shifted_2 = x - q
    b = np.sqrt(_dot_last(x_shifted_2, x_shifted_2))
    # L[n] = max(0, a[n] - b[n] + m)
    a_plus_m_shifted = a + m - b
    L = np.maximum(0, a_plus_m_shifted)
    # ȧ[n] = (Σ_d ẋ[n,d] (x[n,d] - p[n,d])) / a[n] - (Σ_d ṗ[n,d] (x[n,d] - p[n,d])) / a[n]
    # that is, a^∘(-1) ⊙ ((ẋ ⊙ (x - p)) 𝟏) - a^∘(-1) ⊙ ((ṗ ⊙ (x - p)) 𝟏)
    where_not_equal_a = np.where(a != 0, a, np.inf)
    a_dot_quotient = _dot_last(x_shifted, x_dot) / where_not_equal_a
    x_shifted_p_dot = _dot_last(x_shifted, p_dot)
    a_dot_quotient_2 = np.divide(x_shifted_p_dot, where_not_equal_a, out=x_shifted_p_dot)
    a_dot = np.subtract(a_dot_quotient, a_dot_quotient_2, out=a_dot_quotient)
    # ḃ[n] = (Σ_d ẋ[n,d] (x[n,d] - q[n,d])) / b[n] - (Σ_d q̇[n,d] (x[n,d] - q[n,d])) / b[n]
    # that is, b^∘(-1) ⊙ ((ẋ ⊙ (x - q)) 𝟏) - b^∘(-1) ⊙ ((q̇ ⊙ (x - q)) 𝟏)
    where_not_equal_b = np.where(b != 0, b, np.inf)
    b_dot_quotient = _dot_last(x_shifted_2, x_dot) / where_not_equal_b
    x_shifted_2_q_dot = _dot_last(x_shifted_2, q_dot)
    b_dot_quotient_2 = np.divide(x_shifted_2_q_dot, where_not_equal_b, out=x_shifted_2_q_dot)
    b_dot = np.subtract(b_dot_quotient, b_dot_quotient_2, out=b_dot_quotient)
    # L̇[n] = ȧ[n] 𝟙[m + a[n] - b[n] > 0] - ḃ[n] 𝟙[m + a[n] - b[n] > 0]
    # that is, ȧ ⊙ 𝟙[a + m 𝟏 - b > 0] - ḃ ⊙ 𝟙[a + m 𝟏 - b > 0]
    L_dot_greater = a_plus_m_shifted > 0
    L_dot = a_dot * L_dot_greater - b_dot * L_dot_greater
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(
    x: NDArray[np.floating],
    p: NDArray[np.floating],
    q: NDArray[np.floating],
    m: float | np.floating,
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(x, p, q, m)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"x": 0, "p": 0, "q": 0},
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


def _arguments(x: Any, p: Any, q: Any, m: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "... D")
    p = _array("p", p, "... D")
    q = _array("q", q, "... D")
    dtype = x.dtype
    if p.dtype != dtype or q.dtype != dtype:
        _one_dtype(x=x, p=p, q=q)
    m = _number("m", m, dtype)
    batch = x.shape[: x.ndim - 1]
    D = x.shape[-1]
    if p.shape != (*batch, D) or q.shape != (*batch, D):
        _one_size(x=(x, "... D"), p=(p, "... D"), q=(q, "... D"))
    return x, p, q, m, dtype, batch, D


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


def _number(name: str, value: Any, dtype: np.dtype[Any]) -> Any:
    """The value as one number of this dtype."""
    if type(value) is float:
        return dtype.type(value)
    array = _read(name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {array.dtype}; it must be one real number")
    if array.ndim:
        raise ValueError(f"{name} has shape {array.shape}; it must be one real number")
    return dtype.type(array)


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


# Written by pullback from its own layers; digest of what stands above: 22dfc98548eceede
