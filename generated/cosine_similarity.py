"""Cosine similarity

The cosine of the angle between two vectors; a norm below 1e-8 counts as 1e-8.

    a[...] := max(sqrt(sum(d, u[..., d]**2)), 1e-8)
    b[...] := max(sqrt(sum(d, v[..., d]**2)), 1e-8)
    s[...] = sum(d, u[..., d] * v[..., d]) / (a[...] * b[...])

Written by pullback 0.1.0 from the definition cosine_similarity.toml; to change it, change that file.
Digest of the definition: 62941d2b2c7235d1
The derivation, step by step, each step proved: pullback show cosine_similarity
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(ds * s), each in the shape and the dtype of its input."""

    du: NDArray[np.floating]  # (..., D)
    dv: NDArray[np.floating]  # (..., D)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    u: NDArray[np.floating]
    v: NDArray[np.floating]
    sqrt_u: NDArray[np.floating]
    a: NDArray[np.floating]
    sqrt_v: NDArray[np.floating]
    b: NDArray[np.floating]
    s: NDArray[np.floating]
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
    sqrt_u: NDArray[np.floating] | None = None  # (*batch,)
    a: NDArray[np.floating] | None = None  # (*batch,)
    sqrt_v: NDArray[np.floating] | None = None  # (*batch,)
    b: NDArray[np.floating] | None = None  # (*batch,)
    s: NDArray[np.floating] | None = None  # (*batch,)
    ds_over_a: NDArray[np.floating] | None = None  # (*batch,)
    du: NDArray[np.floating] | None = None  # (*batch, D)
    greater_sqrt_u: NDArray[np.bool_] | None = None  # (*batch,)
    du_quotient: NDArray[np.floating] | None = None  # (*batch,)
    not_equal_sqrt_u: NDArray[np.bool_] | None = None  # (*batch,)
    du_choice: NDArray[np.floating] | None = None  # (*batch,)
    du_quotient_u: NDArray[np.floating] | None = None  # (*batch, D)
    ds_over_b: NDArray[np.floating] | None = None  # (*batch,)
    dv: NDArray[np.floating] | None = None  # (*batch, D)
    greater_sqrt_v: NDArray[np.bool_] | None = None  # (*batch,)
    dv_quotient: NDArray[np.floating] | None = None  # (*batch,)
    not_equal_sqrt_v: NDArray[np.bool_] | None = None  # (*batch,)
    dv_choice: NDArray[np.floating] | None = None  # (*batch,)
    dv_quotient_v: NDArray[np.floating] | None = None  # (*batch, D)


_NEW = Workspace()


