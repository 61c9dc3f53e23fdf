"""Random layers through every stage, and what comes out beside autograd."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.proof.proving import prove
from pullback.derive.read.definition import check_keys
from pullback.derive.read.reader import read_equations
from pullback.derive.read.trees import BATCH
from tests import random_layers
from tests.autodiff import Arrays, Point, text_facts
from tests.samples import STRICT
from tests.strategies import INPUT, SIZE, limited

SECONDS = 240  # for all stages of one layer, which take a few
ROOT = Path(__file__).parent.parent


def emitted(derivation: Derivation) -> dict[str, Any]:
    """The functions of a module."""
    space: dict[str, Any] = {}
    exec(compile(module(derivation, lower(derivation)), "own.py", "exec"), space)
    return space


def flat_facts(text: str):
    """What the text says, for autograd."""

    def nothing(name):
        raise KeyError(name)

    return text_facts(check_keys("own", {"equations": text}, text), nothing)


def draw_inputs(layer, rng) -> dict[str, Any]:
    """Inputs between -2 and 2 at random sizes, axes of one size having one."""
    roots = [a for axes in layer.axes.values() for a in axes] + list(layer.labels.values())
    sizes = {root: int(rng.integers(1, SIZE + 1)) for root in dict.fromkeys(roots)}
    found = {}
    for name, axes in layer.axes.items():
        shape = tuple(sizes[a] for a in axes)
        if name in layer.labels:
            found[name] = rng.integers(sizes[layer.labels[name]], size=shape)
        else:
            found[name] = np.asarray(rng.uniform(-INPUT, INPUT, size=shape))
    return found


def check(text: str, *chances: int) -> None:
    """Every stage; the proof comes last, as numbers say more of what is wrong."""
    with limited(SECONDS):
        derivation = derive(read_equations("own", text))
        code = emitted(derivation)
        for chance in chances:
            compare(code, text, chance)
        prove(derivation)


def compare(code: dict[str, Any], text: str, chance: int) -> None:
    """A layer's module beside autograd: everything that it offers."""
    layer = flat_facts(text)
    rng = np.random.default_rng(chance)
    inputs = draw_inputs(layer, rng)
    arrays = Arrays(layer, inputs)
    point, output = Point(layer, inputs), arrays.output()
    g = np.asarray(rng.normal(size=np.shape(output)))
    tangents = tuple(np.asarray(rng.normal(size=np.shape(inputs[w]))) for w in layer.wrt)

    def split(value, axes):
        """The leading axes are two, the second of length 1."""
        shape = np.shape(value)
        return np.reshape(value, (shape[0], 1, *shape[1:])) if BATCH in axes else value

    given_ = {n: split(v, layer.axes[n]) for n, v in inputs.items()}
    directions = tuple(split(t, layer.axes[w]) for t, w in zip(tangents, layer.wrt, strict=True))
    out_axes = layer.out_axes()
    # Two ways to one number may differ by rounding of the largest number on either way.
    scale = max(1.0, arrays.largest)

    def close(what, found, exact):
        assert np.shape(found) == np.shape(exact), what
        largest = np.abs(exact).max(initial=1.0)
        np.testing.assert_allclose(
            found, exact, rtol=1e-10, atol=1e-10 * scale * largest, err_msg=what
        )

    def close_all(what, found, exact):
        assert found._fields == tuple(f"d{w}" for w in layer.wrt)
        for wanted, ours, theirs in zip(layer.wrt, found, exact, strict=True):
            close(f"{what} by {wanted}", ours, split(theirs, layer.axes[wanted]))

    before = [np.copy(v) for v in (*inputs.values(), *tangents, g)]
    expected = point.gradients(g), point.jvp(tangents)
    with np.errstate(**STRICT):
        value, kept = code["forward"](**given_)
        close("output", value, split(output, out_axes))
        close_all("gradient", code["backward"](split(g, out_axes), kept), expected[0])
        value, tangent = code["jvp"](tuple(given_.values()), directions)
        close("output of jvp", value, split(output, out_axes))
        close("tangent", tangent, split(expected[1], out_axes))
        if "hvp" in code:
            exact = point.hvp(tangents)
            close_all("hvp", code["hvp"](tuple(given_.values()), directions), exact)
    for kept_value, value in zip(before, (*inputs.values(), *tangents, g), strict=True):
        assert np.array_equal(kept_value, value), "an argument was changed"


def file_of(text: str) -> str:
    """A definition of these equations."""
    return f'equations = """\n{text}\n"""\n'


