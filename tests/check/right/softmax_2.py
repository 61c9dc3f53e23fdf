import numpy as np


def backward(dout, z):
    dz = np.zeros_like(z)
    for n in range(z.shape[0]):
        e = np.exp(z[n])
        p = e / e.sum()
        J = np.diag(p) - np.outer(p, p)
        dz[n] = J @ dout[n]
    return {"z": dz}
