"""Definitions that no layer ships: what a person may write, worked out and checked with numbers."""

import time

import numpy as np
import pytest
import sympy as sp

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition, files
from pullback.codegen.lower.assembly import begin, known, lower
from pullback.codegen.lower.tensors import define
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import MissingLaw, PullbackError
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_equations


def compiled(text: str, **keys) -> dict:
    """The emitted functions of equations, proved first; keys as in a definition."""
    derivation = derive(read_equations("own", text, **keys))
    prove(derivation)
    space: dict = {}
    exec(compile(module(derivation, lower(derivation)), "own.py", "exec"), space)
    return space


# each text with inputs and a forward that NumPy can run on complex numbers, for a complex step
CASES = {
    "gram matrix": ("G[i, j] = sum(n, x[n, i] * x[n, j])", {"x": (4, 3)}, lambda x: x.T @ x),
    "three matrices": (
        "Y[i, l] = sum(j, k, A[i, j] * B[j, k] * C[k, l])",
        {"A": (2, 3), "B": (3, 4), "C": (4, 5)},
        lambda A, B, C: A @ B @ C,
    ),
    "indices swapped": ("S[i, j] = A[i, j] + A[j, i]", {"A": (3, 3)}, lambda A: A + A.T),
    "trace": ("t = sum(i, A[i, i])", {"A": (3, 3)}, lambda A: A[0, 0] + A[1, 1] + A[2, 2]),
    "quadratic form": (
        "q = sum(i, j, x[i] * A[i, j] * x[j])",
        {"x": (3,), "A": (3, 3)},
        lambda x, A: x @ A @ x,
    ),
    "a size under a root": ("y[n, d] = x[n, d] / sqrt(D)", {"x": (2, 3)}, lambda x: x / 3**0.5),
    "unit length": (
        "r[n] := sqrt(sum(d, x[n, d]**2))\nf[n, d] = x[n, d] / r[n]",
        {"x": (2, 3)},
        lambda x: x / np.sqrt((x * x).sum(axis=1, keepdims=True)),
    ),
    "layer norm": (
        "mu[n] := mean(d, x[n, d])\nv[n] := mean(d, (x[n, d] - mu[n])**2)\n"
        "s[n] := sqrt(v[n] + 1e-3)\ny[n, d] = a[d] * (x[n, d] - mu[n]) / s[n] + c[d]",
        {"x": (2, 3), "a": (3,), "c": (3,)},
        lambda x, a, c: (
            a * centred(x) / np.sqrt((centred(x) ** 2).mean(1, keepdims=True) + 1e-3) + c
        ),
    ),
    "several uses": (
        "f[n] = x[n] * exp(x[n]) + sin(x[n]) * x[n]**3",
        {"x": (4,)},
        lambda x: x * np.exp(x) + np.sin(x) * x**3,
    ),
    "nothing depends on a": ("u[n] = x[n] + 0 * a[n]", {"x": (3,), "a": (3,)}, lambda x, a: x),
}


def centred(x):
    return x - x.mean(axis=1, keepdims=True)


def variance(x):
    return (centred(x) ** 2).mean(axis=1, keepdims=True)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gradients_of_own_definitions(name, dtype):
    text, shapes, function = CASES[name]
    rng = np.random.default_rng(0)
    inputs = {n: rng.normal(size=shape).astype(dtype) for n, shape in shapes.items()}
    space = compiled(text)
    output, cache = space["forward"](**inputs)
    g = np.asarray(rng.normal(size=np.shape(output))).astype(dtype)
    gradients = space["backward"](g, cache)
    limit = 1e-12 if dtype == "float64" else 1e-5
    exact = function(**{n: v.astype(float) for n, v in inputs.items()})
    assert output.dtype == dtype
    np.testing.assert_allclose(output, exact, rtol=limit, atol=limit)
    for tensor, value in inputs.items():
        found = getattr(gradients, f"d{tensor}")
        assert found.dtype == dtype and found.shape == value.shape
        for place in np.ndindex(value.shape):
            moved = {n: v.astype(complex) for n, v in inputs.items()}
            moved[tensor][place] += 1e-200j
            slope = (g * np.imag(function(**moved)) / 1e-200).sum()
            assert abs(found[place] - slope) <= limit * max(1, abs(slope))


def test_a_scalar_without_influence_has_a_gradient_of_zero_in_the_inputs_dtype():
    space = compiled("u[n] = where(x[n] > a, x[n], 0)")
    _, cache = space["forward"](np.float32([1, 3]), 2.0)
    gradients = space["backward"](np.ones(2, np.float32), cache)
    assert gradients.da == 0 and gradients.da.dtype == np.float32
    assert gradients.dx.tolist() == [0, 1]


def test_a_power_of_zero_has_a_slope():
    functions = compiled("h[n] = a[n]**p\nu[n] = h[n] * x[n]")
    a, x = np.array([0.0, 2.0]), np.ones(2)
    for p, slopes in ((1.0, [1, 1]), (2.0, [0, 4]), (3.0, [0, 12])):
        with np.errstate(all="ignore"):  # the gradient by p is without a value at a = 0
            _, cache = functions["forward"](a, p, x)
            assert functions["backward"](x, cache).da == pytest.approx(slopes, rel=1e-14)


def test_a_case_without_a_rule_names_the_value_and_what_lacks():
    work = begin(known(derive(read_equations("own", "u[n] = x[n]**2"))))
    with pytest.raises(MissingLaw, match=r"own: in the value of du: .*Heaviside"):
        define(work, "du", (), sp.Heaviside(sp.Symbol("x")))


# as deep and as wide as a definition may be: worked out or refused within seconds
HARD = {
    "tanh": ("u[n] = " + "tanh(" * 40 + "x[n]" + ")" * 40, ""),
    "continued fraction": ("u[n] = " + "1 / (1 + " * 30 + "x[n]" + ")" * 30, ""),
    "product": ("u[n] = " + " * ".join(f"({k} + x[n])" for k in range(1, 17)), ""),
    "tower": ("u[n] = " + "exp(" * 40 + "x[n]" + ")" * 40, "values grow too large"),
    "kinks": (
        "u[n] = sum(d, "
        + " * ".join(f"where({t}[n, d] > {k}, a[d], b[d])" for t in "xy" for k in (0, 1))
        + ")",
        "",
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", HARD)
def test_a_hard_definition_is_worked_out_or_refused(name):
    text, words = HARD[name]
    start = time.process_time()
    try:
        files(compile_definition("own", library.made("own", text), library.shipped_source))
        found = ""
    except PullbackError as error:
        found = str(error)
    assert words in found and bool(words) == bool(found)
    assert time.process_time() - start < 600  # without a budget some take hours
