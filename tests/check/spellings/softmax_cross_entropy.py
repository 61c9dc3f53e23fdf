"""Right backward passes of softmax cross-entropy with labels, as they are written."""

import numpy as np


def one_hot(y, classes):
    return np.eye(classes)[y]


def stable_softmax(z):
    e = np.exp(z - np.max(z, axis=1)[:, None])
    return e / np.sum(e, axis=1)[:, None]


def helpers(dL, z, y):
    return (stable_softmax(z) - one_hot(y, z.shape[1])) * dL.reshape(-1, 1)


def by_comparison(dout, z, y):
    p = stable_softmax(z)
    return dout[:, None] * (p - (y[:, None] == np.arange(z.shape[1])[None, :]))


def through_the_probabilities(dL, z, y):
    p = stable_softmax(z)
    dp = np.zeros_like(p)
    rows = np.arange(len(y))
    dp[rows, y] = -dL / p[rows, y]
    return p * (dp - np.sum(dp * p, axis=1, keepdims=True))


def put_along_axis(dL, z, y):
    dz = stable_softmax(z)
    at = y[:, None]
    np.put_along_axis(dz, at, np.take_along_axis(dz, at, axis=1) - 1, axis=1)
    return dz * dL[:, np.newaxis]


def subtract_at(dL, z, y):
    dz = stable_softmax(z)
    np.subtract.at(dz, (range(len(y)), y), 1)
    return (dz.T * dL).T


def minus_the_other_way(dL, z, y):
    target = np.zeros(z.shape)
    target[np.arange(z.shape[0]), y] = 1.0
    return -(target - stable_softmax(z)) * dL[:, None]


def class_by_class(dL, z, y):
    N, C = z.shape
    dz = np.zeros((N, C))
    for i in range(N):
        scores = z[i] - np.max(z[i])
        total = np.sum(np.exp(scores))
        for j in range(C):
            p = np.exp(scores[j]) / total
            if j == y[i]:
                dz[i, j] = (p - 1) * dL[i]
            else:
                dz[i, j] = p * dL[i]
    return dz


def in_single_precision(dL, z, y):
    z = z.astype("float32")
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p * dL.astype("float32")[:, None]
