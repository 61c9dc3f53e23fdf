"""Laws of what is known: notation, names for what stands often, declared facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.kinks import Bracket, Maximum
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entries,
    entry_indices,
    entry_name,
    free_indices,
    is_size,
)
from pullback.derive.index.rewriting import exhaust, rewrite, rewrite_outside_in, substitute
from pullback.derive.laws.matching import (
    Equality,
    binds,
    factors,
    how_often,
    matches,
    names_of,
    over,
    unify,
)
from pullback.derive.laws.registry import law


@law("definition")
def put_in(expr: Expr, notations: Sequence[Equality]) -> Expr:
    """What a name stands for is put in: notation, or a gradient that was found before.

    given p[j] := exp(z[j]) / sum(i, exp(z[i]))
    log(p[k]) = log(exp(z[k]) / sum(i, exp(z[i])))

    A name and what it stands for are one number, so either may be written for the other. Notation
    is what `:=` says it is; a gradient such as ∂L/∂z is what the steps to it have shown.
    """
    table = {entry_name(e.entry): e for e in notations}

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.Indexed | sp.Symbol) or entry_name(e) not in table:
            return None
        known = table[entry_name(e)]
        names = entry_indices(known.entry)
        return substitute(known.expr, dict(zip(names, entry_indices(e), strict=True)))

    return exhaust(expr, rule)


@law("fold")
def fold(expr: Expr, known: Sequence[Equality]) -> Expr:
    """What a name stands for is written by its name again: exp(z_j)/Σ_i exp(z_i) = p_j.

    given p[j] := exp(z[j]) / sum(i, exp(z[i]))
    a[k] * exp(z[k]) / sum(i, exp(z[i])) = a[k] * p[k]

    This is the definition read from right to left. Results come out in terms of what the
    forward pass has computed already.
    """
    for equality in known:
        expr = exhaust(expr, partial(fold_at, equality), rewrite_outside_in)
    return expr


def fold_at(known: Equality, expr: Expr) -> Expr | None:
    """Write one product, power or sum by a name, if the name's definition is a factor of it."""
    if expr.is_Atom or isinstance(expr, sp.Indexed | KroneckerDelta | Bracket | Relational):
        return None
    if is_entry_alone(known.expr) or not names_of(known.expr) <= names_of(expr):
        return None
    whole = factors(expr)
    for found in matches(known, expr):
        name, meaning, parts = known_at(known, tuple(found.items()))
        if expr in (meaning, -meaning):
            return name if expr == meaning else -name
        power = how_often(parts, whole)
        if power:
            return cast(Expr, name**power * over(expr, meaning**power))
    return None


@lru_cache(2**12)
def known_at(
    known: Equality, values: tuple[tuple[Index, Expr], ...]
) -> tuple[Expr, Expr, dict[Expr, Expr]]:
    """The entry at these values of its indices, what it stands for, and the factors of that.

    Sizes and numbers do not count beside others: what is lacking is made up for.
    """
    meaning = substitute(known.expr, dict(values))
    parts = factors(meaning)
    real = {base: p for base, p in parts.items() if not (is_size(base) or base.is_number)}
    return substitute(known.entry, dict(values)), meaning, real or parts


def is_entry_alone(expr: Expr) -> bool:
    """Would folding only rename?"""
    return isinstance(expr, sp.Indexed) or expr.is_Atom


@law("assumption")
def assumption(expr: Expr, fact: Relational) -> Expr:
    """A declared fact is used: where Σ_j t_j = 1 is assumed, the sum is 1.

    given sum(j, t[j]) == 1
    a * sum(j, t[j]) = a

    The definition says that the fact holds for every input that is given. Where it does not,
    neither does the result, so each step that uses it says so.
    """
    known = Equality(fact.lhs, fact.rhs)
    names = tuple(free_indices(fact.lhs))

    def rule(e: Expr) -> Expr | None:
        if type(e) is not type(fact.lhs):
            return None
        for found in matches_under(names, fact.lhs, e):
            if substitute(known.entry, found) == e:
                return substitute(known.expr, found)
        return None

    return rewrite(expr, rule)


def matches_under(names: tuple[Index, ...], left: Expr, e: Expr) -> Iterator[dict[Index, Expr]]:
    """Values for the free indices of an assumption under which it may speak of e."""
    patterns = [a for a in entries(left) if set(a.free_symbols) & set(names)]
    if not names:
        yield {}
    for pattern in patterns[:1]:
        for atom in entries(e):
            found = unify(pattern, atom, names, {})
            if found is not None and len(found) == len(names) and not binds(e, found):
                yield found


@law("mask from the output")
def mask_from_output(expr: Expr, known: Sequence[Equality]) -> Expr:
    """h = max(0, u) is not 0 where u is positive, so that u need not be kept: 𝟙[u > 0] = 𝟙[h != 0].

    given h[n] = max(0, u[n])
    [u[n] > 0] = [h[n] != 0]

    Where u is positive h is u, and elsewhere h is 0. The backward pass needs to keep one array
    fewer, and lets a gradient through where u is NaN, as NaN is not 0.
    """

    def rule(e: Expr) -> Expr | None:
        if not (isinstance(e, Bracket) and isinstance(e.condition, sp.StrictGreaterThan)):
            return None
        left, right = e.condition.args
        for equality in known:
            if right == 0 and isinstance(equality.expr, Maximum) and equality.expr.args[0] == 0:
                for found in matches(equality, left):
                    if substitute(equality.expr, found).args[1] == left:
                        return Bracket(sp.Ne(substitute(equality.entry, found), 0))
        return None

    return rewrite(expr, rule)
