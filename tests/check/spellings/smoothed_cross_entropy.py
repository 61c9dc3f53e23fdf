"""Right backward passes of cross-entropy with smoothed labels, as they are written."""

import numpy as np


def smooth_target(dL, z, y, a):
    C = z.shape[1]
    target = np.full(z.shape, a / C)
    target[np.arange(len(y)), y] += 1 - a
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return (p - target) * dL[:, None]


def two_parts(dL, z, y, a):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    hard = p - np.eye(z.shape[1])[y]
    soft = p - 1 / z.shape[1]
    return dL[:, None] * ((1 - a) * hard + a * soft)
