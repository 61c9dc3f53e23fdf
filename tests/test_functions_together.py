"""Random layers of the functions and of the shorthand, beside an independent autodiff: values,
gradients, tangents and second derivatives of the emitted module, and the proof."""

from random import Random

import pytest

from tests.test_fuzz_layers import check

# of a value of any size: what keeps within the domain of each
WITHIN = (
    *("tan(sin({0}))", "asin(sin({0}) / 2)", "acos({0} / (1 + abs({0})))", "atan({0})"),
    *("atan2({0}, {1})", "sinh(tanh({0}))", "cosh(sin({0}))", "asinh({0})"),
    *("acosh(1.5 + ({0})**2)", "atanh(tanh({0}) / 2)", "cbrt(2 + sin({0}))"),
    *("lgamma(1 + ({0})**2)", "digamma(2 + sin({0}))", "erfinv(sin({0}) / 2)", "sinc({0})"),
    *("sign({0}) * ({1})", "floor({0}) * ({1})", "ceil(3 * ({0})) + {1}", "round({0}) - {1}"),
    *("relu({0})", "softplus({0})", "clip({0}, -1, 1)", "rsqrt(1 + ({0})**2)"),
    *("log2(1 + ({0})**2)", "log10(2 + sin({0}))", "exp2(sin({0}))", "mod({0}, 2) * ({1})"),
)
# with an axis d
ALONG = (
    *("softmax(d, {0})", "log_softmax(d, {0})", "cumsum(d, {0})", "sort(d, {0})"),
    *("topk(d, 2, {0}) * ({1})", "rank(d, {0}) * ({1})"),
)
OVER = (
    *("logsumexp(d, {0})", "norm(d, 1 + ({0})**2)", "var(d, {0})", "std(d, {0} + x[n, d])"),
    *("kth(d, 2, {0})", "median(d, {0})"),
)
LEAVES = ("x[n, d]", "w[d]", "x[n, d] * w[d]", "(x[n, d] + 0.3)", "2 * x[n, d]")


def layer_of(seed: int) -> str:
    """Nodes that go through some functions each."""
    random = Random(seed)

    def value(depth: int) -> str:
        if not depth:
            return random.choice(LEAVES)
        return random.choice(WITHIN).format(value(depth - 1), random.choice(LEAVES))

    along = random.choice((*ALONG, "{0}")).format(value(1), random.choice(LEAVES))
    lines = [f"u[n, d] = {value(2)}", f"v[n, d] = {along} + u[n, d]"]
    over = random.choice(OVER).format("v[n, d]")
    lines.append(f"L = sum(n, 1 * {over}) + sum(n, d, u[n, d] * v[n, d] + x[n, d])")
    return "\n".join(lines)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(3))
def test_functions_together(seed):
    check(layer_of(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 24))
def test_more_functions_together(seed):
    check(layer_of(seed), seed)
