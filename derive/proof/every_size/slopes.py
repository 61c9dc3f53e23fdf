"""Slopes by one entry, rule by rule, beside the values that they hang on.

Entries move each by itself. Kinks have declared slopes; a place, a condition and a sign have 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index import elementary as el
from pullback.derive.index import special
from pullback.derive.index.binders import Extreme, Place, Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.functions import Erfc, Erfcx, LogErfc, LogSigmoid, Sigmoid, expm1, log1p
from pullback.derive.index.kinks import Abs, Bracket, Maximum, Minimum, Where
from pullback.derive.index.matrices import MatrixFunction
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entry_indices,
    entry_name,
    is_entry,
    is_size,
)
from pullback.derive.proof.every_size.exponentials import exp, log, named, odd, sigmoid
from pullback.derive.proof.every_size.facts import NOT_ZERO, POSITIVE
from pullback.derive.proof.every_size.matrices import slope_of_matrix
from pullback.derive.proof.every_size.powers import power, sign
from pullback.derive.proof.every_size.reader import At, Reader, Rules
from pullback.derive.proof.every_size.said import argument
from pullback.derive.proof.every_size.terms import Undecided, Value, constant, minus, plus, scaled
from pullback.derive.proof.every_size.values import (
    VALUES,
    beside_one,
    by_its_name,
    chosen_where,
    conditions,
    erfc,
    hyperbolic,
    place_of,
    tangent,
)

Of = Callable[[Expr], Expr]  # what something is said of, by the function that is being read


def slope_of(reader: Reader, expr: Any, at: At) -> Value:
    """What a derivative comes to."""
    entry = expr.wrt
    by = entry_name(entry), tuple(reader.place(i, at) for i in entry_indices(entry))
    reader.read(expr.expr, at)  # where there is no value there is no slope
    return slope(reader, expr.expr, at, by)


By = tuple[str, tuple[int, ...]]  # the tensor and the places by which a slope is taken


def slope(reader: Reader, expr: Expr, at: At, by: By) -> Value:
    """The slope of an expression by an entry."""
    return reader.reading(expr, lambda: slope_by_kind(reader, expr, at, by))


def slope_by_kind(reader: Reader, expr: Expr, at: At, by: By) -> Value:
    """The slope by the rule for this kind of expression."""
    if is_place_or_number(expr):
        return {}
    if is_entry(expr):
        return entry_slope(reader, expr, at, by)
    for kind, rule in SLOPES:
        if isinstance(expr, kind):
            return rule(reader, expr, at, by)
    outer = next((r for kind, r in CHAIN.items() if isinstance(expr, kind)), None)
    if outer is None:
        raise Undecided(f"the slope of {type(expr).__name__} is not known")
    inner = slope(reader, expr.args[0], at, by)
    if not inner:
        return {}
    return reader.ring.product(outer(reader, reader.read(expr.args[0], at)), inner)


STILL = (Index, Place, Bracket, KroneckerDelta, sp.sign, el.Step)


def is_place_or_number(expr: Expr) -> bool:
    """Does it not move?"""
    still = isinstance(expr, STILL)
    return still or bool(expr.is_Number) or bool(expr.is_NumberSymbol) or is_size(expr)


def entry_slope(reader: Reader, expr: Expr, at: At, by: By) -> Value:
    """1 where it is the entry itself; else what its definition says."""
    name = entry_name(expr)
    places = [reader.place(i, at) for i in entry_indices(expr)]
    if name == by[0]:
        deltas = [reader.compared("==", a, b) for a, b in zip(places, by[1], strict=True)]
        return reader.ring.times(constant(1), *deltas)
    if name in reader.definitions:
        indices, meaning = reader.definitions[name]
        inner = dict(zip(indices, places, strict=True))
        return reader.looked_through(expr, indices, lambda: slope(reader, meaning, inner, by))
    return {}


def of_sum(reader: Reader, expr: Any, at: At, by: By) -> Value:
    """The slope of a sum is the sum of the slopes."""
    return plus(*(slope(reader, a, at, by) for a in expr.args))


def of_product(reader: Reader, expr: Any, at: At, by: By) -> Value:
    """The product rule; what stands beside a condition is read where it holds."""
    given, said, switches, moving = conditions(reader, expr, at)

    def inside() -> Value:
        found: list[Value] = [{}]
        for place, part in enumerate(moving):
            moved = slope(reader, part, at, by)
            if moved:
                others = (reader.read(a, at) for k, a in enumerate(moving) if k != place)
                found.append(reader.ring.times(moved, *others))
        return plus(*found)

    values = reader.under(given, inside, said), *(reader.read(a, at) for a in switches)
    return reader.ring.times(*values)


def over_axes(reader: Reader, expr: Any, at: At, by: By) -> Value:
    """The slope of a sum over axes is the sum of the slopes."""
    inner, marks = reader.bound(expr, at)
    reader.level += len(marks)
    try:
        value = slope(reader, expr.body, inner, by)
    finally:
        reader.level -= len(marks)
    return reader.ring.summed(value, marks)


def of_extreme(reader: Reader, expr: Any, at: At, by: By) -> Value:
    """The slope at the first place of the extreme value, which does not move."""
    return slope(reader, expr.body, {**at, expr.indices[0]: place_of(reader, expr, at)}, by)


def of_choice(reader: Reader, relation: Any, sides: Sequence[Expr], at: At, by: By) -> Value:
    """The slope of the side that is taken."""
    condition = reader.condition(relation, at)
    first = reader.under(condition.yes, lambda: slope(reader, sides[0], at, by), [relation])
    other = [relation.negated]
    second = reader.under(condition.no, lambda: slope(reader, sides[1], at, by), other)
    return reader.mixed(condition, first, second)


def of_power(reader: Reader, expr: Any, at: At, by: By) -> Value:
    """p a**(p - 1) a' + a**p log(a) p'."""
    base, exponent = expr.args
    ring, signs = reader.ring, reader.signs
    moved = slope(reader, base, at, by)
    if exponent.is_Rational:
        if not moved:
            return {}
        value = reader.read(base, at)
        p = Fraction(int(exponent.p), int(exponent.q))
        if p.denominator != 1 and p < 1:
            reader.need(POSITIVE, value)
        elif p < 0:
            reader.need(NOT_ZERO, value)
        return ring.times(scaled(power(signs, value, p - 1), p), moved)
    value, above = reader.read(base, at), reader.read(exponent, at)
    reader.need(POSITIVE, value)
    less = exp(signs, ring.product(minus(above, constant(1)), log(signs, value)))
    whole = exp(signs, ring.product(above, log(signs, value)))
    rest = slope(reader, exponent, at, by)
    return plus(ring.times(above, less, moved), ring.times(whole, log(signs, value), rest))


def inverse(reader: Reader, value: Value, of: Of = argument) -> Value:
    """1 / a, as for the slope of a log."""
    reader.need(NOT_ZERO, value, of)
    return power(reader.signs, value, -1)


def bell(reader: Reader, value: Value) -> Value:
    """2 exp(-a²) / √π."""
    ring = reader.ring
    square = exp(reader.signs, scaled(ring.product(value, value), -1))
    pi = ring.factor((ring.head("constant", "pi"),), Fraction(-1, 2))
    return scaled(ring.product(square, pi), 2)


def of_sigmoid(reader: Reader, value: Value) -> Value:
    """σ(a) (1 - σ(a))."""
    s = sigmoid(reader.signs, value)
    return reader.ring.product(s, minus(constant(1), s))


def of_tanh(reader: Reader, value: Value) -> Value:
    """4 σ(2 a) (1 - σ(2 a))."""
    return scaled(of_sigmoid(reader, scaled(value, 2)), 4)


def of_log_erfc(reader: Reader, value: Value) -> Value:
    """-erf'(a) / erfc(a)."""
    below = inverse(reader, erfc(reader, value))
    return scaled(reader.ring.product(bell(reader, value), below), -1)


