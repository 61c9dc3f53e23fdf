"""Formulas typed in: what is right, what is wrong and why, and what is refused."""

import contextlib

import pytest

from pullback.codegen.check.claims import check_claim
from pullback.derive.errors import DefinitionError
from tests.meaning import derived

MLP = derived("mlp")


@pytest.mark.parametrize(
    "claim",
    [
        "dW = x.T @ du + lamda * W",
        "dW = np.dot(x.T, dh * (u > 0)) + lamda * W",
        "dc = du.sum(axis=0)",
        "dW = x.T @ du + λ * W",
        "dc = np.sum(du, 0)",
        "dz = (p - (y[:, None] == np.arange(J))) / N",
        "dh = dz @ w.T",
        "dell = 1 / N",
        "dc = du.sum(axis=0, keepdims=False)",
        "h = np.maximum(0, x @ W + c)",
        "u = np.matmul(x, W) + c",
        "p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)",
        "db = -(-dz).sum(axis=-2)",
    ],
)
def test_right_ones(claim):
    report = check_claim(MLP, claim, 10.0)
    assert report.status == 0 and not report.faults


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("dW = x.T @ du", "the term λ W[d,k] is left out"),
        ("dc = dh.sum(axis=0)", "∂L/∂h[n,k] stands in place of ∂L/∂u[n,k]"),
        ("dc = du.sum(axis=1)", "the sum runs over k in place of n"),
        ("dw = h.T @ dz - lamda * w", "the sign of λ w[k,j] is wrong"),
        ("dz = p - (y[:, None] == np.arange(J))", "1/N"),
    ],
)
def test_wrong_ones(claim, words):
    report = check_claim(MLP, claim, 10.0)
    (fault,) = report.faults
    assert report.status == 1 and words in fault.explanation.words[0]


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("dW", "one equation"),
        ("dW = x; du = x", "one equation at a time"),
        ("dW = dot(x.T, du)", "np.dot is"),
        ("dW = lambda * W", "lamda"),
        ("dW = ", "not read"),
        ("dQ = x", "'dQ' is nothing that is derived"),
        ("dW = q", "there is no 'q'; there are"),
        ("dW = __import__('os').system('true')", "not among"),
        ("dW = x.__class__", "not among what a claim may hold"),
        ("dW = x.dtype", "not among what a claim may hold"),
        ("dW = np.load('x')", "'load' is not among the functions"),
        ("dW = np.fromfile(x)", "'fromfile' is not among the functions"),
        ("dW = (lambda: x)()", "not among what a claim may hold"),
        ("dW = [x for x in x]", "not among what a claim may hold"),
        ("dW = 10**10**10**10", "wanted"),
        ("dW = np.arange(10**12)", "too large"),
        ("dW = x[" + "None, " * 40 + "]", "wanted"),
        ("dW = np.sum(x, out=W)", "an option that a claim may not hold"),
        ("dW = np.exp(W, x)", "has not as many arguments as exp takes"),
        ("dW = np.outer(c, c, x)", "has not as many arguments as outer takes"),
        ("dW = np.sum(W, 0, axis=1)", "sum takes an array and an axis"),
        ("dW = np.sum(W, keepdims=x)", "keepdims is True or False"),
        ("dW = x.tofile('x')", "'tofile' is not among the functions"),
        ("dW = " + "-" * 900 + "x", "wanted"),
        ("dW = " + "(" * 3000, "longer than"),
        ("dW = x[:10**11]", ""),
        ("dW = 'text'", "no number"),
        ("dW = np.outer(np.outer(np.outer(np.outer(z, z), z), z), z)", "too large"),
        ("dW = f'{x}'", "not among"),
    ],
)
def test_what_is_refused(claim, words):
    """Refused with words, or evaluated to something that is wrong: never run."""
    if words in ("wanted", ""):
        with contextlib.suppress(DefinitionError):
            assert check_claim(MLP, claim, 0.5).status == 1
        return
    with pytest.raises(DefinitionError, match="the claim") as error:
        check_claim(MLP, claim, 10.0)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("claim", "words", "repair"),
    [
        ("dw = dz.T @ h + lamda * w", "shapes J × K and K × J", "dw = h.T @ dz + lamda * w"),
        ("dh = dz @ w", "'dz @ w' the shapes N × J and K × J", "dh = dz @ w.T"),
        ("dW = x @ du.T + lamda * W", "shapes N × D and K × N", "dW = x.T @ du + lamda * W"),
        ("dW = np.dot(x, du)", "shapes N × D and N × K", None),
        ("dc = du + x", "shapes N × K and N × D", None),
    ],
)
def test_shapes_that_do_not_go_together_are_told_by_their_sizes(claim, words, repair):
    report = check_claim(MLP, claim, 1.0)
    (fault,) = report.faults
    assert report.status == 1 and words in fault.explanation.words[0]
    assert fault.repair == repair and fault.wanted
    if repair:
        assert check_claim(MLP, repair, 1.0).status == 0


@pytest.mark.parametrize(
    "code",
    [
        "def backward(cache):\n    dW = x.T @ du\n    return dW",
        "import numpy as np\ndW = x.T @ du",
        "    return x.T @ du",
        "@jit\ndef f(): pass",
        "for i in range(3):\n  dW = x",
        "def backward():\n" + "    dW = x.T @ du\n" * 500,
    ],
)
def test_code_is_led_to_the_command_that_runs_it(code):
    with pytest.raises(DefinitionError, match="pullback check FILE --against"):
        check_claim(MLP, code, 1.0)


def test_names_and_sizes_that_are_not_there_are_not_offered():
    with pytest.raises(DefinitionError) as error:
        check_claim(MLP, "dW = q", 1.0)
    assert "there are N, D, K, J, " in str(error.value) and "batch" not in str(error.value)
