"""Single traps of NumPy: broadcasting, axes, keepdims, labels, masks, versions, memory."""

import math as unused  # noqa: F401

import numpy
import numpy as np
import numpy.linalg as la
from numpy import exp, newaxis


def row_and_column(a: "N", b: "D"):
    return a[:, None] - b[None, :] * b


def column_against_row(a: "N 1", b: "D"):
    return a * b + 2


def scalar_of_all(x: "N D", s: ""):
    return x * s - s**2 + x.sum() / x.size


def nested_reductions(x: "N D"):
    return (x - x.mean(axis=0)).max(axis=1).sum() + x.min()


def negative_axes(x: "N T D"):
    return x.sum(axis=-2) * x.mean(axis=(-1, 0), keepdims=True)[0, :, 0][None, :].sum()


def kept_dims(x: "N D"):
    top = x.max(axis=1, keepdims=True)
    low = np.min(x, axis=0, keepdims=True)
    return x / (1 + top**2) + low


def transposes(a: "N D", b: "D N"):
    c = a.T
    return c * b + np.transpose(a, (1, 0)) @ a @ b


def moved(x: "A B C"):
    return np.moveaxis(x, 0, -1) + np.swapaxes(x.transpose(2, 1, 0), 0, 1)


def expanded(x: "N D"):
    y = np.expand_dims(x, axis=1)
    z = np.squeeze(y, axis=1).reshape(x.shape[0], 1, -1)
    return (y + z).sum(axis=1)


def gram(x: "N D"):
    g = x @ x.T
    return g @ g + np.eye(len(x))


def distances(x: "N D", c: "K D"):
    d2 = ((x[:, None, :] - c[None, :, :]) ** 2).sum(axis=2)
    return np.sqrt(d2)


def distances_by_products(x: "N D", c: "K D"):
    xx = np.sum(x**2, axis=1)[:, np.newaxis]
    return xx - 2 * x.dot(c.T) + np.sum(c**2, axis=1)


def bilinear(x: "N I", A: "K I J", y: "N J"):
    return np.einsum("ni,kij,nj->nk", x, A, y)


def einsum_implicit(a: "I J", b: "J K"):
    return np.einsum("ij,jk", a, b) + np.einsum("ij,jk->ik", a, b)


def einsum_diagonal(a: "N N", b: "N"):
    return np.einsum("ii,i->i", a, b) + np.trace(a) + np.einsum("ii", a)


def einsum_dots(x: "B T D", W: "D K"):
    return np.einsum("...d,dk->...k", x, W)


def vectors(a: "N", b: "N", c: "M"):
    return np.outer(a, c) * np.dot(a, b) + np.inner(b, a) * (a @ b)


def matrix_vector(A: "N M", v: "M", u: "N"):
    return (A @ v) * (u @ A).sum() + np.dot(A, v)


def dot_of_three_axes(a: "A B C", b: "D C E"):
    return np.dot(a, b)


def matmul_broadcast(a: "B N M", w: "M K"):
    return np.matmul(a, w) @ w.T


def labels_nested(E: "V D", t: "N: V", y: "N: D"):
    rows = E[t]
    return rows[np.arange(len(t)), y]


def labels_on_columns(x: "N D", y: "K: D"):
    return x[:, y] * 2


def labels_compared(x: "N C", y: "N: C"):
    hit = y[:, None] == np.arange(x.shape[1])
    return np.where(hit, 0, x).sum(axis=1) + (x * ~hit).max(axis=1)


def labels_alike(y: "N: C", x: "N", w: "C"):
    same = y[:, None] == y[None, :]
    return same @ x + w[y]


def add_at_labels(x: "N C", y: "N: C", t: "N"):
    s = x * 1.0
    s[np.arange(x.shape[0]), y] -= 1
    s[np.arange(x.shape[0]), y] *= t
    s /= x.shape[0]
    return s


def masks(x: "N D", y: "N D"):
    inside = (x > 0) & (x < 1) | (y >= 2)
    outside = np.logical_not(inside)
    return inside * x + outside * y**2 + (x != y)


def mask_counts(x: "N D"):
    m = x > 0
    return m.sum(axis=1) + m.mean() * np.count_nonzero(x < -1, axis=1)


def clipped_below(x: "N D"):
    h = x - 0.5
    h[h < 0] *= 0.1
    h[h > 1] = 1
    return h


def versions(x: "N"):
    y = x + 1
    y = y * 2
    y += x
    y **= 2
    return y


def diagonal_set(a: "N N"):
    b = a + 0.0
    b[np.arange(a.shape[0]), np.arange(a.shape[0])] = 0
    return b


def copies(x: "N D"):
    y = x.copy()
    y -= x.mean(axis=0)
    z = np.array(y)
    z *= 2
    return y * z + x


def full_slices(x: "N D", b: "D"):
    out = np.zeros_like(x)
    out[:] = x
    out[...] += b
    out[:, :] *= 2
    return out


def names_of_words(x: "N D"):
    sum = x.sum(axis=1)
    size = x.shape[1]
    max = x.max(axis=1)
    dx = sum / size - max
    return dx


def small_letters(x: "n d", n: "d"):
    d = x * n
    return d.sum(axis=1)


def imports(x: "N D"):
    return exp(x)[:, newaxis, :].sum(axis=1) / la.norm(x, axis=1, keepdims=True) + numpy.log(2)


def norms(x: "N D"):
    one = np.linalg.norm(x, ord=1, axis=1)
    return one + np.linalg.norm(x, np.inf, 1) + np.linalg.norm(x) + np.linalg.norm(x, axis=-1)


def spread_out(x: "N D"):
    return np.std(x, axis=0, ddof=1) + np.var(x) + x.var(1)[:, None].mean()


def constants(x: "N"):
    scale = 2.0 / 3
    shift = -scale
    return scale * x + shift + np.pi - 1e-3 + 7 / 2 + np.e


def powers(x: "N"):
    return np.abs(x) ** 0.5 + 2**x + (-x) ** 2 - -(x**3) + np.power(x, 2) / 2**2


def signs_and_logs(x: "N"):
    return np.sign(x) + np.log2(1 + x**2) - np.log10(2 + x**2) + np.logaddexp(x, 0)


def shapes_of_others(x: "N D", W: "D K"):
    ones = np.ones((x.shape[0], W.shape[1]))
    full = np.full((x.shape[0],), 0.5)
    return ones * full[:, None] + x @ W + np.ones_like(x).sum()


def triangles(a: "N N"):
    return np.tril(a) - np.triu(a, 1) + np.tril(a > 0, -1)


def lower(x):
    x = x * 2
    return x.sum(axis=0)


def helper_twice(x: "N D", y: "N D"):
    return lower(x) - lower(y) * lower(x + y)
