"""Functions of single entries that NumPy lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _exp_difference(
    a: NDArray[Any], b: NDArray[Any], given: np.dtype[Any], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """exp(a - b): what rounding takes off comes back as a factor, unless `given` is float32."""
    if out is None:
        out = np.empty(np.broadcast_shapes(a.shape, b.shape))
    if given.itemsize == 4:  # float64 loses too little to show
        np.subtract(a, b, out=out)
        return np.exp(out, out=out)
    a, b = np.broadcast_to(a, out.shape), np.broadcast_to(b, out.shape)
    step = max(1, 2**13 // max(1, out[:1].size))
    scratch = np.empty((2, *out[:step].shape))
    with np.errstate(invalid="ignore"):
        for start in range(0, len(out), step):
            rows = slice(start, start + step)
            x, y, difference = a[rows], b[rows], out[rows]
            part, lost = scratch[:, : len(x)]
            np.subtract(x, y, out=difference)
            # Knuth's: with part = x - difference, lost = (part - y) + (x - (difference + part))
            np.subtract(x, difference, out=part)
            np.subtract(part, y, out=lost)
            np.add(difference, part, out=part)
            np.subtract(x, part, out=part)
            np.add(lost, part, out=lost)
            if not np.isfinite(lost.sum()):  # beside an infinity nothing is lost
                lost[~np.isfinite(lost)] = 0
            np.exp(difference, out=difference)
            np.multiply(lost, difference, out=lost)
            np.add(difference, lost, out=difference)
    return out


def _sigmoid(x: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """1 / (1 + exp(-x)), with exp of negative numbers only."""
    return _by_blocks(_sigmoid_block, x, out)


def _sigmoid_block(x: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]) -> None:
    """The sigmoid of some entries, by e = exp(-|x|): e / (1 + e) where x < 0, else 1 / (1 + e)."""
    e, top = scratch[:2]
    np.abs(x, out=e)
    np.negative(e, out=e)
    np.exp(e, out=e)
    np.greater_equal(x, 0, out=top)
    np.maximum(e, top, out=top)  # 1 is the larger where x is 0 or more
    np.add(e, 1, out=e)
    np.divide(top, e, out=out)


def _erf(x: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The error function, entry by entry."""
    return _by_blocks(_erf_block, x, out)


def _erf_block(x: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]) -> None:
    """erf of some entries: x + x R(x²) up to 1, beyond it 1 - erfc."""
    y, scratch = scratch[0], scratch[1:]
    np.abs(x, out=y)
    near = y <= 1
    if not near.all():
        _erfc_above(y, out, scratch)
        np.subtract(1, out, out=out)
        np.copysign(out, x, out=out)
    if near.any():
        np.minimum(y, 1, out=y)
        np.square(y, out=y)
        top, bottom = _two_polynomials(y, _ERF[x.itemsize], scratch)
        np.divide(top, bottom, out=top)
        np.multiply(top, x, out=top)
        np.add(x, top, out=out, where=near)


# top and bottom of R by the bytes of a float, off by less than 3e-18 and 4e-11
_ERF = {
    8: np.array(
        (
            (0.12837916709551256, -0.3171605714575243, -0.04794892271278874),
            (1, 0.4593098624050343, 0.09325282942427278),
            (-0.008754917152548844, -0.00048625960381178015, -2.0297407866172228e-05),
            (0.010582211456950518, 0.0006812156478801032, 2.0297407866172228e-05),
        )
    ),
    4: np.array(
        (
            (0.12837917, -0.32041284),
            (1, 0.4339764),
            (-0.040835485, -0.0052254926),
            (0.074439965, 0.0052254926),
        ),
        np.float32,
    ),
}


def _erfc(x: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """1 - erf(x), entry by entry, without cancelling where x is large."""
    return _by_blocks(_erfc_block, x, out)


def _erfc_block(x: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]) -> None:
    """erfc of some entries: erfc(y) or 2 - erfc(y), with y = |x|."""
    y = sign = scratch[0]
    np.abs(x, out=y)
    _erfc_above(y, out, scratch[1:])
    np.copysign(1, x, out=sign)
    np.multiply(out, sign, out=out)
    np.subtract(1, sign, out=sign)
    np.add(out, sign, out=out)


def _erfc_above(y: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]) -> None:
    """erfc(y) = exp(-y²) / (1 + y R(y)) for y of 0 or more; y is cut where erfc is 0."""
    largest, integer, mask = _FLOATS[y.itemsize]
    if not y.max() <= largest:  # also where one is NaN
        np.minimum(y, largest, out=y)
    np.bitwise_and(y.view(integer), mask, out=scratch[0].view(integer))
    _exp_of_minus_square(y, scratch[0], out, scratch[1:])
    # 1 / (1 + y R) = bottom / (bottom + y top), all of it positive
    top, bottom = _two_polynomials(y, _ERFC[y.itemsize], scratch)
    np.multiply(out, bottom, out=out)
    np.multiply(top, y, out=top)
    np.add(top, bottom, out=top)
    np.divide(out, top, out=out)


