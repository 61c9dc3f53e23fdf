"""What is positive and 0 in floats, and sums of nothing: slopes beside them are never 0/0."""

import numpy as np
import pytest

from bench.ulp import MP
from tests.faults.test_finite_slopes import LOUD, parts

POINTS = np.array([-8415.0, -1400.0, -800.0, -740.0, -30.0, 1.0, 27.0, 1e4])


def softplus(x):
    return MP.log1p(MP.exp(x))


# equations of x and a, and what they come to at one x; a is 1.5
TINY = {
    "a root of softplus": (
        "h[n] = sqrt(log(1 + exp(x[n]))) + 0 * a",
        lambda x, a: MP.sqrt(softplus(x)),
    ),
    "a power of softplus": ("h[n] = log1p(exp(x[n]))**a", lambda x, a: softplus(x) ** a),
    "a root of an exponential": (
        "h[n] = sqrt(exp(x[n] / 100) * exp(-x[n]**2)) + 0 * a",
        lambda x, a: MP.sqrt(MP.exp(x / 100) * MP.exp(-x * x)),
    ),
    "a root of a sigmoid": (
        "h[n] = sqrt(sigmoid(x[n])) * a",
        lambda x, a: a / MP.sqrt(1 + MP.exp(-x)),
    ),
    "a power of a sigmoid": ("h[n] = sigmoid(x[n])**a", lambda x, a: (1 + MP.exp(-x)) ** -a),
    "a root of a tail": ("h[n] = sqrt(erfc(x[n])) * a", lambda x, a: a * MP.sqrt(MP.erfc(x))),
}


@pytest.mark.parametrize("name", TINY)
def test_slopes_where_what_is_positive_vanishes(name):
    text, value = TINY[name]
    code, _ = parts(text)
    with np.errstate(**LOUD | {"over": "ignore"}):
        output, cache = code.forward(x=POINTS, a=1.5)
        gradients = code.backward(np.ones_like(POINTS), cache)
        _, tangent = code.jvp((POINTS, 1.5), (np.ones_like(POINTS), 0.0))
    with MP.workdps(60):
        exact = [value(MP.mpf(x), MP.mpf(1.5)) for x in POINTS]
    with MP.workdps(120):
        step = MP.mpf(10) ** -60
        along = [MP.im(value(MP.mpc(x, step), MP.mpf(1.5))) / step for x in POINTS]
        by_a = sum(MP.im(value(MP.mpf(x), MP.mpc(1.5, step))) / step for x in POINTS)
    largest = max(1, *map(abs, map(float, exact)))
    for found, wanted in ((output, exact), (gradients.dx, along), (tangent, along)):
        assert np.allclose(found, np.array(wanted, float), rtol=0, atol=1e-12 * largest), name
    assert abs(gradients.da - float(by_a)) <= 1e-12 * max(1, abs(float(by_a)))


# equations with axes that may have no entries; their slopes are 0 then
EMPTY = {
    "a share of all": "Z := sum(j, 1 + x[j]**2)\nC = sum(j, p[j] * log((1 + x[j]**2) / Z))",
    "a log of all": "Z := sum(j, x[j])\nC = sum(j, p[j] * log(p[j] / Z))",
    "a quotient of pairs": "Z := sum(i, j, [i != j] * (1 + (x[i] - x[j])**2))\n"
    "C = sum(i, j, p[i] * log((1 + (x[i] - x[j])**2) / Z))",
    "a node beside a share": "s[j] = x[j] / sum(i, x[i]**2)\nC = sum(j, s[j] * p[j])",
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_a_sum_says_it_does_not_say_of_nothing(name):
    code, _ = parts(EMPTY[name])
    none = np.zeros(0)
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # the log of an empty sum may stand for itself
        _, cache = code.forward(x=none, p=none)
        gradients = code.backward(1.0, cache)
        _, tangent = code.jvp((none, none), (none, none))
    assert tangent == 0
    assert gradients.dx.shape == gradients.dp.shape == (0,)
