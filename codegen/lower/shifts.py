"""Places that are sums of axes: windows of an array, and what is added up where they overlap.

Where m = 2i + a, Σ_m [m = 2i + a] x[m] is a window of x, with the axes i and a in place of m. With
m free, Σ_{i,a} [m = 2i + a] u[i, a] adds the windows u up into one axis. That of the axes that is
a sum of the others is the one on which the windows lie.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.arrays import elementwise, floating, real, size, spread
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.contractions import reduce
from pullback.codegen.lower.entries import entry_of, tensor_at
from pullback.codegen.lower.places import axis
from pullback.codegen.program.operations import Fold, Window
from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Where
from pullback.derive.index.meetings import Laid, extent, is_meeting, is_size_power, place_of, solved
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    free_indices,
    is_entry,
    ordered,
)
from pullback.derive.laws.algebra import sum_over_delta
from pullback.derive.layer import Layer


def is_bound_place(factor: Expr, indices: Collection[Index]) -> bool:
    """Does it say where windows lie, on one of these axes?"""
    place = place_of(factor, indices) if is_meeting(factor) else None
    return place is not None and place.on in indices


class Label(sp.Function):
    """A place that is worked out, as a label: on an axis of some size the nearest one to it."""

    nargs = (1, 2)

    def _eval_is_integer(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


def label(here: Context, expr: Expr) -> Term:
    """A place as integers."""
    place, *sizes = expr.args
    term = whole_sum(here, place)
    if not sizes:
        return term
    (size,) = sizes
    for function, bound in (("whole_maximum", sp.S.Zero), ("whole_minimum", size - 1)):
        term = elementwise(here, function, [term, here.lower(bound)])
    return term


def with_labels(layer: Layer, body: Expr, indices: Sequence[Index]) -> Expr:
    """The product, where places are labels: [m = y + a] is δ(m, l), l being y + a as far as that
    lies on m's axis, where it does."""
    deltas, rest, inside = [], [], []
    for factor in sp.Mul.make_args(body):
        on = alone(factor, indices) if is_meeting(factor) else None
        if on is None:
            rest.append(factor)
            continue
        place = solved(factor, on)
        if is_inside(layer, place, on.size):
            deltas.append(KroneckerDelta(on, Label(place)))
        else:
            deltas.append(KroneckerDelta(on, Label(place, on.size)))
            inside += [sp.Ge(place, 0), sp.Le(place, on.size - 1)]
    found = sp.Mul(*rest)
    for condition in inside:  # what is outside is not read, be it no number
        found = Where(condition, found, sp.S.Zero)
    return sp.Mul(*deltas, found)


def is_inside(layer: Layer, place: Expr, size: Expr) -> bool:
    """Is it certain that a place lies on an axis of that size? So it is where an entry is read that
    must not leave its axis."""
    parts = [f for term in sp.Add.make_args(place) for f in sp.Mul.make_args(term)]
    if any(map(is_entry, parts)):  # a label, which may be any
        return False
    low, high = extent(place)
    known = (r for r in layer.reaches if r.size == size)
    return bool(low.is_nonnegative) and any(
        bool(sp.expand(reach.high - high).is_nonnegative) for reach in known
    )


def alone(meeting: Expr, indices: Sequence[Index]) -> Index | None:
    """An axis that stands by itself in a meeting and in none of its labels, a bound one first."""
    form = meeting.args[0].lhs
    terms = [t for t in sp.Add.make_args(form) if isinstance(abs_of(t), Index)]
    found = [cast(Index, abs_of(t)) for t in terms if not (form - t).has(abs_of(t))]
    return min(found, key=lambda i: (i not in indices, str(i)), default=None)


def abs_of(term: Expr) -> Expr:
    """A term without its sign."""
    return -term if term.could_extract_minus_sign() else term


def at_labels(here: Context, body: Expr, indices: Sequence[Index]) -> Term | None:
    """A sum in which places hang on labels, as entries there, or as what is added up there."""
    found = with_labels(here.work.layer, body, indices)
    return None if found == body else here.lower(sum_over_delta(Sum(found, *indices)))


def window(here: Context, body: Expr, indices: Sequence[Index]) -> Term | None:
    """Σ_m [m = 2i + a] x[m]: a window of x, where the sum is over such places alone."""
    factors = sp.Mul.make_args(body)
    meetings = [f for f in factors if is_bound_place(f, indices)]
    places = [cast(Laid, place_of(f, indices)) for f in ordered(meetings)]
    rest = sp.Mul(*(f for f in factors if f not in meetings))
    on = [p.on for p in places]
    if not places or len({*on}) != len(on) or {*on} != {*indices}:
        return None
    inside = {*free_indices(rest)}
    ties = [i for p in places for i, _ in p.steps]
    if (
        inside & {*ties}
        or len({*ties}) != len(ties)
        or any(is_meeting(f) for f in factors if f not in meetings)
    ):
        return None
    if is_entry(rest) and not rest.is_integer:
        found = window_at_labels(here, rest, places)
        if found is not None:
            return found
    term = real(here, here.lower(rest)) if rest != 1 else here.lower(sp.S.One)
    term = floating(here, term)
    missing = tuple(i for i in on if i not in term.indices)
    if missing:
        term = spread(here, term, (*cast("tuple[Index, ...]", term.indices), *missing))
    for place in places:
        term = laid(here, term, place)
    return term


