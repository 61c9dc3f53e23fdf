"""Sums of exponentials: Σ_t Σ w_t exp(a_t), each term with a weight, conditions and indices.

Laws shift such a sum by its largest exponent M: Σ w exp(a) = exp(M) Σ w exp(a − M) for any number
M. The largest is taken over the terms that count, those whose weight is not 0 and whose conditions
hold, so that no exponential overflows, and one that counts is 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import ArgLargest, Largest, Sum
from pullback.derive.index.kinks import Maximum, Where
from pullback.derive.index.objects import Index, is_entry
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.exponential_terms import (
    NOTHING,
    Term,
    condition_of,
    masked,
    times,
    unmasked,
)
from pullback.derive.laws.exponents_alike import parts_alike


@lru_cache(2**12)
def terms_of(expr: Expr) -> tuple[Term, ...]:
    """The terms that an expression is the sum of; what has no exponential has exponent 0."""
    if expr.is_Add:
        rest = sp.Add(*(part for part in expr.args if not part.has(sp.exp)))
        constant = (Term(rest, sp.S.Zero),) if rest != 0 else ()
        grown = (part for part in expr.args if part.has(sp.exp))
        return (*constant, *(t for part in grown for t in terms_of(part)))
    if isinstance(expr, Sum):
        body, indices = expr.open()
        return tuple(replace(t, indices=(*indices, *t.indices)) for t in terms_of(body))
    if isinstance(expr, Where):
        condition, a, b = expr.args
        found = [replace(t, conditions=(condition, *t.conditions)) for t in terms_of(a)]
        other = sp.Not(condition)
        found += [replace(t, conditions=(other, *t.conditions)) for t in terms_of(b)]
        return tuple(t for t in found if t.weight != 0)
    return terms_of_product(sp.Mul.make_args(expr))


def terms_of_product(factors: Sequence[Expr]) -> tuple[Term, ...]:
    """The terms of a product; of its factors one at most is taken apart as a sum.

    What is shifted already, also by the largest of a sum below the line, does not grow.
    """
    own = shifted_below(factors)
    whole = next((f for f in factors if is_exponential_sum(f) and grows(f, own)), sp.S.One)
    weight, exponent, conditions = sp.S.One, sp.S.Zero, []
    for factor in factors:
        condition = condition_of(factor)
        if condition is not None:
            conditions.append(condition)
        elif isinstance(factor, sp.exp):
            exponent += factor.args[0]
        elif factor != whole:
            weight *= factor
    exponent, more = unmasked(exponent)
    outer = settled(Term(weight, exponent, (*conditions, *more)), own)
    found = [times(outer, t) for t in terms_of(whole)] if whole != 1 else [outer]
    return tuple(found) if outer.shifted != 0 else tuple(settled(term, own) for term in found)


def shifted_below(factors: Sequence[Expr]) -> list[Term]:
    """The terms of the sums that a product is divided by and that are shifted."""
    shifted = (d for d in below_line(factors) if shift_of(d) is not None)
    return [t for d in shifted for t in terms_of(d)]


def grows(expr: Expr, shifted: Sequence[Term]) -> bool:
    """Is a sum not shifted yet, neither by its own largest nor by that of a sum below the line?"""
    if shift_of(expr) is not None:
        return False
    return any(settled(term, shifted).exponent != 0 for term in terms_of(expr))


def settled(term: Term, shifted: Sequence[Term]) -> Term:
    """A term with the part of its exponent that stands in sums below the line set apart."""
    for other in shifted:
        part = next(parts_alike(other, term.exponent), sp.S.Zero)
        term = replace(term, exponent=term.exponent - part, shifted=term.shifted + part)
    return term


def below_line(factors: Sequence[Expr]) -> list[Expr]:
    """The sums of exponentials that a product is divided by."""
    return [d for d in map(below, factors) if d is not None]


def below(factor: Expr) -> Expr | None:
    """The sum of exponentials that a factor divides by."""
    base, power = factor.as_base_exp() if factor.is_Pow else (factor, sp.S.One)
    return base if power.is_negative and is_exponential_sum(base) else None


def is_exponential_sum(expr: Expr) -> bool:
    """Is it a sum, written out or over an axis, in which an exponential is a factor of a term?"""
    return isinstance(expr, sp.Add | Sum | Where) and has_exponential_term(expr)


def has_exponential_term(expr: Expr) -> bool:
    """Is an exponential a factor of it, or of one of its terms?"""
    return expr.has(sp.exp) and any(t.exponent != 0 for t in terms_of(expr))


def exponential_sum(expr: Expr) -> tuple[Expr, Index] | None:
    """The exponent and the index where an expression is Σ_i exp(a_i) over one index."""
    if isinstance(expr, Sum) and len(expr.indices) == 1:
        body, (i,) = expr.open()
        if isinstance(body, sp.exp):
            return body.args[0], i
    return None


# -- the largest exponent ----------------------------------------------------------------------


def largest(terms: Sequence[Term]) -> Expr:
    """The largest exponent of the terms that count; −∞ where none does."""
    tops = sorted({largest_of(t.whole) for t in terms}, key=sp.default_sort_key)
    total = tops[0]
    for top in tops[1:]:
        total = Maximum(total, top)
    return total


def largest_of(term: Term) -> Expr:
    """The largest exponent of one term over its indices."""
    top = masked(term.exponent, term.counts)
    if is_entry(top) and len(term.indices) == 1:
        (i,) = term.indices
        return substitute(top, {i: ArgLargest(top, i)}) if top.has(i) else top
    for i in term.indices:
        top = Largest(top, i) if i in top.free_symbols else top
    return top


def unless_empty(terms: Sequence[Term], top: Expr, total: Expr) -> Expr:
    """Σ w exp(a − M), and 1 where no term counts, if that may be."""
    return Where(sp.Gt(top, NOTHING), total, 1) if all(t.counts for t in terms) else total


def shift_of(expr: Expr) -> Expr | None:
    """The M of Σ w exp(a − M), where that is the largest a."""
    if isinstance(expr, Where) and expr.args[0].has(NOTHING) and expr.args[2] == 1:
        return cast(Expr, expr.args[0].args[0])
    terms = terms_of(expr)
    for top in taken_off(terms[0].exponent):
        back = [replace(t, exponent=t.exponent + top) for t in terms]
        if top in (largest(back), largest([*map(without_hole, back)])):
            return top
    return None


def taken_off(exponent: Expr) -> Iterator[Expr]:
    """What may be the largest exponent, taken off this one: an extreme, or a row at its place."""
    parts = sp.Add.make_args(exponent)
    yield from (-p for p in parts if isinstance(-p, Largest | Maximum))
    at_place = [p for p in parts if p.has(ArgLargest)]
    if at_place:
        yield -sp.Add(*at_place)


def without_hole(term: Term) -> Term:
    """The term with the place of the largest among those that count."""
    kept = tuple(c for c in term.conditions if not c.has(ArgLargest))
    return replace(term, conditions=kept)
