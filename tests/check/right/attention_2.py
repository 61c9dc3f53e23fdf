import numpy as np


def backward(dout, Q, K, V):
    scale = 1 / np.sqrt(Q.shape[1])
    s = scale * np.einsum("qd,kd->qk", Q, K)
    e = np.exp(s)
    p = e / e.sum(axis=1, keepdims=True)
    dV = np.einsum("qk,qe->ke", p, dout)
    dp = np.einsum("qe,ke->qk", dout, V)
    total = np.einsum("qk,qk->q", dp, p)
    ds = p * (dp - total[:, None])
    dQ = scale * np.einsum("qk,kd->qd", ds, K)
    dK = scale * np.einsum("qk,qd->kd", ds, Q)
    return {"Q": dQ, "K": dK, "V": dV}
