"""Right backward passes of binary cross-entropy, as they are written."""

import numpy as np


def through_the_probability(dL, z, t):
    p = 1 / (1 + np.exp(-z))
    dp = dL * (-t / p + (1 - t) / (1 - p))
    return dp * p * (1 - p)


def by_tanh(dout, z, t):
    return dout * (0.5 + 0.5 * np.tanh(z / 2) - t)


def two_terms(dL, z, t):
    first = -t / (1 + np.exp(z))
    second = (1 - t) * (1 - 1 / (1 + np.exp(z)))
    return np.multiply(dL, first + second)
