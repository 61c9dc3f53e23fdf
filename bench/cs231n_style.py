"""One training step of the two-layer perceptron by hand, as CS231n students write it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def step(
    X: Array, W: Array, b: Array, W2: Array, b2: Array, y: Array, reg: float
) -> tuple[Any, tuple[Array, Array, Array, Array]]:
    """Return the loss and the gradients of W, b, W2 and b2."""
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
    return loss, (dW, db, dW2, db2)
