import numpy as np


def forward(x, W, c):
    u = x @ W + c
    return u, (x, W)


def backward(du, cache):
    x, W = cache
    dx = du @ W.T
    dW = x.T @ du
    dc = np.sum(du, axis=0)
    return dx, dW, dc
