"""Where numbers lie, as far as that is declared of inputs and follows from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import entry_name, is_entry, is_size


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, ends that are open left out; without 0 where it says so."""

    low: Any = -sp.oo
    high: Any = sp.oo
    low_open: bool = True
    high_open: bool = True
    but_zero: bool = False

    @property
    def positive(self) -> bool:
        """Is all of it above 0?"""
        return bool(self.low > 0 or (self.not_negative and (self.low_open or self.but_zero)))

    @property
    def not_negative(self) -> bool:
        """Is nothing of it below 0?"""
        return bool(self.low >= 0)

    @property
    def negative(self) -> bool:
        """Is all of it below 0?"""
        return minus(self).positive

    @property
    def not_zero(self) -> bool:
        """Is 0 not in it?"""
        return self.but_zero or self.positive or self.negative

    @property
    def empty(self) -> bool:
        """Is there no number in it?"""
        one = self.low == self.high
        shut = self.low_open or self.high_open or (self.but_zero and self.low == 0)
        return bool(self.low > self.high or (one and shut))

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends as floats."""
        return float(self.low), float(self.high)

    def has(self, value: Any) -> bool:
        """Is a number in it?"""
        above = not self.low.is_finite or beyond(value, self.low, self.low_open, 1)
        below = not self.high.is_finite or beyond(value, self.high, self.high_open, -1)
        return above and below and not (self.but_zero and value == 0)

    def inside(self, value: float) -> float:
        """The number where it lies in the range, else one that does, from about an end."""
        if self.has(value):
            return value
        low, high = self.ends
        if self.low.is_finite and self.high.is_finite:
            aside = abs(value - low)
            found = low + (high - low) * (1 + aside) / (2 + aside)
            return found if self.has(found) else (low + high) / 2
        if self.low.is_finite:
            return low + (low - value or 1.0)
        return high - (value - high or 1.0) if self.high.is_finite else 1.0


def beyond(value: Any, end: Any, strict: bool, sign: int) -> bool:
    """Is a number of any kind above an end, or below it where the sign is -1?"""
    over = sign * (value * int(end.q) - int(end.p))
    return bool(over > 0 if strict else over >= 0)


EVERYWHERE = Range()


def minus(range_: Range) -> Range:
    """That of the numbers with the other sign."""
    return Range(-range_.high, -range_.low, range_.high_open, range_.low_open, range_.but_zero)


def ranges(facts: Iterable[Relational]) -> dict[str, Range]:
    """The range of each tensor of which comparisons of its entry with numbers say one, by name."""
    found: dict[str, Range] = {}
    for fact in facts:
        name = entry_name(fact.lhs)
        found[name] = both(found.get(name, EVERYWHERE), said(fact))
    return found


def said(fact: Relational) -> Range:
    """What one comparison of an entry with a number says."""
    number, strict = fact.rhs, isinstance(fact, sp.StrictGreaterThan | sp.StrictLessThan)
    if isinstance(fact, sp.Ne):
        return Range(but_zero=True)
    if isinstance(fact, sp.StrictGreaterThan | sp.GreaterThan):
        return Range(low=number, low_open=strict)
    return Range(high=number, high_open=strict)


def both(one: Range, other: Range) -> Range:
    """What two ranges have in common."""
    low, low_open = max((one.low, one.low_open), (other.low, other.low_open))
    high, high_shut = min((one.high, not one.high_open), (other.high, not other.high_open))
    return Range(low, high, low_open, not high_shut, one.but_zero or other.but_zero)


def range_of(expr: Expr, known: Mapping[str, Range]) -> Range:
    """A range in which a value lies, wherever it has one."""
    if expr.is_Rational:
        return Range(expr, expr, low_open=False, high_open=False)
    if is_entry(expr):
        return known.get(entry_name(expr), EVERYWHERE)
    if expr.is_Add:
        return reduce(plus, (range_of(a, known) for a in expr.args))
    if expr.is_Mul:
        return reduce(times, (range_of(a, known) for a in expr.args))
    if expr.is_Pow and expr.exp.is_Rational:
        return power(range_of(expr.base, known), expr.exp)
    if isinstance(expr, Sum):
        terms = range_of(expr.body, known)
        return Range(
            low=sp.S.Zero if terms.not_negative else -sp.oo,
            high=sp.S.Zero if minus(terms).not_negative else sp.oo,
            low_open=not terms.not_negative,
            high_open=not minus(terms).not_negative,
        )  # an axis may have no entry
    if is_size(expr):
        return Range(low=sp.S.Zero, low_open=False)
    if expr.is_positive:
        return Range(low=sp.S.Zero)
    if expr.is_nonnegative:
        return Range(low=sp.S.Zero, low_open=False)
    return EVERYWHERE


def plus(one: Range, other: Range) -> Range:
    """Where sums lie."""
    return Range(
        one.low + other.low if (one.low.is_finite and other.low.is_finite) else -sp.oo,
        one.high + other.high if (one.high.is_finite and other.high.is_finite) else sp.oo,
        one.low_open or other.low_open,
        one.high_open or other.high_open,
    )


def times(one: Range, other: Range) -> Range:
    """Where products lie: their sign, or all of it where one is a number."""
    for number, rest in ((one, other), (other, one)):
        if number.low == number.high and number.low != 0:
            c = number.low
            scaled = Range(rest.low * c, rest.high * c, rest.low_open, rest.high_open)
            if c < 0:
                scaled = Range(rest.high * c, rest.low * c, rest.high_open, rest.low_open)
            return Range(scaled.low, scaled.high, scaled.low_open, scaled.high_open, rest.but_zero)
    but_zero = one.not_zero and other.not_zero
    signs = [1 if r.not_negative else -1 if minus(r).not_negative else 0 for r in (one, other)]
    return signed(signs[0] * signs[1], but_zero)


def signed(sign: int, but_zero: bool) -> Range:
    """The numbers of one sign, of any where it is 0."""
    if not sign:
        return Range(but_zero=but_zero)
    found = Range(low=sp.S.Zero, low_open=but_zero, but_zero=but_zero)
    return found if sign > 0 else minus(found)


def power(base: Range, exponent: Any) -> Range:
    """Where powers lie: their sign."""
    but_zero = base.not_zero or bool(exponent < 0)
    if not exponent.is_Integer or exponent % 2 == 0 or base.not_negative:
        return signed(1, but_zero)
    return signed(-1 if minus(base).not_negative else 0, but_zero)
