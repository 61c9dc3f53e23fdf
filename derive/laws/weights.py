"""Laws of weights that vanish, as gates do, in sums that exponentials stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.functions import Erfc, LogErfc, LogSigmoid, Sigmoid, log1p
from pullback.derive.index.kinks import Abs, Minimum, Where
from pullback.derive.index.rewriting import rewrite, rewrite_outside_in
from pullback.derive.laws.exponential_sums import has_exponential_term
from pullback.derive.laws.matching import base_and_power
from pullback.derive.laws.registry import law

PAIRED = (Sigmoid, sp.tanh, sp.erf)  # functions that 1 stands beside


@law("weights as exponentials")
def weights_as_exponentials(expr: Expr) -> Expr:
    """σ(a) = exp(log σ(a)) as the weight of a term in a sum, in a log or below the line.

    log(sigmoid(a) + exp(c)) = log(exp(logsigmoid(a)) + exp(c))

    A term that counts most may have the weight that is nearly 0. As an exponential it is shifted
    together with the others. So are 1 − σ(a), 1 ± tanh(a), erfc(a) and 1 ± erf(a).
    """

    def rule(e: Expr) -> Expr | None:
        if isinstance(e, sp.log):
            parts = sp.Mul.make_args(e.args[0])
            return cast(Expr, sp.log(sp.Mul(*(opened(p) if may_vanish(p) else p for p in parts))))
        powers = powers_of(e) if e.is_Mul or e.is_Pow else []
        if any(p.is_negative and may_vanish(b) for b, p in powers):
            return sp.Mul(*(opened(b) ** p for b, p in powers))
        return None

    return rewrite_outside_in(expr, rule)


def may_vanish(expr: Expr) -> bool:
    """Is it a sum whose terms are small where weights are: has each one, or an exponential?

    A term that has neither keeps all that others lose from being lost, unless one has both.
    """
    if not isinstance(expr, sp.Add | Sum | Where):
        return False
    terms = terms_in(expr)
    if expr.is_Add and len(terms) == 1:
        return False  # it is one weight, whose log has laws of its own
    weighted = [any(p.is_positive and log_of_weight(b) for b, p in powers_of(t)) for t in terms]
    grown = [*map(has_exponential_term, terms)]
    bare = any(not w and not g for w, g in zip(weighted, grown, strict=True))
    return any(weighted) and (not bare or any(map(min, weighted, grown)))


def terms_in(expr: Expr) -> list[Expr]:
    """The terms of a sum, written out or over axes."""
    if isinstance(expr, Sum):
        return terms_in(expr.open()[0])
    if log_of_weight(expr) is None and (expr.is_Add or isinstance(expr, Where)):
        parts = paired(expr.args) if expr.is_Add else expr.args[1:]
        return [t for part in parts for t in terms_in(part) if t != 0]
    return [expr]


def paired(terms: Sequence[Expr]) -> list[Expr]:
    """The terms of a sum, those of c − c σ(a) as one: c (1 − σ(a)), which a sum cannot hold."""
    for term in terms:
        for f in sp.Mul.make_args(term):
            for other in (term / f, -term / f) if isinstance(f, PAIRED) else ():
                if other in terms and log_of_weight(1 + term / other) is not None:
                    rest = [t for t in terms if t not in (term, other)]
                    whole = sp.Mul(other, 1 + term / other, evaluate=False)
                    return [*paired(rest), cast(Expr, whole)]
    return [*terms]


def powers_of(term: Expr) -> list[tuple[Expr, Expr]]:
    """The factors of a term with their powers."""
    return [*map(base_and_power, sp.Mul.make_args(term))]


def log_of_weight(expr: Expr) -> Expr | None:
    """The log of a function that is above 0 and vanishes on one side."""
    if isinstance(expr, Sigmoid):
        return LogSigmoid(expr.args[0])
    if isinstance(expr, Erfc):
        return LogErfc(expr.args[0])
    for sign in (1, -1):
        left = sign * (1 - expr)
        if sign == 1 and isinstance(left, Sigmoid):
            return LogSigmoid(-left.args[0])
        if isinstance(left, sp.tanh):
            return sp.log(2) + LogSigmoid(-2 * sign * left.args[0])
        if isinstance(left, sp.erf):
            return LogErfc(sign * left.args[0])
    return None


def opened(expr: Expr) -> Expr:
    """An expression with the weights in the products that it is a sum of as exponentials."""
    log = log_of_weight(expr)
    if log is not None:
        return cast(Expr, sp.exp(log))
    if isinstance(expr, Sum):
        body, indices = expr.open()
        return Sum(opened(body), *indices)
    if isinstance(expr, Where):
        return Where(expr.args[0], *map(opened, expr.args[1:]))
    if expr.is_Add or expr.is_Mul:
        parts = paired(expr.args) if expr.is_Add else expr.args
        return cast(Expr, expr.func(*map(opened, parts)))
    if expr.is_Pow and expr.exp.is_positive:
        return cast(Expr, opened(expr.base) ** expr.exp)
    return expr


@law("log of a sigmoid in an exponent")
def log_of_sigmoid_in_exponent(expr: Expr) -> Expr:
    """log σ(a) = min(a, 0) − log1p(exp(−|a|)), without overflow and without a digit lost.

    logsigmoid(a) = min(a, 0) - log1p(exp(-abs(a)))

    σ(a) is 1/(1 + exp(−a)), and exp(a)/(1 + exp(a)) where a is below 0.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, LogSigmoid):
            return None
        a = e.args[0]
        return cast(Expr, Minimum(a, sp.S.Zero) - log1p(sp.exp(-Abs(a))))

    return rewrite(expr, rule)
