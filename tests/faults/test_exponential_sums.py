"""Sums of exponentials of every shape, in logs and in quotients: no number overflows or is lost.

Definitions are put together at random from exponents, weights, masks and single terms. What a
module gives is compared at 60 digits with the equations themselves, at ordinary points and where
exponents are thousands apart; at those inputs are whole numbers, so that exponents are exact.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.definition import check_keys
from pullback.derive.read.reader import read_equations
from tests.autodiff import text_facts
from tests.definitions import Facts
from tests.reference import MP, Exact, jacobians_of, pull

COUNT = 20  # random definitions
LIMIT = 1e-12  # relative to the largest entry of an array, or to 1
SIZES = {"n": 2, "d": 2}
SCALES = (1.0, 1e3, -1e4)
LOUD = {"divide": "raise", "over": "raise", "invalid": "raise", "under": "ignore"}

EXPONENTS = (
    "z[n, {j}]", "2 * z[n, {j}]", "-z[n, {j}]", "z[n, {j}] / 2", "z[n, {j}] - t[n]",
    "sum(d, x[n, d] * w[d, {j}])", "-sum(d, (x[n, d] - w[d, {j}])**2) / 2", "b[{j}]",
    "z[n, {j}] - max(i, z[n, i])", "max(z[n, {j}], b[{j}])", "z[n, {j}] + 3 * b[{j}]",
)  # fmt: skip
WEIGHTS = ("", "", "3 * ", "q[{j}] * ", "r[n, {j}] * ", "q[{j}] * r[n, {j}] * ", "q[{j}]**2 * ")
SIGNED = ("v[{j}] * ", "-2 * ")  # a log of these may be of something negative
MASKS = (
    "{e}", "{e}", "[m[n, {j}] > 0] * {e}", "where(m[n, {j}] > 0, {e}, 0)", "[{j} != l[n]] * {e}",
    "[{j} <= l[n]] * {e}", "where(m[n, {j}] > 0, {e}, exp(-b[{j}]))",
)  # fmt: skip
SINGLE = ("exp(t[n])", "1", "q[l[n]]", "2 * exp(-t[n])", "exp(z[n, l[n]])")
LOGS = (
    "s[n] = log({s})",
    "s[n] = log({s}) - t[n]",
    "s[n] = log({s} + {one})",
    "s[n] = log({s} + {s2})",
    "s[n] = log({one} + exp(z[n, l[n]]))",
    "s[n] = -log({one} / ({s} + {one2}))",
    "p[n, j] := {e} / {s_i}\ns[n] = log(sum(j, p[n, j] * u[j]**2))",
    "h[n] = u[l[n]] * log({s})",
)
QUOTIENTS = (
    "p[n, j] = {e} / {s_i}",
    "p[n, j] = {e} / ({s_i} + {one})",
    "h[n] = {s2} / {s}",
    "h[n] = sum(j, u[j] * {e}) / {s}",
    "h[n] = {one} / ({s} + {one2})",
    "h[n] = {one} / ({one} + {one2})",
    "h[n] = sum(j, {e} / {s_i} * u[j])**2",
    "h[n] = {one} / {s}**2",
    "p[n, j] := {e} / {s_i}\nh[n] = sum(j, p[n, j] * u[j])",
    "h[n] = u[l[n]] * {one} / {s}",
)


def definition(seed: int) -> str:
    """The equations of a random definition."""
    chance = random.Random(seed)
    form = chance.choice((LOGS, QUOTIENTS)[seed % 2])
    weights = WEIGHTS if seed % 2 == 0 else (*WEIGHTS, *SIGNED)
    exponent, weight, mask = map(chance.choice, (EXPONENTS, weights, MASKS))

    def term(index: str, parts: tuple[str, str, str]) -> str:
        exponent, weight, mask = (p.replace("{j}", index) for p in parts)
        return mask.replace("{e}", f"{weight}exp({exponent})")

    first = exponent, weight, mask
    second = tuple(map(chance.choice, (EXPONENTS, WEIGHTS, MASKS)))
    names = {
        "{s}": f"sum(j, {term('j', first)})",
        "{s_i}": f"sum(i, {term('i', first)})".replace("max(i, z[n, i])", "max(k, z[n, k])"),
        "{s2}": f"sum(j, {term('j', second)})",
        "{e}": term("j", first),
        "{one}": chance.choice(SINGLE),
        "{one2}": chance.choice(SINGLE),
    }
    for name, text in names.items():
        form = form.replace(name, text)
    return form


@cache
def made(text: str, *wrt: str) -> tuple[ModuleType, Facts]:
    """A definition's module, and what its text says."""

    def nothing(name: str) -> Any:
        raise KeyError(name)

    keys = {"wrt": list(wrt)} if wrt else {}
    layer = read_equations("own", text, **keys)
    derivation = derive(layer)
    facts = text_facts(check_keys("own", {"equations": text, **keys}, text), nothing)
    return loaded(module(derivation, lower(derivation)), layer), facts


def draw(facts: Facts, scale: float, seed: int) -> dict[str, Any]:
    """Whole numbers where the scale is large; weights are positive, or 0 if no slope is by them.

    The slope by a weight that is 0 may be beyond all numbers, for terms that do not count as well.
    """
    rng = np.random.default_rng(seed)
    inputs: dict[str, Any] = {}
    for name, axes in facts.axes.items():
        shape = tuple(SIZES.get(a, 3) for a in axes)
        if name in facts.labels:
            inputs[name] = rng.integers(1, 3, size=shape)
        elif name in ("q", "r"):
            kept = rng.uniform(size=shape) < (1.0 if name in facts.wrt else 0.7)
            inputs[name] = rng.uniform(0.5, 2, size=shape) * kept
            inputs[name][..., 0] = 1.0
        elif name == "m":
            inputs[name] = rng.normal(size=shape)
            inputs[name][:, 0] = 1.0
        elif name == "u":
            inputs[name] = rng.normal(size=shape)
        elif name == "v":
            inputs[name] = rng.choice([-0.25, 1.0, 2.0], size=shape)
        else:
            value = rng.normal(size=shape) * scale
            inputs[name] = value if abs(scale) < 100 else np.round(value)
    return inputs


