"""Every emitted function gives what its program means, and the program means what the text says."""

from dataclasses import replace

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import FUNCTIONS, Elementwise, Program, interpret
from pullback.codegen.program.functions import MP
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError, MissingLaw
from pullback.derive.read.reader import read_equations
from tests.definitions import facts
from tests.places import enlarged
from tests.programs import Meant, check_meaning, check_module, random_texts
from tests.samples import NAMES, draw, sizes_of
from tests.shipped import derived
from tests.test_fuzz_layers import draw_inputs, flat_facts

MINUTES = {"conv_net"}  # each slope of a network at 60 digits


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in MINUTES else n for n in NAMES]
)
def test_shipped_layers(name):
    layer, derivation = facts(name), derived(name)
    rng = np.random.default_rng(0)
    check_module(derivation, draw(layer, sizes_of(layer), rng))
    small = enlarged(layer, dict.fromkeys(sizes_of(layer), 2))
    check_meaning(derivation, layer, draw(layer, small, rng))


def check(text: str, chance: int) -> None:
    """Both checks of a definition."""
    layer, derivation = flat_facts(text), derive(read_equations("own", text))
    inputs = draw_inputs(layer, np.random.default_rng(chance))
    check_module(derivation, inputs, chance)
    check_meaning(derivation, layer, inputs, chance)


# those left out hold a definition that takes long to derive, and nothing else of interest
@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", sorted({*range(22)} - {8, 16}))
def test_random_definitions(number):
    for text in random_texts(number, 5, parts=1, choices=2):
        try:
            check(text, number)
        except (DefinitionError, MissingLaw):
            continue  # an axis that no input has, or what the engine says that it lacks


TEXT = "u[n, k] = tanh(sum(d, x[n, d] * w[d, k])) + b[k]\nL = mean(n, k, exp(u[n, k]) * u[n, k])"
OTHER = {"add": "subtract", "multiply": "add", "exp": "tanh", "tanh": "sin", "divide": "multiply"}


def turned(derivation, function: str) -> Program:
    """The program with one function put for another."""
    program = lower(derivation)

    def other(value):
        if not isinstance(value.op, Elementwise) or value.op.function != function:
            return value
        return replace(value, op=replace(value.op, function=OTHER[function]))

    return replace(program, values=tuple(map(other, program.values)))


@pytest.mark.parametrize("function", OTHER)
def test_another_meaning_is_seen(function, monkeypatch):
    monkeypatch.setattr("tests.programs.lower", lambda d: turned(d, function))
    with pytest.raises(AssertionError, match="wanted"):
        check(TEXT, 0)


@pytest.mark.parametrize(
    "old, new", [("np.tanh(", "np.sin("), (" + b", " - b"), ("x @ w", "x @ -w")]
)
def test_other_text_is_seen(old, new, monkeypatch):
    derivation = derive(read_equations("own", TEXT))
    text = module(derivation, lower(derivation))
    assert old in text
    monkeypatch.setattr("tests.programs.module", lambda *_: text.replace(old, new))
    layer = flat_facts(TEXT)
    with pytest.raises(AssertionError, match="wanted"):
        check_module(derivation, draw_inputs(layer, np.random.default_rng(0)))


EDGES = [  # a function's meaning where NumPy's warns or mpmath's raises
    ("divide", (1.0, 0.0), np.inf),
    ("divide", (-1.0, 0.0), -np.inf),
    ("divide", (0.0, 0.0), np.nan),
    ("log", (0.0,), -np.inf),
    ("log", (-1.0,), np.nan),
    ("log1p", (-1.0,), -np.inf),
    ("sqrt", (-1.0,), np.nan),
    ("power", (0.0, -1.0), np.inf),
    ("power", (0.0, 0.0), 1.0),
    ("power", (-1.0, 0.5), np.nan),
    ("exp", (-np.inf,), 0.0),
    ("tanh", (np.inf,), 1.0),
    ("sign", (np.nan,), np.nan),
    ("maximum", (1.0, np.nan), np.nan),
    ("minimum", (1.0, 2.0), 1.0),
    ("subtract", (np.inf, np.inf), np.nan),
]


@pytest.mark.parametrize("name, args, wanted", EDGES)
def test_edges(name, args, wanted):
    """As IEEE 754 has it, and so NumPy."""
    function = FUNCTIONS[name]
    np.testing.assert_equal(float(function.meaning(*map(MP.mpf, args))), wanted)
    with np.errstate(all="ignore"):
        np.testing.assert_equal(getattr(np, name)(*args), wanted)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_means_what_numpy_does(name):
    """At ordinary numbers."""
    function, rng = FUNCTIONS[name], np.random.default_rng(0)
    if not hasattr(np, name) or function.result not in ("arithmetic", "mask", "choice"):
        return
    args = rng.uniform(0.1, 0.9, size=(20, function.arity))
    args += name in ("acosh", "arccosh")  # which has no value below 1
    for row in args:
        first = row[0] > 0.5 if function.result == "choice" else row[0]
        value = float(function.meaning(MP.mpf(float(first)), *map(MP.mpf, row[1:])))
        row = (first, *row[1:])
        np.testing.assert_allclose(value, getattr(np, name)(*row), rtol=1e-14)


def test_an_empty_sum_is_zero():
    derivation = derive(read_equations("own", "u[n] = sum(k, x[n, k])"))
    inputs = {"x": np.zeros((2, 0)), "du": np.ones(2)}
    assert Meant(derivation, {"x": np.zeros((2, 0))}, 0).backward.result("u").tolist() == [0, 0]
    assert interpret(lower(derivation), inputs)["x"].shape == (2, 0)
