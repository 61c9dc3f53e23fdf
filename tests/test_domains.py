"""Where inputs are declared to lie: read, used, proved, said, and numbers drawn there."""

import importlib.util
import math
import random
import sys

import numpy as np
import pytest
import sympy as sp

import pullback
from pullback.codegen.check.drawing import draw
from pullback.codegen.faces.cli import main
from pullback.codegen.interface.example import simple
from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.steps import Step
from pullback.derive.errors import DefinitionError, ProofFailed
from pullback.derive.index.ranges import Range, range_of, ranges
from pullback.derive.proof.certificate import verifying, writing
from pullback.derive.proof.points import Point
from pullback.derive.proof.proving import every_size_checker, prove
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_equations

TEXT = "u[n] = x[n] * lamda\nL = sum(n, u[n] * z[n, y[n]])"
REFUSED = [
    ("u[n] > 0", 1, "'u' is a node; an assumption speaks of inputs"),
    ("y[n] > 0", 1, "'y' holds labels"),
    ("q[n] > 0", 1, "no equation has 'q'"),
    ("x[n] > lamda", 6, "'x[n] > lamda' does not say where an input lies; wanted are an entry and"),
    ("x[n] + 1 > 0", 10, "does not say where an input lies"),
    ("1 > 0", 3, "does not say where an input lies"),
    ("x[0] > 0", 6, "does not say where an input lies"),
    ("z[n, n] > 0", 9, "speaks of some entries alone; wanted are all"),
    ("abs(x[n]) < 1", 11, "for abs(x[n]) < 1 write two, -1 < x[n] and x[n] < 1"),
    ("x[n] != 1", 6, "is assumed of 0 alone: x[n] != 0"),
    ("x[n] > pi", 6, "compares with what is no fraction"),
    ("x > 0", 1, "'x' has 1 axis elsewhere and 0 here"),
    ("-1 < x[n] < 1", 11, "expected the end of the text, found '<'"),
    ("n > 0", 1, "'n' is an axis"),
]
CONTRADICTIONS = [
    (["x[n] > 0", "x[n] < 0"], "x[n] > 0 and x[n] < 0"),
    (["x[n] > 0", "0 >= x[n]"], "x[n] > 0 and 0 >= x[n]"),
    (["x[n] >= 0", "x[n] <= 0", "x[n] != 0"], "x[n] >= 0 and x[n] <= 0 and x[n] != 0"),
    (["2 < x[n]", "x[n] <= 1"], "2 < x[n] and x[n] <= 1"),
]
USED = [  # equations, what is assumed, the value that comes of it, the gradient by x
    ("L = sum(n, sqrt(x[n]**2))", ["x[n] > 0"], "Sum(x[i], i)", "dL"),
    ("L = sum(n, sqrt(x[n]**2))", ["x[n] < 0"], "Sum(-x[i], i)", "-dL"),
    ("L = sum(n, log(x[n]**2))", ["x[n] > 0"], "Sum(2*log(x[i]), i)", "2*dL/x[n]"),
    ("L = sum(n, max(x[n], 0))", ["x[n] > 0"], "Sum(x[i], i)", "dL"),
    ("L = sum(n, min(x[n], 2))", ["x[n] < 2"], "Sum(x[i], i)", "dL"),
    ("L = sum(n, abs(1 - x[n]))", ["-1 < x[n]", "x[n] < 1"], "Sum(1 - x[i], i)", "-dL"),
    ("L = sum(n, [x[n] != 0] * x[n])", ["x[n] != 0"], "Sum(x[i], i)", "dL"),
    ("L = sum(n, where(x[n] < 0, 1, x[n]))", ["0 <= x[n]"], "Sum(x[i], i)", "dL"),
    ("L = sum(n, where(x[n] < 1/2, 1, x[n]))", ["x[n] >= 1/2"], "Sum(x[i], i)", "dL"),
]
KEPT = [  # what does not follow stays
    ("L = sum(n, abs(x[n]))", ["x[n] >= 0"]),
    ("L = sum(n, abs(x[n]))", ["x[n] > -1"]),
    ("L = sum(n, max(x[n], 1))", ["x[n] > 0"]),
    ("L = sum(n, [x[n] > 0] * x[n])", ["x[n] != 0"]),
]
MIXED = """
r = log(abs(sigma)) + (m / sigma)**2
L = r + sum(n, sqrt(1 - p[n]**2) * abs(q[n]) + log(w[n] * sigma) + max(x[n], 0) / z[n])
"""
DECLARED = ["sigma > 0", "-1 < p[n]", "p[n] < 1", "q[n] <= -1/2", "w[n] > 0", "z[n] != 0"]
WITHIN = {
    "sigma": lambda v: v > 0,
    "p": lambda v: (v > -1) & (v < 1),
    "q": lambda v: v <= -0.5,
    "w": lambda v: v > 0,
    "z": lambda v: v != 0,
}


