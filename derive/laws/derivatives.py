"""Rules by which a derivative is worked out, each of them a law.

A rule opens every derivative that it is for and leaves smaller ones, from which constants come
out at once; last of all stands an entry by an entry, which is a delta.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import mul
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Extreme, Sum
from pullback.derive.index.derivatives import Partial, is_open, moves
from pullback.derive.index.kinks import Abs, Maximum, Minimum, Sign, Where
from pullback.derive.index.objects import KroneckerDelta, entry_name, is_entry
from pullback.derive.laws.registry import law

Rule = Callable[[Expr, Expr], Expr | None]  # what a derivative comes to, if the rule is for it


def opened(expr: Expr, rule: Rule) -> Expr:
    """An expression in which the rule has opened derivatives, also those that it leaves."""
    if isinstance(expr, Partial):
        found = rule(expr.expr, expr.wrt)
        return expr if found is None else opened(found, rule)
    if not is_open(expr):
        return expr
    if isinstance(expr, Binder):
        body, indices = expr.open()
        return cast(Expr, type(expr)(opened(body, rule), *indices))
    return cast(Expr, expr.func(*(opened(a, rule) for a in expr.args)))


def slope(expr: Expr, by: Expr) -> Expr:
    """The derivative of an expression, taken term by term, with constants before it."""
    name = entry_name(by)
    if not moves(expr, name):
        return cast(Expr, sp.S.Zero)
    if expr.is_Add:
        return sp.Add(*(slope(term, by) for term in expr.args))
    if isinstance(expr, Sum):
        body, indices = expr.open()
        return Sum(slope(body, by), *indices)
    if expr.is_Mul and len(moving(expr, name)) == 1:
        return cast(Expr, reduce(mul, (slope(f, by) if moves(f, name) else f for f in expr.args)))
    return Partial(expr, by)


def moving(product: Expr, name: str) -> list[Expr]:
    """The factors that hang on a tensor."""
    return [f for f in product.args if moves(f, name)]


@law("sum rule")
def slope_of_sum(expr: Expr) -> Expr:
    """A sum is differentiated term by term, constants come out: ∂(c·u + Σv + d) = c ∂u + Σ ∂v.

    diff(c * x[n] + sum(j, x[j]) + d, x[m]) = c * diff(x[n], x[m]) + sum(j, diff(x[j], x[m]))

    What is added up changes by what its terms change by, c times as much changes c times as
    much, and what the entry does not stand in does not change. A sum over a window is written over
    the places that it reads, m = i + a − 1 in place of a: the same terms by another name.
    """

    def rule(e: Expr, by: Expr) -> Expr | None:
        found = slope(e, by)
        return None if found == Partial(e, by) else found

    return opened(expr, rule)


@law("product rule")
def slope_of_product(expr: Expr) -> Expr:
    """One factor changes at a time: ∂(u v) = v ∂u + u ∂v.

    diff(x[n] * exp(x[n]), x[m]) = exp(x[n]) * diff(x[n], x[m]) + x[n] * diff(exp(x[n]), x[m])

    With each factor held in its turn the product changes as the other one does, so many times.
    What both change together is smaller than either change by as much as one likes.
    """
    return opened(expr, lambda e, by: None if has_moving_below(e, by) else one_by_one(e, by))


@law("quotient rule")
def slope_of_quotient(expr: Expr) -> Expr:
    """What stands below counts with a minus: ∂(u/v) = ∂u / v − u ∂v / v².

    diff(x[n] / x[k], x[m]) = diff(x[n], x[m]) / x[k] - x[n] * diff(x[k], x[m]) / x[k]**2

    It is the product rule for u times 1/v, and 1/v changes by −∂v/v². So a power below the line
    gets one power more, and its old number in front.
    """
    return opened(expr, lambda e, by: one_by_one(e, by) if has_moving_below(e, by) else None)


def one_by_one(expr: Expr, by: Expr) -> Expr | None:
    """The slope of a product of two moving factors or more; of what is below the line at once."""
    name = entry_name(by)
    if not expr.is_Mul or len(moving(expr, name)) < 2:
        return None
    terms = []
    for place, factor in enumerate(expr.args):
        if moves(factor, name):
            own = of_power(factor, by) if is_below(factor) else slope(factor, by)
            terms.append(reduce(mul, (*expr.args[:place], own, *expr.args[place + 1 :])))
    return sp.Add(*terms)


def has_moving_below(expr: Expr, by: Expr) -> bool:
    """Has it a factor below the line that hangs on the entry's tensor?"""
    return bool(expr.is_Mul) and any(is_below(f) for f in moving(expr, entry_name(by)))


