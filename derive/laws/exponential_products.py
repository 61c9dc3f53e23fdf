"""Laws of products of exponentials: where each factor stands before the product is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Where
from pullback.derive.index.objects import free_indices
from pullback.derive.index.rewriting import exhaust, rewrite
from pullback.derive.laws.exponential_sums import below, is_exponential_sum, terms_of
from pullback.derive.laws.exponential_terms import Term, condition_of, nonzero
from pullback.derive.laws.exponents_alike import relevant, shares_exponent
from pullback.derive.laws.matching import base_and_power, exponent_of, one_exponential
from pullback.derive.laws.registry import law
from pullback.derive.laws.shifted_quotients import Shift, can_be_shifted, each_product


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
            found = quotients(target)
            movers = [f for f in e.args if f != target and any(q.takes(f) for q in found)]
            if movers:
                rest = (f for f in e.args if f not in (*movers, target))
                return sp.Mul(*rest, push(sp.Mul(*movers), target))
        return None

    return rewrite(expr, rule)


@dataclass(frozen=True)
class Quotient:
    """What stands below a line, the exponent above it, and whether more is to stand there."""

    below: tuple[Shift, ...]
    exponent: Expr
    lacks: bool

    def takes(self, factor: Expr) -> bool:
        """Does a factor of the whole belong above the line?

        It does where nothing there keeps the sums below small, and where what stands there and
        the factor together make one of the exponents below.
        """
        terms = [t for s in self.below for t in s.terms]
        if self.lacks and goes_in(factor, relevant(terms)):
            return True
        if not (isinstance(factor, sp.exp) or can_be_shifted(factor)):
            return False
        if any(map(self.is_like_inner, terms_of(factor))):
            return True
        if isinstance(factor, Sum):
            return False
        makes = [own.exponent for own in terms_of(factor) if own.exponent != 0]
        return any(
            shares_exponent(t, self.exponent + more) and not shares_exponent(t, self.exponent)
            for t in terms
            for more in makes
        )

    def is_like_inner(self, term: Term) -> bool:
        """Has a term an exponent of a sum that is a factor in one below, at any of its indices?"""
        inner = [t for s in self.below for one in s.inner for t in one.terms if t.exponent != 0]
        free = [replace(t, indices=free_indices(t.exponent)) for t in inner]
        return any(shares_exponent(t, term.exponent) for t in free)


def quotients(expr: Expr) -> list[Quotient]:
    """The quotients by sums of exponentials within sums and cases."""
    if isinstance(expr, Sum):
        return quotients(expr.open()[0])
    if isinstance(expr, Where):
        return [q for case in expr.args[1:] for q in quotients(case)]
    if expr.is_Add:
        return [q for part in expr.args for q in quotients(part)]
    powers = [base_and_power(f) for f in sp.Mul.make_args(expr)]
    above = [b for b, p in powers if p.is_positive and (isinstance(b, sp.exp) or can_be_shifted(b))]
    below = {b: -p for b, p in powers if p.is_Rational and p < 0 and can_be_shifted(b)}
    inner = [q for b, p in powers if p == 1 and b != expr for q in quotients(b)]
    if not below:
        return inner
    lacks = sum(below.values()) > len(above)
    return [Quotient(tuple(map(Shift.of, below)), exponent_of(expr), lacks), *inner]


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
    if isinstance(expr, Sum) and is_for(factor, expr):
        body, indices = expr.open()
        return Sum(one_sum(push(factor, body), factor), *indices)
    if isinstance(expr, Where):
        condition, a, b = expr.args
        return Where(condition, *(c if c == 0 else push(factor, c) for c in (a, b)))
    if expr.is_Add:
        return sp.Add(*(push(factor, t) for t in expr.args))
    for target in expr.args if expr.is_Mul else ():
        if not target.is_Pow and is_for(factor, target):
            return cast(Expr, expr / target * push(factor, target))
    return cast(Expr, factor * expr)


def is_for(factor: Expr, target: Expr) -> bool:
    """Are there quotients in the target that take one of the factors?"""
    return any(q.takes(f) for q in quotients(target) for f in sp.Mul.make_args(factor))


def one_sum(expr: Expr, factor: Expr) -> Expr:
    """A product of factors and a sum with quotients that were for them as one sum over it."""
    for target in expr.args if expr.is_Mul else ():
        if isinstance(target, Sum) and target not in factor.args and quotients(target):
            body, indices = target.open()
            return Sum(expr / target * body, *indices)
    return expr


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

    return rewrite(each_product(expr, lambda e, _: cancel_common(e)), in_log)


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
