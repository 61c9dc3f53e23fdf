"""Three-layer perceptron with GELU and layer normalization

A deeper network, made of calls of other definitions.

    u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    mu[n] := mean(k, u[n, k])
    a_v[n] := mean(k, (u[n, k] - mu[n])**2)
    r[n] := 1 / sqrt(a_v[n] + 1e-5)
    xhat[n, k] := (u[n, k] - mu[n]) * r[n]
    a[n, k] = gain[k] * xhat[n, k] + bias[k]
    Phi[n, k] := (1 + erf(a[n, k] / sqrt(2))) / 2
    h[n, k] = a[n, k] * Phi[n, k]
    v[n, m] = sum(k, h[n, k] * V[k, m]) + b[m]
    g_Phi[n, m] := (1 + erf(v[n, m] / sqrt(2))) / 2
    g[n, m] = v[n, m] * g_Phi[n, m]
    z[n, j] = sum(m, g[n, m] * w[m, j]) + s[j]
    p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    ell[n] = -log(p[n, y[n]])
    L = mean(n, ell[n])

Written by pullback 0.1.0 from the definition deep_mlp.toml; to change it, change that file.
Digest of the definition: 867269178cf6f036
The derivation, step by step, each step proved: pullback show deep_mlp
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
    dgain: NDArray[np.floating]  # (K,)
    dbias: NDArray[np.floating]  # (K,)
    dV: NDArray[np.floating]  # (K, M)
    db: NDArray[np.floating]  # (M,)
    dw: NDArray[np.floating]  # (M, J)
    ds: NDArray[np.floating]  # (J,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    gain: NDArray[np.floating]
    V: NDArray[np.floating]
    w: NDArray[np.floating]
    y: NDArray[np.integer]
    K: int
    r: NDArray[np.floating]
    xhat: NDArray[np.floating]
    a: NDArray[np.floating]
    Phi: NDArray[np.floating]
    h: NDArray[np.floating]
    v: NDArray[np.floating]
    g_Phi: NDArray[np.floating]
    g: NDArray[np.floating]
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

    sizes: tuple[Any, ...] | None = None  # (dtype, D, J, K, M, N)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    u: NDArray[np.floating] | None = None  # (N, K); then xhat
    mu: NDArray[np.floating] | None = None  # (N,)
    sum_xhat: NDArray[np.floating] | None = None  # (N,)
    a_v: NDArray[np.floating] | None = None  # (N,); then r
    a: NDArray[np.floating] | None = None  # (N, K)
    a_2: NDArray[np.floating] | None = None  # (N, K)
    Phi: NDArray[np.floating] | None = None  # (N, K)
    h: NDArray[np.floating] | None = None  # (N, K)
    v: NDArray[np.floating] | None = None  # (N, M)
    v_2: NDArray[np.floating] | None = None  # (N, M)
    g_Phi: NDArray[np.floating] | None = None  # (N, M)
    g: NDArray[np.floating] | None = None  # (N, M)
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
    dw: NDArray[np.floating] | None = None  # (M, J)
    ds: NDArray[np.floating] | None = None  # (J,)
    dg: NDArray[np.floating] | None = None  # (N, M)
    dv: NDArray[np.floating] | None = None  # (N, M)
    dV: NDArray[np.floating] | None = None  # (K, M)
    db: NDArray[np.floating] | None = None  # (M,)
    dh: NDArray[np.floating] | None = None  # (N, K)
    da: NDArray[np.floating] | None = None  # (N, K)
    dgain: NDArray[np.floating] | None = None  # (K,)
    dbias: NDArray[np.floating] | None = None  # (K,)
    gain_da: NDArray[np.floating] | None = None  # (N, K)
    da_gain: NDArray[np.floating] | None = None  # (N,)
    du: NDArray[np.floating] | None = None  # (N, K)
    xhat_gain_da: NDArray[np.floating] | None = None  # (N,)
    xhat_gain_da_xhat: NDArray[np.floating] | None = None  # (N, K)
    dW: NDArray[np.floating] | None = None  # (D, K)
    dc: NDArray[np.floating] | None = None  # (K,)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    gain: NDArray[np.floating],
    bias: NDArray[np.floating],
    V: NDArray[np.floating],
    b: NDArray[np.floating],
    w: NDArray[np.floating],
    s: NDArray[np.floating],
    y: NDArray[np.integer],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with N examples, K first hidden units, M second hidden units, J classes, D inputs:
        x: inputs, (N, D), floats
        W: weights of the first hidden layer, (D, K), floats
        c: bias of the first hidden layer, (K,), floats
        gain: factor of each first hidden unit, (K,), floats
        bias: number added to each first hidden unit, (K,), floats
        V: weights of the second hidden layer, (K, M), floats
        b: bias of the second hidden layer, (M,), floats
        w: weights of the output layer, (M, J), floats
        s: bias of the output layer, (J,), floats
        y: right classes, (N,), integers from 0 to J - 1
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J and K and N must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, W, c, gain, bias, V, b, w, s, y, dtype, D, J, K, M, N = _arguments(
        x, W, c, gain, bias, V, b, w, s, y
    )
    work = _NEW if work is None else work
    _fitting(
        Workspace,
        work,
        (dtype, D, J, K, M, N),
        x=x,
        W=W,
        c=c,
        gain=gain,
        bias=bias,
        V=V,
        b=b,
        w=w,
        s=s,
        y=y,
    )
    # u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    u = np.matmul(x, W, out=work.u)
    u += c
    # mu[n] := mean(k, u[n, k])
    mu = _sum_last(u, out=work.mu)
    mu /= K
    # a_v[n] := mean(k, (u[n, k] - mu[n])**2)
    # in the form of: mean of the deviations
    xhat = np.subtract(u, mu[:, None], out=u)
    sum_xhat = _sum_last(xhat, out=work.sum_xhat)
    sum_xhat /= K
    xhat -= sum_xhat[:, None]
    a_v = _dot_last(xhat, xhat, out=work.a_v)
    a_v /= K
    # r[n] := 1 / sqrt(a_v[n] + 1e-5)
    r = np.add(a_v, 1e-05, out=a_v)
    np.sqrt(r, out=r)
    np.divide(1, r, out=r)
    # xhat[n, k] := (u[n, k] - mu[n]) * r[n]
    # in the form of: mean of the deviations
    xhat *= r[:, None]
    # a[n, k] = gain[k] * xhat[n, k] + bias[k]
    a = np.multiply(gain, xhat, out=work.a)
    a += bias
    # Phi[n, k] := (1 + erf(a[n, k] / sqrt(2))) / 2
    # in the form of: complementary error function
    a_2 = np.multiply(-0.7071067811865476, a, out=work.a_2)
    Phi = _erfc(a_2, out=work.Phi)
    Phi *= 0.5
    # h[n, k] = a[n, k] * Phi[n, k]
    # in the form of: complementary error function
    h = np.multiply(Phi, a, out=work.h)
    # v[n, m] = sum(k, h[n, k] * V[k, m]) + b[m]
    v = np.matmul(h, V, out=work.v)
    v += b
    # g_Phi[n, m] := (1 + erf(v[n, m] / sqrt(2))) / 2
    # in the form of: complementary error function
    v_2 = np.multiply(-0.7071067811865476, v, out=work.v_2)
    g_Phi = _erfc(v_2, out=work.g_Phi)
    g_Phi *= 0.5
    # g[n, m] = v[n, m] * g_Phi[n, m]
    # in the form of: complementary error function
    g = np.multiply(g_Phi, v, out=work.g)
    # z[n, j] = sum(m, g[n, m] * w[m, j]) + s[j]
    z = np.matmul(g, w, out=work.z)
    z += s
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
    # L = mean(n, ell[n])
    L = ell.sum() / N
    turn = work.turns[0]
    cache = Cache(
        x,
        gain,
        V,
        w,
        y,
        K,
        r,
        xhat,
        a,
        Phi,
        h,
        v,
        g_Phi,
        g,
        z_argmax,
        N,
        n,
        exp_z,
        others_exp_z,
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
        gain,
        V,
        w,
        y,
        K,
        r,
        xhat,
        a,
        Phi,
        h,
        v,
        g_Phi,
        g,
        z_argmax,
        N,
        n,
        exp_z,
        others_exp_z,
        dtype,
        work,
        turn,
    ) = cache
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
    # ∂L/∂w[m,j] = Σ_n g[n,m] ∂L/∂z[n,j]
    # that is, gᵀ ∂L/∂z
    dw = np.matmul(g.T, dz, out=work.dw)
    # ∂L/∂s[j] = Σ_n ∂L/∂z[n,j]
    # that is, (∂L/∂z)ᵀ 𝟏
    ds = _sum_rows(dz, out=work.ds)
    # ∂L/∂g[n,m] = Σ_j w[m,j] ∂L/∂z[n,j]
    # that is, ∂L/∂z wᵀ
    dg = np.matmul(dz, w.T, out=work.dg)
    # ∂L/∂v[n,m] = ((√(2) / (2 √(π))) v[n,m] exp(-(1/2) v[n,m]²) + g_Phi[n,m]) ∂L/∂g[n,m]
    # that is, ((√(2) / (2 √(π))) (v ⊙ exp(-(1/2) (v ⊙ v))) + g_Phi) ⊙ ∂L/∂g
    dv = np.square(v, out=work.dv)
    dv *= -0.5
    np.exp(dv, out=dv)
    dv *= 0.3989422804014327
    dv *= v
    dv += g_Phi
    dv *= dg
    # ∂L/∂V[k,m] = Σ_n h[n,k] ∂L/∂v[n,m]
    # that is, hᵀ ∂L/∂v
    dV = np.matmul(h.T, dv, out=work.dV)
    # ∂L/∂b[m] = Σ_n ∂L/∂v[n,m]
    # that is, (∂L/∂v)ᵀ 𝟏
    db = _sum_rows(dv, out=work.db)
    # ∂L/∂h[n,k] = Σ_m V[k,m] ∂L/∂v[n,m]
    # that is, ∂L/∂v Vᵀ
    dh = np.matmul(dv, V.T, out=work.dh)
    # ∂L/∂a[n,k] = ((√(2) / (2 √(π))) a[n,k] exp(-(1/2) a[n,k]²) + Φ[n,k]) ∂L/∂h[n,k]
    # that is, ((√(2) / (2 √(π))) (a ⊙ exp(-(1/2) (a ⊙ a))) + Φ) ⊙ ∂L/∂h
    da = np.square(a, out=work.da)
    da *= -0.5
    np.exp(da, out=da)
    da *= 0.3989422804014327
    da *= a
    da += Phi
    da *= dh
    # ∂L/∂gain[k] = Σ_n xhat[n,k] ∂L/∂a[n,k]
    # that is, ((∂L/∂a)ᵀ ⊙ xhatᵀ) 𝟏
    dgain = _dot_rows(da, xhat, out=work.dgain)
    # ∂L/∂bias[k] = Σ_n ∂L/∂a[n,k]
    # that is, (∂L/∂a)ᵀ 𝟏
    dbias = _sum_rows(da, out=work.dbias)
    # ∂L/∂u[n,k] = r[n] (gain[k] ∂L/∂a[n,k] - (1/K) Σ_k′ gain[k′] ∂L/∂a[n,k′] - (1/K) xhat[n,k]
    #     Σ_k′ xhat[n,k′] gain[k′] ∂L/∂a[n,k′])
    # that is, diag(r) (∂L/∂a diag(gain) - (1/K) diag((xhat ⊙ ∂L/∂a) gain) xhat - (1/K) ∂L/∂a
    #     gain 𝟏ᵀ)
    gain_da = np.multiply(gain, da, out=work.gain_da)
    da_gain = np.matmul(da, gain, out=work.da_gain)
    da_gain /= K
    du = np.subtract(gain_da, da_gain[:, None], out=work.du)
    xhat_gain_da = _dot_last(xhat, gain_da, out=work.xhat_gain_da)
    xhat_gain_da /= K
    xhat_gain_da_xhat = np.multiply(xhat_gain_da[:, None], xhat, out=work.xhat_gain_da_xhat)
    du -= xhat_gain_da_xhat
    du *= r[:, None]
    # ∂L/∂W[d,k] = Σ_n x[n,d] ∂L/∂u[n,k]
    # that is, xᵀ ∂L/∂u
    dW = np.matmul(x.T, du, out=work.dW)
    # ∂L/∂c[k] = Σ_n ∂L/∂u[n,k]
    # that is, (∂L/∂u)ᵀ 𝟏
    dc = _sum_rows(du, out=work.dc)
    return Gradients(dW, dc, dgain, dbias, dV, db, dw, ds)


def value_and_grad(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    gain: NDArray[np.floating],
    bias: NDArray[np.floating],
    V: NDArray[np.floating],
    b: NDArray[np.floating],
    w: NDArray[np.floating],
    s: NDArray[np.floating],
    y: NDArray[np.integer],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Gradients]:
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(x, W, c, gain, bias, V, b, w, s, y, work=work)
    return L, backward(1.0, cache)


def value(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    gain: NDArray[np.floating],
    bias: NDArray[np.floating],
    V: NDArray[np.floating],
    b: NDArray[np.floating],
    w: NDArray[np.floating],
    s: NDArray[np.floating],
    y: NDArray[np.integer],
) -> np.floating:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, W, c, gain, bias, V, b, w, s, y, dtype, _, J, K, M, N = _arguments(
        x, W, c, gain, bias, V, b, w, s, y
    )
    _total = 0.0
    for _rows in _parts((N,), 5 * K + 4 * M + J + 9):
        _part, _ = forward(x[_rows], W, c, gain, bias, V, b, w, s, y[_rows])
        _total += _part.item() * ((_rows.stop - _rows.start) / N)
    total: np.floating = dtype.type(_total)
    return total


def workspace(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    gain: NDArray[np.floating],
    bias: NDArray[np.floating],
    V: NDArray[np.floating],
    b: NDArray[np.floating],
    w: NDArray[np.floating],
    s: NDArray[np.floating],
    y: NDArray[np.integer],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, _, _, _, _, _, _, _, dtype, D, J, K, M, N = _arguments(
        x, W, c, gain, bias, V, b, w, s, y
    )
    arrays: dict[str, NDArray[Any]] = {
        "u": np.empty((N, K), dtype),
        "mu": np.empty((N,), dtype),
        "sum_xhat": np.empty((N,), dtype),
        "a_v": np.empty((N,), dtype),
        "a": np.empty((N, K), dtype),
        "a_2": np.empty((N, K), dtype),
        "Phi": np.empty((N, K), dtype),
        "h": np.empty((N, K), dtype),
        "v": np.empty((N, M), dtype),
        "v_2": np.empty((N, M), dtype),
        "g_Phi": np.empty((N, M), dtype),
        "g": np.empty((N, M), dtype),
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
        "dw": np.empty((M, J), dtype),
        "ds": np.empty((J,), dtype),
        "dg": np.empty((N, M), dtype),
        "dv": np.empty((N, M), dtype),
        "dV": np.empty((K, M), dtype),
        "db": np.empty((M,), dtype),
        "dh": np.empty((N, K), dtype),
        "da": np.empty((N, K), dtype),
        "dgain": np.empty((K,), dtype),
        "dbias": np.empty((K,), dtype),
        "gain_da": np.empty((N, K), dtype),
        "da_gain": np.empty((N,), dtype),
        "du": np.empty((N, K), dtype),
        "xhat_gain_da": np.empty((N,), dtype),
        "xhat_gain_da_xhat": np.empty((N, K), dtype),
        "dW": np.empty((D, K), dtype),
        "dc": np.empty((K,), dtype),
    }
    return Workspace((dtype, D, J, K, M, N), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[np.floating, np.floating]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    x, W, c, gain, bias, V, b, w, s, y = _each("inputs", inputs, "x W c gain bias V b w s y")
    x, W, c, gain, bias, V, b, w, s, y, dtype, D, J, K, M, N = _arguments(
        x, W, c, gain, bias, V, b, w, s, y
    )
    W_dot, c_dot, gain_dot, bias_dot, V_dot, b_dot, w_dot, s_dot = _each(
        "tangents", tangents, "W_dot c_dot gain_dot bias_dot V_dot b_dot w_dot s_dot"
    )
    W_dot = _like("W_dot", W_dot, (D, K), dtype, "W")
    c_dot = _like("c_dot", c_dot, (K,), dtype, "c")
    gain_dot = _like("gain_dot", gain_dot, (K,), dtype, "gain")
    bias_dot = _like("bias_dot", bias_dot, (K,), dtype, "bias")
    V_dot = _like("V_dot", V_dot, (K, M), dtype, "V")
    b_dot = _like("b_dot", b_dot, (M,), dtype, "b")
    w_dot = _like("w_dot", w_dot, (M, J), dtype, "w")
    s_dot = _like("s_dot", s_dot, (J,), dtype, "s")
    # u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    u = x @ W + c
    # mu[n] := mean(k, u[n, k])
    mu = u.sum(axis=1) / K
    # a_v[n] := mean(k, (u[n, k] - mu[n])**2)
    # in the form of: mean of the deviations
    u_shifted = np.subtract(u, mu[:, None], out=u)
    u_shifted_shifted = np.subtract(u_shifted, (u_shifted.sum(axis=1) / K)[:, None], out=u_shifted)
    a_v = _dot_last(u_shifted_shifted, u_shifted_shifted) / K
    # r[n] := 1 / sqrt(a_v[n] + 1e-5)
    r = 1 / np.sqrt(a_v + 1e-05)
    # xhat[n, k] := (u[n, k] - mu[n]) * r[n]
    # in the form of: mean of the deviations
    xhat = np.multiply(r[:, None], u_shifted_shifted, out=u_shifted_shifted)
    # a[n, k] = gain[k] * xhat[n, k] + bias[k]
    a = gain * xhat + bias
    # Phi[n, k] := (1 + erf(a[n, k] / sqrt(2))) / 2
    # in the form of: complementary error function
    Phi = 0.5 * _erfc(-0.7071067811865476 * a)
    # h[n, k] = a[n, k] * Phi[n, k]
    # in the form of: complementary error function
    h = Phi * a
    # v[n, m] = sum(k, h[n, k] * V[k, m]) + b[m]
    v = h @ V + b
    # g_Phi[n, m] := (1 + erf(v[n, m] / sqrt(2))) / 2
    # in the form of: complementary error function
    g_Phi = 0.5 * _erfc(-0.7071067811865476 * v)
    # g[n, m] = v[n, m] * g_Phi[n, m]
    # in the form of: complementary error function
    g = g_Phi * v
    # z[n, j] = sum(m, g[n, m] * w[m, j]) + s[j]
    z = g @ w + s
    # ell[n] = -log(p[n, y[n]])
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
    # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    # in the form of: shifted softmax; split off the largest; distribute
    sum_exp_z = np.add(others_exp_z, 1, out=others_exp_z)
    p = np.divide(exp_z, sum_exp_z[:, None], out=exp_z)
    p[n, z_argmax] = 1 / sum_exp_z
    # u̇[n,k] = Σ_d Ẇ[d,k] x[n,d] + ċ[k]
    # that is, x Ẇ + 𝟏 ċᵀ
    u_dot = x @ W_dot + c_dot
    # ȧ[n,k] = gain˙[k] xhat[n,k] + r[n] gain[k] (u̇[n,k] - (1/K) Σ_k′ u̇[n,k′] - (1/K)
    #     xhat[n,k] Σ_k′ u̇[n,k′] xhat[n,k′]) + bias˙[k]
    # that is, xhat diag(gain˙) + diag(r) (u̇ - (1/K) u̇ 𝟏 𝟏ᵀ - (1/K) diag((u̇ ⊙ xhat) 𝟏) xhat)
    #     diag(gain) + 𝟏 bias˙ᵀ
    u_dot_shifted = u_dot - (u_dot.sum(axis=1) / K)[:, None]
    u_dot_xhat_xhat = (_dot_last(u_dot, xhat) / K)[:, None] * xhat
    a_dot_difference = np.subtract(u_dot_shifted, u_dot_xhat_xhat, out=u_dot_shifted)
    a_dot = gain_dot * xhat + gain * r[:, None] * a_dot_difference + bias_dot
    # ḣ[n,k] = ȧ[n,k] ((√(2) / (2 √(π))) a[n,k] exp(-(1/2) a[n,k]²) + Φ[n,k])
    # that is, ȧ ⊙ ((√(2) / (2 √(π))) (a ⊙ exp(-(1/2) (a ⊙ a))) + Φ)
    exp_square_a_a = np.multiply(0.3989422804014327 * np.exp(-0.5 * np.square(a)), a, out=a)
    h_dot = np.multiply(exp_square_a_a + Phi, a_dot, out=a_dot)
    # v̇[n,m] = Σ_k ḣ[n,k] V[k,m] + Σ_k V̇[k,m] h[n,k] + ḃ[m]
    # that is, ḣ V + h V̇ + 𝟏 ḃᵀ
    v_dot = h_dot @ V + h @ V_dot + b_dot
    # ġ[n,m] = v̇[n,m] ((√(2) / (2 √(π))) v[n,m] exp(-(1/2) v[n,m]²) + g_Phi[n,m])
    # that is, v̇ ⊙ ((√(2) / (2 √(π))) (v ⊙ exp(-(1/2) (v ⊙ v))) + g_Phi)
    exp_square_v_v = np.multiply(0.3989422804014327 * np.exp(-0.5 * np.square(v)), v, out=v)
    g_dot = np.multiply(exp_square_v_v + g_Phi, v_dot, out=v_dot)
    # ż[n,j] = Σ_m ẇ[m,j] g[n,m] + Σ_m ġ[n,m] w[m,j] + ṡ[j]
    # that is, g ẇ + ġ w + 𝟏 ṡᵀ
    z_dot = g @ w_dot + g_dot @ w + s_dot
    # ℓ̇[n] = Σ_j ż[n,j] p[n,j] - ż[n,y[n]]
    ell_dot = _dot_last(p, z_dot) - z_dot[n, y]
    # L̇ = (1/N) Σ_n ℓ̇[n]
    # that is, (1/N) ℓ̇ᵀ 𝟏
    L_dot = ell_dot.sum() / N
    return dtype.type(L), dtype.type(L_dot)


@np.errstate(under="ignore")
def hvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> Gradients:
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    x, W, c, gain, bias, V, b, w, s, y = _each("inputs", inputs, "x W c gain bias V b w s y")
    x, W, c, gain, bias, V, b, w, s, y, dtype, D, J, K, M, N = _arguments(
        x, W, c, gain, bias, V, b, w, s, y
    )
    W_dot, c_dot, gain_dot, bias_dot, V_dot, b_dot, w_dot, s_dot = _each(
        "tangents", tangents, "W_dot c_dot gain_dot bias_dot V_dot b_dot w_dot s_dot"
    )
    W_dot = _like("W_dot", W_dot, (D, K), dtype, "W")
    c_dot = _like("c_dot", c_dot, (K,), dtype, "c")
    gain_dot = _like("gain_dot", gain_dot, (K,), dtype, "gain")
    bias_dot = _like("bias_dot", bias_dot, (K,), dtype, "bias")
    V_dot = _like("V_dot", V_dot, (K, M), dtype, "V")
    b_dot = _like("b_dot", b_dot, (M,), dtype, "b")
    w_dot = _like("w_dot", w_dot, (M, J), dtype, "w")
    s_dot = _like("s_dot", s_dot, (J,), dtype, "s")
    # u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    u = x @ W + c
    # mu[n] := mean(k, u[n, k])
    mu = u.sum(axis=1) / K
    # a_v[n] := mean(k, (u[n, k] - mu[n])**2)
    # in the form of: mean of the deviations
    u_shifted = np.subtract(u, mu[:, None], out=u)
    u_shifted_shifted = u_shifted - (u_shifted.sum(axis=1) / K)[:, None]
    a_v = _dot_last(u_shifted_shifted, u_shifted_shifted) / K
    # r[n] := 1 / sqrt(a_v[n] + 1e-5)
    r = 1 / np.sqrt(a_v + 1e-05)
    # xhat[n, k] := (u[n, k] - mu[n]) * r[n]
    # in the form of: mean of the deviations
    xhat = r[:, None] * u_shifted_shifted
    # a[n, k] = gain[k] * xhat[n, k] + bias[k]
    a = gain * xhat + bias
    # Phi[n, k] := (1 + erf(a[n, k] / sqrt(2))) / 2
    # in the form of: complementary error function
    Phi = 0.5 * _erfc(-0.7071067811865476 * a)
    # h[n, k] = a[n, k] * Phi[n, k]
    # in the form of: complementary error function
    h = Phi * a
    # v[n, m] = sum(k, h[n, k] * V[k, m]) + b[m]
    v = h @ V + b
    # g_Phi[n, m] := (1 + erf(v[n, m] / sqrt(2))) / 2
    # in the form of: complementary error function
    g_Phi = 0.5 * _erfc(-0.7071067811865476 * v)
    # g[n, m] = v[n, m] * g_Phi[n, m]
    # in the form of: complementary error function
    g = g_Phi * v
    # z[n, j] = sum(m, g[n, m] * w[m, j]) + s[j]
    z = g @ w + s
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
    # ∂L/∂g[n,m] = Σ_j w[m,j] ∂L/∂z[n,j]
    # that is, ∂L/∂z wᵀ
    dg = dz @ w.T
    # ∂L/∂v[n,m] = ((√(2) / (2 √(π))) v[n,m] exp(-(1/2) v[n,m]²) + g_Phi[n,m]) ∂L/∂g[n,m]
    # that is, ((√(2) / (2 √(π))) (v ⊙ exp(-(1/2) (v ⊙ v))) + g_Phi) ⊙ ∂L/∂g
    square_v = np.square(v)
    exp_square_v = np.exp(-0.5 * square_v)
    dv_sum = np.add(0.3989422804014327 * exp_square_v * v, g_Phi, out=g_Phi)
    dv = dv_sum * dg
    # ∂L/∂h[n,k] = Σ_m V[k,m] ∂L/∂v[n,m]
    # that is, ∂L/∂v Vᵀ
    dh = dv @ V.T
    # ∂L/∂a[n,k] = ((√(2) / (2 √(π))) a[n,k] exp(-(1/2) a[n,k]²) + Φ[n,k]) ∂L/∂h[n,k]
    # that is, ((√(2) / (2 √(π))) (a ⊙ exp(-(1/2) (a ⊙ a))) + Φ) ⊙ ∂L/∂h
    square_a = np.square(a)
    exp_square_a = np.exp(-0.5 * square_a)
    da_sum = np.add(0.3989422804014327 * exp_square_a * a, Phi, out=Phi)
    da = da_sum * dh
    # u̇[n,k] = Σ_d Ẇ[d,k] x[n,d] + ċ[k]
    # that is, x Ẇ + 𝟏 ċᵀ
    u_dot = x @ W_dot + c_dot
    # ȧ[n,k] = gain˙[k] xhat[n,k] + r[n] gain[k] (u̇[n,k] - (1/K) Σ_k′ u̇[n,k′] - (1/K)
    #     xhat[n,k] Σ_k′ u̇[n,k′] xhat[n,k′]) + bias˙[k]
    # that is, xhat diag(gain˙) + diag(r) (u̇ - (1/K) u̇ 𝟏 𝟏ᵀ - (1/K) diag((u̇ ⊙ xhat) 𝟏) xhat)
    #     diag(gain) + 𝟏 bias˙ᵀ
    sum_u_dot = u_dot.sum(axis=1)
    u_dot_xhat = _dot_last(u_dot, xhat)
    u_dot_shifted = u_dot - (sum_u_dot / K)[:, None] - (u_dot_xhat / K)[:, None] * xhat
    a_dot_product = np.multiply(gain * r[:, None], u_dot_shifted, out=u_dot_shifted)
    a_dot = gain_dot * xhat + a_dot_product + bias_dot
    # ḣ[n,k] = ȧ[n,k] ((√(2) / (2 √(π))) a[n,k] exp(-(1/2) a[n,k]²) + Φ[n,k])
    # that is, ȧ ⊙ ((√(2) / (2 √(π))) (a ⊙ exp(-(1/2) (a ⊙ a))) + Φ)
    h_dot = da_sum * a_dot
    # v̇[n,m] = Σ_k ḣ[n,k] V[k,m] + Σ_k V̇[k,m] h[n,k] + ḃ[m]
    # that is, ḣ V + h V̇ + 𝟏 ḃᵀ
    v_dot = h_dot @ V + h @ V_dot + b_dot
    # ġ[n,m] = v̇[n,m] ((√(2) / (2 √(π))) v[n,m] exp(-(1/2) v[n,m]²) + g_Phi[n,m])
    # that is, v̇ ⊙ ((√(2) / (2 √(π))) (v ⊙ exp(-(1/2) (v ⊙ v))) + g_Phi)
    g_dot = dv_sum * v_dot
    # ż[n,j] = Σ_m ẇ[m,j] g[n,m] + Σ_m ġ[n,m] w[m,j] + ṡ[j]
    # that is, g ẇ + ġ w + 𝟏 ṡᵀ
    z_dot = g @ w_dot + g_dot @ w + s_dot
    # (∂L/∂z[n,j])˙ = p[n,j] (ż[n,j] - Σ_i ż[n,i] p[n,i]) ∂L/∂ℓ[n]
    # that is, diag(∂L/∂ℓ) (p ⊙ (ż - (ż ⊙ p) 𝟏 𝟏ᵀ))
    z_dot_p = np.multiply(z_dot - _dot_last(p, z_dot)[:, None], p, out=p)
    z_dot_p[n, z_argmax] = 0
    z_dot_p[n, z_argmax] = -z_dot_p.sum(axis=1)
    dz_dot = np.multiply(dell, z_dot_p, out=z_dot_p)
    # (∂L/∂g[n,m])˙ = Σ_j ẇ[m,j] ∂L/∂z[n,j] + Σ_j (∂L/∂z[n,j])˙ w[m,j]
    # that is, ∂L/∂z ẇᵀ + (∂L/∂z)˙ wᵀ
    dg_dot = dz @ w_dot.T + dz_dot @ w.T
    # (∂L/∂v[n,m])˙ = (∂L/∂g[n,m])˙ (1/2 + (√(2) / (2 √(π))) v[n,m] exp(-(1/2) v[n,m]²) + (1/2)
    #     erf((√(2)/2) v[n,m])) + v̇[n,m] (√(2)/√(π) - (√(2) / (2 √(π))) v[n,m]²) ∂L/∂g[n,m]
    #     exp(-(1/2) v[n,m]²)
    # that is, (∂L/∂g)˙ ⊙ ((1/2) erf((√(2)/2) v) + (√(2) / (2 √(π))) (v ⊙ exp(-(1/2) (v ⊙ v))) +
    #     (1/2) 𝟏 𝟏ᵀ) + v̇ ⊙ exp(-(1/2) (v ⊙ v)) ⊙ ((√(2)/√(π)) 𝟏 𝟏ᵀ - (√(2) / (2 √(π))) (v ⊙
    #     v)) ⊙ ∂L/∂g
    square_v_shifted = 0.7978845608028654 - 0.3989422804014327 * square_v
    dv_dot_product = np.multiply(square_v_shifted, exp_square_v, out=square_v_shifted)
    dv_dot_product_dg = np.multiply(dv_dot_product, dg, out=dv_dot_product)
    dv_dot = dv_sum * dg_dot + dv_dot_product_dg * v_dot
    # (∂L/∂h[n,k])˙ = Σ_m (∂L/∂v[n,m])˙ V[k,m] + Σ_m V̇[k,m] ∂L/∂v[n,m]
    # that is, (∂L/∂v)˙ Vᵀ + ∂L/∂v V̇ᵀ
    dh_dot = dv_dot @ V.T + dv @ V_dot.T
    # (∂L/∂a[n,k])˙ = (∂L/∂h[n,k])˙ (1/2 + (√(2) / (2 √(π))) a[n,k] exp(-(1/2) a[n,k]²) + (1/2)
    #     erf((√(2)/2) a[n,k])) + ȧ[n,k] (√(2)/√(π) - (√(2) / (2 √(π))) a[n,k]²) ∂L/∂h[n,k]
    #     exp(-(1/2) a[n,k]²)
    # that is, (∂L/∂h)˙ ⊙ ((1/2) erf((√(2)/2) a) + (√(2) / (2 √(π))) (a ⊙ exp(-(1/2) (a ⊙ a))) +
    #     (1/2) 𝟏 𝟏ᵀ) + ȧ ⊙ exp(-(1/2) (a ⊙ a)) ⊙ ((√(2)/√(π)) 𝟏 𝟏ᵀ - (√(2) / (2 √(π))) (a ⊙ a))
    #     ⊙ ∂L/∂h
    square_a_shifted = 0.7978845608028654 - 0.3989422804014327 * square_a
    da_dot_product = np.multiply(square_a_shifted, exp_square_a, out=square_a_shifted)
    da_dot_product_2 = np.multiply(da_dot_product, a_dot, out=da_dot_product)
    da_dot = da_sum * dh_dot + da_dot_product_2 * dh
    # (∂L/∂u[n,k])˙ = r[n] (gain˙[k] ∂L/∂a[n,k] - (1/K) Σ_k′ gain˙[k′] ∂L/∂a[n,k′] - (1/K)
    #     xhat[n,k] Σ_k′ gain˙[k′] xhat[n,k′] ∂L/∂a[n,k′]) + r[n] ((∂L/∂a[n,k])˙ gain[k] - (1/K)
    #     Σ_k′ (∂L/∂a[n,k′])˙ gain[k′] - (1/K) xhat[n,k] Σ_k′ (∂L/∂a[n,k′])˙ xhat[n,k′]
    #     gain[k′]) + (1/K) r[n]² ((1/K) r[n] (Σ_k′ gain[k′] (u[n,k′] - μ[n]) ∂L/∂a[n,k′]) Σ_k′
    #     u̇[n,k′] + (1/K) xhat[n,k] (Σ_k′ gain[k′] ∂L/∂a[n,k′]) Σ_k′ u̇[n,k′] + (2/K) r[n]
    #     xhat[n,k] (Σ_k′ u̇[n,k′] xhat[n,k′]) Σ_k′ gain[k′] (u[n,k′] - μ[n]) ∂L/∂a[n,k′] -
    #     (gain[k] ∂L/∂a[n,k] - (1/K) Σ_k′ gain[k′] ∂L/∂a[n,k′] - (1/K) r[n] xhat[n,k] Σ_k′
    #     gain[k′] (u[n,k′] - μ[n]) ∂L/∂a[n,k′]) Σ_k′ u̇[n,k′] xhat[n,k′] - xhat[n,k] Σ_k′
    #     u̇[n,k′] gain[k′] ∂L/∂a[n,k′] - u̇[n,k] r[n] Σ_k′ gain[k′] (u[n,k′] - μ[n])
    #     ∂L/∂a[n,k′])
    # that is, diag(r) ((∂L/∂a)˙ diag(gain) - (1/K) diag(((∂L/∂a)˙ ⊙ xhat) gain) xhat - (1/K)
    #     (∂L/∂a)˙ gain 𝟏ᵀ) + diag(r) (∂L/∂a diag(gain˙) - (1/K) diag((xhat ⊙ ∂L/∂a) gain˙) xhat
    #     - (1/K) ∂L/∂a gain˙ 𝟏ᵀ) + (1/K) diag(r ⊙ r) ((1/K) (r ⊙ (((u - μ 𝟏ᵀ) ⊙ ∂L/∂a) gain) ⊙
    #     (u̇ 𝟏)) 𝟏ᵀ + (1/K) diag((∂L/∂a gain) ⊙ (u̇ 𝟏)) xhat + (2/K) diag(r ⊙ ((u̇ ⊙ xhat) 𝟏) ⊙
    #     (((u - μ 𝟏ᵀ) ⊙ ∂L/∂a) gain)) xhat - diag((u̇ ⊙ ∂L/∂a) gain) xhat - diag((u̇ ⊙ xhat) 𝟏)
    #     (∂L/∂a diag(gain) - (1/K) ∂L/∂a gain 𝟏ᵀ - (1/K) diag(r ⊙ (((u - μ 𝟏ᵀ) ⊙ ∂L/∂a) gain))
    #     xhat) - diag(r ⊙ (((u - μ 𝟏ᵀ) ⊙ ∂L/∂a) gain)) u̇)
    gain_dot_da = gain_dot * da
    du_dot_difference = gain_dot_da - (da @ gain_dot / K)[:, None]
    du_dot_product = (_dot_last(xhat, gain_dot_da) / K)[:, None] * xhat
    du_dot_difference_2 = np.subtract(du_dot_difference, du_dot_product, out=du_dot_difference)
    gain_da_dot = gain * da_dot
    du_dot_difference_3 = gain_da_dot - (da_dot @ gain / K)[:, None]
    du_dot_product_2 = (_dot_last(xhat, gain_da_dot) / K)[:, None] * xhat
    du_dot_difference_4 = np.subtract(
        du_dot_difference_3, du_dot_product_2, out=du_dot_difference_3
    )
    du_dot_sum = r[:, None] * du_dot_difference_2 + r[:, None] * du_dot_difference_4
    square_r = np.square(r) / K
    da_gain = da @ gain
    du_dot_product_3 = (da_gain * sum_u_dot / K)[:, None] * xhat
    du_dot_product_4 = gain @ (u_shifted_shifted * da).T
    du_dot_product_5 = (2 / K * r * u_dot_xhat * du_dot_product_4)[:, None] * xhat
    du_dot_sum_2 = np.add(du_dot_product_3, du_dot_product_5, out=du_dot_product_3)
    r_du_dot_product_4 = np.multiply(r, du_dot_product_4, out=du_dot_product_4)
    du_dot_quotient = r_du_dot_product_4 * sum_u_dot / K
    du_dot_sum_3 = np.add(du_dot_sum_2, du_dot_quotient[:, None], out=du_dot_sum_2)
    da_gain_2 = da * gain
    du_dot_product_6 = _dot_last(u_dot, da_gain_2)[:, None] * xhat
    du_dot_difference_5 = np.subtract(du_dot_sum_3, du_dot_product_6, out=du_dot_sum_3)
    da_gain_2_shifted = np.subtract(da_gain_2, (da_gain / K)[:, None], out=da_gain_2)
    du_dot_product_7 = (r * (gain @ (u_shifted * da).T) / K)[:, None] * xhat
    du_dot_difference_6 = np.subtract(da_gain_2_shifted, du_dot_product_7, out=du_dot_product_7)
    du_dot_quotient_2 = da_gain_2_shifted.sum(axis=1) / K
    du_dot_difference_7 = np.subtract(
        du_dot_difference_6, du_dot_quotient_2[:, None], out=du_dot_difference_6
    )
    du_dot_product_8 = np.multiply(
        u_dot_xhat[:, None], du_dot_difference_7, out=du_dot_difference_7
    )
    du_dot_difference_8 = np.subtract(
        du_dot_difference_5, du_dot_product_8, out=du_dot_difference_5
    )
    du_dot_product_9 = r_du_dot_product_4[:, None] * u_dot
    du_dot_difference_9 = np.subtract(
        du_dot_difference_8, du_dot_product_9, out=du_dot_difference_8
    )
    du_dot_product_10 = np.multiply(square_r[:, None], du_dot_difference_9, out=du_dot_difference_9)
    du_dot = np.add(du_dot_sum, du_dot_product_10, out=du_dot_sum)
    # (∂L/∂W[d,k])˙ = Σ_n (∂L/∂u[n,k])˙ x[n,d]
    # that is, xᵀ (∂L/∂u)˙
    dW_dot = x.T @ du_dot
    # (∂L/∂c[k])˙ = Σ_n (∂L/∂u[n,k])˙
    # that is, (∂L/∂u)˙ᵀ 𝟏
    dc_dot = _sum_rows(du_dot)
    # (∂L/∂gain[k])˙ = Σ_n (∂L/∂a[n,k])˙ xhat[n,k] + Σ_n u̇[n,k] r[n] ∂L/∂a[n,k] - (1/K)
    #     Σ_{n,k′} u̇[n,k′] r[n] ∂L/∂a[n,k] - (1/K) Σ_{n,k′} u̇[n,k′] r[n] xhat[n,k′] xhat[n,k]
    #     ∂L/∂a[n,k]
    # that is, ((∂L/∂a)ᵀ ⊙ u̇ᵀ) r + ((∂L/∂a)˙ᵀ ⊙ xhatᵀ) 𝟏 - (1/K) (∂L/∂a)ᵀ diag(r) u̇ 𝟏 - (1/K)
    #     ((∂L/∂a)ᵀ ⊙ xhatᵀ) diag(r) (u̇ ⊙ xhat) 𝟏
    dgain_dot_sum = _dot_rows(da_dot, xhat) + _dot_rows(u_dot, da * r[:, None])
    dgain_dot_difference = np.subtract(dgain_dot_sum, da.T @ (r * sum_u_dot) / K, out=dgain_dot_sum)
    dgain_dot_quotient = (da * xhat).T @ (r * u_dot_xhat) / K
    dgain_dot = np.subtract(dgain_dot_difference, dgain_dot_quotient, out=dgain_dot_difference)
    # (∂L/∂bias[k])˙ = Σ_n (∂L/∂a[n,k])˙
    # that is, (∂L/∂a)˙ᵀ 𝟏
    dbias_dot = _sum_rows(da_dot)
    # (∂L/∂V[k,m])˙ = Σ_n ḣ[n,k] ∂L/∂v[n,m] + Σ_n (∂L/∂v[n,m])˙ h[n,k]
    # that is, ḣᵀ ∂L/∂v + hᵀ (∂L/∂v)˙
    dV_dot = h_dot.T @ dv + h.T @ dv_dot
    # (∂L/∂b[m])˙ = Σ_n (∂L/∂v[n,m])˙
    # that is, (∂L/∂v)˙ᵀ 𝟏
    db_dot = _sum_rows(dv_dot)
    # (∂L/∂w[m,j])˙ = Σ_n ġ[n,m] ∂L/∂z[n,j] + Σ_n (∂L/∂z[n,j])˙ g[n,m]
    # that is, ġᵀ ∂L/∂z + gᵀ (∂L/∂z)˙
    dw_dot = g_dot.T @ dz + g.T @ dz_dot
    # (∂L/∂s[j])˙ = Σ_n (∂L/∂z[n,j])˙
    # that is, (∂L/∂z)˙ᵀ 𝟏
    ds_dot = _sum_rows(dz_dot)
    return Gradients(dW_dot, dc_dot, dgain_dot, dbias_dot, dV_dot, db_dot, dw_dot, ds_dot)


def jacobian(
    x: NDArray[np.floating],
    W: NDArray[np.floating],
    c: NDArray[np.floating],
    gain: NDArray[np.floating],
    bias: NDArray[np.floating],
    V: NDArray[np.floating],
    b: NDArray[np.floating],
    w: NDArray[np.floating],
    s: NDArray[np.floating],
    y: NDArray[np.integer],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(x, W, c, gain, bias, V, b, w, s, y)
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


def _arguments(
    x: Any, W: Any, c: Any, gain: Any, bias: Any, V: Any, b: Any, w: Any, s: Any, y: Any
) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N D")
    W = _array("W", W, "D K")
    c = _array("c", c, "K")
    gain = _array("gain", gain, "K")
    bias = _array("bias", bias, "K")
    V = _array("V", V, "K M")
    b = _array("b", b, "M")
    w = _array("w", w, "M J")
    s = _array("s", s, "J")
    y = _integers("y", y, "N")
    dtype = x.dtype
    if (
        W.dtype != dtype
        or c.dtype != dtype
        or gain.dtype != dtype
        or bias.dtype != dtype
        or V.dtype != dtype
        or b.dtype != dtype
        or w.dtype != dtype
        or s.dtype != dtype
    ):
        _one_dtype(x=x, W=W, c=c, gain=gain, bias=bias, V=V, b=b, w=w, s=s)
    N = x.shape[0]
    D = x.shape[1]
    K = W.shape[1]
    M = V.shape[1]
    J = w.shape[1]
    if (
        W.shape != (D, K)
        or c.shape != (K,)
        or gain.shape != (K,)
        or bias.shape != (K,)
        or V.shape != (K, M)
        or b.shape != (M,)
        or w.shape != (M, J)
        or s.shape != (J,)
        or y.shape != (N,)
    ):
        _one_size(
            x=(x, "N D"),
            W=(W, "D K"),
            c=(c, "K"),
            gain=(gain, "K"),
            bias=(bias, "K"),
            V=(V, "K M"),
            b=(b, "M"),
            w=(w, "M J"),
            s=(s, "J"),
            y=(y, "N"),
        )
    _not_empty("J", J)
    _not_empty("K", K)
    _not_empty("N", N)
    y = _labels("y", y, J)
    return x, W, c, gain, bias, V, b, w, s, y, dtype, D, J, K, M, N


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


def _dot_last(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """Σ a b over the last axis; NumPy has vecdot from 2.0 on."""
    if hasattr(np, "vecdot"):
        return np.vecdot(a, b, out=out)
    return np.einsum("...i,...i->...", a, b, out=out)


def _dot_rows(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Σ a b over the first axis: some rows, then their sums, so that rounding stays small."""
    if out is None:
        out = np.empty(a.shape[1:], a.dtype)
    flat, a, b = out.reshape(-1), a.reshape(len(a), out.size), b.reshape(len(a), out.size)
    wide = out.size >= 32  # below that einsum takes too long
    step = 128 if wide else 1024
    for left in range(0, out.size, 4096):
        columns = slice(left, left + 4096)
        total = np.zeros(len(flat[columns]))
        for start in range(0, len(a), step):
            x, y = a[start : start + step, columns], b[start : start + step, columns]
            total += np.einsum("nd,nd->d", x, y) if wide else _ones(a.dtype)[: len(x)] @ (x * y)
        flat[columns] = total
    return out


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