@np.errstate(all="ignore")
def forward(
    u: NDArray[np.floating], v: NDArray[np.floating], *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """s, and what backward needs to know of the way to it.

    Arguments, with D features:
        u: first vectors, (..., D), floats
        v: second vectors, (..., D), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): s of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    u, v, dtype, batch, D = _arguments(u, v)
    u = _flat(u, batch)
    v = _flat(v, batch)
    size_batch = u.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, size_batch), u=u, v=v)
    # a[n] := max(sqrt(sum(d, u[n, d]**2)), 1e-8)
    sqrt_u = _dot_last(u, u, out=work.sqrt_u)
    np.sqrt(sqrt_u, out=sqrt_u)
    a = np.maximum(sqrt_u, 1e-08, out=work.a)
    # b[n] := max(sqrt(sum(d, v[n, d]**2)), 1e-8)
    sqrt_v = _dot_last(v, v, out=work.sqrt_v)
    np.sqrt(sqrt_v, out=sqrt_v)
    b = np.maximum(sqrt_v, 1e-08, out=work.b)
    # s[n] = sum(d, u[n, d] * v[n, d]) / (a[n] * b[n])
    s = _dot_last(u, v, out=work.s)
    s /= a
    s /= b
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(u, v, sqrt_u, a, sqrt_v, b, s, batch, shape, dtype, work, turn)
    return _unflat(s, batch), cache


@np.errstate(all="ignore")
def backward(ds: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        ds: the gradient by s, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    u, v, sqrt_u, a, sqrt_v, b, s, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    ds = _flat(_like("ds", ds, shape, dtype, "the output"), batch)
    _apart(work, ds=ds)
    # ∂ℒ/∂u[n,d] = (v[n,d]/b[n] - u[n,d] s[n] 𝟙[√(Σ_d′ u[n,d′]²) > 10⁻⁸] / √(Σ_d′ u[n,d′]²))
    #     (∂ℒ/∂s[n]) / a[n]
    # that is, diag(a^∘(-1) ⊙ ∂ℒ/∂s) (diag(b)⁻¹ v - diag(s ⊙ ((u ⊙ u) 𝟏)^∘(-1/2) ⊙ 𝟙[((u ⊙ u)
    #     𝟏)^∘(1/2) > 10⁻⁸]) u)
    ds_over_a = np.divide(ds, a, out=work.ds_over_a)
    du = np.divide(v, b[:, None], out=work.du)
    greater_sqrt_u = np.greater(sqrt_u, 1e-08, out=work.greater_sqrt_u)
    du_quotient = np.multiply(s, greater_sqrt_u, out=work.du_quotient)
    not_equal_sqrt_u = np.not_equal(sqrt_u, 0, out=work.not_equal_sqrt_u)
    du_choice = _where(not_equal_sqrt_u, sqrt_u, np.inf, out=work.du_choice)
    du_quotient /= du_choice
    du_quotient_u = np.multiply(du_quotient[:, None], u, out=work.du_quotient_u)
    du -= du_quotient_u
    du *= ds_over_a[:, None]
    # ∂ℒ/∂v[n,d] = (u[n,d]/a[n] - v[n,d] s[n] 𝟙[√(Σ_d′ v[n,d′]²) > 10⁻⁸] / √(Σ_d′ v[n,d′]²))
    #     (∂ℒ/∂s[n]) / b[n]
    # that is, diag(b^∘(-1) ⊙ ∂ℒ/∂s) (diag(a)⁻¹ u - diag(s ⊙ ((v ⊙ v) 𝟏)^∘(-1/2) ⊙ 𝟙[((v ⊙ v)
    #     𝟏)^∘(1/2) > 10⁻⁸]) v)
    ds_over_b = np.divide(ds, b, out=work.ds_over_b)
    dv = np.divide(u, a[:, None], out=work.dv)
    greater_sqrt_v = np.greater(sqrt_v, 1e-08, out=work.greater_sqrt_v)
    dv_quotient = np.multiply(s, greater_sqrt_v, out=work.dv_quotient)
    not_equal_sqrt_v = np.not_equal(sqrt_v, 0, out=work.not_equal_sqrt_v)
    dv_choice = _where(not_equal_sqrt_v, sqrt_v, np.inf, out=work.dv_choice)
    dv_quotient /= dv_choice
    dv_quotient_v = np.multiply(dv_quotient[:, None], v, out=work.dv_quotient_v)
    dv -= dv_quotient_v
    dv *= ds_over_b[:, None]
    return Gradients(_unflat(du, batch), _unflat(dv, batch))


def value(u: NDArray[np.floating], v: NDArray[np.floating]) -> NDArray[np.floating]:
    """s alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    u, v, dtype, batch, _ = _arguments(u, v)
    if not batch:
        return forward(u, v)[0]
    s = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 5):
        s[_rows], _ = forward(u[_rows], v[_rows])
    return s


