"""A derivation and its proof, made piece by piece and kept: later questions go on from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pullback.codegen.live.reading import Reading
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.setting import Setting
from pullback.derive.calculus.derivation import Derivation, growing, reverse_order
from pullback.derive.proof.check import Check
from pullback.derive.proof.proving import Proof, proving


@dataclass
class Growing:
    """What is known of a definition so far.

    `derivation` grows with the pieces that are taken from `pieces`; `proof` is of as much of it as
    was there when it was proved.
    """

    reading: Reading
    pieces: Iterator[Derivation] = field(init=False)
    derivation: Derivation = field(init=False)
    proof: Proof | None = None
    spelled: Setting | None = None

    def __post_init__(self) -> None:
        self.pieces = growing(self.reading.layer)
        self.derivation = next(self.pieces)
        self.names = reverse_order(self.reading.layer)

    def gradients(self) -> Iterator[Derivation]:
        """Derive the gradients, one at a time; those that are there come first."""
        whole = self.derivation
        for count in range(len(whole.gradients)):
            yield part(whole, count + 1)
        while len(self.derivation.gradients) < len(self.names):
            self.derivation = next(self.pieces)
            yield self.derivation

    @property
    def count(self) -> int:
        """How many steps there are to values and gradients."""
        return len(part(self.derivation, len(self.names)).steps)

    def rest(self) -> None:
        """Derive tangents and second derivatives."""
        *_, self.derivation = (self.derivation, *self.pieces)

    def proving(self) -> Iterator[tuple[int, Check]]:
        """Prove what is derived so far: the number of each step, and its check.

        Raises ProofFailed, TooLarge.
        """
        if self.proof is None or self.proof.derivation is not self.derivation:
            checks = proving(self.derivation, self.proof)
            number = 0
            while True:
                try:
                    _, check = next(checks)
                except StopIteration as end:
                    self.proof = end.value
                    self.derivation = self.proof.derivation
                    return
                number += 1
                yield number, check
        for number, (_, check) in enumerate(self.proof.steps, 1):
            yield number, check

    def setting(self, derivation: Derivation) -> Setting:
        """What spells a derivation on pages, the last one kept; what is not proved is so called."""
        proof = self.proof if self.proof and self.proof.derivation is derivation else None
        known = self.spelled and self.spelled.known
        if not known or known.derivation is not derivation or (proof and known.proof is not proof):
            outlines = Outlines(derivation, proof or unproved(derivation), self.reading.letters)
            self.spelled = Setting(outlines)
        assert self.spelled
        return self.spelled


def part(derivation: Derivation, count: int) -> Derivation:
    """The derivation when it had so many gradients."""
    return replace(derivation, gradients=derivation.gradients[:count], tangents=(), seconds=())


def unproved(derivation: Derivation) -> Proof:
    """In place of a proof: nothing is checked."""
    none = tuple((step, Check(step.law, "not yet proved", (), 0)) for step in derivation.steps)
    return Proof(derivation, none, (), None, None)
