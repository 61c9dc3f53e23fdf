"""One step of a recurrence, in index notation: what it hangs on, and what it is given.

A step has the axis of time left out: a slice of what was worked out before the loop, for all places
at once, what is the same at each place, and what the step made before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.codegen.lower.arrays import floating, is_constant
from pullback.codegen.lower.context import Work
from pullback.codegen.lower.growth import outgrows
from pullback.codegen.lower.tensors import reading
from pullback.codegen.program.operations import Sliced
from pullback.derive.errors import MissingLaw
from pullback.derive.index.binders import Binder, Sum
from pullback.derive.index.kinks import Bracket, Where
from pullback.derive.index.meetings import is_meeting, solved
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entries,
    entry,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    is_size,
    own_name,
)
from pullback.derive.layer import Recurrence


@dataclass
class Steps:
    """What one step of a recurrence is, and what it is given."""

    work: Work
    loop: Recurrence
    inputs: dict[str, tuple[tuple[Index, ...], str]] = field(default_factory=dict)  # axes, kinds
    unsure: set[str] = field(default_factory=set)  # of these, what may not be finite
    whole: dict[str, int] = field(default_factory=dict)
    sliced: list[Sliced] = field(default_factory=list)
    carried: dict[tuple[str, int], str] = field(default_factory=dict)
    lifted: dict[tuple[Expr, int | None], Expr] = field(default_factory=dict)
    defining: str = ""

    # -- one step, index by index ------------------------------------------------------------------

    def form(self, name: str) -> tuple[tuple[Index, ...], Expr]:
        """A tensor of the recurrence at one place: its other axes, and what it is there."""
        indices, expr = self.work.known.meaning[name]
        time = indices[self.loop.positions[name]]
        self.defining = name
        return tuple(i for i in indices if i != time), self.at(expr, {time: 0})

    def hangs(self, expr: Expr) -> bool:
        """Does it hang on a state?"""
        return any(own_name(entry_name(e)) in self.loop.positions for e in entries(expr))

    def at(self, expr: Expr, times: Mapping[Index, int]) -> Expr:
        """An expression at one place; `times` are the indices that stand for it, each so many
        places on."""
        if not self.hangs(expr):
            return self.without_state(expr, times)
        if is_entry(expr):
            return self.state(expr, times)
        if isinstance(expr, Sum):
            return self.total(expr, times)
        if expr.is_Add or expr.is_Mul:
            return self.run(expr, times)
        if isinstance(expr, Binder):
            body, indices = expr.open()
            return cast(Expr, type(expr)(self.at(body, times), *indices))
        return cast(Expr, expr.func(*(self.at(a, times) for a in expr.args)))

    def run(self, expr: Expr, times: Mapping[Index, int]) -> Expr:
        """A sum or a product: what hangs on no state is taken together where that makes no larger
        array than there is in it."""
        free = [a for a in expr.args if not self.hangs(a)]
        found = [self.at(a, times) for a in expr.args if self.hangs(a)]
        groups: list[list[Expr]] = []
        for part in sorted(free, key=lambda a: (-len(free_indices(a)), sp.default_sort_key(a))):
            own = {*free_indices(part)}
            fits = (g for g in groups if own <= {*free_indices(g[0])})
            group = None if self.stays(part) else next(fits, None)
            if group is None:
                groups.append([part])
            else:
                group.append(part)
        found += [self.without_state(expr.func(*group), times) for group in groups]
        return cast(Expr, expr.func(*found))

    def stays(self, expr: Expr) -> bool:
        """Is it better read where it stands: a number, a delta, a mask?"""
        return not entries(expr) or self.apart(expr)

    def total(self, expr: Sum, times: Mapping[Index, int]) -> Expr:
        """A sum; an index that is a place so many on from this one is no longer one."""
        body, indices = expr.open()
        factors = [part for f in sp.Mul.make_args(body) for part in chosen(f)]
        known, left = dict(times), [*indices]
        pins: list[Expr] = []
        for factor in factors:
            found = pinned(factor, left, times) if is_meeting(factor) else None
            if found is not None:
                index, shift = found
                known[index] = shift
                left.remove(index)
                pins.append(factor)
        rest = [f for f in factors if f not in pins]
        several = None if pins else next((f for f in rest if meets(f, left)), None)
        if several is not None:
            others = sp.Mul(*(f for f in rest if f is not several))
            terms = (self.at(Sum(a * others, *indices), times) for a in several.args)
            return cast(Expr, sp.Add(*terms))
        inner = self.at(sp.Mul(*rest), known)
        if pins and not self.vanishes(rest, inner, known, times):
            guards = (
                self.lift(Sum(pin, *(i for i in indices if i in known)), times) for pin in pins
            )
            for guard in guards:
                inner = Where(sp.StrictGreaterThan(guard, 0), inner, sp.S.Zero)
        return cast(Expr, Sum(inner, *left))

    def vanishes(
        self,
        factors: Sequence[Expr],
        inner: Expr,
        known: Mapping[Index, int],
        times: Mapping[Index, int],
    ) -> bool:
        """Is a product 0 where its places are outside, as states and slices are 0 there?"""
        new = {i for i in known if i not in times}
        plain = any(
            is_entry(base) and {*free_indices(base)} & new
            for f in factors
            for base in [f.base if f.is_Pow and f.exp.is_positive else f]
        )
        below = any(
            p.exp.is_negative or not p.exp.is_Integer
            for p in inner.atoms(sp.Pow)
            if entries(p.base) and p.exp.is_number
        )
        return plain and not below and not inner.has(sp.log)

    def state(self, expr: Expr, times: Mapping[Index, int]) -> Expr:
        """An entry of a state: as the step made it before, or as it is made here."""
        name = entry_name(expr)
        own = own_name(name)
        indices = [*entry_indices(expr)]
        time = indices.pop(self.loop.positions[own])
        shift = times.get(cast(Index, time))
        lag = None if shift is None else shift if self.loop.back else -shift
        if lag is None or (lag == 0) != (name == own) or lag < 0:
            self.refuse(expr)
        places = [self.label(i, times) for i in indices]
        if name == own:
            return entry(own, places)
        assert lag is not None
        known = self.carried.get((own, lag))
        if known is None:
            known = self.free_name(own + ("_after" if self.loop.back else "_before"), lag)
            self.carried[own, lag] = known
            at = self.loop.positions[own]
            axes, _ = self.work.known.meaning[own]
            self.inputs[known] = tuple(i for p, i in enumerate(axes) if p != at), "real"
        return entry(known, places)

    def label(self, index: Expr, times: Mapping[Index, int]) -> Expr:
        """An index of a state: an axis, or a label at this place."""
        if isinstance(index, Index) or not entries(index):
            if index in times:
                self.refuse(index)
            return index
        return self.without_state(index, times) if is_entry(index) else self.refuse(index)

    def refuse(self, expr: Expr) -> Any:
        """Say what cannot be put into a loop."""
        raise MissingLaw(
            f"{self.work.layer.name}: in the value of {self.defining}: no step of a recurrence "
            f"for {expr}"
        )

    # -- what hangs on no state --------------------------------------------------------------------

    def without_state(self, expr: Expr, times: Mapping[Index, int]) -> Expr:
        """What hangs on no state: read as it is where no array comes of it, else worked out before
        the loop."""
        here = [i for i in free_indices(expr) if i in times]
        several = len({times[i] for i in here}) > 1
        if several and is_entry(expr):
            self.refuse(expr)
        # what outgrows its parts would be as large as that, times the axis
        if several or (here and outgrows(expr)):
            if isinstance(expr, Binder):
                body, indices = expr.open()
                return cast(Expr, expr.func(self.without_state(body, times), *indices))
            return cast(Expr, expr.func(*(self.without_state(a, times) for a in expr.args)))
        if is_constant(expr) or is_size(expr) or (not here and not entries(expr)):
            return expr
        if isinstance(expr, KroneckerDelta) and not here:
            return expr
        if isinstance(expr, KroneckerDelta) and not any(i in times for i in expr.args):
            return cast(Expr, expr.func(*(self.label(i, times) for i in expr.args)))
        if expr.is_Add or expr.is_Mul:
            parts = [a for a in expr.args if self.apart(a)]
            if parts:
                rest = expr.func(*(a for a in expr.args if a not in parts))
                found = [self.without_state(a, times) for a in (*parts, rest)]
                return cast(Expr, expr.func(*found))
        if isinstance(expr, Bracket):  # it chooses before it multiplies
            return Bracket(self.condition(expr, times))
        if isinstance(expr, Relational):  # of `where`, or of a case of its slope
            return cast(Expr, self.condition(Bracket(expr), times))
        return self.lift(expr, times)

    def condition(self, bracket: Bracket, times: Mapping[Index, int]) -> Relational:
        """Whether a bracket is 1, as it is worked out before the loop."""
        return sp.StrictGreaterThan(self.lift(bracket, times), 0)

    def apart(self, expr: Expr) -> bool:
        """Is it a factor that chooses, and is read as such?"""
        return isinstance(expr, KroneckerDelta | Bracket)

    def lift(self, expr: Expr, times: Mapping[Index, int]) -> Expr:
        """An entry of what is worked out before the loop, for all places at once."""
        here = [i for i in free_indices(expr) if i in times]
        shift = times[here[0]] if here else None
        axes = tuple(i for i in free_indices(expr) if i not in times)
        key = expr, shift
        if key in self.lifted:
            return self.lifted[key]
        time = here[0] if here else None
        if len(here) > 1:  # several names of one place
            expr = expr.xreplace(dict.fromkeys(here[1:], time))
        integer = bool(expr.is_integer) and is_entry(expr)
        first, _ = self.work.known.meaning[self.defining]
        axes = tuple(sorted(axes, key=lambda i: first.index(i) if i in first else len(first)))
        scope = (*([time] if time else []), *axes)
        context = reading(self.work, self.defining, scope)
        term = context.lower(expr)
        if not integer:
            term = floating(context, term)
        over = tuple(i for i in cast("tuple[Index, ...]", term.indices) if i != time)
        if integer or is_entry(expr):
            name = self.free_name(own_name(entry_name(expr)) + ("_t" if time else ""), 1)
        else:
            name = self.free_name("lifted", 1)
        if time is not None and time in term.indices:
            assert shift is not None
            axis = term.indices.index(time)
            self.sliced.append(Sliced(name, term.value, axis, shift))
        else:
            self.whole[name] = term.value
        self.inputs[name] = over, self.work.builder.values[term.value].kind
        if not integer and not context.is_finite(expr):
            self.unsure.add(name)
        found = entry(name, over, integer)
        self.lifted[key] = found
        return found

    def free_name(self, stem: str, number: int) -> str:
        """A name for an input of the step."""
        taken = {*self.inputs, *self.work.known.meaning, *self.work.layer.tensors}
        first = stem if number == 1 else f"{stem}_{number}"
        names = chain([first], (f"{stem}_{n}" for n in count(2)))
        if not stem.endswith(("_t", "_before", "_after")) and stem != "lifted":
            taken -= {stem}  # a tensor that is the same at each place keeps its name
        return next(name for name in names if name not in {*self.inputs} | taken)


def chosen(factor: Expr) -> tuple[Expr, ...]:
    """`where(m == t - 1, a, 0)` as [m = t − 1] a; such a bracket is taken out of a case, too."""
    if not isinstance(factor, Where) or 0 not in factor.args[1:]:
        return (factor,)
    condition, *both = factor.args
    if both[1] == 0 and is_meeting(Bracket(condition)):
        return (Bracket(condition), *sp.Mul.make_args(both[0]))
    inner = sp.Mul.make_args(both[0] if both[1] == 0 else both[1])
    meetings = [f for f in inner if is_meeting(f)]
    rest = sp.Mul(*(f for f in inner if f not in meetings))
    if not meetings:
        return (factor,)
    return (*meetings, Where(condition, *((rest, 0) if both[1] == 0 else (0, rest))))


def meets(factor: Expr, indices: Sequence[Index]) -> bool:
    """Is it a sum in which places meet: x [m = t + 1] + y [m = t + 2]?"""
    parts = (f for a in factor.args for f in sp.Mul.make_args(a)) if factor.is_Add else ()
    return any(is_meeting(f) and f.free_symbols & {*indices} for f in parts)


def pinned(
    meeting: Expr, indices: Collection[Index], times: Mapping[Index, int]
) -> tuple[Index, int] | None:
    """The bound index that is a place so many on from a known one: m in [m = t − 1]."""
    form = cast(Any, meeting).args[0].lhs
    for index in sorted((i for i in free_indices(form) if i in indices), key=str):
        sign = form.coeff(index, 1)
        place = solved(meeting, index) if sign in (1, -1) else None
        for time, shift in times.items():
            if place is not None and (place - time).is_Integer:
                return index, shift + int(place - time)
    return None
