"""Emitted text: in a formatter's form, typed, nothing dead in it, and with errors that name."""

import ast
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.interface.promise import Promise
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.helpers import helpers, names_read
from pullback.codegen.targets.numpy.layout import WIDTH, broken, separated
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import FUNCTIONS, module
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.table import NUMPY
from pullback.derive.calculus.derivation import derive
from pullback.derive.layer import Layer
from pullback.derive.read.reader import read_equations, read_layer

LONG = "a_name_that_is_long_but_readable"  # longer ones may be broken in other ways than ruff's
OWN = {
    "long": f"h[n, k] = sum(d, {LONG}_x[n, d] * {LONG}_w[d, k]) + {LONG}_b[k]\n"
    f"{LONG}_p[n, k] := exp(h[n, k]) / sum(i, exp(h[n, i]))\n"
    f"L = mean(n, -log({LONG}_p[n, {LONG}_y[n]])) + {LONG}_a**2",
    "many": "L = sum(n, " + " + ".join(f"x{i}[n] * w{i}[n, k]" for i in range(14)) + ")",
    "one_number": "u = a * b + exp(c)",
    "labels": "h[n] = E[c[y[n]], n] * where(x[n] > 0, 1, a)",
    "one_minus": "L = sum(n, (1 - p[n]) * log(1 - p[n]) * q[n] / (2 - p[n]))",
    "leading": "u[..., k] = sum(d, x[..., d] * W[d, k]) + c[k]",
    "pool": "h[n, d] = max(t, x[n, t, d])",
    "unused": "u[n] = x[n] + 0 * a[n]",
}
OWN["long_signature"] = "L = sum(n, " + " + ".join(f"input_number_{i}[n]" for i in range(9)) + ")"
OWN["many"] = OWN["many"].replace("sum(n, ", "sum(n, k, ")
SHIPPED = (
    "mlp",
    "attention",
    "softmax_cross_entropy",
    "smoothed_cross_entropy",
    "embedding",
    "gelu_tanh",
    "mean_pool",
)


def own(name: str) -> Layer:
    return read_equations(name, OWN[name])


def shipped(name: str) -> Layer:
    return read_layer(name, library.shipped_source(name), library.shipped_source)


def layers() -> list[Layer]:
    """Layers of many kinds."""
    return [*map(own, OWN), *map(shipped, SHIPPED)]


