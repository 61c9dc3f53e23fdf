"""Where forward is finite, backward and jvp are, and right: at zeros, ties and empty masks too."""

import random

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.definition import check_keys
from pullback.derive.read.reader import read_equations
from tests.autodiff import text_facts
from tests.faults.declared import along, pulled, value_of

LOUD = {"divide": "raise", "over": "raise", "invalid": "raise", "under": "ignore"}
SIZES = {"n": 3, "j": 4, "d": 2, "i": 3}

NORM = "r[n] {} sqrt(sum(d, (x[n, d] - p[n, d])**2))\n"
CASES = {
    "distances": "D_[i, n] = sqrt(sum(d, (x[i, d] - x[n, d])**2))",
    "distances that are named": "r[i, n] := sqrt(sum(d, (x[i, d] - x[n, d])**2))\n"
    "h[i, n] = exp(-r[i, n])",
    "length": NORM.format(":=") + "L = sum(n, r[n])",
    "length as a node": NORM.format("=") + "L = sum(n, r[n] * t[n])",
    "length in two nodes": "s[n] = sum(d, x[n, d]**2)\nr[n] = sqrt(s[n])\nL = sum(n, t[n] * r[n])",
    "power of a length": "s[n] := sum(d, x[n, d]**2)\nL = sum(n, t[n] * s[n]**(3/2))",
    "small power of a length": "s[n] := sum(d, x[n, d]**2)\nL = sum(n, t[n] * s[n]**0.25)",
    "length of two": "h[n] = sqrt(u[n]**2 + v[n]**2)",
    "root of a root": "h[n] = sqrt(abs(u[n])) * v[n]",
    "absolute value as a root": "h[n] = sqrt(u[n]**2)",
    "margin": NORM.format("=") + "L = mean(n, max(0, r[n] - t[n]))",
    "margin of two": "a_[n] = sqrt(sum(d, (x[n, d] - p[n, d])**2))\n"
    "b_[n] = sqrt(sum(d, (x[n, d] - q[n, d])**2))\nL = mean(n, max(0, a_[n] - b_[n] + 1))",
    "clamped length": "y[n, d] = x[n, d] / max(sqrt(sum(d, x[n, d]**2)), 1e-12)".replace(
        "sum(d, x[n, d]**2)", "sum(e, x[n, e]**2)"
    ),
    "clamped quotient": "h[n] = max(u[n] / v[n], 1) + 0 * t[n]",
    "clamped log": "h[n] = max(log(abs(u[n])), -3)",
    "log under a mask": "C = sum(n, [m[n] > 0] * log(abs(u[n])))",
    "quotient under a mask": "C = sum(n, [u[n] != 0] * v[n] / u[n])",
    "entropy": "h[n, j] = where(p_[n, j] > 0, p_[n, j] * log(p_[n, j]), 0)",
    "entropy with a mask": "h[n] = [u[n] > 0] * u[n] * log(u[n])",
    "quotient in a case": "h[n] = where(u[n] == 0, 1, sin(u[n]) / u[n])",
    "quotient in the other case": "h[n] = where(u[n] != 0, (exp(u[n]) - 1) / u[n], 1)",
    "exponential in a case": "h[n] = where(u[n] > 0, u[n], exp(u[n]) - 1)",
    "energy of pairs": "r[i, n] := sqrt(sum(d, (x[i, d] - x[n, d])**2))\n"
    "E = sum(i, n, where(i != n, q_[i] * q_[n] / r[i, n], 0))",
    "mean under a mask": "s[n] = sum(j, [m_[n, j] > 0] * a[n, j]) / max(1, sum(j, [m_[n, j] > 0]))",
    "empty mean in a case": "c[n] := sum(j, [m_[n, j] > 0])\n"
    "s[n] = where(c[n] > 0, sum(j, [m_[n, j] > 0] * a[n, j]) / c[n], 0)",
    "share of the positive": "k[n] := where(u[n] > 0, u[n]**2, 0)\n"
    "C = sum(n, where(u[n] > 0, log(k[n] / sum(i, k[i])), 0))",
    "sides": "h[n] = u[n] * abs(v[n]) * sqrt(u[n]**2 + t[n]**2)",
    "cofactors": "h[n] = u[n] * v[n] * t[n]",
    "masked distances": "D_[i, n] = [i != n] / (1 + sqrt(sum(d, (x[i, d] - x[n, d])**2)))",
    "similarity": "y[n] = sum(d, x[n, d] * p[n, d]) / max(1e-8, sqrt(sum(d, x[n, d]**2))"
    " * sqrt(sum(d, p[n, d]**2)))",
    "spread": "mu[n] := mean(d, x[n, d])\nh[n] = sqrt(mean(d, (x[n, d] - mu[n])**2))",
    "robust": "h[n] = sqrt(u[n]**2 + 1) - 1 + abs(v[n])**1.5",
    "root of a positive part": "h[n] = v[n] * sqrt(max(0, u[n])) * max(0, u[n])",
    "a root that is masked": "h[n] = [u[n] > 0] * sqrt(u[n])",
    "a log before a sum of masks": "h[j] = sum(n, [u[n] > 0] * v[n] * log(abs(w_[j])))",
    "a quotient before masks of two axes": "h[j] = sum(n, i, [u[n] > t[i]] / w_[j])",
}


