import numpy as np


def backward(dL, y, z):
    N, J = z.shape
    dz = np.zeros_like(z)
    for n in range(N):
        for j in range(J):
            if j == y[n]:
                continue
            margin = z[n, j] - z[n, y[n]] + 1
            if margin > 0:
                dz[n, j] += dL[n]
                dz[n, y[n]] -= dL[n]
    return {"z": dz}
