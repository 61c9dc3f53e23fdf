"""Matrix notation: what is read of it computes what NumPy computes, or is refused in words."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_matrices import algebra, words
from pullback.derive.read.from_matrices.reader import understand
from tests.arrays import meaning
from tests.matrices import formulas
from tests.matrices.corpus import KINDS, NETWORK, ON_KINDS, ON_NETWORKS

SIZES = {"N": 5, "D": 3, "K": 4, "C": 2}
AXES = {f"{n.lower()}{i}": size for n, size in SIZES.items() for i in ("", *range(2, 40))}


def draw(shapes, seed=0):
    """Arrays of these shapes, by the names of the language."""
    rng, found = np.random.default_rng(seed), {}
    for name, text in shapes.items():
        axes, _, below = text.partition(":")
        shape = tuple(SIZES.get(a, 1) for a in axes.split())
        labels = below and rng.integers(SIZES[below.strip()], size=shape)
        found[words.plain(name)] = labels if below else np.asarray(rng.normal(size=shape))
    return found


def worked_out(text, shapes, inputs):
    """What was understood, worked out entry by entry, by code apart from the engine's."""
    read = understand(text, shapes)
    small = {n: np.squeeze(v) for n, v in inputs.items() if n in read.inputs}
    small = {n: v if "1" in shapes.get(n, "").split() else inputs[n] for n, v in small.items()}
    return meaning.output(read.parsed(), small, AXES)


def assert_same(found, wanted, least=0.0):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    scale = max(least, np.max(np.abs(wanted)))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * scale)


# -- what people write -----------------------------------------------------------------------------


def test_the_corpus_is_large():
    assert len({text for text, _ in (*ON_NETWORKS, *ON_KINDS)}) >= 75


@pytest.mark.parametrize(("text", "run"), ON_NETWORKS, ids=[t for t, _ in ON_NETWORKS])
def test_formulas_of_networks(text, run):
    for seed in range(3):
        inputs = draw(NETWORK, seed)
        assert_same(worked_out(text, NETWORK, inputs), run(inputs), 1e-3)


@pytest.mark.parametrize(("text", "run"), ON_KINDS, ids=[t for t, _ in ON_KINDS])
def test_formulas_of_vectors_and_matrices(text, run):
    for seed in range(3):
        inputs = draw(KINDS, seed)
        assert_same(worked_out(text, KINDS, inputs), run(inputs), 1e-3)


# -- random formulas -------------------------------------------------------------------------------


def both_ways(seed):
    """A random formula by NumPy, and what was read of it worked out entry by entry."""
    tree = formulas.Formulas(random.Random(seed)).whole()
    text = formulas.spell(tree)
    rng, flat, arrays = np.random.default_rng(seed), {}, {}
    for name, axes in formulas.SHAPES.items():
        made = rng.normal(size=[formulas.SIZES[a] for a in axes.split()])
        flat[words.plain(name)] = np.asarray(made)
        arrays[name] = np.reshape(made, (*np.shape(made), 1, 1)[: 2 if axes else 3][-2:])
    read = understand(text, formulas.SHAPES)
    given_sizes = {
        f"{n.lower()}{i}": size for n, size in formulas.SIZES.items() for i in ("", *range(2, 60))
    }
    inputs = {n: flat[n] for n in read.inputs}
    found = meaning.output(read.parsed(), inputs, given_sizes)
    return np.squeeze(found), np.squeeze(formulas.value(tree, arrays)), text


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
def test_random_formulas_mean_what_numpy_computes(seed):
    found, wanted, _ = both_ways(seed)
    assert_same(found, wanted, 1.0)


@pytest.mark.slow
def test_many_random_formulas():
    for seed in range(10_000):
        found, wanted, _ = both_ways(seed)
        assert_same(found, wanted, 1.0)


FAULTS = {
    "no transposes": ("transpose", lambda v: v),
    "sums of no squares": ("squares", lambda v, kind="": algebra.reduced("sum", v)),
    "differences the wrong way round": (
        "joined",
        lambda run, a, b, own=algebra.joined: own(run, b, a),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_reading_is_seen(fault, monkeypatch):
    monkeypatch.setattr(algebra, *FAULTS[fault])
    seen = 0
    for seed in range(60):
        try:
            found, wanted, _ = both_ways(seed)
            assert_same(found, wanted, 1.0)
        except (AssertionError, ValueError, IndexError, KeyError, DefinitionError):
            seen += 1
    assert seen
