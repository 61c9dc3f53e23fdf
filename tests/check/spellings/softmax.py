"""Right backward passes of softmax, as they are written."""

import numpy as np
from scipy.special import softmax


def whole_jacobian(dp, z):
    dz = np.zeros_like(z)
    for n in range(len(z)):
        p = softmax(z[n]).reshape(-1, 1)
        J = np.diagflat(p) - np.dot(p, p.T)
        dz[n] = J @ dp[n]
    return dz


def batch_of_jacobians(dout, z):
    p = softmax(z, axis=-1)
    J = p[:, :, None] * (np.eye(z.shape[-1]) - p[:, None, :])
    return np.einsum("nij,ni->nj", J, dout)


def along_an_axis(dout, z):
    p = np.apply_along_axis(lambda row: np.exp(row) / np.exp(row).sum(), 1, z)
    return p * dout - p * np.einsum("nj,nj->n", p, dout)[:, None]


def quotient_rule(dout, z):
    e = np.exp(z)
    s = e.sum(axis=1, keepdims=True)
    de = dout / s
    ds = -(dout * e / s**2).sum(axis=1, keepdims=True)
    de += ds
    return de * e


def double_loop(dout, z):
    p = softmax(z, axis=1)
    dz = np.zeros_like(z)
    N, C = z.shape
    for n in range(N):
        for i in range(C):
            for j in range(C):
                delta = 1 if i == j else 0
                dz[n, i] += dout[n, j] * p[n, j] * (delta - p[n, i])
    return dz
