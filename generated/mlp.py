"""Two-layer perceptron with softmax cross-entropy and L2 regularisation

Affine, ReLU, affine, softmax cross-entropy, mean over the examples, L2 on both matrices.

    u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    h[n, k] = max(0, u[n, k])
    z[n, j] = sum(k, h[n, k] * w[k, j]) + b[j]
    p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    ell[n] = -log(p[n, y[n]])
    L = mean(n, ell[n]) + lamda / 2 * (sum(d, k, W[d, k]**2) + sum(k, j, w[k, j]**2))

Written by pullback 0.1.0 from the definition mlp.toml; to change it, change that file.
Digest of the definition: 1465c13adbfd654a
The derivation, step by step, each step proved: pullback show mlp
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of L, each in the shape and the dtype of its input."""

    dW: NDArray[np.floating]  # (D, K)
    dc: NDArray[np.floating]  # (K,)
    dw: NDArray[np.floating]  # (K, J)
    db: NDArray[np.floating]  # (J,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    W: NDArray[np.floating]
    w: NDArray[np.floating]
    y: NDArray[np.integer]
    lamda: float | np.floating
    h: NDArray[np.floating]
    z_argmax: NDArray[np.integer]
    N: int
    n: NDArray[np.integer]
    exp_z: NDArray[np.floating]
    others_exp_z: NDArray[np.floating]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, J, K, N)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    u: NDArray[np.floating] | None = None  # (N, K); then h
    z: NDArray[np.floating] | None = None  # (N, J); then exp_z
    n: NDArray[np.integer] | None = None  # (N,)
    z_argmax: NDArray[np.integer] | None = None  # (N,)
    z_max: NDArray[np.floating] | None = None  # (N,)
    ell: NDArray[np.floating] | None = None  # (N,)
    others_exp_z: NDArray[np.floating] | None = None  # (N,)
    log1p_others_exp_z: NDArray[np.floating] | None = None  # (N,)
    sum_exp_z: NDArray[np.floating] | None = None  # (N,)
    p: NDArray[np.floating] | None = None  # (N, J); then dz
    others_dz: NDArray[np.floating] | None = None  # (N,)
    dw: NDArray[np.floating] | None = None  # (K, J)
    db: NDArray[np.floating] | None = None  # (J,)
    dh: NDArray[np.floating] | None = None  # (N, K); then du
    not_equal_h: NDArray[np.bool_] | None = None  # (N, K)
    dW: NDArray[np.floating] | None = None  # (D, K)
    dc: NDArray[np.floating] | None = None  # (K,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    y: NDArray[np.integer],
    lamda: float | np.floating,
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with N examples, K hidden units, J classes, D features:
        x: inputs, (N, D), floats
        W: weights of the hidden layer, (D, K), floats
        c: bias of the hidden layer, (K,), floats
        w: weights of the output layer, (K, J), floats
        b: bias of the output layer, (J,), floats
        y: right classes, (N,), integers from 0 to J - 1
        lamda: strength of the regularisation, one number
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J and N must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, W, c, w, b, y, lamda, dtype, D, J, K, N = _arguments(x, W, c, w, b, y, lamda)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, J, K, N), x=x, W=W, c=c, w=w, b=b, y=y)
    # u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    u = np.matmul(x, W, out=work.u)
    u += c
    # h[n, k] = max(0, u[n, k])
    h = np.maximum(0, u, out=u)
    # z[n, j] = sum(k, h[n, k] * w[k, j]) + b[j]
    z = np.matmul(h, w, out=work.z)
    z += b
    # ell[n] = -log(p[n, y[n]])
    # in the form of: shifted log-sum-exp
    n = np.arange(N) if work.n is None else work.n
    z_argmax = z.argmax(axis=1, out=work.z_argmax)
    z_max = _pick(z, (n, z_argmax), out=work.z_max)
    ell = _pick(z, (n, y), out=work.ell)
    np.subtract(z_max, ell, out=ell)
    exp_z = np.subtract(z, z_max[:, None], out=z)
    np.exp(exp_z, out=exp_z)
    exp_z[n, z_argmax] = 0
    others_exp_z = _sum_last(exp_z, out=work.others_exp_z)
    log1p_others_exp_z = np.log1p(others_exp_z, out=work.log1p_others_exp_z)
    ell += log1p_others_exp_z
    # L = mean(n, ell[n]) + lamda / 2 * (sum(d, k, W[d, k]**2) + sum(k, j, w[k, j]**2))
    L = ell.sum() / N + 0.5 * lamda * (_dot(W, W) + _dot(w, w))
    turn = work.turns[0]
    cache = Cache(x, W, w, y, lamda, h, z_argmax, N, n, exp_z, others_exp_z, dtype, work, turn)
    return dtype.type(L), cache


