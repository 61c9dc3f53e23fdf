"""Functions by their names, and those that are made of others: 1/(1 + exp(-a)) for sigmoid(a)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from pullback.derive.index import elementary as el
from pullback.derive.index.functions import Erfc, Erfcx, LogErfc, LogSigmoid, Sigmoid, expm1, log1p
from pullback.derive.proof.algebra import Algebra
from pullback.derive.proof.by_name import NAMES as KNOWN
from pullback.derive.proof.scalars import V

FUNCTIONS: Mapping[type, str] = {
    sp.exp: "exp",
    sp.log: "log",
    sp.tanh: "tanh",
    sp.erf: "erf",
    sp.sin: "sin",
    sp.cos: "cos",
    **KNOWN,
}


def one_over(algebra: Algebra[Any], value: Any) -> Any:
    """1/value."""
    return algebra.power(value, algebra.number(-1))


def less(algebra: Algebra[Any], a: Any, b: Any) -> Any:
    """a - b."""
    return algebra.add([a, algebra.mul([algebra.number(-1), b])])


def logistic(algebra: Algebra[Any], a: Any) -> Any:
    """1/(1 + exp(-a))."""
    one = algebra.number(1)
    below = algebra.function("exp", algebra.mul([algebra.number(-1), a]))
    return one_over(algebra, algebra.add([one, below]))


def scaled(algebra: Algebra[V], a: V) -> V:
    """exp(a²)(1 − erf(a))."""
    rest = less(algebra, algebra.number(1), algebra.function("erf", a))
    return algebra.mul([algebra.function("exp", algebra.mul([a, a])), rest])


def tangent(algebra: Algebra[V], a: V) -> V:
    """sin(a)/cos(a)."""
    return algebra.mul([algebra.function("sin", a), one_over(algebra, algebra.function("cos", a))])


def hyperbolic(algebra: Algebra[V], sign: int, a: V) -> V:
    """(exp(a) ± exp(-a))/2."""
    below = algebra.function("exp", algebra.mul([algebra.number(-1), a]))
    both = [algebra.function("exp", a), algebra.mul([algebra.number(sign), below])]
    return algebra.mul([algebra.number(Fraction(1, 2)), algebra.add(both)])


def area_tangent(algebra: Algebra[V], a: V) -> V:
    """(log(1 + a) - log(1 - a))/2."""
    one = algebra.number(1)
    above = algebra.function("log", algebra.add([one, a]))
    difference = less(algebra, above, algebra.function("log", less(algebra, one, a)))
    return algebra.mul([algebra.number(Fraction(1, 2)), difference])


def angle(algebra: Algebra[V], y: V, x: V) -> V:
    """The angle of the point (x, y), by the arc tangent of y/x or of x/y; none of (0, 0)."""
    side = algebra.sign(x)
    if side or not algebra.sign(y):
        found = algebra.function("atan", algebra.mul([y, one_over(algebra, x)]))
        turn: Fraction | int = 0 if side >= 0 else 1 if algebra.sign(y) >= 0 else -1
    else:
        flat = algebra.function("atan", algebra.mul([x, one_over(algebra, y)]))
        found, turn = algebra.mul([algebra.number(-1), flat]), Fraction(algebra.sign(y), 2)
    if not turn:
        return found
    return algebra.add([found, algebra.mul([algebra.number(turn), algebra.constant("pi")])])


NAMES: Mapping[type, str] = {  # functions that others make up
    log1p: "log1p",
    expm1: "expm1",
    Erfc: "erfc",
    Erfcx: "erfcx",
    Sigmoid: "sigmoid",
    LogSigmoid: "logsigmoid",
    LogErfc: "logerfc",
    sp.Abs: "abs",
    sp.sign: "sign",
    el.Tan: "tan",
    el.Sinh: "sinh",
    el.Cosh: "cosh",
    el.Atanh: "atanh",
}
MADE: Mapping[str, Callable[[Algebra[Any], Any], Any]] = {
    "log1p": lambda A, a: A.function("log", A.add([A.number(1), a])),
    "expm1": lambda A, a: less(A, A.function("exp", a), A.number(1)),
    "erfc": lambda A, a: less(A, A.number(1), A.function("erf", a)),
    "erfcx": scaled,
    "sigmoid": logistic,
    "logsigmoid": lambda A, a: A.function("log", logistic(A, a)),
    "logerfc": lambda A, a: A.function("log", less(A, A.number(1), A.function("erf", a))),
    "abs": lambda A, a: A.mul([A.number(A.sign(a)), a]),
    "sign": lambda A, a: A.number(A.sign(a)),
    "tan": tangent,
    "sinh": lambda A, a: hyperbolic(A, -1, a),
    "cosh": lambda A, a: hyperbolic(A, 1, a),
    "atanh": area_tangent,
}
