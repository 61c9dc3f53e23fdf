import numpy as np


def backward(dout, z):
    e = np.exp(z)
    p = e / e.sum(axis=1, keepdims=True)
    dz = dout - p * dout.sum(axis=1, keepdims=True)
    return {"z": dz}
