"""Helpers of modules for PyTorch."""

from __future__ import annotations

import math
from typing import Any

import torch


def _real(value: Any, like: Any) -> Any:
    """A number as a tensor, as `like` is one."""
    if isinstance(value, torch.Tensor):
        return value.to(like.dtype)
    return torch.tensor(value, dtype=like.dtype, device=like.device)


def _whole(value: Any, like: Any) -> Any:
    """Labels as a tensor of integers that places may be compared with."""
    return torch.as_tensor(value, device=like.device).to(torch.int64)


def _arange(size: int, like: Any) -> Any:
    """0, 1, …, size - 1."""
    return torch.arange(size, device=like.device)


def _zeros(sizes: tuple[int, ...], kind: str, like: Any) -> Any:
    """A tensor of zeros of a kind."""
    dtype = {"real": like.dtype, "bool": torch.bool, "integer": torch.int64}[kind]
    return torch.zeros(sizes, dtype=dtype, device=like.device)


def _stacked(parts: list[Any], size: int) -> Any:
    """The first tensors of a list as one; what is behind them are zeros that a scan begins with."""
    return torch.stack(parts[: max(size, 1)])[:size, ...]


def _running_sum(x: Any, axis: int, back: bool = False) -> Any:
    """The sums of entries up to each place of an axis, or from each on; the axis is the first."""
    x = x.movedim(axis, 0)
    return x.flip(0).cumsum(0).flip(0) if back else x.cumsum(0)


def _choice(test: bool, a: Any, b: Any, like: Any) -> Any:
    """One of two tensors or numbers, spread to the shape of both."""
    a, b = torch.broadcast_tensors(_real(a, like), _real(b, like))
    return a if test else b


def _whole_maximum(a: Any, b: Any) -> Any:
    """The larger of integers."""
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    return torch.maximum(a, b)


def _whole_minimum(a: Any, b: Any) -> Any:
    """The smaller of integers."""
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    return torch.minimum(a, b)


def _take(x: Any, axis: int, at: Any) -> Any:
    """Entries at places of an axis, whose axes stand in its place."""
    if isinstance(at, int):
        return x.select(axis, at)
    found = torch.index_select(x, axis, at.reshape(-1))
    return found.reshape((*x.shape[:axis], *at.shape, *x.shape[axis + 1 :]))


def _place(at: tuple[Any, ...], sizes: tuple[int, ...]) -> Any:
    """The places that entries at these have in a tensor of these sizes, laid out row by row."""
    found: Any = 0
    for k, place in enumerate(at):
        found = found + place * math.prod(sizes[k + 1 :])
    return found


def _pick(x: Any, at: tuple[Any, ...]) -> Any:
    """Entries at places, one tensor of them for each axis; IndexError for one outside."""
    return x[at]


def _put(x: Any, at: tuple[Any, ...], entries: Any) -> Any:
    """The tensor with other entries at places, no two of which are one."""
    at = torch.broadcast_tensors(*(torch.as_tensor(a, device=x.device) for a in at))
    return torch.index_put(x, at, torch.broadcast_to(entries, at[0].shape))


def _put_last(x: Any, at: tuple[Any, ...], entries: Any) -> Any:
    """The tensor with one other entry in each row, at a label."""
    here = torch.arange(x.shape[-1], device=x.device) == at[-1][..., None]
    return torch.where(here, torch.broadcast_to(entries, x.shape[:-1])[..., None], x)


def _add_at(rows: Any, at: tuple[Any, ...], sizes: tuple[int, ...]) -> Any:
    """Rows added up where the labels `at` point, in new axes of these sizes."""
    place = _place(at, sizes)
    rest = rows.shape[place.ndim :]
    flat = rows.reshape(math.prod(place.shape), math.prod(rest))
    return _added(flat, place.reshape(-1), math.prod(sizes)).reshape((*sizes, *rest))


def _added(rows: Any, place: Any, size: int) -> Any:
    """Rows added up by their places, of which those below 0 or of `size` and more are none."""
    outside = (place < 0) | (place >= size)
    zero = torch.zeros((size + 1, rows.shape[1]), dtype=rows.dtype, device=rows.device)
    return torch.index_add(zero, 0, torch.where(outside, size, place), rows)[:size]


