"""Values as sums of terms, each a number times a sum over bound indices of powers of factors.

`Σ_j 2 x[n, j]² δ(j, y[n])` is one term. A factor is a head (a tensor, a size, a delta, an atom)
with the places where it stands; a term is the indices that it binds and its factors with their
powers; a value is terms with their coefficients.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

Number = int | Fraction
Factor = tuple[int, ...]  # its head and the places where it stands
Term = tuple[tuple[int, ...], tuple[tuple[Factor, Number], ...]]  # bound indices; factors, powers
Value = dict[Term, Number]
Factors = dict[Factor, Number]

ONE: Term = ((), ())


class Undecided(Exception):
    """The normal form does not come to an end, or not in reasonable time; says why."""


class NoValue(Undecided):
    """What is read has no value: a denominator is 0, or what is under a log."""


@dataclass(frozen=True)
class Head:
    """What a factor is: its kind and its name; of an atom what stands in it."""

    kind: str
    name: str = ""
    value: Value | None = None  # over holders
    holders: tuple[int, ...] = ()  # one for each place that an atom is given
    swaps: tuple[tuple[int, ...], ...] = ()  # orders of its places in which it is the same


def number(value: Number) -> Number:
    """A whole number as an int."""
    return value.numerator if value.denominator == 1 else value


def constant(value: Number) -> Value:
    """A number."""
    return {ONE: number(value)} if value else {}


def plus(*values: Value) -> Value:
    """The sum of values."""
    total: Value = dict(values[0]) if values else {}
    for value in values[1:]:
        for term, coefficient in value.items():
            new = total.get(term, 0) + coefficient
            if new:
                total[term] = number(new)
            else:
                del total[term]
    return total


def scaled(value: Value, by: Number) -> Value:
    """A value times a number."""
    return {t: number(c * by) for t, c in value.items()} if by else {}


def primitive(value: Value) -> Value:
    """A value over a positive number, so that its coefficients are whole and have no divisor."""
    if not value:
        return value
    over = lcm(*(Fraction(c).denominator for c in value.values()))
    above = gcd(*(int(c * over) for c in value.values()))
    return value if over == above else scaled(value, Fraction(over, above))


def minus(left: Value, right: Value) -> Value:
    """left - right."""
    return plus(left, scaled(right, -1))


def as_number(value: Value) -> Number | None:
    """The number that a value is."""
    if not value:
        return 0
    return value[ONE] if len(value) == 1 and ONE in value else None


def merged(
    left: Iterable[tuple[Factor, Number]], right: Iterable[tuple[Factor, Number]]
) -> Factors:
    """The factors of a product."""
    found = dict(left)
    for factor, power in right:
        found[factor] = found.get(factor, 0) + power
    return found


def into(out: Value, term: Term, coefficient: Number) -> None:
    """Add a term that is in its form."""
    new = out.get(term, 0) + coefficient
    if new:
        out[term] = number(new)
    else:
        out.pop(term, None)
