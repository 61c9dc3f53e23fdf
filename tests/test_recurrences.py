"""Recurrences: nodes that read themselves at earlier places, through every stage.

`tests/recurrences/` holds one definition a file: several states, first places before the axis and
on it, from the end, two places before, masks, states that are read only later.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pullback.codegen.compiler import files
from pullback.codegen.library import shipped_source
from pullback.codegen.lower.assembly import lower
from pullback.codegen.program.operations import Contract, Scan
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.errors import DefinitionError, ProofFailed
from pullback.derive.index.objects import Index, own_name
from pullback.derive.proof.proving import prove
from pullback.derive.proof.results import check_gradients, check_tangents
from pullback.derive.read.reader import read_equations
from tests.random_layers import Trial
from tests.shipped import compiled_from, derivation_of

RECURRENCES = Path(__file__).parent / "recurrences"
NAMES = sorted(path.stem for path in RECURRENCES.glob("*.toml"))
MINUTES = {"hidden_markov", "masked_steps", "sums_of_shares"}  # half a minute each
LEFT = {"sums_of_shares": 1}  # steps that are written out alone
LONG = [pytest.param(n, marks=pytest.mark.slow) if n in MINUTES else n for n in NAMES]
TANH = """
u[n, t, k] = sum(d, x[n, t, d] * W[d, k])
s[n, -1, k] = s0[n, k]
s[n, t, k] = tanh(u[n, t, k] + sum(j, s[n, t - 1, j] * U[j, k]))
L = sum(n, t, k, s[n, t, k] * v[n, t, k])
"""


def text(name: str) -> str:
    """A definition's text."""
    return (RECURRENCES / f"{name}.toml").read_text(encoding="utf-8")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LONG)
def test_every_stage_and_its_numbers(name: str) -> None:
    """Its module gives what autograd gives of the text, at ties and extremes."""
    trial = Trial(text(name), 200.0)
    assert trial.run(5, derivation_of(name, text(name))) == []
    assert {"numbers", "ties", "extremes"} <= trial.times.keys()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LONG)
def test_each_step_is_proved_for_every_size_and_the_files_pass(name: str) -> None:
    """Compiling runs the module's own tests: the text as loops, on dual numbers."""
    compiled = compiled_from(name, text(name))
    left = [what for what, found in compiled.proof.steps if not found.every_size]
    assert len(left) <= LEFT.get(name, 0) and files(compiled)


# -- reading ------------------------------------------------------------------------------------

REFUSED = [
    (
        "s[t] = s[t] + x[t]\nL = sum(t, s[t])",
        (1, 8),
        "at the same place, 't': a recurrence reads an",
    ),
    ("s[t] = s[t - 1] + x[t]\nL = sum(t, s[t])", (1, 8), "say what it is there, as in s[-1] = 0"),
    ("s[-1] = 0\ns[t] = s[t - 2] + x[t]\nL = sum(t, s[t])", (2, 8), "as in s[-2] = 0"),
    ("s[t] = s[t + 1] + x[t]\nL = sum(t, s[t])", (1, 8), "as in s[size(t)] = 0"),
    ("s[t] = s[t - 1] + s[t + 1] + x[t]\nL = sum(t, s[t])", (1, 19), "a recurrence runs one way"),
    ("s[-1] = 0\ns[t] = s[t - 1] + x[t]", (2, 1), "as in out[t] = s[t]"),
    ("s[-1] = 0\ns[t] = x[t]\nL = sum(t, s[t])", (1, 1), "does not read itself at another"),
    ("s[-1] = 0\nL = x", (1, 1), "no equation for the others: write s[t] = …"),
    ("s[1] = 0\ns[t] = s[t - 1] + x[t]\nL = sum(t, s[t])", (2, 8), "as in s[-1] = 0"),
    ("s[-1] = 0\ns[-1] = 1\ns[t] = s[t - 1] + x[t]\nL = sum(t, s[t])", (2, 1), "place -1 twice"),
    ("s[size(t)] = 0\ns[t] = s[t - 1] + x[t]\nL = sum(t, s[t])", (1, 1), "that is -1, 0, …"),
    ("s[-1] = 0\ns[t] = s[t + 1] + x[t]\nL = sum(t, s[t])", (1, 1), "that is size(t), size(t) - 1"),
    ("s[-1, k] = 0\ns[t] = s[t - 1] + x[t]\nL = sum(t, s[t])", (1, 1), "another number of axes"),
    ("s[k, -1] = 0\ns[t, k] = s[t - 1, k] + x[t, k]\nL = sum(t, k, s[t, k])", (1, 1), "axis 't'"),
    ("s[-1, -1] = 0\nL = x", (1, 7), "its first places along one axis"),
    (
        "s[-1] = 0\ns[t] = mean(i, s[i]) + x[t]\nL = sum(t, s[t])",
        (2, 16),
        "write t - 1 for the one",
    ),
    (
        "s[-1] = 0\ns[t] = sum(a, w[a] * s[t - 1 - a]) + x[t]\nL = sum(t, s[t])",
        (2, 22),
        "whole numb",
    ),
    ("s[t] = pad(0, s[t - size(e)]) + x[t, e]\nL = s[0]", (1, 8), "is a whole number in"),
    (
        "s[-1] = 0\ns[t] = pad(0, s[t - 1]) + x[t]\nL = sum(t, s[t])",
        (2, 8),
        "leave out one of them",
    ),
    (
        "D[i, j] = pad(0, D[i - 1, j]) + pad(0, D[i, j - 1]) + x[i, j]\nL = D[0, 0]",
        None,
        "D[i - 1,",
    ),
    ("a[t] = b[t] + x[t]\nb[t] = a[t] + x[t]\nL = sum(t, b[t])", (1, 8), "'b', which hangs on it"),
    ("a = b + x\nb = 2 * a\nL = b", (1, 5), "'a' is used before it is defined"),
    ("s[-1] = 0\ns[t] = s[t - 1] + x[t]\nd[t] = s[t - 2]\nL = sum(t, d[t])", (3, 8), "outside of"),
]