def is_below(factor: Expr) -> bool:
    """Is it a power below the line?"""
    return isinstance(factor, sp.Pow) and bool(factor.exp.is_number and factor.exp.is_negative)


def of_power(power: Expr, by: Expr) -> Expr:
    """p b^(p − 1) ∂b, and b^p log(b) ∂p where the exponent hangs on the entry too."""
    base, exponent = power.args
    if exponent.is_number:
        return cast(Expr, power * (slope(base, by) * exponent / base))
    lower = exponent * base ** (exponent - 1) * slope(base, by)
    return cast(Expr, lower + power * sp.log(base) * slope(exponent, by))


@law("power rule")
def slope_of_power(expr: Expr) -> Expr:
    """A power loses one power, which comes before it: ∂(u^p) = p u^(p − 1) ∂u.

    diff(x[n]**3, x[m]) = 3 * x[n]**2 * diff(x[n], x[m])

    A power is a product of p factors, and each of them changes once. An exponent that changes
    adds u^p log(u) ∂p.
    """
    return opened(expr, lambda e, by: of_power(e, by) if isinstance(e, sp.Pow) else None)


@law("chain rule")
def slope_of_function(expr: Expr) -> Expr:
    """The slope of the outer function, taken at the inner one, times the inner slope:
    ∂f(u) = f′(u) ∂u.

    diff(exp(tanh(x[n])), x[m]) = exp(tanh(x[n])) * (1 - tanh(x[n])**2) * diff(x[n], x[m])

    u changes by ∂u, and f by f′(u) times what u changes by.
    """

    def rule(e: Expr, by: Expr) -> Expr | None:
        if not isinstance(e, sp.Function) or isinstance(e, KINKS):
            return None
        return by_arguments(e, by)

    return opened(expr, rule)


def by_arguments(function: Expr, by: Expr) -> Expr:
    """A function's slopes by its arguments, each times that argument's own."""
    terms = []
    for place, argument in enumerate(function.args, 1):
        inner = slope(argument, by)
        if inner != 0:
            terms.append(function.fdiff(place) * inner)
    return sp.Add(*terms)


KINKS = (Abs, Maximum, Minimum, Where, Extreme)


@law("slope by cases")
def slope_of_case(expr: Expr) -> Expr:
    """Where cases are told apart, the one that holds has the slope: ∂max(u, 0) = 𝟙[u > 0] ∂u.

    diff(max(0, x[n]), x[m]) = [x[n] > 0] * diff(x[n], x[m])

    Beside a point that is no tie the same case goes on holding. At a tie the slope is the one
    that is declared, and a condition itself has none.
    """

    def rule(e: Expr, by: Expr) -> Expr | None:
        if isinstance(e, Abs):
            return cast(Expr, Sign(e.args[0]) * slope(e.args[0], by))
        if isinstance(e, Maximum | Minimum):
            return by_arguments(e, by)
        if isinstance(e, Where):
            condition, *cases = e.args
            return cast(Expr, Where(condition, *(slope(case, by) for case in cases)))
        if isinstance(e, Extreme):
            body, (i,) = e.open()
            return Sum(KroneckerDelta(i, type(e).place(body, i)) * slope(body, by), i)
        return None

    return opened(expr, rule)


@law("entry by an entry")
def slope_of_entry(expr: Expr) -> Expr:
    """Entries of a tensor change independently: ∂x_n/∂x_m = δ(m, n).

    diff(x[n], x[m]) = [n == m]

    x_n moves with x_m only where they are the same entry, and the delta says just that.
    """
    return opened(expr, lambda e, by: e.diff(by) if is_entry(e) else None)
