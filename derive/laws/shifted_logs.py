"""Laws that shift sums of exponentials by their largest in logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import ArgLargest, Largest, Sum
from pullback.derive.index.functions import log1p
from pullback.derive.index.kinks import Abs, Maximum
from pullback.derive.index.objects import KroneckerDelta, is_entry
from pullback.derive.index.rewriting import rewrite, substitute
from pullback.derive.laws.exponential_sums import terms_of, unless_empty
from pullback.derive.laws.exponential_terms import masked
from pullback.derive.laws.matching import base_and_power
from pullback.derive.laws.registry import law
from pullback.derive.laws.shifted_quotients import Shift, can_be_shifted, shift_softmax

MAX_PARTS = 3  # of a sum whose log is taken part by part; each doubles what is written


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
    if any(a.has(-sp.oo) for a in rest[:-1]):
        return None
    if is_tail(total, rest):
        return log1p(sp.Add(*parts) - 1)
    for a in rest:
        total = log_of_two(total, a)
    return total


def is_tail(first: Expr, rest: Sequence[Expr]) -> bool:
    """Is it log(1 + exp(a)) where a is never above 0, so that nothing is to be shifted?"""
    return first == 0 and len(rest) == 1 and bool(rest[0].is_nonpositive)


def log_of_part(part: Expr) -> Expr | None:
    """The log of exp(a), of a positive number, of Σ_i exp(a_i), or of a product of these."""
    number, rest = part.as_coeff_Mul()
    if not number.is_positive:
        return None
    sums = [f for f in sp.Mul.make_args(rest) if isinstance(base_and_power(f)[0], Sum)]
    (term, *more) = terms_of(rest / sp.Mul(*sums))
    if more or term.weight != 1 or term.indices:
        return None
    total = sp.log(number) + masked(term.exponent, term.conditions)
    for base, power in map(base_and_power, sums):
        a = log_of_row(base)
        if a is None or not power.is_positive:
            return None
        total += power * a
    return cast(Expr, total)


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