def parts(text: str, **keys):
    """A definition's module, without a proof, and what its text says."""

    def nothing(name: str):
        raise KeyError(name)

    layer = read_equations("own", text, **keys)
    derivation = derive(layer)
    facts = text_facts(check_keys("own", {"equations": text, **keys}, text), nothing)
    return loaded(module(derivation, lower(derivation)), layer), facts


def draw(facts, rng) -> dict:
    """Inputs where much is 0, tied, or far out."""
    sizes = {axis: SIZES.get(axis, 3) for axis in facts.same.values()}
    found = {}
    for name, axes in facts.axes.items():
        shape = tuple(sizes[a] for a in axes)
        value = rng.choice([0.0, 0.0, 1.0, -1.0, 0.5, 2.0, -1e3], shape)
        if rng.random() < 0.3:
            value = np.where(rng.random(shape[:1] + (1,) * (len(shape) - 1)) < 0.7, 0.0, value)
        found[name] = np.asarray(value)
    names = [n for n in ("x", "p") if n in found]
    if len(names) == 2 and rng.random() < 0.5:
        found["p"] = found["x"].copy()
    return found


def compare(text: str, chance: int, draws: int = 12, **keys) -> int:
    """How many draws had a finite output; there every slope must be finite and as declared."""
    code, facts = parts(text, **keys)
    rng = np.random.default_rng(chance)
    count = 0
    for _ in range(draws):
        inputs = draw(facts, rng)
        value = value_of(facts, inputs)
        g = np.asarray(rng.choice([0.0, 1.0, -0.5], value.shape))
        if not np.isfinite(value).all():
            continue
        wanted = pulled(facts, inputs, g)
        if not all(np.isfinite(w).all() for w in wanted.values()):
            continue
        count += 1
        tangents = {w: np.asarray(rng.normal(size=np.shape(inputs[w]))) for w in facts.wrt}
        pushed = along(facts, inputs, tangents)[1]
        with np.errstate(**LOUD):
            output, cache = code.forward(**inputs)
            gradients = code.backward(g if value.shape else float(g), cache)
            _, tangent = code.jvp(tuple(inputs.values()), tuple(tangents.values()))
        close(output, value, text, inputs)
        close(tangent, pushed, text, inputs)
        for name, gradient in zip(facts.wrt, gradients, strict=True):
            close(gradient, wanted[name], text, inputs)
    return count


def close(found, wanted, text: str, inputs) -> None:
    """Equal, beside 1 or the largest entry: terms as large may have cancelled.

    A tangent may be infinite where the cotangents are 0; it is so in both then.
    """
    size = np.abs(wanted)
    scale = max(1, np.max(size, initial=0, where=np.isfinite(size)))
    with np.errstate(invalid="ignore"):
        right = (found == wanted) | (np.abs(found - wanted) <= 1e-12 * scale)
    assert np.all(right), (text, inputs, found, wanted)