def _erfc(x: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """1 - erf(x), entry by entry, without cancelling where x is large."""
    return _by_blocks(_erfc_block, x, out)


def _erfc_block(x: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]) -> None:
    """erfc of some entries: erfc(y) or 2 - erfc(y), with y = |x|."""
    y = sign = scratch[0]
    np.abs(x, out=y)
    _erfc_above(y, out, scratch[1:])
    np.copysign(1, x, out=sign)
    np.multiply(out, sign, out=out)
    np.subtract(1, sign, out=sign)
    np.add(out, sign, out=out)


def _erfc_above(y: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]) -> None:
    """erfc(y) = exp(-y²) / (1 + y R(y)) for y of 0 or more; y is cut where erfc is 0."""
    largest, integer, mask = _FLOATS[y.itemsize]
    if not y.max() <= largest:  # also where one is NaN
        np.minimum(y, largest, out=y)
    np.bitwise_and(y.view(integer), mask, out=scratch[0].view(integer))
    _exp_of_minus_square(y, scratch[0], out, scratch[1:])
    # 1 / (1 + y R) = bottom / (bottom + y top), all of it positive
    top, bottom = _two_polynomials(y, _ERFC[y.itemsize], scratch)
    np.multiply(out, bottom, out=out)
    np.multiply(top, y, out=top)
    np.add(top, bottom, out=top)
    np.divide(out, top, out=out)


