"""Formulas in matrix notation, as people write them, each with the same in NumPy.

`e` holds the arrays by name. The lines of networks are those of a handout; many others are like the
examples of matrixcalculus.org.
"""

import numpy as np
from scipy.special import expit, log_softmax, logsumexp, softmax

LINES = "x=N D; W=D K; c=K; w=K C; b=C; y=N: C; t=N C; λ="
NETWORK = dict(part.strip().split("=") for part in LINES.split(";"))
KINDS = {  # its scalars, vectors and matrices, as shapes
    "X": "N D",
    "A": "D D",
    "B": "N N",
    "C": "D K",
    "P": "K D",
    "S": "N N",
    "M": "N D",
    "x": "D",
    "y": "N",
    "w": "D",
    "u": "N",
    "v": "D",
    "a": "",
    "c": "",
    "z": "K",
}


def cross_entropy(z, y):
    return -log_softmax(z, axis=1)[np.arange(len(z)), y]


def hidden(e):
    return np.maximum(0, e["x"] @ e["W"] + e["c"])


def objective(e):
    z = hidden(e) @ e["w"] + e["b"]
    return cross_entropy(z, e["y"]).mean() + e["lamda"] / 2 * (
        (e["W"] ** 2).sum() + (e["w"] ** 2).sum()
    )


