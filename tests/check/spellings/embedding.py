"""Right backward passes of an embedding, as they are written."""

import numpy as np


def one_hot_product(dout, y, E):
    return np.eye(E.shape[0])[y].T @ dout


def word_by_word(dout, y, E):
    dE = np.zeros(E.shape)
    for n, word in enumerate(y):
        dE[word] += dout[n]
    return dE


def counted(dout, y, E):
    columns = [np.bincount(y, weights=dout[:, d], minlength=len(E)) for d in range(E.shape[1])]
    return np.column_stack(columns)


def masks(dout, y, E):
    return {"E": np.array([dout[y == v].sum(axis=0) for v in range(E.shape[0])])}