PROMISES: dict[str, Promise] = {}  # of the modules in `texts`


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Modules of many kinds."""
    found = {}
    for layer in layers():
        derivation = derive(layer)
        emission = NUMPY.emit(derivation, lower(derivation))
        found[layer.name] = emission.module
        PROMISES[layer.name] = emission.promise
        if layer.name in ("softmax_cross_entropy", "long"):
            found[f"{layer.name}_precise"] = module(derivation, lower(derivation, True))
    return found


@pytest.fixture(scope="module")
def folder(texts, tmp_path_factory):
    """The modules as files."""
    path = tmp_path_factory.mktemp("modules")
    for name, text in texts.items():
        (path / f"{name}.py").write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def test_folder(texts, tmp_path_factory):
    """Their test files."""
    path = tmp_path_factory.mktemp("tests")
    for layer in layers():
        text = module_test(layer, texts[layer.name], PROMISES[layer.name])
        (path / f"test_{layer.name}.py").write_text(text, encoding="utf-8")
    return path


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{sys.exec_prefix}/bin") or shutil.which(name)
    return found or pytest.skip(f"there is no {name}")


def run(*command: object) -> tuple[int, str]:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("files", ["folder", "test_folder"])
def test_ruff_finds_nothing_to_say(files, request):
    command = (tool("ruff"), "check", "--isolated", "--no-cache")
    code, said = run(*command, request.getfixturevalue(files))
    assert code == 0, said


@pytest.mark.parametrize("files", ["folder", "test_folder"])
def test_ruff_formats_nothing(files, request):
    command = (tool("ruff"), "format", "--isolated", "--no-cache", "--line-length", WIDTH, "--diff")
    code, said = run(*command, request.getfixturevalue(files))
    assert code == 0, said


def test_mypy_is_content_and_sees_wrong_calls(folder, tmp_path):
    mypy = (tool("mypy"), "--strict", "--cache-dir", tmp_path)
    code, said = run(*mypy, *sorted(folder.glob("*.py")))
    assert code == 0, said
    wrong = tmp_path / "wrong.py"
    wrong.write_text('import mlp\nmlp.backward("oops", 3)\nmlp.value(1, 2)\n', encoding="utf-8")
    code, said = run("env", f"MYPYPATH={folder}", *mypy, wrong)
    assert code == 1 and said.count("wrong.py:2: error: Argument") == 2
    assert "wrong.py:3: error: Missing positional arguments" in said


def functions(text: str) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def unread(function: ast.FunctionDef) -> set[str]:
    """Variables that are stored and never read."""
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    return stored - {n.id for n in names if isinstance(n.ctx, ast.Load)} - {"_", "_part"}


def test_every_variable_is_read(texts):
    for name, text in texts.items():
        for function in functions(text):
            changed = {  # in place, as `u += c`
                node.target.id
                for node in ast.walk(function)
                if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
            }
            assert unread(function) <= changed, (name, function.name)


def test_nothing_is_written_over_unread(texts):
    """Of two statements `name[places] = …` with no reader of the name between, one is dead."""
    for name, text in texts.items():
        for function in (f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef)):
            written = set()
            for statement in function.body:
                target = getattr(statement, "targets", [None])[0]
                put = isinstance(target, ast.Subscript)
                parts = ast.walk(statement.value if put else statement)
                read = {n.id for n in parts if isinstance(n, ast.Name)}
                written = {place for place in written if place.partition("[")[0] not in read}
                if put:
                    place = ast.unparse(target)
                    assert place not in written, f"{name}: {place} in {function.name}"
                    written.add(place)


def test_names_say_what_they_are(texts):
    for name, text in texts.items():
        for function in functions(text):
            stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
            if function.name in FUNCTIONS:
                assert not [s for s in stored if re.search(r"^part(_\d+)?$|value_|_value", s)], name
    assert "one_minus_p" in texts["one_minus"]


def test_a_module_has_the_helpers_that_it_reads_and_no_others(texts):
    for name, text in texts.items():
        tree = ast.parse(text)
        read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        defined = {f.name for f in functions(text)} | {
            t.id for a in tree.body if isinstance(a, ast.Assign | ast.AnnAssign)
            for t in (a.targets if isinstance(a, ast.Assign) else [a.target])
        }  # fmt: skip
        own = {"_NEW", "_arguments"}
        assert read & helpers().keys() == defined & helpers().keys(), name
        assert {d for d in defined if d.startswith("_")} <= helpers().keys() | own, name


def test_no_helper_reads_what_is_not_there():
    for name, helper in helpers().items():
        unknown = {r for r in helper.reads if r.startswith("_") and len(r) > 1} - helpers().keys()
        assert not unknown, (name, unknown)


NEW = {"vecdot", "matvec", "vecmat", "matrix_transpose", "concat", "permute_dims", "isdtype", "pow"}
NEW |= {"bool", "long", "ulong", "astype", "unstack", "cumulative_sum", "acos", "asin", "atan"}


def test_nothing_is_read_of_numpy_that_came_with_2(texts):
    """Save vecdot, where it is there."""
    for name, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute):
                of_numpy = isinstance(node.value, ast.Name) and node.value.id == "np"
                assert not (of_numpy and node.attr in NEW - {"vecdot"}), (name, node.attr)
                assert node.attr != "mT", name
        assert ("np.vecdot" in text) == ('hasattr(np, "vecdot")' in text), name


def test_without_vecdot_the_numbers_are_the_same(monkeypatch):
    text = "L[n] = sum(d, x[n, d] * w[n, d])"
    layer = read_equations("own", text)
    derivation = derive(layer)
    code = loaded(module(derivation, lower(derivation)), layer)
    rng = np.random.default_rng(0)
    for sizes in ((3, 4), (200, 300), (2, 0)):
        x, w = rng.normal(size=(2, *sizes))
        with monkeypatch.context() as patched:
            wanted = code.forward(x, w)[0]
            patched.delattr(np, "vecdot", raising=False)
            np.testing.assert_allclose(code.forward(x, w)[0], wanted, rtol=1e-12, atol=1e-12)


# -- lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "    total = " + " + ".join(f"something_{i} * another_{i}" for i in range(9)),
        "    f(" + ", ".join(f"argument_{i}=g(value_{i}, [1, 2])" for i in range(9)) + ")",
        "    " + ", ".join(f"name_{i}" for i in range(14)) + " = f(x, " + "y" * 70 + ")",
        "    x = f(g(" + ", ".join(f"argument_{i}" for i in range(20)) + "), 1)",
        '    x = np.einsum("nd,dk->nk", ' + "a" * 60 + ", " + "b" * 60 + ")",
        "    return " + " * ".join(f"something_{i}" for i in range(12)),
        "    if " + " or ".join(f"something_{i} != other_{i}" for i in range(9)) + ":",
        "    def f(" + ", ".join(f"argument_{i}" for i in range(20)) + "):",
        "    def f(" + ", ".join(f"argument_{i}: int" for i in range(20)) + ") -> tuple[int, (3)]:",
    ],
)
def test_broken_lines_mean_the_same(line):
    lines = broken(line)
    assert len(lines) > 1 and max(map(len, lines)) <= WIDTH
    end = " pass" if line.endswith(":") else ""
    before, after = (
        ast.dump(ast.parse("if 1:\n" + text + end)) for text in (line, "\n".join(lines))
    )
    assert before == after


def test_brackets_and_quotes_keep_their_commas():
    assert separated('f(a, b), "c, d", [e, f], (g,)') == ["f(a, b)", '"c, d"', "[e, f]", "(g,)"]


# -- errors ----------------------------------------------------------------------------------------


def mlp():
    layer = shipped("mlp")
    derivation = derive(layer)
    return loaded(module(derivation, lower(derivation)), layer)


def test_a_message_blames_the_odd_one_out():
    code, rng = mlp(), np.random.default_rng(0)
    shapes = {"x": (4, 2), "W": (2, 3), "c": (3,), "w": (3, 5), "b": (5,)}
    right = {n: rng.normal(size=s) for n, s in shapes.items()}
    right |= {"y": np.zeros(4, int), "lamda": 0.1}
    code.forward(**right)
    for name in shapes:
        single = right | {name: right[name].astype(np.float32)}
        with pytest.raises(TypeError, match=f"^{name} has dtype float32; it must be float64, as"):
            code.forward(**single)
    for name, axis in (("c", 0), ("W", 1), ("w", 0)):  # W, c and w all have K
        other = right | {name: np.concatenate([right[name]] * 2, axis)}
        with pytest.raises(ValueError, match=rf"^{name} has shape .* with K = 3, as"):
            code.forward(**other)
    with pytest.raises(ValueError, match=r"^lamda has shape \(1,\)"):
        code.forward(**right | {"lamda": np.ones(1)})
    with pytest.raises(TypeError, match=r"^inputs is int; it must be a tuple"):
        code.jvp(3, ())
    with pytest.raises(ValueError, match=r"^tangents has 1 values; it must have those for W_dot"):
        code.jvp(tuple(right.values()), (1,))


def test_names_read_are_those_of_a_program():
    assert names_read(ast.parse("a = f(b.c)")) == {"a", "f", "b"}
