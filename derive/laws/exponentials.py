"""Laws of logs, exponentials and the sigmoid."""

from __future__ import annotations

from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.functions import Sigmoid
from pullback.derive.index.kinks import Where
from pullback.derive.index.objects import KroneckerDelta
from pullback.derive.index.rewriting import rewrite, rewrite_outside_in
from pullback.derive.laws.matching import base_and_power, factors, how_often, one_exponential, over
from pullback.derive.laws.registry import law


@law("log of a quotient")
def log_of_quotient(expr: Expr) -> Expr:
    """The log of a product or quotient of positive numbers is a sum: log(a/b) = log a − log b.

    log(exp(a) / (1 + exp(b))) = a - log(1 + exp(b))

    The log turns products into sums, because exp turns sums into products. What is taken out must
    be positive, since the log of anything else is not a real number. What all terms of a sum are
    divided by comes before the sum.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        whole = sp.Mul(*map(one_quotient, sp.Mul.make_args(e.args[0])))
        parts = factors(whole)
        positive = {b: p for b, p in parts.items() if is_positive(b)}
        rest = one_exponential(whole / sp.Mul(*(b**p for b, p in positive.items())))
        logs = [p * log_of(b) for b, p in positive.items()]
        if len(positive) == len(parts) and parts and is_positive(rest):
            return sp.Add(log_of(rest), *logs)
        if not any(b.has(sp.exp) for b in positive):
            return None
        return sp.Add(log_of_power(rest), *logs)

    return rewrite(expr, rule)


def one_quotient(expr: Expr) -> Expr:
    """A sum with the sums of exponentials that all of its terms are divided by below one line."""
    if isinstance(expr, Sum):
        body, indices = expr.open()
        body = one_quotient(body)
        outside = {b: p for b, p in divisors(body).items() if not b.free_symbols & {*indices}}
        divisor = sp.Mul(*(b**p for b, p in outside.items()))
        return expr if divisor == 1 else Sum(over(body, 1 / divisor), *indices) / divisor
    if expr.is_Add:
        terms = [*map(one_quotient, expr.args)]
        all_below = [*map(divisors, terms)]
        shared = {b: min(d.get(b, sp.S.Zero) for d in all_below) for b in all_below[0]}
        divisor = sp.Mul(*(b**p for b, p in shared.items()))
        return expr if divisor == 1 else sp.Add(*(over(t, 1 / divisor) for t in terms)) / divisor
    return expr


def divisors(expr: Expr) -> dict[Expr, Expr]:
    """The positive sums of exponentials that a product is divided by, with their powers."""
    powers = map(base_and_power, sp.Mul.make_args(expr))
    return {
        b: -p for b, p in powers if p.is_Rational and p < 0 and b.has(sp.exp) and is_positive(b)
    }


def is_positive(expr: Expr) -> bool:
    """Is it above 0 wherever it has a value? All values are real, so that any exp is.

    SymPy does not know it of exp(a/b) or exp(√a), since b may be 0 and a below 0.
    """
    if expr.is_positive or isinstance(expr, sp.exp):
        return True
    if isinstance(expr, Sum):
        return is_positive(expr.body)
    if expr.is_Pow:
        return is_positive(expr.base)
    return bool(expr.is_Mul or expr.is_Add) and all(map(is_positive, expr.args))


def log_of(expr: Expr) -> Expr:
    """The log of what is positive."""
    return cast(Expr, expr.args[0] if isinstance(expr, sp.exp) else sp.log(expr))


def log_of_power(expr: Expr) -> Expr:
    """The log of what is left beside positive factors, by its base where that is never below 0."""
    base, power = base_and_power(expr)
    return cast(Expr, power * sp.log(base) if is_nonnegative(base) else sp.log(expr))


def is_nonnegative(expr: Expr) -> bool:
    """Is it never below 0? It may be 0, as a sum of which terms are left out."""
    if expr.is_nonnegative or is_positive(expr) or isinstance(1 - expr, KroneckerDelta):
        return True
    if isinstance(expr, Sum | Where):
        parts = expr.args[1:] if isinstance(expr, Where) else (expr.body,)
        return all(map(is_nonnegative, parts))
    return bool(expr.is_Mul or expr.is_Add) and all(map(is_nonnegative, expr.args))


@law("log of a sigmoid")
def log_of_sigmoid(expr: Expr) -> Expr:
    """log σ(a) = −log(1 + exp(−a)), and log(1 − σ(a)) = −log(1 + exp(a)).

    log(sigmoid(a)) = -log(1 + exp(-a))

    σ(a) is 1 over 1 + exp(−a), and 1 − σ(a) is σ(−a). The log of one over a number is minus its
    log.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        for argument, sign in ((e.args[0], -1), (1 - e.args[0], 1)):
            if isinstance(argument, Sigmoid):
                return cast(Expr, -sp.log(1 + sp.exp(sign * argument.args[0])))
        return None

    return rewrite(expr, rule)


@law("sigmoid")
def sigmoid(expr: Expr) -> Expr:
    """A quotient of exponentials is a sigmoid: exp(a)/(1 + exp(a)) = σ(a) = 1 − σ(−a).

    exp(a) / (1 + exp(a)) = sigmoid(a)

    Both sides of the fraction are divided by exp(a), which leaves 1/(exp(−a) + 1): the sigmoid
    by its definition. A power of the fraction is one of the sigmoid.
    """

    def rule(e: Expr) -> Expr | None:
        whole = factors(e) if e.is_Mul or e.is_Pow else {}
        for base, power in whole.items():
            a = softplus_argument(base)
            if a is None or not (power.is_Integer and power < 0):
                continue
            above = min(max(how_often(factors(sp.exp(a)), whole), 0), int(-power))
            rest = one_exponential(e / base**power * sp.exp(-above * a))
            return cast(Expr, rest * sigmoid_of(a) ** above * sigmoid_of(-a) ** (-power - above))
        return None

    return rewrite_outside_in(expr, rule)


def sigmoid_of(a: Expr) -> Expr:
    """σ(a), or 1 − σ(−a) where a has a minus sign."""
    return 1 - Sigmoid(-a) if a.could_extract_minus_sign() else Sigmoid(a)


def softplus_argument(expr: Expr) -> Expr | None:
    """The a of 1 + exp(a)."""
    rest = expr - 1 if expr.is_Add else expr
    return cast(Expr, rest.args[0]) if isinstance(rest, sp.exp) and expr.is_Add else None