def close(what: str, found: Any, exact: Any) -> None:
    """Every entry, relative to the largest of the array or to 1; infinities are infinities."""
    found, exact = np.asarray(found), np.asarray(exact, object)
    assert found.shape == exact.shape, what
    rounded = np.array([float(MP.re(v)) for v in exact.flat]).reshape(exact.shape)
    scale = np.max(np.abs(rounded), where=np.isfinite(rounded), initial=1)
    for at in np.ndindex(exact.shape):
        if np.isfinite(rounded[at]):
            error = abs(MP.mpf(float(found[at])) - exact[at])
            assert error <= LIMIT * scale, f"{what}{list(at)} is {found[at]!r}, not {rounded[at]}"
        else:
            assert found[at] == rounded[at], f"{what}{list(at)} is {found[at]}, not {rounded[at]}"


def results(code: ModuleType, facts: Facts, inputs: dict[str, Any], g: Any, tangents: Any) -> Any:
    """The output, the gradients by name and the output's tangent."""
    output, cache_ = code.forward(*inputs.values())
    gradients = dict(zip(facts.wrt, code.backward(g, cache_), strict=True))
    return output, gradients, code.jvp(tuple(inputs.values()), tuple(tangents))[1]


def drawn(facts: Facts, inputs: dict[str, Any], shape: tuple[int, ...]) -> tuple[Any, list[Any]]:
    """A cotangent of the output and tangents of the inputs."""
    rng = np.random.default_rng(7)
    g = np.asarray(rng.normal(size=shape)) if shape else 1.0
    return g, [np.asarray(rng.normal(size=np.shape(inputs[w]))) for w in facts.wrt]


def check(text: str, scale: float, wrt: Sequence[str] = (), seed: int = 5) -> None:
    """Forward, backward and jvp against the equations, without a warning."""
    code, facts = made(text, *wrt)
    inputs = draw(facts, scale, seed)
    exact = Exact(facts, inputs).output()
    if not all(MP.isfinite(v) and abs(v) < 1e300 for v in exact.flat):
        pytest.skip("beyond the range of float64")
    g, tangents = drawn(facts, inputs, np.shape(exact))
    steps = jacobians_of(facts, inputs)
    if any(abs(v) > 1e290 for jacobian in steps.values() for v in jacobian.flat):
        pytest.skip("slopes beyond the range of float64")
    with np.errstate(**LOUD):
        output, gradients, along = results(code, facts, inputs, g, tangents)
    close("output", output, exact)
    moved = np.full(np.shape(exact), MP.mpf(0), object)
    for name, tangent in zip(facts.wrt, tangents, strict=True):
        close(f"d{name}", gradients[name], pull(steps[name], g))
        for at in np.ndindex(tangent.shape):
            moved = moved + steps[name][(..., *at)] * MP.mpf(float(tangent[at]))
    close("tangent", along, moved)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("seed", range(COUNT))
def test_random_sums_of_exponentials(seed, scale):
    text = definition(seed)
    exponents = [name for name in "ztbxw" if f"{name}[" in text]  # weights are not moved
    check(text, scale, exponents if seed % 4 > 1 else ())


# -- rows with nothing in them -----------------------------------------------------------------

EMPTY = {
    "mask": "s[n] = log(sum(j, [m[n, j] > 0] * exp(z[n, j])))",
    "case": "s[n] = log(sum(j, where(m[n, j] > 0, exp(z[n, j] / 2), 0)))",
    "weights": "s[n] = log(sum(j, r[n, j] * exp(z[n, j])))",
    "mask and weights": "s[n] = log(sum(j, [m[n, j] > 0] * r[n, j] * exp(-z[n, j])))",
    "two sums": "s[n] = log(sum(j, [m[n, j] > 0] * exp(z[n, j])) "
    "+ sum(j, r[n, j] * exp(-z[n, j])))",
    "softmax": "p[n, j] = [m[n, j] > 0] * exp(z[n, j]) / sum(i, [m[n, i] > 0] * exp(z[n, i]))",
}


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_row_has_no_slope_and_does_not_reach_others(name, scale):
    code, facts = made(EMPTY[name], "z")  # by a weight log w is as steep as can be at w = 0
    inputs = draw(facts, scale, 3)
    full = [Exact(facts, inputs).output(), jacobians_of(facts, inputs)]
    for mask, nothing in (("m", -1.0), ("r", 0.0)):
        if mask in inputs:
            inputs[mask][0] = nothing
    shape = np.shape(full[0])
    g, tangents = drawn(facts, inputs, shape)
    with np.errstate(**LOUD):
        output, gradients, along = results(code, facts, inputs, g, tangents)
    empty = -np.inf if name != "softmax" else 0.0
    assert np.all(output[0] == empty) and np.all(along[0] == 0)
    close("output", output[1:], full[0][1:])
    kept = np.array(g)
    kept[0] = 0
    assert np.all(gradients["z"][0] == 0)
    close("dz", gradients["z"][1:], pull(full[1]["z"], kept)[1:])
