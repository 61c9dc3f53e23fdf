"""The table of functions of entries: how many operands of which kinds, what comes out, and what
each means for numbers of 50 digits.

An operation names its function; a name that is not in the table is refused where it is made.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mpmath import MPContext

MP = MPContext()  # a context apart: SymPy's precision stays as it is
MP.dps = 50

NUMERIC = frozenset({"real", "number", "mask"})  # what may stand in arithmetic; a mask is 0 or 1
ANY = NUMERIC | {"integer"}
WHOLE = frozenset({"integer", "number"})  # what may stand in arithmetic of places


@dataclass(frozen=True)
class EntryFunction:
    """A function of entries.

    `operands` are the kinds that each operand may have; with `more` the last ones repeat. `result`
    is a kind; "arithmetic" is number where all operands are numbers, else real, and then one of
    them is real; "choice" is real, as one of the two is; "first" is the first operand's.
    """

    name: str
    operands: tuple[frozenset[str], ...]
    result: str
    meaning: Callable[..., Any]
    more: bool = False

    @property
    def arity(self) -> int:
        """How many operands it has, or at least has."""
        return len(self.operands)


def real_part(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function with NaN where its value is not real."""

    def real_only(*args: Any) -> Any:
        value = f(*args)
        return MP.nan if getattr(value, "imag", 0) != 0 else MP.mpf(value.real)

    return real_only


def quotient(a: Any, b: Any) -> Any:
    """a / b, infinite or NaN where b is 0."""
    if b != 0:
        return a / b
    return MP.nan if a == 0 or MP.isnan(a) else MP.inf * MP.sign(a)


def power(a: Any, b: Any) -> Any:
    """a to the power b."""
    if b == 0:
        return MP.mpf(1)
    return quotient(MP.mpf(1), power(a, -b)) if a == 0 and b < 0 else MP.mpf(a) ** b


