import numpy as np


def backward(dout, x):
    best = x.max(axis=1, keepdims=True)
    mask = x == best
    dx = mask * dout[:, np.newaxis, :]
    return {"x": dx}
