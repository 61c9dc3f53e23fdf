"""Rules of the checker for every size by themselves: what each decides, and what is near to it."""

import pytest

from tests.test_every_size import ask

MONOTONE = [  # a sum of logs has the sign of what is under them; what is more than what is known
    "[log(x) > 0] = [x > 1]",
    "z + [log(x) > log(y)] = z + [x > y]",
    "z + [2 * log(x) - log(y) > 0] = z + [x**2 > y]",
    "[z * log(x) > 0] = where(x > 1, [z > 0], where(x < 1, [z < 0], 0))",
    "log(1 + 2 * x) + abs(1 + x) = log(1 + 2 * x) + 1 + x",
    "log(1 + a[i]) + abs(2 + a[k]) = log(1 + a[i]) + 2 + a[k]",
    "where(2 * x >= 1, abs(3 * x - 1), 0) = where(2 * x >= 1, 3 * x - 1, 0)",
]
NOT_MONOTONE = [
    "[log(x) > 1] = [x > 1]",
    "[-log(x) > 0] = [x > 1]",
    "z + [log(x) > log(y)] = z + [x < y]",
    "z + [2 * log(x) - log(y) > 0] = z + [2 * x > y]",
    "z + [log(x) + log(y) > 0] = z + [x + y > 1]",
    "[z * log(x) > 0] = where(x > 1, [z > 0], 0)",
    "log(1 + x) + abs(1 + 2 * x) = log(1 + x) + 1 + 2 * x",
    "log(1 + x) + abs(2 - x) = log(1 + x) + 2 - x",
    "where(x > 1, abs(2 + y), 0) = where(x > 1, 2 + y, 0)",
]
ALIKE = [  # functions of what is equal, whatever it looks like; places that are told apart by it
    "erf(1 - sigmoid(x)) = erf(sigmoid(-x))",
    "exp(y * sin(sigmoid(x))) = exp(y * sin(1 - sigmoid(-x)))",
    "log(3 + sin(x**2 / (1 + x**2))) = log(3 + sin(1 - 1 / (1 + x**2)))",
    "(2 + sin(z))**(-tanh(x) - 1) = (2 + sin(z))**(-2 * sigmoid(2 * x))",
    "exp(max(x, 0) + max(y, 0) + max(z, 0) + max(w, 0) + max(p, 0) + max(q, 0))"
    " = exp(max(x, 0) + max(y, 0) + max(z, 0) + max(w, 0)) * exp(max(p, 0)) * exp(max(q, 0))",
    "sum(i, sum(j, [i == k] * x[j] * a[i] / (1 + sum(m, x[m]**2 * exp(erf(x[i] * x[m]))))))"
    " = sum(j, x[j]) * a[k] / (1 + sum(m, x[m]**2 * exp(erf(x[k] * x[m]))))",
]
NOT_ALIKE = [
    "erf(1 - sigmoid(x)) = erf(sigmoid(x))",
    "erf(1 - sigmoid(x)) = sin(sigmoid(-x))",
    "exp(y * sin(sigmoid(x))) = exp(y * sin(1 - sigmoid(x)))",
    "exp(y * sin(sigmoid(x))) = exp(z * sin(1 - sigmoid(-x)))",
    "(2 + sin(z))**(-tanh(x) - 1) = (2 + sin(z))**(-2 * sigmoid(x))",
    "(2 + sin(z))**(-tanh(x) - 1) = (3 + sin(z))**(-2 * sigmoid(2 * x))",
    "exp(max(x, 0) + max(y, 0) + max(z, 0) + max(w, 0) + max(p, 0) + max(q, 0))"
    " = exp(max(x, 0) + max(y, 0) + max(z, 0) + max(w, 0)) * exp(max(p, 0)) * exp(q)",
    "sum(i, sum(j, [i == k] * x[j] * a[i] / (1 + sum(m, x[m]**2 * exp(erf(x[i] * x[m]))))))"
    " = sum(j, x[j]) * a[k] / (1 + sum(m, x[m]**2 * exp(erf(x[m] * x[m]))))",
    "where(x > 0, sin(y / x), 0) = sin(y / x)",
]
SHIFTED = [  # beside [m = t + 1] what stands at m stands at t + 1
    "sum(m, [m == t + 1] * x[m] * pad(0, z[m - 1])) = pad(0, x[t + 1]) * z[t]",
    "sum(m, [m == t + 1] * [m != 0] * x[m] * exp(pad(0, z[m - 1]))) = pad(0, x[t + 1]) * exp(z[t])",
    "sum(m, [m == t + 1] * x[m] / sum(i, exp(A[i] + pad(0, z[m - 1]))))"
    " = pad(0, x[t + 1]) / sum(i, exp(A[i] + z[t]))",
    "sum(m, [m == t - 2] * x[m] * erf(pad(0, z[m + 1]))) + x[t]"
    " = pad(0, x[t - 2]) * erf(pad(0, z[t - 1])) + x[t]",
]
NOT_SHIFTED = [
    "sum(m, [m == t + 1] * x[m] * pad(0, z[m - 1])) + z[t]"
    " = pad(0, x[t + 1]) * pad(0, z[t - 1]) + z[t]",
    "sum(m, [m == t + 1] * x[m] * exp(pad(0, z[m - 1]))) = pad(0, x[t + 1]) + exp(z[t])",
    "sum(m, [m == t + 1] * exp(pad(0, z[m - 1]))) + x[t] = exp(z[t]) + x[t]",
    "sum(m, [m != t + 1] * x[m] * exp(pad(0, z[m - 1]))) = pad(0, x[t + 1]) * exp(z[t])",
    "sum(m, [m == t - 1] * [m != 0] * x[m] * exp(pad(0, z[m + 1]))) = pad(0, x[t - 1]) * exp(z[t])",
]


@pytest.mark.parametrize("example", MONOTONE + ALIKE + SHIFTED)
def test_what_a_rule_of_its_own_decides_is_proved(example):
    assert ask("fold", example).proved


@pytest.mark.parametrize("example", NOT_MONOTONE + NOT_ALIKE + NOT_SHIFTED)
def test_what_is_near_to_such_a_rule_and_false_is_refused(example):
    assert not ask("fold", example).proved
