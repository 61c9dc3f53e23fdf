"""The doors of matrix notation: a definition, the command, a notebook; modules and gradients."""

import doctest

import numpy as np
import pytest
from scipy.special import softmax

import pullback
from pullback.codegen.faces import cli
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.read import greek, run_together
from pullback.derive.read.from_matrices import reader, words
from pullback.derive.read.from_matrices.reader import understand
from pullback.derive.read.reader import read_arrays
from tests.matrices.corpus import NETWORK, objective

SHAPES = "x=N D; W=D K; c=K"
PERCEPTRON = "u = x W + c\nh = max(0, u)\nz = h w + b\nJ = mean(CE(z, y)) + λ/2 (‖W‖² + ‖w‖²)"


def draw():
    rng = np.random.default_rng(0)
    shapes = {"x": (5, 3), "W": (3, 4), "c": (4,), "w": (4, 2), "b": (2,)}
    found = {n: rng.normal(size=shape) for n, shape in shapes.items()}
    return found | {"y": rng.integers(2, size=5), "lamda": 0.3}


def test_the_perceptron_of_the_handout_has_the_gradients_of_the_handout():
    used = {n: s for n, s in NETWORK.items() if n != "t"}
    read = read_arrays("layer", PERCEPTRON, used, notation="matrices")
    derivation = derive(read)
    made = loaded(module(derivation, lower(derivation)), read)
    e = draw()
    value, found = made.value_and_grad(**e)
    np.testing.assert_allclose(value, objective(e), rtol=1e-12)
    u = e["x"] @ e["W"] + e["c"]
    h = np.maximum(0, u)
    dz = (softmax(h @ e["w"] + e["b"], axis=1) - np.eye(2)[e["y"]]) / 5
    du = (u > 0) * (dz @ e["w"].T)
    wanted = {"dw": h.T @ dz + 0.3 * e["w"], "db": dz.sum(0), "dc": du.sum(0)}
    wanted["dW"] = e["x"].T @ du + 0.3 * e["W"]
    for name, value in wanted.items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=1e-12, atol=1e-14)


def test_a_notebook():
    made = pullback.layer(matrices="r = X w - y\nL = ‖r‖²/2", X="N D", w="D", y="N", wrt=["w"])
    assert [text for _, text in made.understood.equations] == [
        "r[n] = sum(d, X[n, d] * w[d]) - y[n]",
        "L = sum(n, r[n]**2) / 2",
    ]
    rng = np.random.default_rng(0)
    X, w, y = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=5)
    value, gradients = made.compile().value_and_grad(X, w, y)
    np.testing.assert_allclose(value, ((X @ w - y) ** 2).sum() / 2, rtol=1e-12)
    np.testing.assert_allclose(gradients.dw, X.T @ (X @ w - y), rtol=1e-12)


def test_a_notebook_takes_one_of_both():
    for given in ({}, {"equations": "h = x", "matrices": "h = x"}):
        with pytest.raises(TypeError, match="equations or matrices"):
            pullback.layer(**given, x="")


def test_the_command(capsys):
    command = ["show", "--matrices", "u = x W + c", "--matrices", "h = tanh(u)", "--wrt", "W"]
    assert cli.main([*command, "--shapes", SHAPES]) == 0
    shown = capsys.readouterr().out.split("\n")
    assert shown[:3] == [
        "understood:",
        "  1  u = x W + c  u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]",
        "  2  h = tanh(u)  h[n, k] = tanh(u[n, k])",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--shapes", "x=N D; W=D K"], "line 1, column 11"),
        (["--shapes", "x N"], "'x N' is not like x=N D"),
        (["--shapes", SHAPES, "--wrt", "q"], "wrt names 'q'"),
        ([], "x, W and c have no shapes"),
    ],
)
def test_the_command_refuses(capsys, more, said):
    assert cli.main(["show", "--matrices", "u = x W + c", *more]) == 2
    assert said in capsys.readouterr().err


def test_the_command_takes_one_of_three(capsys):
    for more in (["relu"], ["--equation", "h = x"]):
        with pytest.raises(SystemExit):
            cli.main(["show", "--matrices", "h = x", *more])
        assert "give either DEFINITION or --equation or --matrices" in capsys.readouterr().err


# -- what is written -------------------------------------------------------------------------------

WRITTEN = [
    ("CE(g, k)", {"g": "C", "k": ": C"}, "out = log(sum(c, exp(g[c]))) - g[k]"),
    ("r W", {"r": "1 D", "W": "D K"}, "out[k] = sum(d, r[d] * W[d, k])"),
    ("x r", {"x": "N", "r": "1 D"}, "out[n, d] = x[n] * r[d]"),
    (
        "x W + c",
        {"x": "... D", "W": "D K", "c": "K"},
        "out[..., k] = sum(d, x[..., d] * W[d, k]) + c[k]",
    ),
    ("p = softmax(z)\n-mean(log(p))", {"z": "N C"}, "p[n, c] := exp(z[n, c])"),
    ("λ₁ x", {"λ_1": "", "x": "N"}, "out[n] = lamda_1 * x[n]"),
    ("mean = sum(x)\nmean x", {"x": "N"}, "mean_1 = sum(n, x[n])"),
    ("A T", {"A": "N D", "T": "D K"}, "out[n, k] = sum(d, A[n, d] * T[d, k])"),
    ("u &= x W \\\\\nh &= u", {"x": "N D", "W": "D K"}, "h[n, k] = u[n, k]"),
    ("x y", {"x": "", "y": ""}, "out = x * y"),
]


@pytest.mark.parametrize(("text", "shapes", "wanted"), WRITTEN, ids=[t for t, _, _ in WRITTEN])
def test_what_is_written(text, shapes, wanted):
    assert wanted in understand(text, shapes).text
    read_arrays("layer", text, shapes, notation="matrices")


def test_notes():
    read = understand("u = x'\nr W", {"r": "1 D", "W": "D K", "x": "N"})
    assert read.inputs == ("r", "W") and read.notes == (
        "x is not used",
        "r is taken without its axis of size 1: its shape is (D)",
        "the output is given without its axes of size 1",
        "the output needs none of u",
    )


@pytest.mark.parametrize("part", [greek, run_together, reader, words])
def test_examples_in_docstrings(part):
    assert doctest.testmod(part).attempted and not doctest.testmod(part).failed
