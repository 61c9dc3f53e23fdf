"""Files that are checked: conventions, verdicts, lines and changes, and limits."""

import json
import os
import textwrap
import time
from pathlib import Path

import pytest

from pullback.codegen.check import blaming, calling, outside
from pullback.codegen.check.checking import check_file
from pullback.codegen.check.report import text
from pullback.codegen.faces import cli
from tests.check.mutants import RIGHT, layer_of, names, normal
from tests.shipped import derived

QUICK = ["affine_3", "relu_2", "softmax_1", "mlp_2", "layer_norm_1", "max_pool_1", "attention_2"]
LAYERS = {}


def derivation(name):
    return LAYERS.get(name) or LAYERS.setdefault(name, derived(name))


def checked(folder, layer, code, seconds=20.0, **more):
    path = Path(folder) / "homework.py"
    path.write_text(textwrap.dedent(code), "utf-8")
    return check_file(derivation(layer), path, seconds, **more)


# -- right ones ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in names()]
)
def test_right_ones_are_never_called_wrong(name):
    report = check_file(derivation(layer_of(name)), RIGHT / f"{name}.py", 20.0)
    assert report.status == 0 and all(g.status == "right" for g in report.gradients), text(report)


CONVENTIONS = [
    ("relu", "def backward(dout, u):\n    return dout * (u > 0)"),
    ("relu", "def backward(u, dh):\n    return dh * (u > 0)"),
    ("relu", "def backward(U, upstream):\n    return {'U': upstream * (U > 0)}"),
    ("relu", "def backward(u, *, dout, eps=0):\n    return {'grad_u': dout * (u > 0)}"),
    ("relu", "def backward(u, dout, /):\n    return (dout * (u > 0),)"),
    ("relu", "def relu_grad(u):\n    return (u > 0) * 1.0"),
    (
        "relu",
        "def forward(u):\n    return u * (u > 0), u\n"
        "def backward(dout, cache):\n    return dout * (cache > 0)",
    ),
    (
        "affine",
        "from collections import namedtuple\nG = namedtuple('G', 'dc dW dx')\n"
        "def backward(dout, x, W, c):\n    return G(dout.sum(0), x.T @ dout, dout @ W.T)",
    ),
    ("l2", "def loss(W, lamda):\n    return lamda / 2 * (W * W).sum(), lamda * W"),
    ("l2", "def loss_and_grad(W, lamda):\n    return lamda / 2 * (W * W).sum(), {'W': lamda * W}"),
]


@pytest.mark.parametrize(("layer", "code"), CONVENTIONS)
def test_conventions(layer, code, tmp_path):
    report = checked(tmp_path, layer, code)
    assert report.status == 0, text(report)


def test_parts_without_names_go_by_the_order_of_the_definition(tmp_path):
    code = "def backward(du, x, W):\n    return du @ W.T, x.T @ du, du.sum(0)"
    assert checked(tmp_path, "affine", code).status == 0
    code = "def backward(du, x, W):\n    return x.T @ du, du.sum(0), du @ W.T"
    assert checked(tmp_path, "affine", code).status == 1


def test_names_of_ones_own(tmp_path):
    code = """
    def loss(X, W1, b1):
        raise AssertionError("not this one")

    def mine(X, W1, b1, dout):
        return {"X": dout @ W1.T, "dW1": X.T @ dout, "b1": dout.sum(0)}
    """
    renamed = {"W1": "W", "b1": "c"}
    report = checked(tmp_path, "affine", code, names=renamed, function="mine")
    assert report.status == 0, text(report)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f(u): return u", "there is no 'backward'"),
        ("def backward(q, dout): return q", "'backward' has the parameter 'q'"),
        ("def backward(dout, cache): return dout", "takes a cache, and there is no 'forward'"),
        ("def backward(dout, u:\n  pass", "homework.py, line 1: this is not Python"),
        ("import nothing_like_this\ndef backward(dout, u): return dout", "line 1: ModuleNotFound"),
        ("def forward(u): return u\ndef backward(dout, cache): return dout", "no pair"),
        ("def backward(dout, u): raise SystemExit(3)", "ended the process with status 3"),
        ("import os\ndef backward(dout, u): os._exit(4)", "ended the process with status 4"),
        ("def backward(dout, u):\n    while True: pass", "ran for more than 1 s"),
        ("def backward(dout, u):\n    return [bytearray(1 << 28) for _ in range(99)]", ""),
    ],
)
def test_what_cannot_be_compared(code, words, tmp_path):
    start = time.monotonic()
    report = checked(tmp_path, "relu", code, seconds=1.0)
    assert report.status in ((1, 2) if not words else (2,)) and words in report.problem, text(
        report
    )
    assert time.monotonic() - start < 20


def test_a_gradient_that_is_not_returned(tmp_path):
    code = "def backward(dout, x, W, c):\n    return {'x': dout @ W.T, 'c': dout.sum(0)}"
    report = checked(tmp_path, "affine", code)
    assert report.status == 2
    assert [g.status for g in report.gradients] == ["right", "not compared", "right"]


