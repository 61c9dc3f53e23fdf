"""Definitions derived and proved once in a run of the tests, whichever process asks first."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from pullback.codegen import library
from pullback.codegen.compiler import Compiled, lowered
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.proof.proving import Proof, prove
from pullback.derive.read.reader import read_layer

FOLDER = "PULLBACK_TESTS_SHIPPED"  # names the folder of this run, which ends with it
# Of the shipped layers, those that `make test` tries where a test goes through all: small ones, in
# which each kind of input, index, function, output and recurrence occurs
FEW = {
    "affine", "attention", "average_pool2d", "batch_norm", "binary_cross_entropy", "conv1d",
    "cross_entropy", "cumprod", "cumsum", "dropout", "embedding", "gaussian", "gelu", "layer_norm",
    "masked_attention", "max_pool", "mlp", "poisson_nll", "relu", "rnn", "softmax",
    "softmax_cross_entropy", "triplet",
}  # fmt: skip
Made = TypeVar("Made")


def once(kind: str, name: str, source: str, make: Callable[[], Made]) -> Made:
    """What is made of a text that may call shipped layers alone."""
    folder = os.environ.get(FOLDER)
    if not folder:  # a script, and no run of tests
        return make()
    digest = hashlib.sha256(f"{name}\n{source}".encode()).hexdigest()[:16]
    path = Path(folder) / f"{name}-{digest}.{kind}"
    if path.is_file():
        found: Made = pickle.loads(path.read_bytes())  # of this run's own making
        return found
    found = make()
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(pickle.dumps(found))
    beside.replace(path)
    return found


@cache
def derivation_of(name: str, source: str) -> Derivation:
    """The derivation of a definition."""
    return once(
        "derivation",
        name,
        source,
        lambda: derive(read_layer(name, source, library.shipped_source)),
    )


@cache
def proof_of(name: str, source: str) -> Proof:
    """The proof of a definition."""
    return once("proof", name, source, lambda: prove(derivation_of(name, source)))


def derived(name: str) -> Derivation:
    """The derivation of a shipped layer."""
    return derivation_of(name, library.shipped_source(name))


def proved(name: str) -> Proof:
    """The proof of a shipped layer."""
    return proof_of(name, library.shipped_source(name))


@cache
def compiled_from(name: str, source: str) -> Compiled:
    """The program of a definition, for NumPy."""
    return lowered(proof_of(name, source))


def compiled(name: str) -> Compiled:
    """The program of a shipped layer, for NumPy."""
    return compiled_from(name, library.shipped_source(name))
