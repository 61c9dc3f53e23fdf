"""Windows of arrays, what is added up where they overlap, and sums of products of either."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


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


def _fold(
    windows: NDArray[Any],
    axes: tuple[int, ...],
    start: int,
    steps: tuple[int, ...],
    size: int,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Entries added up at start + Σ step · axis along one axis in place of those; none outside."""
    rest = [length for axis, length in enumerate(windows.shape) if axis not in axes]
    place = sum(1 for axis in range(axes[0]) if axis not in axes)
    if out is None:
        out = np.empty((*rest[:place], size, *rest[place:]), windows.dtype)
    out[...] = 0
    total = np.moveaxis(out, place, 0)
    windows = np.moveaxis(windows, axes, range(len(axes)))
    counts = windows.shape[: len(axes)]
    run = max(range(len(axes)), key=lambda k: (steps[k] != 0, counts[k]))  # taken in one slice
    windows = np.moveaxis(windows, run, len(axes) - 1)
    others = [k for k in range(len(axes)) if k != run]
    step, count = steps[run], counts[run]
    for at in np.ndindex(*(counts[k] for k in others)):
        low = start + sum(steps[k] * p for k, p in zip(others, at))
        row = windows[at]
        if step < 0:
            low, row = low + step * (count - 1), row[::-1]
        stride = abs(step)
        first = max(0, -(low // stride))
        last = min(count, (size - 1 - low) // stride + 1)
        if first < last:
            end = low + stride * (last - 1) + 1
            total[low + stride * first : end : stride] += row[first:last]
    return out


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


def _fold_product(
    signature: str,
    a: NDArray[Any],
    b: NDArray[Any],
    folds: tuple[tuple[tuple[int, ...], int, tuple[int, ...], int], ...],
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """The einsum of two arrays, folded by each of _fold's (axes, start, steps, size) in turn.

    Some rows at a time where rows stay apart, so that the windows stay in the cache.
    """
    left, right, result = signature.replace("->", ",").split(",")
    length = dict(zip(left + right, a.shape + b.shape))
    shapes = [tuple(length[letter] for letter in result)]
    for axes, _, _, size in folds:
        rest = [n for axis, n in enumerate(shapes[-1]) if axis not in axes]
        rest.insert(sum(1 for axis in range(axes[0]) if axis not in axes), size)
        shapes.append(tuple(rest))
    if out is None:
        out = np.empty(shapes[-1], a.dtype)
    count = shapes[0][0]
    apart = not any(0 in axes for axes, _, _, _ in folds)
    step = max(1, 2**19 // max(1, math.prod(shapes[0][1:]))) if apart else max(1, count)
    steps = [np.empty((min(step, shape[0]), *shape[1:]), a.dtype) for shape in shapes[:-1]]
    for start in range(0, count, step) if apart else (0,):
        rows = slice(start, start + step) if apart else slice(None)
        x, y = (
            v[(slice(None),) * own.index(result[0]) + (rows,)] if result[0] in own else v
            for v, own in ((a, left), (b, right))
        )
        places = [*(part[: min(step, count - start)] if apart else part for part in steps)]
        places.append(out[rows])
        _contract(signature, x, y, out=places[0])
        for fold, part, place in zip(folds, places, places[1:]):
            _fold(part, *fold, out=place)
    return out
