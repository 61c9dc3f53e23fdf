"""Right backward passes of a bilinear layer, as they are written."""

import numpy as np


def output_by_output(dout, x, W, v, b):
    dx, dv, dW = np.zeros_like(x), np.zeros_like(v), np.zeros_like(W)
    for k in range(W.shape[0]):
        g = dout[:, k : k + 1]
        dx += g * (v @ W[k].T)
        dv += g * (x @ W[k])
        dW[k] = (g * x).T @ v
    return {"x": dx, "W": dW, "v": dv, "b": dout.sum(axis=0)}


def example_by_example(dout, x, W, v, b):
    dx = np.array([np.tensordot(g, W, 1) @ e for g, e in zip(dout, v)])
    dv = np.array([a @ np.tensordot(g, W, 1) for g, a in zip(dout, x)])
    dW = sum(np.multiply.outer(g, np.outer(a, e)) for g, a, e in zip(dout, x, v))
    db = sum(dout)
    return {"dW": dW, "db": db, "dx": dx, "dv": dv}
