"""Random layers, and recurrences, in the words of each library beside what their programs mean."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen.faults import DEEP
from pullback.codegen.targets.functional.module_test import NEEDS
from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.errors import PullbackError
from pullback.derive.read.definition import read_definition
from pullback.derive.read.reader import read_layer
from tests.autodiff import text_facts
from tests.programs import Meant
from tests.random_layers import LIMIT, MP, draw, text_of
from tests.strategies import limited
from tests.targets.making import loaded, needs, text

RECURRENCES = Path(__file__).parent.parent / "recurrences"
LIBRARIES = [
    pytest.param(name, marks=needs(NEEDS[name.replace("-", "_")][0]))
    for name in ("array-api", "torch", "jax")
]
SAMPLE = (0, 1, 4, 7, 9, 13)
LONG = {"hidden_markov", "masked_steps", "sums_of_shares", "running_maxima"}
SECONDS = 60
LACKING = ("has no form in the array API", "there is no gradient to derive")


def troubles(source, target, number):
    """What is not as the program means it; nothing, where the library cannot say the layer."""
    try:
        with limited(SECONDS), DEEP:
            facts = text_facts(read_definition("own", source), {}.__getitem__)
            derivation = derive(read_layer("own", source))
            made = loaded("own", text(derivation, target))
            inputs = draw(facts, np.random.default_rng(number), "numbers")
            meant = Meant(derivation, inputs, number)
    except TimeoutError:
        return []
    except PullbackError as error:
        return [] if any(words in str(error) for words in LACKING) else [str(error)]
    library = pytest.importorskip({"array-api": "numpy", "jax": "jax.numpy"}.get(target, target))
    given = {n: library.asarray(v) for n, v in inputs.items()}
    found = []

    def compare(what, value, at, name):
        exact, scale = at.result(name), max(at.scale, 1)
        assert np.shape(value) == exact.shape, what
        for place in np.ndindex(exact.shape):
            ours, wanted = float(np.asarray(value)[place]), exact[place]
            if MP.isfinite(wanted) and not abs(ours - wanted) <= LIMIT * scale:
                found.append(f"{what}{place} is {ours}, wanted {MP.nstr(wanted, 17)}")

    with np.errstate(all="ignore"):
        value, cache = made.forward(**given)
        compare("output", value, meant.backward, meant.output)
        gradients = made.backward(library.asarray(meant.g), cache)
        for name, gradient in zip(derivation.wanted, gradients, strict=True):
            compare(f"d{name}", gradient, meant.backward, name)
        if target == "jax":
            import jax

            along = [
                library.asarray(meant.tangents[tangent_name(n)])
                if n in derivation.wanted
                else np.zeros(np.shape(v), jax.dtypes.float0)
                if np.asarray(v).dtype.kind == "i"
                else library.zeros_like(v)
                for n, v in given.items()
            ]
            pushed = jax.jvp(made.apply_forward_mode, tuple(given.values()), tuple(along))[1]
            compare("tangent", pushed, meant.jvp, tangent_name(meant.output))
    return found


@pytest.fixture(autouse=True)
def _in_float64():
    """JAX takes float32 without."""
    try:
        import jax
    except ImportError:
        yield
        return
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("number", SAMPLE)
@pytest.mark.parametrize("target", LIBRARIES)
def test_random_definitions(target, number):
    assert troubles(text_of(number), target, number) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(path.stem, marks=[pytest.mark.slow] if path.stem in LONG else [])
        for path in sorted(RECURRENCES.glob("*.toml"))
    ],
)
@pytest.mark.parametrize("target", LIBRARIES)
def test_recurrences(target, name):
    source = (RECURRENCES / f"{name}.toml").read_text(encoding="utf-8")
    assert troubles(source, target, 3) == []


@needs("array_api_compat")
def test_a_wrong_number_is_seen(monkeypatch):
    right = text

    def corrupt(derivation, target):
        return right(derivation, target).replace("xp.exp(", "xp.sin(")

    monkeypatch.setitem(globals(), "text", corrupt)
    source = 'equations = """\nh[n] = exp(u[n])\n"""\n'
    assert troubles(source, "array-api", 0)


@pytest.mark.slow
@pytest.mark.skipif("PULLBACK_FUZZ" not in os.environ, reason="PULLBACK_FUZZ is not set")
@pytest.mark.parametrize("target", LIBRARIES)
def test_many_random_definitions(target):
    """Other ones each time; a failure shows their numbers."""
    start = random.randrange(2**32)
    bad = []
    for number in range(start, start + int(os.environ["PULLBACK_FUZZ"])):
        bad += [(number, each) for each in troubles(text_of(number), target, number)[:1]]
    assert not bad
