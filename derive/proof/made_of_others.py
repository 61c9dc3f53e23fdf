"""Functions by their names, and those that are made of others: 1/(1 + exp(-a)) for sigmoid(a)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from pullback.derive.index.functions import Erfc, Erfcx, LogErfc, LogSigmoid, Sigmoid, expm1, log1p
from pullback.derive.proof.algebra import Algebra
from pullback.derive.proof.scalars import V

FUNCTIONS: Mapping[type, str] = {
    sp.exp: "exp",
    sp.log: "log",
    sp.tanh: "tanh",
    sp.erf: "erf",
    sp.sin: "sin",
    sp.cos: "cos",
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
}
