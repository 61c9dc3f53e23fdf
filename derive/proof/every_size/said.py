"""Side conditions in index notation: what must hold for a side of a step to have a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.functions import log1p
from pullback.derive.index.matrices import Determinant, MatrixFunction
from pullback.derive.index.objects import BOUND, Index, free_indices
from pullback.derive.index.rewriting import substitute
from pullback.derive.proof.every_size.facts import NOT_NEGATIVE, POSITIVE

RELATIONS = {POSITIVE: sp.StrictGreaterThan, NOT_NEGATIVE: sp.GreaterThan}


@dataclass(frozen=True)
class Need:
    """A side condition, and those beside which what needs it stands: elsewhere it need not hold."""

    relation: Relational
    beside: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class Letters:
    """What stands for the indices of a definition that is looked through, and how deep it is.

    An index that is bound around what is said has a name by this depth: two definitions may bind
    one canonical index.
    """

    table: Mapping[Index, Expr] = field(default_factory=dict)
    depth: int = 0

    def put(self, expr: Expr) -> Expr:
        """An expression in the letters of the step."""
        bound = [i for i in free_indices(expr) if i.name.startswith(BOUND)]
        named = {i: Index(f"{BOUND}at{self.depth}{i.name}", i.size) for i in bound}
        return substitute(expr, {**self.table, **named})

    def of(self, fact: Relational) -> Relational:
        """A relation in these letters."""
        return cast(Relational, fact.func(*map(self.put, fact.args), evaluate=False))

    def through(self, indices: Iterable[Index], places: Iterable[Expr]) -> Letters:
        """Those of the definition of an entry at these places."""
        return Letters(dict(zip(indices, map(self.put, places), strict=True)), self.depth + 1)


def argument(whole: Expr) -> Expr:
    """What a power or a function is taken of; of log1p one more, of a matrix its determinant."""
    if isinstance(whole, MatrixFunction):
        return cast(Expr, Determinant(whole.matrix))
    return cast(Expr, whole.args[0] + int(isinstance(whole, log1p)))


@dataclass(frozen=True)
class Said:
    """Where a need came up: what it is said of, in its letters, and the conditions beside which
    that stands, in theirs."""

    kind: str
    subject: Expr
    letters: Letters
    beside: tuple[tuple[Relational, Letters], ...]

    @property
    def need(self) -> Need:
        """The same as relations: beside i = k it is said of k."""
        kind = RELATIONS.get(self.kind, sp.Unequality)
        relation = self.letters.of(kind(self.subject, 0, evaluate=False))
        beside = [letters.of(fact) for fact, letters in self.beside]
        while True:
            equal = next((b for b in beside if b.rel_op == "==" and isinstance(b.lhs, Index)), None)
            if equal is None:
                return Need(relation, tuple(dict.fromkeys(beside)))
            beside.remove(equal)
            old, new = equal.args
            if isinstance(new, Index) and new.name.startswith(BOUND):
                old, new = new, old
            one = {old: new}
            relation, *beside = (
                fact.func(*(substitute(a, one) for a in fact.args), evaluate=False)
                for fact in (relation, *beside)
            )


def strongest(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Needs, each once, without those that another one says as well: a > 0 says that a ≠ 0."""
    found = list(dict.fromkeys(needs))
    above = {(n.relation.lhs, n.beside) for n in found if n.relation.rel_op == ">"}
    return tuple(
        n for n in found if n.relation.rel_op == ">" or (n.relation.lhs, n.beside) not in above
    )
