"""Long short-term memory

A recurrent layer whose cells are kept, written and read through gates.

    a[n, t, k] = sum(d, x[n, t, d] * Wi[d, k]) + sum(j, s[n, t - 1, j] * Ui[j, k]) + bi[k]
    e[n, t, k] = sum(d, x[n, t, d] * Wf[d, k]) + sum(j, s[n, t - 1, j] * Uf[j, k]) + bf[k]
    r[n, t, k] = sum(d, x[n, t, d] * Wg[d, k]) + sum(j, s[n, t - 1, j] * Ug[j, k]) + bg[k]
    q[n, t, k] = sum(d, x[n, t, d] * Wo[d, k]) + sum(j, s[n, t - 1, j] * Uo[j, k]) + bo[k]
    i[n, t, k] = sigmoid(a[n, t, k])
    f[n, t, k] = sigmoid(e[n, t, k])
    g[n, t, k] = tanh(r[n, t, k])
    o[n, t, k] = sigmoid(q[n, t, k])
    c[n, -1, k] = c0[n, k]
    c[n, t, k] = f[n, t, k] * c[n, t - 1, k] + i[n, t, k] * g[n, t, k]
    s[n, -1, k] = s0[n, k]
    s[n, t, k] = o[n, t, k] * tanh(c[n, t, k])
    h[n, t, k] = s[n, t, k]

Written by pullback 0.1.0 from the definition lstm.toml; to change it, change that file.
Digest of the definition: ab415b72ee9291f1
The derivation, step by step, each step proved: pullback show lstm
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
    dWi: NDArray[np.floating]  # (D, K)
    ds0: NDArray[np.floating]  # (N, K)
    dUi: NDArray[np.floating]  # (K, K)
    dbi: NDArray[np.floating]  # (K,)
    dWf: NDArray[np.floating]  # (D, K)
    dUf: NDArray[np.floating]  # (K, K)
    dbf: NDArray[np.floating]  # (K,)
    dWg: NDArray[np.floating]  # (D, K)
    dUg: NDArray[np.floating]  # (K, K)
    dbg: NDArray[np.floating]  # (K,)
    dWo: NDArray[np.floating]  # (D, K)
    dUo: NDArray[np.floating]  # (K, K)
    dbo: NDArray[np.floating]  # (K,)
    dc0: NDArray[np.floating]  # (N, K)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    Wi: NDArray[np.floating]
    s0: NDArray[np.floating]
    Ui: NDArray[np.floating]
    Wf: NDArray[np.floating]
    Uf: NDArray[np.floating]
    Wg: NDArray[np.floating]
    Ug: NDArray[np.floating]
    Wo: NDArray[np.floating]
    Uo: NDArray[np.floating]
    c0: NDArray[np.floating]
    T: int
    equal_t: NDArray[np.bool_]
    equal_t_2: NDArray[np.floating]
    a: NDArray[np.floating]
    e: NDArray[np.floating]
    q: NDArray[np.floating]
    i: NDArray[np.floating]
    f: NDArray[np.floating]
    g: NDArray[np.floating]
    o: NDArray[np.floating]
    c: NDArray[np.floating]
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
    r_steps: NDArray[np.floating] | None = None  # (T, N, K)
    q: NDArray[np.floating] | None = None  # (T, N, K)
    i: NDArray[np.floating] | None = None  # (T, N, K)
    f: NDArray[np.floating] | None = None  # (T, N, K)
    g: NDArray[np.floating] | None = None  # (T, N, K)
    o: NDArray[np.floating] | None = None  # (T, N, K)
    c: NDArray[np.floating] | None = None  # (T + 1, N, K)
    s: NDArray[np.floating] | None = None  # (T + 1, N, K)
    t: NDArray[np.integer] | None = None  # (T,)
    equal_t: NDArray[np.bool_] | None = None  # (T,)
    equal_t_2: NDArray[np.floating] | None = None  # (T,)
    Wi_x_plus_bi: NDArray[np.floating] | None = None  # (T, N, K)
    Wf_x_plus_bf: NDArray[np.floating] | None = None  # (T, N, K)
    Wg_x_plus_bg: NDArray[np.floating] | None = None  # (T, N, K)
    Wo_x_plus_bo: NDArray[np.floating] | None = None  # (T, N, K)
    h: NDArray[np.floating] | None = None  # (N, T, K)
    a_sum: NDArray[np.floating] | None = None  # (N, K)
    e_sum: NDArray[np.floating] | None = None  # (N, K)
    r_sum: NDArray[np.floating] | None = None  # (N, K)
    q_sum: NDArray[np.floating] | None = None  # (N, K)
    exp_abs_a_t_2: NDArray[np.floating] | None = None  # (N, K)
    i_greater_equal: NDArray[np.bool_] | None = None  # (N, K)
    exp_abs_e_t_2: NDArray[np.floating] | None = None  # (N, K)
    f_greater_equal: NDArray[np.bool_] | None = None  # (N, K)
    exp_abs_q_t_2: NDArray[np.floating] | None = None  # (N, K)
    o_greater_equal: NDArray[np.bool_] | None = None  # (N, K)
    g_t_2_i_t_2: NDArray[np.floating] | None = None  # (N, K)
    ds_steps: NDArray[np.floating] | None = None  # (T, N, K)
    dc: NDArray[np.floating] | None = None  # (T + 1, N, K); then dc_f
    do_steps: NDArray[np.floating] | None = None  # (T, N, K)
    dg_steps: NDArray[np.floating] | None = None  # (T, N, K)
    df_steps: NDArray[np.floating] | None = None  # (T, N, K)
    di_steps: NDArray[np.floating] | None = None  # (T, N, K)
    dq: NDArray[np.floating] | None = None  # (T + 1, N, K)
    dr: NDArray[np.floating] | None = None  # (T + 1, N, K)
    de: NDArray[np.floating] | None = None  # (T + 1, N, K)
    da: NDArray[np.floating] | None = None  # (T + 1, N, K)
    tanh_c: NDArray[np.floating] | None = None  # (T, N, K)
    dc_product: NDArray[np.floating] | None = None  # (T, N, K)
    dc_quotient: NDArray[np.floating] | None = None  # (T, N, K)
    square_dc_quotient: NDArray[np.floating] | None = None  # (T, N, K)
    one_minus_square_g: NDArray[np.floating] | None = None  # (T, N, K)
    dc_quotient_2: NDArray[np.floating] | None = None  # (T, N, K)
    dc_square: NDArray[np.floating] | None = None  # (T, N, K)
    dc_quotient_3: NDArray[np.floating] | None = None  # (T, N, K)
    dc_square_2: NDArray[np.floating] | None = None  # (T, N, K)
    dWo: NDArray[np.floating] | None = None  # (D, K)
    dUo_sum: NDArray[np.floating] | None = None  # (K, T, N)
    dUo: NDArray[np.floating] | None = None  # (K, K)
    dbo: NDArray[np.floating] | None = None  # (K,)
    dWg: NDArray[np.floating] | None = None  # (D, K)
    dUg: NDArray[np.floating] | None = None  # (K, K)
    dbg: NDArray[np.floating] | None = None  # (K,)
    dWf: NDArray[np.floating] | None = None  # (D, K)
    dUf: NDArray[np.floating] | None = None  # (K, K)
    dbf: NDArray[np.floating] | None = None  # (K,)
    dx: NDArray[np.floating] | None = None  # (N, T, D)
    Wg_dr: NDArray[np.floating] | None = None  # (N, T, D)
    Wi_da: NDArray[np.floating] | None = None  # (N, T, D)
    Wo_dq: NDArray[np.floating] | None = None  # (N, T, D)
    dWi: NDArray[np.floating] | None = None  # (D, K)
    ds0: NDArray[np.floating] | None = None  # (N, K)
    Ug_window: NDArray[np.floating] | None = None  # (N, K)
    Ui_window: NDArray[np.floating] | None = None  # (N, K)
    Uo_window: NDArray[np.floating] | None = None  # (N, K)
    dUi: NDArray[np.floating] | None = None  # (K, K)
    dbi: NDArray[np.floating] | None = None  # (K,)
    Ug_dr_after: NDArray[np.floating] | None = None  # (N, K)
    Ui_da_after: NDArray[np.floating] | None = None  # (N, K)
    Uo_dq_after: NDArray[np.floating] | None = None  # (N, K)
    dc_product_2: NDArray[np.floating] | None = None  # (N, K)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    x: NDArray[np.floating],
    Wi: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ui: NDArray[np.floating],
    bi: NDArray[np.floating],
    Wf: NDArray[np.floating],
    Uf: NDArray[np.floating],
    bf: NDArray[np.floating],
    Wg: NDArray[np.floating],
    Ug: NDArray[np.floating],
    bg: NDArray[np.floating],
    Wo: NDArray[np.floating],
    Uo: NDArray[np.floating],
    bo: NDArray[np.floating],
    c0: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """h, and what backward needs to know of the way to it.

    Arguments, with N sequences, T steps, K units, D features:
        x: inputs, (N, T, D), floats
        Wi: weights of the inputs, input gate, (D, K), floats
        s0: state before the first step, (N, K), floats
        Ui: weights of the state, input gate, (K, K), floats
        bi: bias of the input gate, (K,), floats
        Wf: weights of the inputs, forget gate, (D, K), floats
        Uf: weights of the state, forget gate, (K, K), floats
        bf: bias of the forget gate, (K,), floats
        Wg: weights of the inputs, candidate, (D, K), floats
        Ug: weights of the state, candidate, (K, K), floats
        bg: bias of the candidate, (K,), floats
        Wo: weights of the inputs, output gate, (D, K), floats
        Uo: weights of the state, output gate, (K, K), floats
        bo: bias of the output gate, (K,), floats
        c0: cells before the first step, (N, K), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): h of shape (N, T, K), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0, dtype, D, K, N, T = _arguments(
        x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0
    )
    work = _NEW if work is None else work
    _fitting(
        Workspace,
        work,
        (dtype, D, K, N, T),
        x=x,
        Wi=Wi,
        s0=s0,
        Ui=Ui,
        bi=bi,
        Wf=Wf,
        Uf=Uf,
        bf=bf,
        Wg=Wg,
        Ug=Ug,
        bg=bg,
        Wo=Wo,
        Uo=Uo,
        bo=bo,
        c0=c0,
    )
    # a[n, t, k] = sum(d, x[n, t, d] * Wi[d, k]) + sum(j, s[n, t - 1, j] * Ui[j, k]) + bi[k]
    t = np.arange(T) if work.t is None else work.t
    equal_t = np.equal(t, 0, out=work.equal_t)
    equal_t_2 = np.positive(equal_t, dtype=dtype, out=work.equal_t_2)
    Wi_x_plus_bi = _contract("dk,ntd->tnk", Wi, x, out=work.Wi_x_plus_bi)
    Wi_x_plus_bi += bi
    Wf_x_plus_bf = _contract("dk,ntd->tnk", Wf, x, out=work.Wf_x_plus_bf)
    Wf_x_plus_bf += bf
    Wg_x_plus_bg = _contract("dk,ntd->tnk", Wg, x, out=work.Wg_x_plus_bg)
    Wg_x_plus_bg += bg
    Wo_x_plus_bo = _contract("dk,ntd->tnk", Wo, x, out=work.Wo_x_plus_bo)
    Wo_x_plus_bo += bo
    a = np.empty((T, N, K), dtype) if work.a is None else work.a
    e = np.empty((T, N, K), dtype) if work.e is None else work.e
    r_steps = np.empty((T, N, K), dtype) if work.r_steps is None else work.r_steps
    q = np.empty((T, N, K), dtype) if work.q is None else work.q
    i = np.empty((T, N, K), dtype) if work.i is None else work.i
    f = np.empty((T, N, K), dtype) if work.f is None else work.f
    g = np.empty((T, N, K), dtype) if work.g is None else work.g
    o = np.empty((T, N, K), dtype) if work.o is None else work.o
    c = np.empty((T + 1, N, K), dtype) if work.c is None else work.c
    c[T:] = 0
    s = np.empty((T + 1, N, K), dtype) if work.s is None else work.s
    s[T:] = 0
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        s_before = s[t_2 - 1]
        a_t_2 = a[t_2]
        e_t_2 = e[t_2]
        r_t_2 = r_steps[t_2]
        q_t_2 = q[t_2]
        i_t_2 = i[t_2]
        f_t_2 = f[t_2]
        g_t_2 = g[t_2]
        o_t_2 = o[t_2]
        c_t_2 = c[t_2]
        s_t_2 = s[t_2]
        a_greater = equal_t_2[t_2] > 0
        a_sum = np.multiply(a_greater, s0, out=work.a_sum)
        a_sum += s_before
        np.matmul(a_sum, Ui, out=a_t_2)
        a_t_2 += Wi_x_plus_bi[t_2]
        # e[n, t, k] = sum(d, x[n, t, d] * Wf[d, k]) + sum(j, s[n, t - 1, j] * Uf[j, k]) + bf[k]
        e_sum = np.multiply(a_greater, s0, out=work.e_sum)
        e_sum += s_before
        np.matmul(e_sum, Uf, out=e_t_2)
        e_t_2 += Wf_x_plus_bf[t_2]
        # r[n, t, k] = sum(d, x[n, t, d] * Wg[d, k]) + sum(j, s[n, t - 1, j] * Ug[j, k]) + bg[k]
        r_sum = np.multiply(a_greater, s0, out=work.r_sum)
        r_sum += s_before
        np.matmul(r_sum, Ug, out=r_t_2)
        r_t_2 += Wg_x_plus_bg[t_2]
        # q[n, t, k] = sum(d, x[n, t, d] * Wo[d, k]) + sum(j, s[n, t - 1, j] * Uo[j, k]) + bo[k]
        q_sum = np.multiply(a_greater, s0, out=work.q_sum)
        q_sum += s_before
        np.matmul(q_sum, Uo, out=q_t_2)
        q_t_2 += Wo_x_plus_bo[t_2]
        # i[n, t, k] = sigmoid(a[n, t, k])
        exp_abs_a_t_2 = np.abs(a_t_2, out=work.exp_abs_a_t_2)
        np.negative(exp_abs_a_t_2, out=exp_abs_a_t_2)
        np.exp(exp_abs_a_t_2, out=exp_abs_a_t_2)
        i_greater_equal = np.greater_equal(a_t_2, 0, out=work.i_greater_equal)
        np.maximum(exp_abs_a_t_2, i_greater_equal, out=i_t_2)
        exp_abs_a_t_2 += 1
        i_t_2 /= exp_abs_a_t_2
        # f[n, t, k] = sigmoid(e[n, t, k])
        exp_abs_e_t_2 = np.abs(e_t_2, out=work.exp_abs_e_t_2)
        np.negative(exp_abs_e_t_2, out=exp_abs_e_t_2)
        np.exp(exp_abs_e_t_2, out=exp_abs_e_t_2)
        f_greater_equal = np.greater_equal(e_t_2, 0, out=work.f_greater_equal)
        np.maximum(exp_abs_e_t_2, f_greater_equal, out=f_t_2)
        exp_abs_e_t_2 += 1
        f_t_2 /= exp_abs_e_t_2
        # g[n, t, k] = tanh(r[n, t, k])
        np.tanh(r_t_2, out=g_t_2)
        # o[n, t, k] = sigmoid(q[n, t, k])
        exp_abs_q_t_2 = np.abs(q_t_2, out=work.exp_abs_q_t_2)
        np.negative(exp_abs_q_t_2, out=exp_abs_q_t_2)
        np.exp(exp_abs_q_t_2, out=exp_abs_q_t_2)
        o_greater_equal = np.greater_equal(q_t_2, 0, out=work.o_greater_equal)
        np.maximum(exp_abs_q_t_2, o_greater_equal, out=o_t_2)
        exp_abs_q_t_2 += 1
        o_t_2 /= exp_abs_q_t_2
        # c[n, -1, k] = c0[n, k]
        # c[n, t, k] = f[n, t, k] * c[n, t - 1, k] + i[n, t, k] * g[n, t, k]
        np.multiply(a_greater, c0, out=c_t_2)
        c_t_2 += c[t_2 - 1]
        c_t_2 *= f_t_2
        g_t_2_i_t_2 = np.multiply(g_t_2, i_t_2, out=work.g_t_2_i_t_2)
        c_t_2 += g_t_2_i_t_2
        # s[n, -1, k] = s0[n, k]
        # s[n, t, k] = o[n, t, k] * tanh(c[n, t, k])
        np.tanh(c_t_2, out=s_t_2)
        s_t_2 *= o_t_2
    c = c[:T]
    s = s[:T]
    # h[n, t, k] = s[n, t, k]
    h = _spread(s.transpose([1, 0, 2]), (N, T, K), out=work.h)
    shape = (N, T, K)
    turn = work.turns[0]
    cache = Cache(
        x,
        Wi,
        s0,
        Ui,
        Wf,
        Uf,
        Wg,
        Ug,
        Wo,
        Uo,
        c0,
        T,
        equal_t,
        equal_t_2,
        a,
        e,
        q,
        i,
        f,
        g,
        o,
        c,
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
        Wi,
        s0,
        Ui,
        Wf,
        Uf,
        Wg,
        Ug,
        Wo,
        Uo,
        c0,
        T,
        equal_t,
        equal_t_2,
        a,
        e,
        q,
        i,
        f,
        g,
        o,
        c,
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
    # ∂E/∂c[n,t,k] = f[n,t + 1,k] ∂E/∂c[n,t + 1,k] + o[n,t,k] (1 - (tanh(c[n,t,k]))²)
    #     ∂E/∂s[n,t,k]
    tanh_c = np.tanh(c, out=work.tanh_c)
    dc_product = np.square(tanh_c, out=work.dc_product)
    np.subtract(1, dc_product, out=dc_product)
    dc_product *= o
    window = _window(c, 0, -1, (1,), (T,))
    dc_quotient = np.abs(q, out=work.dc_quotient)
    np.negative(dc_quotient, out=dc_quotient)
    np.exp(dc_quotient, out=dc_quotient)
    square_dc_quotient = np.add(dc_quotient, 1, out=work.square_dc_quotient)
    np.square(square_dc_quotient, out=square_dc_quotient)
    dc_quotient /= square_dc_quotient
    one_minus_square_g = np.square(g, out=work.one_minus_square_g)
    np.subtract(1, one_minus_square_g, out=one_minus_square_g)
    dc_quotient_2 = np.abs(e, out=work.dc_quotient_2)
    np.negative(dc_quotient_2, out=dc_quotient_2)
    np.exp(dc_quotient_2, out=dc_quotient_2)
    dc_square = np.add(dc_quotient_2, 1, out=work.dc_square)
    np.square(dc_square, out=dc_square)
    dc_quotient_2 /= dc_square
    dc_quotient_3 = np.abs(a, out=work.dc_quotient_3)
    np.negative(dc_quotient_3, out=dc_quotient_3)
    np.exp(dc_quotient_3, out=dc_quotient_3)
    dc_square_2 = np.add(dc_quotient_3, 1, out=work.dc_square_2)
    np.square(dc_square_2, out=dc_square_2)
    dc_quotient_3 /= dc_square_2
    # ∂E/∂s[n,t,k] = Σ_j Uf[k,j] ∂E/∂e[n,t + 1,j] + Σ_j Ug[k,j] ∂E/∂r[n,t + 1,j] + Σ_j Ui[k,j]
    #     ∂E/∂a[n,t + 1,j] + Σ_j Uo[k,j] ∂E/∂q[n,t + 1,j] + ∂E/∂h[n,t,k]
    ds_steps = np.empty((T, N, K), dtype) if work.ds_steps is None else work.ds_steps
    dc = np.empty((T + 1, N, K), dtype) if work.dc is None else work.dc
    dc[T:] = 0
    do_steps = np.empty((T, N, K), dtype) if work.do_steps is None else work.do_steps
    dg_steps = np.empty((T, N, K), dtype) if work.dg_steps is None else work.dg_steps
    df_steps = np.empty((T, N, K), dtype) if work.df_steps is None else work.df_steps
    di_steps = np.empty((T, N, K), dtype) if work.di_steps is None else work.di_steps
    dq = np.empty((T + 1, N, K), dtype) if work.dq is None else work.dq
    dq[T:] = 0
    dr = np.empty((T + 1, N, K), dtype) if work.dr is None else work.dr
    dr[T:] = 0
    de = np.empty((T + 1, N, K), dtype) if work.de is None else work.de
    de[T:] = 0
    da = np.empty((T + 1, N, K), dtype) if work.da is None else work.da
    da[T:] = 0
    f_shifted = _window(f, 0, 1, (1,), (T,))
    # place T, behind all, holds 0, for the first step to read
    for t_3 in reversed(range(T)):
        ds_t_3 = ds_steps[t_3]
        dc_t_3 = dc[t_3]
        do_t_3 = do_steps[t_3]
        dg_t_3 = dg_steps[t_3]
        df_t_3 = df_steps[t_3]
        di_t_3 = di_steps[t_3]
        dq_t_3 = dq[t_3]
        dr_t_3 = dr[t_3]
        de_t_3 = de[t_3]
        da_t_3 = da[t_3]
        np.matmul(de[t_3 + 1], Uf.T, out=ds_t_3)
        Ug_dr_after = np.matmul(dr[t_3 + 1], Ug.T, out=work.Ug_dr_after)
        ds_t_3 += Ug_dr_after
        Ui_da_after = np.matmul(da[t_3 + 1], Ui.T, out=work.Ui_da_after)
        ds_t_3 += Ui_da_after
        Uo_dq_after = np.matmul(dq[t_3 + 1], Uo.T, out=work.Uo_dq_after)
        ds_t_3 += Uo_dq_after
        ds_t_3 += dh[:, t_3]
        np.multiply(dc[t_3 + 1], f_shifted[t_3], out=dc_t_3)
        dc_product_2 = np.multiply(ds_t_3, dc_product[t_3], out=work.dc_product_2)
        dc_t_3 += dc_product_2
        # ∂E/∂o[n,t,k] = tanh(c[n,t,k]) ∂E/∂s[n,t,k]
        np.multiply(ds_t_3, tanh_c[t_3], out=do_t_3)
        # ∂E/∂g[n,t,k] = i[n,t,k] ∂E/∂c[n,t,k]
        np.multiply(dc_t_3, i[t_3], out=dg_t_3)
        # ∂E/∂f[n,t,k] = (c0[n,k] 𝟙[t = 0] + c[n,t - 1,k]) ∂E/∂c[n,t,k]
        np.multiply(equal_t_2[t_3] > 0, c0, out=df_t_3)
        df_t_3 += window[t_3]
        df_t_3 *= dc_t_3
        # ∂E/∂i[n,t,k] = g[n,t,k] ∂E/∂c[n,t,k]
        np.multiply(dc_t_3, g[t_3], out=di_t_3)
        # ∂E/∂q[n,t,k] = o[n,t,k] (1 - o[n,t,k]) ∂E/∂o[n,t,k]
        # in the form of: complement of a sigmoid
        np.multiply(do_t_3, dc_quotient[t_3], out=dq_t_3)
        # ∂E/∂r[n,t,k] = (1 - g[n,t,k]²) ∂E/∂g[n,t,k]
        np.multiply(dg_t_3, one_minus_square_g[t_3], out=dr_t_3)
        # ∂E/∂e[n,t,k] = f[n,t,k] (1 - f[n,t,k]) ∂E/∂f[n,t,k]
        # in the form of: complement of a sigmoid
        np.multiply(df_t_3, dc_quotient_2[t_3], out=de_t_3)
        # ∂E/∂a[n,t,k] = i[n,t,k] (1 - i[n,t,k]) ∂E/∂i[n,t,k]
        # in the form of: complement of a sigmoid
        np.multiply(di_t_3, dc_quotient_3[t_3], out=da_t_3)
    dc = dc[:T]
    dq = dq[:T]
    dr = dr[:T]
    de = de[:T]
    da = da[:T]
    # ∂E/∂c0[n,k] = f[n,0,k] ∂E/∂c[n,0,k]
    dc_f = np.multiply(dc, f, out=dc)
    dc0 = _window(dc_f, 0, 0, (), ())
    # ∂E/∂Wo[d,k] = Σ_{n,t} x[n,t,d] ∂E/∂q[n,t,k]
    dWo = _contract("tnk,ntd->dk", dq, x, out=work.dWo)
    # ∂E/∂Uo[j,k] = Σ_{n,t} (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂E/∂q[n,t,k]
    dUo_sum = np.multiply(equal_t[:, None], s0.T[:, None, :], out=work.dUo_sum)
    dUo_sum += _window(s, 0, -1, (1,), (T,)).transpose([2, 0, 1])
    dUo = _contract("ktn,tnj->kj", dUo_sum, dq, out=work.dUo)
    # ∂E/∂bo[k] = Σ_{n,t} ∂E/∂q[n,t,k]
    dbo = dq.sum(axis=(0, 1), out=work.dbo)
    # ∂E/∂Wg[d,k] = Σ_{n,t} x[n,t,d] ∂E/∂r[n,t,k]
    dWg = _contract("tnk,ntd->dk", dr, x, out=work.dWg)
    # ∂E/∂Ug[j,k] = Σ_{n,t} (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂E/∂r[n,t,k]
    dUg = _contract("ktn,tnj->kj", dUo_sum, dr, out=work.dUg)
    # ∂E/∂bg[k] = Σ_{n,t} ∂E/∂r[n,t,k]
    dbg = dr.sum(axis=(0, 1), out=work.dbg)
    # ∂E/∂Wf[d,k] = Σ_{n,t} x[n,t,d] ∂E/∂e[n,t,k]
    dWf = _contract("tnk,ntd->dk", de, x, out=work.dWf)
    # ∂E/∂Uf[j,k] = Σ_{n,t} (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂E/∂e[n,t,k]
    dUf = _contract("ktn,tnj->kj", dUo_sum, de, out=work.dUf)
    # ∂E/∂bf[k] = Σ_{n,t} ∂E/∂e[n,t,k]
    dbf = de.sum(axis=(0, 1), out=work.dbf)
    # ∂E/∂x[n,t,d] = Σ_k Wf[d,k] ∂E/∂e[n,t,k] + Σ_k Wg[d,k] ∂E/∂r[n,t,k] + Σ_k Wi[d,k]
    #     ∂E/∂a[n,t,k] + Σ_k Wo[d,k] ∂E/∂q[n,t,k]
    dx = _contract("dk,tnk->ntd", Wf, de, out=work.dx)
    Wg_dr = _contract("dk,tnk->ntd", Wg, dr, out=work.Wg_dr)
    dx += Wg_dr
    Wi_da = _contract("dk,tnk->ntd", Wi, da, out=work.Wi_da)
    dx += Wi_da
    Wo_dq = _contract("dk,tnk->ntd", Wo, dq, out=work.Wo_dq)
    dx += Wo_dq
    # ∂E/∂Wi[d,k] = Σ_{n,t} x[n,t,d] ∂E/∂a[n,t,k]
    dWi = _contract("tnk,ntd->dk", da, x, out=work.dWi)
    # ∂E/∂s0[n,j] = Σ_k Uf[j,k] ∂E/∂e[n,0,k] + Σ_k Ug[j,k] ∂E/∂r[n,0,k] + Σ_k Ui[j,k]
    #     ∂E/∂a[n,0,k] + Σ_k Uo[j,k] ∂E/∂q[n,0,k]
    ds0 = np.matmul(_window(de, 0, 0, (), ()), Uf.T, out=work.ds0)
    Ug_window = np.matmul(_window(dr, 0, 0, (), ()), Ug.T, out=work.Ug_window)
    ds0 += Ug_window
    Ui_window = np.matmul(_window(da, 0, 0, (), ()), Ui.T, out=work.Ui_window)
    ds0 += Ui_window
    Uo_window = np.matmul(_window(dq, 0, 0, (), ()), Uo.T, out=work.Uo_window)
    ds0 += Uo_window
    # ∂E/∂Ui[j,k] = Σ_{n,t} (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j]) ∂E/∂a[n,t,k]
    dUi = _contract("ktn,tnj->kj", dUo_sum, da, out=work.dUi)
    # ∂E/∂bi[k] = Σ_{n,t} ∂E/∂a[n,t,k]
    dbi = da.sum(axis=(0, 1), out=work.dbi)
    return Gradients(
        dx, dWi, ds0, dUi, dbi, dWf, dUf, dbf, dWg, dUg, dbg, dWo, dUo, dbo, dc0.copy()
    )


def value(
    x: NDArray[np.floating],
    Wi: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ui: NDArray[np.floating],
    bi: NDArray[np.floating],
    Wf: NDArray[np.floating],
    Uf: NDArray[np.floating],
    bf: NDArray[np.floating],
    Wg: NDArray[np.floating],
    Ug: NDArray[np.floating],
    bg: NDArray[np.floating],
    Wo: NDArray[np.floating],
    Uo: NDArray[np.floating],
    bo: NDArray[np.floating],
    c0: NDArray[np.floating],
) -> NDArray[np.floating]:
    """h alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0, dtype, _, K, N, T = _arguments(
        x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0
    )
    h = np.empty((N, T, K), dtype)
    for _rows in _parts((N,), 13 * T * K + 2 * (T + 1) * K):
        h[_rows], _ = forward(
            x[_rows], Wi, s0[_rows], Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0[_rows]
        )
    return h


def workspace(
    x: NDArray[np.floating],
    Wi: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ui: NDArray[np.floating],
    bi: NDArray[np.floating],
    Wf: NDArray[np.floating],
    Uf: NDArray[np.floating],
    bf: NDArray[np.floating],
    Wg: NDArray[np.floating],
    Ug: NDArray[np.floating],
    bg: NDArray[np.floating],
    Wo: NDArray[np.floating],
    Uo: NDArray[np.floating],
    bo: NDArray[np.floating],
    c0: NDArray[np.floating],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, dtype, D, K, N, T = _arguments(
        x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0
    )
    arrays: dict[str, NDArray[Any]] = {
        "a": np.empty((T, N, K), dtype),
        "e": np.empty((T, N, K), dtype),
        "r_steps": np.empty((T, N, K), dtype),
        "q": np.empty((T, N, K), dtype),
        "i": np.empty((T, N, K), dtype),
        "f": np.empty((T, N, K), dtype),
        "g": np.empty((T, N, K), dtype),
        "o": np.empty((T, N, K), dtype),
        "c": np.empty((T + 1, N, K), dtype),
        "s": np.empty((T + 1, N, K), dtype),
        "t": np.arange(T),
        "equal_t": np.empty((T,), np.bool_),
        "equal_t_2": np.empty((T,), dtype),
        "Wi_x_plus_bi": np.empty((T, N, K), dtype),
        "Wf_x_plus_bf": np.empty((T, N, K), dtype),
        "Wg_x_plus_bg": np.empty((T, N, K), dtype),
        "Wo_x_plus_bo": np.empty((T, N, K), dtype),
        "h": np.empty((N, T, K), dtype),
        "a_sum": np.empty((N, K), dtype),
        "e_sum": np.empty((N, K), dtype),
        "r_sum": np.empty((N, K), dtype),
        "q_sum": np.empty((N, K), dtype),
        "exp_abs_a_t_2": np.empty((N, K), dtype),
        "i_greater_equal": np.empty((N, K), np.bool_),
        "exp_abs_e_t_2": np.empty((N, K), dtype),
        "f_greater_equal": np.empty((N, K), np.bool_),
        "exp_abs_q_t_2": np.empty((N, K), dtype),
        "o_greater_equal": np.empty((N, K), np.bool_),
        "g_t_2_i_t_2": np.empty((N, K), dtype),
        "ds_steps": np.empty((T, N, K), dtype),
        "dc": np.empty((T + 1, N, K), dtype),
        "do_steps": np.empty((T, N, K), dtype),
        "dg_steps": np.empty((T, N, K), dtype),
        "df_steps": np.empty((T, N, K), dtype),
        "di_steps": np.empty((T, N, K), dtype),
        "dq": np.empty((T + 1, N, K), dtype),
        "dr": np.empty((T + 1, N, K), dtype),
        "de": np.empty((T + 1, N, K), dtype),
        "da": np.empty((T + 1, N, K), dtype),
        "tanh_c": np.empty((T, N, K), dtype),
        "dc_product": np.empty((T, N, K), dtype),
        "dc_quotient": np.empty((T, N, K), dtype),
        "square_dc_quotient": np.empty((T, N, K), dtype),
        "one_minus_square_g": np.empty((T, N, K), dtype),
        "dc_quotient_2": np.empty((T, N, K), dtype),
        "dc_square": np.empty((T, N, K), dtype),
        "dc_quotient_3": np.empty((T, N, K), dtype),
        "dc_square_2": np.empty((T, N, K), dtype),
        "dWo": np.empty((D, K), dtype),
        "dUo_sum": np.empty((K, T, N), dtype),
        "dUo": np.empty((K, K), dtype),
        "dbo": np.empty((K,), dtype),
        "dWg": np.empty((D, K), dtype),
        "dUg": np.empty((K, K), dtype),
        "dbg": np.empty((K,), dtype),
        "dWf": np.empty((D, K), dtype),
        "dUf": np.empty((K, K), dtype),
        "dbf": np.empty((K,), dtype),
        "dx": np.empty((N, T, D), dtype),
        "Wg_dr": np.empty((N, T, D), dtype),
        "Wi_da": np.empty((N, T, D), dtype),
        "Wo_dq": np.empty((N, T, D), dtype),
        "dWi": np.empty((D, K), dtype),
        "ds0": np.empty((N, K), dtype),
        "Ug_window": np.empty((N, K), dtype),
        "Ui_window": np.empty((N, K), dtype),
        "Uo_window": np.empty((N, K), dtype),
        "dUi": np.empty((K, K), dtype),
        "dbi": np.empty((K,), dtype),
        "Ug_dr_after": np.empty((N, K), dtype),
        "Ui_da_after": np.empty((N, K), dtype),
        "Uo_dq_after": np.empty((N, K), dtype),
        "dc_product_2": np.empty((N, K), dtype),
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
    x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0 = _each(
        "inputs", inputs, "x Wi s0 Ui bi Wf Uf bf Wg Ug bg Wo Uo bo c0"
    )
    x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0, dtype, D, K, N, T = _arguments(
        x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0
    )
    (
        x_dot,
        Wi_dot,
        s0_dot,
        Ui_dot,
        bi_dot,
        Wf_dot,
        Uf_dot,
        bf_dot,
        Wg_dot,
        Ug_dot,
        bg_dot,
        Wo_dot,
        Uo_dot,
        bo_dot,
        c0_dot,
    ) = _each(
        "tangents",
        tangents,
        "x_dot Wi_dot s0_dot Ui_dot bi_dot Wf_dot Uf_dot bf_dot Wg_dot Ug_dot bg_dot Wo_dot Uo_dot bo_dot c0_dot",
    )
    x_dot = _like("x_dot", x_dot, (N, T, D), dtype, "x")
    Wi_dot = _like("Wi_dot", Wi_dot, (D, K), dtype, "Wi")
    s0_dot = _like("s0_dot", s0_dot, (N, K), dtype, "s0")
    Ui_dot = _like("Ui_dot", Ui_dot, (K, K), dtype, "Ui")
    bi_dot = _like("bi_dot", bi_dot, (K,), dtype, "bi")
    Wf_dot = _like("Wf_dot", Wf_dot, (D, K), dtype, "Wf")
    Uf_dot = _like("Uf_dot", Uf_dot, (K, K), dtype, "Uf")
    bf_dot = _like("bf_dot", bf_dot, (K,), dtype, "bf")
    Wg_dot = _like("Wg_dot", Wg_dot, (D, K), dtype, "Wg")
    Ug_dot = _like("Ug_dot", Ug_dot, (K, K), dtype, "Ug")
    bg_dot = _like("bg_dot", bg_dot, (K,), dtype, "bg")
    Wo_dot = _like("Wo_dot", Wo_dot, (D, K), dtype, "Wo")
    Uo_dot = _like("Uo_dot", Uo_dot, (K, K), dtype, "Uo")
    bo_dot = _like("bo_dot", bo_dot, (K,), dtype, "bo")
    c0_dot = _like("c0_dot", c0_dot, (N, K), dtype, "c0")
    # a[n, t, k] = sum(d, x[n, t, d] * Wi[d, k]) + sum(j, s[n, t - 1, j] * Ui[j, k]) + bi[k]
    t = np.arange(T)
    equal_t = (t == 0).astype(dtype)
    Wi_x_plus_bi = _contract("dk,ntd->tnk", Wi, x) + bi
    Wf_x_plus_bf = _contract("dk,ntd->tnk", Wf, x) + bf
    Wg_x_plus_bg = _contract("dk,ntd->tnk", Wg, x) + bg
    Wo_x_plus_bo = _contract("dk,ntd->tnk", Wo, x) + bo
    a = np.empty((T, N, K), dtype)
    e = np.empty((T, N, K), dtype)
    r_steps = np.empty((T, N, K), dtype)
    q = np.empty((T, N, K), dtype)
    i = np.empty((T, N, K), dtype)
    f = np.empty((T, N, K), dtype)
    g = np.empty((T, N, K), dtype)
    o = np.empty((T, N, K), dtype)
    c = np.zeros((T + 1, N, K), dtype)
    s = np.zeros((T + 1, N, K), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        s_before = s[t_2 - 1]
        a_greater = equal_t[t_2] > 0
        a[t_2] = (a_greater * s0 + s_before) @ Ui + Wi_x_plus_bi[t_2]
        # e[n, t, k] = sum(d, x[n, t, d] * Wf[d, k]) + sum(j, s[n, t - 1, j] * Uf[j, k]) + bf[k]
        e[t_2] = (a_greater * s0 + s_before) @ Uf + Wf_x_plus_bf[t_2]
        # r[n, t, k] = sum(d, x[n, t, d] * Wg[d, k]) + sum(j, s[n, t - 1, j] * Ug[j, k]) + bg[k]
        r_steps[t_2] = (a_greater * s0 + s_before) @ Ug + Wg_x_plus_bg[t_2]
        # q[n, t, k] = sum(d, x[n, t, d] * Wo[d, k]) + sum(j, s[n, t - 1, j] * Uo[j, k]) + bo[k]
        q[t_2] = (a_greater * s0 + s_before) @ Uo + Wo_x_plus_bo[t_2]
        # i[n, t, k] = sigmoid(a[n, t, k])
        exp_abs_a_2 = np.exp(-np.abs(a[t_2]))
        i[t_2] = np.maximum(exp_abs_a_2, a[t_2] >= 0) / (exp_abs_a_2 + 1)
        # f[n, t, k] = sigmoid(e[n, t, k])
        exp_abs_e_2 = np.exp(-np.abs(e[t_2]))
        f[t_2] = np.maximum(exp_abs_e_2, e[t_2] >= 0) / (exp_abs_e_2 + 1)
        # g[n, t, k] = tanh(r[n, t, k])
        g[t_2] = np.tanh(r_steps[t_2])
        # o[n, t, k] = sigmoid(q[n, t, k])
        exp_abs_q_2 = np.exp(-np.abs(q[t_2]))
        o[t_2] = np.maximum(exp_abs_q_2, q[t_2] >= 0) / (exp_abs_q_2 + 1)
        # c[n, -1, k] = c0[n, k]
        # c[n, t, k] = f[n, t, k] * c[n, t - 1, k] + i[n, t, k] * g[n, t, k]
        c[t_2] = (a_greater * c0 + c[t_2 - 1]) * f[t_2] + g[t_2] * i[t_2]
        # s[n, -1, k] = s0[n, k]
        # s[n, t, k] = o[n, t, k] * tanh(c[n, t, k])
        s[t_2] = np.tanh(c[t_2]) * o[t_2]
    c = c[:T]
    s = s[:T]
    # h[n, t, k] = s[n, t, k]
    h = np.broadcast_to(s.transpose([1, 0, 2]), (N, T, K)).copy()
    # ṡ[n,t,k] = ȯ[n,t,k] tanh(c[n,t,k]) + ċ[n,t,k] o[n,t,k] (1 - (tanh(c[n,t,k]))²)
    Ui_s0_dot = s0_dot @ Ui
    Uf_s0_dot = s0_dot @ Uf
    Ug_s0_dot = s0_dot @ Ug
    Uo_s0_dot = s0_dot @ Uo
    window = _window(s, 0, -1, (1,), (T,))
    Wi_x_dot = _contract("dk,ntd->tnk", Wi, x_dot)
    Wi_dot_x = _contract("dk,ntd->tnk", Wi_dot, x)
    Wf_x_dot = _contract("dk,ntd->tnk", Wf, x_dot)
    Wf_dot_x = _contract("dk,ntd->tnk", Wf_dot, x)
    Wg_x_dot = _contract("dk,ntd->tnk", Wg, x_dot)
    Wg_dot_x = _contract("dk,ntd->tnk", Wg_dot, x)
    Wo_x_dot = _contract("dk,ntd->tnk", Wo, x_dot)
    Wo_dot_x = _contract("dk,ntd->tnk", Wo_dot, x)
    exp_abs_a = np.exp(-np.abs(a))
    s_dot_quotient = np.divide(exp_abs_a, np.square(exp_abs_a + 1), out=exp_abs_a)
    exp_abs_e = np.exp(-np.abs(e))
    s_dot_quotient_2 = np.divide(exp_abs_e, np.square(exp_abs_e + 1), out=exp_abs_e)
    one_minus_square_g = 1 - np.square(g)
    exp_abs_q = np.exp(-np.abs(q))
    s_dot_quotient_3 = np.divide(exp_abs_q, np.square(exp_abs_q + 1), out=exp_abs_q)
    window_2 = _window(c, 0, -1, (1,), (T,))
    c0_dot_f = c0_dot * f
    tanh_c = np.tanh(c)
    s_dot_product = np.multiply(1 - np.square(tanh_c), o, out=o)
    # ȧ[n,t,k] = 𝟙[t = 0] Σ_j s0˙[n,j] Ui[j,k] + Σ_j Ui˙[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t - 1,j])
    #     + Σ_j ṡ[n,t - 1,j] Ui[j,k] + Σ_d ẋ[n,t,d] Wi[d,k] + Σ_d Wi˙[d,k] x[n,t,d] + bi˙[k]
    a_dot_steps = np.empty((T, N, K), dtype)
    e_dot_steps = np.empty((T, N, K), dtype)
    r_dot_steps = np.empty((T, N, K), dtype)
    q_dot_steps = np.empty((T, N, K), dtype)
    i_dot_steps = np.empty((T, N, K), dtype)
    f_dot_steps = np.empty((T, N, K), dtype)
    g_dot_steps = np.empty((T, N, K), dtype)
    o_dot_steps = np.empty((T, N, K), dtype)
    c_dot_steps = np.zeros((T + 1, N, K), dtype)
    s_dot = np.zeros((T + 1, N, K), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_3 in range(T):
        s_dot_before = s_dot[t_3 - 1]
        a_dot_greater = equal_t[t_3] > 0
        a_dot_sum = (a_dot_greater * s0 + window[t_3]) @ Ui_dot + s_dot_before @ Ui
        a_dot_sum_2 = a_dot_sum + a_dot_greater * Ui_s0_dot + Wi_x_dot[t_3] + Wi_dot_x[t_3]
        a_dot_steps[t_3] = np.add(a_dot_sum_2, bi_dot, out=a_dot_sum_2)
        # ė[n,t,k] = 𝟙[t = 0] Σ_j s0˙[n,j] Uf[j,k] + Σ_j Uf˙[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t -
        #     1,j]) + Σ_j ṡ[n,t - 1,j] Uf[j,k] + Σ_d ẋ[n,t,d] Wf[d,k] + Σ_d Wf˙[d,k] x[n,t,d] +
        #     bf˙[k]
        e_dot_sum = (a_dot_greater * s0 + window[t_3]) @ Uf_dot + s_dot_before @ Uf
        e_dot_sum_2 = e_dot_sum + a_dot_greater * Uf_s0_dot + Wf_x_dot[t_3] + Wf_dot_x[t_3]
        e_dot_steps[t_3] = np.add(e_dot_sum_2, bf_dot, out=e_dot_sum_2)
        # ṙ[n,t,k] = 𝟙[t = 0] Σ_j s0˙[n,j] Ug[j,k] + Σ_j Ug˙[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t -
        #     1,j]) + Σ_j ṡ[n,t - 1,j] Ug[j,k] + Σ_d ẋ[n,t,d] Wg[d,k] + Σ_d Wg˙[d,k] x[n,t,d] +
        #     bg˙[k]
        r_dot_sum = (a_dot_greater * s0 + window[t_3]) @ Ug_dot + s_dot_before @ Ug
        r_dot_sum_2 = r_dot_sum + a_dot_greater * Ug_s0_dot + Wg_x_dot[t_3] + Wg_dot_x[t_3]
        r_dot_steps[t_3] = np.add(r_dot_sum_2, bg_dot, out=r_dot_sum_2)
        # q̇[n,t,k] = 𝟙[t = 0] Σ_j s0˙[n,j] Uo[j,k] + Σ_j Uo˙[j,k] (s0[n,j] 𝟙[t = 0] + s[n,t -
        #     1,j]) + Σ_j ṡ[n,t - 1,j] Uo[j,k] + Σ_d ẋ[n,t,d] Wo[d,k] + Σ_d Wo˙[d,k] x[n,t,d] +
        #     bo˙[k]
        q_dot_sum = (a_dot_greater * s0 + window[t_3]) @ Uo_dot + s_dot_before @ Uo
        q_dot_sum_2 = q_dot_sum + a_dot_greater * Uo_s0_dot + Wo_x_dot[t_3] + Wo_dot_x[t_3]
        q_dot_steps[t_3] = np.add(q_dot_sum_2, bo_dot, out=q_dot_sum_2)
        # i̇[n,t,k] = ȧ[n,t,k] i[n,t,k] (1 - i[n,t,k])
        i_dot_steps[t_3] = a_dot_steps[t_3] * s_dot_quotient[t_3]
        # ḟ[n,t,k] = ė[n,t,k] f[n,t,k] (1 - f[n,t,k])
        f_dot_steps[t_3] = e_dot_steps[t_3] * s_dot_quotient_2[t_3]
        # ġ[n,t,k] = ṙ[n,t,k] (1 - g[n,t,k]²)
        g_dot_steps[t_3] = one_minus_square_g[t_3] * r_dot_steps[t_3]
        # ȯ[n,t,k] = q̇[n,t,k] o[n,t,k] (1 - o[n,t,k])
        o_dot_steps[t_3] = s_dot_quotient_3[t_3] * q_dot_steps[t_3]
        # ċ[n,t,k] = ḟ[n,t,k] (c0[n,k] 𝟙[t = 0] + c[n,t - 1,k]) + ċ[n,t - 1,k] f[n,t,k] +
        #     i̇[n,t,k] g[n,t,k] + ġ[n,t,k] i[n,t,k] + c0˙[n,k] f[n,t,k] 𝟙[t = 0]
        c_dot_product = (a_dot_greater * c0 + window_2[t_3]) * f_dot_steps[t_3]
        c_dot_sum = np.add(c_dot_product, a_dot_greater * c0_dot_f[t_3], out=c_dot_product)
        c_dot_sum_2 = c_dot_sum + c_dot_steps[t_3 - 1] * f[t_3] + g_dot_steps[t_3] * i[t_3]
        c_dot_steps[t_3] = np.add(c_dot_sum_2, g[t_3] * i_dot_steps[t_3], out=c_dot_sum_2)
        s_dot[t_3] = c_dot_steps[t_3] * s_dot_product[t_3] + tanh_c[t_3] * o_dot_steps[t_3]
    s_dot = s_dot[:T]
    # ḣ[n,t,k] = ṡ[n,t,k]
    h_dot = np.broadcast_to(s_dot.transpose([1, 0, 2]), (N, T, K)).copy()
    return h, h_dot


def jacobian(
    x: NDArray[np.floating],
    Wi: NDArray[np.floating],
    s0: NDArray[np.floating],
    Ui: NDArray[np.floating],
    bi: NDArray[np.floating],
    Wf: NDArray[np.floating],
    Uf: NDArray[np.floating],
    bf: NDArray[np.floating],
    Wg: NDArray[np.floating],
    Ug: NDArray[np.floating],
    bg: NDArray[np.floating],
    Wo: NDArray[np.floating],
    Uo: NDArray[np.floating],
    bo: NDArray[np.floating],
    c0: NDArray[np.floating],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    h, cache = forward(x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0)
    return Gradients(*_by_rows(h, lambda dh: backward(dh, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"x": 0, "s0": 0, "c0": 0},
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
    Wi: Any,
    s0: Any,
    Ui: Any,
    bi: Any,
    Wf: Any,
    Uf: Any,
    bf: Any,
    Wg: Any,
    Ug: Any,
    bg: Any,
    Wo: Any,
    Uo: Any,
    bo: Any,
    c0: Any,
) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N T D")
    Wi = _array("Wi", Wi, "D K")
    s0 = _array("s0", s0, "N K")
    Ui = _array("Ui", Ui, "K K")
    bi = _array("bi", bi, "K")
    Wf = _array("Wf", Wf, "D K")
    Uf = _array("Uf", Uf, "K K")
    bf = _array("bf", bf, "K")
    Wg = _array("Wg", Wg, "D K")
    Ug = _array("Ug", Ug, "K K")
    bg = _array("bg", bg, "K")
    Wo = _array("Wo", Wo, "D K")
    Uo = _array("Uo", Uo, "K K")
    bo = _array("bo", bo, "K")
    c0 = _array("c0", c0, "N K")
    dtype = x.dtype
    if (
        Wi.dtype != dtype
        or s0.dtype != dtype
        or Ui.dtype != dtype
        or bi.dtype != dtype
        or Wf.dtype != dtype
        or Uf.dtype != dtype
        or bf.dtype != dtype
        or Wg.dtype != dtype
        or Ug.dtype != dtype
        or bg.dtype != dtype
        or Wo.dtype != dtype
        or Uo.dtype != dtype
        or bo.dtype != dtype
        or c0.dtype != dtype
    ):
        _one_dtype(
            x=x,
            Wi=Wi,
            s0=s0,
            Ui=Ui,
            bi=bi,
            Wf=Wf,
            Uf=Uf,
            bf=bf,
            Wg=Wg,
            Ug=Ug,
            bg=bg,
            Wo=Wo,
            Uo=Uo,
            bo=bo,
            c0=c0,
        )
    N = x.shape[0]
    T = x.shape[1]
    D = x.shape[2]
    K = Wi.shape[1]
    if (
        Wi.shape != (D, K)
        or s0.shape != (N, K)
        or Ui.shape != (K, K)
        or bi.shape != (K,)
        or Wf.shape != (D, K)
        or Uf.shape != (K, K)
        or bf.shape != (K,)
        or Wg.shape != (D, K)
        or Ug.shape != (K, K)
        or bg.shape != (K,)
        or Wo.shape != (D, K)
        or Uo.shape != (K, K)
        or bo.shape != (K,)
        or c0.shape != (N, K)
    ):
        _one_size(
            x=(x, "N T D"),
            Wi=(Wi, "D K"),
            s0=(s0, "N K"),
            Ui=(Ui, "K K"),
            bi=(bi, "K"),
            Wf=(Wf, "D K"),
            Uf=(Uf, "K K"),
            bf=(bf, "K"),
            Wg=(Wg, "D K"),
            Ug=(Ug, "K K"),
            bg=(bg, "K"),
            Wo=(Wo, "D K"),
            Uo=(Uo, "K K"),
            bo=(bo, "K"),
            c0=(c0, "N K"),
        )
    return x, Wi, s0, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo, c0, dtype, D, K, N, T


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


# Written by pullback from its own layers; digest of what stands above: 192686cd65048131
