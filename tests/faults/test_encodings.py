"""Output is UTF-8 wherever it goes, whatever the system says of encodings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "the C locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}
COMMANDS = {
    "list": (["list"], 0, "rectified"),
    "help": (["--help"], 0, "examples:"),
    "help of show": (["show", "--help"], 0, "NAME,…"),
    "show": (["show", "relu"], 0, "∂ℒ/∂u"),
    "show latex": (["show", "relu", "--format", "latex"], 0, "\\documentclass"),
    "show html": (["show", "relu", "--format", "html"], 0, "∂"),
    "show jacobian": (["show", "relu", "--jacobian", "h", "u"], 0, "∂h/∂u: diagonal"),
    "new": (["new", "mine", "--out", "."], 0, "mine.toml"),
    "generate": (["generate", "relu", "--out", "lib"], 0, "∂h/∂u"),
    "generate --check": (["generate", "relu", "--check", "--out", "none"], 1, "missing: none"),
    "an error": (["show", "--equation", "u = λ"], 2, "write lamda"),
    "a wrong command line": (["show", "--format", "x"], 2, "NAME,…"),
    "a name that is not ASCII": (["show", "größe.toml"], 2, "pullback: größe.toml: No such file"),
    "a name that is no Unicode": (["show", b"\xff.toml"], 2, "\\udcff.toml: No such file"),
}


def ended(arguments, folder, variables):
    """What the command prints, as bytes, and its status."""
    return subprocess.run(
        [sys.executable, "-m", "pullback", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )


QUICK = "the C locale"  # in every run, and of the other encodings one command
CASES = [
    (e, c) if e == QUICK or c == "show" else pytest.param(e, c, marks=pytest.mark.slow)
    for e in ENCODINGS
    for c in COMMANDS
]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("encoding", "command"), CASES)
def test_every_command_speaks_utf8(command, encoding, tmp_path):
    arguments, status, words = COMMANDS[command]
    done = ended(arguments, tmp_path, ENCODINGS[encoding])
    printed = done.stdout.decode("utf-8")
    assert done.returncode == status, printed
    assert words.lower() in printed.lower() and "Traceback" not in printed


@pytest.mark.parametrize(
    "encoding", [e if e == QUICK else pytest.param(e, marks=pytest.mark.slow) for e in ENCODINGS]
)
def test_files_hold_the_same_bytes(encoding, tmp_path):
    for folder, variables in (("plain", {}), ("other", ENCODINGS[encoding])):
        assert ended(["generate", "relu", "--out", folder], tmp_path, variables).returncode == 0
    plain, other = tmp_path / "plain", tmp_path / "other"
    names = sorted(p.name for p in plain.iterdir())
    assert names == sorted(p.name for p in other.iterdir())
    assert all((plain / n).read_bytes() == (other / n).read_bytes() for n in names)


def test_the_book_speaks_utf8(tmp_path, monkeypatch):
    """By itself, as the whole book takes a minute."""
    code = (
        "import sys; from pullback.codegen import library; from pullback.codegen.faces import cli;"
        "library.shipped = lambda: ['relu'];"
        "sys.exit(cli.main(['book', '--out', 'Büch']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode("utf-8").startswith("Büch/book.tex; next")