@pytest.mark.parametrize(("equations", "place", "words"), REFUSED)
def test_what_is_no_recurrence_is_refused(equations: str, place: Any, words: str) -> None:
    """With the place, what was found, and what to write."""
    with pytest.raises(DefinitionError) as info:
        read_equations("layer", equations)
    assert words in str(info.value)
    assert place is None or (info.value.line, info.value.column) == place


def test_first_places_are_read_by_others_too() -> None:
    """What stands before the axis is there for whoever reads it."""
    layer = read_equations(
        "layer", "s[-1] = a\ns[t] = s[t - 1] * x[t]\nd[t] = s[t] - s[t - 1]\nL = sum(t, d[t]**2)"
    )
    code = loaded(module(derive(layer), lower(derive(layer))), layer)
    a, x = np.float64(2), np.array([3.0, 0.5, -1.0])
    s = a * np.cumprod(x)
    assert code.value(a, x) == np.sum(np.diff(s, prepend=a) ** 2)


def test_a_step_may_call_other_definitions() -> None:
    """What a call brings is part of the recurrence, and is told apart from what hangs on none."""
    cell = """
    before[n, t, k] = s[n, t - 1, k]
    u = linear(before, U)
    v[n, t, k] = u[n, t, k] + x[n, t, k]
    g = tanh(v)
    s[n, -1, k] = 0
    s[n, t, k] = g[n, t, k]
    L = sum(n, t, k, s[n, t, k]**2)
    """
    layer = read_equations("cell", cell, shipped_source)
    (loop,) = layer.recurrences
    assert set(loop.positions) == {"before", "u", "v", "g", "s"}
    code = loaded(module(derive(layer), lower(derive(layer))), layer)
    plain = derive(read_equations("plain", TANH.replace("* v[n, t, k]", "* s[n, t, k]")))
    other = loaded(module(plain, lower(plain)), plain.layer)
    rng = np.random.default_rng(0)
    U, x = rng.normal(size=(3, 3)), rng.normal(size=(2, 4, 3))
    arrays = {"x": x, "W": np.eye(3), "s0": np.zeros((2, 3)), "U": U}
    value, found = other.value_and_grad(*(arrays[t.name] for t in plain.layer.inputs))
    given = {"U": U, "x": x}
    own, gradients = code.value_and_grad(*(given[t.name] for t in layer.inputs))
    assert np.isclose(own, value, rtol=1e-13)
    np.testing.assert_allclose(gradients.dU, found.dU, rtol=1e-12, atol=1e-12)


