"""Where the coefficients of the emitted `_erf` and `_erfc` come from: fits at 50 digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp

ROUNDS = 40


def fit(function: Callable[[Any], Any], degree: int, end: float, middle: float, fixed: bool) -> Any:
    """(largest relative error, top, bottom), of degrees n and n + 1 over 0 to `end`.

    Half of the points lie below about `middle`. Weights grow where errors are large, which brings
    the largest down. Where `fixed`, the value at 0 is exact.
    """
    points = nodes(6 * (2 * degree + 3), end, middle) + ([mp.mpf(0)] if fixed else [])
    values = [function(x) for x in points]
    weights, below = [mp.mpf(1)] * len(points), [mp.mpf(1)] * len(points)
    found: list[tuple[Any, ...]] = []
    for round_ in range(ROUNDS):
        top, bottom = solve(points, values, weights, below, degree)
        below = [mp.polyval(bottom[::-1], x) for x in points]
        exact = zip(points, below, values, strict=True)
        errors = [abs(mp.polyval(top[::-1], x) / q / f - 1) for x, q, f in exact]
        found.append((max(errors), top, bottom))
        if round_ > 2:
            weights = reweighted(weights, errors)
        if fixed:
            weights[-1] = mp.mpf(10) ** 24
    return min(found, key=lambda f: f[0])


def nodes(count: int, end: float, middle: float) -> list[Any]:
    """Points from 0 to `end`, close together at both ends, as Chebyshev's are."""
    last = (end - middle) / (end + middle)
    turns = [mp.cos(mp.pi * (i + mp.mpf(1) / 2) / count) for i in range(count)]
    places = [(last - 1) / 2 + (last + 1) / 2 * turn for turn in turns]
    return [middle * (1 + t) / (1 - t) for t in places]


def solve(points: Any, values: Any, weights: Any, below: Any, degree: int) -> tuple[Any, Any]:
    """Least squares for top - f bottom = 0, with the bottom of the round before as a scale."""
    rows = []
    for x, f, w, q in zip(points, values, weights, below, strict=True):
        s = mp.sqrt(w) / (f * q)
        top = [s * x**j for j in range(degree + 1)]
        rows.append([*top, *(-s * f * x**j for j in range(1, degree + 2)), s * f])
    whole = mp.matrix(rows)
    left, right = whole[:, : 2 * degree + 2], whole[:, 2 * degree + 2]
    c = list(mp.lu_solve(left.T * left, left.T * right))
    return c[: degree + 1], [mp.mpf(1), *c[degree + 1 :]]


def reweighted(weights: list[Any], errors: list[Any]) -> list[Any]:
    """Each weight times its error, their mean 1 (Lawson's way)."""
    products = [w * e for w, e in zip(weights, errors, strict=True)]
    mean = sum(products) / len(products)
    return [max(p / mean, mp.mpf(10) ** -12) for p in products]


def erfcx(y: Any) -> Any:
    """exp(y²) erfc(y)."""
    return mp.exp(y * y) * mp.erfc(y)


def erf_by_root(z: Any) -> Any:
    """erf(x) / x with z = x²."""
    return mp.erf(mp.sqrt(z)) / mp.sqrt(z)


def show(title: str, error: Any, top: list[Any], bottom: list[Any]) -> None:
    """Print one pair of polynomials, the lowest power first."""
    print(f"{title}, error {mp.nstr(error, 2)}")
    for name, polynomial in (("top", top), ("bottom", bottom)):
        print(f"  {name}: {', '.join(repr(float(c)) for c in polynomial)}")


def main() -> None:
    """Print what stands in codegen/targets/numpy/runtime/functions.py."""
    with mp.workdps(50):
        for dtype, degree, end, middle in (("float64", 9, 27.3, 2), ("float32", 4, 10.1, 1.5)):
            error, top, bottom = fit(erfcx, degree, mp.mpf(end), mp.mpf(middle), fixed=True)
            rest = [q - p for p, q in zip([*top[1:], 0], bottom[1:], strict=True)]
            show(f"{dtype}: erfc(y) = exp(-y²) / (1 + y top/bottom)", error, rest, top)
        for dtype, degree in (("float64", 4), ("float32", 2)):
            error, top, bottom = fit(erf_by_root, degree, mp.mpf(1), mp.mpf(1), fixed=False)
            rest = [p - q for p, q in zip([*top, 0], bottom, strict=True)]
            show(f"{dtype}: erf(x) = x + x top(x²)/bottom(x²)", error, rest, bottom)


if __name__ == "__main__":
    main()
