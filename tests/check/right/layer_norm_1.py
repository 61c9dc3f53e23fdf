import numpy as np


def forward(x, gain, bias):
    mu = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    inv = 1 / np.sqrt(var + 1e-5)
    xhat = (x - mu) * inv
    return gain * xhat + bias, (xhat, inv, gain)


def backward(dout, cache):
    xhat, inv, gain = cache
    D = xhat.shape[1]
    dbias = dout.sum(axis=0)
    dgain = (dout * xhat).sum(axis=0)
    dxhat = dout * gain
    s1 = dxhat.sum(axis=1, keepdims=True)
    s2 = (dxhat * xhat).sum(axis=1, keepdims=True)
    dx = inv / D * (D * dxhat - s1 - xhat * s2)
    return dx, dgain, dbias