def read(text, assume, **keys):
    return read_equations("own", text, assume=assume, **keys)


@pytest.mark.parametrize(("fact", "column", "words"), REFUSED, ids=[r[0] for r in REFUSED])
def test_what_does_not_say_where_an_input_lies_is_refused(fact, column, words):
    with pytest.raises(DefinitionError) as info:
        read(TEXT, ["lamda > 0", fact])
    assert words in str(info.value) and "own, assume[1]" in str(info.value)
    assert f"line 1, column {column}:" in str(info.value)


@pytest.mark.parametrize(("facts", "words"), CONTRADICTIONS)
def test_what_no_number_is_is_refused(facts, words):
    with pytest.raises(DefinitionError) as info:
        read(TEXT, facts)
    assert f"no 'x' is as it is assumed to be: {words}" in str(info.value)


def test_the_same_twice_is_said_once_and_a_gradient_is_still_wanted():
    layer = read(TEXT, ["x[n] > 0", "x[n] > 0", "0 < x[n]"])
    assert [str(f) for f in layer.domain] == ["x[n] > 0"] and layer.wrt == ("x", "lamda", "z")


def bare(expr):
    """With one name for what is bound."""
    text = str(expr)
    return text if "_1a" not in text else text.replace("_1a", "i")


@pytest.mark.parametrize(("text", "assume", "value", "gradient"), USED, ids=[u[0] for u in USED])
def test_what_is_declared_is_used_and_proved_for_every_size(text, assume, value, gradient):
    proof = prove(derive(read(text, assume)))
    derivation = proof.derivation
    assert bare(derivation.value("L").code.end) == value
    assert str(derivation.gradient("x").total) == gradient
    assert all(check.every_size and not check.needs for _, check in proof.steps)
    first = derivation.steps[0]
    assert first.law == "declared domain" and set(first.assumes) <= set(derivation.layer.domain)
    plain = derive(read(text, []))
    assert bare(plain.value("L").code.end) != value


@pytest.mark.parametrize(("text", "assume"), KEPT)
def test_what_does_not_follow_is_not_used(text, assume):
    derivation = prove(derive(read(text, assume))).derivation
    assert all(step.law != "declared domain" for step in derivation.steps)


def test_side_conditions_that_are_assumed_are_gone():
    text = "L = sum(n, log(x[n]) / x[n])"

    def needs(assume):
        return [c.needs for _, c in prove(derive(read(text, assume))).steps if c.needs]

    assert needs([]) and needs(["x[n] >= 0"]) and not needs(["x[n] > 0"])


def test_an_equality_and_a_range_go_together():
    layer = read("L = sum(j, t[j] * x[j]**2)", ["sum(j, t[j]) == 1", "t[j] >= 0"])
    assert layer.wrt == ("x",)
    prove(derive(layer))
    for seed in range(5):
        point = Point(layer, {layer.axes[0].size: 3}, seed)
        values = [point.coordinate("t", (k,)) for k in range(3)]
        assert min(values) >= 0 and sum(values) == pytest.approx(1)


def test_a_call_takes_over_what_its_definition_assumes_of_inputs():
    callee = 'equations = "h[n] = sqrt(a[n]**2)"\nassume = ["a[n] > 0"]'
    library = {"root": callee}.__getitem__
    layer = read_equations("net", "h = root(x[n])\nL = sum(n, h[n])", library)
    assert [str(f) for f in layer.domain] == ["x[n] > 0"]
    of_node = read_equations("net", "u[n] = -x[n]\nh = root(u)\nL = sum(n, h[n])", library)
    assert not of_node.domain and "Abs" in str(prove(derive(of_node)).derivation.value("h").code)