def _window_places(start: int, steps: tuple[int, ...], sizes: tuple[int, ...], like: Any) -> Any:
    """start + Σ step · axis over axes of these sizes."""
    found = torch.full(sizes, start, dtype=torch.int64, device=like.device)
    for k, (step, size) in enumerate(zip(steps, sizes, strict=True)):
        own = torch.arange(size, device=like.device)
        found = found + step * own.reshape(size, *(1,) * (len(sizes) - k - 1))
    return found


def _window(x: Any, axis: int, start: int, steps: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """Entries at start + Σ step · new axis along an axis, in new axes; 0 outside."""
    size, rest = x.shape[axis], (1,) * (x.ndim - axis - 1)
    if size == 0:
        return x.new_zeros((*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))
    place = _window_places(start, steps, sizes, x)
    inside = (place >= 0) & (place < size)
    found = _take(x, axis, torch.clamp(place, 0, size - 1))
    return torch.where(inside.reshape((*sizes, *rest)), found, 0)


def _fold(u: Any, axes: tuple[int, ...], start: int, steps: tuple[int, ...], size: int) -> Any:
    """Entries added up at start + Σ step · axis along one axis in place of those; none outside."""
    rest = [k for k in range(u.ndim) if k not in axes]
    sizes = tuple(u.shape[k] for k in axes)
    flat = torch.permute(u, (*axes, *rest)).reshape(
        math.prod(sizes), math.prod([u.shape[k] for k in rest])
    )
    place = _window_places(start, steps, sizes, u).reshape(-1)
    found = _added(flat, place, size).reshape(size, *(u.shape[k] for k in rest))
    return torch.movedim(found, 0, axes[0] - sum(axis < axes[0] for axis in axes))


def _solve(a: Any, b: Any) -> Any:
    """The x with a x = b, in which all axes of b after the rows of a are columns."""
    columns = b.reshape(*a.shape[:-1], math.prod(b.shape[a.ndim - 1 :]))
    return torch.linalg.solve(a, columns).reshape(b.shape)


def _guarded_einsum(signature: str, a: Any, b: Any) -> Any:
    """An einsum of two tensors in which 0 times infinity is 0."""
    letters, out = signature.split("->")
    left, right = letters.split(",")
    every = sorted({*left, *right})
    a, b = _lined_up(left, a, every), _lined_up(right, b, every)
    product = torch.where((a == 0) | (b == 0), 0, a * b)
    return torch.einsum(f"{''.join(every)}->{out}", product)


def _lined_up(letters: str, x: Any, every: list[str]) -> Any:
    """A tensor whose axes have these letters, with an axis for each letter of all, in order."""
    own = [c for c in every if c in letters]
    x = torch.einsum(f"{letters}->{''.join(own)}", x)
    sizes = iter(x.shape)
    return x.reshape([next(sizes) if c in letters else 1 for c in every])


def _cbrt(x: Any) -> Any:
    """The real cube root, with a step of Newton's."""
    size = torch.abs(x)
    root = size ** (1 / 3)
    safe = torch.where(root == 0, 1, root)
    better = torch.where(torch.isfinite(root), safe - (safe - size / safe / safe) / 3, root)
    return torch.sign(x) * torch.where(size == 0, size, better)


def _trigamma(x: Any) -> Any:
    """The derivative of digamma."""
    return torch.special.polygamma(1, x)


def _tetragamma(x: Any) -> Any:
    """The second derivative of digamma."""
    return torch.special.polygamma(2, x)


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
    size = torch.abs(x)
    near = torch.where(size < 2, x, 0)
    far = torch.where((size >= 2) & torch.isfinite(x), x, 2)
    term = near**order / math.prod(range(1, 2 * order + 2, 2))
    total = term
    for k in range(1, 14):
        term = -term * near * near / (2 * k * (2 * k + 2 * order + 1))
        total = total + term
    sine, cosine = torch.sin(far), torch.cos(far)
    closed = sine / far
    if order == 1:
        closed = (sine / far - cosine) / far
    elif order == 2:
        closed = ((3 / far - far) * sine - 3 * cosine) / far / far
    found = torch.where(size < 2, total, closed)
    return torch.where(torch.isfinite(x), found, torch.where(torch.isnan(x), x, 0))
