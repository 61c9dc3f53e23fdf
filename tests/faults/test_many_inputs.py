"""The tests emitted beside a module of many inputs: slopes worked out backwards, and samples.

Shipped layers have too few inputs to come to it; so here they are taken for such modules.
"""

import re

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy import test_sizes
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import SLOW, Checks, smoke
from pullback.codegen.targets.table import NUMPY
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations, read_layer
from tests.mutations import fails, load
from tests.test_module_tests import OWN

LAYERS = ("attention", "deep_mlp", "embedding", "l2", "layer_norm", "max_pool", "mlp")
# a network that is too deep for numbers of either sign to come through
DEEP = "\n".join(
    f"h{k}[n, a] = max(0, sum(b, h{k - 1}[n, b] * W{k}[b, a]) + c{k}[a])" for k in range(1, 26)
)
BODIES = ("forward", "backward", "value", "jvp")


def layer_of(name):
    if name in OWN:
        text, keys = OWN[name]
        return read_equations(name, text, **keys)
    return read_layer(name, library.shipped_source(name), library.shipped_source)


def emitted(layer):
    derivation = derive(layer)
    return NUMPY.emit(derivation, lower(derivation))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", [*OWN, *LAYERS])
def test_slopes_worked_out_backwards_are_those_of_each_entry(name, monkeypatch):
    layer = layer_of(name)
    made = emitted(layer)
    forwards = Checks(name, module_test(layer, "", made.promise)).names
    monkeypatch.setattr(test_sizes, "MOST_INPUTS", 0)
    text = module_test(layer, made.module, made.promise)
    smoke(name, made.module, text)
    backwards = Checks(name, text).names
    forwards["draw"] = backwards["draw"]
    for seed in (0, 1, 2, 4):
        inputs = backwards["draw"](seed)
        found = [names["both"](inputs) for names in (forwards, backwards)]
        np.testing.assert_equal(*(output for output, _ in found))
        same([steep for _, steep in found])
        if "hvp" in made.promise.functions:
            both = (forwards, backwards)
            same([names["second_slopes"](seed, "float64", names["EXACT"]) for names in both])


def same(slopes):
    for name in slopes[0]:
        np.testing.assert_allclose(*(s[name] for s in slopes), rtol=1e-12, atol=1e-25)


@pytest.mark.slow
def test_what_is_early_in_a_deep_network_counts_at_its_end():
    layer = read_equations("deep", DEEP)
    made = emitted(layer)
    text = module_test(layer, made.module, made.promise)
    names = Checks("deep", text).names
    assert "Of 51 inputs" in text
    assert len(names["SOME"]) < 20 < len(names["INPUTS"])
    moving = np.zeros(len(layer.wrt), int)
    for seed in range(6):
        _, _, steep = names["drawn"](seed, "float64")
        moving += [bool(np.abs(steep[name]).max() > 1e-9) for name in layer.wrt]
    assert moving.min() >= 3
    # of each layer by turns: a bias that is left out, a mask that lets all through
    tests = load("deep", made.module, text)
    assert not any(fails(c) for c in tests.checks if not c.name.startswith(SLOW))
    sample = [m for m in tests.sample() if re.search(r"operand dropped|constant", m.kind)]
    early = [m for m in sample if re.search(r"\b[hWcu][1-3]\b", m.before) and m.function in BODIES]
    assert len(early) > 5
    assert [str(m) for m in early if not tests.failure(m)] == []
