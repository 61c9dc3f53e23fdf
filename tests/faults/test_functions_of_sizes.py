"""Functions and comparisons of sizes alone, which are Python's own numbers."""

from math import erf

import numpy as np
import pytest

from pullback.codegen.faces import notebook

VALUES = {
    "sigmoid(size(k))": lambda k: 1 / (1 + np.exp(-k)),
    "sigmoid(-size(k))": lambda k: 1 / (1 + np.exp(k)),
    "[size(k) > 2]": lambda k: float(k > 2),
    "[size(k) == size(n)]": lambda k: float(k == 2),
    "where(size(k) > 2, size(k), 0.5)": lambda k: k if k > 2 else 0.5,
    "max(size(k), size(n))": lambda k: max(k, 2),
    "erf(1/size(k))": lambda k: erf(1 / k),
    "abs(2 - size(k))": lambda k: abs(2 - k),
    "size(k)**0.5": lambda k: k**0.5,
    "(-log(sigmoid(size(k))))": lambda k: np.log1p(np.exp(-k)),
    "log(exp(size(k)) + exp(size(n)))": lambda k: np.logaddexp(k, 2),
}


@pytest.mark.parametrize("text", VALUES)
def test_a_function_of_a_size(text):
    code = notebook.layer(f"u[n, k] = {text} * x[n, k] + b[n]").compile()
    for dtype in ("float32", "float64"):
        for size in (1, 2, 3):
            x = np.arange(2 * size, dtype=dtype).reshape(2, size)
            output, cache = code.forward(x=x, b=np.ones(2, dtype))
            factor = VALUES[text](size)
            limit = 4 * np.finfo(dtype).eps
            np.testing.assert_allclose(output, factor * x + 1, rtol=limit)
            gradients = code.backward(np.ones_like(output), cache)
            np.testing.assert_allclose(gradients.dx, np.full_like(x, factor), rtol=limit)
            assert output.dtype == gradients.dx.dtype == dtype
