"""The sizes that must not be 0: of axes that a layer's values or slopes cannot do without."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from pullback.derive.calculus.derivation import Derivation
from pullback.derive.index.binders import Binder, Sum
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.meetings import is_meeting, place_of
from pullback.derive.index.objects import Index, entry_name, is_entry, is_size
from pullback.derive.layer import Definitions, Layer, Reach


def nonempty(derivation: Derivation, meaning: Definitions) -> tuple[Expr, ...]:
    """Sizes that must not be 0.

    They stand in a denominator, or an extreme value is taken over them, or an entry is read at a
    fixed place, or a sum of quotients is worked out as a quotient of two sums over them, which is
    0/0 where they are 0.
    """
    values = [v.code.end for v in derivation.values]
    slopes = [g.code for g in derivation.gradients]
    slopes += [t.code for t in (*derivation.tangents, *derivation.seconds)]
    found = {s for expr in values for s in below_the_line(expr) | under_extremes(expr)}
    found |= {s for expr in [*values, *slopes] for s in of_quotients(expr, meaning)}
    found |= {s for expr in [*values, *slopes] for s in beside_labels(expr)}
    found |= {r.size for r in derivation.layer.reaches if is_fixed(derivation.layer, r)}
    return tuple(sorted(found, key=str))


def is_fixed(layer: Layer, reach: Reach) -> bool:
    """Is a place read that is there at no place of an axis without any: the first, the last?"""
    worked_out = any(size == reach.size for size, _ in layer.sizes)
    if worked_out or (reach.low.free_symbols | reach.high.free_symbols) - {reach.size}:
        return False
    if layer.recurrence(reach.tensor):
        return True
    bounds = (reach.low, reach.size - 1 - reach.high)
    return any(bool(sp.expand(b).xreplace({reach.size: sp.S.Zero}).is_negative) for b in bounds)


def beside_labels(expr: Expr) -> set[Expr]:
    """The sizes of axes that meet places which hang on labels: an entry is read there, or near."""
    meetings = (b for b in expr.atoms(Bracket) if is_meeting(b) and place_of(b) is None)
    return {i.size for m in meetings for i in m.atoms(Index)}


def below_the_line(expr: Expr) -> set[Expr]:
    """The sizes that stand in a denominator."""
    powers = (power for power in expr.atoms(sp.Pow) if power.exp.is_negative)
    return {s for power in powers for s in power.base.free_symbols if is_size(s)}


def under_extremes(expr: Expr) -> set[Expr]:
    """The sizes of the axes over which an extreme value or its place is taken."""
    binders = (binder for binder in expr.atoms(Binder) if not isinstance(binder, Sum))
    return {i.size for binder in binders for i in binder.indices}


def of_quotients(expr: Expr, meaning: Definitions) -> set[Expr]:
    """The sizes of axes over which quotients by a sum over the same axes are summed."""
    found: set[Expr] = set()
    for total in expr.atoms(Sum):
        for factor in sp.Mul.make_args(total.body):
            below = factor.is_Pow and factor.exp.is_negative
            if below and not factor.free_symbols & {*total.indices}:
                found |= empties(factor.base, meaning) & {i.size for i in total.indices}
    return found


def empties(expr: Expr, meaning: Definitions) -> set[Expr]:
    """The sizes of which each, where it is 0, makes the expression 0."""
    if isinstance(expr, Sum):
        return {i.size for i in expr.indices} | empties(expr.body, meaning)
    if expr.is_Mul:
        return set().union(*(empties(a, meaning) for a in expr.args))
    if expr.is_Add:
        return set.intersection(*(empties(a, meaning) for a in expr.args))
    if expr.is_Pow and expr.exp.is_positive:
        return empties(expr.base, meaning)
    if is_entry(expr) and entry_name(expr) in meaning:
        return empties(meaning[entry_name(expr)][1], meaning)
    return set()
