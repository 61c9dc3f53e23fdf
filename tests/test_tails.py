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
    names = [n for n in signature(code["forward"]).parameters if n != "work"]
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


LOG_SOFTMAX = "s[n, j] = z[n, j] - log(sum(i, exp(z[n, i])))"
# what is given beside z, and the gradient by the output, under which the gradients by z are p - t
LOSSES = {
    "log-softmax": (LOG_SOFTMAX, "", lambda t: -t),
    "log of a probability": (
        "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\ns[n, j] = log(p[n, j])",
        "",
        lambda t: -t,
    ),
    "a loss with targets": (
        f"{LOG_SOFTMAX.replace('s[', 'q[')}\nL[n] = -sum(j, t[n, j] * q[n, j])",
        "t",
        lambda t: np.ones(len(t), t.dtype),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_certain_class_has_a_gradient(name, dtype):
    text, targets, cotangent = LOSSES[name]
    code = compiled(text)
    rng = np.random.default_rng(0)
    z, rows = rng.normal(size=(50, 7)).astype(dtype), np.arange(50)
    label = z.argmax(axis=1)
    z[rows, label] += np.linspace(3, 40, 50, dtype=dtype)
    t = (np.arange(7) == label[:, None]).astype(dtype)
    _, cache = code["forward"](z, t) if targets else code["forward"](z)
    dz = code["backward"](cotangent(t), cache)[0]
    e = exp(to_exact(z) - to_exact(z[rows, label])[:, None])
    e[rows, label] = MP.mpf(0)
    e[rows, label] = -e.sum(axis=1)
    exact = e / (1 - e[rows, label])[:, None]
    errors = measure(dz, exact)
    assert errors.largest < LIMIT and not any(errors.flaws.values())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_assumption_gives_soft_targets_the_same(dtype):
    code = compiled(
        "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\nL[n] = -sum(j, t[n, j] * log(p[n, j]))",
        assume=["sum(j, t[n, j]) == 1"],
        wrt=["z"],
    )
    z = np.array([[60.0, 0.0, 1.0], [2.0, 50.0, 0.0]], dtype)
    t = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype)
    _, cache = code["forward"](z, t)
    dz = code["backward"](np.ones(2, dtype), cache).dz
    others = [[np.exp(-60.0), np.exp(-59.0)], [np.exp(-48.0), np.exp(-50.0)]]
    wanted = [[-sum(others[0]), *others[0]], [others[1][0], -sum(others[1]), others[1][1]]]
    np.testing.assert_allclose(dz, wanted, rtol=2e-5 if dtype == "float32" else 2e-14)


def test_the_slope_of_softmax_where_one_is_certain():
    code = compiled("p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))")
    _, cache = code["forward"](np.array([[60.0, 0.0, 1.0]]))
    g = np.array([[3.0, 1.0, 2.0]])
    dz = code["backward"](g, cache).dz
    small = np.exp([-60.0, -59.0]) * [-2, -1]
    np.testing.assert_allclose(dz, [[-small.sum(), *small]], rtol=1e-13)


@pytest.mark.parametrize(
    "mean",
    ["mu[n] := mean(d, x[n, d])\ny[n, d] = x[n, d] - mu[n]", ""],
    ids=["named", "written out"],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_deviations_from_a_large_mean_keep_their_digits(mean, dtype):
    code = compiled(mean or "y[n, d] = x[n, d] - mean(i, x[n, i])")
    x = (1e4 + np.random.default_rng(0).normal(size=(20, 100))).astype(dtype)
    output, _ = code["forward"](x)
    exact = to_exact(x)
    exact = exact - exact.sum(axis=1, keepdims=True) / 100
    steps = np.abs(to_exact(output) - exact) / np.finfo(dtype).eps
    assert steps.max() < 4


@pytest.mark.parametrize("inner", ["z[n, j]", "2 * z[n, j] - c[j]"])
def test_log_sum_exp_of_infinite_terms(inner):
    code = compiled(f"s[n] = log(sum(j, exp({inner})))")
    inf = np.inf
    rows = [[inf, inf, 0], [-inf, -inf, -inf], [inf, 0, 1], [-inf, 0, 0], [np.nan, inf, 0]]
    inputs = [np.array(rows), np.zeros(3)] if "c" in inner else [np.array(rows)]
    with np.errstate(invalid="ignore"):
        found, _ = code["forward"](*inputs)
    np.testing.assert_allclose(found, [inf, -inf, inf, np.log(2), np.nan], rtol=1e-15)


def test_what_an_ignored_row_holds_does_not_matter():
    code = compiled(
        "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\n"
        "L[n] = -sum(j, [j == y[n]] * [j != ignored] * weight[j] * log(p[n, j]))",
        wrt=["z"],
    )
    z = np.array([[np.nan, 0.0], [np.inf, -np.inf], [1.0, 2.0]])
    given = {"z": z, "y": np.array([0, 0, 1]), "ignored": 0, "weight": np.ones(2)}
    with np.errstate(invalid="ignore"):
        output, cache = code["forward"](**given)
        dz = code["backward"](np.ones(3), cache).dz
    lost = 1 / (1 + np.exp(1))
    np.testing.assert_allclose(output, [0, 0, np.log1p(np.exp(-1))], rtol=1e-15)
    np.testing.assert_allclose(dz, [[0, 0], [0, 0], [lost, -lost]], rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_slopes_by_deviations_keep_their_digits(dtype):
    code = compiled(
        "m[d] := mean(n, x[n, d])\nv[d] := mean(n, (x[n, d] - m[d])**2)\n"
        "y[n, d] = (x[n, d] - m[d]) / sqrt(v[d] + 1)"
    )
    rng = np.random.default_rng(0)
    x, g = (1e4 + rng.normal(size=(30, 4))).astype(dtype), rng.normal(size=(30, 4)).astype(dtype)
    _, cache = code["forward"](x)
    dx = code["backward"](g, cache).dx
    x, g = x.astype(np.longdouble), g.astype(np.longdouble)
    deviation = x - x.mean(axis=0)
    width = np.sqrt((deviation**2).mean(axis=0) + 1)
    hat = deviation / width
    exact = (g - g.mean(axis=0) - hat * (g * hat).mean(axis=0)) / width
    assert np.abs(dx - exact).max() < 4 * np.finfo(dtype).eps
