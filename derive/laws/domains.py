"""The law that uses what is declared of an input's sign or size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.ranges import Range, range_of, ranges
from pullback.derive.index.rewriting import exhaust
from pullback.derive.laws.registry import law

GREATER = (sp.StrictGreaterThan, sp.GreaterThan)
LESS = (sp.StrictLessThan, sp.LessThan)


@law("declared domain")
def declared_domain(expr: Expr, facts: Sequence[Relational]) -> Expr:
    """Where inputs lie is declared, so cases that do not come up are left out, and logs and roots
    of products and powers are taken apart.

    given x[n] > 0
    abs(x[n]) = x[n]

    |x| is x where x is above 0, a maximum is the argument that is larger, a condition that holds is
    1 and one that does not is 0. The log of a product of positive numbers is the sum of their logs.
    """
    known = ranges(facts)
    return exhaust(expr, lambda e: decided(e, known)) if known else expr


def decided(e: Expr, known: Mapping[str, Range]) -> Expr | None:
    """An expression with its case decided; None where it is not."""
    if isinstance(e, sp.Abs | sp.sign):
        inner = range_of(e.args[0], known)
        sign = 1 if inner.positive else -1 if inner.negative else 0
        value = e.args[0] if isinstance(e, sp.Abs) else sp.S.One
        return cast(Expr, sign * value) if sign else None
    if isinstance(e, Maximum | Minimum):
        difference = range_of(sp.expand(e.args[0] - e.args[1]), known)
        if not (difference.positive or difference.negative):
            return None
        first = difference.positive == isinstance(e, Maximum)
        return cast(Expr, e.args[0 if first else 1])
    if isinstance(e, Bracket | Where):
        held = holds(cast(Relational, e.args[0]), known)
        if held is None:
            return None
        cases = e.args[1:] or (sp.S.One, sp.S.Zero)
        return cast(Expr, cases[0 if held else 1])
    if isinstance(e, sp.log):
        return log_of_product(e.args[0], known)
    if e.is_Pow and e.base.is_Pow and range_of(e.base.base, known).positive:
        return cast(Expr, e.base.base ** (e.base.exp * e.exp))
    return None


def holds(condition: Relational, known: Mapping[str, Range]) -> bool | None:
    """Does a comparison hold, or not, wherever its sides have values?"""
    difference = range_of(sp.expand(condition.lhs - condition.rhs), known)
    if isinstance(condition, sp.Eq | sp.Ne):
        return isinstance(condition, sp.Ne) if difference.not_zero else None
    if isinstance(condition, LESS):
        difference = range_of(sp.expand(condition.rhs - condition.lhs), known)
    strict = isinstance(condition, sp.StrictGreaterThan | sp.StrictLessThan)
    if difference.positive or (not strict and difference.not_negative):
        return True
    fails = difference.negative or (strict and difference.high <= 0)
    return False if fails else None


def log_of_product(inner: Expr, known: Mapping[str, Range]) -> Expr | None:
    """The log of a product or of a power of positive numbers, of which inputs say that they are."""
    parts = [f.as_base_exp() for f in sp.Mul.make_args(inner)]
    if len(parts) < 2 and (parts[0][1] == 1 or not known):
        return None
    declared = [b for b, _ in parts if not b.is_number]
    if not declared or not all(
        range_of(b, known).positive and p.is_real and b is not sp.E for b, p in parts
    ):
        return None
    if all(b.is_positive for b in declared):  # nothing that was declared says so
        return None
    return cast(Expr, sp.Add(*(p * sp.log(b) for b, p in parts)))
