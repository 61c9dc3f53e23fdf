"""Chains of steps, spelled: each step with its number, its law, and how it was checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr

from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages.outline import Block, Formula, Line
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.index.objects import Index
from pullback.derive.proof.check import Check
from pullback.derive.proof.every_size.said import Need
from pullback.derive.proof.proving import Proof


@dataclass(frozen=True)
class Chains:
    """Spells the chains of a derivation; steps are numbered in its order."""

    derivation: Derivation
    proof: Proof
    notation: Notation

    @cached_property
    def numbers(self) -> Mapping[int, int]:
        """The number of each step, by the identity of the object; equal steps are not the same."""
        found: dict[int, int] = {}
        for number, step in enumerate(self.derivation.steps, 1):
            found.setdefault(id(step), number)
        return found

    @cached_property
    def checks(self) -> Mapping[int, Check]:
        """How each step was checked, by the identity of the object."""
        return {id(step): check for step, check in reversed(self.proof.steps)}

    def block(
        self,
        words: str,
        left: Formula,
        chain: Chain,
        around: Sequence[Index],
        preferred: tuple[Index, ...] = (),
    ) -> Block:
        """A chain of steps, spelled beside the indices of its left side."""

        def spell(expr: Expr) -> Formula:
            return self.notation.spell(expr, around, preferred=preferred)

        lines, start = [self.line(s, spell(s.after)) for s in chain.steps], spell(chain.start)
        return Block(words, left, "" if start == left else start, tuple(lines))

    def line(self, step: Step, formula: Formula) -> Line:
        """A step, spelled."""
        assumes = tuple(self.notation.relation(fact) for fact in step.assumes)
        check = self.checks[id(step)]
        number = self.numbers[id(step)]
        needs = tuple(dict.fromkeys(map(self.need, check.needs)))
        words, mark = map(self.notation.words, (check.words, check.mark))
        return Line(number, formula, step.law, words, mark, assumes, needs)

    def need(self, need: Need) -> Formula:
        """A side condition, and where it must hold."""
        return self.notation.needed(need.relation, need.beside)
