"""The same layers by hand in NumPy, as students of CS231n write them; each returns
(output, *gradients)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[Any]


def mlp(X: Array, W: Array, b: Array, W2: Array, b2: Array, y: Array, reg: float) -> Any:
    """The loss and the gradients of W, b, W2 and b2."""
    num_examples = X.shape[0]

    # forward pass: scores and class probabilities
    hidden = np.maximum(0, X.dot(W) + b)
    scores = hidden.dot(W2) + b2
    scores -= np.max(scores, axis=1, keepdims=True)
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

    # loss: average cross-entropy and regularization
    correct_logprobs = -np.log(probs[range(num_examples), y])
    data_loss = np.sum(correct_logprobs) / num_examples
    reg_loss = 0.5 * reg * np.sum(W * W) + 0.5 * reg * np.sum(W2 * W2)
    loss = data_loss + reg_loss

    # backward pass: gradient of the scores, then of every parameter
    dscores = probs
    dscores[range(num_examples), y] -= 1
    dscores /= num_examples
    dW2 = hidden.T.dot(dscores)
    db2 = np.sum(dscores, axis=0)
    dhidden = dscores.dot(W2.T)
    dhidden[hidden <= 0] = 0
    dW = X.T.dot(dhidden)
    db = np.sum(dhidden, axis=0)
    dW2 += reg * W2
    dW += reg * W
    return loss, dW, db, dW2, db2


def softmax_cross_entropy(scores: Array, y: Array, dloss: Array) -> Any:
    """The loss of each row and the gradient of the scores."""
    num_examples = scores.shape[0]
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    loss = -np.log(probs[range(num_examples), y])
    dscores = probs
    dscores[range(num_examples), y] -= 1
    dscores *= dloss[:, None]
    return loss, dscores


def relu(x: Array, dout: Array) -> Any:
    """The output and the gradient of x."""
    out = np.maximum(0, x)
    dx = dout.copy()
    dx[x <= 0] = 0
    return out, dx


def gelu(x: Array, dout: Array) -> Any:
    """The output and the gradient of x."""
    phi = 0.5 * (1 + erf(x / 2**0.5))
    density = np.exp(-0.5 * x * x) / (2 * np.pi) ** 0.5
    return x * phi, dout * (phi + x * density)


def layer_norm(x: Array, gamma: Array, beta: Array, dout: Array) -> Any:
    """The output and the gradients of x, gamma and beta."""
    D = x.shape[1]
    mu = np.mean(x, axis=1, keepdims=True)
    var = np.var(x, axis=1, keepdims=True)
    std = np.sqrt(var + 1e-5)
    xhat = (x - mu) / std
    out = gamma * xhat + beta
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    sums = np.sum(dxhat, axis=1, keepdims=True)
    dots = np.sum(dxhat * xhat, axis=1, keepdims=True)
    dx = (D * dxhat - sums - xhat * dots) / (D * std)
    return out, dx, dgamma, dbeta


def attention(Q: Array, K: Array, V: Array, dout: Array) -> Any:
    """The output and the gradients of Q, K and V."""
    scale = Q.shape[-1] ** 0.5
    scores = Q @ K.swapaxes(-1, -2) / scale
    scores -= np.max(scores, axis=-1, keepdims=True)
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=-1, keepdims=True)
    out = probs @ V
    dV = probs.swapaxes(-1, -2) @ dout
    dprobs = dout @ V.swapaxes(-1, -2)
    dscores = probs * (dprobs - np.sum(dprobs * probs, axis=-1, keepdims=True)) / scale
    return out, dscores @ K, dscores.swapaxes(-1, -2) @ Q, dV
