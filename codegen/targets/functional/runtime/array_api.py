"""Helpers of modules for any library of the array API, as its standard of 2024.12 allows."""

from __future__ import annotations

import math
from typing import Any

from array_api_compat import array_namespace, device, is_array_api_obj


def _real(value: Any, like: Any) -> Any:
    """A number as an array, as `like` is one."""
    xp = array_namespace(like)
    if is_array_api_obj(value):
        return xp.astype(value, like.dtype)
    return xp.asarray(value, dtype=like.dtype, device=device(like))


def _whole(value: Any, like: Any) -> Any:
    """Labels as an array of integers that places may be compared with."""
    xp = array_namespace(like)
    integer = xp.arange(0, device=device(like)).dtype  # the library's own: JAX may have no int64
    if is_array_api_obj(value):
        return xp.astype(value, integer)
    return xp.asarray(value, dtype=integer, device=device(like))


def _arange(size: int, like: Any) -> Any:
    """0, 1, …, size - 1."""
    xp = array_namespace(like)
    return xp.arange(size, device=device(like))


def _concatenated(arrays: list[Any], axis: int) -> Any:
    """Arrays, one behind the other along an axis."""
    return array_namespace(*arrays).concat(arrays, axis=axis)


def _zeros(sizes: tuple[int, ...], kind: str, like: Any) -> Any:
    """An array of zeros of a kind."""
    xp = array_namespace(like)
    dtype = {"real": like.dtype, "bool": xp.bool, "integer": xp.arange(0).dtype}[kind]
    return xp.zeros(sizes, dtype=dtype, device=device(like))


def _stacked(parts: list[Any], size: int) -> Any:
    """The first arrays of a list as one; what is behind them are zeros that a scan begins with."""
    xp = array_namespace(*parts)
    return xp.stack(parts[: max(size, 1)])[:size, ...]


def _running_sum(x: Any, axis: int, back: bool = False) -> Any:
    """The sums of entries up to each place of an axis, or from each on; the axis is the first."""
    xp = array_namespace(x)
    x = xp.moveaxis(x, axis, 0)
    if back:
        return xp.flip(xp.cumulative_sum(xp.flip(x, axis=0), axis=0), axis=0)
    return xp.cumulative_sum(x, axis=0)


def _choice(test: bool, a: Any, b: Any, like: Any) -> Any:
    """One of two arrays or numbers, spread to the shape of both."""
    xp = array_namespace(like)
    a, b = xp.broadcast_arrays(_real(a, like), _real(b, like))
    return a if test else b


def _whole_maximum(a: Any, b: Any) -> Any:
    """The larger of integers."""
    return _of_wholes("maximum", a, b)


def _whole_minimum(a: Any, b: Any) -> Any:
    """The smaller of integers."""
    return _of_wholes("minimum", a, b)


def _of_wholes(name: str, a: Any, b: Any) -> Any:
    """A function of integers, of which one or both are arrays."""
    like = a if is_array_api_obj(a) else b
    xp = array_namespace(like)
    a, b = (v if is_array_api_obj(v) else xp.asarray(v, dtype=like.dtype) for v in (a, b))
    return getattr(xp, name)(a, b)


def _take(x: Any, axis: int, at: Any) -> Any:
    """Entries at places of an axis, whose axes stand in its place."""
    xp = array_namespace(x)
    if isinstance(at, int):
        return xp.reshape(_take(x, axis, xp.asarray([at])), (*x.shape[:axis], *x.shape[axis + 1 :]))
    found = xp.take(x, xp.reshape(at, (-1,)), axis=axis)
    return xp.reshape(found, (*x.shape[:axis], *at.shape, *x.shape[axis + 1 :]))


def _place(at: tuple[Any, ...], sizes: tuple[int, ...]) -> Any:
    """The places that entries at these have in an array of these sizes, laid out row by row.

    One outside of its axis is no entry of another row: it is the place behind all.
    """
    found: Any = 0
    inside: Any = True
    for k, (place, size) in enumerate(zip(at, sizes, strict=True)):
        found = found + place * math.prod(sizes[k + 1 :])
        inside = inside & (place >= 0) & (place < size)
    if not is_array_api_obj(found):
        return found if inside else math.prod(sizes)
    xp = array_namespace(found)
    return xp.where(inside, found, xp.full_like(found, math.prod(sizes)))


