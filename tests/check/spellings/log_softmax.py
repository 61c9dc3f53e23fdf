"""Right backward passes of log-softmax, as they are written."""

import numpy as np
from scipy.special import log_softmax


def exponential_of_the_output(dout, z):
    out = log_softmax(z, axis=-1)
    return dout - np.exp(out) * dout.sum(axis=-1, keepdims=True)


def step_by_step(dout, z):
    m = z.max(axis=1, keepdims=True)
    e = np.exp(z - m)
    s = e.sum(axis=1, keepdims=True)
    dz = dout.copy()
    dlog = -dout.sum(axis=1, keepdims=True)
    ds = dlog / s
    dz += ds * e
    return {"z": dz}