def workspace(u: NDArray[np.floating], v: NDArray[np.floating]) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    u, _, dtype, batch, D = _arguments(u, v)
    u = _flat(u, batch)
    size_batch = u.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "sqrt_u": np.empty((size_batch,), dtype),
        "a": np.empty((size_batch,), dtype),
        "sqrt_v": np.empty((size_batch,), dtype),
        "b": np.empty((size_batch,), dtype),
        "s": np.empty((size_batch,), dtype),
        "ds_over_a": np.empty((size_batch,), dtype),
        "du": np.empty((size_batch, D), dtype),
        "greater_sqrt_u": np.empty((size_batch,), np.bool_),
        "du_quotient": np.empty((size_batch,), dtype),
        "not_equal_sqrt_u": np.empty((size_batch,), np.bool_),
        "du_choice": np.empty((size_batch,), dtype),
        "du_quotient_u": np.empty((size_batch, D), dtype),
        "ds_over_b": np.empty((size_batch,), dtype),
        "dv": np.empty((size_batch, D), dtype),
        "greater_sqrt_v": np.empty((size_batch,), np.bool_),
        "dv_quotient": np.empty((size_batch,), dtype),
        "not_equal_sqrt_v": np.empty((size_batch,), np.bool_),
        "dv_choice": np.empty((size_batch,), dtype),
        "dv_quotient_v": np.empty((size_batch, D), dtype),
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
    u, v = _each("inputs", inputs, "u v")
    u, v, dtype, batch, D = _arguments(u, v)
    u = _flat(u, batch)
    v = _flat(v, batch)
    u_dot, v_dot = _each("tangents", tangents, "u_dot v_dot")
    u_dot = _flat(_like("u_dot", u_dot, (*batch, D), dtype, "u"), batch)
    v_dot = _flat(_like("v_dot", v_dot, (*batch, D), dtype, "v"), batch)
    # a[n] := max(sqrt(sum(d, u[n, d]**2)), 1e-8)
    sqrt_u = np.sqrt(_dot_last(u, u))
    a = np.maximum(sqrt_u, 1e-08)
    # b[n] := max(sqrt(sum(d, v[n, d]**2)), 1e-8)
    sqrt_v = np.sqrt(_dot_last(v, v))
    b = np.maximum(sqrt_v, 1e-08)
    # s[n] = sum(d, u[n, d] * v[n, d]) / (a[n] * b[n])
    s = _dot_last(u, v) / a / b
    # ṡ[n] = ((Σ_d u̇[n,d] v[n,d]) / b[n] - s[n] 𝟙[√(Σ_d u[n,d]²) > 10⁻⁸] (Σ_d u[n,d] u̇[n,d]) /
    #     √(Σ_d u[n,d]²)) / a[n] + ((Σ_d u[n,d] v̇[n,d]) / a[n] - s[n] 𝟙[√(Σ_d v[n,d]²) > 10⁻⁸]
    #     (Σ_d v̇[n,d] v[n,d]) / √(Σ_d v[n,d]²)) / b[n]
    # that is, a^∘(-1) ⊙ (b^∘(-1) ⊙ ((u̇ ⊙ v) 𝟏) - s ⊙ ((u ⊙ u) 𝟏)^∘(-1/2) ⊙ 𝟙[((u ⊙ u)
    #     𝟏)^∘(1/2) > 10⁻⁸] ⊙ ((u ⊙ u̇) 𝟏)) + b^∘(-1) ⊙ (a^∘(-1) ⊙ ((u ⊙ v̇) 𝟏) - s ⊙ ((v ⊙ v)
    #     𝟏)^∘(-1/2) ⊙ 𝟙[((v ⊙ v) 𝟏)^∘(1/2) > 10⁻⁸] ⊙ ((v̇ ⊙ v) 𝟏))
    s_dot_product = s * _dot_last(u, u_dot) * (sqrt_u > 1e-08)
    s_dot_choice = np.where(sqrt_u != 0, sqrt_u, np.inf)
    s_dot_quotient = np.divide(s_dot_product, s_dot_choice, out=s_dot_product)
    s_dot_quotient_2 = (_dot_last(u_dot, v) / b - s_dot_quotient) / a
    s_dot_product_2 = s * _dot_last(v, v_dot) * (sqrt_v > 1e-08)
    s_dot_choice_2 = np.where(sqrt_v != 0, sqrt_v, np.inf)
    s_dot_quotient_3 = np.divide(s_dot_product_2, s_dot_choice_2, out=s_dot_product_2)
    s_dot_quotient_4 = np.divide(_dot_last(u, v_dot) / a - s_dot_quotient_3, b, out=b)
    s_dot = np.add(s_dot_quotient_2, s_dot_quotient_4, out=s_dot_quotient_2)
    return _unflat(s, batch), _unflat(s_dot, batch)


def jacobian(u: NDArray[np.floating], v: NDArray[np.floating]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    s, cache = forward(u, v)
    return Gradients(*_by_rows(s, lambda ds: backward(ds, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"u": 0, "v": 0},
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


def _arguments(u: Any, v: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    u = _array("u", u, "... D")
    v = _array("v", v, "... D")
    dtype = u.dtype
    if v.dtype != dtype:
        _one_dtype(u=u, v=v)
    batch = u.shape[: u.ndim - 1]
    D = u.shape[-1]
    if v.shape != (*batch, D):
        _one_size(u=(u, "... D"), v=(v, "... D"))
    return u, v, dtype, batch, D


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


# Written by pullback from its own layers; digest of what stands above: ec8d95a42d1a75ac
