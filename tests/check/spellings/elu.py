"""Right backward passes of the exponential linear unit, as they are written."""

import numpy as np


def forward(u, alpha):
    h = np.where(u > 0, u, alpha * (np.exp(np.minimum(u, 0)) - 1))
    return h, (h, alpha)


def from_the_output(dout, cache):
    h, alpha = cache
    return dout * np.where(h > 0, 1, h + alpha)


def piecewise(dout, u, alpha):
    return dout * np.piecewise(u, [u > 0], [1.0, lambda v: alpha * np.exp(v)])
