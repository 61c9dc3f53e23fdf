"""What is certainly finite, and certainly not 0, wherever the forward pass is finite.

What a finite forward pass says is not all that a slope may need: the slope of √s divides by √s, and
s may be 0. What is positive may vanish all the same: exp(−1000) is 0 in floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import InitVar, dataclass, field
from functools import wraps
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.calculus.conditions import (
    NOWHERE,
    Conditions,
    cases,
    excludes_zero,
    holds_above,
    is_among,
    is_bounded,
    is_mask,
    sizes,
)
from pullback.derive.calculus.facts import ENDING, GROWING, Fact, facts_of, logarithm_of, speaks_of
from pullback.derive.calculus.meaning import Meaning
from pullback.derive.calculus.places import place_in
from pullback.derive.calculus.quotients import covered
from pullback.derive.index.binders import Binder, Largest, Sum
from pullback.derive.index.functions import Erfc, Sigmoid, log1p
from pullback.derive.index.kinks import Bracket, Maximum, Where, indicator
from pullback.derive.index.objects import Index, KroneckerDelta, entry_name, is_entry, is_size
from pullback.derive.index.ranges import EVERYWHERE, Range, range_of
from pullback.derive.index.rewriting import substitute
from pullback.derive.index.special import BESSEL
from pullback.derive.laws.exponential_sums import is_exponential_sum, shift_of
from pullback.derive.laws.exponential_terms import NOTHING, unmasked
from pullback.derive.layer import Definitions, Layer

BOUNDED: tuple[type, ...] = (Sigmoid, sp.tanh, sp.erf, Erfc, sp.sin, sp.cos, sp.sign)
BOUNDED += (KroneckerDelta, Bracket, *BESSEL)
VANISHING = (sp.exp, Sigmoid, Erfc)  # positive, and 0 in floats where it is too small for them
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

    `definitions` say what names stand for, in the forms that are computed. Inputs, tangents of
    inputs and the output's cotangent are finite, and so are the nodes.
    """

    layer: Layer
    definitions: InitVar[Definitions]
    meaning: Meaning = field(init=False)
    facts: tuple[Fact, ...] = field(init=False)
    memory: dict[tuple[str, Expr, Conditions], bool] = field(default_factory=dict)

    def __post_init__(self, definitions: Definitions) -> None:
        """Collect what the forward pass says."""
        self.meaning = Meaning(self.layer, definitions)
        self.facts = facts_of(self.meaning)

    def says(self, kind: str, expr: Expr, conditions: Conditions) -> bool:
        """Does a fact speak of this expression, at its places or at all?"""
        return any(f.kind == kind and speaks_of(f, expr, conditions) for f in self.facts)

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
        if expr.is_Pow or isinstance(expr, ENDING):
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
        if self.meaning.is_node(expr):
            return True
        indices, meaning = self.meaning.definitions[entry_name(expr)]
        if self.finite(meaning, sizes(indices)):
            return True
        return bool(conditions) and self.finite(
            cast(Expr, self.meaning.look_through(expr)), conditions
        )

    def product_is_finite(self, expr: Expr, conditions: Conditions) -> bool:
        """Are all factors finite, where masks let them through?"""
        conditions = conditions | {f for f in expr.args if is_mask(f)}
        return all(self.finite(f, conditions) for f in self.covered(expr.args, conditions))

    @remembered
    def not_zero(self, expr: Expr, conditions: Conditions) -> bool:
        """Is it certainly not 0 where the forward pass is finite, and these conditions hold?"""
        if self.declared(expr).not_zero:
            return True
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
        meaning = self.meaning.look_through(expr)
        return meaning is not None and self.not_zero(meaning, conditions)

    def positive(self, expr: Expr, conditions: Conditions = NOWHERE) -> bool:
        """Is it certainly positive, and in floats too?"""
        if self.declared(expr).positive:
            return True
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
        meaning = self.meaning.look_through(expr)
        if meaning is not None and self.positive(meaning, conditions):
            return True
        return bool(expr.is_positive) and not expr.has(*VANISHING)

    def declared(self, expr: Expr) -> Range:
        """Where an entry, or a number less or more than one, is declared to lie."""
        terms = [t for t in sp.Add.make_args(expr) if not t.is_Rational]
        plain = len(terms) == 1 and is_entry(terms[0].as_coeff_Mul()[1])
        return range_of(expr, self.layer.ranges) if plain and self.layer.domain else EVERYWHERE

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
        if self.declared(expr).not_negative:
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
        meaning = self.meaning.look_through(expr)
        return meaning is not None and self.not_negative(meaning, conditions)

    def covered(
        self, factors: Iterable[Expr], conditions: Conditions = NOWHERE
    ) -> tuple[Expr, ...]:
        """The factors, with ∞ for a denominator where it and with it a numerator is 0."""
        return covered(factors, conditions, self.not_zero, self.meaning)
