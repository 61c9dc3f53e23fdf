"""Products of sums of exponentials, and exponentials of quotients: nothing overflows or is lost."""

import pytest

from tests.faults.test_exponential_sums import SCALES, check

SHARE = "p[n, j] := exp(b[n, j]) / sum(i, exp(b[n, i]))\n"
A, B = "sum(j, exp(a[n, j]))", "sum(j, exp(b[n, j]))"
CASES = {
    "circle loss": f"L[n] = log(1 + {A} * {B})",
    "circle loss by log1p": f"L[n] = log1p({A} * {B})",
    "scaled and moved": "L[n] = log(1 + sum(i, exp(2 * (a[n, i] + 0.25)))"
    " * sum(j, exp(-2 * (b[n, j] - 0.25))))",
    "three": f"L[n] = log(1 + {A} * {B} * sum(j, exp(c[n, j])))",
    "weights": "L[n] = log(1 + sum(i, q[i] * exp(a[n, i])) * sum(j, q[j] * exp(b[n, j])))",
    "a mask": "L[n] = log(1 + sum(i, [m[n, i] > 0] * exp(a[n, i])) * sum(j, exp(b[n, j])))",
    "two products": f"L[n] = log({A} * {B} + sum(k, exp(c[n, k])) * sum(l, exp(d[n, l])))",
    "masks in two products": f"L[n] = log(sum(j, [m[n, j] > 0] * exp(a[n, j])) * {B}"
    " + sum(j, [m[n, j] <= 0] * exp(c[n, j])) * sum(j, exp(t[n] - b[n, j])))",
    "an exponential and a sum": f"L[n] = log(1 + exp(t[n]) * {B})",
    "a power": f"L[n] = log(2 + {B}**2)",
    "a power beside a sum": f"L[n] = log({A}**3 + sum(j, exp(3 * a[n, j])))",
    "a root": f"L[n] = log(1 + sqrt({B}))",
    "within a sum": "L[n] = log(1 + sum(i, exp(a[n, i]) * sum(j, exp(b[j, i]))"
    " * sum(k, exp(c[i, k]))))",
    "the paths of a chain": "L = log(sum(i, exp(a[i]) * sum(j, exp(w[i, j]) * exp(b[j])"
    " * sum(k, exp(z[j, k] + c[k])))))",
    "the paths of a chain of three": "L = log(sum(i, exp(a[i]) * sum(j, exp(w[i, j] + b[j])"
    " * sum(k, exp(z[j, k] + c[k]) * sum(l, exp(t[k, l]))))))",
    "sums that meet in one place": "L = log(sum(j, exp(b[j]) * sum(i, exp(a[i] + w[i, j]))"
    " * sum(k, exp(z[j, k] + c[k]))))",
    "a share": f"h[n] = {A} * {B} / (1 + {A} * {B})",
    "one over": f"h[n] = 1 / (1 + {A} * {B})",
    "a share of one and of a product": f"h[n] = {A} / ({A} + {B} * sum(k, exp(c[n, k])))",
    "odds": f"h[n] = log({A} + 1) - log({A} * {B} + 1)",
    "a sum beside others outside a sum": "v[n] = log(0.5 + sum(j, (exp(w[j]) + 0.2)"
    " * exp(tanh(w[n] + w[j]))))",
    "a diagonal share in an exponent": "L = log(sum(n, (0.5 + abs(w[n, n]))"
    " * exp(exp(b[n, n]) / sum(j, exp(b[j, j])))))",
    "a share in an exponent": f"{SHARE}h[n] = sum(j, u[j] * exp(c[n, j] * p[n, j]))"
    " / sum(j, exp(c[n, j] * p[n, j]))",
    "two above, one below": "h[n] = (exp(w[n]) + 1) * (exp(b[n]) + 2)"
    " / (1 + sum(i, exp(w[i]) + exp(b[i])))",
    "two above of two below": "h[n] = (exp(w[n]) + 1) * (exp(b[n]) + 2)"
    " / (1 + exp(w[n]) + exp(b[n]))",
    "a product below": "h[n] = sum(j, exp(a[n, j]) * q[j])"
    " / (1 + sum(j, exp(a[n, j]) * (1 + exp(b[n, j]))))",
    "two sums in each term": "L = log(sum(j, exp(a[j]) * (exp(b[j]) + exp(-b[j]))"
    " * (1 + exp(c[j]))))",
    "a share as a weight": f"{SHARE}h[n] = log(sum(j, p[n, j] * exp(c[n, j])))",
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CASES)
def test_products_of_sums(name, scale):
    names = "abcdtwz"
    check(CASES[name], scale, [n for n in names if f"{n}[" in CASES[name]])
