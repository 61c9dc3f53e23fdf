import numpy as np


def backward(dout, Q, K, V):
    d = Q.shape[-1]
    s = Q @ K.swapaxes(-1, -2) / np.sqrt(d)
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    dV = p.swapaxes(-1, -2) @ dout
    dp = dout @ V.swapaxes(-1, -2)
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
    dQ = ds @ K / np.sqrt(d)
    dK = ds.swapaxes(-1, -2) @ Q / np.sqrt(d)
    return dQ, dK, dV
