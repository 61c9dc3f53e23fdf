"""Laws for the tails of the error function, under a log and below the line."""

from __future__ import annotations

from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.functions import Erfc, Erfcx, LogErfc, log1p
from pullback.derive.index.kinks import Where
from pullback.derive.index.rewriting import rewrite
from pullback.derive.laws.matching import base_and_power, exponent_of, one_exponential
from pullback.derive.laws.registry import law

HALF = sp.Rational(1, 2)


@law("scaled error function")
def scaled_erfc(expr: Expr) -> Expr:
    """A quotient of what vanishes far above 0 does not: exp(−a²)/erfc(a) = 1/erfcx(a).

    b * exp(-a**2) / erfc(a) = b / erfcx(a)

    erfcx(a) is exp(a²) erfc(a) by definition. Where a is large erfc(a) vanishes as exp(−a²) does,
    and erfcx(a) does not.
    """

    def rule(e: Expr) -> Expr | None:
        for base, power in map(base_and_power, e.args if e.is_Mul else ()):
            if isinstance(base, Erfc) and power == -1:
                square = base.args[0] ** 2
                if -square in sp.Add.make_args(exponent_of(e)):
                    return one_exponential(e * base * sp.exp(square)) / Erfcx(base.args[0])
        return None

    return rewrite(expr, rule)


@law("log of the error function")
def log_of_erfc(expr: Expr) -> Expr:
    """log erfc(a) is log erfcx(a) − a² and log1p(−erf(a)); half of it has log1p(−erfc(−a)/2).

    log(erfc(a)) = where(a > 1/2, log(erfcx(a)) - a**2, log1p(-erf(a)))

    erfcx(a) is exp(a²) erfc(a), and the log of exp(a²) is a². erfc(a) is 1 − erf(a) and 2 −
    erfc(−a). Far above 0 erfc(a) vanishes and its log does not; where it, or half of it, is nearly
    1 the log takes what is left.
    """

    def halves(e: Expr) -> Expr | None:
        for term in e.args if e.is_Add else ():
            number, log = term.as_coeff_Mul()
            erfc = log.args[0] if isinstance(log, sp.log) else None
            if isinstance(erfc, Erfc) and -number * sp.log(2) in e.args:
                rest = e - term + number * sp.log(2)
                return cast(Expr, rest + number * log_of_half(erfc.args[0]))
        return None

    def single(e: Expr) -> Expr | None:
        if isinstance(e, LogErfc):
            return log_of_whole(e.args[0])
        c, erfc = e.args[0].as_coeff_Mul() if isinstance(e, sp.log) else (sp.S.One, e)
        if e == erfc or not isinstance(erfc, Erfc) or c not in (1, HALF):
            return None
        return log_of_whole(erfc.args[0]) if c == 1 else log_of_half(erfc.args[0])

    return rewrite(rewrite(expr, halves), single)


def log_of_whole(a: Expr) -> Expr:
    """log erfc(a)."""
    return Where(a > HALF, sp.log(Erfcx(a)) - a**2, log1p(-sp.erf(a)))


def log_of_half(a: Expr) -> Expr:
    """log(erfc(a)/2)."""
    return Where(a > 0, sp.log(Erfcx(a)) - a**2 - sp.log(2), log1p(-Erfc(-a) / 2))
