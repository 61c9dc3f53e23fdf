"""Functions that the written-out check knows by their names, and what it knows of each: the slope
that is declared for it, its value at real points, and where it has none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from pullback.derive.index import elementary as el
from pullback.derive.index import special
from pullback.derive.proof.nodes import Node, Number

NAMES: Mapping[type[sp.Function], str] = {
    el.Asin: "asin",
    el.Acos: "acos",
    el.Atan: "atan",
    el.Asinh: "asinh",
    el.Acosh: "acosh",
    el.Cbrt: "cbrt",
    el.Floor: "floor",
    el.Ceil: "ceil",
    el.Round: "round",
    special.Lgamma: "lgamma",
    special.Digamma: "digamma",
    special.Trigamma: "trigamma",
    special.Tetragamma: "tetragamma",
    special.Erfinv: "erfinv",
    special.Bessel0: "bessel0",
    special.Bessel1: "bessel1",
    special.Bessel2: "bessel2",
}
ZERO_AT_ZERO = ("asin", "atan", "asinh", "cbrt", "erfinv")  # and nowhere else
Slope = Callable[[Any, Any, Any], Any]


def beside(algebra: Any, number: Number, sign: Number, a: Any) -> Any:
    """number + sign a."""
    return algebra.add([algebra.number(number), algebra.mul([algebra.number(sign), a])])


def root_of_both(algebra: Any, sign: Number, a: Any) -> Any:
    """sign / (√(1 - a) √(1 + a))."""
    half = algebra.number(Fraction(-1, 2))
    roots = [algebra.power(beside(algebra, 1, side, a), half) for side in (-1, 1)]
    return algebra.mul([algebra.number(sign), *roots])


def more_than_square(algebra: Any, power: Number, a: Any) -> Any:
    """(1 + a²) to a power."""
    inside = algebra.add([algebra.number(1), algebra.mul([a, a])])
    return algebra.power(inside, algebra.number(power))


def of_acosh(algebra: Any, a: Any, made: Any) -> Any:
    """1 / (√(a - 1) √(a + 1))."""
    half = algebra.number(Fraction(-1, 2))
    return algebra.mul([algebra.power(beside(algebra, n, 1, a), half) for n in (-1, 1)])


def of_cbrt(algebra: Any, a: Any, made: Any) -> Any:
    """1 / (3 ∛a²)."""
    return algebra.mul([algebra.number(Fraction(1, 3)), algebra.power(made, algebra.number(-2))])


def of_erfinv(algebra: Any, a: Any, made: Any) -> Any:
    """√π/2 exp(y²), where y is the value."""
    root = algebra.power(algebra.constant("pi"), algebra.number(Fraction(1, 2)))
    bell = algebra.function("exp", algebra.mul([made, made]))
    return algebra.mul([algebra.number(Fraction(1, 2)), root, bell])


def of_bessel1(algebra: Any, a: Any, made: Any) -> Any:
    """(j0 - 2 j2) / 3."""
    first, third = algebra.function("bessel0", a), algebra.function("bessel2", a)
    both = algebra.add([first, algebra.mul([algebra.number(-2), third])])
    return algebra.mul([algebra.number(Fraction(1, 3)), both])


# the slope in an algebra, of the argument and of the function's value there
SLOPES: Mapping[str, Slope] = {
    "asin": lambda A, a, made: root_of_both(A, 1, a),
    "acos": lambda A, a, made: root_of_both(A, -1, a),
    "atan": lambda A, a, made: more_than_square(A, -1, a),
    "asinh": lambda A, a, made: more_than_square(A, Fraction(-1, 2), a),
    "acosh": of_acosh,
    "cbrt": of_cbrt,
    "lgamma": lambda A, a, made: A.function("digamma", a),
    "digamma": lambda A, a, made: A.function("trigamma", a),
    "trigamma": lambda A, a, made: A.function("tetragamma", a),
    "erfinv": of_erfinv,
    "bessel0": lambda A, a, made: A.mul([A.number(-1), A.function("bessel1", a)]),
    "bessel1": of_bessel1,
    **dict.fromkeys(("floor", "ceil", "round"), lambda A, a, made: A.number(0)),
}


def cube_root(context: Any, a: Any) -> Any:
    """The real one."""
    return abs(a) ** (context.mpf(1) / 3) * (1 if a >= 0 else -1)


def area_sine(context: Any, a: Any) -> Any:
    """asinh(a)."""
    return context.log(abs(a) + context.sqrt(1 + a * a)) * (1 if a >= 0 else -1)


def area_cosine(context: Any, a: Any) -> Any:
    """acosh(a)."""
    return context.log(a + context.sqrt(a - 1) * context.sqrt(a + 1))


def nearest(context: Any, a: Any) -> Any:
    """The nearest whole number, of two the even one."""
    below = context.floor(a)
    odd = below % 2
    return below + int(a - below > 0.5 or (a - below == 0.5 and odd))


def at_no_pole(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A function that has no value at 0 and the whole numbers below."""
    return lambda context, a: context.nan if a <= 0 and a == int(a) else function(context, a)


def bessel(order: int) -> Callable[[Any, Any], Any]:
    """A spherical Bessel function, by its series near 0, else by sines."""

    def value(context: Any, a: Any) -> Any:
        if abs(a) < 1:
            term = a**order / (1, 3, 15)[order]
            total = term
            for k in range(1, 30):
                term = -term * a * a / (2 * k * (2 * (order + k) + 1))
                total += term
            return total
        sine, cosine = context.sin(a), context.cos(a)
        first = sine / a
        second = (first - cosine) / a
        return (first, second, 3 * second / a - first)[order]

    return value


# the value at a real point, in a context of mpmath
REAL: Mapping[str, Callable[[Any, Any], Any]] = {
    "asin": lambda c, a: c.asin(a),
    "acos": lambda c, a: c.acos(a),
    "atan": lambda c, a: c.atan(a),
    "asinh": area_sine,
    "acosh": area_cosine,
    "cbrt": cube_root,
    "floor": lambda c, a: c.floor(a),
    "ceil": lambda c, a: c.ceil(a),
    "round": nearest,
    "lgamma": at_no_pole(lambda c, a: c.loggamma(a).real),
    "digamma": at_no_pole(lambda c, a: c.psi(0, a)),
    "trigamma": at_no_pole(lambda c, a: c.psi(1, a)),
    "tetragamma": at_no_pole(lambda c, a: c.psi(2, a)),
    "erfinv": lambda c, a: c.erfinv(a),
    "bessel0": bessel(0),
    "bessel1": bessel(1),
    "bessel2": bessel(2),
}


def inside(context: Any, name: str, a: Any) -> Any:
    """A point where the function has a value: the argument itself, if it is one."""
    if name in ("asin", "acos") and abs(a) > 1:
        return 1 / a
    if name == "acosh" and a < 1:
        return 2 - a
    if name == "erfinv" and abs(a) >= 1:
        return a / (2 * a * a)
    return a


def must_be_positive(nodes: Any, name: str, a: Node) -> Iterable[Node]:
    """What must be positive, or 0, where the function has a value."""
    if name in ("asin", "acos", "erfinv"):
        yield from (beside(nodes, 1, sign, a) for sign in (1, -1))
    elif name == "acosh":
        yield beside(nodes, -1, 1, a)
