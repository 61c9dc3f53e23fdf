import numpy as np


def backward(dL, x, t, delta):
    r = x - t
    small = np.abs(r) <= delta
    slope = np.where(small, r, delta * np.sign(r))
    dx = dL * slope
    return {"x": dx}
