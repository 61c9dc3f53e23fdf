"""Right backward passes of the logarithm of a sum of exponentials, as they are written."""

import numpy as np
from scipy.special import logsumexp


def by_the_output(dout, z):
    s = logsumexp(z, axis=1, keepdims=True)
    return dout[:, None] * np.exp(z - s)


def row_by_row(ds, z):
    return np.array([g * np.exp(row) / np.sum(np.exp(row)) for g, row in zip(ds, z)])
