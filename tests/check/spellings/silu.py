"""Right backward passes of u sigmoid(u), as they are written."""

import numpy as np


def by_the_output(dout, u):
    s = 1 / (1 + np.exp(-u))
    h = u * s
    return dout * (h + s * (1 - h))


def product_rule(dout, u):
    s = 1 / (1 + np.exp(-u))
    du = dout * s
    ds = dout * u
    du += ds * s * (1 - s)
    return du