def laid(here: Context, term: Term, place: Laid) -> Term:
    """The windows of a value on one of its axes."""
    at = term.indices.index(place.on)
    new = tuple(i for i, _ in place.steps)
    op = Window(
        term.value,
        at,
        here.lower(place.start).value,
        tuple(here.lower(step).value for _, step in place.steps),
        tuple(size(here, i.size).value for i in new),
    )
    return Term(here.builder.add(op), (*term.indices[:at], *new, *term.indices[at + 1 :]))


def window_at_labels(here: Context, expr: Expr, places: Sequence[Laid]) -> Term | None:
    """Windows of an entry with labels: they are laid before entries are picked, which are as many
    for each place of the axis that they lie on."""
    term = tensor_at(here, expr)
    if all(isinstance(i, Index) for i in term.indices):
        return None
    for on in (place.on for place in places):
        if [i for i in term.indices if i.has(on)] != [on]:
            return None
    for place in places:
        term = laid(here, term, place)
    return entry_of(here, term, term.indices)


def nested(here: Context, body: Expr, indices: Sequence[Index]) -> Term | None:
    """A sum in which what stands at places that are summed over is a sum of its own."""
    factors = list(sp.Mul.make_args(body))
    found = [cast(Laid, place_of(f, indices)).on for f in factors if is_bound_place(f, indices)]
    on = [*dict.fromkeys(found)]
    others = tuple(i for i in indices if i not in on)
    if not on or not others:
        return None
    inner = [f for f in factors if f.free_symbols & {*on}]
    rest = sp.Mul(*(f for f in factors if f not in inner))
    windows = Sum(sp.Mul(*inner), *on)
    if rest == 1:  # else the two sums would be one again
        return reduce(here, here.lower(windows), others)
    return here.lower(Sum(rest * windows, *others))


def flattened(body: Expr, indices: Sequence[Index]) -> tuple[Expr, tuple[Index, ...]]:
    """A sum of a product, with the sums among its factors that say where windows of it lie."""
    found: list[Expr] = []
    bound = tuple(indices)
    for factor in sp.Mul.make_args(body):
        if isinstance(factor, Sum):
            inner, more = factor.open_anew()
            inner, more = flattened(inner, more)
            laid = [f for f in sp.Mul.make_args(inner) if is_meeting(f)]
            if laid and not any(is_bound_place(f, more) for f in laid):
                found.append(inner)
                bound += more
                continue
        found.append(factor)
    return sp.Mul(*found), bound


def fold(here: Context, body: Expr, bound: Sequence[Index]) -> Term | None:
    """Σ_{i,a} [m = 2i + a] u[i, a]: windows added up where they lie on m."""
    factors = sp.Mul.make_args(body)
    for meeting in ordered(filter(is_meeting, factors)):
        place = place_of(meeting, [i for i in free_indices(meeting) if i not in bound])
        if place is None or place.on in bound:
            continue
        rest = [f for f in factors if f != meeting]
        steps = dict(place.steps)
        if any(i not in bound for i in steps) or any(place.on in f.free_symbols for f in rest):
            continue
        beside = [i for i in bound if i not in steps]
        shown = {i.size for node in here.work.layer.nodes for i in node.indices}
        run = sorted(steps, key=lambda i: (i.size in shown, str(i)))  # what runs far comes last
        inner = replace(here, scope=(*(i for i in here.scope if i != place.on), *run))
        term = floating(here, real(here, inner.lower(Sum(sp.Mul(*rest), *beside))))
        missing = tuple(i for i in steps if i not in term.indices)
        if missing:
            term = spread(here, term, (*cast("tuple[Index, ...]", term.indices), *missing))
        axes = tuple(term.indices.index(i) for i in steps)
        op = Fold(
            term.value,
            axes,
            here.lower(place.start).value,
            tuple(here.lower(step).value for step in steps.values()),
            size(here, place.on.size).value,
        )
        left = [*(i for i in term.indices if i not in steps)]
        left.insert(sum(1 for i in term.indices[: axes[0]] if i not in steps), place.on)
        return Term(here.builder.add(op), tuple(left))
    return None


def is_of_places(condition: Any) -> bool:
    """Does it compare whole expressions of axes and labels?"""
    whole = all(bool(side.is_integer) for side in condition.args)
    return whole and any(side.is_Add or side.is_Mul for side in condition.args)


def compared(here: Context, condition: Any, function: str) -> Term:
    """[m = 2i + a] or [t − u ≤ 3] as it stands, a mask over all of its axes."""
    terms = sp.Add.make_args(sp.expand(condition.lhs - condition.rhs))
    minus = [-t for t in terms if t.could_extract_minus_sign()]
    plus = [t for t in terms if -t not in minus]
    sides = [whole_sum(here, sp.Add(*side)) for side in (plus, minus)]
    return elementwise(here, function, sides)


def whole_sum(here: Context, expr: Expr) -> Term:
    """A place in whole numbers."""
    total: Term | None = None
    for term in ordered(sp.Add.make_args(expr)):
        found = whole(here, term)
        total = found if total is None else elementwise(here, "whole_add", [total, found])
    assert total is not None
    return total


def whole(here: Context, term: Expr) -> Term:
    """One term of a place, in whole numbers."""
    factors = list(sp.Mul.make_args(term))
    numbers = [f for f in factors if f.is_Number or is_size_power(f)]
    (factor,) = [f for f in factors if f not in numbers] or [None]
    if factor is None:
        return here.lower(term)
    place = axis(here, factor) if isinstance(factor, Index) else here.lower(factor)
    if not numbers:
        return place
    return elementwise(here, "whole_multiply", [here.lower(sp.Mul(*numbers)), place])
