"""Mixtures whose weights are a softmax or vanish: what counts most may have the smallest weight.

The reference takes 1 − σ(a) as it is written, so that it needs digits for all that this loses.
"""

import pytest

from tests.faults.test_exponential_sums import check
from tests.reference import MP

DIGITS = 3000
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
G = "sigmoid(t[n])"
GATES = {
    "two": f"L[n] = log({G} * exp(a[n]) + (1 - {G}) * exp(b[n]))",
    "by name": "g[n] := sigmoid(sum(d, x[n, d] * w[d]))\n"
    "L = -mean(n, log(g[n] * exp(-a[n]**2 / 2) + (1 - g[n]) * exp(-b[n]**2 / 2)))",
    "a minus": f"L[n] = log(sigmoid(-t[n]) * exp(a[n]) + {G} * exp(b[n]))",
    "written out": "L[n] = log(exp(t[n]) / (1 + exp(t[n])) * exp(a[n])"
    " + 1 / (1 + exp(t[n])) * exp(b[n]))",
    "many zeros": f"L[n] = log({G} + (1 - {G}) * exp(-abs(a[n])))",
    "many zeros, the other way round": f"L[n] = log(1 - {G} + {G} * exp(-abs(a[n])))",
    "sums": f"L[n] = log({G} * sum(j, exp(a[n, j])) + (1 - {G}) * sum(j, exp(b[n, j])))",
    "gates alone": f"L[n] = log({G} * sigmoid(a[n]) + (1 - {G}) * sigmoid(b[n]))",
    "a number beside": f"L[n] = log({G} * exp(a[n]) + 0.5)",
    "a number and a gate": f"L[n] = log(1e-7 + {G})",
    "a square": f"L[n] = log(0.3 * {G}**2 * exp(a[n]) + (1 - {G}) * exp(b[n]))",
    "a share and a mixture": "p[n, j] := exp(a[n, j]) / sum(i, exp(a[n, i]))\n"
    f"L[n] = log({G} * p[n, l[n]] + (1 - {G}) * sum(j, p[n, j] * exp(b[n, j])))",
}
TAILS = {
    "gates over their axis": "L = log(sum(j, sigmoid(t[j]) * exp(a[j])))",
    "gates that shut, in rows": "L[n] = log(sum(j, (1 - sigmoid(t[n, j])) * exp(a[n, j])))",
    "gates by name": "s[n, j] := sigmoid(t[n, j])\nL[n] = log(sum(j, s[n, j] * exp(a[n, j])))",
    "gates within gates": f"L[n] = log({G} * (sigmoid(a[n]) * exp(b[n])"
    f" + (1 - sigmoid(a[n])) * exp(c[n])) + (1 - {G}) * exp(d[n]))",
    "a sum of gates within": f"L[n] = log({G} * sum(j, sigmoid(a[n, j]) * exp(b[n, j]))"
    f" + (1 - {G}) * exp(d[n]))",
    "gates of two": f"L[n] = log({G} * exp(a[n]) * sigmoid(b[n])"
    " + exp(c[n]) * (1 - sigmoid(b[n])))",
    "a mean of gates": "L = mean(n, log(mean(j, sigmoid(t[n, j]))))",
    "a mean by gates": "h[n] = sum(j, sigmoid(t[n, j]) * exp(a[n, j]) * x[n, j])"
    " / sum(j, sigmoid(t[n, j]) * exp(a[n, j]))",
    "shares": "s[n, j] := sigmoid(t[n, j])\nh[n, j] = s[n, j] / sum(i, s[n, i])",
    "who is responsible": f"h[n] = {G} * exp(a[n]) / ({G} * exp(a[n]) + (1 - {G}) * exp(b[n]))",
    "erfc": "L[n] = log(sum(j, erfc(t[n, j]) * exp(a[n, j])))",
    "erfc beside": f"L[n] = log({G} * exp(a[n]) + erfc(b[n]))",
    "both sides of erf": "L[n] = log((1 + erf(t[n])) * exp(a[n]) + (1 - erf(t[n])) * exp(b[n]))",
    "tanh": "L[n] = log(sum(j, (1 - tanh(t[n, j])) * exp(a[n, j])))",
    "both sides of tanh": "L[n] = log((1 + tanh(t[n])) / 2 * exp(a[n])"
    " + (1 - tanh(t[n])) / 2 * exp(b[n]))",
}


def moved(text):
    """The names of exponents in a definition."""
    return [name for name in "abcdtwz" if f"{name}[" in text]


@pytest.mark.sampled(12)
@pytest.mark.parametrize("scale", [1.0, 1e3, -1e4])
@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures(name, scale):
    check(MIXTURES[name], scale, moved(MIXTURES[name]))


@pytest.mark.sampled(13)
@pytest.mark.parametrize("scale", [30.0, -1e3])
@pytest.mark.parametrize("name", GATES | TAILS)
def test_weights_that_vanish(name, scale):
    text = (GATES | TAILS)[name]
    with MP.workdps(DIGITS):
        check(text, scale, moved(text))
