"""Powers and quotients: of products factor by factor, of sums as atoms; roots that are real."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

from pullback.derive.proof.every_size.known import PLAIN, content
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.switches import MAX_SWITCHES, switches, with_switch
from pullback.derive.proof.every_size.terms import (
    Factor,
    Factors,
    NoValue,
    Number,
    Value,
    as_number,
    constant,
    minus,
    number,
    plus,
    primitive,
    scaled,
)

MAX_LOGS = 3  # of which a sum is compared with 0 by what is under them
LARGEST_PRIME = 10_000  # that is looked for in a number under a root


def power(signs: Signs, value: Value, exponent: Number) -> Value:
    """A power of a value; Undecided where it is a power of 0 below a line."""
    exponent = number(Fraction(exponent))
    if exponent == 0:
        return constant(1)
    if exponent == 1:
        return value
    if not value:
        if exponent < 0:
            raise NoValue("a denominator is 0")
        return {}
    whole = exponent.denominator == 1
    if whole and exponent > 1 and (len(value) > 1 or min(value)[0]):
        half = power(signs, value, exponent // 2)
        square = signs.ring.product(half, half)
        return signs.ring.product(square, value) if exponent % 2 else square
    return by_cases(signs, value, lambda case: one_power(signs, case, exponent))


def one_power(signs: Signs, value: Value, exponent: Number) -> Value:
    """A power of a value without switches that can be taken out."""
    ring = signs.ring
    if not value:
        if exponent < 0:
            raise NoValue("a denominator is 0")
        return {}
    if exponent.denominator == 1:
        taken, rest = content(ring, value, lambda f, p: True)
    else:
        taken, rest = content(ring, value, lambda f, p: may_leave_root(signs, f, p))
    factors: Factors = {f: p * exponent for f, p in taken.items()}
    outside = constant(1)
    if len(rest) == 1:
        ((bound, inner),) = rest
        if not bound:
            left: Factors = {}
            for factor, p in inner:
                if factor[0] in ring.switches:
                    if exponent < 0:
                        left[factor] = 1
                    else:
                        factors[factor] = 1
                elif exponent.denominator == 1 or may_leave_root(signs, factor, p):
                    factors[factor] = factors.get(factor, 0) + p * exponent
                elif p % 2 == 0:
                    size = absolute(signs, ring.factor(factor))
                    outside = ring.product(outside, power(signs, size, p * exponent))
                else:
                    left[factor] = p
            coefficient = rest[bound, inner]
            if not left and (coefficient > 0 or exponent.denominator == 1):
                found = root_of_number(ring, coefficient, exponent)
                return ring.times(outside, found, ring.term(1, (), factors))
            if exponent.denominator != 1 and coefficient > 0:
                outside = ring.product(outside, root_of_number(ring, coefficient, exponent))
                coefficient = 1
            rest = {}
            ring.add(rest, coefficient, (), left)
    simple = primitive(rest)
    if exponent.denominator == 1 and simple[min(simple)] < 0:
        simple = scaled(simple, -1)
    ratio = Fraction(rest[min(rest)]) / Fraction(simple[min(simple)])
    outside = ring.product(outside, root_of_number(ring, ratio, exponent))
    atom = ring.atom("base", simple)
    factors[atom] = factors.get(atom, 0) + exponent
    return ring.times(outside, ring.term(1, (), factors))


def may_leave_root(signs: Signs, factor: Factor, exponent: Number) -> bool:
    """May a power leave a root, since what it is a power of is not negative?"""
    kind = signs.ring.heads[factor[0]].kind
    if kind in PLAIN:
        return True
    if Fraction(exponent).denominator % 2 == 0:
        return True  # a root itself
    found = signs.sign(factor)
    return found is not None and found[0] > 0


def root_of_number(ring: Ring, base: Number, exponent: Number) -> Value:
    """A power of a number, roots of it as powers of primes."""
    base = Fraction(base)
    if exponent.denominator == 1:
        return constant(number(base ** int(exponent)))
    if base < 0:
        raise NoValue("a root of a negative number")
    factors: Factors = {}
    outside = Fraction(1)
    for part, sign in ((base.numerator, 1), (base.denominator, -1)):
        for prime, count in primes(part):
            whole, left = divmod(sign * count * exponent, 1)
            outside *= Fraction(prime) ** int(whole)
            if left:
                factors[(ring.head("constant", str(prime)),)] = number(Fraction(left))
    return ring.term(number(outside), (), factors)


def primes(value: int) -> list[tuple[int, int]]:
    """The prime factors of a number and how often they occur; a large rest counts as one."""
    found = []
    prime = 2
    while prime * prime <= value and prime < LARGEST_PRIME:
        count = 0
        while value % prime == 0:
            value //= prime
            count += 1
        if count:
            found.append((prime, count))
        prime += 1
    return [*found, (value, 1)] if value > 1 else found


# -- cases -----------------------------------------------------------------------------------------


def by_cases(signs: Signs, value: Value, function: Callable[[Value], Value]) -> Value:
    """f(b u + (1 - b) v) = b f(u) + (1 - b) f(v) for every switch b that depends on no sum."""
    ring = signs.ring
    found = switches(ring, value)
    if not found or len(found) > MAX_SWITCHES:
        return function(value)
    switch = found[0]
    sides = []
    for answer in (1, 0):  # a case in which there is no value is no case
        with suppress(NoValue):
            sides.append(by_cases(signs, with_switch(ring, value, switch, answer), function))
    if not sides:
        raise NoValue("in no case is there a value")
    if len(sides) == 1:
        return sides[0]
    return plus(
        ring.product(ring.switch(switch), sides[0]),
        ring.product(ring.complement(switch), sides[1]),
    )


# -- signs -----------------------------------------------------------------------------------------


def bracket(signs: Signs, value: Value) -> Value:
    """[value > 0]."""
    key = signs.question(value)
    if key not in signs.brackets:
        signs.brackets[key] = by_cases(signs, value, lambda case: one_bracket(signs, case))
    return signs.brackets[key]


def one_bracket(signs: Signs, value: Value) -> Value:
    """[value > 0] without switches that can be taken out."""
    ring = signs.ring
    known = as_number(value)
    if known is not None:
        return constant(int(known > 0))
    if signs.positive(value):
        return constant(1)
    if signs.not_negative(scaled(value, -1)):
        return {}
    value = signs.bare(value)
    if len(value) == 1:
        ((bound, factors),) = value
        if not bound and not (len(factors) == 1 and factors[0][1] == 1):
            return sign_of_product(signs, factors, value[bound, factors])
    without = without_logs(signs, value)
    return ring.factor(ring.atom("bracket", value)) if without is None else bracket(signs, without)


def without_logs(signs: Signs, value: Value) -> Value | None:
    """a - b for log(a) - log(b), and a² - b for 2 log(a) - log(b): they have one sign."""
    ring = signs.ring
    if sum(abs(Fraction(c)) for c in value.values()) > MAX_LOGS:
        return None
    sides = {True: constant(1), False: constant(1)}
    for (bound, factors), coefficient in value.items():
        ((factor, exponent), *others) = factors or (((ring.delta,), 1),)
        if bound or others or exponent != 1 or ring.heads[factor[0]].kind != "log":
            return None
        inside = power(signs, ring.inside(factor), abs(Fraction(coefficient)))
        sides[coefficient > 0] = ring.product(sides[coefficient > 0], inside)
    return minus(sides[True], sides[False])


def sign_of_product(
    signs: Signs, factors: tuple[tuple[Factor, Number], ...], coefficient: Number
) -> Value:
    """[c x y > 0] by the signs of the factors."""
    ring = signs.ring
    plus_, minus_ = (constant(1), {}) if coefficient > 0 else ({}, constant(1))
    for factor, exponent in factors:
        inner = ring.factor(factor)
        if factor[0] in ring.switches:
            up, down = inner, {}
        elif signs.ring.heads[factor[0]].kind == "base" and not (
            Fraction(exponent).denominator % 2 == 0 or exponent % 2 == 0
        ):
            whole = ring.inside(factor)
            up, down = bracket(signs, whole), bracket(signs, scaled(whole, -1))
        elif signs.ring.heads[factor[0]].kind == "log":
            up, down = bracket(signs, inner), bracket(signs, scaled(inner, -1))
        else:
            atom = ring.atom("bracket", inner)
            positive = signs.sign(factor)
            if positive == (1, ">"):
                continue
            up, down = ring.factor(atom), ring.factor(ring.opposite(atom))
            if positive is not None:
                up, down = (up, {}) if positive[0] > 0 else ({}, down)
        if Fraction(exponent).denominator % 2 == 0 or exponent % 2 == 0:
            up, down = plus(up, down), {}
        plus_, minus_ = (
            plus(ring.product(plus_, up), ring.product(minus_, down)),
            plus(ring.product(plus_, down), ring.product(minus_, up)),
        )
    return plus_


def sign(signs: Signs, value: Value) -> Value:
    """-1, 0 or 1."""
    return minus(bracket(signs, value), bracket(signs, scaled(value, -1)))


def positive_part(signs: Signs, value: Value) -> Value:
    """max(v, 0) = v [v > 0] = v + (-v) [-v > 0], by the sign of its first term."""
    if value and value[min(value)] < 0:
        return plus(value, positive_part(signs, scaled(value, -1)))
    return signs.ring.product(value, bracket(signs, value))


def absolute(signs: Signs, value: Value) -> Value:
    """|v| = 2 max(v, 0) - v."""
    return minus(scaled(positive_part(signs, value), 2), value)
