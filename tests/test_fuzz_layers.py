"""Random layers through every stage, and what comes out beside autograd."""

import os
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from codegen.lower import lower
from codegen.module import module
from derive.definition import check_keys
from derive.derivation import Derivation, derive
from derive.errors import DefinitionError, MissingLaw
from derive.proof import prove
from derive.reader import read_equations
from derive.trees import BATCH
from tests.autodiff import Arrays, Point, text_facts
from tests.samples import STRICT
from tests.strategies import INPUT, SIZE, layers, limited

SECONDS = 60  # for all stages of one layer
# what a random layer may be refused for: it is made of axes that no input has, or of huge powers
REFUSED = ("so its size is unknown", "may become too long")


def emitted(derivation: Derivation) -> dict[str, Any]:
    """The functions of a module."""
    space: dict[str, Any] = {}
    exec(compile(module(derivation, lower(derivation)), "own.py", "exec"), space)
    return space


def flat_facts(text: str):
    """What the text says, for autograd."""

    def nothing(name):
        raise KeyError(name)

    return text_facts(check_keys("own", {"equations": text}, text), nothing)


def draw_inputs(layer, rng) -> dict[str, Any]:
    """Inputs between -2 and 2 at random sizes, axes of one size having one."""
    roots = [a for axes in layer.axes.values() for a in axes] + list(layer.labels.values())
    sizes = {root: int(rng.integers(1, SIZE + 1)) for root in dict.fromkeys(roots)}
    found = {}
    for name, axes in layer.axes.items():
        shape = tuple(sizes[a] for a in axes)
        if name in layer.labels:
            found[name] = rng.integers(sizes[layer.labels[name]], size=shape)
        else:
            found[name] = np.asarray(rng.uniform(-INPUT, INPUT, size=shape))
    return found


def check(text: str, *chances: int) -> None:
    """Every stage; the proof comes last, as numbers say more of what is wrong."""
    with limited(SECONDS):
        derivation = derive(read_equations("own", text))
        code = emitted(derivation)
        for chance in chances:
            compare(code, text, chance)
        prove(derivation)


def compare(code: dict[str, Any], text: str, chance: int) -> None:
    """A layer's module beside autograd: everything that it offers."""
    layer = flat_facts(text)
    rng = np.random.default_rng(chance)
    inputs = draw_inputs(layer, rng)
    arrays = Arrays(layer, inputs)
    point, output = Point(layer, inputs), arrays.output()
    g = np.asarray(rng.normal(size=np.shape(output)))
    tangents = tuple(np.asarray(rng.normal(size=np.shape(inputs[w]))) for w in layer.wrt)

    def split(value, axes):
        """The leading axes are two, the second of length 1."""
        shape = np.shape(value)
        return np.reshape(value, (shape[0], 1, *shape[1:])) if BATCH in axes else value

    given_ = {n: split(v, layer.axes[n]) for n, v in inputs.items()}
    directions = tuple(split(t, layer.axes[w]) for t, w in zip(tangents, layer.wrt, strict=True))
    out_axes = layer.out_axes()
    # Two ways to one number may differ by rounding of the largest number on either way.
    scale = max(1.0, arrays.largest)

    def close(what, found, exact):
        assert np.shape(found) == np.shape(exact), what
        largest = np.abs(exact).max(initial=1.0)
        np.testing.assert_allclose(
            found, exact, rtol=1e-10, atol=1e-10 * scale * largest, err_msg=what
        )

    def close_all(what, found, exact):
        assert found._fields == tuple(f"d{w}" for w in layer.wrt)
        for wanted, ours, theirs in zip(layer.wrt, found, exact, strict=True):
            close(f"{what} by {wanted}", ours, split(theirs, layer.axes[wanted]))

    before = [np.copy(v) for v in (*inputs.values(), *tangents, g)]
    expected = point.gradients(g), point.jvp(tangents)
    with np.errstate(**STRICT):
        value, kept = code["forward"](**given_)
        close("output", value, split(output, out_axes))
        close_all("gradient", code["backward"](split(g, out_axes), kept), expected[0])
        value, tangent = code["jvp"](tuple(given_.values()), directions)
        close("output of jvp", value, split(output, out_axes))
        close("tangent", tangent, split(expected[1], out_axes))
        if "hvp" in code:
            exact = point.hvp(tangents)
            close_all("hvp", code["hvp"](tuple(given_.values()), directions), exact)
    for kept_value, value in zip(before, (*inputs.values(), *tangents, g), strict=True):
        assert np.array_equal(kept_value, value), "an argument was changed"


