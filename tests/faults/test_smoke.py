"""A module that its own tests refuse is not written, nor is anything else of its layer."""

import subprocess
import sys
from dataclasses import replace

import pytest

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition, files
from pullback.codegen.faces.cli import main
from pullback.codegen.targets.numpy import target
from pullback.codegen.targets.numpy.smoke import Checks, Skipped, parametrize, raises, smoke
from pullback.derive.errors import PullbackError

# a pattern in the module's text, what stands there instead: one fault in each function
FAULTS = {
    "forward": ("np.maximum(0, u", "np.minimum(0, u"),
    "backward": ("np.multiply(dh, ", "np.divide(dh, "),
    "jvp": ("u_dot, ", "u_dot + 1, "),
    "what is refused": ("raise TypeError", "raise ValueError"),
    "what Python reads": ("def backward", "def back ward"),
    "what is there": ("def value", "def values"),
}


@pytest.fixture
def relu():
    return compile_definition("relu", library.shipped_source("relu"), library.shipped_source)


def write_wrongly(monkeypatch, old, new):
    """Let every module have one text in place of another."""
    made = target.emission

    def emission(*given):
        right = made(*given)
        return replace(right, module=right.module.replace(old, new))

    monkeypatch.setattr(target, "emission", emission)


@pytest.mark.parametrize(("old", "new"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_module_is_refused_before_anything_is_written(
    old, new, monkeypatch, tmp_path, capsys
):
    write_wrongly(monkeypatch, old, new)
    assert main(["generate", "relu", "--out", str(tmp_path)]) == 2
    assert "relu" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_fails_is_said(monkeypatch, relu):
    write_wrongly(monkeypatch, "maximum(0", "minimum(0")
    with pytest.raises(PullbackError, match=r"^relu: .*test_forward\[0-float64\].*Mismatch"):
        files(relu)


def test_a_right_module_is_written(tmp_path):
    assert main(["generate", "relu", "--out", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} >= {"relu.py", "test_relu.py", "relu.tex"}


def test_pytest_is_not_needed(tmp_path):
    code = (
        "import sys; sys.modules['pytest'] = None\n"
        "from pullback.codegen.faces.cli import main\n"
        "sys.exit(main(['generate', 'relu', '--out', sys.argv[1]]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# -- what stands in for pytest ---------------------------------------------------------------------
TEXT = """
import pytest

@pytest.mark.parametrize(("a", "b"), [(1, 2), (3, 4)])
@pytest.mark.parametrize("c", "xy")
def test_pairs(a, b, c):
    seen.append((a, b, c))

def test_skipped():
    pytest.skip("nothing here")

def test_of_the_module():
    assert module.__name__ == "own"

seen = []
"""


def test_every_argument_is_tried():
    checks = Checks("own", TEXT)
    for check in checks.all()[:4]:
        check.run()
    assert sorted(checks.names["seen"]) == [(1, 2, "x"), (1, 2, "y"), (3, 4, "x"), (3, 4, "y")]
    assert [c.name for c in checks.all()][-2:] == ["test_skipped", "test_of_the_module"]


def test_skips_are_told_from_failures():
    checks = Checks("own", TEXT)
    with pytest.raises(Skipped):
        checks.all()[-2].run()
    smoke("own", "", TEXT)
    with pytest.raises(PullbackError, match="test_of_the_module"):
        smoke("own", "", TEXT.replace('"own"', '"other"'))


def test_what_is_raised_is_looked_at():
    with pytest.raises(AssertionError, match="is not raised"), raises(ValueError):
        pass
    with pytest.raises(AssertionError, match="does not say"), raises(ValueError, match="^b"):
        raise ValueError("ab")
    with pytest.raises(TypeError), raises(ValueError):
        raise TypeError
    with raises(ValueError, match="b$"):
        raise ValueError("ab")
    assert parametrize("a", [1])(lambda a: a).arguments == [{"a": 1}]
