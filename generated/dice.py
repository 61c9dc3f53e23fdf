"""Dice loss

One less the overlap of what is predicted with what is there; 1 is added above and below.

    p[..., i] := sigmoid(z[..., i])
    a[...] := sum(i, p[..., i] * t[..., i])
    b[...] := sum(i, p[..., i]) + sum(i, t[..., i])
    L[...] = 1 - (2 * a[...] + 1) / (b[...] + 1)

Written by pullback 0.1.0 from the definition dice.toml; to change it, change that file.
Digest of the definition: dae2b24f1d5ef21d
The derivation, step by step, each step proved: pullback show dice
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dL * L), each in the shape and the dtype of its input."""

    dz: NDArray[np.floating]  # (..., I)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    t: NDArray[np.floating]
    exp_abs_z: NDArray[np.floating]
    exp_abs_z_2: NDArray[np.floating]
    a_2: NDArray[np.floating]
    b_2: NDArray[np.floating]
    a_2_over_b_2: NDArray[np.floating]
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
    exp_abs_z: NDArray[np.floating] | None = None  # (*batch, I)
    greater_equal_z: NDArray[np.bool_] | None = None  # (*batch, I)
    p: NDArray[np.floating] | None = None  # (*batch, I)
    exp_abs_z_2: NDArray[np.floating] | None = None  # (*batch, I)
    a: NDArray[np.floating] | None = None  # (*batch,); then a_2
    b: NDArray[np.floating] | None = None  # (*batch,); then b_2
    sum_t: NDArray[np.floating] | None = None  # (*batch,)
    a_2_over_b_2: NDArray[np.floating] | None = None  # (*batch,)
    L: NDArray[np.floating] | None = None  # (*batch,)
    dz_product: NDArray[np.floating] | None = None  # (*batch, I)
    dL_dz_product: NDArray[np.floating] | None = None  # (*batch, I)
    dz_not_equal: NDArray[np.bool_] | None = None  # (*batch, I)
    dL_over_b_2: NDArray[np.floating] | None = None  # (*batch,)
    not_equal_a_2: NDArray[np.bool_] | None = None  # (*batch,)
    dz_choice: NDArray[np.floating] | None = None  # (*batch,)
    dz_choice_shifted: NDArray[np.floating] | None = None  # (*batch, I)
    dz: NDArray[np.floating] | None = None  # (*batch, I)


_NEW = Workspace()


@np.errstate(all="ignore")
def forward(
    z: NDArray[np.floating], t: NDArray[np.floating], *, work: Workspace | None = None
) -> tuple[NDArray[np.floating], Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with I places of a picture:
        z: logits, one for each place, (..., I), floats
        t: what is there: 1 where the object is, else 0, (..., I), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    z, t, dtype, batch, I = _arguments(z, t)
    z = _flat(z, batch)
    t = _flat(t, batch)
    size_batch = z.shape[0]
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, I, size_batch), z=z, t=t)
    # p[n, i] := sigmoid(z[n, i])
    exp_abs_z = np.abs(z, out=work.exp_abs_z)
    np.negative(exp_abs_z, out=exp_abs_z)
    np.exp(exp_abs_z, out=exp_abs_z)
    greater_equal_z = np.greater_equal(z, 0, out=work.greater_equal_z)
    p = np.maximum(exp_abs_z, greater_equal_z, out=work.p)
    exp_abs_z_2 = np.add(exp_abs_z, 1, out=work.exp_abs_z_2)
    p /= exp_abs_z_2
    # a[n] := sum(i, p[n, i] * t[n, i])
    a = _dot_last(p, t, out=work.a)
    # b[n] := sum(i, p[n, i]) + sum(i, t[n, i])
    b = _sum_last(p, out=work.b)
    sum_t = _sum_last(t, out=work.sum_t)
    b += sum_t
    # L[n] = 1 - (2 * a[n] + 1) / (b[n] + 1)
    a_2 = np.multiply(2, a, out=a)
    a_2 += 1
    b_2 = np.add(b, 1, out=b)
    a_2_over_b_2 = np.divide(a_2, b_2, out=work.a_2_over_b_2)
    L = np.subtract(1, a_2_over_b_2, out=work.L)
    shape = (*batch,)
    turn = work.turns[0]
    cache = Cache(
        t, exp_abs_z, exp_abs_z_2, a_2, b_2, a_2_over_b_2, batch, shape, dtype, work, turn
    )
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
    t, exp_abs_z, exp_abs_z_2, a_2, b_2, a_2_over_b_2, batch, shape, dtype, work, turn = cache
    _current(work, turn)
    dL = _flat(_like("dL", dL, shape, dtype, "the output"), batch)
    _apart(work, dL=dL)
    # ∂E/∂z[n,i] = p[n,i] (1 - p[n,i]) ((1 + 2 a[n]) / (1 + Σ_i′ p[n,i′] + Σ_i′ t[n,i′]) - 2
    #     t[n,i]) (∂E/∂L[n]) / (1 + Σ_i′ p[n,i′] + Σ_i′ t[n,i′])
    # that is, diag((p 𝟏 + t 𝟏 + 𝟏)^∘(-1) ⊙ ∂E/∂L) (p ⊙ (𝟏 𝟏ᵀ - p) ⊙ (((p 𝟏 + t 𝟏 + 𝟏)^∘(-1) ⊙
    #     (2 a + 𝟏)) 𝟏ᵀ - 2 t))
    # in the form of: complement of a sigmoid
    dz_product = np.square(exp_abs_z_2, out=work.dz_product)
    np.divide(exp_abs_z, dz_product, out=dz_product)
    dL_dz_product = np.multiply(dL[:, None], dz_product, out=work.dL_dz_product)
    dz_not_equal = np.not_equal(dL_dz_product, 0, out=work.dz_not_equal)
    dL_over_b_2 = np.divide(dL, b_2, out=work.dL_over_b_2)
    dz_product *= dL_over_b_2[:, None]
    not_equal_a_2 = np.not_equal(a_2, 0, out=work.not_equal_a_2)
    dz_choice = _where(not_equal_a_2, a_2_over_b_2, 0, out=work.dz_choice)
    dz_choice_shifted = np.multiply(2, t, out=work.dz_choice_shifted)
    np.subtract(dz_choice[:, None], dz_choice_shifted, out=dz_choice_shifted)
    dz_product *= dz_choice_shifted
    dz = _where(dz_not_equal, dz_product, 0, out=work.dz)
    return Gradients(_unflat(dz, batch))


