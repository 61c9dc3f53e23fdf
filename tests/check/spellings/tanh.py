"""Right backward passes of tanh, as they are written."""

import numpy as np


def squared(dout, u):
    t = np.tanh(u)
    return dout * (1 - np.square(t))


def difference_of_squares(dout, u):
    t = np.tanh(u)
    return dout * (1 - t) * (1 + t)


def by_cosh(dout, u):
    return dout / np.cosh(u) ** 2


def step_by_step(dout, u):
    a, b = np.exp(u), np.exp(-u)
    num, den = a - b, a + b
    dnum = dout / den
    dden = -dout * num / den**2
    da = dnum + dden
    db = dden - dnum
    return da * a - db * b
