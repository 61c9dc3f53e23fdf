"""The law that writes gates, sigmoids that weigh the terms of a log's sum, as exponentials."""

from __future__ import annotations

from typing import cast

import sympy as sp
from sympy import Expr

from derive.expressions import Sigmoid, rewrite
from derive.laws.exponential_sums import has_exponential_term
from derive.laws.law import law
from derive.laws.matching import base_and_power

MAX_GATES = 3  # in one sum; each may double its terms

Gates = dict[Expr, tuple[int, int]]


@law("gates in a log")
def gates_in_log(expr: Expr) -> Expr:
    """σ(a) b + (1 − σ(a)) c = (exp(a) b + c)/(1 + exp(a)), where a log is taken.

    log(sigmoid(a) + (1 - sigmoid(a)) * exp(c)) = log((exp(a) + exp(c)) / (1 + exp(a)))

    σ(a) is exp(a)/(1 + exp(a)), and 1 − σ(a) is 1/(1 + exp(a)). A term that counts most may have
    the gate that is nearly 0. As exponentials both are shifted together.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        parts = [one_fraction(f) or f for f in sp.Mul.make_args(e.args[0])]
        return cast(Expr, sp.log(sp.Mul(*parts)))

    return rewrite(expr, rule)


def one_fraction(expr: Expr) -> Expr | None:
    """A sum of gated terms over the product of 1 + exp(a), if there are exponentials beside gates.

    A term that has neither keeps all that others lose from being lost.
    """
    terms = expr.args if expr.is_Add else ()
    found = [gates_of(t) for t in terms]
    most = {a: max(sum(g.get(a, (0, 0))) for g in found) for gates in found for a in gates}
    bare = any(not g and not has_exponential_term(t) for t, g in zip(terms, found, strict=True))
    beside = any(g and has_exponential_term(t) for t, g in zip(terms, found, strict=True))
    if not most or len(most) > MAX_GATES or (bare and not beside):
        return None
    above = [opened(t, g, most) for t, g in zip(terms, found, strict=True)]
    return cast(Expr, sp.Add(*above) / sp.Mul(*((1 + sp.exp(a)) ** n for a, n in most.items())))


def opened(term: Expr, gates: Gates, most: dict[Expr, int]) -> Expr:
    """A term times (1 + exp(a))**n for each gate a, term by term."""
    total = term
    for a, n in most.items():
        open_, shut = gates.get(a, (0, 0))
        total /= Sigmoid(a) ** open_ * (1 - Sigmoid(a)) ** shut
        total *= sp.expand((1 + sp.exp(a)) ** (n - open_ - shut)) * sp.exp(open_ * a)
    return cast(Expr, sp.expand_mul(total, deep=False))


def gates_of(term: Expr) -> Gates:
    """The a of the factors σ(a) and 1 − σ(a), with the power of each."""
    found: Gates = {}
    for base, power in map(base_and_power, sp.Mul.make_args(term)):
        for gate, at in ((base, 0), (1 - base, 1)):
            if isinstance(gate, Sigmoid) and power.is_Integer and power > 0:
                n = [*found.get(gate.args[0], (0, 0))]
                n[at] += int(power)
                found[gate.args[0]] = (n[0], n[1])
    return found
