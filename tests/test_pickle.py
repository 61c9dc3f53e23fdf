"""What the stages pass on goes through pickle: layers, laws, steps, derivations and proofs."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from pullback.codegen.library import shipped_source
from pullback.codegen.pages.latex import latex
from pullback.codegen.pages.terminal import show
from pullback.derive.calculus.derivation import derive
from pullback.derive.laws import slope_of_sum
from pullback.derive.laws.registry import LAWS, Law
from pullback.derive.proof.proving import Proof, prove
from pullback.derive.read.reader import read_layer

ROOT = Path(__file__).parent.parent
LAYERS = ("relu", "softmax_cross_entropy", "layer_norm", "max_pool", "mlp")
SCRIPT = "import pickle, sys; [print(s) for s in pickle.load(sys.stdin.buffer).derivation.steps]"


def proved(name: str) -> Proof:
    return prove(derive(read_layer(name, shipped_source(name), shipped_source)))


@pytest.mark.parametrize("name", LAYERS)
def test_a_derivation_and_its_proof_print_the_same_after_pickling(name):
    proof = proved(name)
    derivation = pickle.loads(pickle.dumps(proof.derivation))
    assert derivation == proof.derivation and repr(derivation) == repr(proof.derivation)
    again = pickle.loads(pickle.dumps(proof))
    assert show(again.derivation, again) == show(proof.derivation, proof)
    assert latex(again.derivation, again) == latex(proof.derivation, proof)


def test_a_proof_is_read_by_a_process_that_has_derived_nothing():
    proof = proved("softmax")
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=pickle.dumps(proof),
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert run.stdout.decode().splitlines() == [str(s) for s in proof.derivation.steps]


@pytest.mark.parametrize("name", sorted(LAWS))
def test_a_law_is_pickled_as_its_name(name):
    assert pickle.loads(pickle.dumps(LAWS[name])) is LAWS[name]


def test_a_law_that_is_not_in_the_table_is_not_pickled():
    own = Law(slope_of_sum.name, "says something else", slope_of_sum.apply)
    with pytest.raises(pickle.PicklingError, match="not in the table"):
        pickle.dumps(own)