def of_erfcx(reader: Reader, value: Value) -> Value:
    """2 a erfcx(a) - 2 / √π."""
    ring = reader.ring
    up = exp(reader.signs, ring.product(value, value))
    pi = ring.factor((ring.head("constant", "pi"),), Fraction(-1, 2))
    return plus(scaled(ring.times(value, up, erfc(reader, value)), 2), scaled(pi, -2))


def root_below(reader: Reader, value: Value, of: Of) -> Value:
    """1 / √a."""
    reader.need(POSITIVE, value, of)
    return power(reader.signs, value, Fraction(-1, 2))


def of_asin(reader: Reader, value: Value) -> Value:
    """1 / (√(1 - a) √(1 + a))."""
    return reader.ring.times(
        *(
            root_below(reader, plus(constant(1), scaled(value, side)), beside_one(side))
            for side in (-1, 1)
        )
    )


def both_sides(whole: Expr) -> Expr:
    """(1 - a)(1 + a), of a function of a."""
    return cast(Expr, (1 - whole.args[0]) * (1 + whole.args[0]))


def beside_square(reader: Reader, sign_: int, value: Value) -> Value:
    """1 + a² or 1 - a²."""
    return plus(constant(1), scaled(reader.ring.product(value, value), sign_))


def of_acosh(reader: Reader, value: Value) -> Value:
    """1 / (√(a - 1) √(a + 1))."""
    return reader.ring.times(
        root_below(reader, plus(value, constant(-1)), lambda whole: whole.args[0] - 1),
        root_below(reader, plus(value, constant(1)), lambda whole: whole.args[0] + 1),
    )


