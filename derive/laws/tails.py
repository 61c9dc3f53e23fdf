"""Laws for the tails of sigmoids and tanh, where the value is nearly 0 or 1.

A name that stands for one of them, such as s for σ(u), is looked through: `known` says what names
stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.functions import Sigmoid
from pullback.derive.index.objects import entry_indices, entry_name, is_entry
from pullback.derive.index.rewriting import exhaust, rewrite, substitute
from pullback.derive.laws.matching import (
    Equality,
    base_and_power,
    factors,
    how_often,
    one_exponential,
)
from pullback.derive.laws.registry import law

Known = Sequence[Equality]


def argument(expr: Expr, function: type[Expr], known: Known) -> Expr | None:
    """The a of function(a), or of a name that stands for it."""
    for equality in known if is_entry(expr) else ():
        if entry_name(equality.entry) == entry_name(expr):
            at = dict(zip(entry_indices(equality.entry), entry_indices(expr), strict=True))
            expr = substitute(equality.expr, at)
            break
    return cast(Expr, expr.args[0]) if isinstance(expr, function) else None


def factors_of_terms(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Every term of a sum with each of its factors."""
    for term in expr.args if expr.is_Add else ():
        for factor in sp.Mul.make_args(term):
            yield term, factor


@law("tanh as a sigmoid")
def tanh_as_sigmoid(expr: Expr, known: Known) -> Expr:
    """1 + tanh(a) = 2σ(2a), 1 − tanh(a) = 2σ(−2a), and 1 − tanh²(a) is their product.

    given t[n] := tanh(u[n])
    1 + t[n] = 2 * sigmoid(2 * u[n])

    tanh(a) is (1 − exp(−2a))/(1 + exp(−2a)), and its 1 makes 2 with the one beside it. In the
    tails tanh(a) is nearly 1 or −1, and the sum would keep few digits. The square is rewritten
    where one of the sigmoids stands already, whose exponential it shares.
    """

    def rewritten(e: Expr, power: int, among: set[Expr] | None = None) -> Expr | None:
        for term, f in factors_of_terms(e):
            base, own = base_and_power(f)
            a = argument(base, sp.tanh, known) if own == power else None
            if a is None or (among is not None and not among & {2 * a, -2 * a}):
                continue
            for sign in (1, -1)[power - 1 :]:
                other = sign * term / f
                if other in e.args:
                    both = [2 * Sigmoid(2 * sign * a), 2 * Sigmoid(-2 * sign * a)][:power]
                    return cast(Expr, e - term - other + other * sp.Mul(*both))
        return None

    def once(e: Expr) -> Expr:
        return rewrite(e, lambda part: rewritten(part, 1))

    found = once(expr)
    parts = [found, *(once(equality.expr) for equality in known)]
    among = {s.args[0] for part in parts for s in part.atoms(Sigmoid)}
    return rewrite(found, lambda part: rewritten(part, 2, among)) if among else found


@law("complement of a sigmoid")
def complement_of_sigmoid(expr: Expr, known: Known) -> Expr:
    """1 − σ(a) = σ(−a), which does not cancel where σ(a) is nearly 1.

    given s[n] := sigmoid(u[n])
    s[n] * (1 - s[n]) = sigmoid(u[n]) * sigmoid(-u[n])

    1 − 1/(1 + exp(−a)) is exp(−a)/(1 + exp(−a)), and that is 1/(exp(a) + 1)."""

    def rule(e: Expr) -> Expr | None:
        for term, f in factors_of_terms(e):
            a, other = argument(f, Sigmoid, known), -term / f
            if a is not None and other in e.args:
                return cast(Expr, e - term - other + other * Sigmoid(-a))
        return None

    def written_out(e: Expr) -> Expr | None:  # beside σ(−a) a name for σ(a) is σ(a)
        for f in e.args if e.is_Mul else ():
            a = argument(f, Sigmoid, known)
            if a is not None and is_entry(f) and Sigmoid(-a) in e.args:
                return cast(Expr, e / f * Sigmoid(a))
        return None

    found = rewrite(expr, rule)
    return expr if found == expr else rewrite(found, written_out)


@law("exponential beside a sigmoid")
def exponential_beside_sigmoid(expr: Expr, known: Known) -> Expr:
    """σ(a) exp(−a) = σ(−a): where one of them is nearly 0 the other may be beyond all numbers.

    given s[n] := sigmoid(u[n])
    s[n] * exp(-u[n]) = sigmoid(-u[n])

    σ(a) is 1/(1 + exp(−a)), and exp(−a)/(1 + exp(−a)) is 1/(exp(a) + 1).
    """

    def rule(e: Expr) -> Expr | None:
        whole = factors(e) if e.is_Mul else {}
        for base, power in whole.items():
            a = argument(base, Sigmoid, known) if power.is_Integer and power > 0 else None
            if a is None:
                continue
            times = min(max(how_often(factors(sp.exp(-a)), whole), 0), int(power))
            if times:
                rest = e / base**times * Sigmoid(-a) ** times
                return one_exponential(rest * sp.exp(times * a))
            for f in e.args:  # (b + exp(−a)) σ(a) = b σ(a) + σ(−a)
                if f.is_Add and any(how_often(factors(sp.exp(-a)), factors(t)) > 0 for t in f.args):
                    inside = sp.Add(*(rule(t * base) or t * base for t in f.args))
                    return cast(Expr, e / f / base * inside)
        return None

    return exhaust(expr, rule)


@law("sigmoid less a number")
def sigmoid_less(expr: Expr, known: Known) -> Expr:
    """σ(a) − b = (1 − b)σ(a) − bσ(−a).

    given p[n] := sigmoid(z[n])
    p[n] - t[n] = (1 - t[n]) * sigmoid(z[n]) - t[n] * sigmoid(-z[n])

    b is b times σ(a) + σ(−a), since these make 1. Where b is 1 and σ(a) nearly so, the first
    term vanishes before anything cancels, and the second is accurate.
    """

    def rule(e: Expr) -> Expr | None:
        for p, b in (e.args, e.args[::-1]) if e.is_Add and len(e.args) == 2 else ():
            a = argument(p, Sigmoid, known)
            if a is not None and is_entry(-b):
                return (1 + b) * Sigmoid(a) + b * Sigmoid(-a)
        return None

    return rewrite(expr, rule)
