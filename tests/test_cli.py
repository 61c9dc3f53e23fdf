"""The command: what it prints, writes and leaves, and its exit codes."""

import ast
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.faces import cli, write
from pullback.codegen.faces.marks import marked
from pullback.derive import laws
from pullback.derive.laws.registry import Law

ROOT = Path(__file__).parent.parent

SCALE = '''
title = "Scaled"
equations = """
u[n] = a * x[n]
"""
'''


@pytest.fixture
def definition(tmp_path):
    """A definition of the user's own, in a folder of its own."""
    path = tmp_path / "defined" / "scale.toml"
    path.parent.mkdir()
    path.write_text(SCALE)
    return path


def run(*arguments):
    return cli.main([str(a) for a in arguments])


def test_list_names_every_layer(capsys):
    assert run("list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == library.shipped()


def test_show_prints_steps_laws_and_checks(capsys):
    assert run("show", "softmax", "--detail", "every") == 0
    shown = capsys.readouterr().out
    for word in (
        "quotient rule",
        "entry by an entry",
        "sum over a delta",
        "proved for every size",
        "diagonal plus rank one",
    ):
        assert word in shown
    assert "\x1b" not in shown  # no colour where there is no terminal


def test_show_latex_is_a_document(capsys):
    assert run("show", "relu", "--format", "latex") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("\\documentclass") and shown.rstrip().endswith("\\end{document}")


def test_show_jacobian_writes_out_the_guides_matrix(capsys):
    assert run("show", "mlp", "--jacobian", "h", "u", "--sizes", "n=1,k=2") == 0
    first, second, words = capsys.readouterr().out.splitlines()
    assert first.split("]")[0].startswith("[ 𝟙[u[0,0") and first.rstrip("] ").endswith("0")
    assert second.startswith("[ 0") and "u[0,1] > 0" in second
    assert words == "∂h/∂u: diagonal"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "no_such_layer"], "there is no definition 'no_such_layer'"),
        (["show", "nowhere/layer.toml"], "No such file"),
        (["show", "relu", "--jacobian", "h", "q"], "no tensor 'q'; it has u, h"),
        (["show", "relu", "--jacobian", "q", "u"], "no node 'q'"),
        (["show", "mlp", "--jacobian", "h", "u", "--sizes", "k=999"], "more than 1000 entries"),
        (["show", "relu", "--jacobian", "h", "u", "--sizes", "z=2"], "no axis 'z'"),
        (["show", "--equation", "u = x[n]"], "line 1, column 7:\n    u = x[n]\n"),
        (["show", "--equation", "u = x", "--wrt", "q"], "wrt names 'q', which is not an input"),
        (["show", "cross_entropy", "--jacobian", "L", "q"], "no tensor 'q'"),
        (["generate", "../../etc/x.toml"], "No such file"),
        (["generate", "-"], "there is no definition '-'"),
        (["generate", "relu", "--out", "/dev/null/x"], "/dev/null/x: Not a directory"),
        (["new", "../x"], "'../x' cannot be a layer's name"),
        (["new", "sum"], "'sum' cannot be a layer's name"),
    ],
)
def test_errors_are_one_message_and_exit_2(arguments, words, capsys):
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("pullback: ") and words in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show"], "give either DEFINITION or --equation or --matrices"),
        (
            ["show", "relu", "--equation", "u = x"],
            "give either DEFINITION or --equation or --matrices",
        ),
        (["show", "relu", "--wrt", "u"], "--wrt goes with --equation"),
        (["show", "relu", "--sizes", "n=x"], "'n=x' is not like n=2"),
    ],
)
def test_a_wrong_command_line_shows_how_it_goes(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.startswith("usage: pullback show") and words in error


def test_show_takes_equations(capsys):
    equations = ("--equation", "z[n,k] = sum(d, h[n,d]*w[d,k]) + b[k]", "--equation", "p = relu(z)")
    assert run("show", *equations, "--wrt", "w,b", "--wrt", "h") == 0
    shown = capsys.readouterr().out
    assert "∂ℒ/∂b[k] = Σ_n ∂ℒ/∂z[n,k]" in shown and "p[n,k] = max(0, z[n,k])" in shown
    assert run("show", *equations, "--wrt", "b") == 0
    shown = capsys.readouterr().out
    assert "∂ℒ/∂b[k] = " in shown and "∂ℒ/∂w[d,k] = " not in shown
    assert run("show", *equations, "--format", "latex") == 0
    assert capsys.readouterr().out.startswith("\\documentclass")
    assert run("show", *equations, "--jacobian", "z", "b", "--sizes", "n=1,k=2") == 0
    assert capsys.readouterr().out.startswith("[ 1  0 ]\n[ 0  1 ]\n")


class Input:
    """Standard input that holds these bytes."""

    def __init__(self, data):
        self.buffer = io.BytesIO(data)


def test_show_reads_a_definition_from_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Input(SCALE.encode()))
    assert run("show", "-") == 0
    assert capsys.readouterr().out.startswith("Scaled\n")
    for data, words in (
        (b"u = x", "not a TOML file"),
        (b"\xff", "standard input: not UTF-8 text"),
        (b"#" * 70_000, "standard input: the definition is longer"),
    ):
        monkeypatch.setattr(sys, "stdin", Input(data))
        assert run("show", "-") == 2
        assert words in capsys.readouterr().err