def check_or_refused(text: str, chance: int) -> None:
    """A layer is right, or the engine says which law it lacks for which node."""
    try:
        assume(flat_facts(text).wrt)
        check(text, chance)
    except MissingLaw as error:
        assert str(error).startswith("own: "), error
    except DefinitionError as error:
        if not any(words in error.message for words in REFUSED):
            raise
        assume(False)


# what random layers found, each in its shortest form
FOUND = [
    "u = sum(m, max(k, w[m, k]))",  # an index was captured
    "u[n] = max(j, b[j]) + w[n]",  # the place of the largest, as an array of too few axes
    "u = max(n, k, w[k] * K[n])",
    "u[n, k] = sum(i, w[y[n], i, n] * w[k, i, n])",
    "u[d] = sigmoid(3) - w[d]",  # a number under a function of our own
    "u[...] = tanh(x[...])",  # no leading axes at all
    "u[d, k] = a / b[k, d]",  # one name for a value and for its transposed copy
    "u[d, k] = sum(n, x[n, n]) / b[k, d]",
    "v = sum(n, A[n, n]**2 * b[n])**2",  # wrote on the diagonal of a caller's array
    "u[d] = sum(k, x[d, k, d] - x[d, k, d])",  # a size that only the inputs know
    "u[n, d, k] = [K[n, k, d] <= K[n, k, d]] * x[n]",
    "u[d] = [d != y[d]] * w[d, d]",  # a label and the axis that it stands on
    "u[d, k] = b[d, y[d, k]]",
    "u[k] = [k != c] * x[k]",  # a label without axes
    "u = sum(d, x[y[d]])",  # counts of labels that were integers
    "u[n] = max(0, log(sum(m, exp(w[n, m]))))",  # one number that is spelt in two ways
    "u[n] = where(log(sum(e, exp(w[n, e]))) < A[n], K[n], 0)",  # ... and once with a minus sign
    "s[n] = log1p(sum(j, exp(z[n, j])))",  # a sum of the definition, taken for a law's
    "u[n] := x[n] + S[y[n]]\nv[n] = exp(u[n]) * u[n]",  # a label within a notation
]


@pytest.mark.parametrize("text", FOUND)
def test_what_was_found(text):
    check(text, 0, 1, 2)


HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
RUN = 8  # examples of one run; those later in a run are much like those before


def run(number: int, count: int, phases=tuple(Phase), **size: int) -> None:
    """Some random layers, the same ones for the same number."""

    @seed(number)
    @settings(
        max_examples=count,
        derandomize=False,  # the number decides
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=HEALTH,
    )
    @given(layers(**size), st.integers(0, 2**16))
    def random_layers(text, chance):
        check_or_refused(text, chance)

    random_layers()


# those left out have proofs that take a minute, and nothing else of interest
@pytest.mark.parametrize("number", sorted({*range(20)} - {8, 9, 16}))
def test_random_layers(number):
    """What is found is short already; to make it shorter would take minutes."""
    run(number, 4, [Phase.generate], parts=1, choices=1)


@pytest.mark.slow
@pytest.mark.skipif("PULLBACK_FUZZ" not in os.environ, reason="PULLBACK_FUZZ is not set")
def test_many_random_layers():
    """Other ones each time; a failure shows the text and the number that draws its inputs."""
    start = random.randrange(2**32)
    for i in range(0, int(os.environ["PULLBACK_FUZZ"]), RUN):
        run(start + i, RUN, parts=1 + i // RUN % 4, choices=1 + i // RUN % 3)
