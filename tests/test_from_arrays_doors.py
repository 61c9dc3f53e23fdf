"""The doors to array notation: Python files for the command, functions for notebooks."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit as squash

import pullback
from pullback.codegen import library
from pullback.codegen.faces import cli
from pullback.codegen.faces.functions import source_of
from pullback.derive.errors import DefinitionError

HOMEWORK = """\
import numpy as np
import this_is_not_there
open("owned", "w").write("run")
EPS = 1e-5

def relu(u):
    return np.maximum(0, u)

def first(x, W, b):
    h = relu(x @ W + b)
    return h / (EPS + h.sum(axis=1, keepdims=True))

def second(x: "N D"):
    z = x * 2
    return z[0]

class Net:
    def train(self):
        for i in range(3):
            yield i

if __name__ == "__main__":
    print(first(1, 2, 3))
"""
SHAPES = "x=N D; W=D K; b=K"


@pytest.fixture
def homework(tmp_path, monkeypatch):
    """A file in a folder of its own, which is where commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "homework", raising=False)  # as other tests may have left it
    path = tmp_path / "homework.py"
    path.write_text(HOMEWORK, encoding="utf-8")
    yield path
    assert not Path("owned").exists() and "homework" not in sys.modules


def test_show_prints_what_was_understood_first(homework, capsys):
    assert cli.main(["show", "homework.py:first", "--shapes", SHAPES]) == 0
    shown = capsys.readouterr().out.split("\n")
    assert shown[0] == "understood:"
    assert shown[1].startswith("  10  h = relu(x @ W + b) ")
    assert shown[1].endswith("  h[n, k] = max(0, sum(d, x[n, d] * W[d, k]) + b[k])")
    assert shown[2].startswith(
        "  11  return h / (EPS + h.sum(axis=1, keepdims=True))  out[n, k] = "
    )
    assert shown[2].endswith("h[n, k] / (1e-5 + sum(k2, h[n, k2]))")
    assert shown[3:5] == ["", "first"]


@pytest.mark.parametrize(
    ("definition", "shapes", "words", "line"),
    [
        ("homework.py", "", "there are 3 functions, relu, first, second; say which", None),
        ("homework.py:third", "", "there is no function 'third'", None),
        ("homework.py:second", "", "a fixed place or a slice", "line 15, column 12"),
        ("homework.py:first", "", "x, W and b have no shapes", "line 9, column 11"),
        ("homework.py:first", "x=N", "W and b have no shapes", "line 9, column 14"),
        ("homework.py:first", "x N", "'x N' is not like x=N D", None),
        ("homework.py:first", SHAPES + "; q=N", "a shape is given for 'q'", "line 9"),
        ("homework.py:first", "x=N D; W=K D; b=K", "'D' and 'K' meet", "line 10, column 16"),
        ("relu", "x=N", "relu: shapes go with a Python file", None),
        ("nothing.py", "", "nothing.py: No such file", None),
    ],
)
def test_errors_point_into_the_python_file(homework, capsys, definition, shapes, words, line):
    assert cli.main(["show", definition, "--shapes", shapes]) == 2
    said = capsys.readouterr().err
    assert words in said and (line or "") in said


def test_a_file_with_one_function_needs_no_name(homework, capsys):
    homework.write_text("def f(x: 'N'):\n    return np.tanh(x)\n", encoding="utf-8")
    assert cli.main(["show", "homework.py", "--jacobian", "out", "x", "--sizes", "n=2"]) == 0
    assert "structure" not in capsys.readouterr().err
    homework.write_text("x = 3\n", encoding="utf-8")
    assert cli.main(["show", "homework.py"]) == 2
    assert "there is no function at the top" in capsys.readouterr().err


def test_generate_writes_a_module_that_passes_its_tests(homework, capsys, monkeypatch):
    command = ["generate", "homework.py:first", "--shapes", SHAPES, "--out", "lib"]
    assert cli.main(command) == 0
    assert "first" in capsys.readouterr().out
    text = Path("lib/first.py").read_text(encoding="utf-8")
    assert "def forward(\n    x: " in text or "def forward(x: " in text
    assert cli.main([*command, "--check"]) == 0
    name, source = library.find(library.addressed("homework.py:first", SHAPES))
    assert name == "first" and source.startswith("arrays = ")
    assert "this_is_not_there" in source and "class Net" not in source and "owned" not in source


def test_a_name_that_no_layer_can_have_gives_way_to_the_files(homework):
    homework.write_text("def forward(x: 'N'):\n    return x * 2\n", encoding="utf-8")
    assert library.find("homework.py:forward")[0] == "homework"


# -- functions -------------------------------------------------------------------------------------

SCALE = 2.5


def activation(u):
    return squash(u) * SCALE


def forward(x, W, y):
    """Scores of the right classes."""
    h = activation(x @ W)
    return h[np.arange(len(y)), y].sum()


def test_a_function_with_what_it_uses():
    made = pullback.layer(forward, x="N D", W="D K", y="N: K", wrt=["W"])
    assert list(made.nodes.values()) == [
        "h[n, k] = sigmoid(sum(d, x[n, d] * W[d, k])) * 2.5",
        "out = sum(n, h[n, y[n]])",
    ]
    assert made.understood.equations[-1] == (4, "out = sum(n, h[n, y[n]])")
    assert set(made.gradients) == {"h", "W"}
    rng = np.random.default_rng(0)
    x, w, y = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), np.array([0, 1, 1, 0])
    value, gradients = made.compile().value_and_grad(x, w, y)
    assert abs(value - forward(x, w, y)) < 1e-12
    step = 1e-6 * rng.normal(size=w.shape)
    slope = (forward(x, w + step, y) - forward(x, w - step, y)) / 2
    assert abs(np.sum(gradients.dW * step) - slope) < 1e-13


def test_text_with_shapes():
    made = pullback.layer("out = np.tanh(x @ w)", x="N D", w="D", name="unit")
    assert repr(made) == "<layer unit: out[n] = tanh(sum(d, x[n, d] * w[d])); gradients by x, w>"
    assert pullback.layer("h[n] = 2 * x[n]").understood is None


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (lambda x: x, DefinitionError, "a lambda has no lines"),
        ({}, TypeError, "came dict"),
        (np.exp, TypeError, "came ufunc"),
    ],
)
def test_what_is_no_function_with_a_text(given, error, words):
    with pytest.raises(error, match=words):
        pullback.layer(given, x="N")


def test_errors_in_a_function_point_at_its_line():
    with pytest.raises(DefinitionError) as info:
        pullback.layer(forward, x="N D", W="D K", y="N: D")
    assert info.value.line == 4 and "labels below 'D'" in info.value.reason


def test_the_text_of_a_function_brings_what_it_uses_and_no_more():
    text = source_of(forward)
    assert text.startswith("def forward(x, W, y):")
    assert "def activation(u):" in text and "SCALE = 2.5\n" in text
    assert "from scipy.special import expit as squash\n" in text and "import numpy as np\n" in text
    assert "import numpy" not in source_of(activation)
