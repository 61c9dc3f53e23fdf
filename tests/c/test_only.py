"""Layers in C alone: their test programs, NumPy's modules, edges, sanitizers, what is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.faults import DEEP
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.c_only import building, module_test
from pullback.codegen.targets.c_only.module import Parts
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.errors import PullbackError
from pullback.derive.read.definition import read_definition
from tests import random_layers, test_edges
from tests.autodiff import text_facts
from tests.c.building import derivation, needs_cc
from tests.c.only import (
    COMPILERS,
    STRICT,
    AsModule,
    Library,
    Refused,
    compiler,
    emitted,
    of_source,
    written,
)
from tests.c.test_layers import in_float64, largest
from tests.definitions import facts
from tests.places import enlarged
from tests.samples import KINDS, check, cotangent, draw, sizes_of

pytestmark = needs_cc
# products, windows, scans, gathers, places of the largest, masks, leading axes, sums of rows
QUICK = ["mlp", "conv1d", "rnn", "embedding", "max_pool2d", "hinge", "softmax", "layer_norm"]
QUICK += ["masked_attention", "huber", "gaussian", "average_pool2d"]
# in the slow tests every so many of the layers and definitions; PULLBACK_EVERY=1 takes all
EVERY = int(os.environ.get("PULLBACK_EVERY", "6"))
LONG = [n for n in library.shipped() if n not in QUICK][::EVERY]
EACH = [*QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in LONG)]
FLAGS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="module")
def quick():
    """Some layers, built together."""
    return Library([derivation(n) for n in QUICK])


def layer(name, quick):
    """A layer in C; what is not among the quick ones is built alone."""
    return (quick if name in QUICK else Library([derivation(name)])).layer(derivation(name))


@cache
def numpy_module(name):
    """The module of a shipped layer."""
    return import_module(f"generated.{name}")


def beside(code, found, inputs, g):
    """Compare a layer in C with NumPy's module, whose own error in float32 counts, too."""
    dtype = np.asarray(g).dtype
    with np.errstate(all="ignore"):
        wanted, cache_ = code.forward(**inputs)
        gradients = code.backward(g, cache_)
        others = [*map(np.asarray, (wanted, *gradients))]
        exact = [*map(np.asarray, in_float64(code, inputs, g))]
    output, results = found(inputs, g, np.shape(wanted))
    every = max(map(largest, others))
    digits = 2e-5 if dtype == np.float32 else 1e-12
    for mine, other, e in zip([output, *results.values()], others, exact, strict=True):
        assert mine.dtype == other.dtype and mine.shape == other.shape
        top = largest(other) if largest(other) > digits * every else every
        lost = largest(other - e)
        np.testing.assert_allclose(mine, other, rtol=digits, atol=digits * top + 3 * lost)


def upstream(code, inputs, rng, dtype):
    """A random gradient by the output."""
    with np.errstate(all="ignore"):
        shape = np.shape(code.forward(**inputs)[0])
    g = np.asarray(rng.normal(size=shape)).astype(dtype)
    return g if g.ndim else np.dtype(dtype).type(0.75)


@pytest.mark.parametrize("name", EACH)
def test_a_shipped_layer_beside_numpy(name, quick):
    """At ordinary and extreme values, ties and kinks."""
    found, code, rng = layer(name, quick), numpy_module(name), np.random.default_rng(4)
    for dtype in ("float64", "float32"):
        for kind in KINDS:
            inputs = draw(facts(name), sizes_of(facts(name)), rng, kind, dtype)
            beside(code, found, inputs, upstream(code, inputs, rng, dtype))


EXACT = ["mlp", "softmax", "layer_norm", "huber", "rnn"]
OTHERS = [n for n in library.shipped() if n not in EXACT][1::EVERY]


@pytest.mark.parametrize(
    "name", [*EXACT, *(pytest.param(n, marks=pytest.mark.slow) for n in OTHERS)]
)
def test_a_shipped_layer_beside_many_digits(name, quick):
    """As every generated module: each entry within what rounding may do, in both types."""
    code = AsModule(layer(name, quick), numpy_module(name))
    rng, own = np.random.default_rng(12), facts(name)
    for dtype in ("float64", "float32"):
        for kind in KINDS:
            inputs = draw(own, sizes_of(own), rng, kind, dtype)
            check(code, name, inputs, cotangent(own, inputs, rng, dtype))


