"""The law that shifts sums of exponentials by their largest in quotients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Sum
from pullback.derive.index.kinks import Where, indicator
from pullback.derive.laws.exponential_sums import (
    below_line,
    grows,
    is_exponential_sum,
    largest,
    shift_of,
    shifted_below,
    terms_of,
    unless_empty,
)
from pullback.derive.laws.exponential_terms import (
    NOTHING,
    Term,
    condition_of,
    masked,
    nonzero,
    unmasked,
)
from pullback.derive.laws.exponents_alike import parts_alike, relevant, shares_exponent
from pullback.derive.laws.matching import base_and_power, exponent_of
from pullback.derive.laws.registry import law


def can_be_shifted(expr: Expr) -> bool:
    """Is it a sum of exponentials that is not shifted yet, and no 1 − exp(a)?"""
    is_sum = isinstance(expr, sp.Add | Sum | Where)
    if not is_sum or not (is_exponential_sum(expr) or any(multiplied(expr))):
        return False
    if shift_of(expr) is not None:
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


def each_product(
    expr: Expr, rule: Callable[[Expr, Sequence[Expr]], Expr], around: Sequence[Expr] = ()
) -> Expr:
    """Apply a rule to products and powers from the leaves up; a factor is no product of its own.

    The rule is told which sums of exponentials the whole that a product stands in is divided by.
    """
    if isinstance(expr, Binder):
        body, indices = expr.open()
        new = each_product(body, rule, around)
        return expr if new == body else type(expr)(new, *indices)
    if expr.is_Mul or expr.is_Pow:
        factors = sp.Mul.make_args(expr)
        wider = (*around, *below_line(factors))
        new_factors = [
            f.func(*(each_product(a, rule) for a in f.args))
            if f.is_Pow
            else each_product(f, rule, wider)
            for f in factors
        ]
        return rule(sp.Mul(*new_factors) if tuple(new_factors) != factors else expr, around)
    if not expr.args or isinstance(expr, sp.Indexed):
        return expr
    inner = around if expr.is_Add or isinstance(expr, Where) else ()
    new_args = [each_product(a, rule, inner) for a in expr.args]
    return cast(Expr, expr.func(*new_args)) if tuple(new_args) != expr.args else expr


def shift_quotient(expr: Expr, around: Sequence[Expr], defined: bool) -> Expr:
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
            expr = shift.product(rest, -power, around) * total**power
    return expr


@dataclass(frozen=True)
class Shift:
    """exp(−M), to be multiplied into what stands above a sum of these terms.

    `inner` are the shifts of sums that are factors in one of the terms.
    """

    top: Expr
    terms: tuple[Term, ...]
    inner: tuple[Shift, ...] = ()

    @classmethod
    def of(cls, expr: Expr) -> Shift:
        """The shift by the largest exponent of a sum."""
        inner = tuple(map(cls.of, multiplied(expr)))
        terms = terms_of(taken_out(expr, inner))
        return cls(largest(terms), terms, inner)

    @property
    def is_joint(self) -> bool:
        """Was the largest taken of exponents together with what is shifted already?"""
        return any(t != t.whole for t in self.terms)

    def is_masked(self, product: Expr) -> bool:
        """Is a factor the indicator of a condition under which the terms count?"""
        found = map(condition_of, sp.Mul.make_args(product))
        return any(c is not None and relevant(self.terms)(c) for c in found)

    def product(self, expr: Expr, count: Expr, around: Sequence[Expr]) -> Expr:
        """A product times exp(−count M): its sums take one each, the rest what is left.

        Sums of the exponents that stand below come before others, and after an exponential that is
        one of these exponents alone, if no sum is.
        """
        factors = list(sp.Mul.make_args(expr))
        sums = [f for f in factors if is_exponential_sum(base_and_power(f)[0])]
        case = next((f for f in sums if isinstance(f, Where)), None)
        alone = len(sums) == 1 and not any(isinstance(f, sp.exp) for f in factors)
        exponential = sp.exp(exponent_of(expr))
        own = self.is_own(exponential) and not any(self.is_own(base_and_power(f)[0]) for f in sums)
        later = [*map(Shift.of, filter(can_be_shifted, (*below_line(factors), *around)))]
        related = [f for f in sums if self.is_related(base_and_power(f)[0])]
        wanted = sum(base_and_power(f)[1] for f in related) + self.is_own(exponential)
        if wanted > count + len(later):
            return self.apart(factors, count, [])
        for f in (f for f in (sums if alone else related) if not own and not isinstance(f, Where)):
            base, power = base_and_power(f)
            if power.is_Integer and 0 < power <= count:
                factors[factors.index(f)] = self.sum(base) ** power
                count -= power
        if count and case is None and not own:
            case = next((f for f in sums if self.is_related(f, exponent_of(expr))), None)
        if case in factors:
            rest = sp.Mul(*(f for f in factors if f != case and not isinstance(f, sp.exp)))
            return rest * self.sum(case, count, exponent_of(sp.Mul(*factors)))
        return self.apart(factors, count, later) if count else sp.Mul(*factors)

    def apart(self, factors: Sequence[Expr], count: Expr, later: Sequence[Shift]) -> Expr:
        """Factors times exp(−count M), with the largest of each sum taken out.

        Those stay that a sum below which is shifted `later` is for.
        """
        product = sp.Mul(*factors)
        grown = grown_factors(product).items()
        left = {b: p for b, p in grown if not any(s.is_own(b) for s in later)}
        return self.exponential(sp.Mul.make_args(all_out(product, left, self.inner)), count)

    def out_of(self, expr: Expr, power: Expr) -> Expr:
        """A power of a sum as exp(M) to that power and what is left, or 0 where no term counts."""
        whole = sp.exp(power * self.top) * self.sum(expr) ** power
        empty = all(t.counts for t in self.terms)
        return indicator(sp.Gt(self.top, NOTHING)) * whole if empty else whole

    def is_own(self, expr: Expr) -> bool:
        """Has it an exponent of those that stand below, and no more than that?"""
        exponents = [own.exponent for own in terms_of(expr) if own.exponent != 0]
        return any(a in parts_alike(t, a) for a in exponents for t in self.terms)

    def is_related(self, expr: Expr, more: Expr = sp.S.Zero) -> bool:
        """Does a sum, times exp(more), have exponents of those that stand below?"""
        exponents = [own.exponent + more for own in terms_of(expr)]
        grown = [t for t in self.terms if t.exponent != 0]
        return any(shares_exponent(t, e) for e in exponents for t in grown)

    def sum(self, expr: Expr, count: Expr = sp.S.One, more: Expr = sp.S.Zero) -> Expr:
        """A sum times exp(more − count M); its terms are left out where those below are."""
        counts, shift = relevant(self.terms), count * self.top - more
        terms = terms_of(taken_out(expr, self.inner))
        terms = tuple(t.whole for t in terms) if self.is_joint else terms
        return sp.Add(*(t.at(shift, [c for c in t.counts if counts(c)]) for t in terms))

    def exponential(self, factors: Sequence[Expr], count: Expr) -> Expr:
        """Factors times exp(−count M), which is 0 where a factor is 0 under which M was taken."""
        counts = relevant(self.terms)
        single = [f for f in factors if isinstance(f, sp.exp) and self.is_own(f)]
        if len(single) == count > 1 and not any(t.counts for t in self.terms):
            # one exponential of all together would run along the axes of all
            others = (f for f in factors if f not in single)
            return sp.Mul(*others, *(sp.exp(f.args[0] - self.top) for f in single))
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


# -- products of sums --------------------------------------------------------------------------


def multiplied(expr: Expr) -> Iterator[Expr]:
    """The sums of exponentials that are factors of a term beside others, or to a power."""
    if isinstance(expr, Sum):
        yield from multiplied(expr.open()[0])
    elif expr.is_Add or isinstance(expr, Where):
        for part in expr.args if expr.is_Add else expr.args[1:]:
            yield from multiplied(part)
    else:
        found = grown_factors(expr)
        yield from found if is_several(found) else ()


def grown_factors(expr: Expr) -> dict[Expr, Expr]:
    """The sums of exponentials in a product that none below the line keeps small, with powers."""
    parts = sp.Mul.make_args(expr)
    powers, own = dict(map(base_and_power, parts)), shifted_below(parts)
    found = {b: p for b, p in powers.items() if p.is_positive and can_be_shifted(b)}
    return {b: p for b, p in found.items() if not own or grows(b, own)}


def is_several(powers: dict[Expr, Expr]) -> bool:
    """Are these more than one factor?"""
    return any(p != 1 for p in powers.values()) or len(powers) > 1


def taken_out(expr: Expr, inner: Sequence[Shift]) -> Expr:
    """With the largest taken out of each sum that is a factor in a term beside others.

    exp(M + N) Σ_i exp(a_i − M) Σ_j exp(b_j − N) has one exponent, as other terms have, and a weight
    that neither overflows nor vanishes. Sums that are like `inner` ones are shifted by the same.
    """
    if isinstance(expr, Sum):
        body, indices = expr.open()
        return Sum(taken_out(body, inner), *indices)
    if expr.is_Add:
        return sp.Add(*(taken_out(part, inner) for part in expr.args))
    if isinstance(expr, Where):
        return Where(expr.args[0], *(taken_out(case, inner) for case in expr.args[1:]))
    found = grown_factors(expr)
    like = any(s.is_related(b) for s in inner for b in found)
    return all_out(expr, found, inner) if like or is_several(found) else expr


def all_out(expr: Expr, powers: dict[Expr, Expr], inner: Sequence[Shift]) -> Expr:
    """A product with the largest taken out of these factors."""
    rest = expr / sp.Mul(*(b**p for b, p in powers.items()))
    shifts = {b: next((s for s in inner if s.is_related(b)), None) for b in powers}
    return sp.Mul(rest, *((shifts[b] or Shift.of(b)).out_of(b, p) for b, p in powers.items()))
