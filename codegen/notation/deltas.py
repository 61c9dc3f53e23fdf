"""Deltas, comparisons and choices in print."""

from __future__ import annotations

from sympy import Expr
from sympy.core.relational import Relational

from pullback.codegen.notation.shifts import met
from pullback.codegen.notation.styles import ADD, ATOM, LOOSE, Spelled
from pullback.codegen.notation.writing import Writing
from pullback.derive.index.meetings import is_meeting
from pullback.derive.index.objects import Index


def delta(here: Writing, expr: Expr) -> Spelled:
    """Between two indices a δ; with a label or a place an indicator."""
    if all(isinstance(a, Index) for a in expr.args):
        return here.style.same(*sides(here, expr)), ATOM
    return between(here, expr, here.style.equal), ATOM


def sides(here: Writing, expr: Expr) -> list[Spelled]:
    """Two indices, bare ones first, in the order of their names."""
    pairs = [(not isinstance(a, Index), *here.write(a)) for a in expr.args]
    return [(text, level) for _, text, level in sorted(pairs, key=lambda p: (p[0], p[1]))]


def between(here: Writing, expr: Expr, sign: str) -> str:
    """An indicator between two indices."""
    return here.style.indicator(f" {sign} ".join(text for text, _ in sides(here, expr)))


def bracket(here: Writing, expr: Expr) -> Spelled:
    """An indicator."""
    if is_meeting(expr):
        return here.style.indicator(met(here, expr)), ATOM
    return here.style.indicator(comparison(here, expr.args[0])), ATOM


def comparison(here: Writing, fact: Relational) -> str:
    """A comparison."""
    left, right = (here.within(a, ADD) for a in fact.args)
    return f"{left} {here.style.relations.get(fact.rel_op, fact.rel_op)} {right}"


def where(here: Writing, expr: Expr) -> Spelled:
    """One of two values."""
    condition, *cases = expr.args
    a, b = (here.within(case, LOOSE) for case in cases)
    return here.style.choice(comparison(here, condition), a, b)