@pytest.mark.parametrize("name", EACH)
def test_every_axis_empty_and_single(name, quick):
    """What NumPy's module takes is right in C, too; what it refuses is refused with a reason."""
    found, code, own = layer(name, quick), numpy_module(name), facts(name)
    rng, sizes = np.random.default_rng(5), sizes_of(facts(name))
    labelled = {*own.labels.values()}
    for axis in sizes:
        for size in (0, 1):
            if axis in labelled and size == 0:
                continue
            try:
                inputs = draw(own, {**sizes, axis: size}, rng)
            except IndexError:  # its assumption cannot hold of nothing
                continue
            try:
                g = upstream(code, inputs, rng, "float64")
            except ValueError:
                shape = (8,) * len(found.layer.output.indices)
                with pytest.raises(Refused):
                    found(inputs, np.ones(shape) if shape else np.float64(1), shape)
                continue
            beside(code, found, inputs, g)


# -- products in blocks ----------------------------------------------------------------------------
LARGE = [
    ("affine", {"N": 70, "D": 131, "K": 67}),
    ("affine", {"N": 1, "D": 200, "K": 1}),
    ("conv2d", {}),
    ("attention", {}),
    ("bilinear", {}),
    ("multi_head_attention", {}),
]


@pytest.fixture(scope="module")
def products():
    """Layers of products."""
    return Library([derivation(n) for n, _ in dict(LARGE).items()], ["-O2"])


@pytest.mark.parametrize("name, given", LARGE)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_products_larger_than_a_block(name, given, dtype, products):
    own, code, rng = facts(name), numpy_module(name), np.random.default_rng(6)
    sizes = sizes_of(own)
    large = enlarged(own, {a: given.get(a, 5 * n + 3) for a, n in sizes.items()})
    inputs = draw(own, large, rng, "normal", dtype)
    beside(code, products.layer(derivation(name)), inputs, upstream(code, inputs, rng, dtype))


HEADER = """
enum { CblasRowMajor = 101, CblasNoTrans = 111, CblasTrans = 112 };
#define GEMM(name, REAL) \\
    void name(int order, int ta, int tb, int m, int n, int k, REAL alpha, const REAL *a, int lda, \\
              const REAL *b, int ldb, REAL beta, REAL *c, int ldc);
GEMM(cblas_dgemm, double)
GEMM(cblas_sgemm, float)
extern int calls;
"""
BLAS = """
#include "cblas.h"
#include <stdlib.h>
int calls = 0;
#define DEFINED(name, REAL) \\
    void name(int order, int ta, int tb, int m, int n, int k, REAL alpha, const REAL *a, int lda, \\
              const REAL *b, int ldb, REAL beta, REAL *c, int ldc) { \\
        calls++; \\
        if (order != CblasRowMajor || lda < (ta == CblasTrans ? m : k) \\
            || ldb < (tb == CblasTrans ? k : n) || ldc < n \\
            || lda < 1 || ldb < 1 || beta != 0 || alpha != 1) abort(); \\
        for (int i = 0; i < m; i++) for (int j = 0; j < n; j++) { \\
            REAL sum = 0; \\
            for (int s = 0; s < k; s++) \\
                sum += (ta == CblasTrans ? a[s * lda + i] : a[i * lda + s]) \\
                     * (tb == CblasTrans ? b[j * ldb + s] : b[s * ldb + j]); \\
            c[i * ldc + j] = sum; \\
        } }
DEFINED(cblas_dgemm, double)
DEFINED(cblas_sgemm, float)
"""


@pytest.mark.parametrize("name", ["mlp", "attention", "conv1d", "rnn"])
def test_with_a_blas(name, tmp_path):
    """A small one that looks at what it is given, which each real one wants, too."""
    (tmp_path / "cblas.h").write_text(HEADER)
    (tmp_path / "cblas.c").write_text(BLAS)
    flags = ["-DPULLBACK_CBLAS", f"-I{tmp_path}", str(tmp_path / "cblas.c"), "-O1"]
    built, own, rng = Library([derivation(name)], flags), facts(name), np.random.default_rng(7)
    for dtype in ("float64", "float32"):
        inputs = draw(own, sizes_of(own), rng, "normal", dtype)
        code = numpy_module(name)
        beside(code, built.layer(derivation(name)), inputs, upstream(code, inputs, rng, dtype))
    import ctypes

    calls = ctypes.c_int.in_dll(built.library, "calls").value
    assert calls > (0 if name == "conv1d" else 3)


