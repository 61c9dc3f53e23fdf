"""Right backward passes of the logistic function, as they are written."""

import numpy as np


def sigmoid(u):
    return 1.0 / (1.0 + np.exp(-u))


def forward(u):
    out = sigmoid(u)
    return out, out


def sigmoid_prime(u):
    return sigmoid(u) * (1 - sigmoid(u))


def helpers(dout, u):
    return dout * sigmoid_prime(u)


def from_the_output(dout, cache):
    return dout * cache * (1.0 - cache)


def by_exponentials(dout, u):
    e = np.exp(-u)
    return dout * e / (1 + e) ** 2


def by_cosh(dout, u):
    return 0.25 * dout / np.cosh(u / 2) ** 2


def from_a_tuple(dout, u):
    s = 0.5 * (1 + np.tanh(0.5 * u))
    return (dout * (s - s * s),)