# -- wrong ones ------------------------------------------------------------------------------------

WRONG = [  # a right file, what stands in it, what is put there, words of the report
    ("mlp_1", "dc = du.sum(axis=0)", "dc = dh.sum(axis=0)", "∂L/∂h[n,k] stands in place of"),
    ("mlp_1", "du = dh * (u > 0)", "du = dh", "the factor 𝟙[u[n,k] > 0] is left out"),
    ("mlp_1", "dz /= N", "dz *= N", "dz /= N"),
    ("mlp_1", "dh = dz @ w.T", "dh = dz @ w", "dh = dz @ w.T"),
    ("mlp_1", "x.T @ du + lamda * W", "x.T @ du", "the term λ W[d,k] is left out"),
    ("mlp_2", "dhidden[hidden <= 0] = 0", "dhidden[hidden > 0] = 0", "hidden <= 0"),
    ("mlp_2", "grads['b'] = np.sum(dscores, axis=0)", "grads['b'] = np.sum(dscores, axis=1)",
     "the sum runs over j in place of n"),
    ("mlp_3", "dx /= N", "pass", "1/N is left out"),
    ("mlp_4", "dz[y[n]] -= 1", "dz[y[n]] -= 2", "𝟙[j = y[n]]"),
    ("softmax_1", "p * (dp - s)", "p * dp", "is left out"),
    ("layer_norm_1", "D * dxhat - s1 - xhat * s2", "D * dxhat - s1", "is left out"),
    ("layer_norm_1", "(dout * xhat).sum(axis=0)", "(dout * xhat).mean(axis=0)", "the mean"),
    ("attention_1", "dp = dout @ V", "dp = 2 * dout @ V", "there twice"),
    ("affine_3", "dW[d, k] += x[n, d]", "dW[d, k] = x[n, d]", "dW[d, k] += x[n, d] * dout[n, k]"),
    ("embedding_1", "np.add.at(dE, y, dout)", "dE[y] += dout", "dE"),
    ("tanh_1", "1 - h ** 2", "1 - h", "h"),
    ("layer_norm_2", "dxhat / std + 2", "dxhat + 2", "dxhat / std"),
    ("layer_norm_2", "np.sqrt(var + 1e-05)", "np.sqrt(1e-05)", "the term v[n] is left out"),
    ("gelu_tanh_1", "k * (u + 0.044715 * u ** 3)", "k", "u[n]³ is left out"),
    ("rms_norm_1", "1 / np.sqrt(np.mean(x ** 2, axis=-1, keepdims=True) + 1e-06)", "1", "r[n]"),
    ("log_softmax_1", "p = e / e.sum(axis=1, keepdims=True)", "p = e", "e.sum("),
    ("softmax_3", "-(dout * e).sum(", "-e.sum(", "(e * dout).sum("),
    ("mlp_3", "return (loss, dx)", "return (loss, log_probs)", "return (loss, dx)"),
    ("mlp_3", "(dscores, (r1, w, b))", "(dscores, (loss, w, b))", "(dscores, (r1, w, b))"),
    ("mlp_3", "dw + lamda * w", "dw", "the term λ w[k,j] is left out"),
    ("mlp_3", "return dout * (x > 0)", "return dout", "the factor 𝟙[u[n,k] > 0] is left out"),
    ("mean_squared_error_1", "{'x': dx}", "{'x': x}", "return {'x': dx}"),
    ("max_pool_2", "x == best", "x == dout", "mask = x == best"),
    ("affine_3", "dW[d, k] += x[n, d] * dout[n, k]", "pass", "nothing is added"),
    ("rnn_1", "ds = da @ U.T", "ds = da @ U", "ds = da @ U.T"),
]  # fmt: skip


QUICKLY = 6  # of them are tried in the quick tests


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [*WRONG[:QUICKLY], *(pytest.param(*one, marks=pytest.mark.slow) for one in WRONG[QUICKLY:])],
)
def test_the_line_and_the_change_are_named(name, old, new, words, tmp_path):
    before = normal(name)
    assert before.count(old) == 1
    line = before[: before.index(old)].count("\n") + 1
    report = checked(tmp_path, layer_of(name), before.replace(old, new))
    assert report.status == 1
    near = (line,) if new != "pass" else (line, line - 1, line + 1, 6)
    assert report.faults and report.faults[0].line in near, text(report)
    assert words in text(report)


def test_two_wrong_lines_are_both_named(tmp_path):
    code = normal("mlp_1").replace("dc = du.sum(axis=0)", "dc = dh.sum(axis=0)")
    code = code.replace("dw = h.T @ dz + lamda * w", "dw = h.T @ dz")
    report = checked(tmp_path, "mlp", code)
    assert {f.source for f in report.faults} == {"dc = dh.sum(axis=0)", "dw = h.T @ dz"}
    assert {f.makes_right for f in report.faults} == {("c",), ("w",)}


