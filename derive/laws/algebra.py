"""Laws of sums and deltas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Where
from pullback.derive.index.objects import Index, KroneckerDelta
from pullback.derive.index.rewriting import exhaust, rewrite, substitute
from pullback.derive.laws.matching import base_and_power, one_power_each, over
from pullback.derive.laws.registry import law
from pullback.derive.laws.shifted_deltas import picked_apart, solved_for_shift


@law("powers of one base")
def one_power(expr: Expr) -> Expr:
    """Powers of one base make one power: a^p / a = a^(p − 1).

    a**p / a = a**(p - 1)

    A power counts its factors, and a quotient takes some away. At a = 0 only the one power says
    what the value is.
    """

    return rewrite(expr, one_power_each)


@law("distribute")
def distribute(expr: Expr) -> Expr:
    """A sum that holds a delta is multiplied out: a(δ + b) = aδ + ab.

    a[j] * ([j == k] + b) = a[j] * [j == k] + a[j] * b

    A factor of a bracket is a factor of each of its terms. The delta then stands in a product
    of its own, where a sum can pick its one term.
    """

    def rule(e: Expr) -> Expr | None:
        if not e.is_Mul:
            return None
        sums = [f for f in e.args if is_sum_with_delta(f)]
        if not sums:
            return None
        rest = sp.Mul(*(f for f in e.args if f not in sums))
        expanded = sp.expand_mul(sp.Mul(*sums), deep=False)
        return sp.Add(*(rest * t for t in sp.Add.make_args(expanded)))

    return exhaust(expr, rule)


def has_delta(product: Expr) -> bool:
    """Is a delta a factor?"""
    return any(isinstance(f, KroneckerDelta) for f in sp.Mul.make_args(product))


def is_sum_with_delta(expr: Expr) -> bool:
    """Is it a sum with a delta in one of its terms, other than 1 − δ?"""
    return bool(expr.is_Add) and not is_hole(expr) and any(map(has_delta, expr.args))


def is_hole(expr: Expr) -> bool:
    """Is it 1 − δ(i, j)?"""
    return isinstance(1 - expr, KroneckerDelta)


@law("sum term by term")
def linearity(expr: Expr) -> Expr:
    """A sum is taken term by term, and constants come out: Σ(c·a + b) = cΣa + Σb.

    sum(j, c * [j == k] * a[j] + b[j]) = c * sum(j, [j == k] * a[j]) + sum(j, b[j])

    The terms of a sum may be added in any order, and what all of them share may be taken out of
    it, so long as it does not run with the index.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Sum):
            return None
        body, indices = e.open()
        if is_sum_with_delta(body):
            return sp.Add(*(Sum(t, *indices) for t in body.args))
        outside: list[Expr] = []
        inside: list[Expr] = []
        for factor in sp.Mul.make_args(body):
            runs = factor.free_symbols & set(indices)
            (inside if runs else outside).append(factor)
        if not outside:
            return None
        return sp.Mul(*outside, Sum(sp.Mul(*inside), *indices))

    return exhaust(expr, rule)


@law("factor of both cases")
def factor_of_cases(expr: Expr) -> Expr:
    """What both cases share comes out, and so do deltas: where(c, δa + b, 0) is a sum of δ
    where(c, a, 0) and where(c, b, 0).

    where(c > 0, [j == k] * a[j] + b, 0) = [j == k] * where(c > 0, a[j], 0) + where(c > 0, b, 0)

    Whichever case holds, its terms are added up. Those without the delta stand in one choice, and
    those with it in another, where it is there whichever case holds.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Where):
            return None
        condition, *cases = e.args
        if any(has_delta(t) for case in cases for t in sp.Add.make_args(case)):
            return by_deltas(condition, cases)
        parts = [set(sp.Mul.make_args(c)) for c in cases]
        shared = {f for f in set.intersection(*parts) if not f.is_number}
        if not shared:
            return None
        inner = (sp.Mul(*(f for f in sp.Mul.make_args(c) if f not in shared)) for c in cases)
        return sp.Mul(*sorted(shared, key=sp.default_sort_key), Where(condition, *inner))

    return exhaust(expr, rule)


def by_deltas(condition: sp.Basic, cases: Iterable[Expr]) -> Expr:
    """A choice between two sums as a sum of choices, one for the terms with the same deltas."""
    groups: dict[Expr, list[list[Expr]]] = {}
    for which, case in enumerate(cases):
        for term in sp.Add.make_args(case):
            factors = sp.Mul.make_args(term)
            deltas = sp.Mul(*(f for f in factors if isinstance(f, KroneckerDelta)))
            rest = sp.Mul(*(f for f in factors if not isinstance(f, KroneckerDelta)))
            groups.setdefault(deltas, [[], []])[which].append(rest)
    return sp.Add(
        *(
            deltas * Where(condition, *(sp.Add(*terms) for terms in both))
            for deltas, both in groups.items()
        )
    )


@law("sum over a delta")
def sum_over_delta(expr: Expr) -> Expr:
    """A sum over a delta picks one term: Σ_j δ(j, l) f(j) = f(l).

    sum(j, [j == k] * f[j]) = f[k]

    The delta is 0 in every term but the one at j = k, where it is 1. Only that term is left of
    the sum. Of [m = t + 1] x(m) f(m) it is x(t + 1) f(t + 1), where x(t + 1) is 0 outside of its
    axis, as the sum is.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Sum):
            return None
        body, indices = e.open()
        for factor in sp.Mul.make_args(body):
            if not isinstance(factor, KroneckerDelta):
                continue
            for i, other in (factor.args, factor.args[::-1]):
                if i in indices and not other.has(i):
                    rest = substitute(
                        sp.Mul(*(f for f in sp.Mul.make_args(body) if f != factor)), {i: other}
                    )
                    return Sum(rest, *(k for k in indices if k != i))
        return None

    found = exhaust(expr, rule)
    if found != expr:  # what is at t + 1 alone needs no step of its own
        return exhaust(found, picked_apart)
    return exhaust(exhaust(expr, solved_for_shift), rule)


