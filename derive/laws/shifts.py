"""Laws that shift sums of exponentials by their largest, in logs and in quotients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from derive.expressions import (
    Abs,
    ArgLargest,
    Binder,
    Largest,
    Maximum,
    Sum,
    Where,
    exhaust,
    free_indices,
    is_entry,
    log1p,
    rewrite,
    substitute,
)
from derive.laws.exponential_sums import (
    Term,
    below,
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
from derive.laws.matching import base_and_power, exponent_of, one_exponential

MAX_PARTS = 3  # of a sum whose log is taken part by part; each doubles what is written


def can_be_shifted(expr: Expr) -> bool:
    """Is it a sum of exponentials that is not shifted yet, and no 1 − exp(a)?"""
    if not is_exponential_sum(expr) or shift_of(expr) is not None:
        return False
    return not (expr.is_Add and any(isinstance(c - expr, sp.exp) for c in (1, -1)))


# -- logs --------------------------------------------------------------------------------------


@law("shifted log-sum-exp")
def shift_log_sum_exp(expr: Expr) -> Expr:
    """For any place l: log Σ_i exp(a_i) = a_l + log1p(Σ_{i≠l} exp(a_i − a_l)).

    log(sum(i, exp(a[i]))) = a[l] + log1p(sum(i, [i != l] * exp(a[i] - a[l])))

    exp(a_l) is a factor of the whole sum, and its log is a_l; the term at l becomes exp(0) = 1,
    the 1 of log1p. With l the place of the largest no term overflows, and small ones are not
    lost beside 1. What is left out of the sum counts as exp(−∞).
    """

    def rule(e: Expr) -> Expr | None:
        return log_of_row(e.args[0]) if isinstance(e, sp.log) else None

    return rewrite(expr, rule)


def log_of_row(expr: Expr) -> Expr | None:
    """The log of Σ_i exp(a_i) over one index, some places perhaps left out."""
    if not isinstance(expr, Sum) or not can_be_shifted(expr):
        return None
    terms = terms_of(expr)
    term = terms[0]
    if len(terms) > 1 or len(term.indices) > 1 or term.weight != 1:
        return None
    (i,), a = term.indices, masked(term.exponent, term.conditions)
    if i not in a.free_symbols:
        return None
    at = ArgLargest(a, i)
    top = substitute(a, {i: at}) if is_entry(a) else Largest(a, i)
    others = Sum(
        (1 - KroneckerDelta(i, at)) * sp.exp(masked(term.exponent - top, term.conditions)), i
    )
    return top + log1p(others)


@law("shifted softplus")
def shift_softplus(expr: Expr) -> Expr:
    """log(exp(a) + exp(b)) = max(a, b) + log1p(exp(−|a − b|)), as of log(1 + exp(a)).

    log(1 + exp(a)) = max(0, a) + log1p(exp(-abs(a)))

    The larger of the terms is taken out as a factor, and its log is the larger of a and b.
    What is left over is 1 and exp(−|a − b|), so that no exponential overflows and small ones are
    not lost beside 1. A term may be a sum over an axis, whose log is taken first; 1 is exp(0).
    """

    def rule(e: Expr) -> Expr | None:
        if isinstance(e, sp.log) and e.args[0].is_Add:
            return log_of_parts(e.args[0].args)
        if isinstance(e, log1p) and not e.args[0].has(ArgLargest):
            return log_of_parts((sp.S.One, *sp.Add.make_args(e.args[0])))
        return None

    return rewrite(expr, rule)


def log_of_parts(parts: Sequence[Expr]) -> Expr | None:
    """The log of a sum of parts each of whose logs is known."""
    logs = [log_of_part(p) for p in parts]
    if len(logs) > MAX_PARTS or any(a is None for a in logs) or all(p.is_number for p in parts):
        return None
    total, *rest = sorted(
        cast("list[Expr]", logs), key=lambda a: (not a.is_number, sp.default_sort_key(a))
    )
    if any(a.has(-sp.oo) for a in rest[:-1]) or is_tail(total, rest):
        return None
    for a in rest:
        total = log_of_two(total, a)
    return total


def is_tail(first: Expr, rest: Sequence[Expr]) -> bool:
    """Is it log(1 + exp(a)) where a is never above 0, so that nothing is to be done?"""
    return first == 0 and len(rest) == 1 and bool(rest[0].is_nonpositive)


def log_of_part(part: Expr) -> Expr | None:
    """The log of exp(a), of a positive number, of both, or of Σ_i exp(a_i)."""
    if isinstance(part, Sum):
        return log_of_row(part)
    number, rest = part.as_coeff_Mul()
    if not number.is_positive:
        return None
    (term, *more) = terms_of(rest)
    if more or term.weight != 1 or term.indices:
        return None
    return cast(Expr, sp.log(number) + masked(term.exponent, term.conditions))


def log_of_two(a: Expr, b: Expr) -> Expr:
    """log(exp(a) + exp(b))."""
    return Maximum(a, b) + log1p(sp.exp(-Abs(a - b)))


@law("log shifted by the largest")
def shift_log(expr: Expr) -> Expr:
    """For any number M: log Σ_i w_i exp(a_i) = M + log Σ_i w_i exp(a_i − M).

    log(2 * exp(a) + 3 * exp(b)) = max(a, b) + log(2 * exp(a - max(a, b)) + 3 * exp(b - max(a, b)))

    exp(M) is a factor of the whole sum, and its log is M. With M the largest exponent of the
    terms whose weight is not 0 no exponential overflows, and not all of them vanish.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        outside, inside = sp.S.Zero, sp.S.One
        for factor in sp.Mul.make_args(e.args[0]):
            base, power = base_and_power(factor)
            base = each_part(base)
            if power.is_Rational and can_be_shifted(base):
                shift = Shift.of(base)
                outside += power * shift.top
                inside *= unless_empty(shift.terms, shift.top, shift.sum(base)) ** power
            else:
                inside *= factor
        return outside + sp.log(inside) if outside != 0 else None

    return rewrite(expr, rule)