def _exp_of_minus_square(
    y: NDArray[Any], short: NDArray[Any], out: NDArray[Any], scratch: NDArray[Any]
) -> None:
    """exp(-y²) = exp(-square) (1 - lost), with lost = y² - square what rounding takes off y².

    exp would multiply that by y². `short` is y without its last bits, so that its square is exact.
    """
    square, lost = scratch[:2]
    np.multiply(y, y, out=square)
    np.multiply(short, short, out=lost)
    np.subtract(lost, square, out=lost)
    np.subtract(y, short, out=out)
    np.add(y, short, out=short)
    np.multiply(out, short, out=out)
    np.add(lost, out, out=lost)
    np.negative(square, out=square)
    np.exp(square, out=out)
    np.multiply(lost, out, out=lost)
    np.subtract(out, lost, out=out)


# by the bytes of a float: beyond which y erfc is 0, and the leading half of a float's bits
_FLOATS: dict[int, tuple[float, Any, Any]] = {
    8: (27.3, np.int64, np.int64(-(2**27))),
    4: (10.1, np.int32, np.int32(-(2**12))),
}


# top and bottom of R, which moves 1 / (1 + y R) by less than 6e-17 and 7e-9
_ERFC = {
    8: np.array(
        (
            (
                1.1283791670955035,
                2.7446259373900634,
                3.2084628791858627,
                2.342349629386198,
                1.1721477820792825,
            ),
            (1, 2.1902091643678965, 2.3731559226381926, 1.633627755819651, 0.7796203193075603),
            (
                0.416738781965549,
                0.1055143615403635,
                0.018442977980701186,
                0.00203825908626355,
                0.0001103485371380168,
            ),
            (
                0.2663963917937852,
                0.06516780441554272,
                0.011042822510828014,
                0.0011850895753667996,
                6.225749521280601e-05,
            ),
        )
    ),
    4: np.array(
        (
            (1.1283796, 1.668268, 1.0929868),
            (1, 1.2363182, 0.72931236),
            (0.37175632, 0.057677016, 0),
            (0.22808519, 0.03254118, 0),
        ),
        np.float32,
    ),
}


