"""Side conditions in index notation: what must hold for a side of a step to have a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.functions import log1p
from pullback.derive.index.objects import BOUND, Index
from pullback.derive.index.rewriting import substitute
from pullback.derive.proof.every_size.facts import NOT_NEGATIVE, POSITIVE

RELATIONS = {POSITIVE: sp.StrictGreaterThan, NOT_NEGATIVE: sp.GreaterThan}


@dataclass(frozen=True)
class Need:
    """A side condition, and those beside which what needs it stands: elsewhere it need not hold."""

    relation: Relational
    beside: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class Said:
    """Where a need came up: the power or function that has it, the letters that stand for indices
    of definitions looked through, and the conditions beside which it stands."""

    kind: str
    whole: Expr
    letters: Mapping[Index, Expr]
    beside: tuple[tuple[Relational, Mapping[Index, Expr]], ...]

    @property
    def need(self) -> Need:
        """The same as relations: beside i = k it is said of k."""
        subject = self.whole.args[0] + int(isinstance(self.whole, log1p))
        kind = RELATIONS.get(self.kind, sp.Unequality)
        relation = lettered(kind(subject, 0, evaluate=False), self.letters)
        beside = [lettered(fact, letters) for fact, letters in self.beside]
        while True:
            equal = next((b for b in beside if b.rel_op == "==" and isinstance(b.lhs, Index)), None)
            if equal is None:
                return Need(relation, tuple(dict.fromkeys(beside)))
            beside.remove(equal)
            old, new = equal.args
            if isinstance(new, Index) and new.name.startswith(BOUND):
                old, new = new, old
            relation = lettered(relation, {old: new})
            beside = [lettered(b, {old: new}) for b in beside]


def lettered(fact: Relational, letters: Mapping[Index, Expr]) -> Relational:
    """A relation with other places for its indices."""
    return cast(Relational, fact.func(*(substitute(a, letters) for a in fact.args), evaluate=False))


def strongest(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Needs, each once, without those that another one says as well: a > 0 says that a ≠ 0."""
    found = list(dict.fromkeys(needs))
    above = {(n.relation.lhs, n.beside) for n in found if n.relation.rel_op == ">"}
    return tuple(
        n for n in found if n.relation.rel_op == ">" or (n.relation.lhs, n.beside) not in above
    )
