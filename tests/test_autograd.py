"""Gradients beside those of HIPS autograd, from forward passes written by hand."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from sklearn.datasets import load_digits

from tests.definitions import facts
from tests.places import enlarged
from tests.samples import NAMES, cotangent, draw, module, sizes_of


def softmax(z):
    e = anp.exp(z - anp.max(z, axis=1, keepdims=True))
    return e / anp.sum(e, axis=1, keepdims=True)


def log_softmax(z):
    shifted = z - anp.max(z, axis=1, keepdims=True)
    return shifted - anp.log(anp.sum(anp.exp(shifted), axis=1, keepdims=True))


def label_loss(z, y):
    return -log_softmax(z)[anp.arange(len(y)), y]


def mlp(x, W, c, w, b, y, lamda):
    hidden = anp.maximum(anp.dot(x, W) + c, 0.0)
    loss = anp.mean(label_loss(anp.dot(hidden, w) + b, y))
    return loss + lamda / 2 * (anp.sum(W**2) + anp.sum(w**2))


def normal(x, axes):
    centred = x - anp.mean(x, axis=axes, keepdims=True)
    return centred / anp.sqrt(anp.mean(centred**2, axis=axes, keepdims=True) + 1e-5)


def layer_norm(x, gain, bias):
    return gain * normal(x, (-1,)) + bias


def channels(a):
    """An array with an axis for channels, before rows and columns."""
    return a[..., None, None]


def cosine_similarity(u, v):
    return anp.sum(u * v, axis=1) / anp.sqrt(anp.sum(u**2, axis=1) * anp.sum(v**2, axis=1))


def triplet(x, p, q, m):
    a, b = (anp.sqrt(anp.sum((x - other) ** 2, axis=1)) for other in (p, q))
    return anp.maximum(0.0, a - b + m)


def contrastive(t, u, v):
    u, v = (a / anp.sqrt(anp.sum(a**2, axis=1, keepdims=True)) for a in (u, v))
    scores, right = anp.exp(t) * anp.dot(u, v.T), anp.arange(len(u))
    return anp.mean(label_loss(scores, right) + label_loss(scores.T, right)) / 2


def focal(z, y):
    loss = label_loss(z, y)
    return (1 - anp.exp(-loss)) ** 2 * loss


def dice(z, t):
    p = 1 / (1 + anp.exp(-z))
    return 1 - (2 * anp.sum(p * t, axis=1) + 1) / (anp.sum(p, axis=1) + anp.sum(t, axis=1) + 1)


def multi_head_attention(x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo):
    q, k, v = (
        anp.einsum("ntd,dhe->nhte", x, W) + b[:, None, :] for W, b in ((Wq, bq), (Wk, bk), (Wv, bv))
    )
    scores = anp.einsum("nhte,nhse->nhts", q, k) / anp.sqrt(q.shape[-1])
    scores = anp.where(M > 0, scores, -1e30)
    e = anp.exp(scores - anp.max(scores, axis=3, keepdims=True))
    o = anp.einsum("nhts,nhse->nhte", e / anp.sum(e, axis=3, keepdims=True), v)
    return anp.einsum("nhte,hef->ntf", o, Wo) + bo


def transformer_block(
    x, gain1, bias1, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo, gain2, bias2, W1, c1, W2, c2
):
    a = layer_norm(x, gain1, bias1)
    r = x + multi_head_attention(a, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo)
    u = anp.dot(layer_norm(r, gain2, bias2), W1) + c1
    g = u / 2 * (1 + anp.tanh(anp.sqrt(2 / anp.pi) * (u + 0.044715 * u**3)))
    return r + anp.dot(g, W2) + c2


def rotary_embedding(x, phi):
    """As products of complex numbers, of which the halves are the real and the imaginary part."""
    half = x.shape[-1] // 2
    turned = (x[..., :half] + 1j * x[..., half:]) * anp.exp(1j * phi)
    return anp.concatenate([anp.real(turned), anp.imag(turned)], axis=-1)


def conv_net(x, w, b, W, a, y):
    rows, columns = x.shape[2:]
    up, left = w.shape[2:]
    framed = anp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), "constant")
    u, high, wide = 0, rows + 3 - up, columns + 3 - left
    for i in range(up):
        for j in range(left):
            part = framed[:, :, i : i + high, j : j + wide]
            u = u + anp.einsum("ncij,fc->nfij", part, w[:, :, i, j])
    h = anp.maximum(u + channels(b), 0.0)[:, :, : 2 * W.shape[1], : 2 * W.shape[2]]
    parts = [h[:, :, i::2, j::2] for i in range(2) for j in range(2)]
    pooled = anp.max(anp.array(parts), axis=0)
    return anp.mean(label_loss(anp.tensordot(pooled, W, 3) + a, y))


FORWARD = {
    "affine": lambda x, W, c: anp.dot(x, W) + c,
    "batch_norm": lambda x, gain, bias: gain * normal(x, (0,)) + bias,
    "batch_norm2d": lambda x, gain, bias: channels(gain) * normal(x, (0, 2, 3)) + channels(bias),
    "contrastive": contrastive,
    "conv_net": conv_net,
    "cosine_similarity": cosine_similarity,
    "cross_entropy": lambda z, t: -anp.sum(t * log_softmax(z), axis=1),
    "dice": dice,
    "dropout": lambda u, M, keep: anp.where(M > 0, u / keep, 0.0),
    "focal": focal,
    "gaussian_nll": lambda s, t, mu: (
        anp.sum(s + (t - mu) ** 2 / anp.exp(s) + anp.log(2 * anp.pi), axis=1) / 2
    ),
    "group_norm": lambda x, gain, bias: channels(gain) * normal(x, (2, 3, 4)) + channels(bias),
    "instance_norm": lambda x, gain, bias: channels(gain) * normal(x, (2, 3)) + channels(bias),
    "l2": lambda lamda, W: lamda / 2 * anp.sum(W**2),
    "layer_norm": layer_norm,
    "mlp": mlp,
    "multi_head_attention": multi_head_attention,
    "poisson_nll": lambda s, t: anp.exp(s) - t * s,
    "relu": lambda u: anp.maximum(u, 0.0),
    "rotary_embedding": rotary_embedding,
    "softmax": softmax,
    "softmax_cross_entropy": label_loss,
    "transformer_block": transformer_block,
    "triplet": triplet,
}


def compare(name, inputs, g):
    """Output and every gradient, to 1e-12 of the largest entry."""
    code, layer = module(name), facts(name)
    output, kept = code.forward(**inputs)
    close(output, FORWARD[name](**inputs))
    for wanted, ours in zip(layer.wrt, code.backward(g, kept), strict=True):

        def total(value, wanted=wanted):
            return anp.sum(g * FORWARD[name](**inputs | {wanted: value}))

        close(ours, grad(total)(inputs[wanted]))


def close(ours, theirs):
    assert ours.dtype == np.float64 and ours.shape == np.shape(theirs)
    # that by the biases of keys is 0, as attention asks which score is larger than others
    assert np.abs(ours - theirs).max() <= 1e-12 * np.abs(theirs).max(initial=1)


@pytest.mark.parametrize("name", sorted(set(FORWARD) & set(NAMES)))
@pytest.mark.parametrize("seed", range(3))
def test_layer(name, seed):
    layer, rng = facts(name), np.random.default_rng(seed)
    sizes = enlarged(layer, {axis: 5 * size for axis, size in sizes_of(layer).items()})
    inputs = draw(layer, sizes, rng)
    compare(name, inputs, cotangent(layer, inputs, rng, "float64"))


@pytest.mark.parametrize("hidden", [1, 64])
def test_mlp_on_digits(hidden):
    """All 1,797 digits of 8 by 8 pixels, in ten classes."""
    digits, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    inputs = {
        "x": digits / 16,
        "W": rng.normal(size=(64, hidden)) / 8,
        "c": rng.normal(size=hidden) / 8,
        "w": rng.normal(size=(hidden, 10)) / 8,
        "b": rng.normal(size=10) / 8,
        "y": labels,
        "lamda": 1e-3,
    }
    compare("mlp", inputs, 1.0)
    value, _ = module("mlp").value_and_grad(**inputs)
    assert value == module("mlp").forward(**inputs)[0]