def test_a_small_example_shows_the_fault(tmp_path):
    code = "def backward(dout, u):\n    return dout * (u < 0)"
    report = checked(tmp_path, "relu", code)
    assert report.example.splitlines()[0].count("=") == 2 and "right is" in report.example


# -- safety ----------------------------------------------------------------------------------------


def test_right_values_are_not_in_the_process_that_is_judged(tmp_path, monkeypatch):
    """A file cannot return what it was not given: the verdict comes from a run without them."""
    asked = []

    def ask(request, arrays, seconds):
        asked.append((request["mode"], {*arrays}))
        return outside.ask(request, arrays, seconds)

    for module in (blaming, calling):
        monkeypatch.setattr(module, "ask", ask)
    checked(tmp_path, "relu", "def backward(dout, u):\n    return dout")
    assert asked[0] == ("run", {"given u", "given dh"})
    assert [mode for mode, _ in asked].count("search") == 1


def test_its_output_is_kept_away(tmp_path, capfd):
    code = "print('out')\ndef backward(dout, u):\n    print('out')\n    return dout * (u > 0)"
    assert checked(tmp_path, "relu", code).status == 0
    assert "out" not in "".join(capfd.readouterr())


def test_what_it_started_is_ended(tmp_path):
    mark = tmp_path / "pid"
    code = f"""
    import subprocess, sys
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open({str(mark)!r}, "w").write(str(child.pid))
    def backward(dout, u):
        return dout * (u > 0)
    """
    assert checked(tmp_path, "relu", code).status == 0
    time.sleep(0.2)
    pid = int(mark.read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_a_file_may_not_grow_without_end(tmp_path):
    code = """
    def backward(dout, u):
        with open("big", "wb") as file:
            for _ in range(200):
                file.write(bytes(1 << 20))
        return dout * (u > 0)
    """
    assert checked(tmp_path, "relu", code).status != 0
    assert (tmp_path / "big").stat().st_size <= outside.MAX_ANSWER


# -- the command -----------------------------------------------------------------------------------


def run(*arguments):
    return cli.main([str(a) for a in arguments])


@pytest.fixture
def two(tmp_path):
    (tmp_path / "good.py").write_text("def backward(dout, u):\n    return dout * (u > 0)\n")
    (tmp_path / "bad.py").write_text("def backward(dout, u):\n    return dout\n")
    (tmp_path / "none.py").write_text("x = 1\n")
    return tmp_path


def test_exit_status(two, capsys):
    good, bad, none = (two / f"{n}.py" for n in ("good", "bad", "none"))
    assert run("check", good, "--against", "relu") == 0
    assert run("check", bad, "--against", "relu") == 1
    assert run("check", none, "--against", "relu") == 2
    assert run("check", good, none, bad, "--against", "relu") == 1
    assert run("check", good, none, "--against", "relu") == 2
    assert "is run" in capsys.readouterr().err


def test_json(two, capsys):
    files = two / "good.py", two / "bad.py"
    assert run("check", *files, "--against", "relu", "--format", "json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["status"] for one in found] == [0, 1]
    assert found[1]["faults"][0]["explanation"]["words"]


OWN = """import numpy as np


def forward(x, W):
    h = np.tanh(x @ W)
    return h, (x, W, h)


def backward(dout, cache):
    x, W, h = cache
    du = dout * (1 - h**2)
    return {"x": du @ W.T, "W": x.T @ du}
"""


def test_its_own_forward_is_the_definition(tmp_path, capsys):
    path = tmp_path / "homework.py"
    path.write_text(OWN)
    assert run("check", path, "--shapes", "x=N D; W=D K") == 0
    path.write_text(OWN.replace("x.T @ du}", "x.T @ dout}"))
    assert run("check", path, "--shapes", "x=N D; W=D K") == 1
    assert "line 12" in capsys.readouterr().out
    assert run("check", path) == 2  # no shapes
    assert "Traceback" not in capsys.readouterr().err


def test_claims_by_the_command(capsys):
    assert run("check", "relu", "--claim", "du = dh * (u > 0)") == 0
    assert run("check", "relu", "--claim", "du = dh", "--claim", "du = dh * (u > 0)") == 1
    assert "is left out" in capsys.readouterr().out
    assert run("check", "relu", "--claim", "du = q") == 2
    assert "there is no 'q'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "relu"], "'relu' is no .py file"),
        (["check", "a.py", "b.py", "--claim", "du = u"], "--claim goes with one definition"),
        (["check", "a.py", "--timeout", "0"], "no number of seconds"),
        (["check", "a.py", "--names", "W1"], "'W1' is not like W1=W"),
    ],
)
def test_a_wrong_command_line(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert stop.value.code == 2 and words in capsys.readouterr().err


def test_the_environment_is_left_alone(tmp_path):
    before = dict(os.environ)
    checked(tmp_path, "relu", "import os\nos.environ['X'] = '1'\ndef backward(dout, u): return u")
    assert dict(os.environ) == before
