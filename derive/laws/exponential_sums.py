"""Sums of exponentials: Σ_t Σ w_t exp(a_t), each term with a weight, conditions and indices.

Laws shift such a sum by its largest exponent M: Σ w exp(a) = exp(M) Σ w exp(a − M) for any number
M. The largest is taken over the terms that count, those whose weight is not 0 and whose conditions
hold, so that no exponential overflows, and one that counts is 1. Where a term does not count its
exponent is −∞.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any, cast

import sympy as sp
from sympy import Expr, KroneckerDelta
from sympy.core.relational import Relational

from pullback.derive.index.binders import ArgLargest, Largest, Sum
from pullback.derive.index.kinks import Bracket, Maximum, Where, indicator
from pullback.derive.index.objects import Index, entries, entry_indices, free_indices, is_entry
from pullback.derive.index.rewriting import substitute

NOTHING = sp.S.NegativeInfinity  # the exponent of a term that does not count


@dataclass(frozen=True)
class Term:
    """Σ over the indices of weight · exp(shifted) · exp(exponent), where all conditions hold.

    `shifted` is what a quotient has been shifted by already, so that it is never above 0.
    """

    weight: Expr
    exponent: Expr
    conditions: tuple[Any, ...] = ()
    indices: tuple[Index, ...] = ()
    shifted: Expr = sp.S.Zero

    @property
    def whole(self) -> Term:
        """The term with all that an exponential of it may be small by, if there is another one."""
        if self.exponent == 0:
            return self
        return replace(self, exponent=self.exponent + self.shifted, shifted=sp.S.Zero)

    @property
    def counts(self) -> tuple[Any, ...]:
        """What must hold for the term not to be 0."""
        return tuple(dict.fromkeys((*self.conditions, *nonzero(self.weight))))

    def at(self, shift: Expr, conditions: Sequence[Any] | None = None) -> Expr:
        """The term with `shift` taken off its exponent, which is −∞ where these do not hold.

        Conditions of the term that are not among them stay what they are, factors.
        """
        chosen = self.counts if conditions is None else conditions
        body = self.weight * sp.exp(self.shifted) * sp.exp(masked(self.exponent - shift, chosen))
        for condition in self.conditions:
            body = body if condition in chosen else under(condition, body)
        return Sum(body, *self.indices)


def masked(exponent: Expr, conditions: Iterable[Any]) -> Expr:
    """The exponent where the conditions hold, else −∞."""
    for condition in conditions:
        exponent = Where(condition, exponent, NOTHING)
    return exponent


def unmasked(exponent: Expr) -> tuple[Expr, list[Any]]:
    """The exponent where it is not −∞, and the conditions for that."""
    conditions = []
    while isinstance(exponent, Where) and exponent.args[2] == NOTHING:
        conditions.append(exponent.args[0])
        exponent = exponent.args[1]
    return exponent, conditions


def under(condition: Any, body: Expr) -> Expr:
    """The body where the condition holds, else 0; a delta stays a factor, which laws look for."""
    factor = factor_of(condition)
    return Where(condition, body, 0) if isinstance(factor, Bracket) else cast(Expr, factor * body)


def condition_of(factor: Expr) -> Any | None:
    """The condition of which a factor is the indicator: [c], δ(i, j) or 1 − δ(i, j)."""
    if isinstance(factor, Bracket):
        return factor.condition
    if isinstance(factor, KroneckerDelta):
        return sp.Eq(*factor.args)
    if isinstance(1 - factor, KroneckerDelta):
        return sp.Ne(*(1 - factor).args)
    return None


def factor_of(condition: Any) -> Expr:
    """The indicator of a condition; those of indices are deltas."""
    if isinstance(condition, sp.Ne) and any(isinstance(s, Index) for s in condition.args):
        return cast(Expr, 1 - KroneckerDelta(*condition.args))
    return indicator(condition)


def nonzero(weight: Expr) -> Iterator[Relational]:
    """What must hold for a weight not to be 0, factor by factor."""
    for factor in sp.Mul.make_args(weight):
        base, power = factor.as_base_exp()
        if not (base.is_number or base.is_nonzero or power.is_negative or isinstance(base, sp.exp)):
            yield sp.Ne(base, 0)


@cache
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


def times(factor: Term, term: Term) -> Term:
    """A term with the weight, exponents and conditions of a factor of the whole sum."""
    return replace(
        term,
        weight=factor.weight * term.weight,
        exponent=factor.exponent + term.exponent,
        shifted=factor.shifted + term.shifted,
        conditions=(*factor.conditions, *term.conditions),
    )


def is_exponential_sum(expr: Expr) -> bool:
    """Is it a sum, written out or over an axis, in which an exponential is a factor of a term?"""
    return isinstance(expr, sp.Add | Sum | Where) and has_exponential_term(expr)


def has_exponential_term(expr: Expr) -> bool:
    """Is an exponential a factor of it, or of one of its terms?"""
    return expr.has(sp.exp) and any(t.exponent != 0 for t in terms_of(expr))


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


# -- what terms have in common -----------------------------------------------------------------


def renamings(indices: Sequence[Index], expr: Any) -> Iterator[dict[Index, Expr]]:
    """Values for indices under which something may be a part of an expression."""
    labels = {i for e in entries(expr) for i in entry_indices(e) if not isinstance(i, Index)}
    found = [*free_indices(expr), *sorted(labels, key=sp.default_sort_key)]
    for values in product(found, repeat=len(indices)):
        pairs = tuple(zip(indices, values, strict=True))
        if all(not isinstance(v, Index) or v.size == i.size for i, v in pairs):
            yield dict(pairs)


def is_alike(pattern: Any, indices: Sequence[Index], expr: Any) -> bool:
    """Is an expression the pattern, at some values of the indices?"""
    running = [i for i in indices if i in pattern.free_symbols]
    if type(pattern) is not type(expr):
        return False
    wanted = (expr, expr.reversed) if isinstance(expr, sp.Eq | sp.Ne) else (expr,)
    return any(substitute(pattern, at) in wanted for at in renamings(running, expr))


def parts_alike(term: Term, exponent: Expr) -> Iterator[Expr]:
    """The term's exponent at each choice of its indices that makes it a part of this one."""
    parts = set(sp.Add.make_args(exponent))
    running = [i for i in term.indices if i in term.exponent.free_symbols]
    for at in renamings(running, exponent):
        own = substitute(term.exponent, at)
        if set(sp.Add.make_args(own)) <= parts:
            yield own


def shares_exponent(term: Term, exponent: Expr) -> bool:
    """Is the term's exponent, at some values of its indices, a part of this one?"""
    return next(parts_alike(term, exponent), None) is not None


def relevant(terms: Sequence[Term]) -> Callable[[Any], bool]:
    """Is a condition one of those that the terms count under, at other indices perhaps?"""
    return lambda condition: any(
        is_alike(own, t.indices, condition) for t in terms for own in t.counts
    )


def exponential_sum(expr: Expr) -> tuple[Expr, Index] | None:
    """The exponent and the index where an expression is Σ_i exp(a_i) over one index."""
    if isinstance(expr, Sum) and len(expr.indices) == 1:
        body, (i,) = expr.open()
        if isinstance(body, sp.exp):
            return body.args[0], i
    return None