def test_new_writes_a_definition_that_generates(tmp_path, capsys):
    assert run("new", "my_layer", "--out", tmp_path / "defined") == 0
    path = tmp_path / "defined" / "my_layer.toml"
    assert str(path) in capsys.readouterr().out and [*path.parent.iterdir()] == [path]
    assert run("generate", path, "--out", tmp_path / "lib") == 0
    module = ast.parse((tmp_path / "lib" / "my_layer.py").read_text())
    (forward,) = (f for f in module.body if getattr(f, "name", "") == "forward")
    assert [a.arg for a in forward.args.args] == ["x", "w", "b"]
    path.write_text("mine")
    assert run("new", "my_layer", "--out", tmp_path / "defined") == 2
    assert "not written by pullback" in capsys.readouterr().err and path.read_text() == "mine"


def test_generate_writes_a_module_that_works(definition, tmp_path, capsys):
    out = tmp_path / "lib"
    assert run("generate", definition, "--out", out) == 0
    assert {p.name for p in out.iterdir()} >= {"scale.py", "scale.tex"}
    table = capsys.readouterr().out
    assert "scale" in table and "da, dx" in table and str(out / "scale.py") in table
    space: dict = {}
    exec(compile((out / "scale.py").read_text(), "scale.py", "exec"), space)
    u, cache = space["forward"](3.0, np.array([1.0, 2.0]))
    assert u.tolist() == [3.0, 6.0]
    assert space["backward"](np.ones(2), cache).da == 3.0


def test_a_definition_may_call_one_beside_it(definition, tmp_path):
    caller = definition.parent / "twice.toml"
    caller.write_text('equations = "v[n] = scale(a, x)\\nw[n] = scale(a, v)"')
    assert run("generate", caller, "--out", tmp_path / "lib") == 0
    assert "w = a * v" in (tmp_path / "lib" / "twice.py").read_text()


def test_check_sees_changed_missing_and_stale_files(definition, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(library, "shipped", lambda: ["relu"])
    out = tmp_path / "lib"
    assert run("generate", "--out", out) == 0
    assert run("generate", "--check", "--out", out) == 0
    text = (out / "relu.py").read_text()
    (out / "relu.py").write_text(text.replace("np.not_equal(h, 0", "np.greater_equal(h, 0"))
    (out / "relu.tex").unlink()
    (out / "old.py").write_text(marked("old.py", "gone = True\n", shipped=True))
    before = sorted((p.name, p.read_bytes()) for p in out.iterdir())
    capsys.readouterr()
    assert run("generate", "--check", "--out", out) == 1
    shown = capsys.readouterr().out
    for words in (
        "changed: ",
        "missing: ",
        "stale: ",
        "-    not_equal_h = np.greater_equal(h, 0, out=work.not_equal_h)",
        "+    not_equal_h = np.not_equal(h, 0, out=work.not_equal_h)",
    ):
        assert words in shown
    assert sorted((p.name, p.read_bytes()) for p in out.iterdir()) == before


def test_a_failing_proof_writes_nothing(tmp_path, monkeypatch, capsys):
    law = laws.sum_over_delta
    bad = Law(law.name, law.statement, lambda e: 2 * law.apply(e) if law.apply(e) != e else e)
    monkeypatch.setattr(laws, "sum_over_delta", bad)
    assert run("generate", "affine", "--out", tmp_path / "lib") == 2
    assert "does not hold" in capsys.readouterr().err
    assert not (tmp_path / "lib").exists()


@pytest.mark.parametrize("moment", ["proof", "first file"])
def test_an_interrupted_run_leaves_what_was_there(moment, tmp_path, monkeypatch, capsys):
    out = tmp_path / "lib"
    out.mkdir()
    old = marked("affine.py", "old = True\n", shipped=True)
    (out / "affine.py").write_text(old)

    def interrupt(*_):
        raise KeyboardInterrupt

    if moment == "proof":
        monkeypatch.setattr("pullback.codegen.proved.prove", interrupt)
    else:
        monkeypatch.setattr(write.os, "replace", interrupt)
    assert run("generate", "affine", "--out", out) == 130
    assert [(p.name, p.read_text()) for p in out.iterdir()] == [("affine.py", old)]


def test_ctrl_c_while_the_command_is_loaded():
    """As a finder of modules that is interrupted."""
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'sympy':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from pullback.__main__ import main\n"
        "sys.argv = ['pullback', 'list']\n"
        "sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr == "pullback: interrupted; nothing half-written is left\n"


def test_ctrl_c_ends_all_processes_at_once(tmp_path):
    out = tmp_path / "lib"
    command = [sys.executable, "-m", "pullback", "generate", "--out", str(out)]
    running = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    time.sleep(5)  # by now the layers are being derived
    assert running.poll() is None
    start = time.monotonic()
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    _, error = running.communicate(timeout=30)  # until every process has closed its stderr
    assert time.monotonic() - start < 10  # within a second, on a machine that is not busy
    assert running.returncode == 130 and not out.exists()
    assert error.endswith("pullback: interrupted; nothing half-written is left\n")
    assert "Traceback" not in error


def test_a_run_that_is_killed_leaves_no_process(tmp_path):
    """What holds its stderr open is what still runs."""
    command = [sys.executable, "-m", "pullback", "generate", "--out", str(tmp_path / "lib")]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    time.sleep(5)  # by now the layers are being derived
    assert running.poll() is None
    running.kill()
    running.communicate(timeout=30)


def test_nothing_is_written_again_that_is_the_same(definition, tmp_path, capsys):
    run("generate", definition, "--out", tmp_path / "lib")
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "lib").iterdir()}
    run("generate", definition, "--out", tmp_path / "lib")
    assert times == {p: p.stat().st_mtime_ns for p in (tmp_path / "lib").iterdir()}
    assert "0 of them changed" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "affine"])
