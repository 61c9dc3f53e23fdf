"""The forms that other code computes, where they are not those of the derivation on a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from pullback.codegen.notation.styles import PAGE, UNICODE
from pullback.codegen.pages.outline import Block
from pullback.codegen.pages.outliner import Outliner
from pullback.codegen.pages.outlines import Outlines
from pullback.derive.calculus.derivation import Derivation, Gradient, Pullback
from pullback.derive.calculus.jacobians import Value

Both = tuple[Block, Block]  # as LaTeX and in Unicode


@dataclass(frozen=True)
class OtherForms:
    """Spells the chains to the forms of `outlines`; their steps have no number on the page."""

    outlines: Outlines

    def of_value(self, shown: Value) -> list[Both]:
        """The chain to the form of a value, if it is another one than is shown."""
        own = self.values[shown.node.name]
        differs = own.code.steps and own.code != shown.code
        return [self.both(lambda outliner: outliner.value_computed(own))] if differs else []

    def of_part(self, gradient: Gradient, part: int) -> list[Both]:
        """The chain to the form of a part of a gradient, if it is another one than is shown."""
        shown = gradient.parts[part]
        own = self.gradients[gradient.tensor.name][part]
        differs = own.code.steps and own.code != shown.code
        return [self.both(lambda outliner: outliner.pullback_computed(own))] if differs else []

    def laws(self, shown: Derivation) -> set[str]:
        """The laws of all of these chains, where `shown` is the derivation on the page."""
        found = [both for value in shown.values for both in self.of_value(value)]
        for gradient in shown.gradients:
            parts = range(len(gradient.parts))
            found += [both for part in parts for both in self.of_part(gradient, part)]
        return {line.law for _, words in found for line in words.lines}

    @cached_property
    def gradients(self) -> dict[str, tuple[Pullback, ...]]:
        """The parts of each gradient."""
        return {g.tensor.name: g.parts for g in self.outlines.derivation.gradients}

    @cached_property
    def values(self) -> dict[str, Value]:
        """The values by their names."""
        return {v.node.name: v for v in self.outlines.derivation.values}

    def both(self, spell: Callable[[Outliner], Block]) -> Both:
        """A chain in both alphabets, without numbers."""
        latex, words = (unnumbered(spell(self.outlines.outliner(s))) for s in (PAGE, UNICODE))
        return latex, words


def unnumbered(block: Block) -> Block:
    """The same chain without the numbers of its steps."""
    return replace(block, lines=tuple(replace(line, number=0) for line in block.lines))
