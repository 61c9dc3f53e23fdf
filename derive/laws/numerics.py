"""Laws for the numbers: forms that do not overflow or cancel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from derive.expressions import (
    Abs,
    ArgLargest,
    Erfc,
    Index,
    Maximum,
    Sum,
    entry_indices,
    exhaust,
    free_entries,
    log1p,
    rewrite,
    substitute,
)
from derive.laws.algebra import is_hole
from derive.laws.exponentials import softplus_argument
from derive.laws.law import law
from derive.laws.matching import base_and_power, factors, unify


def exponential_sum(expr: Expr) -> tuple[Expr, Index] | None:
    """The exponent and the index where an expression is Σ_i exp(a_i) over one index."""
    if isinstance(expr, Sum) and len(expr.indices) == 1:
        body, (i,) = expr.open()
        if isinstance(body, sp.exp):
            return body.args[0], i
    return None


@law("shifted log-sum-exp")
def shift_log_sum_exp(expr: Expr) -> Expr:
    """For any place l: log Σ_i exp(a_i) = a_l + log1p(Σ_{i≠l} exp(a_i − a_l)).

    log(sum(i, exp(a[i]))) = a[l] + log1p(sum(i, [i != l] * exp(a[i] - a[l])))

    exp(a_l) is a factor of the whole sum, and its log is a_l; the term at l becomes exp(0) = 1,
    the 1 of log1p. With l the place of the largest no term overflows, and small ones are not
    lost beside 1.
    """

    def rule(e: Expr) -> Expr | None:
        found = exponential_sum(e.args[0]) if isinstance(e, sp.log) else None
        if found is None:
            return None
        a, i = found
        at = ArgLargest(a, i)
        top = substitute(a, {i: at})
        others = Sum((1 - KroneckerDelta(i, at)) * sp.exp(a - top), i)
        return top + log1p(others)

    return rewrite(expr, rule)


@law("shifted softplus")
def shift_softplus(expr: Expr) -> Expr:
    """log(1 + exp(a)) = max(0, a) + log1p(exp(−|a|)).

    log(1 + exp(a)) = max(0, a) + log1p(exp(-abs(a)))

    The larger of the terms 1 and exp(a) is taken out as a factor, and its log is max(0, a).
    What is left over is 1 and exp(−|a|), so that no exponential overflows and small ones are
    not lost beside 1.
    """

    def rule(e: Expr) -> Expr | None:
        a = softplus_argument(e.args[0]) if isinstance(e, sp.log) else None
        if isinstance(e, log1p) and isinstance(e.args[0], sp.exp):
            a = e.args[0].args[0]
        if a is None or (isinstance(a, sp.Mul) and a.has(sp.Abs)):
            return None
        return Maximum(0, a) + log1p(sp.exp(-Abs(a)))

    return rewrite(expr, rule)


@law("complementary error function")
def complement_of_erf(expr: Expr) -> Expr:
    """1 + erf(a) = erfc(−a), which does not cancel where a is far below 0.

    1 + erf(a) = erfc(-a)

    erfc(b) is 1 − erf(b) by definition, and erf is odd: erf(−a) = −erf(a). Far below 0 erf(a)
    is nearly −1, and the sum would keep few digits.
    """

    def rule(e: Expr) -> Expr | None:
        for term in e.args if e.is_Add else ():
            for f in sp.Mul.make_args(term):
                for sign in (1, -1) if isinstance(f, sp.erf) else ():
                    if sign * term / f in e.args:
                        both = term / f * sign
                        return cast(Expr, e - term - both + both * Erfc(-sign * f.args[0]))
        return None

    return exhaust(expr, rule)


@law("shifted softmax")
def shift_softmax(expr: Expr) -> Expr:
    """For any place l: exp(a_j)/Σ_i exp(a_i) = exp(a_j − a_l)/Σ_i exp(a_i − a_l).

    exp(a[j]) / sum(i, exp(a[i])) = exp(a[j] - a[l]) / sum(i, exp(a[i] - a[l]))

    Above and below the line everything is divided by exp(a_l). With l the place of the largest
    nothing overflows and the sum is at least 1. The exponential may stand under a sum: Σ_j b_j
    exp(a_j)/Σ_i exp(a_i).
    """

    def rule(e: Expr) -> Expr | None:
        if not e.is_Mul:
            return None
        for base, power in factors(e).items():
            found = exponential_sum(base) if power.is_Integer and power < 0 else None
            if found is None:
                continue
            a, i = found
            top = substitute(a, {i: ArgLargest(a, i)})
            if not a.has(ArgLargest):
                shifted, count = shift_factors(e, a, i, top, int(-power))
                if count:
                    return cast(Expr, shifted * base**count * Sum(sp.exp(a - top), i) ** -count)
        return None

    return rewrite(expr, rule)


def shift_factors(e: Expr, a: Expr, i: Index, top: Expr, wanted: int) -> tuple[Expr, int]:
    """Up to `wanted` exponentials of the row a_i in a product with `top` taken off, and how many.

    One stands as a factor itself, or as a factor under a sum.
    """
    done: list[Expr] = []
    count = 0
    for factor in sp.Mul.make_args(e):
        base, power = base_and_power(factor)
        if count == wanted or not (power.is_Integer and power > 0):
            done.append(factor)
        elif isinstance(base, sp.exp):
            rate, own = base.args[0].as_coeff_Mul()
            times = int(rate * power) if rate.is_Integer and rate > 0 else 0
            if 0 < times <= wanted - count and shares_row(own, a, i):
                factor, count = sp.exp(times * (own - top)), count + times
            done.append(factor)
        elif isinstance(base, Sum) and power == 1:
            body, indices = base.open()
            inner, times = shift_factors(body, a, i, top, wanted - count)
            done.append(Sum(inner, *indices) if times else factor)
            count += times
        else:
            done.append(factor)
    return sp.Mul(*done), count


def shares_row(own: Expr, a: Expr, i: Index) -> bool:
    """Is `own` the exponent a_i at some place of i?"""
    return any(
        found is not None and own == substitute(a, found)
        for pattern in free_entries(a)
        for atom in free_entries(own)
        for found in [unify(pattern, atom, (i,), {})]
    )


@law("split off the largest")
def split_largest(expr: Expr, parts: Sequence[Expr]) -> Expr:
    """The largest term is exp(0) = 1: Σ_i exp(a_i − a_l) = 1 + Σ_{i≠l} exp(a_i − a_l).

    given s[l] := sum(i, [i != l] * exp(a[i] - a[l]))
    sum(i, exp(a[i] - a[l])) = 1 + s[l]

    The term at l is exp(0), which is 1, and the others are what is left. `parts` are such sums
    of the others that are computed anyway.
    """
    known = []
    for part in parts:
        body, (i,) = cast(Sum, part).open()
        delta = next(f for f in sp.Mul.make_args(body) if f.is_Add)
        known.append((part, sp.expand_mul(body / delta), delta, i))

    def sums(e: Expr) -> Expr | None:
        for part, body, _, i in known:
            if e == Sum(body, i):
                return 1 + part
        return None

    def terms(e: Expr) -> Expr | None:
        for _, body, delta, i in known:
            for atom in free_entries(e):
                for pattern in free_entries(body):
                    found = unify(pattern, atom, (i,), {})
                    if found and i in found and e == substitute(body, found):
                        hole = substitute(delta, found)
                        return cast(Expr, (1 - hole) + hole * e)
        return None

    def once(e: Expr) -> Expr | None:  # (1 − δ)((1 − δ)a + δ) = (1 − δ)a, as δδ = δ
        if e.is_Mul:
            for hole in (f for f in e.args if is_hole(f)):
                for other in (f for f in e.args if f.is_Add and f != hole):
                    kept = [t for t in other.args if hole in t.args]
                    if other == sp.Add(1 - hole, *kept):
                        rest = (f for f in e.args if f not in (hole, other))
                        return cast(Expr, sp.Mul(*kept, *rest))
        return None

    split = rewrite(rewrite(expr, sums), lambda e: terms(e) if isinstance(e, sp.exp) else None)
    return split if split == expr else rewrite(split, once)


@law("minus the others")
def complement(expr: Expr, distributions: Sequence[tuple[Expr, Index]]) -> Expr:
    """Where Σ_j p_j = 1: p_k − δ(k, y) is −Σ_{j≠y} p_j at k = y and p_k elsewhere.

    given sum(j, p[j]) == 1
    p[k] - [k == y] = [k != y] * p[k] - [k == y] * sum(j, [j != y] * p[j])

    What the other classes have is what the right one lacks of 1. Near certainty p_y − 1
    cancels; the sum of the others does not.
    """

    def rule(e: Expr) -> Expr | None:
        for delta in (-t for t in e.args if isinstance(-t, KroneckerDelta)) if e.is_Add else ():
            for (general, i), p in product(distributions, e.args):
                for k, label in (delta.args, delta.args[::-1]):
                    if not isinstance(k, Index) or label.has(k) or isinstance(label, Index):
                        continue
                    found = unify(general, p, cast(Any, entry_indices(general)), {})
                    if found is not None and found.get(i) == k:
                        others = Sum((1 - delta) * p, k)
                        return cast(Expr, e - p + delta + (1 - delta) * p - delta * others)
        return None

    return rewrite(expr, rule)
