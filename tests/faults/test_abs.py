"""The slope of abs is the sign of what stands in it, whether that is known to be real or not."""

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations
from tests.random_layers import troubles_of

INNER = ["sqrt(x[n])", "x[n]**1.5", "log1p(x[n])", "x[n]**x[n]", "log(x[n])**3", "b[n]**a - 1"]
FORMS = ["u[n] = abs({0})", "u = sum(n, abs({0} - 1)**1.5)", "u[n] = max(abs({0}), 0.5)"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("inner", INNER)
def test_abs_of_what_may_be_no_real_number(inner, form):
    text = f'equations = """\n{form.format(inner)}\n"""\n'
    assert not [t for t in troubles_of(text, 1) if not t.late]


# what SymPy makes an absolute value of by itself, and the same written as one
ROOTS = {
    "(x[n]**2)**a": "abs(x[n])**(2*a)",
    "(x[n]**2)**(a/2)": "abs(x[n])**a",
    "sqrt(x[n]**2)**a": "abs(x[n])**a",
    "((x[n]**4)**(1/4))**a": "abs(x[n])**a",
    "sqrt(x[n]**2 * b[n]**2)**a": "abs(x[n] * b[n])**a",
    "(x[n]**2)**0.25 * sqrt(sqrt(x[n]**2))": "abs(x[n])",
    "b[n] * (x[n]**2)**a": "b[n] * abs(x[n])**(2*a)",
}


def slopes(right, x):
    """The gradients of a sum of powers."""
    layer = read_equations("own", f"u = sum(n, {right}) + 0 * a + 0 * sum(n, b[n])")
    derivation = derive(layer)
    code = loaded(module(derivation, lower(derivation)), layer)
    values = {"x": x, "a": np.array(1.5), "b": np.array([0.5, -1.0, 2.0])}
    output, cache = code.forward(**{t.name: values[t.name] for t in layer.inputs})
    gradients = code.backward(np.ones_like(output), cache)
    return dict(zip(layer.wrt, gradients, strict=True))


@pytest.mark.parametrize("right", ROOTS)
def test_a_root_of_a_square_has_the_slopes_of_abs(right):
    """At 0 too, where the slope by the exponent is 0 · log 0."""
    x = np.array([0.0, -1.5, 2.0])
    ours, theirs = slopes(right, x), slopes(ROOTS[right], x)
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, atol=1e-12)
        assert np.isfinite(ours[name]).all()
