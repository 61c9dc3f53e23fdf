import numpy as np


def loss(x, W, c, w, b, y, lamda):
    N = x.shape[0]
    hidden = np.maximum(0, x.dot(W) + c)
    scores = hidden.dot(w) + b
    scores -= np.max(scores, axis=1, keepdims=True)
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    data_loss = np.sum(-np.log(probs[range(N), y])) / N
    reg_loss = 0.5 * lamda * np.sum(W * W) + 0.5 * lamda * np.sum(w * w)
    loss = data_loss + reg_loss
    grads = {}
    dscores = probs
    dscores[range(N), y] -= 1
    dscores /= N
    grads["w"] = np.dot(hidden.T, dscores)
    grads["b"] = np.sum(dscores, axis=0)
    dhidden = np.dot(dscores, w.T)
    dhidden[hidden <= 0] = 0
    grads["W"] = np.dot(x.T, dhidden)
    grads["c"] = np.sum(dhidden, axis=0)
    grads["w"] += lamda * w
    grads["W"] += lamda * W
    return loss, grads
