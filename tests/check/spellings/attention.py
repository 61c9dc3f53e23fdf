"""Right backward passes of attention, as they are written."""

import math

import numpy as np


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dp, p):
    return p * (dp - np.sum(p * dp, axis=-1, keepdims=True))


def forward(Q, K, V):
    scale = 1.0 / math.sqrt(K.shape[-1])
    p = softmax(scale * Q @ K.T)
    return p @ V, (Q, K, V, p, scale)


def helpers(dout, cache):
    Q, K, V, p, scale = cache
    ds = softmax_backward(dout @ V.T, p) * scale
    return {"dQ": ds @ K, "dK": ds.T @ Q, "dV": p.T @ dout}


def query_by_query(dout, Q, K, V):
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    root = np.sqrt(Q.shape[1])
    for i, q in enumerate(Q):
        p = softmax(K @ q / root)
        dV += np.outer(p, dout[i])
        dp = V @ dout[i]
        ds = p * (dp - p @ dp) / root
        dQ[i] = K.T @ ds
        dK += np.outer(ds, q)
    return dQ, dK, dV


def by_the_output(dout, Q, K, V):
    root = np.sqrt(Q.shape[-1])
    p = softmax(np.einsum("...qd,...kd->...qk", Q, K) / root)
    out = p @ V
    delta = np.sum(dout * out, axis=-1, keepdims=True)
    ds = p * (np.einsum("...qe,...ke->...qk", dout, V) - delta) / root
    dQ = np.einsum("...qk,...kd->...qd", ds, K)
    dK = np.einsum("...qk,...qd->...kd", ds, Q)
    return dQ, dK, np.einsum("...qk,...qe->...ke", p, dout)


def scaled_queries(dout, Q, K, V):
    q = Q * Q.shape[-1] ** -0.5
    p = softmax(np.matmul(q, np.swapaxes(K, -1, -2)))
    ds = softmax_backward(np.matmul(dout, np.swapaxes(V, -1, -2)), p)
    dq = np.matmul(ds, K)
    dK = np.matmul(np.swapaxes(ds, -1, -2), q)
    return dq * Q.shape[-1] ** -0.5, dK, np.matmul(np.swapaxes(p, -1, -2), dout)
