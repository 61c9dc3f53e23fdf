"""Errors in ULPs: in steps between neighbouring floats where the exact value lies."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import MPContext
from numpy.typing import NDArray

Array = NDArray[Any]
MP = MPContext()  # a context of our own: SymPy's precision stays as it is
MP.dps = 50

to_float = np.frompyfunc(float, 1, 1)
to_exact = np.frompyfunc(lambda value: MP.mpf(float(value)), 1, 1)


@dataclass(frozen=True)
class Errors:
    """What came out beside the exact values, where these are normal numbers of the dtype."""

    largest: float
    median: float
    entries: int
    flaws: dict[str, int]


def spacing(exact: Array, dtype: Any) -> Array:
    """The step between floats of a dtype in the power of two that holds each value."""
    info = np.finfo(dtype)
    _, exponent = np.frexp(np.abs(exact))
    lowest = int(info.minexp) - int(info.nmant)
    own = np.where(exact == 0, lowest, exponent - 1 - int(info.nmant))
    return np.ldexp(1.0, np.maximum(own, lowest))


def split(exact: Array) -> tuple[Array, Array]:
    """Exact values as sums of two floats, of about 32 digits."""
    high = np.asarray(to_float(exact), np.float64)
    rest = np.where(np.isfinite(high), exact - to_exact(np.nan_to_num(high)), MP.mpf(0))
    return high, np.asarray(to_float(rest), np.float64)


def ulps(found: Array, exact: Array, scale: Array | None = None) -> Array:
    """The error of each entry, in steps at the exact value, or at another of that scale."""
    high, low = split(exact)
    steps = spacing(high if scale is None else scale, found.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs((found.astype(np.float64) - high) - low) / steps
    return np.where(np.isfinite(found), error, np.inf)


def normal(exact: Array, dtype: Any) -> Array:
    """Which exact values are normal numbers of a dtype?"""
    size = np.abs(np.asarray(to_float(exact), np.float64))
    return (size >= np.finfo(dtype).tiny) & (size <= np.finfo(dtype).max)


def measure(found: Array, exact: Array, by_row: bool = False) -> Errors:
    """Errors and flaws; by row in steps at the largest value of each row."""
    found, exact = np.atleast_1d(found), np.atleast_1d(exact)
    high = np.abs(np.asarray(to_float(exact), np.float64))
    scale = np.broadcast_to(high.max(axis=-1, keepdims=True), high.shape) if by_row else None
    chosen = normal(exact, found.dtype)
    errors = ulps(found, exact, scale)[chosen]
    some, right = found[chosen], exact[chosen]
    zero = some == 0
    flaws = {
        "zeros": int((zero & ~np.signbit(some)).sum()),
        "−0.0": int((zero & np.signbit(some)).sum()),
        "wrong signs": int((~zero & (np.signbit(some) != (right < 0)) & ~np.isnan(some)).sum()),
        "NaN": int(np.isnan(some).sum()),
        "infinite": int(np.isinf(some).sum()),
    }
    if not errors.size:
        return Errors(0.0, 0.0, 0, flaws)
    return Errors(float(errors.max()), float(np.median(errors)), errors.size, flaws)
