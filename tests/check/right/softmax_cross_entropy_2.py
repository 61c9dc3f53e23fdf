import numpy as np


def backward(dL, z, y):
    N, J = z.shape
    onehot = np.zeros((N, J))
    onehot[np.arange(N), y] = 1
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    probs = e / np.sum(e, axis=1, keepdims=True)
    dz = (probs - onehot) * dL.reshape(-1, 1)
    return {"dz": dz}
