"""Right backward passes of the rectified linear unit, as they are written."""

import numpy as np


def forward(u):
    return np.maximum(u, 0), (u, np.maximum(u, 0))


def in_place(dout, u):
    dout[u <= 0] = 0
    return dout


def copy_and_mask(dout, cache):
    u, _ = cache
    du = np.array(dout, copy=True)
    du[u < 0] = 0
    return du


def from_the_output(dout, cache):
    _, h = cache
    return np.multiply(dout, np.sign(h))


def where(dh, u):
    return np.where(u > 0, dh, 0)


def cast(dout, u):
    mask = (u > 0).astype(np.float32)
    return dout * mask


def entry_by_entry(dout, u):
    du = np.zeros(u.shape)
    for at in np.ndindex(*u.shape):
        if u[at] > 0:
            du[at] = dout[at]
    return du


def flat_list(dout, u):
    pairs = zip(dout.ravel().tolist(), u.ravel().tolist())
    return np.array([g if v > 0 else 0.0 for g, v in pairs]).reshape(u.shape)


def heaviside(g, u):
    return {"u": np.heaviside(u, 0.5) * g}


def logical(dout, u):
    return dout * np.logical_not(np.less_equal(u, 0))
