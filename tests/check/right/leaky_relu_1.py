import numpy as np


def backward(dout, u, alpha):
    slope = np.where(u > 0, 1.0, alpha)
    du = dout * slope
    return {"u": du}
