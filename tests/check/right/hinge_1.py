import numpy as np


def backward(dL, y, z):
    N = z.shape[0]
    right = z[np.arange(N), y][:, None]
    margins = z - right + 1
    mask = (margins > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    dz = mask * dL[:, None]
    return {"z": dz}
