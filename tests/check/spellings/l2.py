"""Right passes of the regularisation term, as they are written."""

import numpy as np


def half_square(W, lamda):
    reg = 0.5 * lamda * np.sum(np.square(W))
    return reg, {"dW": lamda * W}


def two_halves(W, lamda):
    return 2 * W * (lamda / 2)


def norm(dR, W, lamda):
    length = np.linalg.norm(W)
    return dR * lamda * length * W / length
