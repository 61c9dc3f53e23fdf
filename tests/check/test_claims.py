"""Formulas typed in: what is right, what is wrong and why, and what is refused."""

import contextlib

import pytest

from pullback.codegen.check.claims import check_claims
from pullback.derive.errors import DefinitionError
from tests.shipped import derived

MLP = derived("mlp")


def check_claim(derivation, text, seconds):
    """The report on the only claim of a text."""
    (report,) = check_claims(derivation, text, seconds)
    return report


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
        ("dW", "not read here"),
        ("", "no equation"),
        ("dW = dot(x.T, du)", "np.dot is"),
        ("dW = lambda: W", "not among"),
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
        ("dW = " + "(" * 3000, "nested deeper than"),
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


BACKWARD = """
def backward(dout, cache):
    \"\"\"By hand.\"\"\"
    x, W, c, w, b, y, lamda, u, h, z, p = cache
    N, D = x.shape
    dz = p.copy()
    dz[np.arange(N), y] -= 1
    dz /= N
    dw = h.T @ dz + lamda * w
    db = dz.sum(axis=0)
    dh = dz @ w.T
    du = dh.copy()
    du[u <= 0] = 0
    dW = x.T @ du
    dW += lamda * W
    dc = np.sum(du, axis=0)
    return dW, dc, dw, db
"""
WRONG = {  # what stands in a backward pass, what in its place, the name that is wrong, the words
    ("dz /= N", "pass"): ("dz", "1/N"),
    ("h.T @ dz", "h.T @ (2 * dz)"): ("dw", ""),
    ("du[u <= 0] = 0", "du[u <= 0] = 1"): ("du", ""),
    ("dW += lamda * W", "dW += 0"): ("dW", "is left out"),
    ("dz @ w.T", "dz @ w"): ("dh", "do not go together"),
    ("np.sum(du, axis=0)", "np.sum(dh, axis=0)"): ("dc", "in place of"),
}
ORDER = ["dz", "dw", "db", "dh", "du", "dW", "dc"]


def test_a_whole_backward_pass_is_read_line_by_line():
    reports = check_claims(MLP, BACKWARD, 1.0)
    assert [r.output.tensor for r in reports] == ORDER
    assert all(r.status == 0 for r in reports)


@pytest.mark.parametrize("change", WRONG, ids=[a for a, _ in WRONG])
def test_each_gradient_is_held_for_itself(change):
    """What is wrong before it does not make it wrong."""
    assert BACKWARD.count(change[0]) == 1
    reports = check_claims(MLP, BACKWARD.replace(*change), 5.0)
    name, words = WRONG[change]
    (wrong,) = [r for r in reports if r.status]
    assert wrong.output.tensor == name and words in str(wrong.faults[0].explanation)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dz = (p - (y[:, None] == np.arange(J))) / N; dw = h.T @ dz + lamda * w", ["dz", "dw"]),
        ("dh = dz wᵀ\ndu = dh ⊙ (u > 0)\ndW = x.T @ du + lamda * W", None),
        ("dh = dz wᵀ\ndW = xᵀ du + λ W  # by hand\ndc = duᵀ 𝟏", ["dh", "dW", "dc"]),
        ("dc = 𝟏ᵀ du; db = 𝟏ᵀ dz", ["dc", "db"]),
        ("mask = u > 0\ndu = dh * mask", ["du"]),
        ("y1 = np.eye(J)[y]\ndz = (p - y1) / len(x)", ["dz"]),
        ("grads = {}\ngrads['W'] = x.T @ du + lamda * W\ngrads['dc'] = du.sum(0)", ["dW", "dc"]),
        ("import numpy as np\nh = np.maximum(0, u)\ndh = dz.dot(w.T)", ["h", "dh"]),
        ("dell = 1 / N", ["dell"]),
    ],
)
def test_several_lines(text, names):
    if names is None:  # a comparison, which matrix notation has not
        with pytest.raises(DefinitionError, match="line 2"):
            check_claims(MLP, text, 1.0)
        return
    reports = check_claims(MLP, text, 1.0)
    assert [r.output.tensor for r in reports] == names
    assert [r.status for r in reports] == [0] * len(names)


def test_a_wrong_line_of_matrices_is_explained():
    (report,) = check_claims(MLP, "dW = xᵀ du", 5.0)
    assert "λ W[d,k] is left out" in report.faults[0].explanation.words[0]


def test_the_gradient_that_comes_in_may_have_any_name():
    affine = derived("affine")
    code = "def backward(dout, x, W):\n    dW = x.T @ dout\n    dx = dout @ W.T\n    return dx, dW"
    assert [r.status for r in check_claims(affine, code, 1.0)] == [0, 0]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("dW = x.T @ du\nfor i in range(3):\n    dW = x", "line 2"),
        ("def f(x):\n    return x.T @ du", "x.T @ du"),
        ("def f(x):\n    if x:\n        dW = x\n    return dW", "line 2"),
        ("dc = du.sum(0)\ndW = q.T @ du", "there is no 'q'"),
        ("dc = du.sum(0)\ndW = xᵀ dq", "line 2"),
        ("dc = du.sum(0)\ndW = xᵀ + + ) du", "line 2"),
        ("W.tofile('x')", "not read here"),
        ("dW = x.T @ du\nopen('x')", "line 2"),
        ("dz = p\ndz[0:2, 'a'] = 1", ""),
        ("del x", "pullback check FILE --against"),
        ("a = 1", "'a' is nothing that is derived"),
        ("dW = x\n" * 300, "statements"),
        ("dW = x" + " " * 30_000, "longer than"),
        ("y[0] = 1\ndc = du.sum(0)", "an array of numbers"),
        ("x, q = cache\ndc = q", "there is no 'cache'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(code, line):
    with pytest.raises(DefinitionError) as error:
        check_claims(MLP, code, 1.0)
    assert line in str(error.value)


def test_what_is_changed_in_place_is_a_copy():
    before = check_claims(MLP, "h = np.maximum(0, u)", 1.0)
    check_claims(MLP, "x[:] = 0\nu *= 0\nh *= 2\ndc = du.sum(0)", 0.2)
    assert check_claims(MLP, "h = np.maximum(0, u)", 1.0) == before


def test_names_and_sizes_that_are_not_there_are_not_offered():
    with pytest.raises(DefinitionError) as error:
        check_claim(MLP, "dW = q", 1.0)
    assert "there are N, D, K, J, " in str(error.value) and "batch" not in str(error.value)
