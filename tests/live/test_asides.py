"""Why a step holds, code, checks of one's own gradient, pictures, worked examples, notations."""

import re
from html import unescape

import numpy as np
import pytest

from pullback.codegen.live.answers import Answers
from pullback.codegen.targets.table import TARGETS
from tests.live.asking import HANDOUT, SMALL, ask, one, only


@pytest.fixture(scope="module")
def answers():
    """What has derived the handout's perceptron."""
    made = Answers()
    ask("derive", HANDOUT, made, seconds=True)
    return made


def words_of(html):
    """What a screen reader gets."""
    return re.sub(
        r"<[^>]*>", "", re.sub(r'<[^>]*(?:alttext|aria-label)="([^"]*)"[^>]*>', r"\1", html)
    )


def test_every_step_has_a_reason_and_most_have_numbers(answers):
    steps = only(ask("derive", HANDOUT, answers, seconds=True), "derived")[-1]["steps"]
    found = [one("why", HANDOUT, answers, step=n) for n in range(1, steps + 1)]
    assert all(e["event"] == "why" and "Why it holds" in e["html"] for e in found)
    assert [e["step"] for e in found] == list(range(1, steps + 1))
    first = only(ask("derive", HANDOUT, answers), "derived")[0]["steps"]
    numbers = ["both sides are" in e["html"] for e in found[:first]]
    assert sum(numbers) > first / 2
    for number in (0, -1, steps + 1):
        assert "there is no step" in one("why", HANDOUT, answers, step=number)["message"]


def test_numbers_of_a_step_are_right():
    """h = 2 u + u = 3 u: what the slope comes to is 3, whatever u is."""
    about = {"text": "h[n] = 2 * u[n] + u[n] * 1\nL = sum(n, h[n]**2) / 2"}
    derived = ask("derive", about)
    shown = {words_of(one("why", about, step=s["step"])["html"]) for s in only(derived, "proved")}
    sides = [re.search(r"both sides are (-?[\d.]+)", w) for w in shown]
    assert any(s and s[1] for s in sides)


OF_NUMPY = ("numpy", "numpy-precise", "plain", "c")


@pytest.mark.parametrize("target", TARGETS)
def test_code_is_whole_and_shown_line_by_line(answers, target):
    event = one("code", HANDOUT, answers, target=target)
    module = {}
    if target in OF_NUMPY:  # tests/targets/ has the others
        exec(event["text"], module)
        x, w, b = np.ones((2, 3)), np.ones((3, 2)), np.ones(2)
        value, _ = module["forward"](x, w, b, np.ones((2, 2)), b, np.array([0, 1]), 0.5)
        assert np.isfinite(value)
    elif target == "c-only":  # as tests/c/ has it; here it stands alone, its header in it
        assert "int layer_forward(size_t N, " in event["text"] and '#include "' not in event["text"]
    else:
        assert "def forward(x, W, c, w, b, y, lamda):" in event["text"]
    shown = unescape(re.sub(r"<[^>]*>", "", event["html"]))
    assert shown.rstrip() == event["text"].rstrip()
    assert {t["name"] for t in event["targets"]} == set(TARGETS)
    assert event["file"].endswith(".c" if target == "c-only" else ".py")


def test_an_unknown_target_is_refused(answers):
    assert (
        "there is no target 'fortran'" in one("code", HANDOUT, answers, target="fortran")["message"]
    )


