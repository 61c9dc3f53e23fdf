import numpy as np


def backward(dout, x, gain, bias):
    N, D = x.shape
    mu = x.mean(axis=1, keepdims=True)
    xc = x - mu
    var = np.mean(xc**2, axis=1, keepdims=True)
    std = np.sqrt(var + 1e-5)
    xhat = xc / std
    dgain = np.sum(dout * xhat, axis=0)
    dbias = np.sum(dout, axis=0)
    dxhat = dout * gain
    dstd = -np.sum(dxhat * xc, axis=1, keepdims=True) / std**2
    dvar = dstd / (2 * std)
    dxc = dxhat / std + 2 * xc * dvar / D
    dmu = -np.sum(dxc, axis=1, keepdims=True)
    dx = dxc + dmu / D
    return dx, dgain, dbias
