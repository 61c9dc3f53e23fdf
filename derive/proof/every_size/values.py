"""What each kind of expression comes to: the rules by which a reader reads."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index import elementary as el
from pullback.derive.index import special
from pullback.derive.index.binders import Extreme, Largest, Place, Sum
from pullback.derive.index.functions import Erfc, Erfcx, LogErfc, LogSigmoid, Sigmoid, expm1, log1p
from pullback.derive.index.kinks import Abs, Bracket, Maximum, Minimum, Where
from pullback.derive.index.matrices import MatrixFunction
from pullback.derive.index.meetings import is_meeting
from pullback.derive.index.objects import Index, KroneckerDelta
from pullback.derive.proof.every_size.exponentials import exp, log, named, odd, sigmoid, tanh
from pullback.derive.proof.every_size.facts import (
    NOT_NEGATIVE,
    NOT_ZERO,
    POSITIVE,
    ZERO,
    Fact,
    Given,
)
from pullback.derive.proof.every_size.heads import NOTHING
from pullback.derive.proof.every_size.matrices import of_matrix
from pullback.derive.proof.every_size.powers import absolute, positive_part, power, sign
from pullback.derive.proof.every_size.reader import At, Reader
from pullback.derive.proof.every_size.terms import (
    Undecided,
    Value,
    as_number,
    constant,
    minus,
    plus,
    scaled,
)


def total(reader: Reader, expr: Expr, at: At) -> Value:
    """A sum of terms."""
    delta = less_than_one(expr)
    if delta is not None:
        return reader.ordered("!=", *(reader.place(a, at) for a in delta.args)).holds
    values = [reader.read(a, at) for a in expr.args]
    if sum(map(reader.ring.infinite, values)) > 1:
        raise Undecided("a sum of what may be infinite")
    return plus(*values)


def less_than_one(expr: Expr) -> Expr | None:
    """The delta of 1 less a delta."""
    if expr.is_Add and len(expr.args) == 2 and expr.args[0] == 1:
        return -expr.args[1] if isinstance(-expr.args[1], KroneckerDelta) else None
    return None


def conditions(
    reader: Reader, expr: Expr, at: At
) -> tuple[Given, list[Relational], list[Expr], list[Expr]]:
    """What the conditions among factors say, twice, these factors, and the others."""
    found: list[Expr] = []
    given: list[Fact] = []
    said: list[Relational] = []
    for whole in expr.args:
        part = whole.base if whole.is_Pow and whole.exp.is_positive else whole
        apart = less_than_one(part)
        if apart is None and not isinstance(part, Bracket | KroneckerDelta):
            continue
        found.append(whole)
        if isinstance(part, Bracket):
            given += reader.condition(part.condition, at).yes
            said.append(part.condition)
        else:
            op, delta = ("==", part) if apart is None else ("!=", apart)
            given += reader.ordered(op, *(reader.place(a, at) for a in delta.args)).yes
            said.append((sp.Eq if op == "==" else sp.Ne)(*delta.args, evaluate=False))
    return tuple(given), said, found, [a for a in expr.args if a not in found]


def product(reader: Reader, expr: Expr, at: At) -> Value:
    """A product; factors are read where the conditions beside them hold."""
    given, said, switches, others = conditions(reader, expr, at)
    values = reader.under(given, lambda: [reader.read(a, at) for a in others], said)
    meetings = tuple(fact for fact in given if fact.kind == ZERO)
    for switch in switches:
        own = () if is_meeting(switch) else meetings
        values.append(reader.under(own, partial(reader.read, switch, at), ()))
    if any(map(reader.ring.infinite, values)) and sum(as_number(v) is None for v in values) > 1:
        raise Undecided("a product with what may be infinite")
    return reader.ring.times(constant(1), *sorted(values, key=len))


def sum_over(reader: Reader, expr: Any, at: At) -> Value:
    """A sum over indices."""
    inner, marks = reader.bound(expr, at)
    reader.level += len(marks)
    try:
        value = reader.read(expr.body, inner)
    finally:
        reader.level -= len(marks)
    if reader.ring.infinite(value):
        raise Undecided("a sum of what may be infinite")
    return reader.ring.summed(value, marks)


def extreme(reader: Reader, expr: Any, at: At) -> Value:
    """The largest value is the one that stands at the first place of it."""
    return reader.read(expr.body, {**at, expr.indices[0]: place_of(reader, expr, at)})


def place_of(reader: Reader, expr: Any, at: At) -> int:
    """Where an extreme value stands."""
    return reader.first(expr, isinstance(expr, Largest), at)


def larger(reader: Reader, expr: Any, at: At) -> Value:
    """max(a, b) = b + max(a - b, 0), and min(a, b) = a - max(a - b, 0); at a tie they are one."""
    first, second = (reader.read(a, at) for a in expr.args)
    more = positive_part(reader.signs, minus(first, second))
    return plus(second, more) if isinstance(expr, Maximum) else minus(first, more)


def chosen_where(expr: Any) -> Any:
    """Where the first argument has the slope: at a tie a constant has, else the first."""
    first, second = expr.args
    at_tie = bool(first.is_number) or not bool(second.is_number)
    if isinstance(expr, Maximum):
        kind = sp.GreaterThan if at_tie else sp.StrictGreaterThan
    else:
        kind = sp.LessThan if at_tie else sp.StrictLessThan
    return kind(first, second, evaluate=False)


def raised(reader: Reader, expr: Any, at: At) -> Value:
    """A power with a number or with a value above."""
    base, exponent = expr.args
    value = reader.read(base, at)
    if reader.ring.infinite(value):
        raise Undecided("a power of what may be infinite")
    if exponent.is_Rational:
        rational = Fraction(int(exponent.p), int(exponent.q))
        if rational.denominator != 1:
            reader.need(NOT_NEGATIVE if rational > 0 else POSITIVE, value)
        elif rational < 0:
            reader.need(NOT_ZERO, value)
        return power(reader.signs, value, rational)
    reader.need(POSITIVE, value)
    return exp(
        reader.signs, reader.ring.product(reader.read(exponent, at), log(reader.signs, value))
    )


def logged(reader: Reader, value: Value) -> Value:
    """A log, of what must be positive."""
    reader.need(POSITIVE, value)
    return log(reader.signs, value)


def erf(reader: Reader, value: Value) -> Value:
    """erf, by its name."""
    return odd(reader.signs, "erf", value)


def erfc(reader: Reader, value: Value) -> Value:
    """1 - erf."""
    return minus(constant(1), erf(reader, value))


def erfcx(reader: Reader, value: Value) -> Value:
    """exp(a²) erfc(a)."""
    square = reader.ring.product(value, value)
    return reader.ring.product(exp(reader.signs, square), erfc(reader, value))


def log_sigmoid(reader: Reader, value: Value) -> Value:
    """-log(1 + exp(-a))."""
    below = plus(constant(1), exp(reader.signs, scaled(value, -1)))
    return scaled(log(reader.signs, below), -1)


def tangent(reader: Reader, value: Value) -> Value:
    """sin(a) / cos(a)."""
    below = odd(reader.signs, "cos", value, even=True)
    reader.need(NOT_ZERO, below, lambda whole: sp.cos(whole.args[0]))
    return reader.ring.product(odd(reader.signs, "sin", value), power(reader.signs, below, -1))


def hyperbolic(reader: Reader, sign_: int, value: Value) -> Value:
    """(exp(a) ± exp(-a)) / 2."""
    below = scaled(exp(reader.signs, scaled(value, -1)), sign_)
    return scaled(plus(exp(reader.signs, value), below), Fraction(1, 2))


def area_tangent(reader: Reader, value: Value) -> Value:
    """(log(1 + a) - log(1 - a)) / 2."""
    logs = []
    for sign_ in (1, -1):
        inside = plus(constant(1), scaled(value, sign_))
        reader.need(POSITIVE, inside, beside_one(sign_))
        logs.append(log(reader.signs, inside))
    return scaled(minus(*logs), Fraction(1, 2))


def beside_one(sign_: int) -> Callable[[Expr], Expr]:
    """1 + a or 1 - a, of a function of a."""
    return lambda whole: 1 + sign_ * whole.args[0]


def between(reader: Reader, name: str, value: Value) -> Value:
    """A function that has values from -1 to 1 alone."""
    for sign_ in (1, -1):
        reader.need(NOT_NEGATIVE, plus(constant(1), scaled(value, sign_)), beside_one(sign_))
    return named(reader.signs, name, value)


def area_cosine(reader: Reader, value: Value) -> Value:
    """acosh, which has values from 1 on."""
    reader.need(NOT_NEGATIVE, plus(value, constant(-1)), lambda whole: whole.args[0] - 1)
    return named(reader.signs, "acosh", value)


def inverse_erf(reader: Reader, value: Value) -> Value:
    """erfinv, which has values between -1 and 1."""
    for sign_ in (1, -1):
        reader.need(POSITIVE, plus(constant(1), scaled(value, sign_)), beside_one(sign_))
    return named(reader.signs, "erfinv", value)


def by_its_name(kind: type) -> Callable[[Reader, Value], Value]:
    """A function of which nothing but the slope is known."""
    return lambda reader, value: named(reader.signs, kind.__name__, value)


def angle(reader: Reader, expr: Any, at: At) -> Value:
    """atan2, by its name and both values: one value that has each as the factor of a letter."""
    ring = reader.ring
    letters = (ring.factor((ring.head("constant", f"argument {k}"),)) for k in "12")
    parts = [ring.product(reader.read(a, at), x) for a, x in zip(expr.args, letters, strict=True)]
    return named(reader.signs, "atan2", plus(*parts))


OF_ONE: dict[Any, Callable[[Reader, Value], Value]] = {
    sp.exp: lambda r, a: exp(r.signs, a),
    sp.log: logged,
    log1p: lambda r, a: logged(r, plus(constant(1), a)),
    expm1: lambda r, a: plus(exp(r.signs, a), constant(-1)),
    Sigmoid: lambda r, a: sigmoid(r.signs, a),
    LogSigmoid: log_sigmoid,
    sp.tanh: lambda r, a: tanh(r.signs, a),
    sp.erf: erf,
    Erfc: erfc,
    LogErfc: lambda r, a: logged(r, erfc(r, a)),
    Erfcx: erfcx,
    sp.sin: lambda r, a: odd(r.signs, "sin", a),
    sp.cos: lambda r, a: odd(r.signs, "cos", a, even=True),
    Abs: lambda r, a: absolute(r.signs, a),
    sp.Abs: lambda r, a: absolute(r.signs, a),
    sp.sign: lambda r, a: sign(r.signs, a),
    el.Tan: tangent,
    el.Asin: lambda r, a: between(r, "asin", a),
    el.Acos: lambda r, a: between(r, "acos", a),
    el.Atan: lambda r, a: named(r.signs, "atan", a),
    el.Sinh: lambda r, a: hyperbolic(r, -1, a),
    el.Cosh: lambda r, a: hyperbolic(r, 1, a),
    el.Asinh: lambda r, a: named(r.signs, "asinh", a),
    el.Acosh: area_cosine,
    el.Atanh: area_tangent,
    el.Cbrt: lambda r, a: named(r.signs, "cbrt", a),
    el.Floor: lambda r, a: named(r.signs, "floor", a),
    el.Ceil: lambda r, a: named(r.signs, "ceil", a),
    el.Round: lambda r, a: named(r.signs, "round", a),
    special.Erfinv: inverse_erf,
    **{kind: by_its_name(kind) for kind in special.FAMILIES},
}


def of_one(reader: Reader, expr: Any, at: At) -> Value:
    """A function of one value."""
    rule = next((r for kind, r in OF_ONE.items() if isinstance(expr, kind)), None)
    if rule is None:
        raise Undecided(f"{type(expr).__name__} is not read")
    return rule(reader, reader.read(expr.args[0], at))


VALUES: list[tuple[Any, Callable[[Reader, Any, At], Value]]] = [
    (sp.Add, total),
    (sp.Mul, product),
    (Sum, sum_over),
    (Extreme, extreme),
    (MatrixFunction, of_matrix),
    (Index, lambda r, e, at: r.number_of(r.place(e, at))),
    (Place, lambda r, e, at: r.number_of(r.place(e, at))),
    (KroneckerDelta, lambda r, e, at: r.compared("==", *(r.place(a, at) for a in e.args))),
    (Bracket, lambda r, e, at: r.condition(e.condition, at).holds),
    (Where, lambda r, e, at: r.chosen(e.args[0], e.args[1:], at)),
    (Maximum | Minimum, larger),
    (sp.Pow, raised),
    (type(sp.E), lambda r, e, at: exp(r.signs, constant(1))),
    (
        type(sp.S.NegativeInfinity),
        lambda r, e, at: r.ring.factor((r.ring.head("tensor", NOTHING),)),
    ),
    (el.Atan2, angle),
    (sp.Function, of_one),
]
