"""NumPy as a target: a fast module, or a precise one that works in float64."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import Program
from pullback.codegen.targets.numpy.module import emission
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import smoke
from pullback.codegen.targets.target import OF_PYTHON, Emission
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof


@dataclass(frozen=True)
class NumPy:
    """Modules with workspaces, as fast as NumPy lets them be; `precise` keeps what is rounded."""

    name: str
    about: str
    precise: bool = False
    files: tuple[str, ...] = OF_PYTHON

    def forms(self, proof: Proof) -> Proof:
        """Those that compute best, as they were derived."""
        return proof

    def program(self, derivation: Derivation) -> Program:
        """The program, in float64 with rounding errors of exponents where it is precise."""
        return lower(derivation, self.precise)

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
            cutting=derivation.cutting,
        )
        smoke(stem, emission.module, text)
        return text
