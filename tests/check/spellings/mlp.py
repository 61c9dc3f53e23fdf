"""Right passes of a network of two layers, as they are written."""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def forward(x, W, c, w, b, y, lamda):
    Z1 = x @ W + c
    A1 = np.maximum(0, Z1)
    Z2 = A1 @ w + b
    A2 = softmax(Z2)
    cost = -np.sum(np.log(A2[np.arange(len(y)), y])) / len(y)
    cost += lamda * (np.linalg.norm(W) ** 2 + np.linalg.norm(w) ** 2) / 2
    cache = {"A0": x, "Z1": Z1, "A1": A1, "A2": A2, "W1": W, "W2": w, "Y": y, "lambd": lamda}
    return cost, cache


def dictionary_of_activations(cache):
    m = cache["A0"].shape[0]
    Y = np.eye(cache["A2"].shape[1])[cache["Y"]]
    dZ2 = 1.0 / m * (cache["A2"] - Y)
    dW2 = np.dot(cache["A1"].T, dZ2) + cache["lambd"] * cache["W2"]
    db2 = np.sum(dZ2, axis=0)
    dA1 = np.dot(dZ2, cache["W2"].T)
    dZ1 = np.multiply(dA1, np.int64(cache["A1"] > 0))
    dW1 = np.dot(cache["A0"].T, dZ1) + cache["lambd"] * cache["W1"]
    return {"dW": dW1, "dc": np.sum(dZ1, axis=0), "dw": dW2, "db": db2}


def examples_as_columns(x, W, c, w, b, y, lamda):
    X, m = x.T, x.shape[0]
    Z1 = W.T @ X + c[:, None]
    A1 = np.where(Z1 > 0, Z1, 0)
    A2 = softmax((w.T @ A1 + b[:, None]).T).T
    dZ2 = A2 - np.eye(len(b))[:, y]
    dw = (dZ2 @ A1.T / m).T + lamda * w
    db = dZ2.sum(axis=1) / m
    dZ1 = (w @ dZ2) * (Z1 > 0)
    dW = (dZ1 @ X.T / m).T + lamda * W
    return dW, np.sum(dZ1, axis=1) / m, dw, db


class TwoLayerNet:
    """A network that holds its parameters, as in the course."""

    def __init__(self, **params):
        self.params = params

    def loss(self, X, y, reg):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        num_train = X.shape[0]
        a1 = np.maximum(X.dot(W1) + b1, 0)
        probs = softmax(a1.dot(W2) + b2)
        loss = np.sum(-np.log(probs[range(num_train), y])) / num_train
        loss += 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        probs[range(num_train), y] -= 1
        dscores = probs / num_train
        grads = {"W2": a1.T.dot(dscores) + reg * W2, "b2": np.sum(dscores, axis=0)}
        dhidden = dscores.dot(W2.T)
        dhidden[a1 <= 0] = 0
        grads["W1"] = X.T.dot(dhidden) + reg * W1
        grads["b1"] = np.sum(dhidden, axis=0)
        return loss, grads


