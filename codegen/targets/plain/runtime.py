"""Functions that NumPy lacks, as plain modules have them; a module has a copy of those it calls."""

import math
from typing import Any

import numpy as np


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1, small) / (1 + small)


def _erf(x: Any) -> Any:
    """The error function."""
    return np.vectorize(math.erf, otypes=[float])(x).astype(np.result_type(x))[()]


def _erfc(x: Any) -> Any:
    """1 - erf(x), with the digits that this loses."""
    return np.vectorize(math.erfc, otypes=[float])(x).astype(np.result_type(x))[()]


def _erfcx(x: Any) -> Any:
    """exp(x²) erfc(x): by its asymptotic series from 10 on, where erfc vanishes."""
    far = np.maximum(x, 10)
    total, term = 1.0, 1.0
    for n in range(1, 13):
        term = term * (1 - 2 * n) / (2 * far * far)
        total = total + term
    near = np.minimum(x, 10)
    return np.where(
        np.asarray(x) < 10, np.exp(near * near) * _erfc(near), total / (far * math.sqrt(math.pi))
    )


def _add_at(rows: Any, at: tuple[Any, ...], sizes: tuple[int, ...]) -> Any:
    """Rows added up where the labels `at` point, in new axes of these sizes."""
    rank = np.broadcast(*at).ndim
    total = np.zeros((*sizes, *rows.shape[rank:]), rows.dtype)
    np.add.at(total, at, rows)
    return total


def _window(x: Any, axis: int, start: int, steps: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """Entries at start + Σ step · new axis along an axis, in new axes; 0 outside."""
    shape = (*x.shape[:axis], *sizes, *x.shape[axis + 1 :])
    found = np.zeros(shape, x.dtype)
    for at in np.ndindex(*sizes):
        place = start + sum(step * k for step, k in zip(steps, at, strict=True))
        if 0 <= place < x.shape[axis]:
            found[(slice(None),) * axis + at] = np.take(x, place, axis)
    return found


def _fold(u: Any, axes: tuple[int, ...], start: int, steps: tuple[int, ...], size: int) -> Any:
    """Entries added up at start + Σ step · axis along one axis in place of those; none outside."""
    u = np.moveaxis(u, axes, range(len(axes)))
    total = np.zeros((size, *u.shape[len(axes) :]), u.dtype)
    for at in np.ndindex(*u.shape[: len(axes)]):
        place = start + sum(step * k for step, k in zip(steps, at, strict=True))
        if 0 <= place < size:
            total[place] += u[at]
    return np.moveaxis(total, 0, axes[0] - sum(axis < axes[0] for axis in axes))


def _solve(a: Any, b: Any) -> Any:
    """The x with a x = b, in which all axes of b after the rows of a are columns."""
    columns = b.reshape((*a.shape[:-1], math.prod(b.shape[a.ndim - 1 :])))
    return np.linalg.solve(a, columns).reshape(b.shape)


def _guarded_einsum(signature: str, a: Any, b: Any) -> Any:
    """An einsum of two arrays in which 0 times infinity is 0."""
    letters, out = signature.split("->")
    left, right = letters.split(",")
    every = sorted({*left, *right})
    a = np.einsum(f"{left}->{''.join(c for c in every if c in left)}", a)
    b = np.einsum(f"{right}->{''.join(c for c in every if c in right)}", b)
    a = np.expand_dims(a, [i for i, c in enumerate(every) if c not in left])
    b = np.expand_dims(b, [i for i, c in enumerate(every) if c not in right])
    with np.errstate(invalid="ignore"):
        product = np.where((a == 0) | (b == 0), 0, a * b)
    return np.einsum(f"{''.join(every)}->{out}", product)
