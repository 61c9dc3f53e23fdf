"""Helpers of modules for JAX."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special


def _real(value: Any, like: Any) -> Any:
    """A number as an array, as `like` is one."""
    return jnp.asarray(value, like.dtype)


def _added_up(gradient: Any, like: Any) -> Any:
    """The gradient by an input: in a shard_map that of what is the same on devices is a sum."""
    if gradient is None:
        return None
    own, wanted = _varying(gradient), _varying(like)
    if own - wanted:
        gradient = jax.lax.psum(gradient, tuple(sorted(own - wanted)))
    if wanted - own:
        gradient = jax.lax.pcast(gradient, tuple(sorted(wanted - own)), to="varying")
    return gradient


def _varying(value: Any) -> frozenset[Any]:
    """The axes of devices, of a shard_map, along which a value is not the same."""
    kind = jax.typeof(value)
    found = kind.vma if hasattr(kind, "vma") else kind.manual_axis_type.varying  # before JAX 0.10
    return frozenset(found)


def _whole(value: Any, like: Any) -> Any:
    """Labels as an array of integers that places may be compared with."""
    return jnp.asarray(value).astype(int)


def _arange(size: int, like: Any) -> Any:
    """0, 1, …, size - 1."""
    return jnp.arange(size)


def _zeros(sizes: tuple[int, ...], kind: str, like: Any) -> Any:
    """An array of zeros of a kind."""
    return jnp.zeros(sizes, {"real": like.dtype, "bool": bool, "integer": int}[kind])


def _scan(
    step: Any,
    state: tuple[Any, ...],
    arrays: tuple[Any, ...],
    size: int,
    back: bool = False,
) -> Any:
    """What a step makes at each place, one after the other; `state` is what the first one finds.

    It is one loop, however many places there are. States are zeros, of the type of what comes out.
    """
    for _ in range(2 if size else 0):  # the first may be made from what is of fewer digits
        made, _ = jax.eval_shape(step, state, tuple(array[0] for array in arrays))
        state = tuple(_as_typed(a, b) for a, b in zip(state, made, strict=True))
    return jax.lax.scan(step, state, arrays, length=size, reverse=back)[1]


def _as_typed(value: Any, like: Any) -> Any:
    """An array of the dtype of another, which also varies where that does, in a shard_map."""
    value = value.astype(like.dtype)
    axes = tuple(sorted(_varying(like) - _varying(value)))
    return jax.lax.pcast(value, axes, to="varying") if axes else value


def _running_sum(x: Any, axis: int, back: bool = False) -> Any:
    """The sums of entries up to each place of an axis, or from each on; the axis is the first."""
    return jax.lax.cumsum(jnp.moveaxis(x, axis, 0), axis=0, reverse=back)


def _linear_scan(step: Any, arrays: tuple[Any, ...], size: int, back: bool = False) -> Any:
    """s with s[t] = slope * s[t - 1] + offset, both of which a step says, for each pair of them."""
    found = jax.vmap(lambda _, now: step(now))(jnp.arange(size), arrays)
    return tuple(_solved(slope, offset, back) for slope, offset in found)


def _solved(slope: Any, offset: Any, back: bool) -> Any:
    """All places: in order on a CPU, whose core does more work in a prefix scan, else by one.

    A slope that is None is 1.
    """
    if slope is None:
        return _running_sum(offset, 0, back)
    slope, offset = jnp.broadcast_arrays(slope, offset)
    return jax.lax.platform_dependent(
        slope,
        offset,
        cpu=lambda a, b: _in_order(a, b, back),
        default=lambda a, b: _prefixes(a, b, back),
    )


def _in_order(slope: Any, offset: Any, back: bool) -> Any:
    """slope * (what came before) + offset, place by place."""

    def step(before: Any, now: Any) -> Any:
        made = now[0] * before[0] + now[1]
        return (made,), made

    zero = jnp.zeros(offset.shape[1:], offset.dtype)
    return _scan(step, (zero,), (slope, offset), len(offset), back)


def _prefixes(slope: Any, offset: Any, back: bool) -> Any:
    """The same in as many rounds as the number of places has binary digits.

    Where a product of slopes leaves what floats can hold, places are taken in order.
    """

    def joined(first: Any, then: Any) -> Any:
        return first[0] * then[0], then[0] * first[1] + then[1]

    _, found = jax.lax.associative_scan(joined, (slope, offset), reverse=back)
    return jax.lax.cond(
        jnp.isfinite(found).all(), lambda: found, lambda: _in_order(slope, offset, back)
    )


def _choice(test: bool, a: Any, b: Any, like: Any) -> Any:
    """One of two arrays or numbers, spread to the shape of both."""
    a, b = jnp.broadcast_arrays(_real(a, like), _real(b, like))
    return a if test else b


def _whole_maximum(a: Any, b: Any) -> Any:
    """The larger of integers."""
    return jnp.maximum(a, b)


def _whole_minimum(a: Any, b: Any) -> Any:
    """The smaller of integers."""
    return jnp.minimum(a, b)


def _take(x: Any, axis: int, at: Any) -> Any:
    """Entries at places of an axis, whose axes stand in its place."""
    return jnp.take(x, at, axis)


def _pick(x: Any, at: tuple[Any, ...]) -> Any:
    """Entries at places, one array of them for each axis."""
    return x[at]


def _pick_last(x: Any, at: tuple[Any, ...]) -> Any:
    """One entry of each row, at a label; where rows lie on several devices, none is moved."""
    return jnp.take_along_axis(x, at[-1][..., None], axis=-1, mode="clip")[..., 0]


def _put(x: Any, at: tuple[Any, ...], entries: Any) -> Any:
    """The array with other entries at places, no two of which are one."""
    return x.at[at].set(entries)


def _put_last(x: Any, at: tuple[Any, ...], entries: Any) -> Any:
    """The array with one other entry in each row, at a label."""
    here = jnp.arange(x.shape[-1]) == at[-1][..., None]
    return jnp.where(here, jnp.broadcast_to(entries, x.shape[:-1])[..., None], x)


def _add_at(rows: Any, at: tuple[Any, ...], sizes: tuple[int, ...]) -> Any:
    """Rows added up where the labels `at` point, in new axes of these sizes."""
    rank = jnp.broadcast_arrays(*at)[0].ndim
    return jnp.zeros((*sizes, *rows.shape[rank:]), rows.dtype).at[at].add(rows)


def _added(rows: Any, place: Any, size: int) -> Any:
    """Rows added up by their places, of which those below 0 or of `size` and more are none."""
    place = jnp.where(place < 0, size, place)
    return jnp.zeros((size, rows.shape[1]), rows.dtype).at[place].add(rows, mode="drop")


def _window_places(start: int, steps: tuple[int, ...], sizes: tuple[int, ...], like: Any) -> Any:
    """start + Σ step · axis over axes of these sizes."""
    found = jnp.full(sizes, start)
    for k, (step, size) in enumerate(zip(steps, sizes, strict=True)):
        own = jnp.arange(size)
        found = found + step * own.reshape(size, *(1,) * (len(sizes) - k - 1))
    return found


def _window(x: Any, axis: int, start: int, steps: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """Entries at start + Σ step · new axis along an axis, in new axes; 0 outside."""
    size, rest = x.shape[axis], (1,) * (x.ndim - axis - 1)
    if size == 0:
        return jnp.zeros((*x.shape[:axis], *sizes, *x.shape[axis + 1 :]), x.dtype)
    place = _window_places(start, steps, sizes, x)
    inside = (place >= 0) & (place < size)
    found = _take(x, axis, jnp.clip(place, 0, size - 1))
    return jnp.where(inside.reshape((*sizes, *rest)), found, 0)


def _fold(u: Any, axes: tuple[int, ...], start: int, steps: tuple[int, ...], size: int) -> Any:
    """Entries added up at start + Σ step · axis along one axis in place of those; none outside."""
    rest = [k for k in range(u.ndim) if k not in axes]
    sizes = tuple(u.shape[k] for k in axes)
    flat = jnp.permute_dims(u, (*axes, *rest)).reshape(
        math.prod(sizes), math.prod([u.shape[k] for k in rest])
    )
    place = _window_places(start, steps, sizes, u).reshape(-1)
    found = _added(flat, place, size).reshape(size, *(u.shape[k] for k in rest))
    return jnp.moveaxis(found, 0, axes[0] - sum(axis < axes[0] for axis in axes))


def _solve(a: Any, b: Any) -> Any:
    """The x with a x = b, in which all axes of b after the rows of a are columns."""
    columns = b.reshape(*a.shape[:-1], math.prod(b.shape[a.ndim - 1 :]))
    return jnp.linalg.solve(a, columns).reshape(b.shape)


def _guarded_einsum(signature: str, a: Any, b: Any) -> Any:
    """An einsum of two arrays in which 0 times infinity is 0."""
    letters, out = signature.split("->")
    left, right = letters.split(",")
    every = sorted({*left, *right})
    a, b = _lined_up(left, a, every), _lined_up(right, b, every)
    product = jnp.where((a == 0) | (b == 0), 0, a * b)
    return jnp.einsum(f"{''.join(every)}->{out}", product)


def _lined_up(letters: str, x: Any, every: list[str]) -> Any:
    """An array whose axes have these letters, with an axis for each letter of all, in order."""
    own = [c for c in every if c in letters]
    x = jnp.einsum(f"{letters}->{''.join(own)}", x)
    sizes = iter(x.shape)
    return x.reshape([next(sizes) if c in letters else 1 for c in every])


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    small = jnp.exp(-jnp.abs(x))
    return jnp.where(x >= 0, 1, small) / (1 + small)


def _erf(x: Any) -> Any:
    """The error function."""
    return jax.scipy.special.erf(x)


def _erfc(x: Any) -> Any:
    """1 - erf(x), with the digits that this loses."""
    return jax.scipy.special.erfc(x)


def _erfcx(x: Any) -> Any:
    """exp(x²) erfc(x): by its asymptotic series from 10 on, where erfc vanishes."""
    near, far = jnp.minimum(x, 10), jnp.maximum(x, 10)
    w = 0.5 / far / far
    series = 1 - w * (1 - 3 * w * (1 - 5 * w * (1 - 7 * w * (1 - 9 * w * (1 - 11 * w)))))
    return jnp.where(x < 10, jnp.exp(near * near) * _erfc(near), series / far * 0.5641895835477563)


def _erfinv(x: Any) -> Any:
    """The number whose erf is x."""
    return jax.scipy.special.erfinv(x)


def _lgamma(x: Any) -> Any:
    """The log of |gamma|."""
    return jax.scipy.special.gammaln(x)


def _digamma(x: Any) -> Any:
    """The derivative of lgamma."""
    return jax.scipy.special.digamma(x)


def _trigamma(x: Any) -> Any:
    """The derivative of digamma."""
    return jax.scipy.special.polygamma(1, x)


def _tetragamma(x: Any) -> Any:
    """The second derivative of digamma."""
    return jax.scipy.special.polygamma(2, x)


def _bessel0(x: Any) -> Any:
    """sin(x) / x."""
    return _bessel(0, x)


def _bessel1(x: Any) -> Any:
    """The spherical Bessel function of order 1."""
    return _bessel(1, x)


def _bessel2(x: Any) -> Any:
    """... of order 2."""
    return _bessel(2, x)


def _bessel(order: int, x: Any) -> Any:
    """A spherical Bessel function: up to 2 by its series, beyond it by sines and cosines."""
    size = jnp.abs(x)
    near = jnp.where(size < 2, x, 0)
    far = jnp.where((size >= 2) & jnp.isfinite(x), x, 2)
    term = near**order / math.prod(range(1, 2 * order + 2, 2))
    total = term
    for k in range(1, 14):
        term = -term * near * near / (2 * k * (2 * k + 2 * order + 1))
        total = total + term
    sine, cosine = jnp.sin(far), jnp.cos(far)
    closed = sine / far
    if order == 1:
        closed = (sine / far - cosine) / far
    elif order == 2:
        closed = ((3 / far - far) * sine - 3 * cosine) / far / far
    found = jnp.where(size < 2, total, closed)
    return jnp.where(jnp.isfinite(x), found, jnp.where(jnp.isnan(x), x, 0))