# -- what is refused -------------------------------------------------------------------------------
def test_labels_outside(quick):
    found, own, rng = layer("mlp", quick), facts("mlp"), np.random.default_rng(8)
    inputs = draw(own, sizes_of(own), rng)
    inputs["y"][-1] = inputs["b"].size
    with pytest.raises(Refused, match="y holds a label outside of 0 to J - 1"):
        found(inputs, np.float64(1), ())
    inputs["y"][-1] = -1
    with pytest.raises(Refused, match="y holds a label"):
        found(inputs, np.float64(1), ())


def test_sizes_that_do_not_fit(quick):
    found, rng = layer("mlp", quick), np.random.default_rng(8)
    inputs = draw(facts("mlp"), sizes_of(facts("mlp")), rng)
    with pytest.raises(Refused, match="N is 0; it must be at least 1"):
        found(inputs, np.float64(1), (), N=0)
    with pytest.raises(Refused, match="too large"):
        found(inputs, np.float64(1), (), D=2**62)
    pool, x = layer("max_pool2d", quick), {"x": np.ones((1, 1, 1, 4))}
    with pytest.raises(Refused, match=r"I = .* is not at least 1"):
        pool(x, np.ones((1, 1, 1, 2)), (1, 1, 1, 2))


def test_memory_that_there_is_not(quick):
    import ctypes

    bytes_of = quick.library.mlp_cache_bytes
    bytes_of.restype = ctypes.c_size_t
    sizes = [ctypes.c_size_t(2**40)] * 4
    assert bytes_of(*sizes) == 2**64 - 1
    found, rng = layer("relu", Library([derivation("relu")])), np.random.default_rng(8)
    assert found({"u": rng.normal(size=3)}, np.ones(3), (3,))
    message = quick.library.mlp_message
    message.restype = ctypes.c_char_p
    assert message(-1) == message(99) == b"no such number" and message(0) == b"done"


LACKS = {
    "h[n] = digamma(x[n])": "the function digamma",
    "h[n] = erfinv(x[n])": "the function erfinv",
}


@pytest.mark.parametrize("text", LACKS)
def test_what_has_no_form_in_c_is_refused_in_one_line(text):
    made = of_source(f'title = "t"\nequations = "{text}"')
    with pytest.raises(PullbackError) as error:
        emitted(made)
    assert LACKS[text] in str(error.value) and "\n" not in str(error.value)


def test_every_shipped_layer_can_be_said():
    assert len([emitted(derivation(n)) for n in QUICK]) == len(QUICK)


# -- the text --------------------------------------------------------------------------------------
NAMES = """
complex[n, k] = sum(I, double[n, I] * float[I, k]) + linux[k]
register[n] = sum(k, exp(complex[n, k] - max(j, complex[n, j]))) + y0[n]
auto = sum(n, register[n] * cache_[n] * REAL[n] * gamma[n] * total[n] * sign[n])
"""


@pytest.mark.parametrize("single", [False, True])
def test_names_that_c_has_for_itself(single):
    text = NAMES.replace("cache_[n]", "begins[n]")
    made = of_source(f"title = \"names */ of /* C ??/\"\nequations = '''{text}'''")
    built, code = Library([made], ["-O1", "-fno-builtin"]), loaded(module_of(made), made.layer)
    rng, dtype = np.random.default_rng(9), "float32" if single else "float64"
    shapes = {"double": (3, 4), "float": (4, 2), "linux": (2,)}
    inputs = {
        t.name: rng.normal(size=shapes.get(t.name, (3,))).astype(dtype) for t in made.layer.inputs
    }
    beside(code, built.layer(made), inputs, np.dtype(dtype).type(0.75))
    header = emitted(made).header
    assert "const double *float_" in header and "double *auto_" in header


def module_of(made):
    """The text of NumPy's module."""
    return module(made, lower(made))


def test_the_text_is_the_same_each_time(tmp_path):
    first = emitted(derivation("mlp"))
    assert first == emitted(derivation("mlp"))
    script = (
        "from pullback.codegen import library\n"
        "from pullback.codegen.targets.table import ONLY\n"
        "from pullback.derive.calculus.derivation import derive\n"
        "from pullback.derive.read.reader import read_layer\n"
        "source = library.shipped_source\n"
        "made = derive(read_layer('rnn', source('rnn'), source))\n"
        "found = ONLY.emit(made, ONLY.program(made))\n"
        "import hashlib; print(hashlib.sha256((found.header + found.module).encode()).hexdigest())"
    )
    import os

    told = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] != ""