# -- derivations --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tanh() -> Derivation:
    """The derivation of a plain recurrence."""
    return derive(read_equations("tanh", TANH))


def test_the_gradient_of_a_state_is_a_recurrence_from_the_other_end(tanh: Derivation) -> None:
    """What the step after hands back, through one Jacobian, and what stands beside it."""
    parts = tanh.gradient("s").parts
    assert [p.jacobian.tensor.name for p in parts] == ["s", "s@"]
    assert [p.jacobian.node.name for p in parts] == ["L", "s"]
    assert {own_name(p.cotangent.base.label.name) for p in parts[1:]} == {"ds"}


def test_a_wrong_recurrence_is_seen_by_the_end_result(tanh: Derivation) -> None:
    """The gradient is compared with the slope of the steps written out one after the other."""
    proof = prove(tanh)
    assert proof.results and all(check.every_size for _, check in proof.steps)
    for gradient in tanh.gradients:
        for number, part in enumerate(gradient.parts):
            wrong = replace(part, result=replace(part.result, start=0 * part.cotangent, steps=()))
            parts = (*gradient.parts[:number], wrong, *gradient.parts[number + 1 :])
            changed = tuple(replace(g, parts=parts) if g is gradient else g for g in tanh.gradients)
            with pytest.raises(ProofFailed):
                check_gradients(replace(tanh, gradients=changed))


def test_a_state_that_forgets_is_seen_by_the_tangents(tanh: Derivation) -> None:
    """Each part of a tangent counts."""
    assert check_tangents(tanh)
    for tangent in tanh.tangents:
        for number in range(len(tangent.parts)):
            parts = tangent.parts[:number] + tangent.parts[number + 1 :]
            if not parts:
                continue
            changed = tuple(replace(t, parts=parts) if t is tangent else t for t in tanh.tangents)
            with pytest.raises(ProofFailed):
                check_tangents(replace(tanh, tangents=changed))


# -- programs -----------------------------------------------------------------------------------


def test_what_hangs_on_no_state_is_one_product_outside_the_loop(tanh: Derivation) -> None:
    """The loop has one product forward and one backward; weights have theirs behind it."""
    program = lower(tanh)
    scans = [program[v].op for v in (*program.forward, *program.backward)]
    steps = [op.step for op in scans if isinstance(op, Scan)]
    products = [
        sum(isinstance(step[v].op, Contract) and len(step[v].op.values) == 2 for v in step.body)
        for step in steps
    ]
    assert products == [1, 1]


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 400])
def test_any_number_of_steps(tanh: Derivation, steps: int) -> None:
    """Gradients as by hand, one step after the other; of no step at all, too."""
    code = loaded(module(tanh, lower(tanh)), tanh.layer)
    rng = np.random.default_rng(steps)
    n, d, k = 3, 4, 5
    x, W = rng.normal(size=(n, steps, d)), rng.normal(size=(d, k)) / 2
    s0, U = rng.normal(size=(n, k)), rng.normal(size=(k, k)) / 3
    v = rng.normal(size=(n, steps, k))
    states = [s0]
    for t in range(steps):
        states.append(np.tanh(x[:, t] @ W + states[-1] @ U))
    value = sum(np.sum(states[t + 1] * v[:, t]) for t in range(steps))
    back, dU, dW, dx = np.zeros((n, k)), np.zeros_like(U), np.zeros_like(W), np.zeros_like(x)
    for t in reversed(range(steps)):
        du = (back + v[:, t]) * (1 - states[t + 1] ** 2)
        dU, dW = dU + states[t].T @ du, dW + x[:, t].T @ du
        dx[:, t], back = du @ W.T, du @ U.T
    names = [t.name for t in tanh.layer.inputs]
    arrays = {"x": x, "W": W, "s0": s0, "U": U, "v": v}
    found, gradients = code.value_and_grad(*(arrays[name] for name in names))
    assert np.isclose(found, value, rtol=1e-12, atol=1e-12)
    for name, wanted in {"dx": dx, "dW": dW, "ds0": back, "dU": dU}.items():
        np.testing.assert_allclose(getattr(gradients, name), wanted, rtol=1e-11, atol=1e-11)


def test_an_index_is_still_what_it_was() -> None:
    """A recurrence brings no index of its own into what is printed."""
    layer = read_equations("tanh", TANH)
    assert all(isinstance(i, Index) and "@" not in i.name for i in layer.axes)