HANDOUT = r"""
$$\mathbf{u} = \mathbf{x}W + c$$
$$h = \max\left(0, u\right)$$
$$z = \mathbf{h}w + b$$
"""
ON_NETWORKS = [  # a text, and the same in NumPy
    ("u = x W + c", lambda e: e["x"] @ e["W"] + e["c"]),
    ("u = x W + c\nh = max(0, u)", hidden),
    ("u = x W + c\nh = max(0, u)\nz = h w + b", lambda e: hidden(e) @ e["w"] + e["b"]),
    (HANDOUT, lambda e: hidden(e) @ e["w"] + e["b"]),
    ("u = x W + c\nh = max(0, u)\nz = h w + b\nJ = mean(CE(z, y)) + λ/2 (‖W‖² + ‖w‖²)", objective),
    (HANDOUT + r"J = mean(CE(z, y)) + \frac{1}{2} \lambda (\|W\|^2 + ||w||^2)", objective),
    ("CE(t, y)", lambda e: cross_entropy(e["t"], e["y"])),
    (
        "CE(x W w, softmax(t))",
        lambda e: -(softmax(e["t"], 1) * log_softmax(e["x"] @ e["W"] @ e["w"], 1)).sum(1),
    ),
    ("softmax(x W)", lambda e: softmax(e["x"] @ e["W"], axis=1)),
    ("sum(logsumexp(x W))", lambda e: logsumexp(e["x"] @ e["W"], axis=1).sum()),
    (
        "sigmoid(x W + c) + σ(x W)",
        lambda e: expit(e["x"] @ e["W"] + e["c"]) + expit(e["x"] @ e["W"]),
    ),
    ("relu(-x)", lambda e: np.maximum(-e["x"], 0)),
    (r"\mathbf{x}^{\top} t + \lambda x^T t", lambda e: (1 + e["lamda"]) * e["x"].T @ e["t"]),
    ("½ λ sum(w²)", lambda e: e["lamda"] / 2 * (e["w"] ** 2).sum()),
    (r"\max(0, x W) \odot (x W) - c", lambda e: np.maximum(0, e["x"] @ e["W"]) ** 2 - e["c"]),
    ("g = x ᵀ t\nλ gᵀ g", lambda e: e["lamda"] * e["t"].T @ e["x"] @ e["x"].T @ e["t"]),
    ("lambda W", lambda e: e["lamda"] * e["W"]),
    ("2W - W", lambda e: e["W"]),
]
ON_KINDS = [
    ("x'*A*x + c*sin(v)'*x", lambda e: e["x"] @ e["A"] @ e["x"] + e["c"] * np.sin(e["v"]) @ e["x"]),
    ("norm2(X*w - y)^2", lambda e: ((e["X"] @ e["w"] - e["y"]) ** 2).sum()),
    ("norm2(X*w - y)", lambda e: np.linalg.norm(e["X"] @ e["w"] - e["y"])),
    ("norm1(X*w - y)", lambda e: np.abs(e["X"] @ e["w"] - e["y"]).sum()),
    (
        "sum(log(exp(-y .* (X*w)) + vector(1)))",
        lambda e: np.log(np.exp(-e["y"] * (e["X"] @ e["w"])) + 1).sum(),
    ),
    ("tr(P*X'*B*X*C)", lambda e: np.trace(e["P"] @ e["X"].T @ e["B"] @ e["X"] @ e["C"])),
    ("tr(X' B X)", lambda e: np.trace(e["X"].T @ e["B"] @ e["X"])),
    ("tr(C P)", lambda e: np.trace(e["C"] @ e["P"])),
    ("xᵀ A x", lambda e: e["x"] @ e["A"] @ e["x"]),
    ("x^T A v", lambda e: e["x"] @ e["A"] @ e["v"]),
    (r"x^\top A v", lambda e: e["x"] @ e["A"] @ e["v"]),
    ("x.T A v", lambda e: e["x"] @ e["A"] @ e["v"]),
    ("x⊤ v", lambda e: e["x"] @ e["v"]),
    ("x · v", lambda e: e["x"] @ e["v"]),
    (r"x \cdot v", lambda e: e["x"] @ e["v"]),
    ("x vᵀ", lambda e: np.outer(e["x"], e["v"])),
    ("x*v'", lambda e: np.outer(e["x"], e["v"])),
    ("(x vᵀ)ᵀ", lambda e: np.outer(e["v"], e["x"])),
    ("x*v", lambda e: e["x"] * e["v"]),
    ("x .* v + x ⊙ v - x ∘ v", lambda e: e["x"] * e["v"]),
    (r"X \odot M ⊙ X", lambda e: e["X"] * e["M"] * e["X"]),
    ("X*M", lambda e: e["X"] * e["M"]),
    ("B ⊙ S", lambda e: e["B"] * e["S"]),
    ("B S", lambda e: e["B"] @ e["S"]),
    ("B S'", lambda e: e["B"] @ e["S"].T),
    ("‖X‖² + ‖x‖² + ||x||^2", lambda e: (e["X"] ** 2).sum() + 2 * (e["x"] ** 2).sum()),
    (
        "‖X‖_F + ‖x‖_2 + ‖x‖_1",
        lambda e: np.linalg.norm(e["X"]) + np.linalg.norm(e["x"]) + np.abs(e["x"]).sum(),
    ),
    ("‖X w - y‖^2 / 2", lambda e: ((e["X"] @ e["w"] - e["y"]) ** 2).sum() / 2),
    ("‖ ‖x‖ v ‖", lambda e: np.linalg.norm(np.linalg.norm(e["x"]) * e["v"])),
    ("‖x‖ ‖v‖", lambda e: np.linalg.norm(e["x"]) * np.linalg.norm(e["v"])),
    ("|a| + |c - |a| |", lambda e: abs(e["a"]) + abs(e["c"] - abs(e["a"]))),
    ("1ᵀ X", lambda e: e["X"].sum(axis=0)),
    ("1' * X * 𝟏", lambda e: e["X"].sum()),
    (r"X \mathbf{1}", lambda e: e["X"].sum(axis=1)),
    ("1ᵀ u", lambda e: e["u"].sum()),
    ("X - u 1ᵀ", lambda e: e["X"] - e["u"][:, None]),
    ("X - 𝟏 xᵀ", lambda e: e["X"] - e["x"]),
    ("X + x", lambda e: e["X"] + e["x"]),
    ("X + u", lambda e: e["X"] + e["u"][:, None]),
    ("S + uᵀ", lambda e: e["S"] + e["u"]),
    ("X ⊙ x - x ⊙ X ⊙ u", lambda e: e["X"] * e["x"] - e["x"] * e["X"] * e["u"][:, None]),
    ("diag(u) X + X diag(x)", lambda e: e["u"][:, None] * e["X"] + e["X"] * e["x"]),
    ("sum(diag(S))", lambda e: np.trace(e["S"])),
    ("X ./ (1 + M .^ 2)", lambda e: e["X"] / (1 + e["M"] ** 2)),
    ("1/(1 + exp(-X x))", lambda e: expit(e["X"] @ e["x"])),
    ("e^(-x)", lambda e: np.exp(-e["x"])),
    (r"e^{-x} + \exp(-x)", lambda e: 2 * np.exp(-e["x"])),
    ("a/2 x + 2a v", lambda e: e["a"] / 2 * e["x"] + 2 * e["a"] * e["v"]),
    ("a/(2 c) x", lambda e: e["a"] / (2 * e["c"]) * e["x"]),
    (r"\frac{a}{1 + c^2} x", lambda e: e["a"] / (1 + e["c"] ** 2) * e["x"]),
    ("-x² + x**2 + (x - v)^3", lambda e: (e["x"] - e["v"]) ** 3),
    ("x^2'", lambda e: e["x"] ** 2),
    ("mean(X) + max(X) - min(x)", lambda e: e["X"].mean() + e["X"].max() - e["x"].min()),
    ("max(X, M) + min(x, 0)", lambda e: np.maximum(e["X"], e["M"]) + np.minimum(e["x"], 0)),
    ("tanh(X C) ⊙ z", lambda e: np.tanh(e["X"] @ e["C"]) * e["z"]),
    ("π x + pi v", lambda e: np.pi * (e["x"] + e["v"])),
    ("softmax(x)", lambda e: softmax(e["x"])),
    ("logsumexp(x)", lambda e: logsumexp(e["x"])),
    ("x C", lambda e: e["x"] @ e["C"]),
    ("h = x C\nh P v", lambda e: e["x"] @ e["C"] @ e["P"] @ e["v"]),
    ("(X\n  w)  # over two lines", lambda e: e["X"] @ e["w"]),
    ("ln(a a + 1) + sqrt(c²)", lambda e: np.log(e["a"] ** 2 + 1) + abs(e["c"])),
]