def class_of_the_course(x, W, c, w, b, y, lamda):
    net = TwoLayerNet(W1=W, b1=c, W2=w, b2=b)
    loss, grads = net.loss(x, y, lamda)
    return loss, {"W": grads["W1"], "c": grads["b1"], "w": grads["W2"], "b": grads["b2"]}


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def __call__(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class ReLU:
    def __call__(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class SoftmaxLoss:
    def __call__(self, z, y):
        self.p, self.y = softmax(z), y
        return -np.log(self.p[np.arange(len(y)), y]).mean()

    def backward(self):
        return (self.p - np.eye(self.p.shape[1])[self.y]) / len(self.y)


def list_of_layers(x, W, c, w, b, y, lamda):
    layers, last = [Affine(W, c), ReLU(), Affine(w, b)], SoftmaxLoss()
    out = x
    for layer in layers:
        out = layer(out)
    loss = last(out, y) + lamda / 2 * sum(np.sum(v**2) for v in (W, w))
    grad = last.backward()
    for layer in reversed(layers):
        grad = layer.backward(grad)
    first, _, second = layers
    return loss, first.dW + lamda * W, first.db, second.dW + lamda * w, second.db


def closures(x, W, c, w, b, y, lamda):
    def affine(a, M, v):
        return a @ M + v, lambda g: (g @ M.T, a.T @ g, g.sum(axis=0))

    def relu(a):
        return np.maximum(a, 0), lambda g: np.where(a > 0, g, 0)

    def loss(z):
        p = softmax(z)
        picked = p[np.arange(len(y)), y]
        return -np.log(picked).mean(), lambda g: g * (p - np.eye(z.shape[1])[y]) / len(y)

    u, back_u = affine(x, W, c)
    h, back_h = relu(u)
    z, back_z = affine(h, w, b)
    value, back = loss(z)
    dh, dw, db = back_z(back(1.0))
    _, dW, dc = back_u(back_h(dh))
    return value + lamda / 2 * ((W**2).sum() + (w**2).sum()), (
        dW + lamda * W,
        dc,
        dw + lamda * w,
        db,
    )


class Node:
    """A number on a tape, as the smallest automatic differentiation has it."""

    def __init__(self, value, parents=()):
        self.value, self.parents, self.grad = value, parents, 0.0

    def __add__(self, other):
        return Node(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Node(self.value * other.value, ((self, other.value), (other, self.value)))

    def apply(self, value, slope):
        return Node(value, ((self, slope),))


def run_back(last):
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for parent, _ in node.parents:
                visit(parent)
            order.append(node)

    visit(last)
    last.grad = 1.0
    for node in reversed(order):
        for parent, slope in node.parents:
            parent.grad += node.grad * slope


def tape(x, W, c, w, b, y, lamda):
    nodes = [np.vectorize(Node, otypes=[object])(v) for v in (x, W, c, w, b)]
    X, M, v, m, s = nodes
    u = X @ M + v
    h = np.vectorize(lambda t: t.apply(max(t.value, 0), float(t.value > 0)), otypes=[object])(u)
    z = h @ m + s
    total = Node(0.0)
    for row, label in zip(z, y):
        e = [t.apply(np.exp(t.value), np.exp(t.value)) for t in row]
        denominator = e[0]
        for t in e[1:]:
            denominator = denominator + t
        log = denominator.apply(np.log(denominator.value), 1 / denominator.value)
        total = total + (log + row[label] * Node(-1.0)) * Node(1 / len(y))
    for t in [*M.flat, *m.flat]:
        total = total + t * t * Node(lamda / 2)
    run_back(total)
    grads = [np.vectorize(lambda t: t.grad, otypes=[float])(a) for a in (M, v, m, s)]
    return total.value, grads


def sums_written_out(x, W, c, w, b, y, lamda):
    u = np.einsum("nd,dk->nk", x, W) + c
    h = u * (u > 0)
    p = softmax(np.einsum("nk,kj->nj", h, w) + b)
    dz = (p - (np.arange(len(b)) == y[:, None])) / len(x)
    du = np.einsum("nj,kj,nk->nk", dz, w, 1.0 * (u > 0))
    return {
        "W": np.einsum("nd,nk->dk", x, du) + lamda * W,
        "c": np.einsum("nk->k", du),
        "w": np.einsum("nk,nj->kj", h, dz) + lamda * w,
        "b": np.einsum("nj->j", dz),
    }


def in_single_precision(x, W, c, w, b, y, lamda):
    x, W, c, w, b = (np.asarray(a, dtype=np.float32) for a in (x, W, c, w, b))
    h = np.maximum(x @ W + c, 0)
    p = softmax(h @ w + b)
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    dh = (p @ w.T) * (h > 0)
    return x.T @ dh + lamda * W, dh.sum(0), h.T @ p + lamda * w, p.sum(0)


def nested_dictionary(x, W, c, w, b, y, lamda):
    loss, grads = TwoLayerNet(W1=W, b1=c, W2=w, b2=b).loss(x, y, lamda)
    return {
        "loss": loss,
        "grads": {"W": grads["W1"], "c": grads["b1"], "w": grads["W2"], "b": grads["b2"]},
    }


def small_batches_summed(x, W, c, w, b, y, lamda):
    dW, dc, dw, db = lamda * W, np.zeros_like(c), lamda * w, np.zeros_like(b)
    N, size = len(x), 2
    for start in range(0, N, size):
        rows, labels = x[start : start + size], y[start : start + size]
        h = np.maximum(0, rows @ W + c)
        g = softmax(h @ w + b)
        g[np.arange(len(labels)), labels] -= 1
        g /= N
        dw += h.T @ g
        db += g.sum(axis=0)
        g = g @ w.T
        g[h == 0] = 0
        dW += rows.T @ g
        dc += g.sum(axis=0)
    return dW, dc, dw, db
