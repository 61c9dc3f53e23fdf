import numpy as np


def backward(dout, x, W, v, b):
    dx = np.einsum("nk,kde,ne->nd", dout, W, v)
    dW = np.einsum("nk,nd,ne->kde", dout, x, v)
    dv = np.einsum("nk,kde,nd->ne", dout, W, x)
    db = dout.sum(axis=0)
    return {"x": dx, "W": dW, "v": dv, "b": db}
