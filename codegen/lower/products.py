"""Products: masks and holes first, then quotients from few axes to many."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import elementwise, is_constant
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.deltas import are_unequal_labels, index_and_label, is_hole, put
from pullback.codegen.lower.functions import to_the_power
from pullback.codegen.lower.guards import covered, finite_under, guard, may_vanish, sorted_out
from pullback.codegen.lower.sigmoids import sigmoid_slope, sigmoid_slopes
from pullback.derive.index.objects import ordered

Powers = list[tuple[Term, int]]  # terms with powers 1 or −1


def multiply(here: Context, expr: Expr) -> Term:
    """A product: scalars first, then from few axes to many; holes go where their index runs.

    Where two labels must differ it is 0 elsewhere whatever the rest is, NaN and ∞ included.
    """
    for unequal in (f for f in expr.args if are_unequal_labels(f)):
        others = here.lower(sp.Mul(*(f for f in expr.args if f != unequal)))
        chosen = [here.lower(unequal), others, here.lower(sp.S.Zero)]
        return elementwise(here, "where", chosen)
    for hole in (f for f in expr.args if is_hole(f)):
        index, label = index_and_label(1 - hole)
        along = [f for f in expr.args if f != hole and index in f.free_symbols]
        rest = [f for f in expr.args if f != hole and f not in along]
        if along:
            base, labels = here.lower(sp.Mul(*along)), here.lower(label)
            if set(labels.indices) <= set(base.indices):
                term = put(here, base, index, labels, here.lower(sp.S.Zero))
                return product(here, [(term, 1)], rest)
    return product(here, [], expr.args)


def product(here: Context, terms: Powers, factors: Iterable[Expr]) -> Term:
    """The product of terms with powers 1 or −1 and of factors.

    Where a mask is 0 it is 0 whatever the rest is, NaN and ∞ included; in a slope it is so
    where any factor is 0.
    """
    factors = covered(here, factors)
    masks, loose, rest = sorted_out(here, factors)
    if not loose:
        return plain_product(here, terms, factors)
    by_masks = not (here.in_slope and (terms or any(map(may_vanish, rest))))
    if masks and (by_masks or finite_under(here, masks, loose)):
        return under_masks(here, masks, terms, [*loose, *rest])
    if by_masks:
        return plain_product(here, terms, factors)
    not_zero = guard(here, rest, loose)
    if not_zero is not None:
        guarded = under_masks(here, [not_zero], [], loose)
        return plain_product(here, [*terms, (guarded, 1)], [*masks, *rest])
    whole = plain_product(here, terms, factors)
    firm = plain_product(here, terms, [*masks, *rest])
    zero = here.lower(sp.S.Zero)
    here.work.quiet = True
    return elementwise(here, "where", [elementwise(here, "not_equal", [firm, zero]), whole, zero])


def under_masks(
    here: Context, masks: Iterable[Expr], terms: Powers, factors: Iterable[Expr]
) -> Term:
    """The product where all masks are 1, which it may make use of; else 0."""
    masks = ordered(masks)
    term = plain_product(here.under(masks), terms, factors)
    here.work.quiet = True
    for mask in masks:
        term = elementwise(here, "where", [here.lower(mask), term, here.lower(sp.S.Zero)])
    return term


def plain_product(here: Context, terms: Powers, factors: Iterable[Expr]) -> Term:
    """The product as it stands."""
    number = sp.S.One
    slopes, factors = sigmoid_slopes(factors)
    terms = [*terms, *((sigmoid_slope(here, a), 1) for a in slopes)]
    for factor in ordered(factors):
        if is_constant(factor):
            number *= factor
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
            terms.append((to_the_power(here, factor.base, -factor.exp), -1))
        else:
            terms.append((here.lower(factor), 1))
    terms.sort(key=lambda t: (len(t[0].indices), here.kind(t[0]) == "mask"))
    above = [t for t, power in terms if power > 0]
    below = [t for t, power in terms if power < 0]
    return quotient(here, number, above, below)


def quotient(here: Context, number: Expr, above: list[Term], below: list[Term]) -> Term:
    """number · Π above / Π below, the factors with fewest axes first."""
    negative = number.could_extract_minus_sign()
    if negative and (number == -1 or (number.is_Rational and not is_decimal(number))):
        number = -number  # else the number keeps its sign: one operation less
    else:
        negative = False
    if not number.is_Rational or (number.q != 1 and is_decimal(number)):
        above = [here.lower(number), *above]
        number = sp.S.One
    if number.p != 1 or not above:
        above = [here.lower(sp.Integer(number.p)), *above]
    if number.q != 1:
        below = [here.lower(sp.Integer(number.q)), *below]
    total = by_axes(here, above, below)
    return elementwise(here, "negative", [total]) if negative else total


def by_axes(here: Context, above: list[Term], below: list[Term]) -> Term:
    """Π above / Π below, the factors with fewest axes first."""
    total: Term | None = None
    waiting: list[Term] = []
    for level in range(1 + max(len(t.indices) for t in [*above, *below])):
        for term in (t for t in above if len(t.indices) == level):
            total = term if total is None else elementwise(here, "multiply", [total, term])
        waiting += [t for t in below if len(t.indices) == level]
        if total is not None and (level == 0 or total.indices):
            for term in waiting:
                total = elementwise(here, "divide", [total, term])
            waiting = []
    for term in waiting:
        total = elementwise(here, "divide", [total or here.lower(sp.S.One), term])
    assert total is not None
    return total


def is_decimal(number: Expr) -> bool:
    """Is it a decimal fraction that a float's shortest text says exactly?"""
    return bool(sp.Rational(repr(float(number))) == number)
