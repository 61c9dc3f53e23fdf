"""What a finite forward pass says: that it divides by s, or takes its log, says that s is not 0.

It says so where it does so at all: under a mask or in a case of `where` of the places where the
condition holds, and in a sum over an axis only where that has entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.calculus.conditions import Conditions, all_hold, cases, is_mask, sizes
from pullback.derive.calculus.meaning import Meaning
from pullback.derive.index.binders import Sum
from pullback.derive.index.elementary import Acos, Acosh, Asin, Atanh, Cosh, Sinh, Tan
from pullback.derive.index.functions import expm1, log1p
from pullback.derive.index.kinks import Where
from pullback.derive.index.objects import Index, free_indices, fresh_index, is_entry, ordered
from pullback.derive.index.rewriting import substitute
from pullback.derive.index.special import GAMMA, Erfinv
from pullback.derive.laws.matching import Equality, base_and_power, matches

GROWING = (sp.exp, expm1)
HYPERBOLIC = (Sinh, Cosh)
ENDING = (
    Tan,
    Asin,
    Acos,
    Acosh,
    Atanh,
    *HYPERBOLIC,
    *GAMMA,
    Erfinv,
)  # infinite or without a value somewhere


@dataclass(frozen=True)
class Fact:
    """What a finite forward pass says of an expression where conditions hold."""

    kind: str  # "finite", "not 0" or "not negative"
    expr: Expr
    conditions: Conditions


def facts_of(meaning: Meaning) -> tuple[Fact, ...]:
    """What a layer's forward pass says where it is finite."""
    facts: dict[Fact, None] = {}
    for node in meaning.layer.nodes:
        if not node.notation:
            indices, expr = meaning.definitions[node.name]
            anywhere = substitute(expr, {i: fresh_index(i.size) for i in indices})
            facts |= dict.fromkeys(said(meaning, anywhere, sizes(indices)))
    return tuple(facts)


def said(meaning: Meaning, expr: Expr, conditions: Conditions) -> Iterator[Fact]:
    """The facts that follow where an expression is finite."""
    if isinstance(expr, Where):
        for condition, case in cases(expr):
            yield from said(meaning, case, conditions | {condition})
    elif expr.is_Mul:
        conditions = conditions | {f for f in expr.args if is_mask(f)}
        for factor in expr.args:
            yield from said(meaning, factor, conditions)
    elif isinstance(expr, Sum):
        body, indices = expr.open()
        yield from said(meaning, body, conditions | sizes(indices))
    elif expr.is_Add or isinstance(expr, sp.Abs | sp.log | log1p):
        if isinstance(expr, sp.log | log1p):
            yield Fact("not negative", logarithm_of(expr), conditions)
            yield from not_zero_says(meaning, logarithm_of(expr), conditions)
        for arg in expr.args:
            yield from said(meaning, arg, conditions)
    elif expr.is_Pow and expr.exp.is_number:
        if not expr.exp.is_Integer:
            yield Fact("not negative", expr.base, conditions)
        if expr.exp.is_negative:
            yield from not_zero_says(meaning, expr.base, conditions)
        else:
            yield from said(meaning, expr.base, conditions)
    elif expr.is_Pow or isinstance(expr, GROWING):
        yield Fact("finite", expr, conditions)
    elif isinstance(expr, ENDING):
        a = expr.args[0]
        both = HYPERBOLIC if isinstance(expr, HYPERBOLIC) else (type(expr),)
        yield from (Fact("finite", kind(a), conditions) for kind in both)
        if isinstance(expr, Atanh):
            for side in (1 - a, 1 + a):
                yield from not_zero_says(meaning, side, conditions)
        yield from said(meaning, a, conditions)
    elif is_entry(expr) and not meaning.is_node(expr):
        yield from said(meaning, cast(Expr, meaning.look_through(expr)), conditions)


def not_zero_says(meaning: Meaning, expr: Expr, conditions: Conditions) -> Iterator[Fact]:
    """That a product is not 0 says it of each factor, and of what names stand for."""
    for factor in sp.Mul.make_args(expr):
        base, _ = base_and_power(factor)
        if not base.is_number:
            yield Fact("not 0", base, conditions)
        inner = base.args[0] if isinstance(base, sp.Abs) else meaning.look_through(base)
        if inner is not None:
            yield from not_zero_says(meaning, cast(Expr, inner), conditions)


def logarithm_of(expr: Expr) -> Expr:
    """The a of log(a), or of log1p(a − 1)."""
    return cast(Expr, expr.args[0] + (1 if isinstance(expr, log1p) else 0))


def speaks_of(fact: Fact, expr: Expr, conditions: Conditions) -> bool:
    """Is it the fact's expression, at some values of its indices, where its conditions hold?"""
    if type(fact.expr) is not type(expr):
        return False
    names = free_indices(fact.expr)
    found_in = (i for c in ordered(fact.conditions) for i in free_indices(c))
    more = tuple(i for i in dict.fromkeys(found_in) if i not in names)
    values = matches(Equality(pattern(names), fact.expr), expr) if names else iter([{}])
    for found in values:
        if substitute(fact.expr, found) == expr:
            places = sizes(free_indices(expr))  # it is read at some place of these axes
            wanted = [substitute(c, found) for c in ordered(fact.conditions - places)]
            if all_hold(wanted, more, conditions):
                return True
    return False


def pattern(names: tuple[Index, ...]) -> Expr:
    """An entry of no tensor, at these indices."""
    return cast(Expr, sp.IndexedBase("_")[names])