def _two_polynomials(
    x: NDArray[Any], coefficients: NDArray[Any], scratch: NDArray[Any]
) -> tuple[Any, Any]:
    """Two polynomials of x at once, as a matrix product with powers of x.

    Rows of coefficients: both low halves, then both high halves, the lowest power first.
    """
    count = coefficients.shape[1]
    powers, halves = scratch[:count], scratch[count : count + 4]
    powers[0] = 1
    powers[1] = x
    for i in range(2, count):
        np.multiply(powers[i - 1], x, out=powers[i])
    np.matmul(coefficients, powers, out=halves)
    low, high = halves[:2], halves[2:]
    np.multiply(high, np.multiply(powers[-1], x, out=powers[-1]), out=high)
    np.add(low, high, out=low)
    return low[0], low[1]


def _by_blocks(
    function: Callable[..., None], x: Any, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """A function of single entries, worked out in blocks that stay in the processor's cache."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        x = x.astype(np.float64)
    if out is None:
        out = np.empty(x.shape, x.dtype)
    flat, result = x.reshape(-1), out.reshape(-1)
    size = min(x.size, 2**16 // x.itemsize) or 1
    scratch = np.empty((10, size), x.dtype)
    for start in range(0, x.size, size):
        block = flat[start : start + size]
        function(block, result[start : start + size], scratch[:, : block.size])
    return out


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


# Written by pullback from its own layers; digest of what stands above: 2aca480b147d6979
