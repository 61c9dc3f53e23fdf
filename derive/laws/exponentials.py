"""Laws of logs, exponentials and the sigmoid."""

from __future__ import annotations

from typing import cast

import sympy as sp
from sympy import Expr

from derive.expressions import (
    Sigmoid,
    rewrite,
    rewrite_outside_in,
)
from derive.laws.law import law
from derive.laws.matching import factors


@law("log of a quotient")
def log_of_quotient(expr: Expr) -> Expr:
    """The log of a product or quotient of positive numbers is a sum: log(a/b) = log a − log b.

    log(exp(a) / (1 + exp(b))) = a - log(1 + exp(b))

    The log turns products into sums, because exp turns sums into products. Both parts must be
    positive, since the log of anything else is not a real number.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        parts = factors(e.args[0])
        number = sp.Mul(*(f for f in sp.Mul.make_args(e.args[0]) if f.is_Rational))
        if len(parts) < 1 or not all(b.is_positive for b in parts) or not number.is_positive:
            return None
        return sp.Add(sp.log(number), *(p * sp.log(b) for b, p in parts.items()))

    return rewrite(expr, rule)


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
    by its definition.
    """

    def rule(e: Expr) -> Expr | None:
        parts = factors(e) if e.is_Mul or e.is_Pow else {}
        for base, power in parts.items():
            a = softplus_argument(base)
            if a is None or power != -1:
                continue
            below = 1 + sp.exp(a)
            for exponent, argument in ((a, a), (sp.S.Zero, -a)):
                rest = e * below / sp.exp(exponent)
                if not rest.has(sp.exp(a), sp.exp(-a)):
                    return cast(Expr, rest * sigmoid_of(argument))
        return None

    return rewrite_outside_in(expr, rule)


def sigmoid_of(a: Expr) -> Expr:
    """σ(a), or 1 − σ(−a) where a has a minus sign."""
    return 1 - Sigmoid(-a) if a.could_extract_minus_sign() else Sigmoid(a)


def softplus_argument(expr: Expr) -> Expr | None:
    """The a of 1 + exp(a)."""
    rest = expr - 1 if expr.is_Add else expr
    return cast(Expr, rest.args[0]) if isinstance(rest, sp.exp) and expr.is_Add else None