def _pick(x: Any, at: tuple[Any, ...]) -> Any:
    """Entries at places, one array of them for each axis."""
    xp = array_namespace(x)
    return _take(xp.reshape(x, (math.prod(x.shape),)), 0, _place(at, x.shape))


def _put(x: Any, at: tuple[Any, ...], entries: Any) -> Any:
    """The array with other entries at places, no two of which are one."""
    xp = array_namespace(x)
    place = _place(at, x.shape)
    place = xp.asarray(place, device=device(x)) if isinstance(place, int) else place
    entries = xp.reshape(xp.broadcast_to(entries, place.shape), (-1,))
    place = xp.reshape(place, (-1,))
    if place.shape[0] == 0:
        return x
    order = xp.argsort(place)
    every = xp.arange(math.prod(x.shape), dtype=place.dtype, device=device(x))
    sorted_ = xp.take(place, order, axis=0)
    found = xp.clip(xp.searchsorted(sorted_, every), 0, place.shape[0] - 1)
    new = xp.take(entries, xp.take(order, found, axis=0), axis=0)
    hit = xp.take(sorted_, found, axis=0) == every
    return xp.reshape(xp.where(hit, new, xp.reshape(x, (-1,))), x.shape)


def _put_last(x: Any, at: tuple[Any, ...], entries: Any) -> Any:
    """The array with one other entry in each row, at a label."""
    xp = array_namespace(x)
    here = xp.arange(x.shape[-1], device=device(x)) == at[-1][..., None]
    entries = xp.broadcast_to(entries, x.shape[:-1])
    return xp.where(here, entries[..., None], x)


def _add_at(rows: Any, at: tuple[Any, ...], sizes: tuple[int, ...]) -> Any:
    """Rows added up where the labels `at` point, in new axes of these sizes.

    The standard has no such function: this is a product with a matrix of 0 and 1.
    """
    xp = array_namespace(rows)
    shape = xp.broadcast_arrays(*at)[0].shape if len(at) > 1 else at[0].shape
    rest = rows.shape[len(shape) :]
    flat = xp.reshape(rows, (math.prod(shape), math.prod(rest)))
    place = xp.reshape(xp.broadcast_to(_place(at, sizes), shape), (-1,))
    return xp.reshape(_added(flat, place, math.prod(sizes)), (*sizes, *rest))


def _added(rows: Any, place: Any, size: int) -> Any:
    """Rows added up by their places, of which those below 0 are none."""
    xp = array_namespace(rows)
    every = xp.arange(size, dtype=place.dtype, device=device(rows))
    return xp.matmul(xp.astype(every[:, None] == place[None, :], rows.dtype), rows)


def _window_places(start: int, steps: tuple[int, ...], sizes: tuple[int, ...], like: Any) -> Any:
    """start + Σ step · axis over axes of these sizes."""
    xp = array_namespace(like)
    found = xp.full(sizes, start, dtype=xp.arange(0).dtype, device=device(like))
    for k, (step, size) in enumerate(zip(steps, sizes, strict=True)):
        own = xp.arange(size, device=device(like))
        found = found + step * xp.reshape(own, (size, *(1,) * (len(sizes) - k - 1)))
    return found


