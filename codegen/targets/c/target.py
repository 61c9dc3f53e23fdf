"""C as a target: a NumPy module whose runs of statements are kernels in C."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.program import Program
from pullback.codegen.targets.c.module import emission
from pullback.codegen.targets.numpy.target import NumPy
from pullback.codegen.targets.target import Emission
from pullback.derive.calculus.derivation import Derivation


@dataclass(frozen=True)
class C(NumPy):
    """Modules with kernels, which work without them where there is no compiler."""

    def emit(self, derivation: Derivation, program: Program) -> Emission:
        """The module."""
        return emission(derivation, program)