@pytest.mark.parametrize("name", CASES)
def test_slopes_are_finite_and_as_declared_at_singular_points(name):
    assert compare(CASES[name], chance=len(name)) > 0


POWERS = {  # whose exponent is a tensor that gets no gradient: that is infinite at 0**0
    "product": "h[n] = (u[n] * v[n])**t[n]",
    "masked number": "h[n] = ([u[n] > 0] * v[n])**t[n]",
    "less by one": "h[n] = v[n] * u[n]**(t[n] - 1)",
    "square": "h[n] = v[n] * (u[n]**2)**t[n]",
}


@pytest.mark.parametrize("name", POWERS)
def test_slopes_of_powers_are_there_where_their_bases_are_0(name):
    assert compare(POWERS[name], chance=len(name), draws=40, wrt=["u", "v"]) > 0


PIECES = (  # of u, v, t and the length r of x - p: each may be singular, or be kept from it
    "sqrt(abs({a}))", "abs({a})", "{a} * {b}", "{a} + {b}", "max(0, {a})", "min({a}, {b})",
    "[{a} > 0] * log(abs({b}))", "[{a} != 0] * {b} / {a}", "where({a} > 0, log({a}), {b})",
    "where({a} != 0, {b} / {a}, 0)", "sqrt({a}**2 + {b}**2)", "{a} / max(1e-6, abs({b}))",
    "abs({a})**1.5", "tanh({a})", "where({a} > 0, {a}, exp({a}) - 1)", "max(-2, log(abs({a})))",
    "[{a} > 0] * sqrt({a})",
)  # fmt: skip


def random_text(chance: random.Random) -> str:
    """Two or three nodes of random pieces, one of them a length."""
    parts_ = ["u[n]", "v[n]", "t[n]", "r[n]"]
    mark = chance.choice([":=", "="])
    lines = [f"r[n] {mark} sqrt(sum(d, (x[n, d] - p[n, d])**2))"]
    for name in ("a_", "b_", "y")[chance.randrange(2) :]:
        piece = chance.choice(PIECES).format(a=chance.choice(parts_), b=chance.choice(parts_))
        mark = "=" if name == "y" else chance.choice([":=", "="])
        more = chance.choice([" * {}", " + {}"]).format(chance.choice(parts_))
        lines.append(f"{name}[n] {mark} ({piece}){more}")
        parts_.append(f"{name}[n]")
    if not any("r[n]" in line for line in lines[1:]):
        lines[-1] += " + r[n]"
    return "\n".join(lines)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("chance", range(40))
def test_random_definitions_have_finite_slopes_at_singular_points(chance):
    compare(random_text(random.Random(chance)), chance)


def test_a_mask_lets_a_cotangent_that_is_nan_through():
    code, _ = parts("h[n] = max(0, u[n])")
    _, cache = code.forward(np.array([1.0, -1.0]))
    assert np.isnan(code.backward(np.array([np.nan, np.nan]), cache).du).all()


def test_an_infinite_slope_stays_infinite():
    code, _ = parts("h[n] = sqrt(u[n])")
    _, cache = code.forward(np.array([0.0, 0.0, 4.0]))
    assert np.array_equal(code.backward(np.array([1.0, 0.0, 1.0]), cache).du, [np.inf, 0, 0.25])


def test_an_empty_mask_is_nan_in_its_row_alone():
    text = "s[n] = sum(j, [m[n, j] > 0] * a[n, j]) / sum(j, [m[n, j] > 0])"
    code, _ = parts(text, wrt=["a"])
    m = np.array([[0.0, 0.0], [1.0, 0.0]])
    with np.errstate(invalid="ignore", divide="ignore"):
        s, cache = code.forward(m, np.array([[3.0, 4.0], [5.0, 6.0]]))
        gradient = code.backward(np.ones(2), cache).da
    assert np.isnan(s[0]) and s[1] == 5
    assert np.array_equal(gradient[1], [1, 0])
