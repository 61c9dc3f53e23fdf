import numpy as np


def backward(dout, x):
    T = x.shape[1]
    dx = np.repeat(dout[:, None, :], T, axis=1) / T
    return {"x": dx}
