"""What no stage raises on purpose comes out as one line that says whose fault it is."""

import hashlib
import io
import os
import pickle
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from threading import Barrier, Thread

import pytest

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition
from pullback.codegen.faces import cli, notebook, parallel
from pullback.codegen.faces.options import COMMANDS as COMMANDS_BY_NAME
from pullback.codegen.faults import STACK, stages
from pullback.derive.errors import Fault, PullbackError, TooLarge

ROOT = Path(__file__).parent.parent.parent
DIGEST = hashlib.sha256(library.shipped_source("relu").encode()).hexdigest()[:16]
STAGES = [
    "pullback.codegen.proved.read_layer",
    "pullback.codegen.proved.derive",
    "pullback.codegen.proved.prove",
]
LOWER = "pullback.codegen.targets.numpy.target.lower"
PAGES = "pullback.codegen.pages"
NUMPY = "pullback.codegen.targets.numpy.target"
WRITERS = [f"{NUMPY}.emission", f"{NUMPY}.module_test"]
WRITERS += ["pullback.codegen.compiler.document", "pullback.codegen.pages.page.page"]
COMMANDS = [
    (["show", "relu"], [*STAGES, f"{PAGES}.terminal.Screen.show"]),
    (["show", "relu", "--format", "latex"], [*STAGES, f"{PAGES}.latex.document"]),
    (["show", "relu", "--format", "html"], [*STAGES, LOWER, "pullback.codegen.pages.page.page"]),
    (["show", "relu", "--format", "beamer"], [*STAGES, f"{PAGES}.latex.slides"]),
    (["exercise", "relu"], [*STAGES, f"{PAGES}.exercise.narrowed", f"{PAGES}.exercise.render"]),
    (
        ["show", "relu", "--jacobian", "h", "u"],
        ["pullback.codegen.pages.jacobian_matrix.jacobian_matrix"],
    ),
    (["generate", "relu"], [*STAGES, LOWER, *WRITERS]),
    (["book"], [*STAGES, LOWER, "pullback.codegen.faces.command.book.chapter"]),
]
PAIRS = [(command, stage) for command, stages in COMMANDS for stage in stages]


@pytest.fixture(autouse=True)
def one_layer(monkeypatch):
    monkeypatch.setattr(library, "shipped", lambda: ["relu"])


def raising(error):
    def stage(*_, **__):
        raise error

    return stage


def folder(command, tmp_path):
    return [*command, *(["--out", str(tmp_path / "lib")] if command[0] != "show" else [])]


@pytest.mark.parametrize(("command", "stage"), PAIRS)
def test_a_fault_in_any_stage_is_one_line(command, stage, tmp_path, monkeypatch, capsys):
    for error in (ValueError("tuple.index(x):\n x not in tuple"), AssertionError(), TypeError()):
        monkeypatch.setattr(stage, raising(error))
        assert cli.main(folder(command, tmp_path)) == 70
        out, line = capsys.readouterr()
        assert line.startswith("pullback: relu: this is a fault of pullback, not of the definition")
        assert line.count("\n") == 1 and not out
        for words in (DIGEST, type(error).__name__, "to report it", "PULLBACK_TRACEBACK=1"):
            assert words in line
        assert not (tmp_path / "lib").exists()


@pytest.mark.parametrize("run", ["list", "new", "generate", "book", "show"])
def test_a_fault_before_there_is_a_definition(run, monkeypatch, capsys):
    file, _ = COMMANDS_BY_NAME[run]
    where = f"pullback.codegen.faces.command.{file}.run"
    monkeypatch.setattr(where, raising(IndexError("list index out of range")))
    arguments = {"new": ["new", "mine"], "show": ["show", "relu"]}.get(run, [run])
    assert cli.main(arguments) == 70
    line = capsys.readouterr().err
    assert line.startswith("pullback: this is a fault of pullback: IndexError: list index")
    assert line.count("\n") == 1


def test_where_it_came_up_is_shown_if_asked_for(monkeypatch, capsys):
    monkeypatch.setattr("pullback.codegen.proved.derive", raising(ValueError("here")))
    monkeypatch.setenv("PULLBACK_TRACEBACK", "1")
    assert cli.main(["show", "relu"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_faults_have_a_type_in_python(monkeypatch):
    error = ZeroDivisionError("here")
    monkeypatch.setattr("pullback.codegen.proved.derive", raising(error))
    for call in (
        lambda: notebook.layer("u = 2 * x"),
        lambda: notebook.load("relu"),
        lambda: compile_definition("relu", library.shipped_source("relu"), {}.__getitem__),
    ):
        with pytest.raises(Fault) as raised:
            call()
        assert raised.value.__cause__ is error and isinstance(raised.value, PullbackError)


@pytest.mark.parametrize(
    ("error", "words"), [(RecursionError(), "nested too deeply"), (MemoryError(), "memory")]
)
def test_what_the_machine_cannot_hold_is_too_large(error, words, monkeypatch, capsys):
    monkeypatch.setattr("pullback.codegen.proved.derive", raising(error))
    with pytest.raises(TooLarge, match=words):
        notebook.load("relu")
    assert cli.main(["show", "relu"]) == 2 and words in capsys.readouterr().err


def test_errors_come_back_from_other_processes():
    for error in (Fault("relu: words"), TooLarge("relu: words"), PullbackError("relu: words")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error)


def fail(definition):
    """Run in a process of its own: ends it, or raises."""
    if definition == "end":
        os._exit(1)
    raise Fault(f"{definition}: words")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("first", "words"), [("end", "ended from outside"), ("a", "a: words")])
def test_faults_in_other_processes_are_told(first, words):
    with (
        pytest.raises(PullbackError, match=words) as raised,
        parallel.each(fail, [first, "b"]) as outcomes,
    ):
        list(outcomes)
    assert not isinstance(raised.value, BrokenProcessPool)


def test_ctrl_c_is_one_line(monkeypatch, capsys):
    for stage in STAGES:
        monkeypatch.setattr(stage, raising(KeyboardInterrupt()))
        assert cli.main(["show", "relu"]) == 130
        line = capsys.readouterr().err
        assert line == "pullback: interrupted; nothing half-written is left\n"


@pytest.mark.parametrize("arguments", [["list"], ["show", "mlp"], ["show", "--help"]])
def test_a_reader_that_leaves_is_no_error(arguments):
    """The pipe is closed before anything is printed."""
    command = [sys.executable, "-m", "pullback", *arguments]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.close()
    error = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=300) in (0, 1) and error == b""


def test_a_stream_that_is_no_file_is_taken_as_it_is(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert cli.main(["list"]) == 0 and "relu" in sys.stdout.getvalue()


def test_the_limit_of_the_stack_is_put_back_when_the_last_thread_is_done():
    """Of two threads the one that ends first leaves the other its stack."""
    before, both = sys.getrecursionlimit(), Barrier(2, timeout=60)
    seen = []

    def work(longer):
        with stages("own", ""):
            both.wait()
            if longer:
                both.wait()  # the other one has gone out
                seen.append(sys.getrecursionlimit())
        if not longer:
            both.wait()

    threads = [Thread(target=work, args=(longer,)) for longer in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [max(before, STACK)]
    assert sys.getrecursionlimit() == before
