"""Conditions under which something is asked: indicators that are 1, and axes that have entries.

What they say of an expression: that it is not 0, not negative, or at most a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.calculus.places import is_at
from pullback.derive.index.binders import ArgLargest
from pullback.derive.index.kinks import Bracket, Minimum, indicator
from pullback.derive.index.objects import Index, KroneckerDelta, free_entries, ordered
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.matching import unify

Conditions = frozenset[Expr]  # indicators that are 1, and sizes of axes that have entries
NOWHERE: Conditions = frozenset()


def sizes(indices: Iterable[Index]) -> Conditions:
    """That these axes have entries."""
    return frozenset(i.size for i in indices)


def is_mask(expr: Expr) -> bool:
    """Is it 1 or 0, by a condition? [i != j] of two axes is 1 − δ(i, j)."""
    return isinstance(expr, Bracket | KroneckerDelta) or are_unequal_axes(expr)


def are_unequal_axes(expr: Expr) -> bool:
    """Is it 1 − δ(i, j) of two axes?"""
    delta = 1 - expr if expr.is_Add else expr
    both = all(isinstance(a, Index) for a in delta.args)
    return bool(expr.is_Add) and isinstance(delta, KroneckerDelta) and both


def cases(expr: Expr) -> tuple[tuple[Expr, Expr], tuple[Expr, Expr]]:
    """The two cases of `where`, each with the indicator of its condition."""
    condition, first, second = expr.args
    other = indicator(sp.Not(condition))
    return (indicator(condition), cast(Expr, first)), (other, cast(Expr, second))


def is_among(condition: Expr, conditions: Conditions) -> bool:
    """Is it one of the conditions, whichever way round?"""
    if condition in conditions:
        return True
    return isinstance(condition, Bracket) and indicator(condition.condition.reversed) in conditions


def all_hold(wanted: list[Expr], names: tuple[Index, ...], conditions: Conditions) -> bool:
    """Are all these among the conditions, at some values of the names?"""
    left = [c for c in wanted if not is_among(c, conditions)]
    if not left:
        return True
    for condition in ordered(conditions) if names else ():
        for atom, own in product(free_entries(condition), free_entries(left[0])):
            found = unify(own, atom, names, {})
            if found and substitute(left[0], found) == condition:
                rest = tuple(i for i in names if i not in found)
                return all_hold([substitute(c, found) for c in left], rest, conditions)
    return False


def excludes_zero(condition: Expr, expr: Expr) -> bool:
    """Does a condition such as u > 0 say that u is not 0?"""
    relation, bound = bound_by(condition, expr)
    if bound is None:
        return False
    if bound == 0:
        return relation in ("<", ">", "!=")
    return relation in ((">", ">=") if bound > 0 else ("<", "<="))


def holds_above(condition: Expr, expr: Expr) -> bool:
    """Does a condition such as u > 0 say that u is not negative?"""
    relation, bound = bound_by(condition, expr)
    return bound is not None and bool(bound >= 0) and relation in (">", ">=")


def bound_by(condition: Expr, expr: Expr) -> tuple[str, Expr | None]:
    """The relation and the number to which a condition such as u > 0 holds u."""
    if isinstance(condition, Bracket):
        for relation in (condition.condition, condition.condition.reversed):
            if relation.lhs == expr and relation.rhs.is_number:
                return relation.rel_op, relation.rhs
    return "", None


def is_bounded(exponent: Expr, conditions: Conditions) -> bool:
    """Is an exponent at most a number: −|u|, −u², min(u, 0), a_i − max a, or u where u < 0?"""
    if exponent.is_nonpositive or exponent.is_number:
        return True
    if isinstance(exponent, Minimum):
        return any(is_bounded(a, conditions) for a in exponent.args)
    if any(bound_by(c, exponent)[0] in ("<", "<=") for c in conditions):
        return True
    for place in ordered(exponent.atoms(ArgLargest)):
        body, (i,) = place.open()
        own = exponent + substitute(body, {i: place})
        if not own.has(place) and is_at(own, body, (i,)):
            return True
    return False
