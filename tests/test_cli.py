"""The command: what it prints, writes and leaves, and its exit codes."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from codegen import cli, library, write
from derive import laws
from derive.laws import Law

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
    assert run("show", "softmax") == 0
    shown = capsys.readouterr().out
    for word in (
        "differentiate",
        "sum over a delta",
        "exact at N=2, J=3",
        "diagonal plus rank one",
    ):
        assert word in shown
    assert "\x1b" not in shown  # no colour where there is no terminal


def test_show_latex_is_a_document(capsys):
    assert run("show", "relu", "--format", "latex") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("\\documentclass") and shown.rstrip().endswith("\\end{document}")


def test_show_jacobian_writes_out_the_guides_matrix(capsys):
    assert run("show", "relu", "--jacobian", "h", "u", "--sizes", "n=1,k=2") == 0
    first, second, words = capsys.readouterr().out.splitlines()
    assert first.split("]")[0].startswith("[ 𝟏[u[0,0") and first.rstrip("] ").endswith("0")
    assert second.startswith("[ 0") and "u[0,1] > 0" in second
    assert words == "∂h/∂u: diagonal"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "no_such_layer"], "there is no definition 'no_such_layer'"),
        (["show", "nowhere/layer.toml"], "No such file"),
        (["show", "relu", "--jacobian", "h", "q"], "no tensor 'q'; it has u, h"),
        (["show", "relu", "--jacobian", "q", "u"], "no node 'q'"),
        (["show", "relu", "--jacobian", "h", "u", "--sizes", "k=999"], "more than 1000 entries"),
        (["show", "relu", "--jacobian", "h", "u", "--sizes", "z=2"], "no axis 'z'"),
        (["generate", "../../etc/x.toml"], "No such file"),
    ],
)
def test_errors_are_one_message_and_exit_2(arguments, words, capsys):
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("pullback: ") and words in error and "Traceback" not in error


def test_generate_writes_a_module_that_works(definition, tmp_path, capsys):
    out = tmp_path / "lib"
    assert run("generate", definition, "--out", out) == 0
    assert sorted(p.name for p in out.iterdir()) == ["scale.py", "scale.tex"]
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
    (out / "relu.py").write_text((out / "relu.py").read_text().replace("h > 0", "h >= 0"))
    (out / "relu.tex").unlink()
    (out / "old.py").write_text("")
    before = sorted((p.name, p.read_bytes()) for p in out.iterdir())
    capsys.readouterr()
    assert run("generate", "--check", "--out", out) == 1
    shown = capsys.readouterr().out
    for words in (
        "changed: ",
        "missing: ",
        "stale: ",
        "-    du = dh * (h >= 0)",
        "+    du = dh * (h > 0)",
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
    (out / "affine.py").write_text("old")

    def interrupt(*_):
        raise KeyboardInterrupt

    if moment == "proof":
        monkeypatch.setattr("codegen.compiler.prove", interrupt)
    else:
        monkeypatch.setattr(write.os, "replace", interrupt)
    assert run("generate", "affine", "--out", out) == 130
    assert [(p.name, p.read_text()) for p in out.iterdir()] == [("affine.py", "old")]


def test_nothing_is_written_again_that_is_the_same(definition, tmp_path, capsys):
    run("generate", definition, "--out", tmp_path / "lib")
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "lib").iterdir()}
    run("generate", definition, "--out", tmp_path / "lib")
    assert times == {p: p.stat().st_mtime_ns for p in (tmp_path / "lib").iterdir()}
    assert "0 of them changed" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "affine"])
def test_output_is_the_same_to_the_byte_under_any_hash_seed(name, tmp_path):
    texts = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "codegen", "generate", name, "--out", str(out)],
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
        )
        texts.append([p.read_bytes() for p in sorted(out.iterdir())])
    assert texts[0] == texts[1]
    committed = [p.read_bytes() for p in sorted((ROOT / "generated").glob(f"{name}.*"))]
    assert texts[0] == committed


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
    assert kinds[:3] == [ast.Expr, ast.ImportFrom, ast.Import]
    assert set(kinds[3:]) == {ast.ClassDef, ast.FunctionDef}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"__import__", "os", "system", "eval", "exec"}
    title = ast.get_docstring(tree).splitlines()[0]
    assert title == " ".join("".join(c if c.isprintable() else " " for c in text).split())
    tex = (tmp_path / "lib" / "scale.tex").read_text()
    assert "\\input{/etc" not in tex and "49" not in tex


def test_help_has_examples(capsys):
    for arguments in (["--help"], ["generate", "--help"], ["show", "--help"], ["list", "--help"]):
        with pytest.raises(SystemExit) as stop:
            run(*arguments)
        assert stop.value.code == 0 and "example" in capsys.readouterr().out
