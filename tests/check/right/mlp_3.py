import numpy as np


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_backward(dout, cache):
    x = cache
    return dout * (x > 0)


def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_z = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_probs = shifted - log_z
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def value_and_grad(x, W, c, w, b, y, lamda):
    a1 = x.dot(W) + c
    r1 = np.maximum(a1, 0)
    scores = r1.dot(w) + b
    loss, dscores = softmax_loss(scores, y)
    loss += 0.5 * lamda * (np.sum(W**2) + np.sum(w**2))
    dr1, dw, db = affine_backward(dscores, (r1, w, b))
    da1 = relu_backward(dr1, a1)
    dx, dW, dc = affine_backward(da1, (x, W, c))
    dw = dw + lamda * w
    dW = dW + lamda * W
    return loss, {"W": dW, "c": dc, "w": dw, "b": db}
