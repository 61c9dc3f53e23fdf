import numpy as np


def forward(x, W, s0, U, b):
    N, T, _ = x.shape
    h = np.zeros((N, T, U.shape[0]))
    s = s0
    for t in range(T):
        s = np.tanh(x[:, t] @ W + s @ U + b)
        h[:, t] = s
    return h, (x, W, s0, U, h)


def backward(dh, cache):
    x, W, s0, U, h = cache
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(U.shape[0])
    ds = np.zeros_like(s0)
    for t in reversed(range(x.shape[1])):
        ds = ds + dh[:, t]
        da = ds * (1 - h[:, t] ** 2)
        before = h[:, t - 1] if t else s0
        dx[:, t] = da @ W.T
        dW += x[:, t].T @ da
        dU += before.T @ da
        db += da.sum(0)
        ds = da @ U.T
    return {"x": dx, "W": dW, "s0": ds, "U": dU, "b": db}
