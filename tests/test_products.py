"""Products along an axis, `prod` and `cumprod`: right where entries are 0; how they are written."""

from __future__ import annotations

import numpy as np
import pytest

from pullback.codegen.library import shipped_source
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.read.reader import read_equations
from tests.shipped import derived

ROWS = np.array(
    [
        [2.0, -3.0, 0.5, 7.0],
        [2.0, 0.0, 0.5, 7.0],  # the slope is there alone
        [0.0, -3.0, 0.0, 7.0],  # and here nowhere
        [1e-100, 1e100, 1e100, 1e-100],
    ]
)


def code(name: str):
    """The module of a shipped layer."""
    derivation = derived(name)
    return loaded(module(derivation, lower(derivation)), derivation.layer)


def test_slopes_are_products_of_the_others() -> None:
    """Nothing is divided by: exact where the numbers are."""
    of_rows = code("prod")
    y, cache = of_rows.forward(ROWS)
    others = [[np.prod(np.delete(row, t)) for t in range(4)] for row in ROWS]
    assert np.array_equal(y, ROWS.prod(axis=1))
    assert np.allclose(of_rows.backward(np.ones(4), cache).dx, others, rtol=1e-15, atol=0)


def test_running_products_are_those_of_numpy() -> None:
    """With slopes as complex steps have them, of a row with zeros too."""
    running, rng = code("cumprod"), np.random.default_rng(0)
    y, cache = running.forward(ROWS)
    g = rng.normal(size=y.shape)
    dx = running.backward(g, cache).dx
    assert np.array_equal(y, np.cumprod(ROWS, axis=1))
    for n, t in np.ndindex(3, 4):
        step = ROWS.astype(complex)
        step[n, t] += 1e-30j
        slope = np.sum(np.cumprod(step, axis=1).imag * g) / 1e-30
        assert abs(dx[n, t] - slope) <= 1e-14 * max(1, abs(slope))


def test_no_place_is_read_of_an_axis_without_any() -> None:
    """A running product of nothing is nothing; its last entry there is none of, and x[n, 0]."""
    assert code("cumprod").value(np.ones((2, 0))).shape == (2, 0)
    with pytest.raises(ValueError, match="T is 0; it must be at least 1"):
        code("prod").value(np.ones((2, 0)))
    for text in ("y[n] = x[n, 0]", "y[n] = x[n, size(t) - 1] + sum(t, x[n, t])"):
        layer = read_equations("own", text)
        derivation = derive(layer)
        own = loaded(module(derivation, lower(derivation)), layer)
        with pytest.raises(ValueError, match="is 0; it must be at least 1"):
            own.value(np.ones((2, 0)))


def test_the_last_axis_may_stand_before_the_tensor() -> None:
    """As in sums; it says nothing that the tensor does not."""
    texts = "h[n] = prod(j, x[n, j])", "h[n] = prod(x[n, j])"
    first, second = (read_equations("own", text, shipped_source) for text in texts)
    assert first.nodes == second.nodes and first.recurrences == second.recurrences


REFUSED = [
    ("h[n] = prod(j, x[j, n])", "runs along the last axis of x[j, n], and 'j' is another"),
    ("h[n] = prod(j, 2 * x[n, j])", "give the expression a line of its own, as in u[…, j]"),
    ("h[n] = 1 + prod(j, x[n, j])", "give 'prod' a line of its own"),
    ("h[n] = prod(j, k, x[n, j, k])", "prod takes 1 argument (x); it has 3"),
    ("B[i, j] = cholesky(A[i, j])", "solve(A[i, j], b[i]) need no factor of A"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_it_does_not_say_is_refused(text: str, words: str) -> None:
    """With what to write."""
    with pytest.raises(DefinitionError) as info:
        read_equations("own", text, shipped_source)
    assert words in str(info.value)