def test_output_is_the_same_to_the_byte_under_any_hash_seed(name):
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-m", "pullback", "generate", name, "--check", "--fresh"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        assert (found.stdout, found.returncode) == ("", 0)  # as what is committed


HOSTILE = [
    '""" + __import__("os").system("id") + """',
    "ends in a backslash \\",
    "{{7*7}} {% include '/etc/passwd' %}",
    "</script><script>alert(1)</script>",
    "\\input{/etc/passwd} % # $ & _ ^ ~",
    "two\nlines \N{BELL} \N{RIGHT-TO-LEFT OVERRIDE}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_a_definition_stays_text(text, tmp_path):
    quoted = "".join(f"\\U{ord(c):08x}" for c in text)
    path = tmp_path / "scale.toml"
    path.write_text(
        f'title = "{quoted}"\nsummary = "{quoted}"\nequations = "u[n] = a * x[n]"\n'
        f'references = ["{quoted}"]\n[symbols]\nx = "{quoted}"\nn = "{quoted}"\n'
    )
    assert run("generate", path, "--out", tmp_path / "lib") == 0
    tree = ast.parse((tmp_path / "lib" / "scale.py").read_text())
    kinds = [type(node) for node in tree.body]
    assert kinds[0] is ast.Expr and ast.Expr not in kinds[1:]  # the docstring
    definitions = {ast.ClassDef, ast.FunctionDef, ast.Assign}  # a table of dtypes
    definitions |= {ast.AnnAssign}  # ... and of what is cut
    assert set(kinds[1:]) == {ast.ImportFrom, ast.Import} | definitions
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"__import__", "os", "system", "eval", "exec"}
    title = ast.get_docstring(tree).splitlines()[0]
    assert title == " ".join("".join(c if c.isprintable() else " " for c in text).split())
    tex, *_ = (tmp_path / "lib" / "scale.tex").read_text().rpartition("\n% ")  # the digest
    assert "\\input{/etc" not in tex and "49" not in tex


def test_help_has_examples(capsys):
    for arguments in ([], ["generate"], ["show"], ["list"], ["new"], ["book"], ["exercise"]):
        with pytest.raises(SystemExit) as stop:
            run(*arguments, "--help")
        assert stop.value.code == 0 and "example" in capsys.readouterr().out


def test_a_file_is_no_folder_to_write_into(tmp_path, capsys):
    file = tmp_path / "lib"
    file.touch()
    assert run("generate", "relu", "--out", file) == 2
    assert "is a file; --out takes a folder" in capsys.readouterr().err


def test_a_name_that_is_nearly_right_gets_a_suggestion(capsys):
    assert run("show", "mpl") == 2
    assert "did you mean 'mlp'" in capsys.readouterr().err
