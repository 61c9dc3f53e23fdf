"""Laws for sums that are worked out in parts: what is summed along an axis, apart from the rest."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import Index, KroneckerDelta, entry, fresh_index
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.registry import law


@dataclass(frozen=True)
class Apart:
    """`size` ** `power` times the sum of a term over an index of that size, and the rest."""

    index: Index
    term: Expr
    power: int
    rest: Expr

    @property
    def whole(self) -> Expr:
        """Both together."""
        return cast(Expr, self.index.size**self.power * Sum(self.term, self.index) + self.rest)


Terms = dict[int, Expr]  # what is summed, by the power of the size that stands before the sum


class Mixed(Exception):
    """Sums that have several weights, or a size that stands outside of a weight."""


@lru_cache(2**10)
def apart(expr: Expr, size: Expr) -> Apart | None:
    """What stands in sums over axes of this size, as one sum, and what stands beside them.

    None where an expression is not linear in such sums, or has none. Raises Mixed where they have
    no weight in common.
    """
    row = fresh_index(size)
    found = linear(expr, row)
    if found is None or not found[0]:
        return None
    terms, rest = found
    if len(terms) > 1 or set(rest) - {0}:
        raise Mixed
    ((power, term),) = terms.items()
    return Apart(row, term, power, rest.get(0, sp.S.Zero))


def linear(expr: Expr, row: Index) -> tuple[Terms, Terms] | None:
    """What is summed over rows, at one row, and the rest, each by its power of their number."""
    size = row.size
    if not runs(expr, size):
        return {}, {0: expr}
    if expr == size:
        return {}, {1: sp.S.One}
    if expr.is_Pow and expr.base == size and expr.exp.is_Integer:
        return {}, {int(expr.exp): sp.S.One}
    if expr.is_Add:
        return added(expr.args, row)
    if expr.is_Mul:
        return multiplied(expr.args, row)
    if isinstance(expr, Sum):
        return opened(expr, row)
    return None


def runs(expr: Expr, size: Expr) -> bool:
    """Does an index of this size, or the size itself, stand in it?"""
    return any(s == size or getattr(s, "size", None) == size for s in expr.atoms(sp.Symbol))


def added(args: tuple[Expr, ...], row: Index) -> tuple[Terms, Terms] | None:
    """A sum of a few."""
    whole: tuple[Terms, Terms] = ({}, {})
    for arg in args:
        found = linear(arg, row)
        if found is None:
            return None
        for total, part in zip(whole, found, strict=True):
            for power, term in part.items():
                total[power] = total.get(power, sp.S.Zero) + term
    return whole


def multiplied(args: tuple[Expr, ...], row: Index) -> tuple[Terms, Terms] | None:
    """A product, of which one factor at most is a sum over rows, or a sum of such."""
    factor, power, found = sp.S.One, 0, None
    for arg in args:
        split = linear(arg, row)
        if split is None:
            return None
        terms, rest = split
        if not terms and len(rest) == 1:
            ((own, value),) = rest.items()
            factor, power = factor * value, power + own
        elif found is None:
            found = split
        else:
            return None
    terms, rest = found or ({}, {0: sp.S.One})
    return times(terms, factor, power), times(rest, factor, power)


def times(terms: Terms, factor: Expr, power: int) -> Terms:
    """Terms with a factor and more powers of the size."""
    return {own + power: term * factor for own, term in terms.items()}


def opened(expr: Expr, row: Index) -> tuple[Terms, Terms] | None:
    """A sum: over rows, or over other axes of what may be a sum over rows."""
    body, indices = expr.open()
    own = [i for i in indices if i.size == row.size]
    others = tuple(i for i in indices if i.size != row.size)
    if len(own) > 1:
        return None
    if own:
        powers: Terms = {}
        for term in sp.Add.make_args(substitute(body, {own[0]: row})):
            power, rest = powered(term, row.size)
            powers[power] = powers.get(power, sp.S.Zero) + rest
        found: tuple[Terms, Terms] | None = (powers, {})
    else:
        found = linear(body, row)
    if found is None:
        return None
    terms, rest = ({p: Sum(t, *others) for p, t in part.items()} for part in found)
    return terms, rest


def powered(term: Expr, size: Expr) -> tuple[int, Expr]:
    """The power of a size that is a factor of a product, and the other factors."""
    power = int(term.as_powers_dict().get(size, 0)) if term.is_Mul or term.is_Pow else 0
    return power, term / size**power


@law("rows apart")
def rows_apart(expr: Expr, size: Expr) -> Expr:
    """What is summed along an axis stands in one sum, its weight before it and the rest behind it.

    a * sum(n, f[n]) - sum(n, g[n]) + b = sum(n, a * f[n] - g[n]) + b

    A sum of sums is a sum of terms, and what does not hang on n goes into a sum over n as a factor.
    Each place of the axis then has one term, which can be worked out apart from the others.
    """
    with suppress(Mixed):
        found = apart(expr, size)
        return found.whole if found else expr
    return expr


@law("parts of a sum")
def parts_of_sum(expr: Expr, size: Expr, part: str, parts: Index) -> Expr:
    """Where q_n says in which part n lies, a sum over n is the sum of the sums over each part.

    sum(n, f[n]) = sum(p, sum(n, [q[n] == p] * f[n]))

    Each n lies in one part, so that its term is counted once. Parts may have any numbers of
    places, none too, and lie as they like.
    """
    with suppress(Mixed):
        found = apart(expr, size)
        label = entry(part, (found.index,), integer=True) if found else None
        if found and not found.term.has(label):
            term = Sum(KroneckerDelta(parts, label) * found.term, parts)
            return replace(found, term=term).whole
    return expr