def test_a_header_is_read_by_cpp(tmp_path):
    path = written(tmp_path, emitted(derivation("rotary_embedding")), "rotary_embedding")
    (tmp_path / "main.cpp").write_text(
        '#include "rotary_embedding.h"\n'
        "int main() { return rotary_embedding_message(0) == nullptr; }"
    )
    cpp = compiler("g++")
    subprocess.run([compiler("gcc"), "-c", path, "-o", tmp_path / "a.o"], check=True)
    strict = ["-std=c++17", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    made = tmp_path / "program"
    subprocess.run(
        [cpp, *strict, tmp_path / "main.cpp", tmp_path / "a.o", "-lm", "-o", made], check=True
    )
    subprocess.run([made], check=True)


def test_threads_with_caches_of_their_own(quick):
    found, own = layer("mlp", quick), facts("mlp")
    sizes = {axis: 12 * size for axis, size in sizes_of(own).items()}
    inputs = draw(own, sizes, np.random.default_rng(10))
    alone, wrong = found(inputs, np.float64(1), ()), []

    def work():
        for _ in range(20):
            output, gradients = found(inputs, np.float64(1), ())
            same = output == alone[0] and all(
                (gradients[n] == alone[1][n]).all() for n in gradients
            )
            wrong.extend([] if same else [1])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# -- test programs ---------------------------------------------------------------------------------
@cache
def program(name):
    """The test program of a shipped layer."""
    made = derivation(name)
    return module_test.test_text(made, Parts(made, lower(made)))


RUN = ["relu", "mlp", "rnn", "embedding", "softmax"]


@pytest.mark.parametrize(
    "name",
    [*RUN, *(pytest.param(n, marks=pytest.mark.slow) for n in library.shipped()[2::EVERY])],
)
def test_a_test_program(name):
    """It passes without a warning, and sees a wrong number of each array."""
    flags = [*STRICT, "-O1"]
    building.run(name, emitted(derivation(name)), program(name), flags)


def test_a_test_program_sees_a_wrong_number_in_it():
    text = program("mlp")
    for array in ("right_L", "right_dW", "right_db"):
        head, sign, rest = text.partition(f"{array}[] = {{")
        wrong = head + sign + rest.replace(".", "1.", 1)
        with pytest.raises(PullbackError, match=array.removeprefix("right_")):
            building.run("mlp", emitted(derivation("mlp")), wrong)


CHANGES = {"h_w_at + b_at": "h_w_at - b_at", "j == y_at": "j != y_at", "u <= 0.0": "u >= 0.0"}


@pytest.mark.parametrize("old", CHANGES)
def test_a_test_program_sees_a_wrong_operation(old):
    made = emitted(derivation("mlp"))
    assert old in made.module
    wrong = type(made)(
        made.module.replace(old, CHANGES[old], 1), made.code, made.promise, header=made.header
    )
    with pytest.raises(PullbackError, match="right is"):
        building.run("mlp", wrong, program("mlp"))


def test_where_there_is_no_compiler(monkeypatch):
    for chosen in ("off", "no-such-compiler", ""):
        monkeypatch.setenv("PULLBACK_CC", chosen)
        with pytest.raises(PullbackError, match="there is no compiler; PULLBACK_CC names one"):
            building.run("relu", emitted(derivation("relu")), program("relu"))


@pytest.mark.slow
@pytest.mark.parametrize("which", COMPILERS)
def test_every_layer_under_sanitizers(which, tmp_path):
    """Every test program, strict warnings being errors; addresses and undefined behaviour."""
    found = compiler(which)
    for name in library.shipped()[3::EVERY]:
        path = written(tmp_path, emitted(derivation(name)), name)
        test = tmp_path / f"{name}_test.c"
        test.write_text(program(name), encoding="utf-8")
        made = tmp_path / name
        command = [found, *STRICT, *FLAGS, path, test, "-lm", "-o", made]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stderr[:2000]}"
        done = subprocess.run([made], capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {(done.stdout + done.stderr)[:2000]}"


@pytest.mark.parametrize("which", COMPILERS)
@pytest.mark.parametrize("name", ["mlp", "max_pool2d"])
def test_a_layer_under_sanitizers(name, which, tmp_path):
    found, path = compiler(which), written(tmp_path, emitted(derivation(name)), name)
    (tmp_path / "test.c").write_text(program(name), encoding="utf-8")
    made = tmp_path / "program"
    command = [found, *STRICT, *FLAGS, path, tmp_path / "test.c", "-lm", "-o", made]
    subprocess.run(command, check=True)
    subprocess.run([made], check=True)


# -- definitions of all kinds ----------------------------------------------------------------------
def of_its_own(source, draws, tolerance=1e-10):
    """A definition in C beside NumPy's module, at some draws."""
    with DEEP:
        made = of_source(source)
        code, built = loaded(module_of(made), made.layer), Library([made]).layer(made)
    for inputs in draws:
        with np.errstate(all="ignore"):
            try:
                wanted, kept = code.forward(**inputs)
            except ValueError:
                continue
            g = np.asarray(np.random.default_rng(1).normal(size=np.shape(wanted)))
            g = g if g.ndim else np.float64(0.75)
            others = [np.asarray(wanted), *map(np.asarray, code.backward(g, kept))]
        output, results = built(inputs, g, np.shape(wanted))
        every = max(map(largest, others))
        for mine, other in zip([output, *results.values()], others, strict=True):
            finite = np.isfinite(other)
            assert (np.isfinite(mine) == finite).all()
            np.testing.assert_allclose(
                mine[finite], other[finite], rtol=tolerance, atol=1e-12 * (every + largest(other))
            )


def random_one(number):
    """A random definition, beside NumPy."""
    source = random_layers.text_of(number)
    try:
        own = text_facts(read_definition("own", source), {}.__getitem__)
        of_source(source)
    except (PullbackError, KeyError):
        pytest.skip("this one is no layer")
    rng = np.random.default_rng(number)
    of_its_own(source, [random_layers.draw(own, rng, kind) for kind in random_layers.POINTS])


@pytest.mark.parametrize("number", [0, 1, 2, 6])
def test_random_layers(number):
    random_one(number)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20, 120, EVERY))
