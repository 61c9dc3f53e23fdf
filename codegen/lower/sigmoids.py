"""Sigmoids, and products of two that share one exponential."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import elementwise
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.functions import function
from pullback.derive.index.functions import Sigmoid
from pullback.derive.index.objects import ordered


def sigmoid(here: Context, expr: Expr) -> Term:
    """σ(a) is 1/(1 + e) or e/(1 + e), with e = exp(−|a|), which serves σ(−a) too."""
    if expr.is_number:
        return function(here, expr)
    base, tail, below = tail_of(here, expr.args[0])
    sign = "greater_equal" if base == expr.args[0] else "less_equal"
    zero = here.lower(sp.S.Zero)
    mask = elementwise(here, sign, [here.lower(base), zero])
    above = elementwise(here, "maximum", [tail, mask])  # 1 is the larger of 1 and e
    return elementwise(here, "divide", [above, below])


def sigmoid_slope(here: Context, a: Expr) -> Term:
    """σ(a) σ(−a) = e/(1 + e)²."""
    _, tail, below = tail_of(here, a)
    return elementwise(here, "divide", [tail, elementwise(here, "square", [below])])


def tail_of(here: Context, a: Expr) -> tuple[Expr, Term, Term]:
    """a or −a, the same for both, and e = exp(−|a|) and 1 + e."""
    base = -a if a.could_extract_minus_sign() else a
    size = elementwise(here, "abs", [here.lower(base)])
    tail = elementwise(here, "exp", [elementwise(here, "negative", [size])])
    return base, tail, elementwise(here, "add", [tail, here.lower(sp.S.One)])


def sigmoid_slopes(factors: Iterable[Expr]) -> tuple[list[Expr], list[Expr]]:
    """Each a of a product's factors σ(a) and σ(−a), and the other factors."""
    rest, found = list(factors), []
    for factor in ordered(rest):
        if isinstance(factor, Sigmoid) and not factor.is_number and factor in rest:
            other = Sigmoid(-factor.args[0])
            if other in rest:
                found.append(factor.args[0])
                rest = [f for f in rest if f not in (factor, other)]
    return found, rest
