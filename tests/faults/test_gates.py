"""Mixtures whose weights are a softmax: what counts most may have the smallest weight."""

import pytest

from tests.faults.test_exponential_sums import check

P = "p[n, j] := exp(t[n, j]) / sum(i, exp(t[n, i]))\n"
Q = "p[j] := exp(t[j]) / sum(i, exp(t[i]))\n"
MIXTURES = {
    "one row": f"{Q}L = log(sum(j, p[j] * exp(-(x - c[j])**2 / 2)))",
    "rows": f"{P}L[n] = log(sum(j, p[n, j] * exp(-(x[n] - c[n, j])**2 / 2)))",
    "widths of their own": f"{P}L = -mean(n, log(sum(j, p[n, j]"
    " * exp(-(x[n] - c[n, j])**2 * exp(-tanh(w[n, j])) / 2 - tanh(w[n, j])))))",
    "a total by name": "s[n] := sum(i, exp(t[n, i]))\n"
    "L[n] = log(sum(j, exp(t[n, j]) / s[n] * exp(-sum(d, (x[n, d] - w[d, j])**2) / 2)))",
    "a mask": "p[n, j] := [m[n, j] > 0] * exp(t[n, j]) / sum(i, [m[n, i] > 0] * exp(t[n, i]))\n"
    "L[n] = log(sum(j, p[n, j] * exp(c[n, j])))",
    "two shares": f"{Q}r[j] := exp(c[j]) / sum(i, exp(c[i]))\nL = log(sum(j, p[j] * r[j]))",
    "a square": f"{Q}L = log(sum(j, p[j]**2))",
    "terms of two": f"{Q}L = log(sum(j, p[j] * (exp(b[j]) + exp(c[j]))))",
    "two mixtures": f"{Q}r[j] := exp(c[j]) / sum(i, exp(c[i]))\n"
    "L = log(sum(j, p[j] * exp(b[j])) + sum(j, r[j] * exp(b[j])))",
    "a number beside": f"{P}L = -mean(n, log(0.5 * sum(j, p[n, j] * exp(c[n, j])) + 0.5))",
    "a number beside one row": f"{Q}L = log(0.5 * sum(j, p[j] * exp(c[j])) + 0.5)",
    "weights beside": f"{P}L[n] = log(sum(j, p[n, j] * q[j] * exp(c[n, j])))",
    "a mean": f"{Q}h = sum(j, p[j] * exp(c[j]) * b[j]) / sum(j, p[j] * exp(c[j]))",
    "what is responsible": f"{P}h[n, j] = p[n, j] * exp(c[n, j]) / sum(i, p[n, i] * exp(c[n, i]))",
}


def moved(text):
    """The names of exponents in a definition."""
    return [name for name in "abcdtwz" if f"{name}[" in text]


@pytest.mark.parametrize("scale", [1.0, 1e3, -1e4])
@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures(name, scale):
    check(MIXTURES[name], scale, moved(MIXTURES[name]))
