"""Each law with its guard taken away: the check of steps alone refuses what it then says."""

import pytest

from pullback.derive.calculus.steps import Step
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import entry_indices, entry_name
from pullback.derive.law_example import read_example
from pullback.derive.laws.registry import LAWS, Law
from pullback.derive.proof.step_check import check_step

P = "given p[j] := exp(z[j]) / sum(i, exp(z[i]))"
OTHERS = "[k != y] * p[k] - [k == y] * sum(j, [j != y] * p[j])"
LESS = "[k != l] * (p[k] - t[k]) - [k == l] * sum(j, [j != l] * (p[j] - t[j]))"

# a law's name, and what it says where a guard of its does not hold
FALSE = [
    ("powers of one base", "a**p / b = a**(p - 1)"),
    ("powers of one base", "a**p * b**q = (a * b)**(p + q)"),
    ("distribute", "a[j] * ([j == k] + b) = a[j] * [j == k] + b"),
    ("sum term by term", "sum(j, c[j] * a[j]) = c[k] * sum(j, a[j])"),
    ("sum term by term", "sum(j, a[j] * b[j]) = sum(j, a[j]) * sum(j, b[j])"),
    ("factor of both cases", "where(c > 0, [j == k] * a, b) = [j == k] * where(c > 0, a, b)"),
    ("sum over a delta", "sum(j, [j == y[j]] * f[j]) = f[y[k]]"),
    ("sum over a delta", "sum(j, [j != k] * f[j]) = f[k]"),
    ("sum over a delta", "sum(j, [j == k + 1] * exp(f[j])) + f[k] = exp(pad(0, f[k + 1])) + f[k]"),
    ("sum over a delta", "sum(j, [j == k + 1] * f[j] * a[j]) = pad(0, f[k + 1]) * a[k]"),
    ("rows apart", "a * sum(n, f[n]) + b = sum(n, a * f[n] + b)"),
    ("rows apart", "sum(n, f[n]) * sum(n, g[n]) = sum(n, f[n] * g[n])"),
    ("parts of a sum", "sum(n, f[n]) = sum(p, sum(n, [q[n] != p] * f[n]))"),
    ("parts of a sum", "sum(n, f[n]) = sum(p, sum(n, f[n]))"),
    ("sum of a constant", "sum(n, c[n]) = N * c[m]"),
    ("as matrices", "sum(k, a[i, k] * b[k, j]) = sum(k, a[i, k] * b[j, k])"),
    ("as matrices", "sum(k, a[i, k] * b[k, j]) = sum(k, a[k, i] * b[k, j])"),
    ("tie to a label", "[j != y[n]] * f[j] + a = [j != y[n]] * f[y[n]] + a"),
    ("terms that cancel", "sum(j, a[j] - sum(k, a[k])) = 0"),
    ("terms that cancel", "sum(j, (a[j] - sum(k, a[k]) / J)**3) = 0"),  # true of two entries
    ("common factor", "a * b + c = a * (b + c)"),
    ("log of a quotient", "log(a * b) = log(a) + log(b)"),
    ("log of a quotient", "log(a / b) = log(a) - log(b)"),
    ("log of a quotient", "log(a**2) = 2 * log(a)"),
    ("log of a quotient", "log(sum(j, a[j]**2) * b) = log(sum(j, a[j]**2)) + log(b) / 2"),
    ("log of a sigmoid", "log(1 + sigmoid(a)) = -log(1 + exp(a))"),
    (
        "weights as exponentials",
        "log(sigmoid(a) + exp(c)) = log(exp(logsigmoid(-a)) + exp(c))",
    ),
    ("log of a sigmoid in an exponent", "logsigmoid(a) = min(a, 0) - log1p(exp(abs(a)))"),
    ("sigmoid", "exp(a) / (1 + exp(b)) = sigmoid(a)"),
    ("sigmoid", "exp(a) / (2 + exp(a)) = sigmoid(a)"),
    ("shifted log-sum-exp", "log(sum(i, exp(a[i]))) = a[l] + log1p(sum(i, exp(a[i] - a[l])))"),
    (
        "shifted log-sum-exp",
        "log(sum(i, w[i] * exp(a[i]))) = a[l] + log1p(sum(i, [i != l] * w[i] * exp(a[i] - a[l])))",
    ),
    ("shifted softplus", "log(2 + exp(a)) = max(0, a) + log1p(exp(-abs(a)))"),
    ("shifted softplus", "log(1 + exp(a)) = max(0, b) + log1p(exp(-abs(a)))"),
    ("complementary error function", "1 - erf(a) = erfc(-a)"),
    (
        "shifted softmax",
        "exp(a[j]) / sum(i, exp(b[i])) = exp(a[j] - a[l]) / sum(i, exp(b[i] - b[l]))",
    ),
    (
        "split off the largest",
        "given s[l] := sum(i, [i != l] * exp(a[i] - a[l]))",
        "sum(i, exp(a[i] - a[k])) = 1 + s[l]",
    ),
    ("minus the others", f"p[k] - [k == y] = {OTHERS}"),
    ("entries that add up to nothing", "given sum(j, p[j]) == 1", f"p[k] - t[k] = {LESS}"),
    (
        "mean of the deviations",
        "given m := sum(i, a[i])",
        "a[k] - m = a[k] - m - sum(i, a[i] - m) / K",
    ),
    ("tanh as a sigmoid", "given t[n] := tanh(u[n])", "1 + t[n] = 2 * sigmoid(u[n])"),
    (
        "complement of a sigmoid",
        "given s[n] := sigmoid(u[n])",
        "s[n] * (2 - s[n]) = sigmoid(u[n]) * sigmoid(-u[n])",
    ),
    (
        "sigmoid less a number",
        "given p[n] := sigmoid(z[n])",
        "p[n] - t[n] = (1 - t[n]) * sigmoid(z[n]) - t[n] * sigmoid(z[n])",
    ),
    (
        "exponential into quotients",  # the exponential runs with the sum's index
        "exp(b[m]) * sum(n, 1 / x[n]) = sum(n, exp(b[n]) / x[n])",
    ),
    ("product of exponentials", "exp(a) * (exp(b - a) + c) = exp(b) + c"),
    ("product of exponentials", "exp(a) * exp(b) = exp(a * b)"),
    (
        "common exponential",  # what is taken off runs with the sum's index
        "exp(a[j] - c[j]) / sum(i, exp(a[i] - c[i])) = exp(a[j]) / sum(i, exp(a[i]))",
    ),
    ("scaled error function", "b * exp(-a**2) / erfc(-a) = b / erfcx(a)"),
    (
        "log of the error function",
        "log(erfc(a)) = where(a > 1/2, log(erfcx(a)) - a, log1p(-erf(a)))",
    ),
    ("one less than an exponential", "b * (2 - exp(a)) = -b * expm1(a)"),
    (
        "log of one less an exponential",
        "log(1 - exp(a)) = where(a > -0.7, log(expm1(-a)), log1p(-exp(a)))",
    ),
    ("exponential over one less it", "b * exp(a) / (1 + exp(a)) = b / expm1(-a)"),
    ("tanh of exponentials", "b * (exp(a) - exp(-a)) / (exp(a) + exp(a)) = b * tanh(a)"),
    (
        "log of cosh",  # the two halves have different weights
        "log(exp(a)/2 + exp(-a)/3) = abs(a) + log1p(expm1(-2 * abs(a)) / 2)",
    ),
    (
        "what the others have",
        "1 - exp(a[k]) / sum(i, exp(a[i])) = sum(j, exp(a[j])) / sum(i, exp(a[i]))",
    ),
    ("difference from a label", "b * p[k] - c * [k == y] = b * (p[k] - [k == y])"),
    (
        "log shifted by the largest",  # a weight of unknown sign has no log
        "log(w * exp(a)) = a + log(w**2) / 2 + log(exp(a - max(a, 0)))",
    ),
    (
        "log shifted by the largest",
        "log(2 * exp(a) + 3 * exp(b)) = max(a, b) + log(2 * exp(a) + 3 * exp(b - max(a, b)))",
    ),
    (
        "exponential beside a sigmoid",
        "given s[n] := sigmoid(u[n])",
        "s[n] * exp(u[n]) = sigmoid(-u[n])",
    ),
    ("definition", P, "log(p[k]) = log(exp(z[k]) / sum(i, exp(z[k])))"),
    ("fold", P, "a[k] * exp(z[k]) / sum(i, exp(z[i])) = a[k] * p[l]"),
    ("assumption", "given sum(j, t[j]) == 1", "a * sum(j, t[j]**2) = a"),
    ("assumption", "given sum(j, t[j]**2) == 1", "a * t[k]**3 = a * t[k]**2"),
    ("declared domain", "given x[n] >= 0", "[x[n] > 0] = 1"),
    ("declared domain", "given x[n] > -1", "abs(x[n]) = x[n]"),
    ("declared domain", "given x[n] < 0", "abs(x[n]) = x[n]"),
    ("declared domain", "given x[n] > 1", "max(x[n], 2) = x[n]"),
    ("declared domain", "given x[n] != 0", "[x[n] > 0] = 1"),
    ("declared domain", "given x[n] > 0", "[z[n] > 0] * x[n] = x[n]"),
    ("declared domain", "given x[n] > 0", "given x[n] < 1", "[x[n] > 1/2] = 1"),
    ("mask from the output", "given h[n] = max(0, u[n])", "[u[n] >= 0] = [h[n] != 0]"),
    ("mask from the output", "given h[n] = max(1, u[n])", "[u[n] > 1] = [h[n] != 0]"),
    (
        "slope of an inverse",  # without its sign
        "diff(inv(A[i, j]), A[k, m]) = "
        "sum(p, q, inv(A[i, p]) * diff(A[p, q], A[k, m]) * inv(A[q, j]))",
    ),
    (
        "slope of a determinant",  # of the matrix turned
        "diff(logdet(A[i, j]), A[k, m]) = sum(p, q, inv(A[p, q]) * diff(A[p, q], A[k, m]))",
    ),
    ("sum rule", "diff(c * x[n] + d, x[m]) = c * diff(x[n], x[m]) + d"),
    ("sum rule", "diff(sum(j, x[j]), x[m]) = sum(j, diff(x[j], x[j]))"),
    ("product rule", "diff(x[n] * exp(x[n]), x[m]) = diff(x[n], x[m]) * diff(exp(x[n]), x[m])"),
    (
        "quotient rule",  # the minus sign stands before the other one
        "diff(x[n] / x[k], x[m]) = x[n] * diff(x[k], x[m]) / x[k]**2 - diff(x[n], x[m]) / x[k]",
    ),
    (
        "quotient rule",  # below the line there is no square
        "diff(x[n] / x[k], x[m]) = (diff(x[n], x[m]) - x[n] * diff(x[k], x[m])) / x[k]",
    ),
    ("power rule", "diff(x[n]**3, x[m]) = 3 * x[n]**2"),
    ("power rule", "diff(x[n]**3, x[m]) = 2 * x[n]**2 * diff(x[n], x[m])"),
    ("chain rule", "diff(exp(x[n]**2), x[m]) = exp(2 * x[n]) * diff(x[n]**2, x[m])"),
    ("chain rule", "diff(exp(x[n]**2), x[m]) = exp(x[n]**2) * diff(x[n], x[m])"),
    ("slope by cases", "diff(max(0, x[n]), x[m]) = [x[n] >= 0] * diff(x[n], x[m])"),
    ("slope by cases", "diff(abs(x[n]), x[m]) = (2 * [x[n] >= 0] - 1) * diff(x[n], x[m])"),
    ("entry by an entry", "diff(x[n], x[m]) = 1"),
    ("entry by an entry", "diff(x[n], x[m]) = [x[n] == x[m]]"),
]


