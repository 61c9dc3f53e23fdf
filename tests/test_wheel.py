"""A wheel in a clean environment, in another folder: one import name, and no extra is needed."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow  # an environment is made and filled
NOTEBOOK = """
from pullback import layer
f = layer("u[n] = a * x[n]", wrt=["a"])
print(f.gradients["a"])
assert "Σ_n" in str(f.gradients["a"]) and f._repr_markdown_()
import numpy as np
output, _ = f.compile().forward(2.0, np.ones(3))
assert output.tolist() == [2.0] * 3
"""
LIBRARY = """
import numpy as np
from pullback.generated import mlp, relu
output, cache = relu.forward(np.array([-1.0, 2.0]))
assert output.tolist() == [0.0, 2.0]
assert relu.backward(np.ones(2), cache).du.tolist() == [0.0, 1.0]
import sys
assert "sympy" not in sys.modules
"""
FREE = """
from importlib.util import find_spec
assert not any(map(find_spec, ("derive", "codegen", "layers", "generated", "proofs")))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An environment with the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True)
    venv.create(folder / "env", with_pip=True)
    (wheel,) = folder.glob("pullback-*.whl")
    pip = [str(folder / "env" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, str(wheel)], check=True)
    return folder


def run(place, *command):
    """A command of that environment, in an empty folder; what it prints."""
    (place / "elsewhere").mkdir(exist_ok=True)
    tool, *arguments = command
    done = subprocess.run(
        [str(place / "env" / "bin" / tool), *arguments],
        cwd=place / "elsewhere",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_name_is_added(place):
    (site,) = (place / "env" / "lib").glob("python*/site-packages")
    record = next(site.glob("pullback-*.dist-info")) / "RECORD"
    files = {line.split(",")[0].split("/")[0] for line in record.read_text().splitlines()}
    assert {f for f in files if not f.endswith(".dist-info")} == {"pullback", ".."}  # the command
    run(place, "python", "-c", FREE)


def test_every_file_of_the_folders_is_there(place):
    (site,) = (place / "env" / "lib").glob("python*/site-packages")
    for folder in ("derive", "codegen", "layers"):
        kinds = ("*.py", "*.j2", "*.h", "*.c", "*.toml", "*.woff2", "*.js", "*.css")
        wanted = {p.relative_to(ROOT) for kind in kinds for p in (ROOT / folder).rglob(kind)}
        assert wanted
        assert not [p for p in wanted if not (site / "pullback" / p).is_file()]


def test_the_doors(place):
    assert "∂ℒ/∂a" in run(place, "python", "-c", NOTEBOOK)
    run(place, "python", "-c", LIBRARY)


def test_the_command(place):
    assert "softmax_cross_entropy" in run(place, "pullback", "list")
    assert run(place, "pullback", "--version") == run(
        place, "python", "-m", "pullback", "--version"
    )
    assert "∂E/∂z[n,j]" in run(place, "pullback", "show", "softmax_cross_entropy")
    run(place, "pullback", "generate", "relu", "--out", "made")
    made = {p.name for p in (place / "elsewhere" / "made").iterdir()}
    assert {"relu.py", "test_relu.py", "relu.tex"} <= made
    run(place, "pullback", "generate", "relu", "--out", "made", "--check")
