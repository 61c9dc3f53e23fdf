"""What is certainly finite, and certainly not 0, wherever the forward pass is finite.

A forward pass that divides by s, or takes its log, says that s is not 0, where it does so at all:
under a mask or in a case of `where` it says so of the places where the condition holds, and in a
sum over an axis only where that has entries. A slope may divide by more than that: the slope of √s
divides by √s, and s may be 0. What is positive may vanish all the same: exp(−1000) is 0 in floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from itertools import product
from typing import cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from pullback.derive.index.binders import ArgLargest, Binder, Largest, Sum
from pullback.derive.index.functions import Erfc, Sigmoid, expm1, log1p
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where, indicator
from pullback.derive.index.objects import (
    Index,
    entries,
    entry_indices,
    entry_name,
    free_entries,
    free_indices,
    fresh_index,
    is_entry,
    is_size,
)
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.exponential_sums import NOTHING, is_exponential_sum, shift_of, unmasked
from pullback.derive.laws.law import Equality
from pullback.derive.laws.matching import base_and_power, matches, unify
from pullback.derive.layer import Layer

Definitions = Mapping[str, tuple[tuple[Index, ...], Expr]]
Conditions = frozenset[Expr]  # indicators that are 1, and sizes of axes that have entries
NOWHERE: Conditions = frozenset()
BOUNDED = (Sigmoid, sp.tanh, sp.erf, Erfc, sp.sin, sp.cos, sp.sign, KroneckerDelta, Bracket)
GROWING = (sp.exp, expm1)
VANISHING = (sp.exp, Sigmoid, Erfc)  # positive, and 0 in floats where it is too small for them
ODD = (sp.Abs, sp.tanh, sp.erf, sp.sin, expm1, log1p, sp.sign)  # 0 where their argument is 0


@dataclass(frozen=True)
class Fact:
    """What a finite forward pass says of an expression where conditions hold."""

    kind: str  # "finite", "not 0" or "not negative"
    expr: Expr
    conditions: Conditions


Decision = Callable[["Finite", Expr, Conditions], bool]


def remembered(decide: Decision) -> Callable[..., bool]:
    """A decision that is taken once: long expressions have parts in common."""

    @wraps(decide)
    def once(self: Finite, expr: Expr, conditions: Conditions = NOWHERE) -> bool:
        key = decide.__name__, expr, conditions
        if key not in self.memory:
            self.memory[key] = decide(self, expr, conditions)
        return self.memory[key]

    return once


@dataclass
class Finite:
    """Decides about expressions of a layer: its values, and what cotangents and tangents come to.

    `meaning` says what names stand for, in the forms that are computed. Inputs, tangents of
    inputs and the output's cotangent are finite, and so are the nodes.
    """

    layer: Layer
    meaning: Definitions
    facts: tuple[Fact, ...] = ()
    memory: dict[tuple[str, Expr, Conditions], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Collect what the forward pass says."""
        facts: dict[Fact, None] = {}
        for node in self.layer.nodes:
            if not node.notation:
                indices, meaning = self.meaning[node.name]
                anywhere = substitute(meaning, {i: fresh_index(i.size) for i in indices})
                facts |= dict.fromkeys(self.said(anywhere, sizes(indices)))
        self.facts = tuple(facts)

    def look_through(self, expr: Expr) -> Expr | None:
        """What the name of an entry stands for; None where it is an input."""
        if not is_entry(expr) or entry_name(expr) not in self.meaning:
            return None
        indices, meaning = self.meaning[entry_name(expr)]
        return substitute(meaning, dict(zip(indices, entry_indices(expr), strict=True)))

    def is_node(self, expr: Expr) -> bool:
        """Is it an entry that is finite by assumption: of an input or of a node?"""
        names = {n.name for n in self.layer.nodes if not n.notation}
        return entry_name(expr) in names or entry_name(expr) not in self.meaning

    # -- what the forward pass says --------------------------------------------------------------

    def said(self, expr: Expr, conditions: Conditions) -> Iterator[Fact]:
        """The facts that follow where an expression is finite."""
        if isinstance(expr, Where):
            for condition, case in cases(expr):
                yield from self.said(case, conditions | {condition})
        elif expr.is_Mul:
            conditions = conditions | {f for f in expr.args if is_mask(f)}
            for factor in expr.args:
                yield from self.said(factor, conditions)
        elif isinstance(expr, Sum):
            body, indices = expr.open()
            yield from self.said(body, conditions | sizes(indices))
        elif expr.is_Add or isinstance(expr, sp.Abs | sp.log | log1p):
            if isinstance(expr, sp.log | log1p):
                yield Fact("not negative", logarithm_of(expr), conditions)
                yield from self.not_zero_says(logarithm_of(expr), conditions)
            for arg in expr.args:
                yield from self.said(arg, conditions)
        elif expr.is_Pow and expr.exp.is_number:
            if not expr.exp.is_Integer:
                yield Fact("not negative", expr.base, conditions)
            if expr.exp.is_negative:
                yield from self.not_zero_says(expr.base, conditions)
            else:
                yield from self.said(expr.base, conditions)
        elif expr.is_Pow or isinstance(expr, GROWING):
            yield Fact("finite", expr, conditions)
        elif is_entry(expr) and not self.is_node(expr):
            yield from self.said(cast(Expr, self.look_through(expr)), conditions)

    def not_zero_says(self, expr: Expr, conditions: Conditions) -> Iterator[Fact]:
        """That a product is not 0 says it of each factor, and of what names stand for."""
        for factor in sp.Mul.make_args(expr):
            base, _ = base_and_power(factor)
            if not base.is_number:
                yield Fact("not 0", base, conditions)
            inner = base.args[0] if isinstance(base, sp.Abs) else self.look_through(base)
            if inner is not None:
                yield from self.not_zero_says(cast(Expr, inner), conditions)

    def says(self, kind: str, expr: Expr, conditions: Conditions) -> bool:
        """Does a fact speak of this expression, at its places or at all?"""
        return any(f.kind == kind and speaks_of(f, expr, conditions) for f in self.facts)

    # -- decisions --------------------------------------------------------------------------------

    @remembered
    def finite(self, expr: Expr, conditions: Conditions) -> bool:
        """Is it certainly finite where the forward pass is, and these conditions hold?"""
        if expr.is_number:
            return bool(expr.is_finite)
        if is_size(expr) or isinstance(expr, (Index, *BOUNDED)):
            return True
        if is_entry(expr):
            return self.entry_is_finite(expr, conditions)
        if isinstance(expr, Where):
            return all(self.finite(case, conditions | {c}) for c, case in cases(expr))
        if expr.is_Mul:
            return self.product_is_finite(expr, conditions)
        if expr.is_Pow and expr.exp.is_number:
            if not (expr.exp.is_Integer or self.not_negative(expr.base, conditions)):
                return False
            if expr.exp.is_negative:
                return self.not_zero(expr.base, conditions)
            return self.finite(expr.base, conditions)
        if isinstance(expr, GROWING):
            if self.grows_at_most(expr.args[0], conditions):
                return True
            return self.says("finite", expr, conditions)
        if expr.is_Pow:
            return self.says("finite", expr, conditions)
        if isinstance(expr, sp.log | log1p):
            inner = logarithm_of(expr)
            if not (self.not_zero(inner, conditions) and self.not_negative(inner, conditions)):
                return False
        if isinstance(expr, Binder):
            body, indices = expr.open()
            return self.finite(body, conditions | sizes(indices))
        return all(self.finite(a, conditions) for a in expr.args)

    def grows_at_most(self, exponent: Expr, conditions: Conditions) -> bool:
        """Is an exponent, −∞ included, at most a number?"""
        if exponent == NOTHING:
            return True
        if isinstance(exponent, Where):
            return all(self.grows_at_most(case, conditions | {c}) for c, case in cases(exponent))
        if any(self.is_below(exponent, -t, conditions) for t in sp.Add.make_args(exponent)):
            return True
        return is_bounded(exponent, conditions) and self.finite(exponent, conditions)

    def is_below(self, exponent: Expr, top: Expr, conditions: Conditions) -> bool:
        """Is an exponent less its maximum: a_k − max_i a_i, with k among the places that count?"""
        if isinstance(top, Maximum):
            return exponent + top in top.args and all(self.finite(a, conditions) for a in top.args)
        if not isinstance(top, Largest):
            return False
        body, indices = top.open()
        value, counting = unmasked(body)
        counts = [indicator(c) for c in counting]
        if not self.finite(value, conditions.union(counts)):
            return False
        found = place_in(exponent + top, value, indices)
        return found is not None and all(is_among(substitute(c, found), conditions) for c in counts)

    def entry_is_finite(self, expr: Expr, conditions: Conditions) -> bool:
        """Is an entry: one of a node, or what its name stands for, as a rule everywhere?"""
        if self.is_node(expr):
            return True
        indices, meaning = self.meaning[entry_name(expr)]
        if self.finite(meaning, sizes(indices)):
            return True
        return bool(conditions) and self.finite(cast(Expr, self.look_through(expr)), conditions)

    def product_is_finite(self, expr: Expr, conditions: Conditions) -> bool:
        """Are all factors finite, where masks let them through?"""
        conditions = conditions | {f for f in expr.args if is_mask(f)}
        return all(self.finite(f, conditions) for f in self.covered(expr.args, conditions))

    @remembered
    def not_zero(self, expr: Expr, conditions: Conditions) -> bool:
        """Is it certainly not 0 where the forward pass is finite, and these conditions hold?"""
        if (expr.is_positive or expr.is_negative) and not expr.has(Sum, *VANISHING):
            return True
        if expr is sp.oo:
            return True
        if self.says("not 0", expr, conditions) or any(excludes_zero(c, expr) for c in conditions):
            return True
        if expr.is_Mul:
            return all(self.not_zero(f, conditions) for f in expr.args)
        if expr.is_Pow or isinstance(expr, sp.Abs):
            return self.not_zero(expr.args[0], conditions)
        if isinstance(expr, Maximum):
            return any(self.positive(a, conditions) for a in expr.args)
        if isinstance(expr, Where):
            return all(self.not_zero(case, conditions | {c}) for c, case in cases(expr))
        if expr.is_Add or isinstance(expr, Sum):
            return self.positive(expr, conditions)
        meaning = self.look_through(expr)
        return meaning is not None and self.not_zero(meaning, conditions)

    def positive(self, expr: Expr, conditions: Conditions = NOWHERE) -> bool:
        """Is it certainly positive, and in floats too?"""
        if expr.is_Add:
            some = any(self.positive(a, conditions) for a in expr.args)
            return some and all(self.not_negative(a, conditions) for a in expr.args)
        if expr.is_Mul:
            return all(self.positive(a, conditions) for a in expr.args)
        if isinstance(expr, Sum):
            return self.sum_is_positive(expr, conditions)
        if isinstance(expr, Maximum):
            return any(self.positive(a, conditions) for a in expr.args)
        if expr.is_Pow:
            return self.positive(expr.base, conditions)
        meaning = self.look_through(expr)
        if meaning is not None and self.positive(meaning, conditions):
            return True
        return bool(expr.is_positive) and not expr.has(*VANISHING)

    def sum_is_positive(self, expr: Binder, conditions: Conditions) -> bool:
        """Is a sum of something, or of exponentials one of which is 1, certainly positive?"""
        body, indices = expr.open()
        if conditions >= sizes(indices) and self.positive(body, conditions):
            return True
        top = shift_of(expr) if is_exponential_sum(expr) else None
        if top is None or (top.has(NOTHING) and indicator(top > NOTHING) not in conditions):
            return False
        return self.not_negative(body, conditions | sizes(indices))

    @remembered
    def not_negative(self, expr: Expr, conditions: Conditions) -> bool:
        """Is it certainly 0 or more where the forward pass is finite, and these conditions hold?"""
        if expr.is_nonnegative or isinstance(expr, sp.exp) or self.positive(expr, conditions):
            return True
        if self.says("not negative", expr, conditions):
            return True
        if any(holds_above(c, expr) for c in conditions):
            return True
        if expr.is_Mul or expr.is_Add:
            return all(self.not_negative(a, conditions) for a in expr.args)
        if isinstance(expr, Sum):
            return self.not_negative(expr.open()[0], conditions)
        if isinstance(expr, Maximum):
            return any(self.not_negative(a, conditions) for a in expr.args)
        if isinstance(expr, Where):
            return all(self.not_negative(case, conditions | {c}) for c, case in cases(expr))
        if expr.is_Pow and expr.exp.is_Rational:
            return bool(not expr.exp.is_Integer or expr.exp % 2 == 0)
        meaning = self.look_through(expr)
        return meaning is not None and self.not_negative(meaning, conditions)

    # -- quotients that are 0/0 -------------------------------------------------------------------

    def covered(
        self, factors: Iterable[Expr], conditions: Conditions = NOWHERE
    ) -> tuple[Expr, ...]:
        """The factors, with ∞ for a denominator where it and with it a numerator is 0.

        u/s is then 0 where both are: the declared slope of a norm at 0.
        """
        factors = tuple(factors)

        def cover(factor: Expr) -> Expr:
            base, power = base_and_power(factor)
            if not (power.is_Rational and power < 0) or self.not_zero(base, conditions):
                return factor
            parts = self.parts_of_root(base)
            others = (f for f in factors if f is not factor)
            if not parts or not any(self.vanishes(f, parts) for f in others):
                return factor
            root = base ** sp.Rational(1, power.q)
            return cast(Expr, Where(sp.Ne(root, 0), root, sp.oo) ** power.p)

        return tuple(map(cover, factors))

    def parts_of_root(self, expr: Expr) -> list[tuple[Expr, tuple[Index, ...]]]:
        """What must be 0 for an expression to be: the u_d, for all d, of √(Σ_d u_d²).

        Each with the indices that run over all places.
        """
        if expr.is_Pow and expr.exp.is_positive:
            even = expr.exp.is_Integer and expr.exp % 2 == 0
            return [(expr.base, ())] if even else self.parts_of_root(expr.base)
        if isinstance(expr, sp.Abs):
            return [(cast(Expr, expr.args[0]), ())]
        if isinstance(expr, Sum):
            body, indices = expr.open()
            return [(u, (*more, *indices)) for u, more in self.parts_of_root(body)]
        if expr.is_Add:
            return [part for term in expr.args for part in self.parts_of_root(term)]
        if expr.is_Mul:
            rest = [f for f in expr.args if not (f.is_positive and self.not_zero(f))]
            squares = [f for f in rest if f.is_Pow and f.exp.is_Integer and f.exp % 2 == 0]
            if rest and len(squares) == len(rest):
                return [(sp.Mul(*(f.base ** (f.exp / 2) for f in rest)), ())]
            return self.parts_of_root(rest[0]) if len(rest) == 1 else []
        meaning = self.look_through(expr)
        return self.parts_of_root(meaning) if meaning is not None else []

    def vanishes(self, expr: Expr, parts: list[tuple[Expr, tuple[Index, ...]]]) -> bool:
        """Is an expression 0 where all the parts are?"""
        if any(is_at(expr, u, indices) for u, indices in parts):
            return True
        if expr.is_Mul:
            return any(self.vanishes(f, parts) for f in expr.args)
        if expr.is_Add:
            return all(self.vanishes(a, parts) for a in expr.args)
        if isinstance(expr, Sum):
            return self.vanishes(expr.open()[0], parts)
        if isinstance(expr, Where):
            return all(self.vanishes(case, parts) for _, case in cases(expr))
        if isinstance(expr, ODD) or (expr.is_Pow and expr.exp.is_positive):
            return self.vanishes(cast(Expr, expr.args[0]), parts)
        meaning = self.look_through(expr)
        return meaning is not None and self.vanishes(meaning, parts)


