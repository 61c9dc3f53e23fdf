"""Inverses, determinants and systems of the matrices that lie along the last two axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _inverse(a: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """The inverse of each matrix; LinAlgError where one has none."""
    return _written(np.linalg.inv(a), out)


def _determinant(a: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """The determinant of each matrix."""
    return _written(np.linalg.det(a), out)


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