def each_part(expr: Expr) -> Expr:
    """A sum with the quotients in its terms shifted, whose exponents are then those that count."""
    if isinstance(expr, Sum):
        body, indices = expr.open()
        new = each_part(body) if body.is_Add else shift_softmax(body)
        return expr if new == body else Sum(new, *indices)
    return sp.Add(*map(shift_softmax, expr.args)) if expr.is_Add else expr


# -- quotients ---------------------------------------------------------------------------------


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


@law("exponential into quotients")
def exponentials_into_quotients(expr: Expr) -> Expr:
    """An exponential goes to the quotients that it is a factor of: exp(b) Σ_n c_n/S_n is a sum too.

    exp(b) * sum(n, 1 / sum(i, x[n] * exp(a[i]))) = sum(n, exp(b) / sum(i, x[n] * exp(a[i])))

    A factor that does not run with the index may stand within a sum. There it stands above the
    sums of exponentials that keep it small, and is shifted with them. So may a weight under which
    they do not count.
    """

    def rule(e: Expr) -> Expr | None:
        if not e.is_Mul or any(map(below, e.args)):
            return None
        for target in (f for f in e.args if isinstance(f, Sum | Where) or f.is_Add):
            terms = [t for base in denominators(target) for t in terms_of(base)]
            movers = [f for f in e.args if f != target and goes_in(f, relevant(terms))]
            if terms and movers:
                rest = (f for f in e.args if f not in (*movers, target))
                return sp.Mul(*rest, push(sp.Mul(*movers), target))
        return None

    return rewrite(expr, rule)


def denominators(expr: Expr) -> list[Expr]:
    """The sums of exponentials below the line that lack one above it, within sums and cases."""
    if isinstance(expr, Sum):
        return denominators(expr.body)
    if isinstance(expr, Where):
        return [d for case in expr.args[1:] for d in denominators(case)]
    if expr.is_Add:
        return [d for part in expr.args for d in denominators(part)]
    powers = [base_and_power(f) for f in sp.Mul.make_args(expr)]
    above = [b for b, p in powers if p.is_positive and (isinstance(b, sp.exp) or can_be_shifted(b))]
    lacking = [b for b, p in powers if p.is_Rational and p < 0 and can_be_shifted(b)]
    inner = [d for b, p in powers if p == 1 and b != expr for d in denominators(b)]
    return [*(lacking if sum(-p for b, p in powers if b in lacking) > len(above) else []), *inner]


def goes_in(factor: Expr, counts: Callable[[Any], bool]) -> bool:
    """Is it an exponential, or what decides whether a term below counts?"""
    if isinstance(factor, sp.exp):
        return True
    if isinstance(factor, Where) and is_exponential_sum(factor):
        return True
    own = condition_of(factor)
    return any(map(counts, nonzero(factor) if own is None else [own]))


def push(factor: Expr, expr: Expr) -> Expr:
    """The product, with the factor beside the denominators within the expression."""
    if isinstance(expr, Sum):
        body, indices = expr.open()
        return Sum(one_sum(push(factor, body)), *indices)
    if isinstance(expr, Where):
        condition, a, b = expr.args
        return Where(condition, *(c if c == 0 else push(factor, c) for c in (a, b)))
    if expr.is_Add:
        return sp.Add(*(push(factor, t) for t in expr.args))
    for target in expr.args if expr.is_Mul else ():
        if not target.is_Pow and denominators(target):
            return cast(Expr, expr / target * push(factor, target))
    return cast(Expr, factor * expr)


