"""Small convolutional network

Convolution, ReLU, max pooling, affine, softmax cross-entropy, mean over the images.

    u[n, f, i, j] = sum(c, p, q, pad(0, x[n, c, i + p - 1, j + q - 1]) * w[f, c, p, q]) + b[f]
    h[n, f, i, j] = max(0, u[n, f, i, j])
    g[n, f, k, m] = max(a2, b2, h[n, f, 2 * k + a2, 2 * m + b2])
    z[n, o] = sum(f, k, m, g[n, f, k, m] * W[f, k, m, o]) + a[o]
    ell_p[n, o] := exp(z[n, o]) / sum(i2, exp(z[n, i2]))
    ell[n] = -log(ell_p[n, y[n]])
    L = mean(n, ell[n])

Written by pullback 0.1.0 from the definition conv_net.toml; to change it, change that file.
Digest of the definition: 404c87ba661d99e5
The derivation, step by step, each step proved: pullback show conv_net
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of L, each in the shape and the dtype of its input."""

    dw: NDArray[np.floating]  # (F, C, P, Q)
    db: NDArray[np.floating]  # (F,)
    dW: NDArray[np.floating]  # (F, K, M, O)
    da: NDArray[np.floating]  # (O,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    W: NDArray[np.floating]
    y: NDArray[np.integer]
    P: int
    I: int
    Q: int
    J: int
    h: NDArray[np.floating]
    A2: int
    K: int
    B2: int
    M: int
    g: NDArray[np.floating]
    z_argmax: NDArray[np.integer]
    N: int
    n: NDArray[np.integer]
    exp_z: NDArray[np.floating]
    others_exp_z: NDArray[np.floating]
    F: int
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, R, S)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    u: NDArray[np.floating] | None = None  # (N, F, I, J); then h
    window_2_max: NDArray[np.floating] | None = None  # (N, F, A2, K, M)
    g: NDArray[np.floating] | None = None  # (N, F, K, M)
    z: NDArray[np.floating] | None = None  # (N, O); then exp_z
    n: NDArray[np.integer] | None = None  # (N,)
    z_argmax: NDArray[np.integer] | None = None  # (N,)
    z_max: NDArray[np.floating] | None = None  # (N,)
    ell: NDArray[np.floating] | None = None  # (N,)
    others_exp_z: NDArray[np.floating] | None = None  # (N,)
    log1p_others_exp_z: NDArray[np.floating] | None = None  # (N,)
    sum_exp_z: NDArray[np.floating] | None = None  # (N,)
    ell_p: NDArray[np.floating] | None = None  # (N, O); then dz
    others_dz: NDArray[np.floating] | None = None  # (N,)
    dW: NDArray[np.floating] | None = None  # (F, K, M, O)
    da: NDArray[np.floating] | None = None  # (O,)
    dg: NDArray[np.floating] | None = None  # (N, F, K, M)
    k: NDArray[np.integer] | None = None  # (K,)
    whole_multiply_k: NDArray[np.integer] | None = None  # (K,)
    window_3_max: NDArray[np.floating] | None = None  # (N, F, K, A2, M)
    dh_argmax: NDArray[np.integer] | None = None  # (N, F, K, M)
    dh_whole_add: NDArray[np.integer] | None = None  # (N, F, K, M)
    m: NDArray[np.integer] | None = None  # (M,)
    whole_multiply_m: NDArray[np.integer] | None = None  # (M,)
    f: NDArray[np.integer] | None = None  # (F,)
    b2: NDArray[np.integer] | None = None  # (B2,)
    dh_whole_add_2: NDArray[np.integer] | None = None  # (M, B2)
    h_picked: NDArray[np.floating] | None = None  # (N, F, K, M, B2)
    h_picked_argmax: NDArray[np.integer] | None = None  # (N, F, K, M)
    dh_whole_add_3: NDArray[np.integer] | None = None  # (N, F, K, M)
    dh: NDArray[np.floating] | None = None  # (I, J, N, F); then du
    not_equal_h: NDArray[np.bool_] | None = None  # (N, F, I, J)
    dw: NDArray[np.floating] | None = None  # (F, C, P, Q)
    db: NDArray[np.floating] | None = None  # (F,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    x: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    W: NDArray[np.floating],
    a: NDArray[np.floating],
    y: NDArray[np.integer],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with N images, F filters, I, J, K, M, O classes, A2, B2, C, P, Q, R, S:
        x: images: examples, channels, rows, columns, (N, C, R, S), floats
        w: filters, over channels, rows and columns of a window, (F, C, P, Q), floats
        b: bias of each filter, (F,), floats
        W: weights of the output layer, (F, K, M, O), floats
        a: bias of the output layer, (O,), floats
        y: right classes, (N,), integers from 0 to O - 1
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    A2 and B2 and F and I and J and K and M and N and O must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, w, b, W, a, y, dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, R, S = _arguments(
        x, w, b, W, a, y
    )
    work = _NEW if work is None else work
    _fitting(
        Workspace,
        work,
        (dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, R, S),
        x=x,
        w=w,
        b=b,
        W=W,
        a=a,
        y=y,
    )
    # u[n, f, i, j] = sum(c, p, q, pad(0, x[n, c, i + p - 1, j + q - 1]) * w[f, c, p, q]) + b[f]
    window = _window(_window(x, 2, -1, (1, 1), (P, I)), 4, -1, (1, 1), (Q, J))
    u = _contract("fcpq,ncpiqj->nfij", w, window, out=work.u)
    u += b[:, None, None]
    # h[n, f, i, j] = max(0, u[n, f, i, j])
    h = np.maximum(0, u, out=u)
    # g[n, f, k, m] = max(a2, b2, h[n, f, 2 * k + a2, 2 * m + b2])
    window_2 = _window(_window(h, 2, 0, (1, 2), (A2, K)), 4, 0, (1, 2), (B2, M))
    window_2_max = window_2.max(axis=4, out=work.window_2_max)
    g = window_2_max.max(axis=2, out=work.g)
    # z[n, o] = sum(f, k, m, g[n, f, k, m] * W[f, k, m, o]) + a[o]
    z = _contract("fkmo,nfkm->no", W, g, out=work.z)
    z += a
    # ell[n] = -log(ell_p[n, y[n]])
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
    # L = mean(n, ell[n])
    L = ell.sum() / N
    turn = work.turns[0]
    cache = Cache(
        x,
        W,
        y,
        P,
        I,
        Q,
        J,
        h,
        A2,
        K,
        B2,
        M,
        g,
        z_argmax,
        N,
        n,
        exp_z,
        others_exp_z,
        F,
        dtype,
        work,
        turn,
    )
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
    (
        x,
        W,
        y,
        P,
        I,
        Q,
        J,
        h,
        A2,
        K,
        B2,
        M,
        g,
        z_argmax,
        N,
        n,
        exp_z,
        others_exp_z,
        F,
        dtype,
        work,
        turn,
    ) = cache
    _current(work, turn)
    dL = _number("dL", dL, dtype)
    # ell_p[n, o] := exp(z[n, o]) / sum(i2, exp(z[n, i2]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = np.add(others_exp_z, 1, out=work.sum_exp_z)
    ell_p = np.divide(exp_z, sum_exp_z[:, None], out=work.ell_p)
    np.divide(1, sum_exp_z, out=sum_exp_z)
    ell_p[n, z_argmax] = sum_exp_z
    # ∂L/∂ℓ[n] = 1/N
    # that is, (1/N) 𝟏
    dell = dL / N
    # ∂L/∂z[n,o] = (ell_p[n,o] - 𝟙[o = y[n]]) ∂L/∂ℓ[n]
    # that is, diag(∂L/∂ℓ) (ell_p - onehot(y))
    # in the form of: minus the others
    dz = ell_p
    dz[n, y] = 0
    others_dz = _sum_last(dz, out=work.others_dz)
    np.negative(others_dz, out=others_dz)
    dz[n, y] = others_dz
    dz *= dell
    # ∂L/∂W[f,k,m,o] = Σ_n g[n,f,k,m] ∂L/∂z[n,o]
    dW = _contract("no,nfkm->fkmo", dz, g, out=work.dW)
    # ∂L/∂a[o] = Σ_n ∂L/∂z[n,o]
    # that is, (∂L/∂z)ᵀ 𝟏
    da = _sum_rows(dz, out=work.da)
    # ∂L/∂g[n,f,k,m] = Σ_o W[f,k,m,o] ∂L/∂z[n,o]
    dg = _contract("fkmo,no->nfkm", W, dz, out=work.dg)
    # ∂L/∂h[n,f,i,j] = Σ_{k,m} 𝟙[i = argmax_a2 max_b2 h[n,f,2 k + a2,2 m + b2] + 2 k] 𝟙[j =
    #     argmax_b2 h[n,f,argmax_a2 max_b2′ h[n,f,2 k + a2,2 m + b2′] + 2 k,2 m + b2] + 2 m]
    #     ∂L/∂g[n,f,k,m]
    k = np.arange(K) if work.k is None else work.k
    whole_multiply_k = np.multiply(2, k, out=work.whole_multiply_k)
    window_3 = _window(_window(h, 2, 0, (2, 1), (K, A2)), 4, 0, (2, 1), (M, B2))
    window_3_max = window_3.max(axis=5, out=work.window_3_max)
    dh_argmax = _places("argmax", window_3_max, 3, out=work.dh_argmax)
    dh_whole_add = np.add(whole_multiply_k[:, None], dh_argmax, out=work.dh_whole_add)
    m = np.arange(M) if work.m is None else work.m
    whole_multiply_m = np.multiply(2, m, out=work.whole_multiply_m)
    f = np.arange(F) if work.f is None else work.f
    b2 = np.arange(B2) if work.b2 is None else work.b2
    dh_whole_add_2 = np.add(whole_multiply_m[:, None], b2, out=work.dh_whole_add_2)
    h_picked = _pick(
        h,
        (n[:, None, None, None, None], f[:, None, None, None], dh_whole_add[:, :, :, :, None], dh_whole_add_2),
        out=work.h_picked,
    )
    h_picked_argmax = h_picked.argmax(axis=4, out=work.h_picked_argmax)
    dh_whole_add_3 = np.add(whole_multiply_m, h_picked_argmax, out=work.dh_whole_add_3)
    dh = _add_entries(
        dg,
        (dh_whole_add, dh_whole_add_3, n[:, None, None, None], f[:, None, None]),
        (I, J, N, F),
        out=work.dh,
    )
    # ∂L/∂u[n,f,i,j] = 𝟙[u[n,f,i,j] > 0] ∂L/∂h[n,f,i,j]
    # in the form of: mask from the output
    not_equal_h = np.not_equal(h, 0, out=work.not_equal_h)
    du = np.multiply(dh, not_equal_h.transpose([2, 3, 0, 1]), out=dh)
    # ∂L/∂w[f,c,p,q] = Σ_{n,i,j} x[n,c,p + i - 1,q + j - 1] ∂L/∂u[n,f,i,j]
    window_4 = _window(_window(x, 2, -1, (1, 1), (I, P)), 4, -1, (1, 1), (J, Q))
    dw = _contract("ijnf,ncipjq->fcpq", du, window_4, out=work.dw)
    # ∂L/∂b[f] = Σ_{n,i,j} ∂L/∂u[n,f,i,j]
    db = du.sum(axis=(0, 1, 2), out=work.db)
    return Gradients(dw, db, dW, da)


