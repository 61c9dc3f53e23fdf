"""The law that shifts sums of exponentials by their largest in quotients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import sympy as sp
from sympy import Expr

from derive.expressions import (
    Binder,
    Where,
)
from derive.laws.exponential_sums import (
    Term,
    condition_of,
    is_exponential_sum,
    largest,
    masked,
    nonzero,
    relevant,
    shares_exponent,
    shift_of,
    terms_of,
    unless_empty,
    unmasked,
)
from derive.laws.law import law
from derive.laws.matching import base_and_power, exponent_of


def can_be_shifted(expr: Expr) -> bool:
    """Is it a sum of exponentials that is not shifted yet, and no 1 − exp(a)?"""
    if not is_exponential_sum(expr) or shift_of(expr) is not None:
        return False
    return not (expr.is_Add and any(isinstance(c - expr, sp.exp) for c in (1, -1)))


@law("shifted softmax")
def shift_softmax(expr: Expr, defined: bool = False) -> Expr:
    """For any place l: exp(a_j)/Σ_i exp(a_i) = exp(a_j − a_l)/Σ_i exp(a_i − a_l).

    exp(a[j]) / sum(i, exp(a[i])) = exp(a[j] - a[l]) / sum(i, exp(a[i] - a[l]))

    Above and below the line everything is divided by one number, exp(a_l). With a_l the largest
    exponent of the terms below that count nothing overflows, and not all of them vanish. The
    terms may have weights and conditions; what is above may be a sum.
    """
    return each_product(expr, partial(shift_quotient, defined=defined))


def each_product(expr: Expr, rule: Callable[[Expr], Expr]) -> Expr:
    """Apply a rule to products and powers from the leaves up; a factor is no product of its own."""
    if isinstance(expr, Binder):
        body, indices = expr.open()
        new = each_product(body, rule)
        return expr if new == body else type(expr)(new, *indices)
    if expr.is_Mul or expr.is_Pow:
        factors = sp.Mul.make_args(expr)
        new_factors = [
            f.func(*(each_product(a, rule) for a in f.args)) if f.is_Pow else each_product(f, rule)
            for f in factors
        ]
        return rule(sp.Mul(*new_factors) if tuple(new_factors) != factors else expr)
    if not expr.args or isinstance(expr, sp.Indexed):
        return expr
    new_args = [each_product(a, rule) for a in expr.args]
    return cast(Expr, expr.func(*new_args)) if tuple(new_args) != expr.args else expr


def shift_quotient(expr: Expr, defined: bool) -> Expr:
    """A product with each sum of exponentials in its denominator shifted.

    Where none of the terms below counts a quotient is 0/0. It is 0 where it is to be `defined`, as
    slopes are, and where it has a factor [c] that is 0, as every product with such a factor is.
    """
    for factor in sp.Mul.make_args(expr):
        base, power = factor.as_base_exp()
        if power.is_Rational and power < 0 and can_be_shifted(base):
            shift = Shift.of(base)
            rest = expr / factor
            total = shift.sum(base)
            if defined or shift.is_masked(rest):
                total = unless_empty(shift.terms, shift.top, total)
            expr = shift.product(rest, -power) * total**power
    return expr


@dataclass(frozen=True)
class Shift:
    """exp(−M), to be multiplied into what stands above a sum of these terms."""

    top: Expr
    terms: tuple[Term, ...]

    @classmethod
    def of(cls, expr: Expr) -> Shift:
        """The shift by the largest exponent of a sum."""
        return cls(largest(terms_of(expr)), terms_of(expr))

    def is_masked(self, product: Expr) -> bool:
        """Is a factor the indicator of a condition under which the terms count?"""
        found = map(condition_of, sp.Mul.make_args(product))
        return any(c is not None and relevant(self.terms)(c) for c in found)

    def product(self, expr: Expr, count: Expr) -> Expr:
        """A product times exp(−count M): its sums take one each, the rest what is left.

        Sums of the exponents that stand below come before others.
        """
        factors = list(sp.Mul.make_args(expr))
        alone = not any(isinstance(f, sp.exp) for f in factors)
        sums = [f for f in factors if is_exponential_sum(base_and_power(f)[0])]
        sums.sort(key=lambda f: not self.is_related(base_and_power(f)[0]))
        for f in (f for f in sums if not isinstance(f, Where)):
            base, power = base_and_power(f)
            takes = alone or self.is_related(base)
            if takes and power.is_Integer and 0 < power <= count:
                factors[factors.index(f)] = self.sum(base) ** power
                count -= power
        case = next((f for f in sums if isinstance(f, Where)), None)
        if case is not None:
            rest = sp.Mul(*(f for f in factors if f != case and not isinstance(f, sp.exp)))
            return rest * self.sum(case, count, exponent_of(sp.Mul(*factors)))
        return self.exponential(factors, count) if count else sp.Mul(*factors)

    def is_related(self, expr: Expr) -> bool:
        """Does a sum have exponents of those that stand below?"""
        return any(shares_exponent(t, own.exponent) for own in terms_of(expr) for t in self.terms)

    def sum(self, expr: Expr, count: Expr = sp.S.One, more: Expr = sp.S.Zero) -> Expr:
        """A sum times exp(more − count M); its terms are left out where those below are."""
        counts, shift = relevant(self.terms), count * self.top - more
        return sp.Add(*(t.at(shift, [c for c in t.counts if counts(c)]) for t in terms_of(expr)))

    def exponential(self, factors: Sequence[Expr], count: Expr) -> Expr:
        """Factors times exp(−count M), which is 0 where a factor is 0 under which M was taken."""
        counts = relevant(self.terms)
        exponent, rest, conditions = sp.S.Zero, [], []
        for f in factors:
            own = condition_of(f)
            if isinstance(f, sp.exp):
                exponent += f.args[0]
            elif own is not None and counts(own):
                conditions.append(own)
            else:
                conditions += [c for c in nonzero(f) if own is None and counts(c)]
                rest.append(f)
        exponent, more = unmasked(exponent)
        conditions += more
        return sp.Mul(*rest, sp.exp(masked(exponent - count * self.top, conditions)))
