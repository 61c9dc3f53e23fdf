"""C alone as a target: a header, a C file, and a test program in C."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import Program
from pullback.codegen.targets.c_only.module import Parts, emission
from pullback.codegen.targets.target import Emission
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof


@dataclass(frozen=True)
class COnly:
    """Functions of C11 that are built into anything, with no Python."""

    name: str = "c-only"
    about: str = "C alone: a header and a C file, to be built into anything, and a test in C"
    files: tuple[str, ...] = ("{name}.h", "{name}.c", "{name}_test.c")

    def forms(self, proof: Proof) -> Proof:
        """Those that compute best, as they were derived."""
        return proof

    def program(self, derivation: Derivation) -> Program:
        """The program."""
        return lower(derivation)

    def emit(self, derivation: Derivation, program: Program) -> Emission:
        """Header and C file; raises PullbackError where C has no form of something."""
        return emission(derivation, program)

    def tests(self, derivation: Derivation, emission: Emission, stem: str) -> str:
        """Its test program; raises PullbackError where it fails, or there is no compiler."""
        # imported where it is asked for: what is spelled needs no NumPy
        from pullback.codegen.targets.c_only.module_test import module_test

        return module_test(derivation, emission, Parts(derivation, lower(derivation)))
