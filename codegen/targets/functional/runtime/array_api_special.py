"""Functions of entries that the standard lacks, in any library of the array API."""

from __future__ import annotations

import math
from typing import Any

from array_api_compat import array_namespace

from pullback.codegen.targets.functional.runtime.array_api import _real


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    xp = array_namespace(x)
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, _real(1, x), small) / (1 + small)


def _cbrt(x: Any) -> Any:
    """The real cube root, with a step of Newton's."""
    xp = array_namespace(x)
    size = xp.abs(x)
    root = size ** (1 / 3)
    safe = xp.where(root == 0, _real(1, x), root)
    better = xp.where(xp.isfinite(root), safe - (safe - size / safe / safe) / 3, root)
    return xp.sign(x) * xp.where(size == 0, size, better)


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """A polynomial, the lowest power first."""
    found = 0 * x + coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        found = found * x + coefficient
    return found


# top and bottom of R in erf(x) = x + x R(x²) up to 1, off by less than 3e-18
_ERF = (
    (
        0.12837916709551256,
        -0.3171605714575243,
        -0.04794892271278874,
        -0.008754917152548844,
        -0.00048625960381178015,
        -2.0297407866172228e-05,
    ),
    (
        1.0,
        0.4593098624050343,
        0.09325282942427278,
        0.010582211456950518,
        0.0006812156478801032,
        2.0297407866172228e-05,
    ),
)
# top and bottom of R in erfc(y) = exp(-y²) / (1 + y R(y)), which moves it by less than 6e-17
_ERFC = (
    (
        1.1283791670955035,
        2.7446259373900634,
        3.2084628791858627,
        2.342349629386198,
        1.1721477820792825,
        0.416738781965549,
        0.1055143615403635,
        0.018442977980701186,
        0.00203825908626355,
        0.0001103485371380168,
    ),
    (
        1.0,
        2.1902091643678965,
        2.3731559226381926,
        1.633627755819651,
        0.7796203193075603,
        0.2663963917937852,
        0.06516780441554272,
        0.011042822510828014,
        0.0011850895753667996,
        6.225749521280601e-05,
    ),
)


def _erf(x: Any) -> Any:
    """The error function."""
    xp = array_namespace(x)
    size = xp.abs(x)
    near = xp.where(size <= 1, x, _real(0, x))
    square = near * near
    small = near + near * (_polynomial(square, _ERF[0]) / _polynomial(square, _ERF[1]))
    large = xp.sign(x) * (1 - _erfc_above(size))
    return xp.where(size <= 1, small, large)


def _erfc(x: Any) -> Any:
    """1 - erf(x), with the digits that this loses."""
    xp = array_namespace(x)
    above = _erfc_above(xp.abs(x))
    return xp.where(x >= 0, above, 2 - above)


def _erfc_above(y: Any) -> Any:
    """erfc(y) of y of 0 or more; NaN goes through."""
    xp = array_namespace(y)
    y = xp.where(y > 27.3, _real(27.3, y), y)
    return _minus_square(y) * _small_erfcx(y)


def _small_erfcx(y: Any) -> Any:
    """exp(y²) erfc(y) from 0 to 27.3."""
    bottom = _polynomial(y, _ERFC[1])
    return bottom / (bottom + y * _polynomial(y, _ERFC[0]))


def _minus_square(y: Any) -> Any:
    """exp(-y²), with what rounding takes off y² put back, by halves of y (Dekker's)."""
    xp = array_namespace(y)
    split = 134217729.0 if y.dtype == xp.float64 else 4097.0
    big = split * y
    high = big - (big - y)
    low = y - high
    square = y * y
    lost = ((high * high - square) + 2 * high * low) + low * low
    return xp.exp(-square) * (1 - lost)


def _erfcx(x: Any) -> Any:
    """exp(x²) erfc(x): by its asymptotic series from 27.3 on, where erfc vanishes."""
    xp = array_namespace(x)
    size = xp.abs(x)
    near = xp.where(size > 27.3, _real(27.3, x), size)
    far = xp.where(size > 27.3, size, _real(27.3, x))
    w = 0.5 / far / far
    series = 1 - w * (1 - 3 * w * (1 - 5 * w * (1 - 7 * w * (1 - 9 * w * (1 - 11 * w)))))
    above = xp.where(size > 27.3, series / far * 0.5641895835477563, _small_erfcx(near))
    return xp.where(x < 0, 2 / _minus_square(near) - above, above)


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
    xp = array_namespace(x)
    size = xp.abs(x)
    near = xp.where(size < 2, x, _real(0, x))
    far = xp.where(size < 2, _real(2, x), xp.where(xp.isfinite(x), x, _real(2, x)))
    term = near**order / math.prod(range(1, 2 * order + 2, 2))
    total = term
    for k in range(1, 14):
        term = -term * near * near / (2 * k * (2 * k + 2 * order + 1))
        total = total + term
    sine, cosine = xp.sin(far), xp.cos(far)
    closed = sine / far
    if order == 1:
        closed = (sine / far - cosine) / far
    elif order == 2:
        closed = ((3 / far - far) * sine - 3 * cosine) / far / far
    found = xp.where(size < 2, total, closed)
    return xp.where(xp.isfinite(x), found, xp.where(xp.isnan(x), x, _real(0, x)))
