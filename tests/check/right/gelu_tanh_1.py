import numpy as np


def backward(dout, u):
    k = np.sqrt(2 / np.pi)
    inner = k * (u + 0.044715 * u**3)
    t = np.tanh(inner)
    dinner = k * (1 + 3 * 0.044715 * u**2)
    slope = 0.5 * (1 + t) + 0.5 * u * (1 - t**2) * dinner
    du = dout * slope
    return {"u": du}