def one_sum(expr: Expr) -> Expr:
    """A product of factors and a sum with denominators as one sum over the whole product."""
    for target in expr.args if expr.is_Mul else ():
        if isinstance(target, Sum) and denominators(target):
            body, indices = target.open()
            return Sum(expr / target * body, *indices)
    return expr


# -- products ----------------------------------------------------------------------------------


@law("product of exponentials")
def product_of_exponentials(expr: Expr) -> Expr:
    """exp(a) exp(b) = exp(a + b), also where exp(b) stands in a sum and takes something of a away.

    exp(a) * (exp(b - a) + c) = exp(b) + c * exp(a)

    Of two factors one may be beyond all numbers and the other nearly 0, while their product is
    neither. The exponents are added before anything is raised to them.
    """

    def rule(e: Expr) -> Expr | None:
        exponents = [f.args[0] for f in e.args if isinstance(f, sp.exp)] if e.is_Mul else []
        for a in exponents:
            for f in e.args:
                if is_exponential_sum(f) and any(takes_away(t.exponent, a) for t in terms_of(f)):
                    whole = sp.Add(*(t.at(-a, ()) for t in terms_of(f)))
                    return sp.Mul(whole, *(g for g in e.args if g not in (f, sp.exp(a))))
        for a, b in combinations(exponents, 2):
            axes = [set(free_indices(x)) for x in (a, b)]
            if axes[0] <= axes[1] or axes[1] <= axes[0] or takes_away(a, b):
                rest = (f for f in e.args if f not in (sp.exp(a), sp.exp(b)))
                return sp.Mul(*rest, sp.exp(a + b))
        return None

    return exhaust(expr, rule)


def takes_away(a: Expr, b: Expr) -> bool:
    """Do terms of two exponents cancel, in part at least?"""
    rates = [dict(t.as_coeff_Mul()[::-1] for t in sp.Add.make_args(e)) for e in (a, b)]
    return any(rates[0][t] * rates[1].get(t, 0) < 0 for t in rates[0])


# -- shifted by hand ---------------------------------------------------------------------------


@law("common exponential")
def common_exponential(expr: Expr) -> Expr:
    """A common factor exp(c) cancels: exp(a_j − c)/Σ_i exp(a_i − c) = exp(a_j)/Σ_i exp(a_i).

    exp(a[j] - c) / sum(i, exp(a[i] - c)) = exp(a[j]) / sum(i, exp(a[i]))

    exp(c) does not run with the index and comes out of the sum. A fraction does not change where
    both of its sides are divided by one number, and the log of exp(c) is c.
    """

    def in_log(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log) or not is_exponential_sum(e.args[0]):
            return None
        c = common(e.args[0])
        return c + sp.log(times_exponential(e.args[0], -c)) if c != 0 else None

    return rewrite(each_product(expr, cancel_common), in_log)


def common(expr: Expr) -> Expr:
    """What all exponents of a sum have in common and none of its indices runs along."""
    terms = terms_of(expr)
    shared = set.intersection(*(set(sp.Add.make_args(t.exponent)) for t in terms))
    bound = {i for t in terms for i in t.indices}
    return sp.Add(*(c for c in shared if not c.free_symbols & bound))


def times_exponential(expr: Expr, exponent: Expr) -> Expr:
    """A sum of exponentials times one more; its conditions stay factors."""
    return sp.Add(*(t.at(-exponent, ()) for t in terms_of(expr)))


def cancel_common(expr: Expr) -> Expr:
    """A product in which exponentials common to its sums are left out where they cancel."""
    sums = {}
    for factor in sp.Mul.make_args(expr):
        base, power = base_and_power(factor)
        if power.is_Integer and is_exponential_sum(base):
            sums[base] = power, common(base)
    total = exponent_of(expr) + sp.Add(*(power * c for power, c in sums.values()))
    left = {abs_term(t) for t in sp.Add.make_args(total)}
    for base, (power, c) in sums.items():
        gone = sp.Add(*(t for t in sp.Add.make_args(c) if abs_term(t) not in left))
        if gone != 0:
            fresh = times_exponential(base, -gone) ** power
            expr = one_exponential(expr / base**power * fresh * sp.exp(power * gone))
    return expr


def abs_term(term: Expr) -> Expr:
    """A term without its number: terms that differ in it alone may cancel."""
    return cast(Expr, term.as_coeff_Mul()[1])
