"""Quotients that are 0/0 where what they divide by is 0, and what they are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.calculus.conditions import Conditions, cases
from pullback.derive.calculus.meaning import Meaning
from pullback.derive.calculus.places import is_at
from pullback.derive.index.binders import Sum
from pullback.derive.index.elementary import Asin, Asinh, Atan, Atanh, Cbrt, Sinh, Step, Tan
from pullback.derive.index.functions import expm1, log1p
from pullback.derive.index.kinks import Where
from pullback.derive.index.objects import Index
from pullback.derive.index.special import Bessel1, Bessel2, Erfinv
from pullback.derive.laws.matching import base_and_power

# 0 where their argument is 0
ODD: tuple[type, ...] = (sp.Abs, sp.tanh, sp.erf, sp.sin, expm1, log1p, sp.sign, Step)
ODD += (Tan, Asin, Atan, Sinh, Asinh, Atanh, Cbrt, Erfinv, Bessel1, Bessel2)
NotZero = Callable[..., bool]  # is an expression certainly not 0, where conditions hold?
Part = tuple[Expr, tuple[Index, ...]]  # what must be 0, at all places of these indices


def covered(
    factors: Iterable[Expr], conditions: Conditions, not_zero: NotZero, meaning: Meaning
) -> tuple[Expr, ...]:
    """The factors, with ∞ for a denominator where it and with it a numerator is 0.

    u/s is then 0 where both are: the declared slope of a norm at 0.
    """
    factors = tuple(factors)

    def cover(factor: Expr) -> Expr:
        base, power = base_and_power(factor)
        if not (power.is_Rational and power < 0) or not_zero(base, conditions):
            return factor
        parts = parts_of_root(base, not_zero, meaning)
        others = (f for f in factors if f is not factor)
        if not parts or not any(vanishes(f, parts, meaning) for f in others):
            return factor
        root = base ** sp.Rational(1, power.q)
        return cast(Expr, Where(sp.Ne(root, 0), root, sp.oo) ** power.p)

    return tuple(map(cover, factors))


def parts_of_root(expr: Expr, not_zero: NotZero, meaning: Meaning) -> list[Part]:
    """What must be 0 for an expression to be: the u_d, for all d, of √(Σ_d u_d²).

    Each with the indices that run over all places.
    """
    if expr.is_Pow and expr.exp.is_positive:
        even = expr.exp.is_Integer and expr.exp % 2 == 0
        return [(expr.base, ())] if even else parts_of_root(expr.base, not_zero, meaning)
    if isinstance(expr, sp.Abs):
        return [(cast(Expr, expr.args[0]), ())]
    if isinstance(expr, Sum):
        body, indices = expr.open()
        return [(u, (*more, *indices)) for u, more in parts_of_root(body, not_zero, meaning)]
    if expr.is_Add:
        return [part for term in expr.args for part in parts_of_root(term, not_zero, meaning)]
    if expr.is_Mul:
        rest = [f for f in expr.args if not (f.is_positive and not_zero(f))]
        squares = [f for f in rest if f.is_Pow and f.exp.is_Integer and f.exp % 2 == 0]
        if rest and len(squares) == len(rest):
            return [(sp.Mul(*(f.base ** (f.exp / 2) for f in rest)), ())]
        return parts_of_root(rest[0], not_zero, meaning) if len(rest) == 1 else []
    inner = meaning.look_through(expr)
    return parts_of_root(inner, not_zero, meaning) if inner is not None else []


def vanishes(expr: Expr, parts: list[Part], meaning: Meaning) -> bool:
    """Is an expression 0 where all the parts are?"""
    if any(is_at(expr, u, indices) for u, indices in parts):
        return True
    if expr.is_Mul:
        return any(vanishes(f, parts, meaning) for f in expr.args)
    if expr.is_Add:
        return all(vanishes(a, parts, meaning) for a in expr.args)
    if isinstance(expr, Sum):
        return vanishes(expr.open()[0], parts, meaning)
    if isinstance(expr, Where):
        return all(vanishes(case, parts, meaning) for _, case in cases(expr))
    if isinstance(expr, ODD) or (expr.is_Pow and expr.exp.is_positive):
        return vanishes(cast(Expr, expr.args[0]), parts, meaning)
    inner = meaning.look_through(expr)
    return inner is not None and vanishes(inner, parts, meaning)
