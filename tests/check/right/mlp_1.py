import numpy as np


def forward(x, W, c, w, b, y, lamda):
    u = x @ W + c
    h = np.maximum(0, u)
    z = h @ w + b
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    N = x.shape[0]
    loss = -np.log(p[np.arange(N), y]).mean()
    loss += lamda / 2 * (np.sum(W * W) + np.sum(w * w))
    return loss, (x, W, w, y, lamda, u, h, p)


def backward(cache):
    x, W, w, y, lamda, u, h, p = cache
    N = x.shape[0]
    dz = p.copy()
    dz[np.arange(N), y] -= 1
    dz /= N
    dw = h.T @ dz + lamda * w
    db = dz.sum(axis=0)
    dh = dz @ w.T
    du = dh * (u > 0)
    dW = x.T @ du + lamda * W
    dc = du.sum(axis=0)
    return dW, dc, dw, db