def value_and_grad(
    x: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    W: NDArray[np.floating],
    a: NDArray[np.floating],
    y: NDArray[np.integer],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Gradients]:
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(x, w, b, W, a, y, work=work)
    return L, backward(1.0, cache)


def value(
    x: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    W: NDArray[np.floating],
    a: NDArray[np.floating],
    y: NDArray[np.integer],
) -> np.floating:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, w, b, W, a, y, dtype, A2, _, _, F, I, J, K, M, N, O, _, _, _, _ = _arguments(
        x, w, b, W, a, y
    )
    _total = 0.0
    for _rows in _parts((N,), F * I * J + F * A2 * K * M + F * K * M + O + 6):
        _part, _ = forward(x[_rows], w, b, W, a, y[_rows])
        _total += _part.item() * ((_rows.stop - _rows.start) / N)
    total: np.floating = dtype.type(_total)
    return total


def workspace(
    x: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    W: NDArray[np.floating],
    a: NDArray[np.floating],
    y: NDArray[np.integer],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, _, _, _, dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, R, S = _arguments(
        x, w, b, W, a, y
    )
    arrays: dict[str, NDArray[Any]] = {
        "u": np.empty((N, F, I, J), dtype),
        "window_2_max": np.empty((N, F, A2, K, M), dtype),
        "g": np.empty((N, F, K, M), dtype),
        "z": np.empty((N, O), dtype),
        "n": np.arange(N),
        "z_argmax": np.empty((N,), np.intp),
        "z_max": np.empty((N,), dtype),
        "ell": np.empty((N,), dtype),
        "others_exp_z": np.empty((N,), dtype),
        "log1p_others_exp_z": np.empty((N,), dtype),
        "sum_exp_z": np.empty((N,), dtype),
        "ell_p": np.empty((N, O), dtype),
        "others_dz": np.empty((N,), dtype),
        "dW": np.empty((F, K, M, O), dtype),
        "da": np.empty((O,), dtype),
        "dg": np.empty((N, F, K, M), dtype),
        "k": np.arange(K),
        "whole_multiply_k": np.empty((K,), np.intp),
        "window_3_max": np.empty((N, F, K, A2, M), dtype),
        "dh_argmax": np.empty((N, F, K, M), np.intp),
        "dh_whole_add": np.empty((N, F, K, M), np.intp),
        "m": np.arange(M),
        "whole_multiply_m": np.empty((M,), np.intp),
        "f": np.arange(F),
        "b2": np.arange(B2),
        "dh_whole_add_2": np.empty((M, B2), np.intp),
        "h_picked": np.empty((N, F, K, M, B2), dtype),
        "h_picked_argmax": np.empty((N, F, K, M), np.intp),
        "dh_whole_add_3": np.empty((N, F, K, M), np.intp),
        "dh": np.empty((I, J, N, F), dtype),
        "not_equal_h": np.empty((N, F, I, J), np.bool_),
        "dw": np.empty((F, C, P, Q), dtype),
        "db": np.empty((F,), dtype),
    }
    return Workspace(
        (dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, R, S), _ids(arrays), [0], **arrays
    )


@np.errstate(under="ignore")
def jvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[np.floating, np.floating]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    x, w, b, W, a, y = _each("inputs", inputs, "x w b W a y")
    x, w, b, W, a, y, dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, _, _ = _arguments(
        x, w, b, W, a, y
    )
    w_dot, b_dot, W_dot, a_dot = _each("tangents", tangents, "w_dot b_dot W_dot a_dot")
    w_dot = _like("w_dot", w_dot, (F, C, P, Q), dtype, "w")
    b_dot = _like("b_dot", b_dot, (F,), dtype, "b")
    W_dot = _like("W_dot", W_dot, (F, K, M, O), dtype, "W")
    a_dot = _like("a_dot", a_dot, (O,), dtype, "a")
    # u[n, f, i, j] = sum(c, p, q, pad(0, x[n, c, i + p - 1, j + q - 1]) * w[f, c, p, q]) + b[f]
    window = _window(_window(x, 2, -1, (1, 1), (P, I)), 4, -1, (1, 1), (Q, J))
    u = _contract("fcpq,ncpiqj->nfij", w, window) + b[:, None, None]
    # h[n, f, i, j] = max(0, u[n, f, i, j])
    h = np.maximum(0, u)
    # g[n, f, k, m] = max(a2, b2, h[n, f, 2 * k + a2, 2 * m + b2])
    window_max = _window(_window(h, 2, 0, (1, 2), (A2, K)), 4, 0, (1, 2), (B2, M)).max(axis=4)
    g = window_max.max(axis=2)
    # z[n, o] = sum(f, k, m, g[n, f, k, m] * W[f, k, m, o]) + a[o]
    z = _contract("fkmo,nfkm->no", W, g) + a
    # ell[n] = -log(ell_p[n, y[n]])
    # in the form of: shifted log-sum-exp
    n = np.arange(N)
    z_argmax = z.argmax(axis=1)
    z_max = z[n, z_argmax]
    exp_z = np.exp(z - z_max[:, None])
    exp_z[n, z_argmax] = 0
    others_exp_z = exp_z.sum(axis=1)
    ell = z_max - z[n, y] + np.log1p(others_exp_z)
    # L = mean(n, ell[n])
    L = ell.sum() / N
    # ell_p[n, o] := exp(z[n, o]) / sum(i2, exp(z[n, i2]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = np.add(others_exp_z, 1, out=others_exp_z)
    ell_p = np.divide(exp_z, sum_exp_z[:, None], out=exp_z)
    ell_p[n, z_argmax] = 1 / sum_exp_z
    # u̇[n,f,i,j] = Σ_{c,p,q} ẇ[f,c,p,q] x[n,c,i + p - 1,j + q - 1] + ḃ[f]
    u_dot = _contract("fcpq,ncpiqj->nfij", w_dot, window) + b_dot[:, None, None]
    # ḣ[n,f,i,j] = u̇[n,f,i,j] 𝟙[u[n,f,i,j] > 0]
    h_dot = np.multiply(u_dot, u > 0, out=u_dot)
    # ġ[n,f,k,m] = ḣ[n,f,argmax_a2 max_b2 h[n,f,2 k + a2,2 m + b2] + 2 k,argmax_b2
    #     h[n,f,argmax_a2 max_b2′ h[n,f,2 k + a2,2 m + b2′] + 2 k,2 m + b2] + 2 m]
    f = np.arange(F)
    k = np.arange(K)
    g_dot_whole_add = (2 * k)[:, None] + _places("argmax", window_max, 2)
    m = np.arange(M)
    whole_multiply_m = 2 * m
    b2 = np.arange(B2)
    whole_add_b2 = b2 + whole_multiply_m[:, None]
    h_picked = h[n[:, None, None, None, None], f[:, None, None, None], g_dot_whole_add[:, :, :, :, None], whole_add_b2]
    h_picked_argmax = h_picked.argmax(axis=4)
    g_dot_whole_add_2 = whole_multiply_m + h_picked_argmax
    g_dot = h_dot[n[:, None, None, None], f[:, None, None], g_dot_whole_add, g_dot_whole_add_2]
    # ż[n,o] = Σ_{f,k,m} ġ[n,f,k,m] W[f,k,m,o] + Σ_{f,k,m} Ẇ[f,k,m,o] g[n,f,k,m] + ȧ[o]
    z_dot = _contract("fkmo,nfkm->no", W, g_dot) + _contract("fkmo,nfkm->no", W_dot, g) + a_dot
    # ℓ̇[n] = Σ_o ż[n,o] ell_p[n,o] - ż[n,y[n]]
    ell_dot = _dot_last(ell_p, z_dot) - z_dot[n, y]
    # L̇ = (1/N) Σ_n ℓ̇[n]
    # that is, (1/N) ℓ̇ᵀ 𝟏
    L_dot = ell_dot.sum() / N
    return dtype.type(L), dtype.type(L_dot)


@np.errstate(under="ignore")
def hvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> Gradients:
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    x, w, b, W, a, y = _each("inputs", inputs, "x w b W a y")
    x, w, b, W, a, y, dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, _, _ = _arguments(
        x, w, b, W, a, y
    )
    w_dot, b_dot, W_dot, a_dot = _each("tangents", tangents, "w_dot b_dot W_dot a_dot")
    w_dot = _like("w_dot", w_dot, (F, C, P, Q), dtype, "w")
    b_dot = _like("b_dot", b_dot, (F,), dtype, "b")
    W_dot = _like("W_dot", W_dot, (F, K, M, O), dtype, "W")
    a_dot = _like("a_dot", a_dot, (O,), dtype, "a")
    # u[n, f, i, j] = sum(c, p, q, pad(0, x[n, c, i + p - 1, j + q - 1]) * w[f, c, p, q]) + b[f]
    window = _window(_window(x, 2, -1, (1, 1), (P, I)), 4, -1, (1, 1), (Q, J))
    u = _contract("fcpq,ncpiqj->nfij", w, window) + b[:, None, None]
    # h[n, f, i, j] = max(0, u[n, f, i, j])
    h = np.maximum(0, u)
    # g[n, f, k, m] = max(a2, b2, h[n, f, 2 * k + a2, 2 * m + b2])
    window_max = _window(_window(h, 2, 0, (1, 2), (A2, K)), 4, 0, (1, 2), (B2, M)).max(axis=4)
    g = window_max.max(axis=2)
    # z[n, o] = sum(f, k, m, g[n, f, k, m] * W[f, k, m, o]) + a[o]
    z = _contract("fkmo,nfkm->no", W, g) + a
    # u̇[n,f,i,j] = Σ_{c,p,q} ẇ[f,c,p,q] x[n,c,i + p - 1,j + q - 1] + ḃ[f]
    u_dot = _contract("fcpq,ncpiqj->nfij", w_dot, window) + b_dot[:, None, None]
    # ḣ[n,f,i,j] = u̇[n,f,i,j] 𝟙[u[n,f,i,j] > 0]
    greater_u = u > 0
    h_dot = np.multiply(u_dot, greater_u, out=u_dot)
    # ġ[n,f,k,m] = ḣ[n,f,argmax_a2 max_b2 h[n,f,2 k + a2,2 m + b2] + 2 k,argmax_b2
    #     h[n,f,argmax_a2 max_b2′ h[n,f,2 k + a2,2 m + b2′] + 2 k,2 m + b2] + 2 m]
    n = np.arange(N)
    f = np.arange(F)
    k = np.arange(K)
    whole_multiply_k = 2 * k
    g_dot_whole_add = whole_multiply_k[:, None] + _places("argmax", window_max, 2)
    m = np.arange(M)
    whole_multiply_m = 2 * m
    b2 = np.arange(B2)
    whole_add_b2 = b2 + whole_multiply_m[:, None]
    h_picked = h[n[:, None, None, None, None], f[:, None, None, None], g_dot_whole_add[:, :, :, :, None], whole_add_b2]
    h_picked_argmax = h_picked.argmax(axis=4)
    g_dot_whole_add_2 = whole_multiply_m + h_picked_argmax
    g_dot = h_dot[n[:, None, None, None], f[:, None, None], g_dot_whole_add, g_dot_whole_add_2]
    # ż[n,o] = Σ_{f,k,m} ġ[n,f,k,m] W[f,k,m,o] + Σ_{f,k,m} Ẇ[f,k,m,o] g[n,f,k,m] + ȧ[o]
    z_dot = _contract("fkmo,nfkm->no", W, g_dot) + _contract("fkmo,nfkm->no", W_dot, g) + a_dot
    # ell_p[n, o] := exp(z[n, o]) / sum(i2, exp(z[n, i2]))
    # in the form of: shifted softmax; split off the largest; distribute
    z_argmax = z.argmax(axis=1)
    exp_z = np.exp(z - z[n, z_argmax][:, None])
    exp_z[n, z_argmax] = 0
    sum_exp_z = exp_z.sum(axis=1) + 1
    ell_p = np.divide(exp_z, sum_exp_z[:, None], out=exp_z)
    ell_p[n, z_argmax] = 1 / sum_exp_z
    # ∂L/∂ℓ[n] = 1/N
    # that is, (1/N) 𝟏
    dell = 1 / N
    # (∂L/∂z[n,o])˙ = ell_p[n,o] (ż[n,o] - Σ_i2 ż[n,i2] ell_p[n,i2]) ∂L/∂ℓ[n]
    # that is, diag(∂L/∂ℓ) (ell_p ⊙ (ż - (ż ⊙ ell_p) 𝟏 𝟏ᵀ))
    z_dot_ell_p = (z_dot - _dot_last(ell_p, z_dot)[:, None]) * ell_p
    z_dot_ell_p[n, z_argmax] = 0
    z_dot_ell_p[n, z_argmax] = -z_dot_ell_p.sum(axis=1)
    dz_dot = np.multiply(dell, z_dot_ell_p, out=z_dot_ell_p)
    # ∂L/∂z[n,o] = (ell_p[n,o] - 𝟙[o = y[n]]) ∂L/∂ℓ[n]
    # that is, diag(∂L/∂ℓ) (ell_p - onehot(y))
    # in the form of: minus the others
    ell_p[n, y] = 0
    ell_p[n, y] = -ell_p.sum(axis=1)
    dz = np.multiply(dell, ell_p, out=ell_p)
    # (∂L/∂g[n,f,k,m])˙ = Σ_o (∂L/∂z[n,o])˙ W[f,k,m,o] + Σ_o Ẇ[f,k,m,o] ∂L/∂z[n,o]
    dg_dot = _contract("fkmo,no->nfkm", W, dz_dot) + _contract("fkmo,no->nfkm", W_dot, dz)
    # (∂L/∂h[n,f,i,j])˙ = Σ_{k,m} (∂L/∂g[n,f,k,m])˙ 𝟙[i = argmax_a2 max_b2 h[n,f,2 k + a2,2 m +
    #     b2] + 2 k] 𝟙[j = argmax_b2 h[n,f,argmax_a2 max_b2′ h[n,f,2 k + a2,2 m + b2′] + 2 k,2 m
    #     + b2] + 2 m]
    window_max_2 = _window(_window(h, 2, 0, (2, 1), (K, A2)), 4, 0, (2, 1), (M, B2)).max(axis=5)
    dh_dot_argmax = _places("argmax", window_max_2, 3)
    dh_dot_whole_add = whole_multiply_k[:, None] + dh_dot_argmax
    dh_dot_whole_add_2 = whole_multiply_m[:, None] + b2
    h_picked_2 = h[n[:, None, None, None, None], f[:, None, None, None], dh_dot_whole_add[:, :, :, :, None], dh_dot_whole_add_2]
    h_picked_2_argmax = h_picked_2.argmax(axis=4)
    dh_dot_whole_add_3 = whole_multiply_m + h_picked_2_argmax
    dh_dot = _add_entries(
        dg_dot,
        (dh_dot_whole_add, dh_dot_whole_add_3, n[:, None, None, None], f[:, None, None]),
        (I, J, N, F),
    )
    # (∂L/∂u[n,f,i,j])˙ = (∂L/∂h[n,f,i,j])˙ 𝟙[u[n,f,i,j] > 0]
    du_dot = np.multiply(dh_dot, greater_u.transpose([2, 3, 0, 1]), out=dh_dot)
    # (∂L/∂w[f,c,p,q])˙ = Σ_{n,i,j} (∂L/∂u[n,f,i,j])˙ x[n,c,p + i - 1,q + j - 1]
    window_2 = _window(_window(x, 2, -1, (1, 1), (I, P)), 4, -1, (1, 1), (J, Q))
    dw_dot = _contract("ijnf,ncipjq->fcpq", du_dot, window_2)
    # (∂L/∂b[f])˙ = Σ_{n,i,j} (∂L/∂u[n,f,i,j])˙
    db_dot = du_dot.sum(axis=(0, 1, 2))
    # (∂L/∂W[f,k,m,o])˙ = Σ_n ġ[n,f,k,m] ∂L/∂z[n,o] + Σ_n (∂L/∂z[n,o])˙ g[n,f,k,m]
    dW_dot = _contract("no,nfkm->fkmo", dz, g_dot) + _contract("no,nfkm->fkmo", dz_dot, g)
    # (∂L/∂a[o])˙ = Σ_n (∂L/∂z[n,o])˙
    # that is, (∂L/∂z)˙ᵀ 𝟏
    da_dot = _sum_rows(dz_dot)
    return Gradients(dw_dot, db_dot, dW_dot, da_dot)


def jacobian(
    x: NDArray[np.floating],
    w: NDArray[np.floating],
    b: NDArray[np.floating],
    W: NDArray[np.floating],
    a: NDArray[np.floating],
    y: NDArray[np.integer],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(x, w, b, W, a, y)
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


def _arguments(x: Any, w: Any, b: Any, W: Any, a: Any, y: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N C R S")
    w = _array("w", w, "F C P Q")
    b = _array("b", b, "F")
    W = _array("W", W, "F K M O")
    a = _array("a", a, "O")
    y = _integers("y", y, "N")
    dtype = x.dtype
    if w.dtype != dtype or b.dtype != dtype or W.dtype != dtype or a.dtype != dtype:
        _one_dtype(x=x, w=w, b=b, W=W, a=a)
    N = x.shape[0]
    C = x.shape[1]
    R = x.shape[2]
    S = x.shape[3]
    F = w.shape[0]
    P = w.shape[2]
    Q = w.shape[3]
    K = W.shape[1]
    M = W.shape[2]
    O = W.shape[3]
    if (
        w.shape != (F, C, P, Q)
        or b.shape != (F,)
        or W.shape != (F, K, M, O)
        or a.shape != (O,)
        or y.shape != (N,)
    ):
        _one_size(
            x=(x, "N C R S"), w=(w, "F C P Q"), b=(b, "F"), W=(W, "F K M O"), a=(a, "O"), y=(y, "N")
        )
    I = R - P + 3
    _some("I = R - P + 3", I)
    J = S - Q + 3
    _some("J = S - Q + 3", J)
    A2 = 2
    B2 = 2
    _within("h[n, f, 2 * k + a2, 2 * m + b2] leaves axis 2 of h", 0, A2 + 2 * K - 3, I)
    _within("h[n, f, 2 * k + a2, 2 * m + b2] leaves axis 3 of h", 0, B2 + 2 * M - 3, J)
    _not_empty("A2", A2)
    _not_empty("B2", B2)
    _not_empty("F", F)
    _not_empty("I", I)
    _not_empty("J", J)
    _not_empty("K", K)
    _not_empty("M", M)
    _not_empty("N", N)
    _not_empty("O", O)
    y = _labels("y", y, O)
    return x, w, b, W, a, y, dtype, A2, B2, C, F, I, J, K, M, N, O, P, Q, R, S


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


def _some(words: str, size: int) -> None:
    """Refuse a size that is worked out, and below 1."""
    if size < 1:
        raise ValueError(f"{words} is {size}; it must be at least 1: an array is too short for it")


def _within(words: str, low: int, high: int, size: int) -> None:
    """Refuse an entry that lies outside of its axis."""
    if low < 0 or high >= size:
        raise ValueError(f"{words}: places {low} to {high} of {size} are read, from 0 on")


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


def _places(
    kind: str, values: NDArray[Any], axis: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """argmax or argmin along an axis before the last: in parts, as NumPy copies what it gets."""
    if out is None:
        out = np.empty(values.shape[:axis] + values.shape[axis + 1 :], np.intp)
    if axis:
        step = max(1, 2**15 // max(1, values[:1].size))
        for start in range(0, len(values), step):
            rows = slice(start, start + step)
            getattr(values[rows], kind)(axis=axis, out=out[rows])
    else:
        step = max(1, 2**15 // max(1, values[:, :1].size))
        for start in range(0, values.shape[1], step):
            columns = slice(start, start + step)
            getattr(values[:, columns], kind)(axis=0, out=out[columns])
    return out


def _add_entries(
    rows: NDArray[Any],
    at: tuple[NDArray[Any], ...],
    sizes: tuple[int, ...],
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Rows with the same labels are added up: (labels…, rest…) to (*sizes, rest…)."""
    labels, size = at[0], sizes[0]
    for more, length in zip(at[1:], sizes[1:]):
        labels, size = labels * length + more, size * length
    rest = rows.shape[labels.ndim :]
    if out is None:
        return _add_rows(rows, labels, size).reshape(*sizes, *rest)
    _add_rows(rows, labels, size, out.reshape(size, *rest))
    return out


def _add_rows(
    rows: NDArray[Any], labels: NDArray[Any], size: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Rows with one label are added up: (labels…, rest…) to (size, rest…).

    Where a label comes more than 4096 times, some rows are added up at a time, then their sums, so
    that rounding stays small; then some columns at a time, so that these sums stay in the cache.
    """
    if out is None:
        out = np.empty((size, *rows.shape[labels.ndim :]), rows.dtype)
    out[...] = 0
    if not rows.size:
        return out
    width = rows.size // labels.size
    rows, labels, total = rows.reshape(-1, width), labels.reshape(-1), out.reshape(size, width)
    if len(rows) <= 4096 or np.bincount(labels).max() <= 4096:
        _add_at(total.reshape(-1), rows, labels)
        return out
    group, columns = max(4096, size // 8), max(1, min(width, 2**15 // size))
    for left in range(0, width, columns):
        some = slice(left, left + columns)
        part = np.empty(total[:, some].shape, rows.dtype)
        for start in range(0, len(rows), group):
            part[...] = 0
            end = start + group
            _add_at(part.reshape(-1), rows[start:end, some], labels[start:end])
            total[:, some] += part
    return out


def _add_at(total: NDArray[Any], rows: NDArray[Any], labels: NDArray[Any]) -> None:
    """Add each row to the one that its label says, in the flat array of them all."""
    width = rows.shape[1]
    if width > 2**12:
        for row, label in zip(rows, labels):
            total[label * width : (label + 1) * width] += row
        return
    step = max(1, 2**14 // width)  # rows whose places stay in the cache
    for start in range(0, len(rows), step):
        # add.at is several times as fast with a place for each entry as with one for each row
        places = labels[start : start + step, None] * width + np.arange(width)
        np.add.at(total, places.reshape(-1), rows[start : start + step].reshape(-1))


def _dot_last(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """Σ a b over the last axis; NumPy has vecdot from 2.0 on."""
    if hasattr(np, "vecdot"):
        return np.vecdot(a, b, out=out)
    return np.einsum("...i,...i->...", a, b, out=out)


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


def _window(
    values: NDArray[Any], axis: int, start: int, steps: tuple[int, ...], sizes: tuple[int, ...]
) -> NDArray[Any]:
    """Entries at start + Σ step · new axis along an axis, in new axes; 0 outside.

    It is a view where it can be, and is only read.
    """
    shape = (*values.shape[:axis], *sizes, *values.shape[axis + 1 :])
    if 0 in shape:
        return np.zeros(shape, values.dtype)
    size = values.shape[axis]
    ends = [step * (count - 1) for step, count in zip(steps, sizes)]
    low, high = start + sum(min(0, e) for e in ends), start + sum(max(0, e) for e in ends)
    if low < 0 or high >= size:
        before, behind = max(0, -low), max(0, high + 1 - size)
        wide = (*values.shape[:axis], before + size + behind, *values.shape[axis + 1 :])
        padded = np.zeros(wide, values.dtype)
        padded[(slice(None),) * axis + (slice(before, before + size),)] = values
        values, start = padded, start + before
    stride = values.strides[axis]
    strides = [*values.strides[:axis], *(step * stride for step in steps)]
    first = values[(slice(None),) * axis + (slice(start, None),)]
    return np.lib.stride_tricks.as_strided(
        first, shape, [*strides, *values.strides[axis + 1 :]], writeable=False
    )


def _contract(
    signature: str, a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """einsum of two arrays by matrix products, some rows of the larger one at a time.

    So what has to be copied for them, such as windows, stays in the cache.
    """
    left, right, result = signature.replace("->", ",").split(",")
    if a.size < b.size:
        left, right, a, b = right, left, b, a
    length = dict(zip(left + right, a.shape + b.shape))
    if out is None:
        out = np.empty([length[letter] for letter in result], a.dtype)
    alone = [length[letter] for letter in right if letter not in left]
    if a.size * math.prod(alone) <= 2**12:
        np.einsum(f"{left},{right}->{result}", a, b, out=out)
        return out
    first, row = left[0], a[:1].size
    step = max(1, 2**19 // row)
    space = np.empty(min(step, len(a)) * row, a.dtype)
    added = first not in result and step < len(a)
    total = np.zeros(out.shape) if added else out
    stacked = first if first in result and row >= 2**14 else ""
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        some = b[(slice(None),) * right.index(first) + (rows,)] if first in right else b
        place = out
        if first in result:
            place = out[(slice(None),) * result.index(first) + (rows,)]
        _matrix_product((left, right, result), a[rows], some, place, space, stacked)
        if added:
            total += out
    if added:
        out[...] = total
    return out


def _matrix_product(
    letters: tuple[str, str, str],
    a: NDArray[Any],
    b: NDArray[Any],
    out: NDArray[Any],
    space: NDArray[Any],
    stacked: str,
) -> None:
    """einsum of two arrays by one matrix product, or by one for each place of shared axes, and of
    the `stacked` one. The first array is copied into `space`, if it must be."""
    left, right, result = letters
    shared = [c for c in left if c in right]
    batch = [c for c in result if c in shared or c == stacked]
    summed = [c for c in shared if c not in result]
    rows, columns = ([c for c in result if c in own and c not in batch] for own in (left, right))
    x = _matrix(a, left, batch, (rows, summed), space)
    y = _matrix(b, right, batch, (summed, columns), None)
    order = [*batch, *rows, *columns]
    if rows and columns and result.index(columns[0]) < result.index(rows[0]):
        x, y = y.swapaxes(-1, -2), x.swapaxes(-1, -2)
        order = [*batch, *columns, *rows]
    if "".join(order) == result and out.flags.c_contiguous:
        lead = [out.shape[k] for k in range(len(batch))]
        np.matmul(x, y, out=out.reshape(*lead, x.shape[-2], y.shape[-1]))
        return
    found = out.transpose([result.index(c) for c in order])
    found[...] = np.matmul(x, y).reshape(found.shape)


def _matrix(
    array: NDArray[Any],
    letters: str,
    batch: list[str],
    sides: tuple[list[str], list[str]],
    space: NDArray[Any] | None,
) -> NDArray[Any]:
    """An array as matrices, copied into `space` where it must be; what runs along memory is copied
    along memory. An axis of `batch` that it lacks has the length 1."""
    runs = [(abs(stride) or 2**62, -n) for stride, n in zip(array.strides, array.shape)]
    turned = letters[runs.index(min(runs))] in sides[0]
    first, last = sides[::-1] if turned else sides
    lead = [c for c in batch if c in letters]
    array = array.transpose([letters.index(c) for c in (*lead, *first, *last)])
    if space is not None and not array.flags.c_contiguous:
        copied = space[: array.size].reshape(array.shape)
        np.copyto(copied, array)
        array = copied
    length = dict(zip(lead, array.shape))
    middle = len(lead) + len(first)
    shape = [math.prod(array.shape[len(lead) : middle]), math.prod(array.shape[middle:])]
    matrices = array.reshape(*(length.get(c, 1) for c in batch), *shape)
    return matrices.swapaxes(-1, -2) if turned else matrices


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


# Written by pullback from its own layers; digest of what stands above: e4c27695b0d01f67