FALSE = [  # before, after, what is assumed
    ("abs(x[n])", "x[n]", ["x[n] > -1"]),
    ("abs(x[n])", "-x[n]", ["x[n] > 0"]),
    ("max(x[n], 1)", "x[n]", ["x[n] > 0"]),
    ("[x[n] > 0] * x[n]", "x[n]", ["x[n] != 0"]),
    ("[x[n] > 0]", "1 + 0 * x[n]", ["x[n] >= 0"]),
    ("abs(1 - x[n])", "1 - x[n]", ["x[n] < 2"]),
    ("log(x[n] * z[n])", "log(x[n]) + log(z[n])", ["x[n] != 0"]),
]
TRUE = [
    ("abs(1 - x[n])", "1 - x[n]", ["x[n] < 1"]),
    ("[x[n] > 0]", "1 + 0 * x[n]", ["x[n] >= 0", "x[n] != 0"]),
    ("abs(x[n])", "-x[n]", ["x[n] < 0"]),
    ("sqrt(x[n]**2)", "x[n]", ["x[n] > 1/2"]),
    ("log(x[n] * z[n])", "log(x[n]) + log(z[n])", ["x[n] > 0", "z[n] > 0"]),
]


def step_of(before, after, assume):
    """The layer of both sides, and the step from one to the other."""
    layer = read(f"a[n] = {before}\nb[n] = {after}\nL = sum(n, z[n] * x[n])", assume)
    a, b = (n.expr for n in layer.nodes[:2])
    return layer, Step("declared domain", a, b, layer.domain)


@pytest.mark.parametrize(("before", "after", "assume"), FALSE)
def test_each_checker_alone_refuses_what_is_not_assumed(before, after, assume):
    layer, step = step_of(before, after, assume)
    with pytest.raises(ProofFailed):
        check_step(layer, "own", step, {})
    checker = every_size_checker(read("L = sum(n, z[n] * x[n])", assume))
    (verdict,) = checker.chain(chain_of(step), {})
    assert not verdict.proved


@pytest.mark.parametrize(("before", "after", "assume"), TRUE)
def test_each_checker_alone_takes_what_is_assumed(before, after, assume):
    layer, step = step_of(before, after, assume)
    check_step(layer, "own", step, {})
    checker = every_size_checker(read("L = sum(n, z[n] * x[n])", assume))
    (verdict,) = checker.chain(chain_of(step), {})
    assert verdict.proved
    bare_checker = every_size_checker(read("L = sum(n, z[n] * x[n])", []))
    (without,) = bare_checker.chain(chain_of(step), {})
    assert not without.proved


def chain_of(step):
    from pullback.derive.calculus.steps import Chain

    return Chain(step.before, (step,))


def test_a_certificate_lists_what_is_assumed_and_falls_without_it():
    proof = prove(derive(read(MIXED, DECLARED)))
    data = writing.certificate(proof)
    certificate = verifying.read(data)
    assert certificate.layer.domain == proof.derivation.layer.domain
    verifying.verify(certificate)
    bereft = {**data, "layer": {**data["layer"], "assumes": []}}
    with pytest.raises(DefinitionError, match="assumes what the layer does not"):
        verifying.verify(verifying.read(bereft))
    for chain in data["chains"]:
        for step in chain["steps"]:
            step["assumes"] = []
    with pytest.raises(ProofFailed):
        verifying.verify(verifying.read(bereft))


def test_all_that_is_drawn_lies_where_it_is_assumed_to():
    layer = read(MIXED, DECLARED)
    derivation = derive(layer)
    drawn = [draw(derivation, seed=seed, whole=seed % 2 == 1).world.arrays for seed in range(6)]
    for found in (simple(derivation, 0), simple(derivation, 3)):
        drawn.append({t.name: t.values for t in found.inputs})
    for arrays in drawn:
        for name, holds in WITHIN.items():
            assert np.all(holds(np.asarray(arrays[name], float))), name
    for seed in range(6):
        point = Point(layer, {layer.axes[0].size: 3}, seed)
        for name in ("p", "q", "w", "z"):
            assert all(WITHIN[name](np.float64(point.coordinate(name, (k,)))) for k in range(3))


