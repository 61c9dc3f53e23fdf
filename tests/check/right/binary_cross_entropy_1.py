import numpy as np


def backward(dL, z, t):
    s = 1 / (1 + np.exp(-z))
    dz = (s - t) * dL
    return {"z": dz}
