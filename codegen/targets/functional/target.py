"""Targets for other libraries of arrays, by the same text in each one's words."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import Program
from pullback.codegen.targets.functional.module import emission
from pullback.codegen.targets.functional.module_test import module_test
from pullback.codegen.targets.functional.statements import Pure
from pullback.codegen.targets.target import OF_PYTHON, Emission
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof


@dataclass(frozen=True)
class OfLibrary:
    """Modules of pure functions, and what a library's differentiation wants around them."""

    name: str
    about: str
    kind: type[Pure]
    files: tuple[str, ...] = OF_PYTHON

    def forms(self, proof: Proof) -> Proof:
        """Those that compute best, as they were derived."""
        return proof

    def program(self, derivation: Derivation) -> Program:
        """The program."""
        return lower(derivation)

    def emit(self, derivation: Derivation, program: Program) -> Emission:
        """The module; raises PullbackError where the library lacks a function."""
        return emission(derivation, program, self.kind)

    def tests(self, derivation: Derivation, emission: Emission, stem: str) -> str:
        """Its tests; raises PullbackError where it fails them, or the library is not installed."""
        return module_test(derivation, emission, stem, self.kind.dialect.library)