def module_of(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("target", ["numpy", "plain"])
def test_a_module_says_what_it_assumes_and_its_tests_draw_there(tmp_path, target):
    toml = tmp_path / "declared.toml"
    listed = ", ".join(f'"{fact}"' for fact in DECLARED)
    toml.write_text(f'equations = """{MIXED}"""\nassume = [{listed}]\n', encoding="utf-8")
    assert main(["generate", str(toml), "--out", str(tmp_path), "--target", target]) == 0
    text = (tmp_path / "declared.py").read_text(encoding="utf-8")
    assert "σ > 0" in text and "q[n] ≤ -1/2" in text and "np.abs(" not in text
    tests = module_of(next(tmp_path.glob("test_*.py")), "test_declared")
    for seed, dtype in ((s, d) for s in range(12) for d in ("float64", "float32")):
        found = tests.attempted(seed, dtype)
        for name, holds in WITHIN.items() if found else ():
            assert np.all(holds(found[0][name])), (name, seed)
    assert sum(tests.attempted(seed, "float64") is not None for seed in range(9)) >= 6


def test_the_gradients_are_those_of_complex_steps():
    module = pullback.layer(MIXED, assume=DECLARED, name="declared").compile()
    rng = np.random.default_rng(0)
    given = {"sigma": 1.3, "m": -0.4, "x": rng.normal(size=4)}
    given |= {"p": rng.uniform(-0.9, 0.9, 4), "q": -0.5 - rng.random(4)}
    given |= {"w": rng.uniform(0.1, 2, 4), "z": np.array([-1.0, 2.0, 0.5, -3.0])}
    names = ["sigma", "m", "p", "q", "w", "x", "z"]

    def value(v):
        positive = np.where(np.real(v["x"]) > 0, v["x"], 0)
        every = -v["q"] * np.sqrt(1 - v["p"] ** 2) + np.log(v["w"] * v["sigma"]) + positive / v["z"]
        return np.log(v["sigma"]) + (v["m"] / v["sigma"]) ** 2 + every.sum()

    output, cache = module.forward(*(given[n] for n in names))
    assert output == pytest.approx(value(given), rel=1e-13)
    for name, gradient in zip(names, module.backward(1.0, cache), strict=True):
        for at in np.ndindex(np.shape(gradient)):
            moved = {n: np.array(v, complex) for n, v in given.items()}
            moved[name][at] += 1e-30j
            slope = value(moved).imag / 1e-30
            assert np.asarray(gradient)[at] == pytest.approx(slope, rel=1e-12, abs=1e-14)


# -- ranges by themselves --------------------------------------------------------------------------
SHAPES = [
    Range(low=sp.Integer(0)),
    Range(low=sp.Integer(0), low_open=False),
    Range(high=sp.Rational(-1, 3)),
    Range(low=sp.Integer(-1), high=sp.Integer(1)),
    Range(low=sp.Integer(2), high=sp.Integer(2), low_open=False, high_open=False),
    Range(but_zero=True),
    Range(low=sp.Integer(10) ** 6, high=sp.Integer(10) ** 6 + 1, high_open=False),
]


@pytest.mark.parametrize("place", SHAPES)
def test_every_number_is_turned_into_the_range(place):
    for value in (0.0, 1.0, -1.0, 0.5, -1 / 3, 2.0, 1e4, -1e4, 1e300, -1e300, 1e-300):
        found = place.inside(value)
        assert place.has(found) and math.isfinite(found)
        assert found == value or not place.has(value)


def test_a_range_of_an_expression_holds_of_its_values():
    y = sp.Symbol("y", real=True)
    known = ranges([y > -2, y <= 1])
    chance = random.Random(0)
    for expr in (y + 1, 3 * y - 1, -y, y**2, y**3, (y + 2) ** -1, (y + 2) * (1 - y), sp.exp(y) + 1):
        place = range_of(expr, known)
        for _ in range(200):
            value = expr.subs(y, sp.Rational(chance.randrange(-199, 101), 100))
            assert place.has(value if value.is_Rational else float(value)), (expr, value)