def check(name, *example):
    """The check of a step that a law would take."""
    own = LAWS[name]
    read = read_example(Law(name, own.statement, own.apply, example, own.reason))
    definitions = {entry_name(q.entry): (entry_indices(q.entry), q.expr) for q in read.equations}
    step = Step(own.name, read.before, read.after, read.facts)
    return check_step(read.layer, name, step, definitions)


@pytest.mark.parametrize(("name", "example"), [(n, e) for n, *e in FALSE])
def test_a_law_without_its_guard_is_refused(name, example):
    with pytest.raises(ProofFailed, match="does not hold"):
        check(name, *example)


def test_every_law_is_corrupted():
    assert {name for name, *_ in FALSE} == set(LAWS)


FALSE_OF_FEW = [
    "sqrt(x**2) = x",
    "sqrt(x * y) = sqrt(x) * sqrt(y)",
    "sqrt(sum(j, [j == k] * x[j]**2)) = x[k]",
    "exp(log(x) / 2)**2 = abs(x)",
    "log(x**2) / 2 = log(x)",
    "(x * y)**p = x**p * y**p",
    "max(x, y) = x",
    "[x > 0] * log(x) = log(x)",
]


@pytest.mark.parametrize("example", FALSE_OF_FEW)
def test_what_holds_for_some_signs_alone_is_refused(example):
    with pytest.raises(ProofFailed):
        check("fold", example)


TRUE = [
    "sqrt(x**2) = abs(x)",
    "log(x / y) = log(2 * x / (2 * y))",
    "log(exp(x) * y) = x + log(y)",
    "where(x > 0, log(x * exp(y)), 0) = where(x > 0, y + log(x), 0)",
    "[x > 0] * log(x) = where(x > 0, log(x), 0)",
    "log(exp(x) + exp(y)) = x + log(1 + exp(y - x))",
    "log(sum(i, w[i] * exp(a[i]))) = a[l] + log(sum(i, w[i] * exp(a[i] - a[l])))",
    "max(0, -x**2 / 2) = 0",
    "abs(x) * abs(-2 * x) = 2 * x**2",
    "sum(j, exp(a[j] / 2)**2) = sum(j, exp(a[j]))",
    "sum(j, exp(a[j] / 3) * exp(2 * a[j] / 3)) = sum(j, exp(a[j]))",
    "x**2 / abs(x) = abs(x)",
    "sqrt(x) / x = 1 / sqrt(x)",
    "tanh(x) = 1 - 2 / (1 + exp(2 * x))",
]


@pytest.mark.parametrize("example", TRUE)
def test_what_is_true_is_exact(example):
    assert check("fold", example).how == "exact"
