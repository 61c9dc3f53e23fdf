"""Shipped layers for each library pass the tests that are emitted beside them."""

import sys
from dataclasses import replace

import numpy as np
import pytest

import pullback
from pullback.codegen.targets.functional.module_test import NEEDS
from pullback.codegen.targets.table import TARGETS
from pullback.derive.errors import PullbackError
from tests.shipped import derived
from tests.targets.making import EACH, EACH_JAX, module, needs, own, text

LIBRARIES = [
    pytest.param(name, marks=needs(NEEDS[name.replace("-", "_")][0]))
    for name in ("array-api", "torch", "jax")
]


def passes(target, name):
    """Emits a shipped layer, and its tests, which it is to pass."""
    derivation, made = derived(name), TARGETS[target]
    made.tests(derivation, made.emit(derivation, made.program(derivation)), name)


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("target", LIBRARIES[:2])
def test_a_shipped_layer_passes_its_own_tests(target, name):
    passes(target, name)


@needs("jax")
@pytest.mark.parametrize("name", EACH_JAX)
def test_a_shipped_layer_passes_its_own_tests_in_jax(name):
    passes("jax", name)


@pytest.mark.parametrize("target", LIBRARIES)
def test_a_module_that_is_wrong_is_refused(target):
    derivation, made = derived("softplus"), TARGETS[target]
    emission = made.emit(derivation, made.program(derivation))
    wrong = emission.module.replace(" + ", " - ")
    assert wrong != emission.module
    with pytest.raises(PullbackError, match="fails its own tests, and nothing is written"):
        made.tests(derivation, replace(emission, module=wrong), "softplus")


@pytest.mark.parametrize("target", ["array-api", "torch", "jax"])
def test_the_text_is_the_same_each_time_and_writes_into_nothing(target):
    first, second = (text(derived("lstm"), target) for _ in range(2))
    assert first == second
    assert "out=" not in first and "np." not in first.replace("jnp.", "")


@pytest.mark.parametrize("target", ["array-api", "torch", "jax"])
def test_a_library_that_is_not_there_is_named(target, monkeypatch):
    monkeypatch.setattr(
        "pullback.codegen.targets.functional.module_test.find_spec", lambda name: None
    )
    derivation, made = derived("relu"), TARGETS[target]
    emission = made.emit(derivation, made.program(derivation))
    with pytest.raises(
        PullbackError, match=rf"is not installed: pip install 'pullback\[{target}\]'"
    ):
        made.tests(derivation, emission, "relu")


@pytest.mark.parametrize("target", LIBRARIES[:2])
def test_a_label_outside_is_no_entry_of_another_row(target):
    library = pytest.importorskip({"array-api": "numpy"}.get(target, target))
    made = module("softmax_cross_entropy", target)
    z = library.asarray(np.arange(6.0).reshape(2, 3))
    with pytest.raises(IndexError):
        made.forward(z, library.asarray([3, 0]))


def test_a_module_at_once(monkeypatch):
    assert pullback.compile("relu").value([[-1.0, 2.0]]).tolist() == [[0.0, 2.0]]
    made = pullback.compile(pullback.layer("h[n] = 2 * u[n]"), "plain")
    assert made.forward(np.ones(2))[0].tolist() == [2.0, 2.0]
    with pytest.raises(PullbackError, match="there is no target 'fortran'; there are numpy, "):
        pullback.compile("relu", "fortran")
    with pytest.raises(TypeError, match=r"compile takes a layer's name or .*; came int"):
        pullback.compile(3)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(PullbackError, match=r"not installed: pip install 'pullback\[torch\]'"):
        pullback.compile("relu", target="torch")


def test_what_the_array_api_lacks_is_refused():
    with pytest.raises(PullbackError, match="lgamma has no form in the array API"):
        own("L = sum(n, lgamma(x[n]))", "array-api")


@pytest.mark.parametrize("target", LIBRARIES)
@pytest.mark.parametrize(
    ("factor", "number"),
    [("sign(size(n) - 4)", -1), ("round(size(n) / 2)", 2), ("max(size(n), 2)**2", 9)],
)
def test_functions_of_sizes(target, factor, number):
    """Also those that Python's own module of functions has not."""
    library = pytest.importorskip({"array-api": "numpy", "jax": "jax.numpy"}.get(target, target))
    made = own(f"L = sum(n, x[n]) * {factor}", target)
    assert float(made.forward(library.asarray([1.0, 2.0, 3.0]))[0]) == 6 * number


@pytest.mark.parametrize("target", LIBRARIES)
def test_words_of_a_module_may_be_tensors(target):
    """So may what it calls, and a leading axis and an infinity, which are spelled with `math`."""
    equations = """
    u[..., n] = max(math[..., n], dict[n]) * Function[n]
    L[...] = sum(n, log(zip[n] * exp(u[..., n])))
    """
    made = own(equations, target)
    rng = np.random.default_rng(0)
    library = pytest.importorskip({"array-api": "numpy", "jax": "jax.numpy"}.get(target, target))
    math, rows, function, pairs = rng.normal(size=(2, 3)), *(rng.random(3) + 0.5 for _ in range(3))
    given = {"math": math, "dict": rows, "Function": function, "zip": pairs}
    arrays = {n: library.asarray(v) for n, v in given.items()}
    exact = np.sum(np.log(pairs) + np.maximum(math, rows) * function, axis=-1)
    found = [made.forward(**arrays)[0]]
    if target != "array-api":
        found += [made.apply(**arrays)]
    if target == "jax":
        jvp, values = pytest.importorskip("jax").jvp, tuple(arrays.values())
        found += [jvp(made.apply_forward_mode, values, tuple(map(library.ones_like, values)))[0]]
    for each in found:
        np.testing.assert_allclose(np.asarray(each), exact, rtol=1e-5)


@pytest.mark.parametrize("target", LIBRARIES)
def test_names_of_libraries_may_be_tensors(target):
    equations = "L = sum(n, exp(torch[n]) * jnp[n] * xp[n] * tanh(jax[n]))"
    made = own(equations, target)
    rng = np.random.default_rng(0)
    given = [rng.normal(size=3) for _ in range(4)]
    library = pytest.importorskip({"array-api": "numpy", "jax": "jax.numpy"}.get(target, target))
    arrays = [library.asarray(v) for v in given]
    output, cache = made.forward(*arrays)
    torch, jnp, xp, jax = given
    assert abs(float(output) - np.sum(np.exp(torch) * jnp * xp * np.tanh(jax))) < 1e-5
    found = made.backward(library.asarray(1.0, dtype=arrays[0].dtype), cache)
    np.testing.assert_allclose(found[1], np.exp(torch) * xp * np.tanh(jax), rtol=1e-5)
