"""Gated recurrent unit

A recurrent layer whose state is a gated mean of what it was and of a candidate.

    a[n, t, k] = sum(d, x[n, t, d] * Wr[d, k]) + sum(j, s[n, t - 1, j] * Ur[j, k]) + br[k]
    e[n, t, k] = sum(d, x[n, t, d] * Wz[d, k]) + sum(j, s[n, t - 1, j] * Uz[j, k]) + bz[k]
    r[n, t, k] = sigmoid(a[n, t, k])
    z[n, t, k] = sigmoid(e[n, t, k])
    v[n, t, k] = sum(j, s[n, t - 1, j] * Ug[j, k]) + cg[k]
    g[n, t, k] = tanh(sum(d, x[n, t, d] * Wg[d, k]) + bg[k] + r[n, t, k] * v[n, t, k])
    s[n, -1, k] = s0[n, k]
    s[n, t, k] = (1 - z[n, t, k]) * g[n, t, k] + z[n, t, k] * s[n, t - 1, k]
    h[n, t, k] = s[n, t, k]

Written by pullback 0.1.0 from the definition gru.toml; to change it, change that file.
Digest of the definition: 4f765ef062ffb54c
The derivation, step by step, each step proved: pullback show gru
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (N, T, D)
    dWr: NDArray[np.floating]  # (D, K)
    ds0: NDArray[np.floating]  # (N, K)
    dUr: NDArray[np.floating]  # (K, K)
    dbr: NDArray[np.floating]  # (K,)
    dWz: NDArray[np.floating]  # (D, K)
    dUz: NDArray[np.floating]  # (K, K)
    dbz: NDArray[np.floating]  # (K,)
    dUg: NDArray[np.floating]  # (K, K)
    dcg: NDArray[np.floating]  # (K,)
    dWg: NDArray[np.floating]  # (D, K)
    dbg: NDArray[np.floating]  # (K,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    Wr: NDArray[np.floating]
    s0: NDArray[np.floating]
    Ur: NDArray[np.floating]
    Wz: NDArray[np.floating]
    Uz: NDArray[np.floating]
    Ug: NDArray[np.floating]
    Wg: NDArray[np.floating]
    T: int
    equal_t: NDArray[np.bool_]
    equal_t_2: NDArray[np.floating]
    a: NDArray[np.floating]
    e: NDArray[np.floating]
    r: NDArray[np.floating]
    z: NDArray[np.floating]
    v: NDArray[np.floating]
    g: NDArray[np.floating]
    s: NDArray[np.floating]
    K: int
    N: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, K, N, T)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    a: NDArray[np.floating] | None = None  # (T, N, K)
    e: NDArray[np.floating] | None = None  # (T, N, K)
    r: NDArray[np.floating] | None = None  # (T, N, K)
    z: NDArray[np.floating] | None = None  # (T, N, K)
    v: NDArray[np.floating] | None = None  # (T, N, K)
    g: NDArray[np.floating] | None = None  # (T, N, K)
    s: NDArray[np.floating] | None = None  # (T + 1, N, K)
    t: NDArray[np.integer] | None = None  # (T,)
    equal_t: NDArray[np.bool_] | None = None  # (T,)
    equal_t_2: NDArray[np.floating] | None = None  # (T,)
    Wr_x_plus_br: NDArray[np.floating] | None = None  # (T, N, K)
    Wz_x_plus_bz: NDArray[np.floating] | None = None  # (T, N, K)
    Wg_x_plus_bg: NDArray[np.floating] | None = None  # (T, N, K)
    h: NDArray[np.floating] | None = None  # (N, T, K)
    a_sum: NDArray[np.floating] | None = None  # (N, K)
    e_sum: NDArray[np.floating] | None = None  # (N, K)
    exp_abs_a_t_2: NDArray[np.floating] | None = None  # (N, K)
    r_greater_equal: NDArray[np.bool_] | None = None  # (N, K)
    exp_abs_e_t_2: NDArray[np.floating] | None = None  # (N, K)
    z_greater_equal: NDArray[np.bool_] | None = None  # (N, K)
    v_sum: NDArray[np.floating] | None = None  # (N, K)
    s_product: NDArray[np.floating] | None = None  # (N, K)
    ds: NDArray[np.floating] | None = None  # (T + 1, N, K); then ds_z
    dg: NDArray[np.floating] | None = None  # (T, N, K)
    dv: NDArray[np.floating] | None = None  # (T + 1, N, K)
    dz_steps: NDArray[np.floating] | None = None  # (T, N, K)
    dr_steps: NDArray[np.floating] | None = None  # (T, N, K)
    de: NDArray[np.floating] | None = None  # (T + 1, N, K)
    da: NDArray[np.floating] | None = None  # (T + 1, N, K)
    one_minus_z: NDArray[np.floating] | None = None  # (T, N, K)
    one_minus_square_g: NDArray[np.floating] | None = None  # (T, N, K)
    ds_product: NDArray[np.floating] | None = None  # (T, N, K)
    g_2: NDArray[np.floating] | None = None  # (T, N, K)
    ds_product_2: NDArray[np.floating] | None = None  # (T, N, K)
    ds_quotient: NDArray[np.floating] | None = None  # (T, N, K)
    square_ds_quotient: NDArray[np.floating] | None = None  # (T, N, K)
    ds_quotient_2: NDArray[np.floating] | None = None  # (T, N, K)
    ds_square: NDArray[np.floating] | None = None  # (T, N, K)
    dWg_product: NDArray[np.floating] | None = None  # (T, N, K)
    dWg: NDArray[np.floating] | None = None  # (D, K)
    dbg: NDArray[np.floating] | None = None  # (K,)
    dUg_sum: NDArray[np.floating] | None = None  # (K, T, N)
    dUg: NDArray[np.floating] | None = None  # (K, K)
    dcg: NDArray[np.floating] | None = None  # (K,)
    dWz: NDArray[np.floating] | None = None  # (D, K)
    dUz: NDArray[np.floating] | None = None  # (K, K)
    dbz: NDArray[np.floating] | None = None  # (K,)
    dx: NDArray[np.floating] | None = None  # (N, T, D)
    Wz_de: NDArray[np.floating] | None = None  # (N, T, D)
    Wg_dWg_product: NDArray[np.floating] | None = None  # (N, T, D)
    dWr: NDArray[np.floating] | None = None  # (D, K)
    ds0: NDArray[np.floating] | None = None  # (N, K)
    Ur_window: NDArray[np.floating] | None = None  # (N, K)
    Uz_window: NDArray[np.floating] | None = None  # (N, K)
    dUr: NDArray[np.floating] | None = None  # (K, K)
    dbr: NDArray[np.floating] | None = None  # (K,)
    Ur_da_after: NDArray[np.floating] | None = None  # (N, K)
    Uz_de_after: NDArray[np.floating] | None = None  # (N, K)
    ds_product_3: NDArray[np.floating] | None = None  # (N, K)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    x: NDArray[np.floating],
    Wr: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ur: NDArray[np.floating],
    br: NDArray[np.floating],
    Wz: NDArray[np.floating],
    Uz: NDArray[np.floating],
    bz: NDArray[np.floating],
    Ug: NDArray[np.floating],
    cg: NDArray[np.floating],
    Wg: NDArray[np.floating],
    bg: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """h, and what backward needs to know of the way to it.

    Arguments, with N sequences, T steps, K units, D features:
        x: inputs, (N, T, D), floats
        Wr: weights of the inputs, reset gate, (D, K), floats
        s0: state before the first step, (N, K), floats
        Ur: weights of the state, reset gate, (K, K), floats
        br: bias of the reset gate, (K,), floats
        Wz: weights of the inputs, update gate, (D, K), floats
        Uz: weights of the state, update gate, (K, K), floats
        bz: bias of the update gate, (K,), floats
        Ug: weights of the state, candidate, (K, K), floats
        cg: bias of the state in the candidate, (K,), floats
        Wg: weights of the inputs, candidate, (D, K), floats
        bg: bias of the candidate, (K,), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): h of shape (N, T, K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg, dtype, D, K, N, T = _arguments(
        x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg
    )
    work = _NEW if work is None else work
    _fitting(
        Workspace,
        work,
        (dtype, D, K, N, T),
        x=x,
        Wr=Wr,
        s0=s0,
        Ur=Ur,
        br=br,
        Wz=Wz,
        Uz=Uz,
        bz=bz,
        Ug=Ug,
        cg=cg,
        Wg=Wg,
        bg=bg,
    )
    # a[n, t, k] = sum(d, x[n, t, d] * Wr[d, k]) + sum(j, s[n, t - 1, j] * Ur[j, k]) + br[k]
    t = np.arange(T) if work.t is None else work.t
    equal_t = np.equal(t, 0, out=work.equal_t)
    equal_t_2 = np.positive(equal_t, dtype=dtype, out=work.equal_t_2)
    Wr_x_plus_br = _contract("dk,ntd->tnk", Wr, x, out=work.Wr_x_plus_br)
    Wr_x_plus_br += br
    Wz_x_plus_bz = _contract("dk,ntd->tnk", Wz, x, out=work.Wz_x_plus_bz)
    Wz_x_plus_bz += bz
    Wg_x_plus_bg = _contract("dk,ntd->tnk", Wg, x, out=work.Wg_x_plus_bg)
    Wg_x_plus_bg += bg
    a = np.empty((T, N, K), dtype) if work.a is None else work.a
    e = np.empty((T, N, K), dtype) if work.e is None else work.e
    r = np.empty((T, N, K), dtype) if work.r is None else work.r
    z = np.empty((T, N, K), dtype) if work.z is None else work.z
    v = np.empty((T, N, K), dtype) if work.v is None else work.v
    g = np.empty((T, N, K), dtype) if work.g is None else work.g
    s = np.empty((T + 1, N, K), dtype) if work.s is None else work.s
    s[T:] = 0
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        s_before = s[t_2 - 1]
        a_t_2 = a[t_2]
        e_t_2 = e[t_2]
        r_t_2 = r[t_2]
        z_t_2 = z[t_2]
        v_t_2 = v[t_2]
        g_t_2 = g[t_2]
        s_t_2 = s[t_2]
        a_greater = equal_t_2[t_2] > 0
        a_sum = np.multiply(a_greater, s0, out=work.a_sum)
        a_sum += s_before
        np.matmul(a_sum, Ur, out=a_t_2)
        a_t_2 += Wr_x_plus_br[t_2]
        # e[n, t, k] = sum(d, x[n, t, d] * Wz[d, k]) + sum(j, s[n, t - 1, j] * Uz[j, k]) + bz[k]
        e_sum = np.multiply(a_greater, s0, out=work.e_sum)
        e_sum += s_before
        np.matmul(e_sum, Uz, out=e_t_2)
        e_t_2 += Wz_x_plus_bz[t_2]
        # r[n, t, k] = sigmoid(a[n, t, k])
        exp_abs_a_t_2 = np.abs(a_t_2, out=work.exp_abs_a_t_2)
        np.negative(exp_abs_a_t_2, out=exp_abs_a_t_2)
        np.exp(exp_abs_a_t_2, out=exp_abs_a_t_2)
        r_greater_equal = np.greater_equal(a_t_2, 0, out=work.r_greater_equal)
        np.maximum(exp_abs_a_t_2, r_greater_equal, out=r_t_2)
        exp_abs_a_t_2 += 1
        r_t_2 /= exp_abs_a_t_2
        # z[n, t, k] = sigmoid(e[n, t, k])
        exp_abs_e_t_2 = np.abs(e_t_2, out=work.exp_abs_e_t_2)
        np.negative(exp_abs_e_t_2, out=exp_abs_e_t_2)
        np.exp(exp_abs_e_t_2, out=exp_abs_e_t_2)
        z_greater_equal = np.greater_equal(e_t_2, 0, out=work.z_greater_equal)
        np.maximum(exp_abs_e_t_2, z_greater_equal, out=z_t_2)
        exp_abs_e_t_2 += 1
        z_t_2 /= exp_abs_e_t_2
        # v[n, t, k] = sum(j, s[n, t - 1, j] * Ug[j, k]) + cg[k]
        v_sum = np.multiply(a_greater, s0, out=work.v_sum)
        v_sum += s_before
        np.matmul(v_sum, Ug, out=v_t_2)
        v_t_2 += cg
        # g[n, t, k] = tanh(sum(d, x[n, t, d] * Wg[d, k]) + bg[k] + r[n, t, k] * v[n, t, k])
        np.multiply(r_t_2, v_t_2, out=g_t_2)
        g_t_2 += Wg_x_plus_bg[t_2]
        np.tanh(g_t_2, out=g_t_2)
        # s[n, -1, k] = s0[n, k]
        # s[n, t, k] = (1 - z[n, t, k]) * g[n, t, k] + z[n, t, k] * s[n, t - 1, k]
        np.subtract(1, z_t_2, out=s_t_2)
        s_t_2 *= g_t_2
        s_product = np.multiply(a_greater, s0, out=work.s_product)
        s_product += s_before
        s_product *= z_t_2
        s_t_2 += s_product
    s = s[:T]
    # h[n, t, k] = s[n, t, k]
    h = _spread(s.transpose([1, 0, 2]), (N, T, K), out=work.h)
    shape = (N, T, K)
    turn = work.turns[0]
    cache = Cache(
        x,
        Wr,
        s0,
        Ur,
        Wz,
        Uz,
        Ug,
        Wg,
        T,
        equal_t,
        equal_t_2,
        a,
        e,
        r,
        z,
        v,
        g,
        s,
        K,
        N,
        shape,
        dtype,
        work,
        turn,
    )
    return h, cache


@np.errstate(under="ignore")
def backward(dh: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (N, T, K), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (
        x,
        Wr,
        s0,
        Ur,
        Wz,
        Uz,
        Ug,
        Wg,
        T,
        equal_t,
        equal_t_2,
        a,
        e,
        r,
        z,
        v,
        g,
        s,
        K,
        N,
        shape,
        dtype,
        work,
        turn,
    ) = cache
    _current(work, turn)
    dh = _like("dh", dh, shape, dtype, "the output")
    _apart(work, dh=dh)
    # ∂ℒ/∂s[n,t,k] = Σ_j Ug[k,j] ∂ℒ/∂v[n,t + 1,j] + Σ_j Ur[k,j] ∂ℒ/∂a[n,t + 1,j] + Σ_j Uz[k,j]
    #     ∂ℒ/∂e[n,t + 1,j] + z[n,t + 1,k] ∂ℒ/∂s[n,t + 1,k] + ∂ℒ/∂h[n,t,k]
    one_minus_z = np.subtract(1, z, out=work.one_minus_z)
    one_minus_square_g = np.square(g, out=work.one_minus_square_g)
    np.subtract(1, one_minus_square_g, out=one_minus_square_g)
    ds_product = np.multiply(one_minus_square_g, r, out=work.ds_product)
    g_2 = np.negative(g, out=work.g_2)
    window = _window(s, 0, -1, (1,), (T,))
    ds_product_2 = np.multiply(one_minus_square_g, v, out=work.ds_product_2)
    ds_quotient = np.abs(e, out=work.ds_quotient)
    np.negative(ds_quotient, out=ds_quotient)
    np.exp(ds_quotient, out=ds_quotient)
    square_ds_quotient = np.add(ds_quotient, 1, out=work.square_ds_quotient)
    np.square(square_ds_quotient, out=square_ds_quotient)
    ds_quotient /= square_ds_quotient
    ds_quotient_2 = np.abs(a, out=work.ds_quotient_2)
    np.negative(ds_quotient_2, out=ds_quotient_2)
    np.exp(ds_quotient_2, out=ds_quotient_2)
    ds_square = np.add(ds_quotient_2, 1, out=work.ds_square)
    np.square(ds_square, out=ds_square)
    ds_quotient_2 /= ds_square
    ds = np.empty((T + 1, N, K), dtype) if work.ds is None else work.ds
    ds[T:] = 0
    dg = np.empty((T, N, K), dtype) if work.dg is None else work.dg
    dv = np.empty((T + 1, N, K), dtype) if work.dv is None else work.dv
    dv[T:] = 0
    dz_steps = np.empty((T, N, K), dtype) if work.dz_steps is None else work.dz_steps
    dr_steps = np.empty((T, N, K), dtype) if work.dr_steps is None else work.dr_steps
    de = np.empty((T + 1, N, K), dtype) if work.de is None else work.de
    de[T:] = 0
    da = np.empty((T + 1, N, K), dtype) if work.da is None else work.da
    da[T:] = 0
    z_shifted = _window(z, 0, 1, (1,), (T,))
    # place T, behind all, holds 0, for the first step to read
    for t_3 in reversed(range(T)):
        ds_t_3 = ds[t_3]
        dg_t_3 = dg[t_3]
        dv_t_3 = dv[t_3]
        dz_t_3 = dz_steps[t_3]
        dr_t_3 = dr_steps[t_3]
        de_t_3 = de[t_3]
        da_t_3 = da[t_3]
        np.matmul(dv[t_3 + 1], Ug.T, out=ds_t_3)
        Ur_da_after = np.matmul(da[t_3 + 1], Ur.T, out=work.Ur_da_after)
        ds_t_3 += Ur_da_after
        Uz_de_after = np.matmul(de[t_3 + 1], Uz.T, out=work.Uz_de_after)
        ds_t_3 += Uz_de_after
        ds_product_3 = np.multiply(ds[t_3 + 1], z_shifted[t_3], out=work.ds_product_3)
        ds_t_3 += ds_product_3
        ds_t_3 += dh[:, t_3]
        # ∂ℒ/∂g[n,t,k] = (1 - z[n,t,k]) ∂ℒ/∂s[n,t,k]
        np.multiply(ds_t_3, one_minus_z[t_3], out=dg_t_3)
        # ∂ℒ/∂v[n,t,k] = r[n,t,k] (1 - g[n,t,k]²) ∂ℒ/∂g[n,t,k]
        np.multiply(dg_t_3, ds_product[t_3], out=dv_t_3)
        # ∂ℒ/∂z[n,t,k] = (s0[n,k] 𝟙[t = 0] + s[n,t - 1,k] - g[n,t,k]) ∂ℒ/∂s[n,t,k]
        np.multiply(equal_t_2[t_3] > 0, s0, out=dz_t_3)
        dz_t_3 += g_2[t_3]
        dz_t_3 += window[t_3]
        dz_t_3 *= ds_t_3
        # ∂ℒ/∂r[n,t,k] = v[n,t,k] (1 - g[n,t,k]²) ∂ℒ/∂g[n,t,k]
        np.multiply(dg_t_3, ds_product_2[t_3], out=dr_t_3)
        # ∂ℒ/∂e[n,t,k] = z[n,t,k] (1 - z[n,t,k]) ∂ℒ/∂z[n,t,k]
        # in the form of: complement of a sigmoid
        np.multiply(dz_t_3, ds_quotient[t_3], out=de_t_3)
        # ∂ℒ/∂a[n,t,k] = r[n,t,k] (1 - r[n,t,k]) ∂ℒ/∂r[n,t,k]
        # in the form of: complement of a sigmoid
        np.multiply(dr_t_3, ds_quotient_2[t_3], out=da_t_3)
    ds = ds[:T]
    dv = dv[:T]
    de = de[:T]
    da = da[:T]
    # ∂ℒ/∂Wg[d,k] = Σ_{n,t} x[n,t,d] (1 - g[n,t,k]²) ∂ℒ/∂g[n,t,k]
    dWg_product = np.multiply(one_minus_square_g, dg, out=work.dWg_product)
    dWg = _contract("ntd,tnk->dk", x, dWg_product, out=work.dWg)
    # ∂ℒ/∂bg[k] = Σ_{n,t} (1 - g[n,t,k]²) ∂ℒ/∂g[n,t,k]
    dbg = np.einsum("tnk,tnk->k", one_minus_square_g, dg, out=work.dbg)
    # ∂ℒ/∂Ug[j,k] = Σ_{n,t} (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂ℒ/∂v[n,t,k]
    dUg_sum = np.multiply(equal_t[:, None], s0.T[:, None, :], out=work.dUg_sum)
    dUg_sum += window.transpose([2, 0, 1])
    dUg = _contract("ktn,tnj->kj", dUg_sum, dv, out=work.dUg)
    # ∂ℒ/∂cg[k] = Σ_{n,t} ∂ℒ/∂v[n,t,k]
    dcg = dv.sum(axis=(0, 1), out=work.dcg)
    # ∂ℒ/∂Wz[d,k] = Σ_{n,t} x[n,t,d] ∂ℒ/∂e[n,t,k]
    dWz = _contract("tnk,ntd->dk", de, x, out=work.dWz)
    # ∂ℒ/∂Uz[j,k] = Σ_{n,t} (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂ℒ/∂e[n,t,k]
    dUz = _contract("ktn,tnj->kj", dUg_sum, de, out=work.dUz)
    # ∂ℒ/∂bz[k] = Σ_{n,t} ∂ℒ/∂e[n,t,k]
    dbz = de.sum(axis=(0, 1), out=work.dbz)
    # ∂ℒ/∂x[n,t,d] = Σ_k Wr[d,k] ∂ℒ/∂a[n,t,k] + Σ_k Wz[d,k] ∂ℒ/∂e[n,t,k] + Σ_k Wg[d,k] (1 -
    #     g[n,t,k]²) ∂ℒ/∂g[n,t,k]
    dx = _contract("dk,tnk->ntd", Wr, da, out=work.dx)
    Wz_de = _contract("dk,tnk->ntd", Wz, de, out=work.Wz_de)
    dx += Wz_de
    Wg_dWg_product = _contract("dk,tnk->ntd", Wg, dWg_product, out=work.Wg_dWg_product)
    dx += Wg_dWg_product
    # ∂ℒ/∂Wr[d,k] = Σ_{n,t} x[n,t,d] ∂ℒ/∂a[n,t,k]
    dWr = _contract("tnk,ntd->dk", da, x, out=work.dWr)
    # ∂ℒ/∂s0[n,j] = Σ_k Ug[j,k] ∂ℒ/∂v[n,0,k] + Σ_k Ur[j,k] ∂ℒ/∂a[n,0,k] + Σ_k Uz[j,k]
    #     ∂ℒ/∂e[n,0,k] + z[n,0,j] ∂ℒ/∂s[n,0,j]
    ds0 = np.matmul(_window(dv, 0, 0, (), ()), Ug.T, out=work.ds0)
    Ur_window = np.matmul(_window(da, 0, 0, (), ()), Ur.T, out=work.Ur_window)
    ds0 += Ur_window
    Uz_window = np.matmul(_window(de, 0, 0, (), ()), Uz.T, out=work.Uz_window)
    ds0 += Uz_window
    ds_z = np.multiply(ds, z, out=ds)
    ds0 += _window(ds_z, 0, 0, (), ())
    # ∂ℒ/∂Ur[j,k] = Σ_{n,t} (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂ℒ/∂a[n,t,k]
    dUr = _contract("ktn,tnj->kj", dUg_sum, da, out=work.dUr)
    # ∂ℒ/∂br[k] = Σ_{n,t} ∂ℒ/∂a[n,t,k]
    dbr = da.sum(axis=(0, 1), out=work.dbr)
    return Gradients(dx, dWr, ds0, dUr, dbr, dWz, dUz, dbz, dUg, dcg, dWg, dbg)


def value(
    x: NDArray[np.floating],
    Wr: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ur: NDArray[np.floating],
    br: NDArray[np.floating],
    Wz: NDArray[np.floating],
    Uz: NDArray[np.floating],
    bz: NDArray[np.floating],
    Ug: NDArray[np.floating],
    cg: NDArray[np.floating],
    Wg: NDArray[np.floating],
    bg: NDArray[np.floating],
) -> NDArray[np.floating]:
    """h alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg, dtype, _, K, N, T = _arguments(
        x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg
    )
    h = np.empty((N, T, K), dtype)
    for _rows in _parts((N,), 10 * T * K + (T + 1) * K):
        h[_rows], _ = forward(x[_rows], Wr, s0[_rows], Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg)
    return h


def workspace(
    x: NDArray[np.floating],
    Wr: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ur: NDArray[np.floating],
    br: NDArray[np.floating],
    Wz: NDArray[np.floating],
    Uz: NDArray[np.floating],
    bz: NDArray[np.floating],
    Ug: NDArray[np.floating],
    cg: NDArray[np.floating],
    Wg: NDArray[np.floating],
    bg: NDArray[np.floating],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, _, _, _, _, _, _, _, _, _, dtype, D, K, N, T = _arguments(
        x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg
    )
    arrays: dict[str, NDArray[Any]] = {
        "a": np.empty((T, N, K), dtype),
        "e": np.empty((T, N, K), dtype),
        "r": np.empty((T, N, K), dtype),
        "z": np.empty((T, N, K), dtype),
        "v": np.empty((T, N, K), dtype),
        "g": np.empty((T, N, K), dtype),
        "s": np.empty((T + 1, N, K), dtype),
        "t": np.arange(T),
        "equal_t": np.empty((T,), np.bool_),
        "equal_t_2": np.empty((T,), dtype),
        "Wr_x_plus_br": np.empty((T, N, K), dtype),
        "Wz_x_plus_bz": np.empty((T, N, K), dtype),
        "Wg_x_plus_bg": np.empty((T, N, K), dtype),
        "h": np.empty((N, T, K), dtype),
        "a_sum": np.empty((N, K), dtype),
        "e_sum": np.empty((N, K), dtype),
        "exp_abs_a_t_2": np.empty((N, K), dtype),
        "r_greater_equal": np.empty((N, K), np.bool_),
        "exp_abs_e_t_2": np.empty((N, K), dtype),
        "z_greater_equal": np.empty((N, K), np.bool_),
        "v_sum": np.empty((N, K), dtype),
        "s_product": np.empty((N, K), dtype),
        "ds": np.empty((T + 1, N, K), dtype),
        "dg": np.empty((T, N, K), dtype),
        "dv": np.empty((T + 1, N, K), dtype),
        "dz_steps": np.empty((T, N, K), dtype),
        "dr_steps": np.empty((T, N, K), dtype),
        "de": np.empty((T + 1, N, K), dtype),
        "da": np.empty((T + 1, N, K), dtype),
        "one_minus_z": np.empty((T, N, K), dtype),
        "one_minus_square_g": np.empty((T, N, K), dtype),
        "ds_product": np.empty((T, N, K), dtype),
        "g_2": np.empty((T, N, K), dtype),
        "ds_product_2": np.empty((T, N, K), dtype),
        "ds_quotient": np.empty((T, N, K), dtype),
        "square_ds_quotient": np.empty((T, N, K), dtype),
        "ds_quotient_2": np.empty((T, N, K), dtype),
        "ds_square": np.empty((T, N, K), dtype),
        "dWg_product": np.empty((T, N, K), dtype),
        "dWg": np.empty((D, K), dtype),
        "dbg": np.empty((K,), dtype),
        "dUg_sum": np.empty((K, T, N), dtype),
        "dUg": np.empty((K, K), dtype),
        "dcg": np.empty((K,), dtype),
        "dWz": np.empty((D, K), dtype),
        "dUz": np.empty((K, K), dtype),
        "dbz": np.empty((K,), dtype),
        "dx": np.empty((N, T, D), dtype),
        "Wz_de": np.empty((N, T, D), dtype),
        "Wg_dWg_product": np.empty((N, T, D), dtype),
        "dWr": np.empty((D, K), dtype),
        "ds0": np.empty((N, K), dtype),
        "Ur_window": np.empty((N, K), dtype),
        "Uz_window": np.empty((N, K), dtype),
        "dUr": np.empty((K, K), dtype),
        "dbr": np.empty((K,), dtype),
        "Ur_da_after": np.empty((N, K), dtype),
        "Uz_de_after": np.empty((N, K), dtype),
        "ds_product_3": np.empty((N, K), dtype),
    }
    return Workspace((dtype, D, K, N, T), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (N, T, K).
    """
    x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg = _each(
        "inputs", inputs, "x Wr s0 Ur br Wz Uz bz Ug cg Wg bg"
    )
    x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg, dtype, D, K, N, T = _arguments(
        x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg
    )
    (
        x_dot,
        Wr_dot,
        s0_dot,
        Ur_dot,
        br_dot,
        Wz_dot,
        Uz_dot,
        bz_dot,
        Ug_dot,
        cg_dot,
        Wg_dot,
        bg_dot,
    ) = _each(
        "tangents",
        tangents,
        "x_dot Wr_dot s0_dot Ur_dot br_dot Wz_dot Uz_dot bz_dot Ug_dot cg_dot Wg_dot bg_dot",
    )
    x_dot = _like("x_dot", x_dot, (N, T, D), dtype, "x")
    Wr_dot = _like("Wr_dot", Wr_dot, (D, K), dtype, "Wr")
    s0_dot = _like("s0_dot", s0_dot, (N, K), dtype, "s0")
    Ur_dot = _like("Ur_dot", Ur_dot, (K, K), dtype, "Ur")
    br_dot = _like("br_dot", br_dot, (K,), dtype, "br")
    Wz_dot = _like("Wz_dot", Wz_dot, (D, K), dtype, "Wz")
    Uz_dot = _like("Uz_dot", Uz_dot, (K, K), dtype, "Uz")
    bz_dot = _like("bz_dot", bz_dot, (K,), dtype, "bz")
    Ug_dot = _like("Ug_dot", Ug_dot, (K, K), dtype, "Ug")
    cg_dot = _like("cg_dot", cg_dot, (K,), dtype, "cg")
    Wg_dot = _like("Wg_dot", Wg_dot, (D, K), dtype, "Wg")
    bg_dot = _like("bg_dot", bg_dot, (K,), dtype, "bg")
    # a[n, t, k] = sum(d, x[n, t, d] * Wr[d, k]) + sum(j, s[n, t - 1, j] * Ur[j, k]) + br[k]
    t = np.arange(T)
    equal_t = (t == 0).astype(dtype)
    Wr_x_plus_br = _contract("dk,ntd->tnk", Wr, x) + br
    Wz_x_plus_bz = _contract("dk,ntd->tnk", Wz, x) + bz
    Wg_x_plus_bg = _contract("dk,ntd->tnk", Wg, x) + bg
    a = np.empty((T, N, K), dtype)
    e = np.empty((T, N, K), dtype)
    r = np.empty((T, N, K), dtype)
    z = np.empty((T, N, K), dtype)
    v = np.empty((T, N, K), dtype)
    g = np.empty((T, N, K), dtype)
    s = np.zeros((T + 1, N, K), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        s_before = s[t_2 - 1]
        a_greater = equal_t[t_2] > 0
        a[t_2] = (a_greater * s0 + s_before) @ Ur + Wr_x_plus_br[t_2]
        # e[n, t, k] = sum(d, x[n, t, d] * Wz[d, k]) + sum(j, s[n, t - 1, j] * Uz[j, k]) + bz[k]
        e[t_2] = (a_greater * s0 + s_before) @ Uz + Wz_x_plus_bz[t_2]
        # r[n, t, k] = sigmoid(a[n, t, k])
        exp_abs_a_2 = np.exp(-np.abs(a[t_2]))
        r[t_2] = np.maximum(exp_abs_a_2, a[t_2] >= 0) / (exp_abs_a_2 + 1)
        # z[n, t, k] = sigmoid(e[n, t, k])
        exp_abs_e_2 = np.exp(-np.abs(e[t_2]))
        z[t_2] = np.maximum(exp_abs_e_2, e[t_2] >= 0) / (exp_abs_e_2 + 1)
        # v[n, t, k] = sum(j, s[n, t - 1, j] * Ug[j, k]) + cg[k]
        v[t_2] = (a_greater * s0 + s_before) @ Ug + cg
        # g[n, t, k] = tanh(sum(d, x[n, t, d] * Wg[d, k]) + bg[k] + r[n, t, k] * v[n, t, k])
        g[t_2] = np.tanh(r[t_2] * v[t_2] + Wg_x_plus_bg[t_2])
        # s[n, -1, k] = s0[n, k]
        # s[n, t, k] = (1 - z[n, t, k]) * g[n, t, k] + z[n, t, k] * s[n, t - 1, k]
        s[t_2] = (1 - z[t_2]) * g[t_2] + (a_greater * s0 + s_before) * z[t_2]
    s = s[:T]
    # h[n, t, k] = s[n, t, k]
    h = np.broadcast_to(s.transpose([1, 0, 2]), (N, T, K)).copy()
    # ṡ[n,t,k] = ġ[n,t,k] (1 - z[n,t,k]) + ż[n,t,k] (s0[n,k] 𝟙[t = 0] + s[n,t - 1,k] - g[n,t,k])
    #     + ṡ[n,t - 1,k] z[n,t,k] + s0˙[n,k] z[n,t,k] 𝟙[t = 0]
    Ur_s0_dot = s0_dot @ Ur
    Uz_s0_dot = s0_dot @ Uz
    Ug_s0_dot = s0_dot @ Ug
    window = _window(s, 0, -1, (1,), (T,))
    Wr_x_dot = _contract("dk,ntd->tnk", Wr, x_dot)
    Wr_dot_x = _contract("dk,ntd->tnk", Wr_dot, x)
    Wz_x_dot = _contract("dk,ntd->tnk", Wz, x_dot)
    Wz_dot_x = _contract("dk,ntd->tnk", Wz_dot, x)
    exp_abs_a = np.exp(-np.abs(a))
    s_dot_quotient = np.divide(exp_abs_a, np.square(exp_abs_a + 1), out=exp_abs_a)
    exp_abs_e = np.exp(-np.abs(e))
    s_dot_quotient_2 = np.divide(exp_abs_e, np.square(exp_abs_e + 1), out=exp_abs_e)
    one_minus_square_g = 1 - np.square(g)
    s_dot_product = np.multiply(one_minus_square_g, r, out=r)
    s_dot_product_2 = np.multiply(one_minus_square_g, v, out=v)
    s_dot_product_3 = one_minus_square_g * _contract("dk,ntd->tnk", Wg, x_dot)
    s_dot_sum = np.add(bg_dot * one_minus_square_g, s_dot_product_3, out=s_dot_product_3)
    Wg_dot_x = _contract("dk,ntd->tnk", Wg_dot, x)
    s_dot_product_4 = np.multiply(one_minus_square_g, Wg_dot_x, out=one_minus_square_g)
    s_dot_sum_2 = np.add(s_dot_sum, s_dot_product_4, out=s_dot_sum)
    one_minus_z = 1 - z
    g_2 = np.negative(g, out=g)
    s0_dot_z = s0_dot * z
    # ȧ[n,t,k] = 𝟙[t = 0] Σ_j s0˙[n,j] Ur[j,k] + Σ_j Ur˙[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j])
    #     + Σ_j ṡ[n,t - 1,j] Ur[j,k] + Σ_d ẋ[n,t,d] Wr[d,k] + Σ_d Wr˙[d,k] x[n,t,d] + br˙[k]
    a_dot_steps = np.empty((T, N, K), dtype)
    e_dot_steps = np.empty((T, N, K), dtype)
    r_dot_steps = np.empty((T, N, K), dtype)
    z_dot_steps = np.empty((T, N, K), dtype)
    v_dot_steps = np.empty((T, N, K), dtype)
    g_dot_steps = np.empty((T, N, K), dtype)
    s_dot = np.zeros((T + 1, N, K), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_3 in range(T):
        s_dot_before = s_dot[t_3 - 1]
        a_dot_greater = equal_t[t_3] > 0
        a_dot_sum = (a_dot_greater * s0 + window[t_3]) @ Ur_dot + s_dot_before @ Ur
        a_dot_sum_2 = a_dot_sum + a_dot_greater * Ur_s0_dot + Wr_x_dot[t_3] + Wr_dot_x[t_3]
        a_dot_steps[t_3] = np.add(a_dot_sum_2, br_dot, out=a_dot_sum_2)
        # ė[n,t,k] = 𝟙[t = 0] Σ_j s0˙[n,j] Uz[j,k] + Σ_j Uz˙[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t -
        #     1,j]) + Σ_j ṡ[n,t - 1,j] Uz[j,k] + Σ_d ẋ[n,t,d] Wz[d,k] + Σ_d Wz˙[d,k] x[n,t,d] +
        #     bz˙[k]
        e_dot_sum = (a_dot_greater * s0 + window[t_3]) @ Uz_dot + s_dot_before @ Uz
        e_dot_sum_2 = e_dot_sum + a_dot_greater * Uz_s0_dot + Wz_x_dot[t_3] + Wz_dot_x[t_3]
        e_dot_steps[t_3] = np.add(e_dot_sum_2, bz_dot, out=e_dot_sum_2)
        # ṙ[n,t,k] = ȧ[n,t,k] r[n,t,k] (1 - r[n,t,k])
        r_dot_steps[t_3] = a_dot_steps[t_3] * s_dot_quotient[t_3]
        # ż[n,t,k] = ė[n,t,k] z[n,t,k] (1 - z[n,t,k])
        z_dot_steps[t_3] = e_dot_steps[t_3] * s_dot_quotient_2[t_3]
        # v̇[n,t,k] = 𝟙[t = 0] Σ_j s0˙[n,j] Ug[j,k] + Σ_j Ug˙[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t -
        #     1,j]) + Σ_j ṡ[n,t - 1,j] Ug[j,k] + cg˙[k]
        v_dot_sum = (a_dot_greater * s0 + window[t_3]) @ Ug_dot + s_dot_before @ Ug
        v_dot_steps[t_3] = v_dot_sum + a_dot_greater * Ug_s0_dot + cg_dot
        # ġ[n,t,k] = (1 - g[n,t,k]²) Σ_d ẋ[n,t,d] Wg[d,k] + (1 - g[n,t,k]²) Σ_d Wg˙[d,k]
        #     x[n,t,d] + bg˙[k] (1 - g[n,t,k]²) + v̇[n,t,k] r[n,t,k] (1 - g[n,t,k]²) + ṙ[n,t,k]
        #     v[n,t,k] (1 - g[n,t,k]²)
        g_dot_sum = s_dot_product[t_3] * v_dot_steps[t_3] + s_dot_product_2[t_3] * r_dot_steps[t_3]
        g_dot_steps[t_3] = np.add(g_dot_sum, s_dot_sum_2[t_3], out=g_dot_sum)
        s_dot_product_5 = (a_dot_greater * s0 + g_2[t_3] + window[t_3]) * z_dot_steps[t_3]
        s_dot_sum_3 = np.add(s_dot_product_5, a_dot_greater * s0_dot_z[t_3], out=s_dot_product_5)
        s_dot_sum_4 = np.add(s_dot_sum_3, g_dot_steps[t_3] * one_minus_z[t_3], out=s_dot_sum_3)
        s_dot[t_3] = np.add(s_dot_sum_4, s_dot_before * z[t_3], out=s_dot_sum_4)
    s_dot = s_dot[:T]
    # ḣ[n,t,k] = ṡ[n,t,k]
    h_dot = np.broadcast_to(s_dot.transpose([1, 0, 2]), (N, T, K)).copy()
    return h, h_dot


def jacobian(
    x: NDArray[np.floating],
    Wr: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ur: NDArray[np.floating],
    br: NDArray[np.floating],
    Wz: NDArray[np.floating],
    Uz: NDArray[np.floating],
    bz: NDArray[np.floating],
    Ug: NDArray[np.floating],
    cg: NDArray[np.floating],
    Wg: NDArray[np.floating],
    bg: NDArray[np.floating],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    h, cache = forward(x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg)
    return Gradients(*_by_rows(h, lambda dh: backward(dh, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"x": 0, "s0": 0},
        "outputs": {"h": 0},
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
    x: Any,
    Wr: Any,
    s0: Any,
    Ur: Any,
    br: Any,
    Wz: Any,
    Uz: Any,
    bz: Any,
    Ug: Any,
    cg: Any,
    Wg: Any,
    bg: Any,
) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N T D")
    Wr = _array("Wr", Wr, "D K")
    s0 = _array("s0", s0, "N K")
    Ur = _array("Ur", Ur, "K K")
    br = _array("br", br, "K")
    Wz = _array("Wz", Wz, "D K")
    Uz = _array("Uz", Uz, "K K")
    bz = _array("bz", bz, "K")
    Ug = _array("Ug", Ug, "K K")
    cg = _array("cg", cg, "K")
    Wg = _array("Wg", Wg, "D K")
    bg = _array("bg", bg, "K")
    dtype = x.dtype
    if (
        Wr.dtype != dtype
        or s0.dtype != dtype
        or Ur.dtype != dtype
        or br.dtype != dtype
        or Wz.dtype != dtype
        or Uz.dtype != dtype
        or bz.dtype != dtype
        or Ug.dtype != dtype
        or cg.dtype != dtype
        or Wg.dtype != dtype
        or bg.dtype != dtype
    ):
        _one_dtype(x=x, Wr=Wr, s0=s0, Ur=Ur, br=br, Wz=Wz, Uz=Uz, bz=bz, Ug=Ug, cg=cg, Wg=Wg, bg=bg)
    N = x.shape[0]
    T = x.shape[1]
    D = x.shape[2]
    K = Wr.shape[1]
    if (
        Wr.shape != (D, K)
        or s0.shape != (N, K)
        or Ur.shape != (K, K)
        or br.shape != (K,)
        or Wz.shape != (D, K)
        or Uz.shape != (K, K)
        or bz.shape != (K,)
        or Ug.shape != (K, K)
        or cg.shape != (K,)
        or Wg.shape != (D, K)
        or bg.shape != (K,)
    ):
        _one_size(
            x=(x, "N T D"),
            Wr=(Wr, "D K"),
            s0=(s0, "N K"),
            Ur=(Ur, "K K"),
            br=(br, "K"),
            Wz=(Wz, "D K"),
            Uz=(Uz, "K K"),
            bz=(bz, "K"),
            Ug=(Ug, "K K"),
            cg=(cg, "K"),
            Wg=(Wg, "D K"),
            bg=(bg, "K"),
        )
    return x, Wr, s0, Ur, br, Wz, Uz, bz, Ug, cg, Wg, bg, dtype, D, K, N, T


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


def _spread(value: Any, shape: tuple[int, ...], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


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


# Written by pullback from its own layers; digest of what stands above: 7cb1ad03b0ee8e49
