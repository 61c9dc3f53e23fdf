"""The way from a definition to a proved derivation: what every face needs, before any code."""

from __future__ import annotations

from pullback.derive.calculus.derivation import derive
from pullback.derive.proof.proving import Proof, Watch, prove
from pullback.derive.read.definition import Library
from pullback.derive.read.reader import read_layer


def proved(
    name: str, source: str, library: Library, watch: Watch = lambda checks, count: checks
) -> Proof:
    """Text → Layer → Derivation → Proof; `watch` sees the proof go on.

    Raises PullbackError where a definition cannot be read, a law is missing, or a step fails.
    """
    return prove(derive(read_layer(name, source, library)), watch)
