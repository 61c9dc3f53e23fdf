import numpy as np


def backward(dout, z):
    e = np.exp(z)
    s = e.sum(axis=1, keepdims=True)
    de = dout / s
    ds = -(dout * e).sum(axis=1, keepdims=True) / s**2
    de = de + ds
    dz = de * e
    return {"z": dz}
