"""Right backward passes of cross-entropy with a distribution as target, as they are written."""

import numpy as np


def softmax_minus_target(dL, t, z):
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    return (p - t) * dL[:, None]


def through_logarithms(dL, t, z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    dlogp = -t * dL[:, None]
    dp = dlogp / p
    return {"z": p * (dp - (dp * p).sum(axis=1, keepdims=True))}
