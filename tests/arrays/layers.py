"""Layers as in a course on networks: activations, normalizations, dropout, embedding, attention."""

import numpy as np
from scipy.special import erf, expit

EPS = 1e-5


def affine(x: "N D", w: "D M", b: "M"):
    out = x.dot(w) + b
    cache = (x, w, b)
    return out, cache


def relu(x: "N D"):
    """The rectifier."""
    return np.maximum(0, x)


def relu_by_mask(x: "N D"):
    out = x.copy()
    out[x < 0] = 0
    return out


def leaky_relu(x: "N D", alpha=0.01):
    return np.where(x > 0, x, alpha * x)


def elu(x: "N D", alpha: ""):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def gelu(x: "N D"):
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


def gelu_tanh(x: "N D"):
    inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + np.tanh(inner))


def sigmoid(x: "N D"):
    return 1 / (1 + np.exp(-x))


def swish(x: "N D"):
    s = expit(x)
    return x * s


def softplus(x: "N D"):
    return np.log1p(np.exp(x))


def hard_tanh(x: "N D"):
    return np.clip(x, -1, 1)


def batchnorm_train(x: "N D", gamma: "D", beta: "D"):
    N, D = x.shape
    mean = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    x_hat = (x - mean) / np.sqrt(var + EPS)
    out = gamma * x_hat + beta
    cache = {"x": x, "x_hat": x_hat}
    return out, cache


def batchnorm_step_by_step(x: "N D", gamma: "D", beta: "D"):
    N, D = x.shape
    mu = 1.0 / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + 1e-5)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    return gammax + beta


def layernorm(x: "... D", gamma: "D", beta: "D"):
    mu = x.mean(axis=-1, keepdims=True)
    sigma = x.std(axis=-1, keepdims=True)
    return gamma * (x - mu) / (sigma + 1e-5) + beta


def layernorm_by_transpose(x: "N D", gamma: "D", beta: "D"):
    xt = x.T
    mu = xt.mean(axis=0)
    var = xt.var(axis=0)
    return (((xt - mu) / np.sqrt(var + EPS)).T) * gamma + beta


def rms_norm(x: "N D", g: "D"):
    return g * x / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + 1e-6)


def groupnorm(x: "N G C H W", gamma: "G C", beta: "G C"):
    mean = x.mean(axis=(2, 3, 4), keepdims=True)
    var = x.var(axis=(2, 3, 4), keepdims=True)
    x = (x - mean) / np.sqrt(var + 1e-5)
    return x * gamma[:, :, None, None] + beta[None, :, :, np.newaxis, np.newaxis]


def dropout(x: "N D", mask: "N D", p: ""):
    mask = mask / p
    return x * mask


def embedding(idx: "N T: V", W: "V D"):
    return W[idx]


def embedding_of_one(i: ": V", W: "V D", u: "D"):
    return np.tanh(W[i]) * u


def embedding_sum(idx: "N: V", W: "V D", scale: ""):
    rows = W[idx, :]
    return (rows * scale).sum(axis=0)


def rnn_step(x: "N D", prev_h: "N H", Wx: "D H", Wh: "H H", b: "H"):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h


def attention(q: "N T D", k: "N S D", v: "N S E"):
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    scores = scores - scores.max(axis=-1, keepdims=True)
    w = np.exp(scores)
    w = w / w.sum(axis=-1, keepdims=True)
    return w @ v


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def causal_attention(x: "T D", Wq: "D E", Wk: "D E", Wv: "D E"):
    T = len(x)
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    scores = np.einsum("te,se->ts", q, k) / np.sqrt(k.shape[1])
    mask = np.triu(np.ones((T, T)), k=1)
    scores = np.where(mask == 1, -1e9, scores)
    return softmax(scores) @ v


def multi_head(x: "B T D", Wq: "H D E", Wk: "H D E", Wv: "H D E", Wo: "H E D"):
    q = np.einsum("btd,hde->bhte", x, Wq)
    k = np.einsum("btd,hde->bhte", x, Wk)
    v = np.einsum("btd,hde->bhte", x, Wv)
    a = softmax(q @ np.swapaxes(k, -1, -2) / np.sqrt(Wq.shape[2]))
    return np.einsum("bhte,hed->btd", a @ v, Wo)


def max_over_time(x: "N T D"):
    return x.max(axis=1)


def mean_pool(x: "N C H W"):
    return x.mean(axis=(2, 3))


def gate(x: "N D", W: "D K", V: "D K"):
    return (x @ W) * expit(x @ V)
