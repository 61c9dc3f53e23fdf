"""A layer is not refused because its second derivatives cannot be proved: hvp alone is left out."""

import numpy as np
import pytest

from pullback.codegen.compiler import compile_definition, files
from pullback.codegen.pages.outlines import outline
from pullback.codegen.pages.terminal import show
from pullback.codegen.targets.numpy.loading import loaded
from pullback.derive.calculus import derivation as derivation_module
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import MissingLaw, ProofFailed, TooLarge
from pullback.derive.proof import proving as proof_module
from pullback.derive.proof.check import NothingChecked
from pullback.derive.proof.every_size.checker import Checker, Verdict
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_equations

EQUATIONS = "u[n] = sum(d, x[n, d] * w[d])\nL = mean(n, exp(u[n]) - t[n])"
SOURCE = f'equations = """\n{EQUATIONS}\n"""\n'


def failing(error, only="dw"):
    """A check of steps that fails at the first about a cotangent."""
    real = proof_module.check_step

    def check(layer, what, *rest, **named):
        if what.startswith(f"∂{only}"):
            raise error
        return real(layer, what, *rest, **named)

    return check


@pytest.fixture
def undecided(monkeypatch):
    """No step is decided for every size."""
    monkeypatch.setattr(Checker, "step", lambda self, reader, step: Verdict(False, "asleep"))


LONG = TooLarge("∂dw/∂w: the proof comes to more than 8 parts", "own", "; give parts names")
NONE = NothingChecked("∂dw/∂w: the step 'fold' could not be checked", "own", "\n  before: x")


@pytest.mark.parametrize("error", [LONG, NONE])
def test_the_rest_is_written_and_says_so(error, monkeypatch, undecided):
    monkeypatch.setattr(proof_module, "check_step", failing(error))
    made = compile_definition("own", SOURCE, {}.__getitem__)
    remark = made.derivation.remark
    assert remark.startswith("Second derivatives are left out, and hvp with them: ∂dw/∂w")
    assert "\n" not in remark and ";" not in remark and "own:" not in remark
    assert made.derivation.seconds == () and made.proof.seconds is None
    assert [s for s, _ in made.proof.steps] == list(made.derivation.steps)
    written = files(made)
    for name, text in written.items():
        flat = " ".join(text.replace("{}", "").split())
        assert ("Second derivatives are left out" in flat) == (not name.startswith("test_")), name
    assert "Second derivatives are left out" in show(made.derivation, made.proof)
    module = loaded(written["own.py"], made.layer)
    assert not hasattr(module, "hvp")
    x, w, t = np.ones((2, 3)), np.ones(3), np.zeros(2)
    value, gradients = module.value_and_grad(x, w, t)
    assert abs(value - np.exp(3)) < 1e-13 and gradients.dw.shape == (3,)


def test_first_derivatives_are_not_left_out(monkeypatch, undecided):
    monkeypatch.setattr(proof_module, "check_step", failing(LONG, only="L"))
    with pytest.raises(TooLarge):
        prove(derive(read_equations("own", EQUATIONS)))


@pytest.mark.parametrize("error", [LONG, NONE])
def test_what_is_proved_for_every_size_need_not_be_written_out(error, monkeypatch):
    monkeypatch.setattr(proof_module, "check_step", failing(error))
    found = prove(derive(read_equations("own", EQUATIONS)))
    left = [check for _, check in found.steps if not check.cases]
    assert left and all(check.every_size for check in left) and found.derivation.seconds
    assert {check.mark for check in left} == {"too long to be written out"}
    assert {check.words for check in left} == {"for every size"}


def test_a_wrong_second_derivative_is_refused(monkeypatch):
    monkeypatch.setattr(proof_module, "check_step", failing(ProofFailed("wrong")))
    with pytest.raises(ProofFailed, match="wrong"):
        prove(derive(read_equations("own", EQUATIONS)))


@pytest.mark.parametrize("error", [TooLarge, MissingLaw])
def test_second_derivatives_that_cannot_be_derived(error, monkeypatch):
    def stop(*_):
        raise error("a law leads to more", "own", "; give parts names")

    monkeypatch.setattr(derivation_module, "derive_seconds", stop)
    found = prove(derive(read_equations("own", EQUATIONS)))
    assert found.derivation.remark.endswith("a law leads to more.")


def test_nothing_is_said_where_nothing_is_left_out():
    found = prove(derive(read_equations("own", EQUATIONS)))
    assert found.seconds and outline(found.derivation, found).remark == ""
