"""Right backward passes of u = x W, as they are written."""

import numpy as np


def products(dout, x, W):
    return dout @ W.T, x.T @ dout


def three_loops(dout, x, W):
    N, D = x.shape
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for n in range(N):
        for d in range(D):
            for k in range(W.shape[1]):
                dx[n, d] += W[d, k] * dout[n, k]
                dW[d, k] += x[n, d] * dout[n, k]
    return {"x": dx, "W": dW}


def plain_lists(dout, x, W):
    g, a, w = dout.tolist(), x.tolist(), W.tolist()
    dx = [[sum(gk * wk for gk, wk in zip(row, wd)) for wd in w] for row in g]
    dW = [[sum(a[n][d] * g[n][k] for n in range(len(a))) for k in range(len(w[0]))]
          for d in range(len(w))]  # fmt: skip
    return dx, dW


def matrix_class(dout, x, W):
    return np.asarray(np.asmatrix(dout) * np.asmatrix(W).T), np.asmatrix(x).T * np.asmatrix(dout)
