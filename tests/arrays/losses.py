"""Losses as in a course on networks, whole networks among them."""

import numpy as np
from scipy.special import log_softmax, logsumexp


def softmax_loss(x: "N C", y: "N: C"):
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    return loss, probs


def softmax_loss_by_probabilities(x: "N C", y: "N: C"):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(x)), y]))


def softmax_loss_by_one_hot(x: "N C", y: "N: C"):
    N, C = x.shape
    p = np.exp(x) / np.exp(x).sum(axis=1)[:, None]
    onehot = np.zeros((N, C))
    onehot[np.arange(N), y] = 1
    return -(onehot * np.log(p)).sum() / N


def softmax_loss_by_eye(x: "N C", y: "N: C"):
    t = np.eye(x.shape[1])[y]
    return np.mean(-np.sum(t * log_softmax(x, axis=1), axis=1))


def softmax_loss_by_logsumexp(x: "N C", y: "N: C"):
    correct = x[range(x.shape[0]), y]
    return (logsumexp(x, axis=1) - correct).mean()


def svm_loss(x: "N C", y: "N: C"):
    N = x.shape[0]
    correct_class_scores = x[np.arange(N), y]
    margins = np.maximum(0, x - correct_class_scores[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    return loss


def svm_loss_linear(W: "D C", X: "N D", y: "N: C", reg: ""):
    num_train = X.shape[0]
    scores = X.dot(W)
    correct = scores[np.arange(num_train), y].reshape(-1, 1)
    margin = np.maximum(0, scores - correct + 1)
    margin[np.arange(num_train), y] = 0
    loss = margin.sum() / num_train
    loss += reg * np.sum(W * W)
    return loss


def affine(x, w, b):
    out = x @ w + b
    return out, (x, w, b)


def affine_relu(x, w, b):
    a, fc_cache = affine(x, w, b)
    out = np.maximum(a, 0)
    return out, (fc_cache, a)


def two_layer_net(X: "N D", y: "N: C", W1: "D H", b1: "H", W2: "H C", b2: "C", reg: ""):
    hidden, cache1 = affine_relu(X, W1, b1)
    scores, cache2 = affine(hidden, W2, b2)
    N = X.shape[0]
    scores -= np.max(scores, axis=1, keepdims=True)
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    data_loss = np.sum(-np.log(probs[np.arange(N), y])) / N
    reg_loss = 0.5 * reg * np.sum(W1 * W1) + 0.5 * reg * np.sum(W2 * W2)
    loss = data_loss + reg_loss
    return loss, {"hidden": hidden}


def three_layer_net(X: "N D", y: "N: C", W1: "D H", W2: "H M", W3: "M C"):
    h1 = np.maximum(0, X.dot(W1))
    h2 = np.maximum(0, h1.dot(W2))
    scores = h2.dot(W3)
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - scores[np.arange(len(y)), y])


def mean_squared_error(x: "N D", w: "D", b: "", t: "N"):
    residual = x @ w + b - t
    return np.mean(residual**2)


def binary_cross_entropy(z: "N", t: "N"):
    p = 1 / (1 + np.exp(-z))
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def huber(x: "N", t: "N"):
    d = np.abs(x - t)
    small = d <= 1
    return np.sum(np.where(small, 0.5 * d**2, d - 0.5))


def ridge(X: "N D", w: "D", t: "N", lam: ""):
    return 0.5 * np.linalg.norm(X.dot(w) - t) ** 2 + lam * np.linalg.norm(w) ** 2


def lasso(X: "N D", w: "D", t: "N", lam: ""):
    r = X @ w - t
    return r.dot(r) / (2 * r.size) + lam * np.abs(w).sum()


def triplet(a: "N D", p: "N D", n: "N D", margin=0.2):
    near = ((a - p) ** 2).sum(axis=1)
    far = ((a - n) ** 2).sum(axis=1)
    return np.maximum(near - far + margin, 0).mean()


def contrastive(u: "N D", v: "N D", tau: ""):
    u = u / np.linalg.norm(u, axis=1, keepdims=True)
    v = v / np.linalg.norm(v, axis=1, keepdims=True)
    logits = u @ v.T / tau
    N = logits.shape[0]
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -np.mean(np.diag(log_p))


def captioning_loss(x: "N T V", y: "N T: V", mask: "N T"):
    probs = np.exp(x - np.max(x, axis=2, keepdims=True))
    probs /= np.sum(probs, axis=2, keepdims=True)
    picked = np.take_along_axis(probs, y[:, :, None], axis=2)[:, :, 0]
    return -np.sum(mask * np.log(picked)) / x.shape[0]


def kl(p: "N C", q: "N C"):
    log_p = log_softmax(p, axis=-1)
    log_q = log_softmax(q, axis=-1)
    return np.sum(np.exp(log_p) * (log_p - log_q), axis=-1).mean()


def gram_style(x: "H W C", target: "C C"):
    gram = np.tensordot(x, x, axes=((0, 1), (0, 1)))
    gram = gram / x.size
    return np.sum((gram - target) ** 2)


def total_variation(x: "N", mask: "N"):
    m = (mask > 0).astype(float)
    return np.sqrt(np.sum(m * x**2)) / np.maximum(m.sum(), 1)
