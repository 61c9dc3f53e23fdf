"""C as a target: a NumPy module whose runs of statements are kernels in C."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import Program
from pullback.codegen.targets.c.module import emission
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import smoke
from pullback.codegen.targets.target import Emission
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof


@dataclass(frozen=True)
class C:
    """Modules with kernels, which work without them where there is no compiler."""

    name: str = "c"
    about: str = "NumPy with kernels in C, built at first use where there is a compiler"

    def forms(self, proof: Proof) -> Proof:
        """Those that compute best, as they were derived."""
        return proof

    def program(self, derivation: Derivation) -> Program:
        """The program."""
        return lower(derivation)

    def emit(self, derivation: Derivation, program: Program) -> Emission:
        """The module."""
        return emission(derivation, program)

    def tests(self, derivation: Derivation, emission: Emission, stem: str) -> str:
        """Its tests; raises PullbackError where it fails them."""
        text = module_test(derivation.layer, emission.module, emission.promise, stem)
        smoke(stem, emission.module, text)
        return text
