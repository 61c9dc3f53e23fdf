"""Hessians times directions where exponents are large, against their closed forms to 60 digits."""

import numpy as np
import pytest

from tests.reference import MP
from tests.test_edges import code

SCALES = (1.0, 30.0, 700.0, -700.0, 1e3, 1e4)


def exact(array):
    return np.frompyfunc(lambda entry: MP.mpf(float(entry)), 1, 1)(array)


def exponentials(z):
    return np.frompyfunc(MP.exp, 1, 1)(z)


def curvature(weights, v):
    """The Hessian of log Σ w exp(z), times v: (diag(q) - q qᵀ) v, with q = w exp(z)/Σ w exp(z)."""
    q = weights / sum(weights)
    return q * (v - sum(q * v))


def cox_likelihood(rng, scale):
    x, beta = rng.normal(size=(4, 2)), rng.normal(size=2)
    x *= scale / np.abs(x @ beta).max()
    delta, t, v = np.array([1.0, 0.0, 1.0, 1.0]), rng.normal(size=4), rng.normal(size=2)
    (found,) = code("cox_likelihood").hvp((x, beta, delta, t), (v,))
    rows, along = exact(x), exact(x) @ exact(v)
    weights = exponentials(rows @ exact(beta))
    wanted = sum(
        d * rows.T @ curvature((t >= s) * weights, along) for d, s in zip(delta, t, strict=True)
    )
    return found, wanted, np.abs(x).max() ** 2


def log_cosh(rng, scale):
    p, t, v = scale * rng.normal(size=5), rng.normal(size=5), rng.normal(size=5)
    (found,) = code("log_cosh").hvp((p, t), (v,))
    wanted = [MP.sech(u) ** 2 * MP.mpf(w) / 5 for u, w in zip(exact(p) - exact(t), v, strict=True)]
    return found, wanted, 1


def softmax_shifted_by_hand(rng, scale):
    z, y, v = scale * rng.normal(size=(3, 4)), rng.integers(4, size=3), rng.normal(size=(3, 4))
    (found,) = code("softmax_shifted_by_hand").hvp((z, y), (v,))
    wanted = [
        curvature(exponentials(row), w) / 3 for row, w in zip(exact(z), exact(v), strict=True)
    ]
    return found, wanted, 1


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("case", [cox_likelihood, log_cosh, softmax_shifted_by_hand])
def test_a_hessian_times_a_direction(case, scale):
    """To the rounding of the exponents, and of the squares of entries that it is made of."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        found, wanted, size = case(rng, scale)
        error = np.abs(exact(found) - np.asarray(wanted, object)).max()
        assert np.isfinite(found).all()
        assert error <= 1e-12 * max(1, size), (found, wanted)
