"""Sums, products and choices of arrays: exact, and in parts that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _as(array: NDArray[Any], dtype: np.dtype[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The array in this dtype; where it has another, written into `out` if there is one."""
    if array.dtype == dtype or out is None:
        return array.astype(dtype, copy=False)
    np.copyto(out, array, casting="same_kind")
    return out


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


def _running_sum(
    x: NDArray[Any], axis: int, back: bool = False, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """The sums of entries up to each place of an axis, or from each on; the axis is the first.

    They are added up place by place, in any case: by NumPy where the others hold few entries, as it
    takes their sums one after the other, else in rows.
    """
    x = np.moveaxis(x, axis, 0)
    out = np.empty(x.shape, x.dtype) if out is None else out[: len(x)]
    given, sums = (x[::-1], out[::-1]) if back else (x, out)
    if x[:1].size <= 128:
        np.cumsum(given, axis=0, out=sums)
        return out
    sums[:1] = given[:1]
    for t in range(1, len(x)):
        np.add(sums[t - 1], given[t], out=sums[t])
    return out


def _places(
    kind: str, values: NDArray[Any], axis: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """argmax or argmin along an axis before the last: in parts, as NumPy copies what it gets."""
    if out is None:
        out = np.empty(values.shape[:axis] + values.shape[axis + 1 :], np.intp)
    if axis:
        step = max(1, 2**15 // max(1, values[:1].size))
        for start in range(0, len(values), step):
            rows = slice(start, start + step)
            getattr(values[rows], kind)(axis=axis, out=out[rows])
    else:
        step = max(1, 2**15 // max(1, values[:, :1].size))
        for start in range(0, values.shape[1], step):
            columns = slice(start, start + step)
            getattr(values[:, columns], kind)(axis=0, out=out[columns])
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


def _add_product(total: NDArray[Any], factor: Any, array: NDArray[Any]) -> None:
    """total += factor array, some rows at a time, so that their product stays in the cache."""
    if total.size <= 2**15:
        total += factor * array
        return
    if total.flags.c_contiguous and array.flags.c_contiguous:
        total, array = total.reshape(-1), array.reshape(-1)
    step = max(1, 2**15 // max(1, total[:1].size))
    product = np.empty(total[:step].shape, total.dtype)
    for start in range(0, len(total), step):
        rows = array[start : start + step]
        total[start : start + step] += np.multiply(factor, rows, out=product[: len(rows)])


def _add_entries(
    rows: NDArray[Any],
    at: tuple[NDArray[Any], ...],
    sizes: tuple[int, ...],
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Rows with the same labels are added up: (labels…, rest…) to (*sizes, rest…)."""
    labels, size = at[0], sizes[0]
    for more, length in zip(at[1:], sizes[1:]):
        labels, size = labels * length + more, size * length
    rest = rows.shape[labels.ndim :]
    if out is None:
        return _add_rows(rows, labels, size).reshape(*sizes, *rest)
    _add_rows(rows, labels, size, out.reshape(size, *rest))
    return out


def _add_rows(
    rows: NDArray[Any], labels: NDArray[Any], size: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Rows with one label are added up: (labels…, rest…) to (size, rest…).

    Where a label comes more than 4096 times, some rows are added up at a time, then their sums, so
    that rounding stays small; then some columns at a time, so that these sums stay in the cache.
    """
    if out is None:
        out = np.empty((size, *rows.shape[labels.ndim :]), rows.dtype)
    out[...] = 0
    if not rows.size:
        return out
    width = rows.size // labels.size
    rows, labels, total = rows.reshape(-1, width), labels.reshape(-1), out.reshape(size, width)
    if len(rows) <= 4096 or np.bincount(labels).max() <= 4096:
        _add_at(total.reshape(-1), rows, labels)
        return out
    group, columns = max(4096, size // 8), max(1, min(width, 2**15 // size))
    for left in range(0, width, columns):
        some = slice(left, left + columns)
        part = np.empty(total[:, some].shape, rows.dtype)
        for start in range(0, len(rows), group):
            part[...] = 0
            end = start + group
            _add_at(part.reshape(-1), rows[start:end, some], labels[start:end])
            total[:, some] += part
    return out


def _add_at(total: NDArray[Any], rows: NDArray[Any], labels: NDArray[Any]) -> None:
    """Add each row to the one that its label says, in the flat array of them all."""
    width = rows.shape[1]
    if width > 2**12:
        for row, label in zip(rows, labels):
            total[label * width : (label + 1) * width] += row
        return
    step = max(1, 2**14 // width)  # rows whose places stay in the cache
    for start in range(0, len(rows), step):
        # add.at is several times as fast with a place for each entry as with one for each row
        places = labels[start : start + step, None] * width + np.arange(width)
        np.add.at(total, places.reshape(-1), rows[start : start + step].reshape(-1))


def _dot_last(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """Σ a b over the last axis; NumPy has vecdot from 2.0 on."""
    if hasattr(np, "vecdot"):
        return np.vecdot(a, b, out=out)
    return np.einsum("...i,...i->...", a, b, out=out)


def _dot(a: NDArray[Any], b: NDArray[Any]) -> Any:
    """Σ a b over all entries: rows of 4096, then their sum, so that rounding stays small."""
    a, b = a.reshape(-1), b.reshape(-1)
    if a.size <= 4096:
        return a @ b
    whole = a.size // 4096 * 4096
    total = float(a[whole:] @ b[whole:])
    for start in range(0, whole, 2**20):
        end = min(whole, start + 2**20)
        rows = _dot_last(a[start:end].reshape(-1, 4096), b[start:end].reshape(-1, 4096))
        total += float(rows.sum())
    return a.dtype.type(total)


def _dot_rows(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Σ a b over the first axis: some rows, then their sums, so that rounding stays small."""
    if out is None:
        out = np.empty(a.shape[1:], a.dtype)
    flat, a, b = out.reshape(-1), a.reshape(len(a), out.size), b.reshape(len(a), out.size)
    wide = out.size >= 32  # below that einsum takes too long
    step = 128 if wide else 1024
    for left in range(0, out.size, 4096):
        columns = slice(left, left + 4096)
        total = np.zeros(len(flat[columns]))
        for start in range(0, len(a), step):
            x, y = a[start : start + step, columns], b[start : start + step, columns]
            total += np.einsum("nd,nd->d", x, y) if wide else _ones(a.dtype)[: len(x)] @ (x * y)
        flat[columns] = total
    return out


def _sum_rows(rows: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The sum over the first axis: 1024 rows, then their sums, so that rounding stays small."""
    count = len(rows)
    if out is None:
        out = np.empty(rows.shape[1:], rows.dtype)
    if count <= 1024 and rows.ndim == 2:
        return np.matmul(_ones(rows.dtype)[:count], rows, out=out)
    flat, rows = out.reshape(-1), rows.reshape(count, out.size)
    for left in range(0, out.size, 4096):
        columns = slice(left, left + 4096)
        total = np.zeros(len(flat[columns]))
        for start in range(0, count, 1024):
            part = rows[start : start + 1024, columns]
            total += _ones(rows.dtype)[: len(part)] @ part
        flat[columns] = total
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


def _guarded_einsum(
    signature: str, a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """einsum of two arrays in which 0 times ∞ or NaN is 0.

    Where the plain one has NaN, finite terms are added up apart and the others are counted.
    """

    def total(left: Any, right: Any) -> NDArray[Any]:
        found: NDArray[Any] = np.einsum(signature, left, right, optimize=True)
        return found

    found = total(a, b)
    if np.isnan(found).any():
        fine_a, fine_b = (np.where(np.isfinite(v), v, 0) for v in (a, b))
        sign_a, sign_b = (np.where(np.isnan(v), 0, np.sign(v)) for v in (a, b))
        steep_a, steep_b = (np.where(np.isinf(v), np.sign(v), 0) for v in (a, b))
        lost_a, lost_b = (np.isnan(v).astype(a.dtype) for v in (a, b))
        balance = total(steep_a, sign_b) + total(np.sign(fine_a), steep_b)
        steep = total(abs(steep_a), abs(sign_b)) + total(abs(np.sign(fine_a)), abs(steep_b))
        lost = total(lost_a, abs(sign_b) + lost_b) + total(abs(sign_a), lost_b)
        found = total(fine_a, fine_b)
        for sign in (1, -1):  # (steep ± balance) / 2 terms are ±∞
            found = found + np.where(steep + sign * balance > 0, sign * np.inf, 0)
        found = np.where(lost > 0, np.nan, found).astype(a.dtype)
    if out is None:
        return found
    out[...] = found
    return out
