"""Whoever waits longer than a moment sees what is being done, on a terminal and nowhere else."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pullback.codegen.faces import cli, progress

ROOT = Path(__file__).parent.parent.parent
CLEAR = progress.CLEAR


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def terminal_for(monkeypatch):
    """Standard error from here on."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_each_stage_is_told_and_wiped_away(monkeypatch, capsys):
    terminal = terminal_for(monkeypatch)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert cli.main(["show", "affine"]) == 0
    shown = terminal.getvalue()
    for words in ("derive affine …", "prove: 0 of ", "prove: 1 of ", "write it down …"):
        assert CLEAR + words in shown
    assert shown.endswith(CLEAR)


def test_an_error_stands_on_a_line_of_its_own(monkeypatch):
    terminal = terminal_for(monkeypatch)

    def fails(*_):
        raise ValueError("here")

    monkeypatch.setattr("pullback.codegen.proved.derive", fails)
    assert cli.main(["show", "relu"]) == 70
    assert f"derive relu …{CLEAR}pullback: relu: this is a fault" in terminal.getvalue()


def test_with_tqdm_there_is_a_bar(monkeypatch):
    terminal = terminal_for(monkeypatch)
    pytest.importorskip("tqdm")
    assert list(progress.progress(range(3), 3, "prove", "step")) == [0, 1, 2]
    assert "prove:" in terminal.getvalue() and "3 [" in terminal.getvalue()


def test_elsewhere_nothing_is_told(tmp_path, capsys):
    assert cli.main(["show", "relu"]) == 0 and not capsys.readouterr().err
    assert cli.main(["generate", "relu", "--out", str(tmp_path)]) == 0
    assert not capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals")
def test_on_a_terminal_the_last_line_is_wiped():
    here, there = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "pullback", "show", "relu"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=there,
        timeout=300,
    )
    os.close(there)
    shown = os.read(here, 65536).decode()
    os.close(here)
    assert done.returncode == 0 and "derive relu …" in shown and shown.endswith(CLEAR)