@law("sum of a constant")
def sum_of_constant(expr: Expr) -> Expr:
    """What does not run with the index is added as often as the axis is long: Σ_n c = N c.

    sum(n, c) = N * c

    N terms that are all the same add up to N times one of them.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Sum):
            return None
        body, indices = e.open()
        idle = [i for i in indices if i not in body.free_symbols]
        if not idle:
            return None
        return sp.Mul(*(i.size for i in idle), Sum(body, *(i for i in indices if i not in idle)))

    return exhaust(expr, rule)


@law("tie to a label")
def tie_to_label(expr: Expr) -> Expr:
    """What stands beside an indicator is taken at its label: 𝟙[j = y] f(j) = 𝟙[j = y] f(y).

    [j == y[n]] * f[j] + a = [j == y[n]] * f[y[n]] + a

    Where j is not y both sides are 0, and where it is they are the same. It is done in sums,
    whose terms may have more in common then.
    """

    def tied(term: Expr) -> Expr:
        for delta in filter(is_label_delta, sp.Mul.make_args(term)):
            index, label = delta.args if isinstance(delta.args[0], Index) else delta.args[::-1]
            return delta * substitute(term / delta, {index: label})
        return term

    return rewrite(expr, lambda e: sp.Add(*map(tied, e.args)) if e.is_Add else None)


def is_label_delta(expr: Expr) -> bool:
    """Is it δ(j, y), between an index and a label that does not stand at it?"""
    if not isinstance(expr, KroneckerDelta):
        return False
    found = [a for a in expr.args if isinstance(a, Index)]
    return len(found) == 1 and not any(a.has(found[0]) for a in expr.args if a != found[0])


@law("terms that cancel")
def cancel(expr: Expr) -> Expr:
    """Multiplied out or summed term by term, what cancels goes: Σ_i (a_i − Σ_k a_k/N) = 0.

    sum(j, a[j] - sum(k, a[k]) / J) = 0

    Deviations from the mean add up to nothing: the mean, taken J times, is the sum again.
    Nothing is taken apart where that leaves as much as before.
    """

    def rule(e: Expr) -> Expr | None:
        if isinstance(e, Sum):
            body, indices = e.open()
            terms = sp.Add.make_args(sp.expand_mul(body))
            parts = (sum_of_constant(linearity(Sum(t, *indices))) for t in terms)
            total = sp.Add(*parts) if len(terms) > 1 else e
            return total if len(sp.Add.make_args(total)) < len(terms) else None
        if e.is_Add:
            total = sp.Add(*(sp.expand_mul(t, deep=False) for t in e.args))
            shorter = total.count_ops() < e.count_ops()
            return total if shorter and len(sp.Add.make_args(total)) <= len(e.args) else None
        return None

    return exhaust(expr, rule)


@law("common factor")
def common_factor(expr: Expr) -> Expr:
    """A factor of every term stands before the bracket: ab + ac = a(b + c).

    a * b + a * c = a * (b + c)

    This is multiplying out, read from right to left.
    """

    def rule(e: Expr) -> Expr | None:
        if not e.is_Add:
            return None
        powers = [dict(map(base_and_power, sp.Mul.make_args(t))) for t in e.args]
        shared = {b: shared_power([p.get(b, sp.S.Zero) for p in powers]) for b in powers[0]}
        factor = sp.Mul(*(b**p for b, p in shared.items() if not b.is_number))
        if factor == 1:
            return None
        return cast(Expr, factor * sp.Add(*(over(t, factor) for t in e.args)))

    return rewrite(expr, rule)


def shared_power(powers: list[Expr]) -> Expr:
    """The power of a factor that every term has; equal powers need not be numbers."""
    if all(p == powers[0] for p in powers):
        return powers[0]
    if not all(p.is_Rational for p in powers):
        return cast(Expr, sp.S.Zero)
    if all(p > 0 for p in powers):
        return min(powers)
    return max(powers) if all(p < 0 for p in powers) else cast(Expr, sp.S.Zero)