def value(z: NDArray[np.floating], t: NDArray[np.floating]) -> NDArray[np.floating]:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    z, t, dtype, batch, I = _arguments(z, t)
    if not batch:
        return forward(z, t)[0]
    L = np.empty((*batch,), dtype)
    for _rows in _parts(batch, 4 * I + 5):
        L[_rows], _ = forward(z[_rows], t[_rows])
    return L


def workspace(z: NDArray[np.floating], t: NDArray[np.floating]) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    z, _, dtype, batch, I = _arguments(z, t)
    z = _flat(z, batch)
    size_batch = z.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "exp_abs_z": np.empty((size_batch, I), dtype),
        "greater_equal_z": np.empty((size_batch, I), np.bool_),
        "p": np.empty((size_batch, I), dtype),
        "exp_abs_z_2": np.empty((size_batch, I), dtype),
        "a": np.empty((size_batch,), dtype),
        "b": np.empty((size_batch,), dtype),
        "sum_t": np.empty((size_batch,), dtype),
        "a_2_over_b_2": np.empty((size_batch,), dtype),
        "L": np.empty((size_batch,), dtype),
        "dz_product": np.empty((size_batch, I), dtype),
        "dL_dz_product": np.empty((size_batch, I), dtype),
        "dz_not_equal": np.empty((size_batch, I), np.bool_),
        "dL_over_b_2": np.empty((size_batch,), dtype),
        "not_equal_a_2": np.empty((size_batch,), np.bool_),
        "dz_choice": np.empty((size_batch,), dtype),
        "dz_choice_shifted": np.empty((size_batch, I), dtype),
        "dz": np.empty((size_batch, I), dtype),
    }
    return Workspace((dtype, I, size_batch), _ids(arrays), [0], **arrays)


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
    z, t = _each("inputs", inputs, "z t")
    z, t, dtype, batch, I = _arguments(z, t)
    z = _flat(z, batch)
    t = _flat(t, batch)
    (z_dot,) = _each("tangents", tangents, "z_dot")
    z_dot = _flat(_like("z_dot", z_dot, (*batch, I), dtype, "z"), batch)
    # p[n, i] := sigmoid(z[n, i])
    exp_abs_z = np.exp(-np.abs(z))
    exp_abs_z_2 = exp_abs_z + 1
    p = np.maximum(exp_abs_z, z >= 0) / exp_abs_z_2
    # a[n] := sum(i, p[n, i] * t[n, i])
    a = _dot_last(p, t)
    # b[n] := sum(i, p[n, i]) + sum(i, t[n, i])
    b = p.sum(axis=1) + t.sum(axis=1)
    # L[n] = 1 - (2 * a[n] + 1) / (b[n] + 1)
    a_2 = 2 * a + 1
    b_2 = np.add(b, 1, out=b)
    L = 1 - a_2 / b_2
    # L̇[n] = ((1 + 2 a[n]) (Σ_i ż[n,i] p[n,i] (1 - p[n,i])) / (1 + Σ_i p[n,i] + Σ_i t[n,i]) - 2
    #     Σ_i ż[n,i] p[n,i] t[n,i] (1 - p[n,i])) / (1 + Σ_i p[n,i] + Σ_i t[n,i])
    # that is, (p 𝟏 + t 𝟏 + 𝟏)^∘(-1) ⊙ ((p 𝟏 + t 𝟏 + 𝟏)^∘(-1) ⊙ ((ż ⊙ p ⊙ (𝟏 𝟏ᵀ - p)) 𝟏) ⊙ (2 a
    #     + 𝟏) - 2 (ż ⊙ p ⊙ t ⊙ (𝟏 𝟏ᵀ - p)) 𝟏)
    L_dot_quotient = np.divide(exp_abs_z, np.square(exp_abs_z_2), out=exp_abs_z)
    L_dot_product = np.multiply(a_2, _dot_last(L_dot_quotient, z_dot), out=a_2)
    L_dot_choice = np.where(L_dot_product != 0, L_dot_product / b_2, 0)
    L_dot_product_2 = 2 * _dot_last(z_dot, L_dot_quotient * t)
    L_dot_difference = np.subtract(L_dot_choice, L_dot_product_2, out=L_dot_choice)
    L_dot = np.divide(L_dot_difference, b_2, out=L_dot_difference)
    return _unflat(L, batch), _unflat(L_dot, batch)


def jacobian(z: NDArray[np.floating], t: NDArray[np.floating]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(z, t)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"z": 0, "t": 0},
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


def _arguments(z: Any, t: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    z = _array("z", z, "... I")
    t = _array("t", t, "... I")
    dtype = z.dtype
    if t.dtype != dtype:
        _one_dtype(z=z, t=t)
    batch = z.shape[: z.ndim - 1]
    I = z.shape[-1]
    if t.shape != (*batch, I):
        _one_size(z=(z, "... I"), t=(t, "... I"))
    return z, t, dtype, batch, I


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


# Written by pullback from its own layers; digest of what stands above: b5c7383db5ca7e15