def sizes(indices: Iterable[Index]) -> Conditions:
    """That these axes have entries."""
    return frozenset(i.size for i in indices)


def ordered(exprs: Iterable[Expr]) -> list[Expr]:
    """A fixed order."""
    return sorted(exprs, key=sp.default_sort_key)


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


def logarithm_of(expr: Expr) -> Expr:
    """The a of log(a), or of log1p(a − 1)."""
    return cast(Expr, expr.args[0] + (1 if isinstance(expr, log1p) else 0))


def speaks_of(fact: Fact, expr: Expr, conditions: Conditions) -> bool:
    """Is it the fact's expression, at some values of its indices, where its conditions hold?"""
    if type(fact.expr) is not type(expr):
        return False
    names = free_indices(fact.expr)
    more = {i for c in fact.conditions for i in free_indices(c)} - {*names}
    values = matches(Equality(pattern(names), fact.expr), expr) if names else iter([{}])
    for found in values:
        if substitute(fact.expr, found) == expr:
            places = sizes(free_indices(expr))  # it is read at some place of these axes
            wanted = [substitute(c, found) for c in ordered(fact.conditions - places)]
            if all_hold(wanted, tuple(more), conditions):
                return True
    return False


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


def pattern(names: tuple[Index, ...]) -> Expr:
    """An entry of no tensor, at these indices."""
    return cast(Expr, sp.IndexedBase("_")[names])


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


def alignments(expr: Expr, body: Expr, indices: tuple[Index, ...]) -> Iterator[dict[Index, Expr]]:
    """Values of these indices at which an entry of both, in a sum too, is the same one."""
    free = {*free_indices(expr)}
    for atom, own in product(ordered(entries(expr)), ordered(entries(body))):
        found = unify(own, atom, indices, {})
        within = found and free.issuperset(i for v in found.values() for i in free_indices(v))
        if found and within and len(found) == len(indices):
            yield found


def place_in(expr: Expr, body: Expr, indices: tuple[Index, ...]) -> dict[Index, Expr] | None:
    """The values of these indices at which the body is the expression."""
    found = alignments(expr, body, indices)
    return next((f for f in found if substitute(body, f) == expr), None)


def is_at(expr: Expr, body: Expr, indices: tuple[Index, ...]) -> bool:
    """Is it the body, or minus the body, at some values of these indices?"""
    if expr in (body, -body):
        return True
    found = (substitute(body, f) for f in alignments(expr, body, indices))
    return any(expr in (at, -at) for at in found)
