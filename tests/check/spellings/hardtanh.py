"""Right backward passes of the hard tanh, as they are written."""

import numpy as np


def between(dout, u):
    return dout * ((u > -1) & (u < 1))


def absolute(dout, u):
    return np.where(abs(u) >= 1, 0.0, dout)


def clipped(dout, u):
    du = dout.copy()
    du[u != np.clip(u, -1, 1)] = 0
    return du
