import numpy as np


def forward(u):
    h = np.tanh(u)
    return h, h


def backward(dout, cache):
    h = cache
    du = dout * (1 - h**2)
    return {"u": du}
