"""Laws for what is nearly 1, so that 1 less it would cancel, and for logs that are nearly 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.elementary import Cosh, Sinh
from pullback.derive.index.functions import expm1, log1p
from pullback.derive.index.kinks import Abs, Where
from pullback.derive.index.objects import Index, KroneckerDelta, entry_indices, free_entries
from pullback.derive.index.rewriting import exhaust, rewrite, substitute
from pullback.derive.laws.exponential_sums import exponential_sum
from pullback.derive.laws.matching import base_and_power, exponent_of, factors, unify
from pullback.derive.laws.registry import law

NEAR = -sp.Rational(7, 10)  # about -log 2, where 1 - exp(a) is 1/2


def pairs(expr: Expr, kind: type[Expr]) -> Iterator[tuple[Expr, Expr]]:
    """Each t and f of a sum that has t f and −t among its terms, f being of that kind."""
    for term in expr.args if expr.is_Add else ():
        for f in sp.Mul.make_args(term):
            if isinstance(f, kind) and -term / f in expr.args:
                yield cast(Expr, term / f), f


@law("one less than an exponential")
def less_one(expr: Expr) -> Expr:
    """exp(a) − 1 = expm1(a), and so has any multiple.

    b * (1 - exp(a)) = -b * expm1(a)

    This is what expm1 means. Near 0 exp(a) is nearly 1, and the difference would keep few digits.
    """

    def rule(e: Expr) -> Expr | None:
        for t, f in pairs(e, sp.exp):
            return cast(Expr, e - t * f + t + t * expm1(f.args[0]))
        return None

    return rewrite(expr, rule)


@law("log of one less an exponential")
def log_of_one_less(expr: Expr) -> Expr:
    """log(1 − exp(a)) is log(−expm1(a)) and log1p(−exp(a)); log(exp(a) − 1) = a + log(1 − exp(−a)).

    log(1 - exp(a)) = where(a > -0.7, log(-expm1(a)), log1p(-exp(a)))

    All of these are one number, by what expm1 and log1p mean, and as exp(a) is a factor of
    exp(a) − 1. Near 0 the first form keeps the digits, and far below 0 the second, where 1 − exp(a)
    is nearly 1.
    """

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        for t, f in pairs(e.args[0], sp.exp):
            a = cast(Expr, f.args[0])
            if e.args[0] == 1 - f:
                return log_of_complement(a)
            if t == 1 and e.args[0] == f - 1:
                return a + log_of_complement(-a)
        return None

    return rewrite(expr, rule)


def log_of_complement(a: Expr) -> Expr:
    """log(1 − exp(a))."""
    return Where(a > NEAR, sp.log(-expm1(a)), log1p(-sp.exp(a)))


@law("exponential over one less it")
def over_one_less(expr: Expr) -> Expr:
    """exp(a)/(1 − exp(a)) = 1/expm1(−a).

    b * exp(a) / (1 - exp(a)) = b / expm1(-a)

    Above and below the line everything is divided by exp(a). One exponential is left, which may
    overflow where the quotient is 0, and nothing cancels.
    """

    def rule(e: Expr) -> Expr | None:
        for base, power in factors(e).items() if e.is_Mul else ():
            for t, f in pairs(base, sp.exp) if power == -1 else ():
                rest = e * base / f
                if base == t * f - t and f.args[0] in sp.Add.make_args(exponent_of(e)):
                    return cast(Expr, -rest / t / expm1(-f.args[0]))
        return None

    return rewrite(expr, rule)


# -- hyperbolic functions ----------------------------------------------------------------------


def of_two(expr: Expr, sign: int) -> tuple[Expr, Expr] | None:
    """The c and a of c (exp(a) + exp(−a)), or with the sign −1 of c (exp(a) − exp(−a)).

    2 c cosh(a) and 2 c sinh(a) are the same by their names.
    """
    number, named = expr.as_coeff_Mul()
    if isinstance(named, Cosh if sign == 1 else Sinh):
        return cast(Expr, number / 2), cast(Expr, named.args[0])
    if not expr.is_Add or len(expr.args) != 2:
        return None
    first, second = sorted(expr.args, key=sp.default_sort_key)
    for one, other in ((first, second), (second, first)):
        f = next((f for f in sp.Mul.make_args(one) if isinstance(f, sp.exp)), None)
        if f is None or f.args[0].could_extract_minus_sign():
            continue
        c, a = one / f, cast(Expr, f.args[0])
        if other == sign * c * sp.exp(-a):
            return cast(Expr, c), a
    return None


@law("tanh of exponentials")
def tanh_of_exponentials(expr: Expr) -> Expr:
    """(exp(a) − exp(−a))/(exp(a) + exp(−a)) = tanh(a).

    b * (exp(a) - exp(-a)) / (exp(a) + exp(-a)) = b * tanh(a)

    This is what tanh means, and sinh(a)/cosh(a) is the same. It neither overflows nor cancels.
    """

    def rule(e: Expr) -> Expr | None:
        for above, below in permutations(e.args, 2) if e.is_Mul else ():
            top, (base, power) = of_two(above, -1), base_and_power(below)
            bottom = of_two(base, 1) if power == -1 else None
            if top and bottom and top[1] == bottom[1]:
                rest = (f for f in e.args if f not in (above, below))
                return cast(Expr, sp.Mul(*rest) * top[0] / bottom[0] * sp.tanh(top[1]))
        return None

    return rewrite(expr, rule)


@law("log of cosh")
def log_cosh(expr: Expr) -> Expr:
    """log((exp(a) + exp(−a))/2) is log1p(expm1(a)² exp(−a)/2), and |a| + log1p(expm1(−2|a|)/2).

    log(exp(a)/2 + exp(-a)/2) = where(abs(a) < 1, log1p(exp(-a) * expm1(a)**2 / 2), abs(a) + log1p(expm1(-2 * abs(a)) / 2))

    The square of exp(a/2) − exp(−a/2) is the sum less 2, and expm1(a)² exp(−a) is that square. Near
    0 the first form keeps the digits of the log, which is nearly 0; far out the second one, the
    larger exponential being taken out as a factor, does not overflow.
    """  # noqa: E501

    def rule(e: Expr) -> Expr | None:
        for term in e.args if e.is_Add else [e] if isinstance(e, sp.log) else ():
            number, log = term.as_coeff_Mul()
            found = of_two(log.args[0], 1) if isinstance(log, sp.log) else None
            if found is None or not found[0].is_Rational:
                continue
            extra = number * sp.log(2 * found[0])
            if extra == 0 or -extra in sp.Add.make_args(e):
                return cast(Expr, e - term + extra + number * log_of_cosh(found[1]))
        return None

    return rewrite(expr, rule)


def log_of_cosh(a: Expr) -> Expr:
    """log cosh(a)."""
    near = log1p(expm1(a) ** 2 * sp.exp(-a) / 2)
    far = Abs(a) + log1p(expm1(-2 * Abs(a)) / 2)
    return Where(Abs(a) < 1, near, far)


# -- shares ------------------------------------------------------------------------------------


@law("what the others have")
def others(expr: Expr, distributions: Sequence[tuple[Expr, Index]]) -> Expr:
    """Where Σ_j p_j = 1: 1 − p_k = Σ_{j≠k} p_j, as of p_j = exp(a_j)/Σ_i exp(a_i).

    1 - exp(a[k]) / sum(i, exp(a[i])) = sum(j, [j != k] * exp(a[j])) / sum(i, exp(a[i]))

    What one entry lacks of 1 the others have. Near certainty 1 − p_k cancels; the sum of the others
    does not.
    """

    def rule(e: Expr) -> Expr | None:
        for term in e.args if e.is_Add else ():
            for share, rest in (*shares(term), *named_shares(term, distributions)):
                if -rest in e.args:
                    return cast(Expr, e - term + rest - rest * share)
        return None

    return rewrite(expr, rule)


def shares(term: Expr) -> Iterator[tuple[Expr, Expr]]:
    """What the others have, and the rest of a term, for each exp(a_k)/Σ_i exp(a_i) in it."""
    for base, power in factors(term).items() if term.is_Mul else ():
        found = exponential_sum(base) if power == -1 else None
        for f in sp.Mul.make_args(term) if found else ():
            a, i = cast("tuple[Expr, Index]", found)
            place = place_of(f.args[0], a, i) if isinstance(f, sp.exp) else None
            if place is not None:
                left = Sum((1 - KroneckerDelta(i, place)) * sp.exp(a), i)
                yield left / base, cast(Expr, term * base / f)


def place_of(expr: Expr, a: Expr, i: Index) -> Expr | None:
    """The k at which an expression is a_k."""
    for pattern in free_entries(a):
        for atom in free_entries(expr):
            found = unify(pattern, atom, (i,), {})
            if found and expr == substitute(a, found):
                return found[i]
    return None


def names_of(entry: Expr) -> tuple[Index, ...]:
    """The indices of an entry that stands for all of them."""
    return cast("tuple[Index, ...]", entry_indices(entry))


def named_shares(
    term: Expr, distributions: Iterable[tuple[Expr, Index]]
) -> Iterator[tuple[Expr, Expr]]:
    """The same for each entry p_k of a distribution that has a name."""
    for entry, i in distributions:
        for f in sp.Mul.make_args(term):
            found = unify(entry, f, names_of(entry), {})
            if found is not None and i in found:
                k = found.pop(i)
                fresh = Index("_others", i.size)
                p = substitute(entry, {**found, i: fresh})
                yield Sum((1 - KroneckerDelta(fresh, k)) * p, fresh), cast(Expr, term / f)


@law("difference from a label")
def from_label(expr: Expr, distributions: Sequence[tuple[Expr, Index]]) -> Expr:
    """Terms with p_j and −𝟙[j = y] are one: b p_j − b 𝟙[j = y] = b (p_j − 𝟙[j = y]).

    given sum(j, p[j]) == 1
    b * p[k] - b * [k == y] = b * (p[k] - [k == y])

    This is multiplying out, read from right to left. Where p_y is nearly 1 the difference at y is
    minus what the others have, which cancels in the terms apart.
    """

    def rule(e: Expr) -> Expr | None:
        for term in e.args if e.is_Add else ():
            for delta in (f for f in sp.Mul.make_args(term) if isinstance(f, KroneckerDelta)):
                b = -term / delta
                p = None if b.is_number else entry_beside(delta, b, e, distributions)
                if p is not None:
                    return cast(Expr, e - term - b * p + b * (p - delta))
        return None

    return exhaust(expr, rule)


def entry_beside(
    delta: Expr, b: Expr, expr: Expr, distributions: Sequence[tuple[Expr, Index]]
) -> Expr | None:
    """The p_k at the index of a delta that has the factor b in a sum."""
    for entry, i in distributions:
        for p in free_entries(expr):
            found = unify(entry, p, names_of(entry), {})
            k = found[i] if found else None
            if isinstance(k, Index) and k in delta.args and b * p in expr.args:
                return p
    return None
