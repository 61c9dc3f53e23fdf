"""Plain NumPy as a target: what a textbook would print."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import Program
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import smoke
from pullback.codegen.targets.plain.module import cutting_of, emission
from pullback.codegen.targets.target import OF_PYTHON, Emission
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.textbook import textbook
from pullback.derive.proof.proving import Proof, with_forms


@dataclass(frozen=True)
class Plain:
    """Two functions of ordinary NumPy, stable, made to be read."""

    name: str = "plain"
    about: str = "NumPy as a textbook has it: forward and backward, to be read"
    files: tuple[str, ...] = OF_PYTHON

    def forms(self, proof: Proof) -> Proof:
        """Textbook forms; ProofFailed where a step to one does not hold."""
        return with_forms(proof, textbook(proof.derivation))

    def program(self, derivation: Derivation) -> Program:
        """The program."""
        return lower(derivation)

    def emit(self, derivation: Derivation, program: Program) -> Emission:
        """The module."""
        return emission(derivation, program)

    def tests(self, derivation: Derivation, emission: Emission, stem: str) -> str:
        """Its tests; raises PullbackError where it fails them."""
        text = module_test(
            derivation.layer,
            emission.module,
            emission.promise,
            stem,
            plain=True,
            cutting=cutting_of(derivation),
        )
        smoke(stem, emission.module, text)
        return text
