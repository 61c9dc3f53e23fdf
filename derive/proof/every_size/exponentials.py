"""exp and log by their laws, and the functions that are made of them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pullback.derive.proof.every_size.known import PLAIN, content
from pullback.derive.proof.every_size.powers import bracket, by_cases, power, primes
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.switches import MAX_SWITCHES, switches
from pullback.derive.proof.every_size.terms import (
    Factor,
    Factors,
    NoValue,
    Number,
    Term,
    Undecided,
    Value,
    as_number,
    constant,
    minus,
    plus,
    primitive,
    scaled,
)


def exp(signs: Signs, value: Value) -> Value:
    """exp(a + b) = exp(a) exp(b), exp(c log(a)) = a**c."""
    parts = [
        by_cases(signs, part, lambda case: one_exp(signs, case)) for part in apart(signs, value)
    ]
    return signs.ring.times(constant(1), *parts)


def apart(signs: Signs, value: Value) -> list[Value]:
    """The parts of a value that have no switch in common, where all are too many for cases."""
    if len(switches(signs.ring, value)) <= MAX_SWITCHES:
        return [value]
    parts: list[tuple[set[Factor], Value]] = []
    for term, coefficient in value.items():
        own = {either_way(signs.ring, s) for s in switches(signs.ring, {term: 1})}
        part: Value = {term: coefficient}
        for other in [p for p in parts if p[0] & own or not (p[0] or own)]:
            parts.remove(other)
            own, part = own | other[0], {**other[1], **part}
        parts.append((own, part))
    return [part for _, part in parts]


def either_way(ring: Ring, switch: Factor) -> Factor:
    """A name for a switch and for what excludes it: its opposite, another order of its places."""
    if ring.heads[switch[0]].kind == "bracket":
        return min(switch, ring.opposite(switch))
    return (ring.delta, *sorted(switch[1:]))


def one_exp(signs: Signs, value: Value) -> Value:
    """exp of a value without switches that can be taken out, term by term."""
    ring = signs.ring
    factors: Factors = {}
    others = constant(1)
    for term, coefficient in value.items():
        if is_nothing(signs, term):
            if coefficient < 0:
                raise NoValue("exp of what has no value")
            return {}
        base = under_log(signs, term)
        if base is not None:
            others = ring.product(others, power(signs, base, coefficient))
            continue
        atom = ring.atom("exp", {term: 1})
        factors[atom] = factors.get(atom, 0) + coefficient
    out = ring.term(1, (), factors)
    return ring.product(others, out)


def is_nothing(signs: Signs, term: Term) -> bool:
    """Is it minus infinity?"""
    if not signs.ring.infinite({term: 1}):
        return False
    if term[0] or len(term[1]) > 1 or term[1][0][1] != 1:
        raise Undecided("exp of what may be infinite")
    return True


def under_log(signs: Signs, term: Term) -> Value | None:
    """What a term is the log of, if it is one."""
    bound, factors = term
    if bound or len(factors) != 1 or factors[0][1] != 1:
        return None
    factor = factors[0][0]
    return signs.ring.inside(factor) if signs.ring.heads[factor[0]].kind == "log" else None


def log(signs: Signs, value: Value) -> Value:
    """log(a b) = log(a) + log(b) for what is positive, log(exp(a)) = a."""
    return by_cases(signs, value, lambda case: one_log(signs, case))


def one_log(signs: Signs, value: Value) -> Value:
    """log of a value without switches that can be taken out."""
    ring = signs.ring
    if not value:
        raise NoValue("a log of 0")
    taken, rest = content(ring, value, lambda f, p: leaves_log(signs, f))
    simple = primitive(rest)
    ratio = Fraction(rest[min(rest)]) / Fraction(simple[min(simple)])
    factors = dict(taken)
    if len(simple) == 1:
        ((bound, inner),) = simple
        if not bound:
            left = {}
            for factor, p in inner:
                if leaves_log(signs, factor):
                    factors[factor] = factors.get(factor, 0) + p
                else:
                    left[factor] = p
            coefficient = simple[bound, inner]
            simple = {}
            ring.add(simple, coefficient, (), left)
    found = log_of_number(signs, ratio)
    for factor, p in sorted(factors.items()):
        found = plus(found, scaled(log_of_factor(signs, factor), p))
    if as_number(simple) == 1:
        return found
    if as_number(simple) is not None:
        return plus(found, log_of_number(signs, as_number(simple) or 0))
    return plus(found, ring.factor(ring.atom("log", simple)))


def leaves_log(signs: Signs, factor: Factor) -> bool:
    """Is a factor positive, so that its log is a term of its own?"""
    if factor[0] in signs.ring.switches:
        return False
    if signs.ring.heads[factor[0]].kind in PLAIN:
        return True
    return signs.sign(factor) == (1, ">")


def log_of_factor(signs: Signs, factor: Factor) -> Value:
    """log of a positive factor."""
    ring = signs.ring
    kind = ring.heads[factor[0]].kind
    if kind == "exp":
        return ring.inside(factor)
    if kind == "base":
        return ring.factor(ring.atom("log", ring.inside(factor)))
    return ring.factor(ring.atom("log", ring.factor(factor)))


def log_of_number(signs: Signs, value: Number) -> Value:
    """log of a positive number, by its primes."""
    value = Fraction(value)
    if value <= 0:
        raise NoValue("a log of what is not positive")
    found: Value = {}
    for part, sign_ in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in primes(part):
            head = (signs.ring.head("constant", str(prime)),)
            atom = signs.ring.atom("log", signs.ring.factor(head))
            found = plus(found, scaled(signs.ring.factor(atom), sign_ * count))
    return found


def sigmoid(signs: Signs, value: Value) -> Value:
    """1 / (1 + exp(-a))."""
    return power(signs, plus(constant(1), exp(signs, scaled(value, -1))), -1)


def tanh(signs: Signs, value: Value) -> Value:
    """(1 - exp(-2 a)) / (1 + exp(-2 a))."""
    small = exp(signs, scaled(value, -2))
    over = power(signs, plus(constant(1), small), -1)
    return signs.ring.product(minus(constant(1), small), over)


def odd(signs: Signs, name: str, value: Value, even: bool = False) -> Value:
    """A function with f(-a) = -f(a), or f(-a) = f(a), that is known by its name alone."""

    def one(case: Value) -> Value:
        if not case and not even:
            return {}
        turn = -1 if case and case[min(case)] < 0 else 1
        atom = signs.ring.atom("function", scaled(case, turn), name)
        return scaled(signs.ring.factor(atom), 1 if even else turn)

    return by_cases(signs, value, one)


def named(signs: Signs, name: str, value: Value) -> Value:
    """A function of which nothing is known but that it is one."""
    ring = signs.ring
    return by_cases(signs, value, lambda case: ring.factor(ring.atom("function", case, name)))


WITH_SIGNS = ("erf", "sin", "cos")  # functions by name of which f(-a) is known


def rebuild(signs: Signs, factor: Factor, exponent: Number) -> Value:
    """A power of an atom, made anew from what stands in it."""
    from_kind = signs.ring.heads[factor[0]]
    inner = signs.ring.inside(factor)
    if from_kind.kind == "base":
        return power(signs, inner, exponent)
    return power(signs, MAKERS[from_kind.kind](signs, inner, from_kind.name), exponent)


MAKERS: dict[str, Callable[[Signs, Value, str], Value]] = {
    "exp": lambda signs, value, name: exp(signs, value),
    "log": lambda signs, value, name: log(signs, value),
    "bracket": lambda signs, value, name: bracket(signs, value),
    "function": lambda signs, value, name: (
        odd(signs, name, value, name == "cos") if name in WITH_SIGNS else named(signs, name, value)
    ),
    "fact": lambda signs, value, name: signs.ring.factor(signs.ring.atom("fact", value)),
}