CLAIMS = {
    "dW = x.T @ du + lamda * W": ("right", ""),
    "dW = x.T @ du": ("wrong", "is left out"),
    "dz = 0": ("wrong", ""),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_is_answered_as_the_command_does(answers, claim):
    verdict, words = CLAIMS[claim]
    event = one("check", HANDOUT, answers, claim=claim)
    assert event["verdict"] == verdict and words in event["html"]
    assert f'class="verdict {verdict}"' in event["html"]


@pytest.mark.parametrize(
    "claim", ["", "dW", "dW = <b>x</b>", "dW = open('x')", "q = x", "x" * 2000]
)
def test_a_claim_that_is_none_is_said(answers, claim):
    assert one("check", HANDOUT, answers, claim=claim)["event"] == "error"


@pytest.mark.parametrize(
    ("claim", "letters", "words"),
    [
        ("du = dh", "", "∂L/∂u[n,k] = ∂L/∂h[n,k]"),
        ("du = dh", "k=q,n=i", "∂L/∂u[i,q] = ∂L/∂h[i,q]"),
        ("dc = du.sum(axis=1)", "", "∂L/∂c[k] = Σ_k′ ∂L/∂u[n,k′]"),
        ("dW = x.T @ dh + λ * W", "", "∂L/∂W[d,k] = Σ_n x[n,d] ∂L/∂h[n,k] + λ W[d,k]"),
    ],
)
def test_what_a_wrong_claim_comes_to_is_typeset(answers, claim, letters, words):
    html = one("check", {**HANDOUT, "letters": letters}, answers, claim=claim)["html"]
    came = html.partition("What came</dt>")[2].partition("<dt>")[0]
    assert "<math" in came and words_of(came).startswith(words)


@pytest.mark.parametrize("letters", ["", "k=q"])
def test_what_comes_to_a_vector_is_typeset_with_its_own_cotangent(letters):
    html = one("check", {**SMALL, "letters": letters}, claim="du = dh")["html"]
    k = letters[2:] or "k"
    assert f"∂ℒ/∂u[n,{k}] = ∂ℒ/∂h[n,{k}]" in words_of(html)


def test_a_product_that_does_not_fit_is_told_with_one_that_is_right(answers):
    event = one("check", HANDOUT, answers, claim="dh = dz @ w")
    assert event["verdict"] == "wrong" and "<code>dh = dz @ w.T</code>" in event["html"]
    assert "N × J and K × J do not go together" in event["html"]


def test_a_backward_pass_is_held_line_by_line(answers):
    code = "def backward(dout):\n    dW = x.T @ du\n    dc = du.sum(axis=0)\n    return dW, dc"
    event = one("check", HANDOUT, answers, claim=code)
    assert event["verdict"] == "wrong" and event["html"].count('class="verdict right"') == 1
    assert "<code>dW = x.T @ du</code> is wrong" in event["html"]
    said = one("check", HANDOUT, answers, claim="while x:\n    dW = x.T @ du\n")
    assert said["event"] == "error" and "`pullback check FILE --against" in said["message"]


def test_what_is_claimed_is_escaped(answers):
    event = one("check", HANDOUT, answers, claim="dW = x.T @ du * (1 <du.sum())")
    assert "1 &lt;du" in event["html"]


def test_a_jacobian_is_written_out_at_sizes(answers):
    event = one("picture", HANDOUT, answers, node="h", tensor="u", sizes="n=1,k=3")
    assert "diagonal" in event["html"] and "<svg" in event["html"]
    assert event["html"].count("<mtr") == 3
    for own in ({"tensor": "q"}, {"node": "q"}, {"tensor": "y"}, {"sizes": "n=0"}, {"sizes": "n"}):
        asked = {"node": "z", "tensor": "h", **own}
        assert one("picture", HANDOUT, answers, **asked)["event"] == "error"
    assert (
        "more than 1000"
        in one("picture", HANDOUT, answers, node="h", tensor="u", sizes="n=900,k=900")["message"]
    )


def numbers_of(event):
    return dict(line.split(" = ") for line in event["numbers"].split("\n"))


def test_an_example_is_drawn_and_drawn_anew(answers):
    first, again = (one("example", HANDOUT, answers, draw=n) for n in (0, 1))
    assert first["numbers"] != again["numbers"] and first["html"] != again["html"]
    same = one("example", HANDOUT, answers, numbers=again["numbers"])
    assert same["html"] == again["html"]


def test_numbers_of_ones_own_decide_the_sizes():
    about = {"text": "u[n, k] = sum(d, x[n, d] * W[d, k])\nJ = sum(n, u[n, y[n]])"}
    event = one("example", about, numbers="x = [[1, 0], [0, 2], [3, 1]]\ny = [0, 3, 1]")
    assert numbers_of(event)["x"] == "[[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]"
    assert numbers_of(event)["W"].count(",") == 7  # two features, four classes


def test_numbers_may_lie_at_a_kink():
    event = one("example", {"text": "h[n] = max(0, u[n])"}, numbers="u = [0, 1, -1]")
    assert event["event"] == "example"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ("x = [[1, 2], [3]]", "different lengths"),
        ("x = [1, 2]", "have 1 axes; wanted is N × D"),
        ("x = [[NaN]]", "are not read"),
        ("x = [[1e999]]", "up to 1,000,000"),
        ("x = [[true]]", "up to 1,000,000"),
        ("x = []", "1 to 8"),
        ("x = [[1], [2], [3], [4], [5], [6], [7], [8], [9]]", "1 to 8"),
        ("x = " + "[" * 5000, "are not read"),
        ("q = 1", "there is no input 'q'"),
        ("x = [[1]]\nW = [[1], [2]]", "elsewhere"),
        ("x", "are not read"),
        ("y = [0.5]", "labels"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(numbers, words):
    about = {"text": "u[n, k] = sum(d, x[n, d] * W[d, k])\nJ = sum(n, u[n, y[n]])"}
    event = one("example", about, numbers=numbers)
    assert event["event"] == "error" and words in event["message"] and not event["fault"]


@pytest.mark.parametrize("start", [HANDOUT, SMALL])
def test_what_is_converted_has_the_same_gradients(start):
    event = one("convert", start)
    assert event["event"] == "text" and event["notation"] == "index"
    about = {k: event[k] for k in ("notation", "text", "shapes", "wrt", "letters")}

    def results(about):
        gradients = only(ask("derive", about), "gradient")
        return {g["name"]: g["latex"]["result"] for g in gradients}

    assert results(about) == results(start)


def test_a_way_that_loses_something_is_refused():
    labels = {"notation": "index", "text": "h[n, d] = E[y[n], d]"}
    assert "there is no way to matrices" in one("convert", labels, to="matrices")["message"]
    assert "there is no way to a file" in one("convert", SMALL, to="toml")["message"]
    assumed = 'equations = "u = sum(j, x[j] * t[j])"\nassume = ["sum(j, t[j]) == 1"]'
    event = one("convert", {"notation": "toml", "text": assumed})
    assert "would be lost" in event["message"]
