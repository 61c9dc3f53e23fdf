"""Formulas in numbers: index notation over arrays, and the changes that explain a value."""

import numpy as np
import pytest

from pullback.codegen.check.arrays import World
from pullback.codegen.check.drawing import draw
from pullback.codegen.check.explaining import Explainer
from pullback.codegen.check.quantities import Quantities, Quantity
from pullback.derive.calculus.derivation import cotangent_name
from tests.meaning import evaluate
from tests.samples import NAMES, module
from tests.shipped import derived

QUICK = ("mlp", "layer_norm", "attention", "max_pool", "hinge", "huber", "embedding", "gelu")


TOO_LARGE = ("conv_net",)  # a formula of nine axes, which is refused


@pytest.mark.parametrize(
    "name",
    [
        n if n in QUICK else pytest.param(n, marks=pytest.mark.slow)
        for n in NAMES
        if n not in TOO_LARGE
    ],
)
def test_values_are_those_of_the_generated_module(name):
    derivation = derived(name)
    drawn = draw(derivation)
    arrays = drawn.world.arrays
    layer = derivation.layer
    sizes = [drawn.world.sizes[size] for size in layer.arguments]
    output, cache = module(name).forward(*(arrays[t.name] for t in layer.inputs), *sizes)
    upstream = arrays[cotangent_name(layer.output.name)]
    gradients = module(name).backward(upstream if upstream.ndim else float(upstream), cache)
    np.testing.assert_allclose(arrays[layer.output.name], output, rtol=1e-10, atol=1e-12)
    for wanted in layer.wrt:
        own = cotangent_name(wanted)
        np.testing.assert_allclose(arrays[own], getattr(gradients, own), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["mlp", "layer_norm", "max_pool", "hinge", "gelu"])
def test_arrays_agree_with_entries_written_out(name):
    derivation = derived(name)
    drawn = draw(derivation, lengths=(2, 3, 1, 2), lead=(2,))
    for gradient in derivation.gradients:
        indices = gradient.tensor.indices
        own = drawn.world.array(gradient.total, indices)
        other = evaluate(gradient.total, indices, derivation.layer, dict(drawn.world.arrays))
        np.testing.assert_allclose(own, other, rtol=1e-10, atol=1e-12)


def test_a_draw_shows_every_case():
    drawn = draw(derived("mlp"))
    own = [n for s, n in drawn.sizes.items() if "size" not in str(s)]
    assert len({*own}) == len(own)
    assert {*np.sign(drawn.world.arrays["u"]).ravel()} == {-1, 1}
    labels = drawn.world.arrays["y"]
    assert 1 < len({*labels}) < len(labels)


def right(name):
    derivation = derived(name)
    return Quantities(derivation, draw(derivation, upstream=bool(derivation.layer.output.indices)))


def explained(quantities, name, came):
    formula = quantities.formulas[name]
    array = quantities.world.arrays[name]
    wanted = Quantity(formula.left, formula.indices, array, name)
    return Explainer(quantities, 20.0).explain(wanted, came, quantities.world)


MLP = [  # the gradient, what came, the words, the formula that is changed
    ("dW", "x.T @ du", "the term λ W[d,k] is left out", "dW"),
    ("dW", "x.T @ du - lamda * W", "the sign of λ W[d,k] is wrong", "dW"),
    ("dW", "x.T @ du + W", "the factor λ is left out", "dW"),
    ("dW", "x.T @ du + 2 * lamda * W", "λ W[d,k] is there twice", "dW"),
    ("dW", "x.T @ dh + lamda * W", "∂L/∂h[n,k] stands in place of ∂L/∂u[n,k]", "dW"),
    ("dW", "x.T @ (dh * (u < 0)) + lamda * W", "is the wrong way round", "du"),
    ("dW", "(x.T @ du + lamda * W).T", "the numbers are right, and transposed", "dW"),
    ("dc", "du.mean(0)", "the mean is taken", "dc"),
    ("dc", "du.sum(1)", "the sum runs over k in place of n", "dc"),
    ("dc", "du", "the sum over n is left out", "dc"),
    ("dc", "dh.sum(0)", "∂L/∂h[n,k] stands in place of ∂L/∂u[n,k]", "dc"),
    ("du", "dh", "the factor 𝟙[u[n,k] > 0] is left out", "du"),
    ("dz", "p / N", "the term -𝟙[j = y[n]] is left out", "dz"),
    ("dz", "p - np.eye(7)[y]", "the factor ∂L/∂ℓ[n] = 1/N is left out", "dz"),
    ("dz", "(p - np.eye(8)[y + 1][:, :7]) / N", "is shifted by 1", "dz"),
    ("dz", "(p - np.eye(7)[y]) / x.shape[1]", "D stands in place of N", "dell"),
    ("dh", "(p - np.eye(7)[y]) @ w.T", "the factor ∂L/∂ℓ[n] = 1/N is left out", "dz"),
]


@pytest.mark.parametrize(("name", "came", "words", "changed"), MLP)
def test_a_change_is_named(name, came, words, changed):
    quantities = right("mlp")
    names = {**quantities.world.arrays, "N": quantities.drawn.lead[0], "np": np}
    found = explained(quantities, name, eval(came, names))
    assert found is not None and words in found.words[0] and found.name == changed, found


def test_cross_terms_are_named():
    quantities = right("softmax")
    p, dp = (quantities.world.arrays[n] for n in ("p", "dp"))
    found = explained(quantities, "dz", p * (1 - p) * dp)
    found_without = explained(quantities, "dz", p * dp)
    assert found_without is not None and "the term" in found_without.words[0]
    assert found is None or found.words  # the diagonal alone


def test_two_changes_are_named_where_one_does_not_do():
    quantities = right("mlp")
    at = quantities.world.arrays
    found = explained(quantities, "dW", at["x"].T @ at["du"] / 5 - at["lamda"] * at["W"])
    assert found is not None and len(found.words) == 2


def test_numbers_that_no_change_gives_are_not_explained():
    quantities = right("affine")
    came = np.random.default_rng(3).normal(size=quantities.world.arrays["dW"].shape)
    assert explained(quantities, "dW", came) is None


def test_worlds_are_apart():
    world = draw(derived("relu")).world
    other = world.beside({"u": world.arrays["u"] * 2})
    assert not np.array_equal(other.arrays["u"], world.arrays["u"])
    assert isinstance(other, World) and not other.memory
