import numpy as np


def loss_and_grad(x, W, c, w, b, y, lamda):
    N = x.shape[0]
    dW, dc, dw, db = np.zeros_like(W), np.zeros_like(c), np.zeros_like(w), np.zeros_like(b)
    loss = 0.0
    for n in range(N):
        u = x[n] @ W + c
        h = np.maximum(u, 0)
        z = h @ w + b
        e = np.exp(z - z.max())
        p = e / e.sum()
        loss -= np.log(p[y[n]]) / N
        dz = p.copy()
        dz[y[n]] -= 1
        dz /= N
        dw += np.outer(h, dz)
        db += dz
        dh = w @ dz
        du = dh * (u > 0)
        dW += np.outer(x[n], du)
        dc += du
    loss += lamda / 2 * (np.sum(W**2) + np.sum(w**2))
    dW += lamda * W
    dw += lamda * w
    return loss, dW, dc, dw, db
