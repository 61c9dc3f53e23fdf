import numpy as np


def loss(x, t):
    N = x.shape[0]
    diff = x - t
    value = np.mean(diff**2)
    dx = np.zeros_like(x)
    for n in range(N):
        dx[n] = 2 * diff[n] / N
    return value, {"x": dx}