# what random layers found, each in its shortest form
FOUND = [
    "u = sum(m, max(k, w[m, k]))",  # an index was captured
    "u[n] = max(j, b[j]) + w[n]",  # the place of the largest, as an array of too few axes
    "u = max(n, k, w[k] * K[n])",
    "u[n, k] = sum(i, w[y[n], i, n] * w[k, i, n])",
    "u[d] = sigmoid(3) - w[d]",  # a number under a function of our own
    "u[...] = tanh(x[...])",  # no leading axes at all
    "u[d, k] = a / b[k, d]",  # one name for a value and for its transposed copy
    "u[d, k] = sum(n, x[n, n]) / b[k, d]",
    "v = sum(n, A[n, n]**2 * b[n])**2",  # wrote on the diagonal of a caller's array
    "u[d] = sum(k, x[d, k, d] - x[d, k, d])",  # a size that only the inputs know
    "u[n, d, k] = [K[n, k, d] <= K[n, k, d]] * x[n]",
    "u[d] = [d != y[d]] * w[d, d]",  # a label and the axis that it stands on
    "u[d, k] = b[d, y[d, k]]",
    "u[k] = [k != c] * x[k]",  # a label without axes
    "u = sum(d, x[y[d]])",  # counts of labels that were integers
    "u[n] = max(0, log(sum(m, exp(w[n, m]))))",  # one number that is spelt in two ways
    "u[n] = where(log(sum(e, exp(w[n, e]))) < A[n], K[n], 0)",  # ... and once with a minus sign
    "s[n] = log1p(sum(j, exp(z[n, j])))",  # a sum of the definition, taken for a law's
    "u[n] := x[n] + S[y[n]]\nv[n] = exp(u[n]) * u[n]",  # a label within a notation
]


@pytest.mark.parametrize("text", FOUND)
def test_what_was_found(text):
    check(text, 0, 1, 2)


# quick ones; what else is found stands above, or in a file of its own kind
SAMPLE = (0, 1, 2, 4, 6, 7, 8, 9, 10, 13, 14, 15)


@pytest.mark.parametrize("number", SAMPLE)
def test_random_definitions(number):
    text = random_layers.text_of(number)
    assert not random_layers.troubles_of(text, number), text


@pytest.mark.slow
@pytest.mark.skipif("PULLBACK_FUZZ" not in os.environ, reason="PULLBACK_FUZZ is not set")
def test_many_random_definitions():
    """Other ones each time; a failure shows their numbers, and `tests.random_layers` the rest."""
    start = random.randrange(2**32)
    bad = []
    for number in range(start, start + int(os.environ["PULLBACK_FUZZ"])):
        troubles = random_layers.troubles_of(random_layers.text_of(number), number)
        bad += [(number, trouble) for trouble in troubles if not trouble.late]
    assert not bad


def test_a_number_has_one_definition():
    command = "from tests.random_layers import text_of; print([text_of(i) for i in range(50)])"
    texts = {
        subprocess.run(
            [sys.executable, "-c", command],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(texts) == 1


STAGES = {
    "read": "read_layer",
    "derive": "derive",
    "emit": "lower",
    "numbers": "compare",
    "prove": "prove",
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_fails_is_seen(stage, monkeypatch):
    def fails(*_):
        raise IndexError("here")

    monkeypatch.setattr(random_layers, STAGES[stage], fails)
    (trouble,) = random_layers.troubles_of(file_of("u[n] = 2 * x[n]"), 0)
    assert trouble.key == (stage, "IndexError at test_fuzz_layers.fails") and not trouble.late


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("h = np.exp(u", "h = np.exp2(u"), ("du = np.multiply(dh, h", "du = np.add(dh, h")],
)
def test_a_wrong_number_is_seen(right, wrong, monkeypatch):
    made = random_layers.module

    def corrupt(derivation, program):
        text = made(derivation, program)
        assert right in text
        return text.replace(right, wrong)

    monkeypatch.setattr(random_layers, "module", corrupt)
    (trouble,) = random_layers.troubles_of(file_of("h[n] = exp(u[n])"), 0)
    assert trouble.key == ("numbers", "wrong")


def test_what_goes_wrong_is_made_shorter(monkeypatch):
    made = random_layers.derive

    def no_sines(layer):
        if any("sin" in n.text for n in layer.nodes):
            raise KeyError("sin")
        return made(layer)

    monkeypatch.setattr(random_layers, "derive", no_sines)
    text = file_of("u[n] = x[n] * a + exp(b[n])\nv = sum(n, u[n] * tanh(1 + sin(u[n])**2))")
    (trouble,) = random_layers.troubles_of(text, 0)
    assert random_layers.shorter(text, 0, trouble.key) == file_of("v = sum(n, sin(u[n]))")