def of_cbrt(reader: Reader, value: Value) -> Value:
    """1 / (3 ∛a²)."""
    below = inverse(reader, named(reader.signs, "cbrt", value))
    return scaled(power(reader.signs, below, 2), Fraction(1, 3))


def of_inverse_erf(reader: Reader, value: Value) -> Value:
    """√π/2 exp(y²), where y is the value."""
    ring, found = reader.ring, named(reader.signs, "erfinv", value)
    pi = ring.factor((ring.head("constant", "pi"),), Fraction(1, 2))
    return scaled(ring.product(exp(reader.signs, ring.product(found, found)), pi), Fraction(1, 2))


def of_bessel1(reader: Reader, value: Value) -> Value:
    """(j0 - 2 j2) / 3."""
    first, third = (by_its_name(k)(reader, value) for k in (special.Bessel0, special.Bessel2))
    return scaled(plus(first, scaled(third, -2)), Fraction(1, 3))


def of_atan2(reader: Reader, expr: Any, at: At, by: By) -> Value:
    """(x y' - y x') / (x² + y²), where the angle is that of (x, y)."""
    y, x = (reader.read(a, at) for a in expr.args)
    moved_y, moved_x = (slope(reader, a, at, by) for a in expr.args)
    ring = reader.ring
    above = minus(ring.product(x, moved_y), ring.product(y, moved_x))
    if not above:
        return {}
    square = plus(ring.product(x, x), ring.product(y, y))
    below = inverse(reader, square, lambda whole: sp.Add(*(a**2 for a in whole.args)))
    return ring.product(above, below)


CHAIN: dict[Any, Callable[[Reader, Value], Value]] = {  # f'(a), where the slope is f'(a) a'
    sp.exp: lambda r, a: exp(r.signs, a),
    sp.log: inverse,
    log1p: lambda r, a: inverse(r, plus(constant(1), a)),
    expm1: lambda r, a: exp(r.signs, a),
    Sigmoid: of_sigmoid,
    LogSigmoid: lambda r, a: sigmoid(r.signs, scaled(a, -1)),
    sp.tanh: of_tanh,
    sp.erf: bell,
    Erfc: lambda r, a: scaled(bell(r, a), -1),
    LogErfc: of_log_erfc,
    Erfcx: of_erfcx,
    sp.sin: lambda r, a: odd(r.signs, "cos", a, even=True),
    sp.cos: lambda r, a: scaled(odd(r.signs, "sin", a), -1),
    Abs: lambda r, a: sign(r.signs, a),
    sp.Abs: lambda r, a: sign(r.signs, a),
    el.Tan: lambda r, a: plus(constant(1), power(r.signs, tangent(r, a), 2)),
    el.Asin: of_asin,
    el.Acos: lambda r, a: scaled(of_asin(r, a), -1),
    el.Atan: lambda r, a: power(r.signs, beside_square(r, 1, a), -1),
    el.Sinh: lambda r, a: hyperbolic(r, 1, a),
    el.Cosh: lambda r, a: hyperbolic(r, -1, a),
    el.Asinh: lambda r, a: power(r.signs, beside_square(r, 1, a), Fraction(-1, 2)),
    el.Acosh: of_acosh,
    el.Atanh: lambda r, a: inverse(r, beside_square(r, -1, a), both_sides),
    el.Cbrt: of_cbrt,
    special.Lgamma: by_its_name(special.Digamma),
    special.Digamma: by_its_name(special.Trigamma),
    special.Trigamma: by_its_name(special.Tetragamma),
    special.Erfinv: of_inverse_erf,
    special.Bessel0: lambda r, a: scaled(by_its_name(special.Bessel1)(r, a), -1),
    special.Bessel1: of_bessel1,
}

SLOPES: list[tuple[Any, Callable[[Reader, Any, At, By], Value]]] = [
    (sp.Add, of_sum),
    (sp.Mul, of_product),
    (Sum, over_axes),
    (Extreme, of_extreme),
    (MatrixFunction, lambda r, e, at, by: slope_of_matrix(r, e, at, by, slope)),
    (Where, lambda r, e, at, by: of_choice(r, e.args[0], e.args[1:], at, by)),
    (Maximum | Minimum, lambda r, e, at, by: of_choice(r, chosen_where(e), e.args, at, by)),
    (sp.Pow, of_power),
    (el.Atan2, of_atan2),
    (type(sp.E), lambda r, e, at, by: {}),
]

RULES: Rules = [(Partial, slope_of), *VALUES]  # how kinds are read, derivatives among them
