"""Shipped and random layers with kernels: their own tests, and an autodiff of others."""

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.targets.c.module import emission
from pullback.codegen.targets.table import NATIVE
from pullback.codegen.targets.target import Emission
from tests import random_layers
from tests.c.building import derivation, kernels, modules, needs_cc
from tests.definitions import facts
from tests.samples import KINDS, draw, sizes_of

pytestmark = needs_cc
QUICK = {"relu", "gelu", "silu", "softmax", "layer_norm", "softmax_cross_entropy", "mlp", "focal"}
QUICK |= {"batch_norm", "hinge", "masked_attention", "huber", "max_pool", "embedding", "rnn"}
EACH = [pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in library.shipped()]
ALONE = {"conv1d", "ridge_regression"}  # products, and what they are made of, and nothing else


@pytest.mark.parametrize("name", EACH)
def test_a_shipped_layer_beside_numpy(name):
    """At ordinary and extreme values, ties and kinks; one of no rows too, where it may be."""
    mine, numpy = modules(name)
    layer, rng = facts(name), np.random.default_rng(4)
    for dtype in ("float64", "float32"):
        for kind in KINDS:
            inputs = draw(layer, sizes_of(layer), rng, kind, dtype)
            with np.errstate(all="ignore"):
                wanted, cache = numpy.forward(**inputs)
                found, kept = mine.forward(**inputs)
                g = np.asarray(rng.normal(size=np.shape(wanted))).astype(dtype)
                g = g if g.ndim else 0.75
                ours = [*map(np.asarray, (found, *mine.backward(g, kept)))]
                others = [*map(np.asarray, (wanted, *numpy.backward(g, cache)))]
                exact = [*map(np.asarray, in_float64(numpy, inputs, g))]
                every = max(map(largest, others))
                for a, b, e in zip(ours, others, exact, strict=True):
                    assert a.dtype == b.dtype and a.shape == b.shape
                    digits = 2e-5 if dtype == "float32" else 1e-12
                    # all of it may be 0, and come out as a rounding error of the others
                    top = largest(b) if largest(b) > digits * every else every
                    lost = largest(b - e)  # by NumPy's own lines, in a network by outliers of 1e4
                    np.testing.assert_allclose(a, b, rtol=digits, atol=digits * top + 3 * lost)


def in_float64(module, inputs, g):
    """The output and the gradients, worked out in float64."""
    wide = {n: np.asarray(v) for n, v in inputs.items()}
    wide = {n: v.astype(float)[()] if v.dtype.kind == "f" else v for n, v in wide.items()}
    output, cache = module.forward(**wide)
    return output, *module.backward(np.asarray(g, float)[()], cache)


def largest(array):
    """The largest of the finite entries, without signs."""
    return np.max(np.abs(array[np.isfinite(array)]), initial=1e-20)


def test_nearly_all_shipped_layers_have_kernels():
    without = {n for n in QUICK if not kernels(n)}
    assert without <= {"embedding"}


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in library.shipped() if n != "deep_mlp"])
def test_a_shipped_layer_passes_its_own_tests(name):
    made = derivation(name)
    NATIVE.tests(made, NATIVE.emit(made, NATIVE.program(made)), name)


# what random layers found: a number, or a view, that is read of what the same run works out
FOUND = [
    "u[n] = exp(w[n, n]) / sum(q, exp(w[q, q]))",
    "u = (max(d, n, (size(n) + b[n, d])))**3",
    "u[k, n] = sum(m, A[m, m] * (tanh(w[m]) - log(sum(q, exp(tanh(w[q])))))) * K[k, n]",
    "u = sum(n, x[s1, n, n] * x[n, n, n])",
]


@pytest.mark.parametrize("text", FOUND)
def test_what_was_found(text, monkeypatch):
    troubles(f'equations = """\n{text}\n"""\n', 0, monkeypatch)


@pytest.mark.parametrize("number", [0, 1, 2, 4, 6])
def test_random_layers(number, monkeypatch):
    troubles(random_layers.text_of(number), number, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20, 120))
def test_more_random_layers(number, monkeypatch):
    troubles(random_layers.text_of(number), number, monkeypatch)


def troubles(text, number, monkeypatch):
    """A random layer through every stage, its module being one with kernels."""

    def module(made, program):
        found: Emission = emission(made, program)
        return found.module

    monkeypatch.setattr(random_layers, "module", module)
    monkeypatch.setattr(random_layers, "prove", lambda *_: None)  # others look at proofs
    assert not [t for t in random_layers.troubles_of(text, number) if not t.late], text
