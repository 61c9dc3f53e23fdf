"""Emitted modules far out, where sums that cancel would give 0: each entry to a few ULPs."""

from inspect import signature

import numpy as np
import pytest

from bench.ulp import MP, measure, to_exact
from tests.test_own_layers import compiled

exp = np.frompyfunc(MP.exp, 1, 1)
LIMIT = 40  # ULPs: an argument's own rounding costs as many as its size


def sigmoid(u):
    return 1 / (1 + exp(-u))


def slope(u):
    return sigmoid(u) * sigmoid(-u)


# equations of u and v, the exact output, and the exact gradient by u
CASES = {
    "sigmoid": ("h[n] = sigmoid(u[n]) + 0 * v[n]", lambda u, v: (sigmoid(u), slope(u))),
    "a named gate": (
        "s[n] := sigmoid(u[n])\nh[n] = s[n] * v[n]",
        lambda u, v: (sigmoid(u) * v, slope(u) * v),
    ),
    "silu": (
        "h[n] = u[n] * sigmoid(u[n]) + 0 * v[n]",
        lambda u, v: (u * sigmoid(u), sigmoid(u) * (1 + u * sigmoid(-u))),
    ),
    "gated by silu": (
        "h[n] = v[n] * u[n] * sigmoid(u[n])",
        lambda u, v: (v * u * sigmoid(u), v * sigmoid(u) * (1 + u * sigmoid(-u))),
    ),
    "the rest of a gate": (
        "h[n] = v[n] * (1 - sigmoid(u[n]))",
        lambda u, v: (v * sigmoid(-u), -v * slope(u)),
    ),
    "one more than tanh": (
        "h[n] = v[n] * (1 + tanh(u[n]))",
        lambda u, v: (2 * v * sigmoid(2 * u), 4 * v * slope(2 * u)),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tails_keep_their_digits(name, dtype):
    text, exact = CASES[name]
    rng = np.random.default_rng(0)
    u = rng.choice([-1, 1], 2000) * rng.uniform(3, 40, 2000)
    u, v = u.astype(dtype), rng.uniform(1, 2, 2000).astype(dtype)
    code = compiled(text)
    inputs = {"u": u, "v": v}
    output, cache = code["forward"](**inputs)
    gradient = code["backward"](np.ones_like(output), cache).du
    for found, wanted in zip((output, gradient), exact(*map(to_exact, (u, v))), strict=True):
        errors = measure(found, wanted)
        assert errors.largest < LIMIT and not any(errors.flaws.values())
    names = signature(code["forward"]).parameters
    directions = [np.ones_like(u) if name == "u" else np.zeros_like(v) for name in names]
    _, tangent = code["jvp"]([inputs[name] for name in names], directions)
    assert measure(tangent, wanted).largest < LIMIT


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_sure_and_right_probability_has_a_slope(dtype):
    code = compiled("p[n] := sigmoid(u[n])\nL[n] = log(1 + exp(u[n])) - t[n] * u[n]")
    u = np.random.default_rng(0).uniform(-80, 80, 2000).astype(dtype)
    t = (u > 0).astype(dtype)
    _, cache = code["forward"](u, t)
    sign = np.where(u > 0, -1, 1)
    wanted = sign * sigmoid(-abs(to_exact(u)))
    errors = measure(code["backward"](np.ones_like(u), cache).du, wanted)
    assert errors.largest < 4 and not any(errors.flaws.values())


@pytest.mark.parametrize("value", [0.0, -0.0, np.inf, -np.inf, np.nan])
def test_sigmoid_at_its_ends(value):
    code = compiled("s[n] = sigmoid(u[n])")
    output, cache = code["forward"](np.array([value]))
    wanted = {np.inf: 1.0, -np.inf: 0.0, 0.0: 0.5}.get(value, np.nan)
    np.testing.assert_array_equal(output, [wanted])
    gradient = code["backward"](np.ones(1), cache).du
    np.testing.assert_array_equal(gradient, [wanted * (1 - wanted)])
