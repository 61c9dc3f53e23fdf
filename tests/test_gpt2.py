"""The whole of GPT-2 as one definition, from tokens to the loss, beside two autodiffs."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from examples import gpt2
from pullback.codegen import library
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_layer
from tests.test_autograd import label_loss, layer_norm, transformer_block

TOKENS, SEQUENCES, PLACES = 11, 3, 7


@pytest.fixture(scope="module")
def made():
    """The module of the definition, derived and not proved."""
    name, source = library.find(str(gpt2.FILE))
    derivation = derive(read_layer(name, source, library.called_from(str(gpt2.FILE))))
    return loaded(module(derivation, lower(derivation)), derivation.layer)


@pytest.fixture
def inputs():
    """Tokens, those one place further on, and parameters none of which is at rest."""
    rng = np.random.default_rng(0)
    p = gpt2.initial(rng, TOKENS, np.float64)
    p["P"] = p["P"][:PLACES]
    p = {name: a + 0.3 * rng.normal(size=a.shape) for name, a in p.items()}
    rows = rng.integers(TOKENS, size=(SEQUENCES, PLACES + 1))
    return p, rows[:, :-1], rows[:, 1:]


def close(ours, theirs):
    """To 1e-10 of the largest entry; slopes by the biases of keys are 0."""
    assert ours.dtype == np.float64 and ours.shape == np.shape(theirs)
    assert np.abs(ours - theirs).max() <= 1e-10 * max(np.abs(theirs).max(), 1e-3)


def in_autograd(p, i, y):
    x = p["E"][i] + p["P"]
    mask = np.tril(np.ones((i.shape[1], i.shape[1])))
    for k in "12":
        weights = [p[w + k] for w in gpt2.BLOCK]
        x = transformer_block(x, *weights[:8], mask, *weights[8:])
    z = anp.dot(layer_norm(x, p["g3"], p["h3"]), p["E"].T)
    return anp.mean(label_loss(anp.reshape(z, (-1, z.shape[-1])), y.ravel()))


def in_torch(torch, p, i, y):
    layers = torch.nn.functional
    x = p["E"][i] + p["P"]
    for k in "12":
        g, h, Q, q, K, key, V, v, O, o, r, s, W, c, U, u = (p[w + k] for w in gpt2.BLOCK)
        a = layers.layer_norm(x, x.shape[-1:], g, h)
        heads = [
            torch.einsum("ntd,dhe->nhte", a, weight) + bias[:, None]
            for weight, bias in ((Q, q), (K, key), (V, v))
        ]
        found = layers.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + torch.einsum("nhte,hed->ntd", found, O) + o
        b = layers.layer_norm(x, x.shape[-1:], r, s)
        x = x + layers.gelu(b @ W + c, approximate="tanh") @ U + u
    z = layers.layer_norm(x, x.shape[-1:], p["g3"], p["h3"]) @ p["E"].T
    return layers.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1))


@pytest.mark.sampled(2)
def test_loss_and_gradients(made, inputs):
    """Beside autograd, torch where it is installed, and the modules of the parts."""
    p, i, y = inputs
    loss, gradients = made.value_and_grad(i=i, y=y, **p)
    assert {*gradients._fields} == {f"d{name}" for name in p}
    close(loss, in_autograd(p, i, y))
    for name, theirs in grad(in_autograd)(p, i, y).items():
        close(getattr(gradients, f"d{name}"), theirs)
    z = gpt2.logits(p, i)
    close(loss, label_loss(z.reshape(-1, TOKENS), y.ravel()).mean())
    try:
        import torch
    except ImportError:
        return
    tensors = {name: torch.tensor(a, requires_grad=True) for name, a in p.items()}
    found = in_torch(torch, tensors, torch.tensor(i), torch.tensor(y))
    found.backward()
    close(loss, found.detach().numpy())
    for name, a in tensors.items():
        close(getattr(gradients, f"d{name}"), a.grad.numpy())


def test_a_place_does_not_see_what_comes_behind_it(inputs):
    p, i, _ = inputs
    other = i.copy()
    other[:, 4:] = (other[:, 4:] + 1) % TOKENS
    before, after = gpt2.logits(p, i), gpt2.logits(p, other)
    assert np.array_equal(before[:, :4], after[:, :4])
    assert not np.isclose(before[:, 4:], after[:, 4:]).any()


@pytest.mark.slow
def test_it_learns(made):
    letters, text = gpt2.corpus()
    p = gpt2.initial(np.random.default_rng(0), len(letters))
    losses = gpt2.train(made, p, text, 12, 0)
    assert abs(losses[0] - np.log(len(letters))) < 0.1
    assert losses[-1] < losses[0] - 0.3


@pytest.mark.slow
def test_each_step_is_proved_for_every_size(capsys):
    found = gpt2.proof()
    assert all(check.every_size for _, check in found.steps)
    assert f"{len(found.steps)} steps proved" in capsys.readouterr().out
