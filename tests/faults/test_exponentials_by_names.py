"""Exponentials that notation names, and exponents that SymPy does not know to be real."""

import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.proof.proving import prove
from pullback.derive.read.definition import read_definition
from pullback.derive.read.reader import read_layer
from tests.autodiff import text_facts
from tests.random_layers import POINTS, compare

E = "e[n, k] := exp(x[n, k])\n"
NAMED = [
    "phi[n, k] := exp(-b[k] * x[n, k])\ny[n, o] = sum(k, phi[n, k] * w[k, o]) / sum(k, phi[n, k])",
    E + "t[n] := sum(k, e[n, k])\ny[n, o] = sum(k, e[n, k] * w[k, o]) / t[n]",
    E + "t[n] := sum(k, e[n, k])\np[n, k] = e[n, k] / t[n]",
    E + "t[n] := sum(k, e[n, k])\np[n, k] := e[n, k] / t[n]\nL = -mean(n, log(p[n, y[n]]))",
    E + "L = mean(n, log(sum(k, w[k]**2 * e[n, k])))",
    E + "L = mean(n, k, e[n, k] / (sum(i, e[n, i]) + e[n, k]))",
]
OVER_A_NUMBER = [
    "L[n] = log(exp(s[n, n] / 0.7) / sum(m, exp(s[n, m] / 0.7)))",
    "L[n] = log(exp(s[n, n] / (1 + a**2)) / sum(m, exp(s[n, m] / (1 + a**2))))",
    "L[n] = log(exp(s[n, n] / a) / sum(m, exp(s[n, m] / a)))",
    "L = mean(n, log(sum(m, [n == m] * exp(s[n, m] / a)) / sum(m, exp(s[n, m] / a))))",
    "L[n] = log(exp(s[n] / a))",
    "L[n] = log(exp(s[n] / sqrt(1 + a)) / (1 + exp(s[n] / sqrt(1 + a))))",
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("equations", [*NAMED, *OVER_A_NUMBER])
def test_shifted_all_the_same(equations):
    """At ordinary inputs, ties and extremes: forward, backward and jvp are what they should be."""
    source = f'equations = """\n{equations}\n"""\n'
    layer = read_layer("own", source)
    facts = text_facts(read_definition("own", source), {}.__getitem__)
    derivation = derive(layer)
    prove(derivation)
    code = loaded(module(derivation, lower(derivation)), layer)
    for number in range(len(POINTS)):
        for seed in range(8):
            compare(code, facts, derivation, seed, number)
