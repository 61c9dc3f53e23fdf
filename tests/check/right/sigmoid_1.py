import numpy as np


def backward(dout, u):
    s = 1 / (1 + np.exp(-u))
    du = dout * s * (1 - s)
    return {"u": du}