def _window(x: Any, axis: int, start: int, steps: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """Entries at start + Σ step · new axis along an axis, in new axes; 0 outside."""
    xp = array_namespace(x)
    size, rest = x.shape[axis], (1,) * (x.ndim - axis - 1)
    if size == 0:
        shape = (*x.shape[:axis], *sizes, *x.shape[axis + 1 :])
        return xp.zeros(shape, dtype=x.dtype, device=device(x))
    place = _window_places(start, steps, sizes, x)
    inside = (place >= 0) & (place < size)
    found = _take(x, axis, xp.clip(place, 0, size - 1))
    zero = xp.zeros((), dtype=x.dtype, device=device(x))
    return xp.where(xp.reshape(inside, (*sizes, *rest)), found, zero)


def _fold(u: Any, axes: tuple[int, ...], start: int, steps: tuple[int, ...], size: int) -> Any:
    """Entries added up at start + Σ step · axis along one axis in place of those; none outside."""
    xp = array_namespace(u)
    rest = [k for k in range(u.ndim) if k not in axes]
    sizes = tuple(u.shape[k] for k in axes)
    flat = xp.reshape(
        xp.permute_dims(u, (*axes, *rest)),
        (math.prod(sizes), math.prod([u.shape[k] for k in rest])),
    )
    place = xp.reshape(_window_places(start, steps, sizes, u), (-1,))
    found = xp.reshape(_added(flat, place, size), (size, *(u.shape[k] for k in rest)))
    return xp.moveaxis(found, 0, axes[0] - sum(axis < axes[0] for axis in axes))


def _solve(a: Any, b: Any) -> Any:
    """The x with a x = b, in which all axes of b after the rows of a are columns."""
    xp = array_namespace(a, b)
    columns = xp.reshape(b, (*a.shape[:-1], math.prod(b.shape[a.ndim - 1 :])))
    return xp.reshape(xp.linalg.solve(a, columns), b.shape)


def _lined_up(letters: str, x: Any, every: list[str]) -> Any:
    """An array whose axes have these letters, with an axis for each letter of all, in order."""
    xp = array_namespace(x)
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            x, letters = _diagonal(x, letters, letter)
    x = xp.permute_dims(x, tuple(letters.index(c) for c in every if c in letters))
    sizes = iter(x.shape)
    return xp.reshape(x, tuple(next(sizes) if c in letters else 1 for c in every))


def _diagonal(x: Any, letters: str, letter: str) -> tuple[Any, str]:
    """An array of which two axes with one letter are made one."""
    xp = array_namespace(x)
    first = letters.index(letter)
    second = letters.index(letter, first + 1)
    size, rest = x.shape[first], [k for k in range(x.ndim) if k not in (first, second)]
    x = xp.permute_dims(x, (first, second, *rest))
    x = xp.reshape(x, (size * size, *x.shape[2:]))
    x = _take(x, 0, _arange(size, x) * (size + 1))
    return x, letter + "".join(letters[k] for k in rest)


def _einsum(signature: str, *arrays: Any) -> Any:
    """A sum of products, two arrays at a time: what both have beside the sum is one product."""
    left, _, out = signature.partition("->")
    words = left.split(",")
    xp, (x, *others) = array_namespace(*arrays), arrays
    letters = words[0]
    for k, (other, word) in enumerate(zip(others, words[1:], strict=True)):
        later = {*out, *"".join(words[k + 2 :])}
        x, letters = _product(letters, x, word, other, later)
    every = sorted({*letters})
    x = _lined_up(letters, x, every)
    summed = tuple(k for k, c in enumerate(every) if c not in out)
    x = xp.sum(x, axis=summed) if summed else x
    every = [c for c in every if c in out]
    return xp.permute_dims(x, tuple(every.index(c) for c in out))


def _product(left: str, a: Any, right: str, b: Any, kept: set[str]) -> tuple[Any, str]:
    """The product of two arrays, what neither the result nor a later factor has summed."""
    xp = array_namespace(a, b)
    shared = sorted({*left} & {*right})
    both, summed = [c for c in shared if c in kept], [c for c in shared if c not in kept]
    rows, columns = sorted({*left} - {*right}), sorted({*right} - {*left})
    a = _lined_up(left, a, [*both, *rows, *summed])
    b = _lined_up(right, b, [*both, *summed, *columns])
    n, m = len(both), len(summed)
    lead, inner = a.shape[:n], math.prod(b.shape[n : n + m])
    first, last = a.shape[n : n + len(rows)], b.shape[n + m :]
    found = xp.matmul(
        xp.reshape(a, (*lead, math.prod(first), inner)),
        xp.reshape(b, (*lead, inner, math.prod(last))),
    )
    return xp.reshape(found, (*lead, *first, *last)), "".join([*both, *rows, *columns])


def _guarded_einsum(signature: str, a: Any, b: Any) -> Any:
    """An einsum of two arrays in which 0 times infinity is 0."""
    xp = array_namespace(a, b)
    letters, out = signature.split("->")
    left, right = letters.split(",")
    every = sorted({*left, *right})
    a, b = _lined_up(left, a, every), _lined_up(right, b, every)
    zero = xp.zeros((), dtype=a.dtype, device=device(a))
    product = xp.where((a == 0) | (b == 0), zero, a * b)
    return _einsum(f"{''.join(every)}->{out}", product)
