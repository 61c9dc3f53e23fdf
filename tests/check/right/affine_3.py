import numpy as np


def backward(dout, x, W, c):
    N, D = x.shape
    K = W.shape[1]
    dx, dW, dc = np.zeros_like(x), np.zeros_like(W), np.zeros_like(c)
    for n in range(N):
        for k in range(K):
            dc[k] += dout[n, k]
            for d in range(D):
                dx[n, d] += W[d, k] * dout[n, k]
                dW[d, k] += x[n, d] * dout[n, k]
    return {"dx": dx, "dW": dW, "dc": dc}
