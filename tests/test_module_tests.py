"""The emitted test files: they pass beside their modules, anywhere, and fail beside wrong ones."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.interface.promise import Promise
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loops import Loops
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import SLOW, Checks, first_failure
from pullback.codegen.targets.table import NUMPY
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations, read_layer
from tests.mutations import fails, load
from tests.shipped import FEW, derived

# written beside the tests: what was imported when they have run
LISTS_IMPORTS = """
import sys
from pathlib import Path


def pytest_sessionfinish():
    names = sorted({name.partition(".")[0] for name in sys.modules})
    Path(__file__).with_name("imported.txt").write_text("\\n".join(names))
"""
OWN = {
    "functions": (
        "L = sum(n, erf(y[n]) + log1p(x[n]) + expm1(x[n]) * tanh(y[n]) + cos(x[n]) * sin(y[n])"
        " + sqrt(x[n]) * sigmoid(y[n]) - log(x[n]) / 3 + x[n]**-2 + y[n]**3 + x[n]**a + 2**y[n])",
        {},
    ),
    "kinks": (
        "u[n, k] = max(-1, min(x[n, k], 1)) + max(x[n, k], y[n, k]) * [y[n, k] <= x[n, k]]\n"
        "v[n, k] = where(u[n, k] > a, u[n, k]**2, a * u[n, k]) + max(u[n, k], 0)",
        {},
    ),
    # sizes as numbers, one that must not be 1, a literal that Python does not read, a long line
    "axis_sizes": (
        "mu := mean(n, x[n])\n"
        "v[k] = k7[k] * sum(n, (x[n] - mu)**2) / (N - 1) + 007 * N + .5 * size(k) - -1."
        " + max(N, k7[k]) + sqrt(K) * k7[k] + mean(n, m, x[n] * x[m]) / (1 + exp(k7[k]))",
        {},
    ),
    "numbers": ("u = a * b + exp(c)", {}),
    # a root of a negative number is no value, and the larger of it and 1 is none either
    "undefined": ("L = mean(n, max(1, sqrt(x[n] - a))) + min(n, sqrt(x[n] + a))", {}),
    "labels": (
        "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\nL[n] = -log(p[n, y[n]])",
        {},
    ),
    "pool": ("h[n, d] = max(t, x[n, t, d])", {}),
    "leading": ("u[..., k] = sum(d, x[..., d] * W[d, k]) + c[k]", {}),
    "leading_labels": ("L = sum(..., log(sum(i, exp(z[..., i]))) - z[..., y[...]])", {}),
    "leading_alone": ("h[...] = max(0, u[...]) + erfc(u[...])", {}),
    "leading_assumption": (
        "L[...] = sum(j, t[..., j] * z[..., j]**2)",
        {"assume": ["sum(j, t[..., j]) == 1"], "wrt": ["z"]},
    ),
    "hinge": ("L[n] = sum(j, [j != y[n]] * max(0, z[n, j] - z[n, y[n]] + 1))", {}),
    # what the test file itself uses
    "names": (
        "value = sum(place, module[place] * rng[place] * seed + h[place]**2) + SIZES * LABELS"
        " + draw * name + np_ * check + copy / pytest + Path * STEP + suppress * math + exact",
        {},
    ),
    "linear_assumption": (
        "L = sum(n, j, t[n, j] * z[n, j]**2) * a",
        {"assume": ["sum(j, t[n, j]) == 1"], "wrt": ["z", "a"]},
    ),
    "other_assumptions": (
        "L[n] = a * z[n, y[n]] + sum(j, q[n, j] * z[n, j]) + sum(j, A[j, j] * c[j])",
        {
            "assume": ["sum(j, q[n, j]**2) == exp(0) / 2", "A[j, j] == -1", "max(j, c[j]) == N"],
            "wrt": ["z"],
        },
    ),
}


def emitted(derivation):
    return NUMPY.emit(derivation, lower(derivation))


def written_tests(layer, made):
    return module_test(layer, made.module, made.promise)


@cache
def made_of(name):
    """The layer and the module of a shipped definition, or of one of our own."""
    if name not in OWN:
        return derived(name).layer, emitted(derived(name))
    text, keys = OWN[name]
    layer = read_equations(name, text, **keys)
    return layer, emitted(derive(layer))


SOME = [*sorted(FEW), *OWN]
OTHERS = [name for name in library.shipped() if name not in FEW]
in_two = pytest.mark.parametrize(
    "names", [SOME, pytest.param(OTHERS, marks=pytest.mark.slow)], ids=["some", "others"]
)


def run(folder, *options):
    """pytest in a process of its own, with NumPy and nothing of ours."""
    assert not folder.is_relative_to(Path(__file__).parent.parent)
    (folder / "conftest.py").write_text(LISTS_IMPORTS)
    command = [sys.executable, "-I", "-m", "pytest", "-q", "-rfs", "-W", "error", *options, "."]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@in_two
def test_every_module_passes_its_own_tests(names):
    """Of long arrays, which blocks are for, wherever a helper is met for the first time."""
    met = set()
    for name in names:
        layer, made = made_of(name)
        helpers = made.promise.helpers
        checks = load(name, made.module, written_tests(layer, made)).checks
        some = [c for c in checks if helpers - met or not c.name.startswith(SLOW)]
        met |= helpers
        with np.errstate(all="ignore"):
            failure = first_failure(some)
        assert failure is None, f"{name}: {failure}"


@in_two
def test_no_draw_is_left_out(names):
    """A test file that finds no inputs skips, and then it sees nothing."""
    for name in names:
        layer, made = made_of(name)
        own = Checks(name, written_tests(layer, made)).names
        draws = [(s, d) for s in own["SEEDS"] for d in own["LIMITS"]]
        with np.errstate(all="ignore"):
            missing = [draw for draw in draws if own["attempted"](*draw) is None]
        assert not missing, f"{name}: {missing}"


def test_modules_pass_their_own_tests_under_pytest(tmp_path):
    for name in ("softmax_cross_entropy", "leading_labels", "numbers", "other_assumptions"):
        layer, made = made_of(name)
        (tmp_path / f"{name}.py").write_text(made.module, encoding="utf-8")
        (tmp_path / f"test_{name}.py").write_text(written_tests(layer, made), encoding="utf-8")
    done = run(tmp_path, "--tb=short")
    assert done.returncode == 0, done.stdout[-5000:]
    assert "skipped" not in done.stdout
    imported = (tmp_path / "imported.txt").read_text().split()
    assert "numpy" in imported
    assert not {"sympy", "mpmath", "jinja2", "derive", "codegen", "generated"} & set(imported)


# -- wrong modules -------------------------------------------------------------------------------
GRADIENTS, FORWARD, INPUT = "test_gradients", "test_forward", "test_wrong_input"
WORKSPACE = "test_workspace"
FACTOR = r"\1(1 + 1e-9) * (\2)"
FAULTS = [
    *(("mlp", rf"(\b{d} = )(.*)", r"\1-(\2)", GRADIENTS) for d in ("dW", "dc", "dw", "db")),
    *(("mlp", rf"(\b{d} = )(.*)", FACTOR, GRADIENTS) for d in ("dW", "dc", "dw", "db")),
    ("mlp", r"\(dz, w\.T, out", "(dz, w, out", GRADIENTS),
    ("mlp", r"\(x\.T, du, out", "(x, du, out", GRADIENTS),
    ("mlp", r"\(h\.T, dz, out", "(dz.T, h, out", GRADIENTS),
    ("mlp", r"dell = dL / N", "dell = dL", GRADIENTS),
    ("mlp", r"dell = dL / N", "dell = 1 / N", GRADIENTS),
    ("mlp", r"_add_product\(dw, dL_lamda, w\)", "pass", GRADIENTS),
    ("mlp", r"dc = _sum_rows\(du, out=work\.dc\)", "dc = du[0]", GRADIENTS),
    ("mlp", r"np\.not_equal\(h, 0", "np.greater_equal(h, 0", GRADIENTS),
    ("mlp", r"ell\.sum\(\) / N", "ell.sum()", FORWARD),
    ("mlp", r"\bz \+= b\n", "pass\n", FORWARD),
    ("mlp", r"(\bdb = )(.*)", r"\1np.float64(\2)", GRADIENTS),
    ("mlp", r"(\bdb = .*)", r"\1; W += 1", GRADIENTS),
    ("mlp", r"backward\(1\.0, ", "backward(2.0, ", "test_value_and_grad"),
    ("mlp", r"places\.view\(np\.uint64\)\.max", "places.max", INPUT),
    ("mlp", r"raise TypeError", "raise ValueError", INPUT),
    ("mlp", r"raise TypeError", "raise ValueError", "test_wrong_cotangent"),
    ("labels", r"dz\[n, y\]", "dz[n, y - 1]", GRADIENTS),
    ("labels", r"dz\[n, y\] = (others_dz)", r"dz[n, y] = \1 - 1", GRADIENTS),
    ("labels", r"_pick\(z, \(n, y\)", "_pick(z, (n, 0 * y)", FORWARD),
    ("labels", r"raise ValueError", "raise IndexError", "test_wrong_cotangent"),
    ("pool", r"argmax", "argmin", GRADIENTS),
    ("pool", r"(\bdx = )(.*)", FACTOR, GRADIENTS),
    ("leading", r"dc = _sum_rows\(du, out=work\.dc\)", "dc = du.mean(axis=0)", GRADIENTS),
    ("kinks", r"np\.maximum", "np.minimum", FORWARD),
    ("linear_assumption", r"(\bdz = )(.*)", FACTOR, GRADIENTS),
    ("mlp", r"out=work\.z_max\b", "out=work.ell", WORKSPACE),  # of two values
    ("mlp", r"out=work\.log1p_others_exp_z", "out=work.others_exp_z", WORKSPACE),  # read later
    ("leading", r"out=work\.dx\b", "out=work.u", WORKSPACE),  # over the output
    ("embedding", r"out\[\.\.\.\] = 0", "pass", WORKSPACE),  # added to what lay there
    ("mlp", r"work\.sizes != sizes", "False", "test_wrong_workspace"),
    ("mlp", r"not isinstance\(work, kind\)", "False", "test_wrong_workspace"),
    ("leading", r"( +)_apart\(work, \*\*arrays\)\n", "", "test_wrong_workspace"),
    ("leading", r"u\[_rows\], _ = (.*)", r"u[:] = \1[0][0]", "test_value"),
    ("mlp", r"(\bdef value\((.*\n)*?    return .*)", r"\1 * 2", "test_value"),
    ("mlp", r"(    L_dot = .*)", r"\1 * (1 + 1e-9)", "test_jvp"),
    ("mlp", r"(    return Gradients\(dW_dot), ", r"\1 * (1 + 1e-9), ", "test_hvp"),
    ("mlp", r"found\[at\]|array\[at\] = row", "array[at] = 2 * row", "test_jacobian"),
]


@pytest.mark.parametrize(("name", "pattern", "instead", "test"), FAULTS)
def test_a_wrong_module_fails_its_tests(name, pattern, instead, test):
    layer, made = made_of(name)
    corrupted = re.sub(pattern, instead, made.module)
    assert corrupted != made.module, f"there is no {pattern} in the text of {name}"
    examined = load(name, corrupted, written_tests(layer, made))
    assert any(fails(check) for check in examined.checks if check.name.startswith(test))


# -- the text ------------------------------------------------------------------------------------
LINES = {
    "u[n] = max(x[n], 1)": "u[n] = _extreme(max, [1, x[n]])",  # a constant wins at a tie
    "u[n] = min(x[n], y[n])": "u[n] = _extreme(min, [x[n], y[n]])",
    "m[n] = max(k, x[n, k])": "m[n] = _extreme(max, [x[n, k] for k in range(K)])",
    "m = mean(n, k, x[n, k]) * 2": "m = sum(x[n, k] for n in range(N) for k in range(K))"
    " / (N * K) * 2",
    "u[n] = where(x[n] > 0, x[n], a) * 2": "u[n] = (x[n] if x[n].real > 0 else a) * 2",
    "u[n, k] = [k == y[n]] * x[n, k]": "u[n, k] = int(k == y[n]) * x[n, k]",
    "u[n] = [x[n] + 1 >= -a]*x[n]": "u[n] = int((x[n] + 1).real >= (-a).real) * x[n]",
    "u[n] = x[n] - (a - b) - -x[n]**2**c": "u[n] = x[n] - (a - b) - -x[n] ** 2 ** c",
    "u[n] = (-x[n])**2 / (a / b) / N": "u[n] = (-x[n]) ** 2 / (a / b) / N",
    "u[n] = 010 * x[n] + .5 + 1e3": "u[n] = 10 * x[n] + 0.5 + 1000.0",
    "e[n] = erf(x[n]) + abs(x[n])": "e[n] = _erf(x[n]) + _abs(x[n])",
    "f[n] = E[y[m2[n]], n]": "f[n] = E[y[m2[n]], n]",
    "u[..., k] = x[..., k] * sqrt(pi)": "u[batch, k] = x[batch, k] * np.sqrt(np.pi)",
}


@pytest.mark.parametrize(("equation", "line"), LINES.items())
def test_equations_in_python(equation, line):
    lines = Loops(read_equations("own", equation)).equations()
    assert line in [text.strip() for text in lines]


def test_notation_that_the_output_does_not_read_is_left_out():
    layer = read_equations("own", "p[n] := log(x[n])\nL[n] = x[n]**2")
    assert not any("log" in line for line in Loops(layer).equations())


def test_the_text_is_the_same_every_time():
    layer, made = made_of("mlp")
    source = library.shipped_source("mlp")
    again = read_layer("mlp", source, library.shipped_source)
    assert written_tests(layer, made) == written_tests(again, emitted(derive(again)))


HOSTILE = ['""" + open("x") + """', "ends in \\", "{{7*7}} {% raise %}", "two\nlines \x07 \u202e"]


@pytest.mark.parametrize("words", HOSTILE)
def test_text_from_a_definition_stays_text(words):
    keys = {"title": words, "summary": words, "symbols": {"x": words}, "references": [words]}
    assumed = ["sum(n, x[n]) == 1"]
    layer = read_equations("own", "u[n] = a * x[n]", assume=assumed, wrt=["a"], **keys)
    plain = module_test(
        read_equations("own", "u[n] = a * x[n]", assume=assumed, wrt=["a"]), "", Promise()
    )
    text = module_test(layer, "", Promise())
    first, second = ast.parse(text), ast.parse(plain)
    shown = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    assert shown in ast.get_docstring(first)
    assert [ast.dump(n) for n in first.body[1:]] == [ast.dump(n) for n in second.body[1:]]