def _erfcx(x: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """exp(x²) erfc(x), entry by entry."""
    return _by_blocks(_erfcx_block, x, out)


def _erfcx_block(x: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]) -> None:
    """erfcx(y) = 1 / (1 + y R(y)) of some entries, with y = |x|, and 2 exp(y²) less it below 0."""
    largest, integer, mask = _FLOATS[x.itemsize]
    y = scratch[0]
    np.abs(x, out=y)
    far, below = y > largest, x < 0
    np.minimum(y, largest, out=y)
    top, bottom = _two_polynomials(y, _ERFC[y.itemsize], scratch[1:])
    np.multiply(top, y, out=top)
    np.add(top, bottom, out=top)
    np.divide(bottom, top, out=out)
    if far.any():
        z = np.abs(x[far])
        w = 0.5 / z / z
        w = 1 - w * (1 - 3 * w * (1 - 5 * w * (1 - 7 * w * (1 - 9 * w * (1 - 11 * w)))))
        out[far] = w / z * 0.5641895835477563  # the asymptotic series, over √π
    if below.any():
        z = y[below]
        short, small = np.empty_like(z), np.empty_like(z)
        np.bitwise_and(z.view(integer), mask, out=short.view(integer))
        _exp_of_minus_square(z, short, small, np.empty((2, z.size), z.dtype))
        with np.errstate(divide="ignore", over="ignore"):
            out[below] = 2 / small - out[below]


def _exp_of_minus_square(
    y: NDArray[Any], short: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]
) -> None:
    """exp(-y²) = exp(-square) (1 - lost), with lost = y² - square what rounding takes off y².

    exp would multiply that by y². `short` is y without its last bits, so that its square is exact.
    """
    square, lost = scratch[:2]
    np.multiply(y, y, out=square)
    np.multiply(short, short, out=lost)
    np.subtract(lost, square, out=lost)
    np.subtract(y, short, out=out)
    np.add(y, short, out=short)
    np.multiply(out, short, out=out)
    np.add(lost, out, out=lost)
    np.negative(square, out=square)
    np.exp(square, out=out)
    np.multiply(lost, out, out=lost)
    np.subtract(out, lost, out=out)


# by the bytes of a float: beyond which y erfc is 0, and the leading half of a float's bits
_FLOATS: dict[int, tuple[float, Any, Any]] = {
    8: (27.3, np.int64, np.int64(-(2**27))),
    4: (10.1, np.int32, np.int32(-(2**12))),
}
# top and bottom of R, which moves 1 / (1 + y R) by less than 6e-17 and 7e-9
_ERFC = {
    8: np.array(
        (
            (
                1.1283791670955035,
                2.7446259373900634,
                3.2084628791858627,
                2.342349629386198,
                1.1721477820792825,
            ),
            (1, 2.1902091643678965, 2.3731559226381926, 1.633627755819651, 0.7796203193075603),
            (
                0.416738781965549,
                0.1055143615403635,
                0.018442977980701186,
                0.00203825908626355,
                0.0001103485371380168,
            ),
            (
                0.2663963917937852,
                0.06516780441554272,
                0.011042822510828014,
                0.0011850895753667996,
                6.225749521280601e-05,
            ),
        )
    ),
    4: np.array(
        (
            (1.1283796, 1.668268, 1.0929868),
            (1, 1.2363182, 0.72931236),
            (0.37175632, 0.057677016, 0),
            (0.22808519, 0.03254118, 0),
        ),
        np.float32,
    ),
}


def _two_polynomials(
    x: NDArray[Any], coefficients: NDArray[Any], scratch: NDArray[Any]
) -> tuple[Any, Any]:
    """Two polynomials of x at once, as a matrix product with powers of x.

    Rows of coefficients: both low halves, then both high halves, the lowest power first.
    """
    count = coefficients.shape[1]
    powers, halves = scratch[:count], scratch[count : count + 4]
    powers[0] = 1
    powers[1] = x
    for i in range(2, count):
        np.multiply(powers[i - 1], x, out=powers[i])
    np.matmul(coefficients, powers, out=halves)
    low, high = halves[:2], halves[2:]
    np.multiply(high, np.multiply(powers[-1], x, out=powers[-1]), out=high)
    np.add(low, high, out=low)
    return low[0], low[1]


def _by_blocks(
    function: Callable[..., None], x: Any, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """A function of single entries, worked out in blocks that stay in the processor's cache."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        x = x.astype(np.float64)
    if out is None:
        out = np.empty(x.shape, x.dtype)
    flat, result = x.reshape(-1), out.reshape(-1)
    size = min(x.size, 2**16 // x.itemsize) or 1
    scratch = np.empty((10, size), x.dtype)
    for start in range(0, x.size, size):
        block = flat[start : start + size]
        function(block, result[start : start + size], scratch[:, : block.size])
    return out