@np.errstate(under="ignore")
def backward(dL: float | np.floating, cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, one number
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    x, W, w, y, lamda, h, z_argmax, N, n, exp_z, others_exp_z, dtype, work, turn = cache
    _current(work, turn)
    dL = _number("dL", dL, dtype)
    # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = np.add(others_exp_z, 1, out=work.sum_exp_z)
    p = np.divide(exp_z, sum_exp_z[:, None], out=work.p)
    np.divide(1, sum_exp_z, out=sum_exp_z)
    p[n, z_argmax] = sum_exp_z
    # ∂L/∂ℓ[n] = 1/N
    # that is, (1/N) 𝟏
    dell = dL / N
    # ∂L/∂z[n,j] = (p[n,j] - 𝟙[j = y[n]]) ∂L/∂ℓ[n]
    # that is, diag(∂L/∂ℓ) (p - onehot(y))
    # in the form of: minus the others
    dz = p
    dz[n, y] = 0
    others_dz = _sum_last(dz, out=work.others_dz)
    np.negative(others_dz, out=others_dz)
    dz[n, y] = others_dz
    dz *= dell
    # ∂L/∂w[k,j] = Σ_n h[n,k] ∂L/∂z[n,j] + λ w[k,j]
    # that is, hᵀ ∂L/∂z + λ w
    dw = np.matmul(h.T, dz, out=work.dw)
    dL_lamda = dL * lamda
    _add_product(dw, dL_lamda, w)
    # ∂L/∂b[j] = Σ_n ∂L/∂z[n,j]
    # that is, (∂L/∂z)ᵀ 𝟏
    db = _sum_rows(dz, out=work.db)
    # ∂L/∂h[n,k] = Σ_j w[k,j] ∂L/∂z[n,j]
    # that is, ∂L/∂z wᵀ
    dh = np.matmul(dz, w.T, out=work.dh)
    # ∂L/∂u[n,k] = 𝟙[u[n,k] > 0] ∂L/∂h[n,k]
    # that is, 𝟙[u > 0] ⊙ ∂L/∂h
    # in the form of: mask from the output
    not_equal_h = np.not_equal(h, 0, out=work.not_equal_h)
    du = np.multiply(dh, not_equal_h, out=dh)
    # ∂L/∂W[d,k] = Σ_n x[n,d] ∂L/∂u[n,k] + λ W[d,k]
    # that is, xᵀ ∂L/∂u + λ W
    dW = np.matmul(x.T, du, out=work.dW)
    _add_product(dW, dL_lamda, W)
    # ∂L/∂c[k] = Σ_n ∂L/∂u[n,k]
    # that is, (∂L/∂u)ᵀ 𝟏
    dc = _sum_rows(du, out=work.dc)
    return Gradients(dW, dc, dw, db)


def value_and_grad(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    y: NDArray[np.integer],
    lamda: float | np.floating,
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Gradients]:
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(x, W, c, w, b, y, lamda, work=work)
    return L, backward(1.0, cache)


def value(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    y: NDArray[np.integer],
    lamda: float | np.floating,
) -> np.floating:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, W, c, w, b, y, lamda, dtype, _, J, K, N = _arguments(x, W, c, w, b, y, lamda)
    _total = 0.0
    for _rows in _parts((N,), K + J + 6):
        _part, _ = forward(x[_rows], W, c, w, b, y[_rows], lamda)
        _total += _part.item() * ((_rows.stop - _rows.start) / N)
    total: np.floating = dtype.type(_total)
    return total


def workspace(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    y: NDArray[np.integer],
    lamda: float | np.floating,
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, _, _, _, _, dtype, D, J, K, N = _arguments(x, W, c, w, b, y, lamda)
    arrays: dict[str, NDArray[Any]] = {
        "u": np.empty((N, K), dtype),
        "z": np.empty((N, J), dtype),
        "n": np.arange(N),
        "z_argmax": np.empty((N,), np.intp),
        "z_max": np.empty((N,), dtype),
        "ell": np.empty((N,), dtype),
        "others_exp_z": np.empty((N,), dtype),
        "log1p_others_exp_z": np.empty((N,), dtype),
        "sum_exp_z": np.empty((N,), dtype),
        "p": np.empty((N, J), dtype),
        "others_dz": np.empty((N,), dtype),
        "dw": np.empty((K, J), dtype),
        "db": np.empty((J,), dtype),
        "dh": np.empty((N, K), dtype),
        "not_equal_h": np.empty((N, K), np.bool_),
        "dW": np.empty((D, K), dtype),
        "dc": np.empty((K,), dtype),
    }
    return Workspace((dtype, D, J, K, N), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[np.floating, np.floating]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    x, W, c, w, b, y, lamda = _each("inputs", inputs, "x W c w b y lamda")
    x, W, c, w, b, y, lamda, dtype, D, J, K, N = _arguments(x, W, c, w, b, y, lamda)
    W_dot, c_dot, w_dot, b_dot = _each("tangents", tangents, "W_dot c_dot w_dot b_dot")
    W_dot = _like("W_dot", W_dot, (D, K), dtype, "W")
    c_dot = _like("c_dot", c_dot, (K,), dtype, "c")
    w_dot = _like("w_dot", w_dot, (K, J), dtype, "w")
    b_dot = _like("b_dot", b_dot, (J,), dtype, "b")
    # u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    u = x @ W + c
    # h[n, k] = max(0, u[n, k])
    h = np.maximum(0, u)
    # z[n, j] = sum(k, h[n, k] * w[k, j]) + b[j]
    z = h @ w + b
    # ell[n] = -log(p[n, y[n]])
    # in the form of: shifted log-sum-exp
    n = np.arange(N)
    z_argmax = z.argmax(axis=1)
    z_max = z[n, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z[n, z_argmax] = 0
    others_exp_z = exp_z.sum(axis=1)
    ell = z_max - z[n, y] + np.log1p(others_exp_z)
    # L = mean(n, ell[n]) + lamda / 2 * (sum(d, k, W[d, k]**2) + sum(k, j, w[k, j]**2))
    L = ell.sum() / N + 0.5 * lamda * (_dot(W, W) + _dot(w, w))
    # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = np.add(others_exp_z, 1, out=others_exp_z)
    p = np.divide(exp_z, sum_exp_z[:, None], out=exp_z)
    p[n, z_argmax] = 1 / sum_exp_z
    # u̇[n,k] = Σ_d Ẇ[d,k] x[n,d] + ċ[k]
    # that is, x Ẇ + 𝟏 ċᵀ
    u_dot = x @ W_dot + c_dot
    # ḣ[n,k] = u̇[n,k] 𝟙[u[n,k] > 0]
    # that is, u̇ ⊙ 𝟙[u > 0]
    h_dot = np.multiply(u_dot, u > 0, out=u_dot)
    # ż[n,j] = Σ_k ẇ[k,j] h[n,k] + Σ_k ḣ[n,k] w[k,j] + ḃ[j]
    # that is, h ẇ + ḣ w + 𝟏 ḃᵀ
    z_dot = h @ w_dot + h_dot @ w + b_dot
    # ℓ̇[n] = Σ_j ż[n,j] p[n,j] - ż[n,y[n]]
    ell_dot = _dot_last(p, z_dot) - z_dot[n, y]
    # L̇ = (1/N) Σ_n ℓ̇[n] + λ Σ_{d,k} Ẇ[d,k] W[d,k] + λ Σ_{k,j} ẇ[k,j] w[k,j]
    # that is, λ 𝟏ᵀ (Ẇ ⊙ W) 𝟏 + λ 𝟏ᵀ (ẇ ⊙ w) 𝟏 + (1/N) ℓ̇ᵀ 𝟏
    L_dot = ell_dot.sum() / N + lamda * _dot(W, W_dot) + lamda * _dot(w, w_dot)
    return dtype.type(L), dtype.type(L_dot)


@np.errstate(under="ignore")
def hvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> Gradients:
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    x, W, c, w, b, y, lamda = _each("inputs", inputs, "x W c w b y lamda")
    x, W, c, w, b, y, lamda, dtype, D, J, K, N = _arguments(x, W, c, w, b, y, lamda)
    W_dot, c_dot, w_dot, b_dot = _each("tangents", tangents, "W_dot c_dot w_dot b_dot")
    W_dot = _like("W_dot", W_dot, (D, K), dtype, "W")
    c_dot = _like("c_dot", c_dot, (K,), dtype, "c")
    w_dot = _like("w_dot", w_dot, (K, J), dtype, "w")
    b_dot = _like("b_dot", b_dot, (J,), dtype, "b")
    # u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    u = x @ W + c
    # h[n, k] = max(0, u[n, k])
    h = np.maximum(0, u)
    # z[n, j] = sum(k, h[n, k] * w[k, j]) + b[j]
    z = h @ w + b
    # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    # in the form of: shifted softmax; split off the largest; distribute
    n = np.arange(N)
    z_argmax = z.argmax(axis=1)
    exp_z = np.exp(z - z[n, z_argmax][:, None])
    exp_z[n, z_argmax] = 0
    sum_exp_z = exp_z.sum(axis=1) + 1
    p = np.divide(exp_z, sum_exp_z[:, None], out=exp_z)
    p[n, z_argmax] = 1 / sum_exp_z
    # ∂L/∂ℓ[n] = 1/N
    # that is, (1/N) 𝟏
    dell = 1 / N
    # ∂L/∂z[n,j] = (p[n,j] - 𝟙[j = y[n]]) ∂L/∂ℓ[n]
    # that is, diag(∂L/∂ℓ) (p - onehot(y))
    # in the form of: minus the others
    p_2 = p.copy()
    p_2[n, y] = 0
    p_2[n, y] = -p_2.sum(axis=1)
    dz = np.multiply(dell, p_2, out=p_2)
    # u̇[n,k] = Σ_d Ẇ[d,k] x[n,d] + ċ[k]
    # that is, x Ẇ + 𝟏 ċᵀ
    u_dot = x @ W_dot + c_dot
    # ḣ[n,k] = u̇[n,k] 𝟙[u[n,k] > 0]
    # that is, u̇ ⊙ 𝟙[u > 0]
    greater_u = u > 0
    h_dot = np.multiply(u_dot, greater_u, out=u_dot)
    # ż[n,j] = Σ_k ẇ[k,j] h[n,k] + Σ_k ḣ[n,k] w[k,j] + ḃ[j]
    # that is, h ẇ + ḣ w + 𝟏 ḃᵀ
    z_dot = h @ w_dot + h_dot @ w + b_dot
    # (∂L/∂z[n,j])˙ = p[n,j] (ż[n,j] - Σ_i ż[n,i] p[n,i]) ∂L/∂ℓ[n]
    # that is, diag(∂L/∂ℓ) (p ⊙ (ż - (ż ⊙ p) 𝟏 𝟏ᵀ))
    z_dot_p = np.multiply(z_dot - _dot_last(p, z_dot)[:, None], p, out=p)
    z_dot_p[n, z_argmax] = 0
    z_dot_p[n, z_argmax] = -z_dot_p.sum(axis=1)
    dz_dot = np.multiply(dell, z_dot_p, out=z_dot_p)
    # (∂L/∂h[n,k])˙ = Σ_j ẇ[k,j] ∂L/∂z[n,j] + Σ_j (∂L/∂z[n,j])˙ w[k,j]
    # that is, ∂L/∂z ẇᵀ + (∂L/∂z)˙ wᵀ
    dh_dot = dz @ w_dot.T + dz_dot @ w.T
    # (∂L/∂u[n,k])˙ = (∂L/∂h[n,k])˙ 𝟙[u[n,k] > 0]
    # that is, (∂L/∂h)˙ ⊙ 𝟙[u > 0]
    du_dot = np.multiply(dh_dot, greater_u, out=dh_dot)
    # (∂L/∂W[d,k])˙ = Σ_n (∂L/∂u[n,k])˙ x[n,d] + λ Ẇ[d,k]
    # that is, xᵀ (∂L/∂u)˙ + λ Ẇ
    dW_dot = x.T @ du_dot + lamda * W_dot
    # (∂L/∂c[k])˙ = Σ_n (∂L/∂u[n,k])˙
    # that is, (∂L/∂u)˙ᵀ 𝟏
    dc_dot = _sum_rows(du_dot)
    # (∂L/∂w[k,j])˙ = Σ_n ḣ[n,k] ∂L/∂z[n,j] + Σ_n (∂L/∂z[n,j])˙ h[n,k] + λ ẇ[k,j]
    # that is, ḣᵀ ∂L/∂z + hᵀ (∂L/∂z)˙ + λ ẇ
    dw_dot = h_dot.T @ dz + h.T @ dz_dot + lamda * w_dot
    # (∂L/∂b[j])˙ = Σ_n (∂L/∂z[n,j])˙
    # that is, (∂L/∂z)˙ᵀ 𝟏
    db_dot = _sum_rows(dz_dot)
    return Gradients(dW_dot, dc_dot, dw_dot, db_dot)


def jacobian(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    y: NDArray[np.integer],
    lamda: float | np.floating,
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(x, W, c, w, b, y, lamda)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"x": 0, "y": 0},
        "outputs": {"L": "mean"},
    },
}


def parts(counts: Sequence[int], axis: str = "n") -> list[dict[str, float]]:
    """The weight of each part in the output, where parts have so many places of the axis.

    A part is forward of its slice of each input in PARTS[axis]["inputs"] and the others whole, and
    backward of its weight times the cotangent; of its slice of it, where the output is cut, too.
    Where PARTS says "rest", the last weight is that of one more part, which has no places: it takes
    off what all parts have in common, and the whole has once.
    """
    return _weights(PARTS[axis], counts)


def combine(
    results: Sequence[Any], counts: Sequence[int], axis: str = "n"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values, gradients) of the whole, from such a pair of each part, in the order of parts().

    Both are dictionaries: the output by its name, gradients by the names of their inputs, with or
    without the d before them. Where `counts` says 0 there need be no pair, but None.
    """
    return _combined(PARTS[axis], results, counts, np.concatenate)


def _arguments(x: Any, W: Any, c: Any, w: Any, b: Any, y: Any, lamda: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N D")
    W = _array("W", W, "D K")
    c = _array("c", c, "K")
    w = _array("w", w, "K J")
    b = _array("b", b, "J")
    y = _integers("y", y, "N")
    dtype = x.dtype
    if W.dtype != dtype or c.dtype != dtype or w.dtype != dtype or b.dtype != dtype:
        _one_dtype(x=x, W=W, c=c, w=w, b=b)
    lamda = _number("lamda", lamda, dtype)
    N = x.shape[0]
    D = x.shape[1]
    K = W.shape[1]
    J = w.shape[1]
    if (
        W.shape != (D, K)
        or c.shape != (K,)
        or w.shape != (K, J)
        or b.shape != (J,)
        or y.shape != (N,)
    ):
        _one_size(x=(x, "N D"), W=(W, "D K"), c=(c, "K"), w=(w, "K J"), b=(b, "J"), y=(y, "N"))
    _not_empty("J", J)
    _not_empty("N", N)
    y = _labels("y", y, J)
    return x, W, c, w, b, y, lamda, dtype, D, J, K, N


def _fitting(kind: Any, work: Any, sizes: tuple[Any, ...], /, **arrays: Any) -> None:
    """See that a workspace is one, was made for these sizes, and that no argument lies in it."""
    if not isinstance(work, kind):
        raise TypeError(
            f"work is {type(work).__name__}; it must be what workspace of this module returned"
        )
    if work.sizes is None:
        return  # new arrays for each call
    if work.sizes != sizes:
        made, asked = ("({})".format(", ".join(map(str, s))) for s in (work.sizes, sizes))
        raise ValueError(
            f"work was made for dtype and sizes {made}, and the arguments have {asked}; "
            "make another with workspace"
        )
    _apart(work, **arrays)
    work.turns[0] += 1


def _apart(work: Any, /, **arrays: Any) -> None:
    """Refuse an argument that lies in the workspace, as it would be written over."""
    for name, array in arrays.items():
        if id(array) in work.owned or id(array.base) in work.owned:
            raise ValueError(
                f"{name} lies in the workspace that is written into; pass a copy of it"
            )


def _ids(arrays: dict[str, NDArray[Any]]) -> frozenset[int]:
    """What id() says of these arrays."""
    return frozenset(map(id, arrays.values()))


def _check_cache(cache: Any, kind: Any) -> None:
    """Refuse what is no cache of this module."""
    if not isinstance(cache, kind):
        raise TypeError(
            f"cache is {type(cache).__name__}; it must be what forward of this module returned"
        )


def _current(work: Any, turn: int) -> None:
    """Refuse a cache whose arrays a later call of forward has written over."""
    if work.turns[0] != turn:
        raise ValueError(
            "cache lies in a workspace that forward has been given again since; "
            "use the cache of the last call"
        )


def _read(name: str, value: Any) -> NDArray[Any]:
    """The value as an array."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def _array(name: str, value: Any, axes: str) -> NDArray[Any]:
    """The value as an array of floats with these axes."""
    array: NDArray[Any] = value if type(value) is np.ndarray else _read(name, value)
    dtype = array.dtype
    if dtype.type not in _FLOAT_TYPES:
        raise TypeError(f"{name} has dtype {dtype}; it must be float32 or float64")
    if array.ndim != axes.count(" ") + 1 and not _fits(array, axes):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


_FLOAT_TYPES = (np.float64, np.float32)


def _one_dtype(**arrays: Any) -> None:
    """Say which array has another dtype than most, or than the first where there is no most."""
    names: dict[Any, list[str]] = {}
    for name, array in arrays.items():
        names.setdefault(array.dtype, []).append(name)
    usual = max(names, key=lambda dtype: len(names[dtype]))
    for name, array in arrays.items():
        if array.dtype != usual:
            raise TypeError(
                f"{name} has dtype {array.dtype}; it must be {usual}, as {names[usual][0]} has"
            )


def _fits(array: NDArray[Any], axes: str) -> bool:
    """Has the array these axes, `...` being any number of them?"""
    wanted = len(axes.split())
    return array.ndim >= wanted - 1 if axes.startswith("...") else array.ndim == wanted


def _number(name: str, value: Any, dtype: np.dtype[Any]) -> Any:
    """The value as one number of this dtype."""
    if type(value) is float:
        return dtype.type(value)
    array = _read(name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {array.dtype}; it must be one real number")
    if array.ndim:
        raise ValueError(f"{name} has shape {array.shape}; it must be one real number")
    return dtype.type(array)


def _each(name: str, values: Any, parts: str) -> tuple[Any, ...]:
    """The values of a tuple with one value for each part."""
    try:
        each = tuple(values)
    except TypeError:
        raise TypeError(f"{name} is {type(values).__name__}; it must be a tuple") from None
    if len(each) != len(parts.split()):
        wanted = parts.replace(" ", ", ")
        raise ValueError(f"{name} has {len(each)} values; it must have those for {wanted}")
    return each


def _integers(name: str, value: Any, axes: str) -> NDArray[Any]:
    """The value as an array of integers with these axes."""
    array = value if type(value) is np.ndarray else _read(name, value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {array.dtype}; it must hold integers")
    if not _fits(array, axes):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array


def _one_size(**arrays: Any) -> None:
    """Say which array has another size for an axis than most, or than the first one."""
    names: dict[str, dict[int, list[str]]] = {}  # of the arrays that show a size, for each axis
    shown: dict[str, list[tuple[str, int]]] = {}
    for name, (array, axes) in arrays.items():
        words = axes.split()
        lead = array.ndim - len(words) + 1 if axes.startswith("...") else 0
        sizes = [array.shape[:lead], *array.shape[lead:]] if lead or "..." in words else array.shape
        shown[name] = list(zip(words, sizes))
        for axis, size in shown[name]:
            names.setdefault(axis, {}).setdefault(size, []).append(name)
    for name, (array, axes) in arrays.items():
        for axis, size in shown[name]:
            usual = max(names[axis], key=lambda s: len(names[axis][s]))
            if size != usual:
                raise ValueError(
                    f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')}) "
                    f"with {axis} = {usual}, as {names[axis][usual][0]} has"
                )


def _labels(name: str, array: NDArray[Any], size: int) -> NDArray[Any]:
    """The labels as places on an axis of that size."""
    places = array.astype(np.int64, copy=False)
    # without a sign a label below 0 is one above all, so one look at the largest is enough
    if array.size and places.view(np.uint64).max() >= size:
        at = tuple(int(i) for i in np.argwhere((array < 0) | (array >= size))[0])
        where = ", ".join(map(str, at))
        place = f"{name}[{where}]" if where else name
        raise ValueError(f"{place} is {array[at]}; it must be from 0 to {size - 1}")
    return places.astype(np.intp, copy=False)


def _not_empty(axis: str, size: int) -> None:
    """Refuse an axis of size 0 where the equations divide by it or take the largest along it."""
    if size == 0:
        raise ValueError(f"{axis} is 0; it must be at least 1")


def _like(
    name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any], model: str
) -> NDArray[Any]:
    """The value as an array of this shape and dtype, those of the model."""
    array = value if type(value) is np.ndarray else _read(name, value)
    if array.dtype == dtype and array.shape == shape:
        return array
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as {model}")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as {model}")
    return array.astype(dtype)


def _parts(sizes: tuple[Any, ...], entries: int) -> Iterator[slice]:
    """Slices of the first axis, for parts of _PART entries or so, if a row has `entries`."""
    count = sizes[0]
    for size in sizes[1:]:
        entries *= size
    step = max(1, _PART // max(1, entries))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


_PART = 2**20  # entries of arrays that value works with at a time


def _pick(
    values: NDArray[Any], at: tuple[Any, ...], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """The entries of an array at some places; into `out` rows by rows, as an index makes arrays."""
    if out is None:
        chosen: NDArray[Any] = values[at]
        return chosen
    if out.size <= 2**12:
        out[...] = values[at]
        return out
    step = max(1, 2**12 // max(1, out[:1].size))
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        own = (a[rows] if a.ndim == out.ndim and len(a) > 1 else a for a in at)
        out[rows] = values[tuple(own)]
    return out


def _add_product(total: NDArray[Any], factor: Any, array: NDArray[Any]) -> None:
    """total += factor array, some rows at a time, so that their product stays in the cache."""
    if total.size <= 2**15:
        total += factor * array
        return
    if total.flags.c_contiguous and array.flags.c_contiguous:
        total, array = total.reshape(-1), array.reshape(-1)
    step = max(1, 2**15 // max(1, total[:1].size))
    product = np.empty(total[:step].shape, total.dtype)
    for start in range(0, len(total), step):
        rows = array[start : start + step]
        total[start : start + step] += np.multiply(factor, rows, out=product[: len(rows)])


def _dot_last(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """Σ a b over the last axis; NumPy has vecdot from 2.0 on."""
    if hasattr(np, "vecdot"):
        return np.vecdot(a, b, out=out)
    return np.einsum("...i,...i->...", a, b, out=out)


def _dot(a: NDArray[Any], b: NDArray[Any]) -> Any:
    """Σ a b over all entries: rows of 4096, then their sum, so that rounding stays small."""
    a, b = a.reshape(-1), b.reshape(-1)
    if a.size <= 4096:
        return a @ b
    whole = a.size // 4096 * 4096
    total = float(a[whole:] @ b[whole:])
    for start in range(0, whole, 2**20):
        end = min(whole, start + 2**20)
        rows = _dot_last(a[start:end].reshape(-1, 4096), b[start:end].reshape(-1, 4096))
        total += float(rows.sum())
    return a.dtype.type(total)


def _sum_rows(rows: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The sum over the first axis: 1024 rows, then their sums, so that rounding stays small."""
    count = len(rows)
    if out is None:
        out = np.empty(rows.shape[1:], rows.dtype)
    if count <= 1024 and rows.ndim == 2:
        return np.matmul(_ones(rows.dtype)[:count], rows, out=out)
    flat, rows = out.reshape(-1), rows.reshape(count, out.size)
    for left in range(0, out.size, 4096):
        columns = slice(left, left + 4096)
        total = np.zeros(len(flat[columns]))
        for start in range(0, count, 1024):
            part = rows[start : start + 1024, columns]
            total += _ones(rows.dtype)[: len(part)] @ part
        flat[columns] = total
    return out


def _sum_last(values: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The sum over the last axis; where short a product with ones takes a third of the time."""
    size = values.shape[-1]
    if size > 1024 or not values.flags.c_contiguous:
        total: NDArray[Any] = values.sum(axis=-1, out=out)
        return total
    return np.matmul(values, _ones(values.dtype)[:size], out=out)


def _ones(dtype: np.dtype[Any]) -> NDArray[Any]:
    """A row of 1024 ones: a matrix product with it adds up rows."""
    return _ONES[dtype.itemsize]


_ONES: dict[int, NDArray[Any]] = {4: np.ones(1024, np.float32), 8: np.ones(1024)}


def _by_rows(output: Any, pull: Callable[[Any], tuple[Any, ...]]) -> list[Any]:
    """Jacobians, a row for each entry of the output: the pullbacks of ones and zeros."""
    unit = np.zeros(output.shape, output.dtype)
    found = [np.zeros(output.shape + row.shape, row.dtype) for row in pull(unit)]
    for at in np.ndindex(output.shape):
        unit[at] = 1
        for array, row in zip(found, pull(unit)):
            array[at] = row
        unit[at] = 0
    return found


def _weights(along: dict[str, Any], counts: Any) -> list[dict[str, float]]:
    """The weight of each part in a mean or a sum along an axis; 0 of one without places."""
    total, used = sum(counts), sum(count > 0 for count in counts)
    if total == 0 or min(counts) < 0:
        raise ValueError(f"counts is {[*counts]}; wanted is how many places each part has")
    kinds = {name: kind for name, kind in along["outputs"].items() if isinstance(kind, str)}
    shares = {"mean": [c / total for c in counts], "sum": [float(c > 0) for c in counts]}
    found = [{name: shares[kind][p] for name, kind in kinds.items()} for p in range(len(counts))]
    return found + [dict.fromkeys(kinds, 1.0 - used)] * along.get("rest", False)


def _combined(
    along: dict[str, Any], results: Any, counts: Any, concatenate: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and gradients of the whole, by name, from those of its parts."""
    weights = _weights(along, counts)
    if len(results) != len(weights):
        raise ValueError(f"there are {len(results)} results; wanted are {len(weights)}")
    used = [*(count > 0 for count in counts), True]  # a part without places says nothing
    found = [(weight, *pair) for weight, pair, there in zip(weights, results, used) if there]
    cut = {**along["inputs"], **{"d" + name: axis for name, axis in along["inputs"].items()}}

    def together(parts: list[Any], axis: Any) -> Any:
        return concatenate(parts, axis) if isinstance(axis, int) else sum(parts[1:], parts[0])

    values = {
        name: together([weight.get(name, 1) * own[name] for weight, own, _ in found], axis)
        for name, axis in along["outputs"].items()
    }
    gradients = {n: together([own[n] for _, _, own in found], cut.get(n)) for n in found[0][2]}
    return values, gradients


# Written by pullback from its own layers; digest of what stands above: 622c61ddae369827
