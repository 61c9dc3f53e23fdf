"""Sums of terms, products, fractions and powers in print."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import Expr

from pullback.codegen.notation.deltas import between
from pullback.codegen.notation.order import is_negative, is_scalar, reaches_right, split, term_order
from pullback.codegen.notation.styles import ADD, ATOM, CALL, LOOSE, MUL, Spelled
from pullback.codegen.notation.writing import Writing
from pullback.derive.index.derivatives import is_open
from pullback.derive.index.objects import KroneckerDelta


def sum_of_terms(here: Writing, expr: Expr) -> Spelled:
    """Positive terms first, then sums; `1 - δ` is the indicator of its opposite."""
    hole = 1 - expr
    if isinstance(hole, KroneckerDelta):
        return between(here, hole, here.style.unequal), ATOM
    text = ""
    for term in sorted(expr.args, key=lambda t: term_order(here.tensors, t)):
        negative = is_negative(term)
        word = here.within(-term if negative else term, MUL)
        if text:
            text += f" {here.style.minus if negative else '+'} {word}"
        else:
            text = (here.style.minus if negative else "") + word
    return text, ADD


def product(here: Writing, expr: Expr) -> Spelled:
    """Factors side by side; scalars over scalars come first, else one fraction holds all."""
    style, is_slope = here.style, here.tensors.is_slope
    if is_negative(expr):
        return style.minus + here.within(-expr, MUL), ADD
    above, below = split(here.tensors, expr)
    if not below:
        return side_by_side(here, above), MUL
    unworked = [f for f in above if is_open(f)]
    if unworked and not all(map(is_scalar, below)):  # its own stroke stands behind the fraction
        known = here.within(expr / sp.Mul(*unworked), MUL if style.latex else CALL)
        return known + style.space + side_by_side(here, unworked), MUL
    if all(is_scalar(f) for f in below):
        front = [f for f in above if is_scalar(f) and not is_slope(f)]
        rest = [f for f in above if f not in front]
        fraction = quotient(here, front, below)
        if not rest:
            return fraction, MUL
        fraction = fraction if style.latex else style.group(fraction)
        return fraction + style.space + side_by_side(here, rest), MUL
    front = [f for f in above if style.latex and isinstance(f, KroneckerDelta)]
    fraction = quotient(here, [f for f in above if f not in front], below)
    texts = [side_by_side(here, front)] if front else []
    return style.space.join([*texts, fraction]), MUL


def side_by_side(here: Writing, factors: Sequence[Expr]) -> str:
    """A product without a denominator; only the last factor may reach to the right."""
    texts = []
    for at, factor in enumerate(factors):
        last = at + 1 == len(factors) and reaches_right(factor)
        texts.append(here.within(factor, MUL if last or len(factors) == 1 else CALL))
    return here.style.space.join(texts)


def quotient(here: Writing, above: Sequence[Expr], below: Sequence[Expr]) -> str:
    """One fraction."""
    style, is_slope = here.style, here.tensors.is_slope
    parts = [alone(here, part) for part in (above, below)]
    if not any(map(style.is_wide, parts)):
        return style.fraction(*parts)
    texts = [here.within(f, ATOM if is_slope(f) else CALL) for f in above]
    bottom = parts[1]
    single = len(below) == 1 and here.write(below[0])[1] >= CALL
    closed = bottom if single and not is_slope(below[0]) else style.group(bottom)
    return style.fraction(style.space.join(texts) or "1", closed)


def alone(here: Writing, factors: Sequence[Expr]) -> str:
    """A product inside brackets of its own."""
    if len(factors) == 1:
        return here.within(factors[0], LOOSE)
    return side_by_side(here, factors) or "1"


def power(here: Writing, expr: Expr) -> Spelled:
    """A power, a root, or a quotient."""
    base, exponent = expr.args
    if exponent.is_Rational and exponent.is_negative:
        return quotient(here, [], [base**-exponent]), MUL
    if exponent == sp.S.Half:
        return here.style.root(here.within(base, LOOSE))
    plain = bool(exponent.is_Integer)
    above = here.within(exponent, LOOSE)
    return here.style.power(here.within(base, ATOM), above, plain), CALL
