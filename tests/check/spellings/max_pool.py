"""Right backward passes of max pooling, as they are written."""

import numpy as np


def mask_of_the_largest(dout, x):
    mask = x == x.max(axis=1, keepdims=True)
    return mask * dout[:, None, :]


def put_along_axis(dout, x):
    at = np.argmax(x, axis=1)[:, None, :]
    dx = np.zeros_like(x)
    np.put_along_axis(dx, at, dout[:, None, :], axis=1)
    return dx


def open_grid(dout, x):
    N, T, D = x.shape
    dx = np.zeros((N, T, D))
    n, d = np.ogrid[:N, :D]
    dx[n, x.argmax(axis=1), d] += dout
    return {"x": dx}


def running_largest(dout, x):
    dx = np.zeros_like(x)
    for n in range(x.shape[0]):
        for d in range(x.shape[2]):
            best, place = -np.inf, 0
            for t in range(x.shape[1]):
                if x[n, t, d] > best:
                    best, place = x[n, t, d], t
            dx[n, place, d] = dout[n, d]
    return dx
