"""Special functions, entry by entry, by series and recurrences; worked out in float64.

Each is right to some units in the last place, but next to a zero that is no float, as digamma has
at 1.46: there it is off by as much as beside 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pullback.codegen.targets.numpy.runtime.functions import _erf, _erfc


def _as_given(found: Any, x: Any, out: NDArray[Any] | None) -> Any:
    """A result in the dtype of an argument, or in an array of it."""
    if out is not None:
        with np.errstate(over="ignore", under="ignore"):
            out[...] = found
        return out
    dtype = np.asarray(x).dtype
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(found).astype(dtype if dtype.kind == "f" else np.float64)[()]


def _lgamma(x: Any, out: NDArray[Any] | None = None) -> Any:
    """The log of |gamma|: by Taylor's series at 2, from 10 on by Stirling's."""
    with np.errstate(all="ignore"):
        whole = np.asarray(x, np.float64)
        t = np.abs(whole)
        count, product = np.zeros_like(t), np.ones_like(t)
        near = np.where(t < 10, t, 2.0)
        low, down = near.copy(), near > 2.5
        for _ in range(2):  # up to where the series is
            up = near + count < 1.5
            product = np.where(up, product * (near + count), product)
            count += up
        for _ in range(8):  # or down
            far = low > 2.5
            low = np.where(far, low - 1, low)
            product = np.where(far, product * low, product)
        z = np.where(down, low - 2, near - (2 - count))
        series = np.zeros_like(t)
        for coefficient in _LGAMMA[::-1]:
            series = series * z + coefficient
        found = z * series + np.where(down, 1.0, -1.0) * np.log(product)
        beyond = np.maximum(t, 10)
        w = 1 / beyond / beyond
        rest = 1 / 1188 - w * (691 / 360360 - w / 156)
        rest = 1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * rest)))
        stirling = (beyond - 0.5) * (np.log(beyond) - 1) - 0.5 + 0.9189385332046727
        found = np.where(t < 10, found, stirling + rest / beyond)
        sine = np.abs(np.sin(np.pi * (whole - np.rint(whole))))
        reflected = 1.1447298858494002 - np.log(sine) - np.log(t) - found
        found = np.where(whole < 0, np.where(sine == 0, np.inf, reflected), found)
        found = np.where(np.isinf(t), np.inf, found)
    return _as_given(np.where(np.isnan(whole), whole, found), x, out)


# of log gamma(2 + z) / z, by powers of z
_LGAMMA = (
    0.42278433509846713,
    0.3224670334241132,
    -0.0673523010531981,
    0.020580808427784546,
    -0.007385551028673986,
    0.0028905103307415234,
    -0.001192753911703261,
    0.0005096695247430425,
    -0.00022315475845357939,
    9.945751278180853e-05,
    -4.492623673813314e-05,
    2.050721277567069e-05,
    -9.439488275268397e-06,
    4.374866789907488e-06,
    -2.039215753801366e-06,
    9.55141213040742e-07,
    -4.492469198764566e-07,
    2.1207184805554665e-07,
    -1.0043224823968099e-07,
    4.7698101693639804e-08,
    -2.2711094608943164e-08,
    1.0838659214896955e-08,
    -5.183475041970047e-09,
    2.4836745438024785e-09,
    -1.1921401405860912e-09,
    5.731367241678862e-10,
    -2.7595228851242334e-10,
    1.330476437424449e-10,
)


def _shifted(x: Any, order: int) -> tuple[Any, Any, Any]:
    """The argument, where it is below 0 its mirror; that raised to 10 or more; and the sum of
    1/a^(order + 1) over the steps that this took."""
    whole = np.asarray(x, np.float64)
    t = np.where(whole < 0, 1 - whole, whole)
    total = np.zeros_like(t)
    for _ in range(10):
        low = t < 10
        total = total + np.where(low, 1 / t ** (order + 1), 0)
        t = np.where(low, t + 1, t)
    return whole, t, total


def _digamma(x: Any, out: NDArray[Any] | None = None) -> Any:
    """The slope of lgamma, by its asymptotic series."""
    with np.errstate(all="ignore"):
        whole, t, total = _shifted(x, 0)
        w = 1 / t / t
        rest = 1 / 132 - w * (691 / 32760 - w / 12)
        rest = w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * rest))))
        found = np.log(t) - 0.5 / t - rest - total
        angle = np.pi * (whole - np.rint(whole))
        mirrored = found - np.pi / np.tan(angle)
        found = np.where(whole < 0, np.where(angle == 0, np.nan, mirrored), found)
        found = np.where(whole == 0, -1 / whole, found)
        found = np.where(whole == -np.inf, np.nan, found)
    return _as_given(found, x, out)


def _trigamma(x: Any, out: NDArray[Any] | None = None) -> Any:
    """The slope of digamma."""
    with np.errstate(all="ignore"):
        whole, t, total = _shifted(x, 1)
        w = 1 / t / t
        rest = 5 / 66 - w * (691 / 2730 - w * 7 / 6)
        rest = w * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * rest))))
        found = (1 + 0.5 / t + rest) / t + total
        sine = np.sin(np.pi * (whole - np.rint(whole))) / np.pi
        found = np.where(whole < 0, 1 / (sine * sine) - found, found)
    return _as_given(found, x, out)


def _tetragamma(x: Any, out: NDArray[Any] | None = None) -> Any:
    """The slope of trigamma."""
    with np.errstate(all="ignore"):
        whole, t, total = _shifted(x, 2)
        w = 1 / t / t
        rest = 5 / 6 - w * (691 / 210 - w * 35 / 2)
        rest = w * (1 / 2 - w * (1 / 6 - w * (1 / 6 - w * (3 / 10 - w * rest))))
        found = -w * (1 + 1 / t + rest) - 2 * total
        angle = np.pi * (whole - np.rint(whole))
        sine = np.sin(angle) / np.pi
        found = np.where(whole < 0, found - 2 * np.cos(angle) / (sine * sine * sine), found)
    return _as_given(found, x, out)


def _erfinv(x: Any, out: NDArray[Any] | None = None) -> Any:
    """The number whose erf is x: from a rough formula, by three of Halley's steps.

    They go by erfc from 1/2 on, where 1 - x is exact.
    """
    with np.errstate(all="ignore"):
        whole = np.asarray(x, np.float64)
        size = np.abs(whole)
        short = np.minimum(size, 1 - 2.0**-53)
        log = np.log1p(-short * short)
        half = 4.330746750799873 + log / 2
        y = np.sqrt(np.maximum(np.sqrt(half * half - log / 0.147) - half, 0))
        for _ in range(3):
            off = np.where(size < 0.5, _erf(y) - short, (1 - short) - _erfc(y))
            step = off / (1.1283791670955126 * np.exp(-y * y))
            y = y - step / (1 + y * step)
        found = np.where(size < 1, np.copysign(y, whole), np.copysign(np.inf, whole))
        found = np.where(size <= 1, found, np.nan)
    return _as_given(found, x, out)


def _bessel0(x: Any, out: NDArray[Any] | None = None) -> Any:
    """sin(x) / x."""
    return _as_given(_bessel(x, 0), x, out)


def _bessel1(x: Any, out: NDArray[Any] | None = None) -> Any:
    """The slope of sin(x) / x with a minus."""
    return _as_given(_bessel(x, 1), x, out)


def _bessel2(x: Any, out: NDArray[Any] | None = None) -> Any:
    """(3 / x³ - 1 / x) sin(x) - 3 cos(x) / x²."""
    return _as_given(_bessel(x, 2), x, out)


def _bessel(x: Any, order: int) -> Any:
    """A spherical Bessel function: by its series up to 3, beyond it by sines."""
    with np.errstate(all="ignore"):
        whole = np.asarray(x, np.float64)
        far = np.where(np.abs(whole) > 3, whole, 3.0)
        sine, cosine = np.sin(far), np.cos(far)
        waves = sine / far
        if order == 1:
            waves = (waves - cosine) / far
        if order == 2:
            waves = (3 * (waves - cosine) / far - sine) / far
        waves = np.where(np.isinf(whole), 0, waves)
        near = np.where(np.abs(whole) > 3, 0, whole)
        square, term = -near * near / 2, near**order / (1, 3, 15)[order]
        total = term
        for k in range(1, 16):
            term = term * square / (k * (2 * (order + k) + 1))
            total = total + term
        found = np.where(np.abs(whole) > 3, waves, total)
    return np.where(np.isnan(whole), whole, found)