def pick(better: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    """The better of two numbers; NaN goes through."""

    def better_one(a: Any, b: Any) -> Any:
        if MP.isnan(a) or MP.isnan(b):
            return MP.nan
        return a if better(a, b) else b

    return better_one


def sign(a: Any) -> Any:
    """-1, 0 or 1."""
    return MP.nan if MP.isnan(a) else MP.sign(a)


def logarithm_of_one_more(a: Any) -> Any:
    """log(1 + a)."""
    return -MP.inf if a == -1 else MP.log1p(a)


def off_poles(f: Callable[[Any], Any], pole: Any) -> Callable[[Any], Any]:
    """A function with this value at 0 and at the whole numbers below."""
    return lambda a: pole if a <= 0 and MP.isint(a) else f(a)


def inverse_erf(a: Any) -> Any:
    """The number whose erf is a."""
    if abs(a) == 1:
        return MP.inf * MP.sign(a)
    return MP.erfinv(a) if abs(a) < 1 else MP.nan


def bessel(order: int, a: Any) -> Any:
    """A spherical Bessel function of a real number."""
    if MP.isnan(a) or MP.isinf(a):
        return MP.nan if MP.isnan(a) else MP.mpf(0)
    if a == 0:
        return MP.mpf(order == 0)
    size = abs(a)
    return (
        (MP.sign(a) if order % 2 else 1)
        * MP.sqrt(MP.pi / (2 * size))
        * MP.besselj(order + MP.mpf(1) / 2, size)
    )


def arithmetic(name: str, arity: int, meaning: Callable[..., Any]) -> EntryFunction:
    """A function from numbers to a number."""
    return EntryFunction(name, (NUMERIC,) * arity, "arithmetic", real_part(meaning))


def comparison(name: str, meaning: Callable[..., Any]) -> EntryFunction:
    """A comparison of two numbers, labels or places."""
    return EntryFunction(name, (ANY, ANY), "mask", meaning)


def kinds(*names: str) -> frozenset[str]:
    """These kinds."""
    return frozenset(names)


_TABLE = (
    arithmetic("add", 2, operator.add),
    arithmetic("subtract", 2, operator.sub),
    arithmetic("multiply", 2, operator.mul),
    arithmetic("divide", 2, quotient),
    arithmetic("power", 2, power),
    arithmetic("maximum", 2, pick(operator.ge)),
    arithmetic("minimum", 2, pick(operator.le)),
    arithmetic("negative", 1, operator.neg),
    arithmetic("square", 1, lambda a: a * a),
    arithmetic("sqrt", 1, MP.sqrt),
    arithmetic("exp", 1, MP.exp),
    arithmetic("log", 1, lambda a: MP.log(a) if a != 0 else -MP.inf),
    arithmetic("log1p", 1, logarithm_of_one_more),
    arithmetic("expm1", 1, MP.expm1),
    arithmetic("tanh", 1, MP.tanh),
    arithmetic("sin", 1, MP.sin),
    arithmetic("cos", 1, MP.cos),
    arithmetic("abs", 1, abs),
    arithmetic("sign", 1, sign),
    arithmetic("sigmoid", 1, lambda a: 1 / (1 + MP.exp(-a))),
    *(arithmetic(f, 1, getattr(MP, f)) for f in ("tan", "asin", "acos", "atan", "sinh", "cosh")),
    *(arithmetic(f, 1, getattr(MP, f)) for f in ("asinh", "acosh", "atanh", "floor", "ceil")),
    arithmetic("atan2", 2, MP.atan2),
    arithmetic("cbrt", 1, lambda a: MP.sign(a) * MP.cbrt(abs(a))),
    arithmetic("round", 1, MP.nint),
    arithmetic("lgamma", 1, off_poles(lambda a: MP.re(MP.loggamma(a)), MP.inf)),
    arithmetic("digamma", 1, off_poles(lambda a: MP.psi(0, a), MP.nan)),
    arithmetic("trigamma", 1, off_poles(lambda a: MP.psi(1, a), MP.inf)),
    arithmetic("tetragamma", 1, off_poles(lambda a: MP.psi(2, a), MP.nan)),
    arithmetic("erfinv", 1, inverse_erf),
    *(arithmetic(f"bessel{n}", 1, partial(bessel, n)) for n in range(3)),
    arithmetic("erf", 1, MP.erf),
    arithmetic("erfc", 1, MP.erfc),
    arithmetic("erfcx", 1, lambda a: MP.exp(a * a) * MP.erfc(a)),
    EntryFunction(
        "exp_difference", (kinds("real"),) * 2, "real", real_part(lambda a, b: MP.exp(a - b))
    ),
    EntryFunction("whole_add", (WHOLE, WHOLE), "whole", operator.add),
    EntryFunction("whole_multiply", (WHOLE, WHOLE), "whole", operator.mul),
    EntryFunction("whole_maximum", (WHOLE, WHOLE), "whole", max),
    EntryFunction("whole_minimum", (WHOLE, WHOLE), "whole", min),
    comparison("greater", operator.gt),
    comparison("greater_equal", operator.ge),
    comparison("less", operator.lt),
    comparison("less_equal", operator.le),
    comparison("equal", operator.eq),
    comparison("not_equal", operator.ne),
    EntryFunction("isfinite", (kinds("real", "number"),), "mask", lambda a: bool(MP.isfinite(a))),
    EntryFunction(
        "where", (kinds("mask"), NUMERIC, NUMERIC), "choice", lambda c, a, b: MP.mpf(a if c else b)
    ),
    EntryFunction("float", (kinds("mask"),), "real", MP.mpf),
    EntryFunction("cast", (kinds("number"),), "real", MP.mpf),
    EntryFunction("spread", (ANY, kinds("number")), "first", lambda a, *_: a, more=True),
)
FUNCTIONS: Mapping[str, EntryFunction] = {f.name: f for f in _TABLE}


def function(name: str) -> EntryFunction:
    """The function of that name; KeyError, with those that there are, for another."""
    if name not in FUNCTIONS:
        raise KeyError(f"no function of entries is called {name!r}; there are {sorted(FUNCTIONS)}")
    return FUNCTIONS[name]
