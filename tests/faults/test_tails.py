"""What is nearly 0 or 1, and logs of it: values and slopes on both sides, against 50 digits."""

import numpy as np
import pytest

from bench.ulp import MP, measure, to_exact
from tests.faults.test_finite_slopes import parts

LIMIT = 64  # ULPs


def entrywise(function):
    return np.frompyfunc(function, 1, 1)


exp, log, tanh, erfc = map(entrywise, (MP.exp, MP.log, MP.tanh, MP.erfc))
expm1 = entrywise(MP.expm1)
SMALL = 10.0 ** np.arange(-16, 0)
ROOT = MP.sqrt(2)


def both(points):
    """The points and their opposites."""
    return np.concatenate([points, -points])


def grid(low, high, count=400):
    return np.random.default_rng(0).uniform(low, high, count)


def cosh(u):
    return (exp(u) + exp(-u)) / 2


def normal(u):
    return erfc(-u / ROOT) / 2


def density(u):
    return exp(-u * u / 2) / MP.sqrt(2 * MP.pi)


# equations of u, the points by dtype, the exact value and the exact slope
CASES = {
    "log of one less an exponential": (
        "h[n] = log(1 - exp(u[n]))",
        lambda top: -np.concatenate([SMALL, grid(0, 3), grid(1, top)]),
        lambda u: log(-expm1(u)),
        lambda u: -1 / expm1(-u),
    ),
    "log of one less an exponential of minus": (
        "h[n] = log(1 - exp(-2 * u[n]))",
        lambda top: np.concatenate([SMALL, grid(0, 3), grid(1, top / 2)]),
        lambda u: log(-expm1(-2 * u)),
        lambda u: 2 / expm1(2 * u),
    ),
    "inverse of softplus": (
        "h[n] = log(exp(u[n]) - 1)",
        lambda top: np.concatenate([SMALL, grid(0, 0.5), grid(1, 20), grid(1, 1000)]),
        lambda u: u + log(-expm1(-u)),
        lambda u: -1 / expm1(-u),
    ),
    "one less an exponential": (
        "h[n] = 1 - exp(-u[n])",
        lambda top: both(np.concatenate([SMALL, grid(0, 3), grid(1, top)])),
        lambda u: -expm1(-u),
        lambda u: exp(-u),
    ),
    "a share of what is left": (
        "s := 3\nh[n] = s * (1 - exp(u[n])) / u[n]",
        lambda top: both(np.concatenate([grid(0.5, 3), grid(1, top)])),
        lambda u: -3 * expm1(u) / u,
        None,
    ),
    "log cosh": (
        "h[n] = log((exp(u[n]) + exp(-u[n])) / 2)",
        lambda top: both(np.concatenate([SMALL, grid(0, 3), grid(1, 1000)])),
        lambda u: log(cosh(u)),
        tanh,
    ),
    "log cosh in two": (
        "c[n] := exp(u[n]) + exp(-u[n])\nh[n] = 3 * log(c[n]) - 3 * log(2)",
        lambda top: both(np.concatenate([SMALL, grid(0, 3), grid(1, 1000)])),
        lambda u: 3 * log(cosh(u)),
        lambda u: 3 * tanh(u),
    ),
    "log of the error function": (
        "h[n] = log(erfc(u[n]))",
        lambda top: both(np.concatenate([SMALL, grid(0, 3), grid(1, top**0.5), grid(1, 1000)])),
        lambda u: log(erfc(u)),
        lambda u: -2 / MP.sqrt(MP.pi) * exp(-u * u) / erfc(u),
    ),
    "log of the normal distribution": (
        "h[n] = log((1 + erf(u[n] / sqrt(2))) / 2)",
        # above 7 the rounding of u/√2, which costs u² ULPs, shows in erfc
        lambda top: np.concatenate([both(SMALL), grid(0, 7), -grid(1, top**0.5), -grid(1, 1000)]),
        lambda u: log(normal(u)),
        lambda u: density(u) / normal(u),
    ),
    "mish": (
        "h[n] = u[n] * tanh(log(1 + exp(u[n])))",
        lambda top: np.concatenate([grid(0, 1000), -grid(2, top)]),
        lambda u: u * tanh(log(1 + exp(u))),
        None,
    ),
}


LONG = ("log of the error function", "log of the normal distribution")  # a minute each
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in CASES]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_tail_keeps_its_digits(name, dtype):
    text, points, value, slope = CASES[name]
    code, _ = parts(text)
    u = points({"float64": 700.0, "float32": 85.0}[dtype]).astype(dtype)
    with MP.workdps(900), np.errstate(all="raise", under="ignore"):
        exact = to_exact(u)
        output, cache = code.forward(u)
        gradient = code.backward(np.ones_like(u), cache).du
        _, tangent = code.jvp((u,), (np.ones_like(u),))
        found = [(output, value)] + [(g, slope) for g in (gradient, tangent) if slope]
        for array, wanted in found:
            errors = measure(array, wanted(exact))
            assert errors.largest < LIMIT, (errors, u[np.argmax(abs(array - wanted(exact)))])
            assert not any(errors.flaws.values())


FOCAL = """
p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
L[n] = -(1 - p[n, y[n]])**2 * log(p[n, y[n]])
"""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("lead", [-40, -3, 0, 3, 20, 30, 40, 80])
def test_a_focal_loss_is_right_at_any_lead(lead, dtype):
    code, _ = parts(FOCAL)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20, 5)).astype(dtype)
    y = rng.integers(5, size=20)
    z[np.arange(20), y] += lead
    loss, cache = code.forward(z, y)
    gradient = code.backward(np.ones_like(loss), cache).dz
    with MP.workdps(120):
        for row, label, found, slopes in zip(to_exact(z), y, loss, gradient, strict=True):
            terms = exp(row)
            p = terms / terms.sum()
            rest = sum(t for j, t in enumerate(p) if j != label)
            wanted = -(rest**2) * MP.log(p[label])
            factor = rest**2 - 2 * rest * p[label] * MP.log(p[label])
            ones = np.arange(5) == label
            exactly = factor * np.where(ones, -rest, p)
            limit = LIMIT + abs(lead)  # the rounding of an exponent costs as many as its size
            assert measure(np.array([found]), np.array([wanted])).largest < limit
            assert measure(slopes, exactly).largest < limit


@pytest.mark.parametrize("equations", [
    "r[n] = 1 - p[n, y[n]]",
    "r[n] = log(1 - p[n, y[n]])",
    "r[n] = c[n] - c[n] * p[n, y[n]]",
])  # fmt: skip
def test_what_the_others_have_keeps_its_digits(equations):
    text = f"p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\n{equations}"
    code, _ = parts(text)
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(50, 4)), rng.integers(4, size=50)
    z[np.arange(50), y] += rng.uniform(0, 100, 50)
    c = {"c": np.ones(50)} if "c[n]" in equations else {}
    output, _ = code.forward(z=z, y=y, **c)
    with MP.workdps(120):
        terms = exp(to_exact(z))
        p = terms / terms.sum(axis=1, keepdims=True)
        p[np.arange(50), y] = 0
        rest = p.sum(axis=1)
        assert measure(output, log(rest) if "log" in equations else rest).largest < LIMIT
