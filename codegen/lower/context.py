"""What every rule is given: the work on one derivation, and where in it an expression is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from sympy import Expr

from pullback.codegen.lower.systems import Solution
from pullback.codegen.program.builder import Builder
from pullback.codegen.program.operations import Operation
from pullback.derive.calculus.conditions import NOWHERE, Conditions
from pullback.derive.calculus.finite import Finite
from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Where
from pullback.derive.index.objects import Index
from pullback.derive.layer import Definitions, Layer, Recurrence


@dataclass(frozen=True)
class Term:
    """A value, with the index that runs over each of its axes where it stands."""

    value: int
    indices: tuple[Expr, ...]


@dataclass(frozen=True)
class Known:
    """What is known of a derivation before any of it is lowered."""

    layer: Layer
    meaning: Definitions  # what names stand for, in the forms that are computed
    nonempty: tuple[Expr, ...]  # sizes that must not be 0
    finite: Finite  # what a finite forward pass says
    loops: tuple[Recurrence, ...] = ()  # the recurrences among what names stand for


@dataclass
class Work:
    """What the lowering of one function shares: what is known, and what is made so far."""

    known: Known
    precise: bool  # as in Program
    rule_for: Callable[[Expr], Rule]
    scan: Callable[[Work, Recurrence], None]  # makes the tensors of a recurrence
    builder: Builder = field(default_factory=Builder)
    tensors: dict[str, Term] = field(default_factory=dict)  # with the indices of their own axes
    axes: dict[str, tuple[Index, ...]] = field(default_factory=dict)
    memo: dict[tuple[bool, Conditions, Expr], Term] = field(default_factory=dict)
    quiet: bool = False  # is something worked out that is not taken, and may not be finite?

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.known.layer


@dataclass(frozen=True)
class Context:
    """Where an expression is read."""

    work: Work
    defining: str  # the tensor whose expression is lowered
    scope: tuple[Index, ...] = ()  # the axes of the result, in their order
    conditions: Conditions = NOWHERE  # what holds where it is read
    in_slope: bool = False  # is it linear in a cotangent or a tangent, and not a value?

    @property
    def builder(self) -> Builder:
        """Makes the values of the program."""
        return self.work.builder

    def lower(self, expr: Expr) -> Term:
        """The value of an expression, by its rule; it is made once."""
        here = self if is_linear(expr) else self.of_value()
        memo, key = self.work.memo, (here.in_slope, here.conditions, expr)
        if key not in memo:
            memo[key] = self.work.rule_for(expr)(here, expr)
        return memo[key]

    def of_value(self) -> Context:
        """The same, for what no cotangent or tangent stands in."""
        return replace(self, in_slope=False) if self.in_slope else self

    def under(self, conditions: Iterable[Expr]) -> Context:
        """The same, for what is read only where these hold too."""
        return replace(self, conditions=self.conditions.union(conditions))

    def is_finite(self, expr: Expr) -> bool:
        """Is an expression certainly finite here?"""
        return self.work.known.finite.finite(expr, self.conditions)

    def operation(self, term: Term) -> Operation:
        """What makes a term."""
        return self.builder.values[term.value].op

    def kind(self, term: Term) -> str:
        """The kind of a term's value: real, mask, integer or number."""
        return self.builder.values[term.value].kind

    def rank(self, index: Expr) -> tuple[int, str]:
        """Where an axis stands in results that need a new order."""
        place = self.scope.index(index) if index in self.scope else len(self.scope)
        return place, str(index)


Rule = Callable[[Context, Expr], Term]


def is_linear(expr: Expr) -> bool:
    """May a cotangent stand in it, and do the rules for slopes apply?"""
    return bool(expr.is_Add or expr.is_Mul) or isinstance(expr, Sum | Where | Solution)
