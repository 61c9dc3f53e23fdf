"""Right passes of a network of three layers, as they are written."""

import numpy as np
from scipy.special import erf


def gelu(u):
    cdf = 0.5 * (1 + erf(u / np.sqrt(2)))
    return u * cdf, cdf + u * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)


def normalize(u, eps=1e-5):
    std = np.sqrt(u.var(axis=1, keepdims=True) + eps)
    return (u - u.mean(axis=1, keepdims=True)) / std, std


def normalize_backward(g, hat, std):
    return (g - g.mean(1, keepdims=True) - hat * (g * hat).mean(1, keepdims=True)) / std


def loss_and_gradients(x, W, c, gain, bias, V, b, w, s, y):
    hat, std = normalize(x @ W + c)
    h, slope_h = gelu(gain * hat + bias)
    g, slope_g = gelu(h @ V + b)
    scores = g @ w + s
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    N = len(y)
    loss = -np.mean(np.log(p[np.arange(N), y]))
    grads = {}
    delta = p
    delta[np.arange(N), y] -= 1
    delta /= N
    grads["w"], grads["s"] = g.T @ delta, delta.sum(axis=0)
    delta = delta @ w.T * slope_g
    grads["V"], grads["b"] = h.T @ delta, delta.sum(axis=0)
    delta = delta @ V.T * slope_h
    grads["gain"], grads["bias"] = (delta * hat).sum(axis=0), delta.sum(axis=0)
    delta = normalize_backward(delta * gain, hat, std)
    grads["W"], grads["c"] = x.T @ delta, delta.sum(axis=0)
    return loss, grads
