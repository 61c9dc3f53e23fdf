"""A term of a sum of exponentials, w exp(a): its weight, its exponent, and when it counts.

Where a term does not count its exponent is −∞.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Bracket, Where, indicator
from pullback.derive.index.objects import Index, KroneckerDelta

NOTHING = sp.S.NegativeInfinity  # the exponent of a term that does not count


@dataclass(frozen=True)
class Term:
    """Σ over the indices of weight · exp(shifted) · exp(exponent), where all conditions hold.

    `shifted` is what a quotient has been shifted by already, so that it is never above 0.
    """

    weight: Expr
    exponent: Expr
    conditions: tuple[Any, ...] = ()
    indices: tuple[Index, ...] = ()
    shifted: Expr = sp.S.Zero

    @property
    def whole(self) -> Term:
        """The term with all that an exponential of it may be small by, if there is another one."""
        if self.exponent == 0:
            return self
        return replace(self, exponent=self.exponent + self.shifted, shifted=sp.S.Zero)

    @property
    def counts(self) -> tuple[Any, ...]:
        """What must hold for the term not to be 0."""
        return tuple(dict.fromkeys((*self.conditions, *nonzero(self.weight))))

    def at(self, shift: Expr, conditions: Sequence[Any] | None = None) -> Expr:
        """The term with `shift` taken off its exponent, which is −∞ where these do not hold.

        Conditions of the term that are not among them stay what they are, factors.
        """
        chosen = self.counts if conditions is None else conditions
        body = self.weight * sp.exp(self.shifted) * sp.exp(masked(self.exponent - shift, chosen))
        for condition in self.conditions:
            body = body if condition in chosen else under(condition, body)
        return Sum(body, *self.indices)


def masked(exponent: Expr, conditions: Iterable[Any]) -> Expr:
    """The exponent where the conditions hold, else −∞."""
    for condition in conditions:
        exponent = Where(condition, exponent, NOTHING)
    return exponent


def unmasked(exponent: Expr) -> tuple[Expr, list[Any]]:
    """The exponent where it is not −∞, and the conditions for that."""
    conditions = []
    while isinstance(exponent, Where) and exponent.args[2] == NOTHING:
        conditions.append(exponent.args[0])
        exponent = exponent.args[1]
    return exponent, conditions


def under(condition: Any, body: Expr) -> Expr:
    """The body where the condition holds, else 0; a delta stays a factor, which laws look for."""
    factor = factor_of(condition)
    return Where(condition, body, 0) if isinstance(factor, Bracket) else cast(Expr, factor * body)


def condition_of(factor: Expr) -> Any | None:
    """The condition of which a factor is the indicator: [c], δ(i, j) or 1 − δ(i, j)."""
    if isinstance(factor, Bracket):
        return factor.condition
    if isinstance(factor, KroneckerDelta):
        return sp.Eq(*factor.args)
    if isinstance(1 - factor, KroneckerDelta):
        return sp.Ne(*(1 - factor).args)
    return None


def factor_of(condition: Any) -> Expr:
    """The indicator of a condition; those of indices are deltas."""
    if isinstance(condition, sp.Ne) and any(isinstance(s, Index) for s in condition.args):
        return cast(Expr, 1 - KroneckerDelta(*condition.args))
    return indicator(condition)


def nonzero(weight: Expr) -> Iterator[Relational]:
    """What must hold for a weight not to be 0, factor by factor."""
    for factor in sp.Mul.make_args(weight):
        base, power = factor.as_base_exp()
        if not (base.is_number or base.is_nonzero or power.is_negative or isinstance(base, sp.exp)):
            yield sp.Ne(base, 0)


def times(factor: Term, term: Term) -> Term:
    """A term with the weight, exponents and conditions of a factor of the whole sum."""
    return replace(
        term,
        weight=factor.weight * term.weight,
        exponent=factor.exponent + term.exponent,
        shifted=factor.shifted + term.shifted,
        conditions=(*factor.conditions, *term.conditions),
    )
