"""How kernels are built, kept and looked at, and what happens where they cannot be."""

import inspect
import os
import re
import shutil
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen.targets.c.runtime import native
from tests.c.building import kernels, modules, needs_cc, texts

TEXT = "p[n, j] = exp(z[n, j]) * a[j]"
A = np.linspace(1, 2, 5)
Z = np.random.default_rng(0).normal(size=(4, 5))


LAYERS = [
    "p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))",
    "L[n] = -log(exp(z[n, y[n]]) / sum(i, exp(z[n, i])))",
    "m[n] := mean(d, x[n, d])\nh[n, d] = g[d] * (x[n, d] - m[n]) / sqrt(1 + m[n]**2) + b[d]",
    "p[b, t, j] = exp(s[b, t, j] + w[b, j]) / sum(i, exp(s[b, t, i] + w[b, i]))",
    "h[n] = where(tanh(x[n]) > erf(w[n]), sigmoid(x[n]), expm1(w[n]) + max(x[n], w[n]))",
]


def numbers(module, z=Z):
    """What forward and backward make of an array."""
    output, cache = module.forward(z=z, a=A)
    return output, *module.backward(np.ones_like(output) * z, cache)


def same(found, wanted):
    return all(a.tobytes() == b.tobytes() for a, b in zip(found, wanted, strict=True))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of its own for compiled kernels."""
    monkeypatch.setenv("PULLBACK_CACHE", str(tmp_path))
    return tmp_path / "kernels"


@needs_cc
def test_kernels_are_built_once_and_kept(home, monkeypatch):
    mine, _ = modules(TEXT)
    before = numbers(mine)
    (library,) = home.iterdir()
    made = library.stat()
    assert not stat.S_IMODE(home.stat().st_mode) & 0o077
    again, _ = modules(TEXT)
    assert same(numbers(again), before) and library.stat() == made
    monkeypatch.setenv("PULLBACK_CC", "cc -g1")  # another command, another file
    other, _ = modules(TEXT)
    assert same(numbers(other), before) and len([*home.iterdir()]) == 2


@needs_cc
@pytest.mark.parametrize("text", LAYERS[:1] + LAYERS[-1:], ids=["rows", "entries"])
def test_the_same_bits_with_and_without_vectors(home, monkeypatch, text):
    """Sums are taken in one order, however wide the processor's vectors are."""
    found = []
    for command in ("cc", "cc -fno-tree-vectorize"):
        monkeypatch.setenv("PULLBACK_CC", command)
        mine, rng = modules(text)[0], np.random.default_rng(0)
        every = []
        for dtype in (np.float32, np.float64):
            for shape in ((70, 5), (3, 1100)):
                shape = shape if "sum" in text else (350,)
                names = inspect.signature(mine.workspace).parameters
                given = {name: rng.normal(size=shape).astype(dtype) for name in names}
                output, cache = mine.forward(**given)
                every += [output, *mine.backward(np.full_like(output, 0.3) * output, cache)]
        found.append(every)
    assert len([*home.iterdir()]) == 4 and same(*found)


def test_off_is_numpy_to_the_bit_without_a_word(home, monkeypatch):
    monkeypatch.setenv("PULLBACK_CC", "off")
    mine, numpy = modules(TEXT)
    assert same(numbers(mine), numbers(numpy))
    assert not home.exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [("no-such-compiler", "there is no no-such-compiler"), ("false", "false fails"), ("'", "quot")],
)
def test_without_a_compiler_numpy_works_alone_with_one_warning(home, monkeypatch, command, why):
    monkeypatch.setenv("PULLBACK_CC", command)
    mine, numpy = modules(TEXT)
    with pytest.warns(RuntimeWarning, match=f"NumPy works alone: .*{why}") as seen:
        found = numbers(mine)
    assert len(seen) == 1 and same(found, numbers(numpy))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(numbers(mine), found)
    assert not home.exists() or not [*home.iterdir()]


@needs_cc
def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PULLBACK_CACHE", str(tmp_path / "file"))
    mine, numpy = modules(TEXT)
    with pytest.warns(RuntimeWarning, match="NumPy works alone"):
        assert same(numbers(mine), numbers(numpy))