def test_more_random_layers(number):
    random_one(number)


@pytest.mark.slow
@pytest.mark.parametrize("name", test_edges.NAMES[::EVERY])
def test_definitions_at_an_edge(name):
    rng, own = np.random.default_rng(11), test_edges.facts_of(name)
    draws = [test_edges.draw(own, rng, scale, k) for k, scale in enumerate((1.0, 0.3, 3.0, 1.0))]
    of_its_own(test_edges.source(name), draws)


def test_digits_are_learnt_in_c(tmp_path):
    """The example: its program, built strictly, tells as many digits right as it says."""
    from examples.c import data

    for name in ("affine", "relu", "mlp"):
        written(tmp_path, emitted(derivation(name)), name)
    (tmp_path / "digits.txt").write_text("\n".join(data.lines()) + "\n", encoding="ascii")
    source = Path(data.__file__).with_name("digits.c")
    layers, made = ["affine.c", "relu.c", "mlp.c"], tmp_path / "digits"
    command = [*STRICT, "-O2", f"-I{tmp_path}", source, *layers, "-lm", "-o", made]
    subprocess.run(["cc", *command], cwd=tmp_path, check=True)
    done = subprocess.run([made, "digits.txt"], cwd=tmp_path, capture_output=True, text=True)
    share = re.search(r"digits: ([0-9.]+)% of 599 held-out digits right", done.stdout)
    assert done.returncode == 0 and share and float(share[1]) >= 98
    (tmp_path / "short.txt").write_text("5 5 64\n1 2 3\n")
    done = subprocess.run([made, "short.txt"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "ends too early" in done.stderr


def test_files_are_written(tmp_path):
    """Names of the files, the mark at their end, and that they are told from edited ones."""
    from pullback.codegen.faces.cli import main

    assert main(["generate", "relu", "--target", "c-only,numpy", "--out", str(tmp_path)]) == 0
    names = {p.name for p in tmp_path.iterdir()}
    assert {"relu.h", "relu.c", "relu_test.c", "relu_numpy.py", "test_relu_numpy.py"} <= names
    told = ["generate", "relu", "--target", "c-only,numpy", "--out", str(tmp_path), "--check"]
    assert main(told) == 0
    path: Path = tmp_path / "relu.c"
    path.write_text(path.read_text(encoding="utf-8").replace("return 0", "return 1", 1))
    assert main(told) == 1
