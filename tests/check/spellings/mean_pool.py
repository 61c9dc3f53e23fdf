"""Right backward passes of mean pooling, as they are written."""

import numpy as np


def broadcast(dout, x):
    return np.broadcast_to(dout[:, None, :] / x.shape[1], x.shape)


def ones(dout, x):
    return np.ones_like(x) * np.expand_dims(dout, 1) / x.shape[1]


def stacked(dout, x):
    return np.stack([dout / x.shape[1] for _ in range(x.shape[1])], axis=1)


def tiled(dout, x):
    T = x.shape[1]
    return {"x": np.tile(dout[:, np.newaxis], (1, T, 1)) * (1 / T)}