@needs_cc
@pytest.mark.skipif(not hasattr(os, "getuid"), reason="there are no owners of files")
def test_a_folder_that_others_may_write_into_is_not_trusted(home):
    home.mkdir(parents=True)
    home.chmod(0o777)
    mine, numpy = modules(TEXT)
    with pytest.warns(RuntimeWarning, match="others may write"):
        assert same(numbers(mine), numbers(numpy))
    assert not [*home.iterdir()]


@needs_cc
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("0x1.55555555518f8p-5", "0.1"),
        ("-0x1.62e42fefa0000p-1, x", "-0.7, x"),
    ],
)
def test_wrong_results_are_not_trusted(home, right, wrong):
    mine, numpy = modules(TEXT)
    assert right in mine._SOURCE
    mine._SOURCE = mine._SOURCE.replace(right, wrong)
    with pytest.warns(RuntimeWarning, match="wrong results"):
        assert same(numbers(mine), numbers(numpy))


@needs_cc
def test_without_cpython_arrays_say_where_they_lie(home, monkeypatch):
    mine, _ = modules(TEXT)
    before = numbers(mine)
    other, _ = modules(TEXT)
    monkeypatch.setattr(sys.implementation, "name", "another")
    assert same(numbers(other), before)
    assert other._built(8)["k0"][2] is not id


def test_nothing_of_a_definition_stands_in_a_kernel():
    text = 'wicked[n, j] = exp(evil[n, j]) * vile[j]  # */ #include <bad.h> """'
    source = modules(text)[0]._SOURCE
    assert kernels(text)
    assert not re.search("wicked|evil|vile|bad", source) and '"""' not in source
    source.encode("ascii")


def flags(*more):
    """What a module's kernels are compiled with, and more."""
    found = re.search(r'flags = "(.*?)"', Path(native.__file__).read_text(encoding="utf-8"))
    assert found
    return [*found[1].split(), *more]


@needs_cc
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_compilers_find_nothing_to_warn_of(compiler, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    for which, text in enumerate(LAYERS):
        file = tmp_path / f"kernels{which}.c"
        file.write_text(modules(text)[0]._SOURCE)
        strict = ["-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Werror"]
        command = [compiler, *flags(*strict), "-c", str(file), "-o", os.devnull]
        done = subprocess.run(command, capture_output=True, text=True)
        assert not done.returncode, done.stderr


SANITIZED = """
import importlib.util, inspect, sys, warnings
import numpy as np
warnings.simplefilter("error")
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("own", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rng = np.random.default_rng(0)
    for count, length in ((0, 3), (1, 1), (33, 5), (35, 70), (3, 1100)):
        for dtype in (np.float32, np.float64):
            sizes = dict(z=(count, length), x=(count, length), g=(length,), b=(length,))
            sizes |= dict(s=(2, count, length), w=(2, length))
            names = [n for n in inspect.signature(module.forward).parameters if n != 'work']
            given = {n: rng.normal(size=sizes.get(n)).astype(dtype) for n in names if n != "y"}
            if "expm1" in module.__doc__:
                given = {n: rng.normal(size=count * length).astype(dtype) for n in names}
            if "y" in names:
                given["y"] = rng.integers(length, size=count)
            output, cache = module.forward(**given, work=module.workspace(**given))
            module.backward(np.ones_like(output), cache)
    assert module._built(4) and module._built(8)
print("whole")
"""


@needs_cc
@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", ["address", "undefined"])
def test_sanitizers_find_nothing(kind, tmp_path, home):
    runtime = {"address": "libasan.so", "undefined": "libubsan.so"}[kind]
    found = subprocess.run(
        ["cc", f"-print-file-name={runtime}"], capture_output=True, text=True
    ).stdout.strip()
    if not os.path.isabs(found):
        pytest.skip(f"cc has no {runtime}")
    files = []
    for which, text in enumerate(LAYERS):
        files.append(tmp_path / f"own{which}.py")
        files[-1].write_text(texts(text)[0])
    more = f"cc -fsanitize={kind} -fno-sanitize-recover=all -g1"
    env = {**os.environ, "PULLBACK_CC": more, "LD_PRELOAD": found}
    env |= {"ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
    done = subprocess.run(
        [sys.executable, "-c", SANITIZED, *map(str, files)], capture_output=True, text=True, env=env
    )
    assert done.stdout.strip() == "whole", done.stderr[-2000:]
