"""Multi-head self-attention

Each place of a sequence looks at those that the mask lets it see, with several heads side by side.

    q[..., h, t, e] = sum(d, x[..., t, d] * Wq[d, h, e]) + bq[h, e]
    k[..., h, s, e] = sum(d, x[..., s, d] * Wk[d, h, e]) + bk[h, e]
    v[..., h, s, e] = sum(d, x[..., s, d] * Wv[d, h, e]) + bv[h, e]
    o_s[..., h, t, s] = where(M[t, s] > 0, sum(i, q[..., h, t, i] * k[..., h, s, i]) / sqrt(size(i)), -1e30)
    p[..., h, t, s] = exp(o_s[..., h, t, s]) / sum(j, exp(o_s[..., h, t, j]))
    o[..., h, t, e] = sum(s, p[..., h, t, s] * v[..., h, s, e])
    y[..., t, f] = sum(h, e, o[..., h, t, e] * Wo[h, e, f]) + bo[f]

Written by pullback 0.1.0 from the definition multi_head_attention.toml; to change it, change that file.
Digest of the definition: 92d3a1c0130a64e2
The derivation, step by step, each step proved: pullback show multi_head_attention
It needs NumPy alone, 1.22 or later. In formulas n runs over all leading axes, '...' above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of sum(dy * y), each in the shape and the dtype of its input."""

    dx: NDArray[np.floating]  # (..., T, D)
    dWq: NDArray[np.floating]  # (D, H, E)
    dbq: NDArray[np.floating]  # (H, E)
    dWk: NDArray[np.floating]  # (D, H, E)
    dbk: NDArray[np.floating]  # (H, E)
    dWv: NDArray[np.floating]  # (D, H, E)
    dbv: NDArray[np.floating]  # (H, E)
    dWo: NDArray[np.floating]  # (H, E, F)
    dbo: NDArray[np.floating]  # (F,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    Wq: NDArray[np.floating]
    Wk: NDArray[np.floating]
    Wv: NDArray[np.floating]
    Wo: NDArray[np.floating]
    q: NDArray[np.floating]
    k: NDArray[np.floating]
    v: NDArray[np.floating]
    sqrt_E: float
    greater_M: NDArray[np.bool_]
    o_s_argmax: NDArray[np.integer]
    places: NDArray[np.integer]
    h: NDArray[np.integer]
    t: NDArray[np.integer]
    p: NDArray[np.floating]
    o: NDArray[np.floating]
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, E, F, H, T, size_batch)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    q: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    k: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    v: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    greater_M: NDArray[np.bool_] | None = None  # (T, T)
    k_q: NDArray[np.floating] | None = None  # (*batch, H, T, T)
    o_s: NDArray[np.floating] | None = None  # (*batch, H, T, T); then p
    places: NDArray[np.integer] | None = None  # (*batch,)
    h: NDArray[np.integer] | None = None  # (H,)
    t: NDArray[np.integer] | None = None  # (T,)
    o_s_argmax: NDArray[np.integer] | None = None  # (*batch, H, T)
    o_s_max: NDArray[np.floating] | None = None  # (*batch, H, T)
    sum_p: NDArray[np.floating] | None = None  # (*batch, H, T)
    o: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    y: NDArray[np.floating] | None = None  # (*batch, T, F)
    dWo: NDArray[np.floating] | None = None  # (H, E, F)
    dbo: NDArray[np.floating] | None = None  # (F,)
    do: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    dv: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    dWv: NDArray[np.floating] | None = None  # (D, H, E)
    dbv: NDArray[np.floating] | None = None  # (H, E)
    dp: NDArray[np.floating] | None = None  # (*batch, H, T, T); then do_s, then greater_M_do_s
    dp_p: NDArray[np.floating] | None = None  # (*batch, H, T)
    others_do_s: NDArray[np.floating] | None = None  # (*batch, H, T)
    dk: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    dWk: NDArray[np.floating] | None = None  # (D, H, E)
    dbk: NDArray[np.floating] | None = None  # (H, E)
    dq: NDArray[np.floating] | None = None  # (*batch, H, T, E)
    dx: NDArray[np.floating] | None = None  # (*batch, T, D)
    Wq_dq: NDArray[np.floating] | None = None  # (*batch, T, D)
    Wv_dv: NDArray[np.floating] | None = None  # (*batch, T, D)
    dWq: NDArray[np.floating] | None = None  # (D, H, E)
    dbq: NDArray[np.floating] | None = None  # (H, E)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    x: NDArray[np.floating],
    Wq: NDArray[np.floating],
    bq: NDArray[np.floating],
    Wk: NDArray[np.floating],
    bk: NDArray[np.floating],
    Wv: NDArray[np.floating],
    bv: NDArray[np.floating],
    M: NDArray[np.floating],
    Wo: NDArray[np.floating],
    bo: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[NDArray[np.floating], Cache]:
    """y, and what backward needs to know of the way to it.

    Arguments, with H heads, T places, E features of a head, F features out, D features in:
        x: inputs, (..., T, D), floats
        Wq: weights of the queries, (D, H, E), floats
        bq: bias of the queries, (H, E), floats
        Wk: weights of the keys, (D, H, E), floats
        bk: bias of the keys, (H, E), floats
        Wv: weights of the values, (D, H, E), floats
        bv: bias of the values, (H, E), floats
        M: the mask, above 0 where the first place sees the second, (T, T), floats
        Wo: weights of the output, over all heads, (H, E, F), floats
        bo: bias of the outputs, (F,), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): y of shape (..., T, F), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    E and T must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo, dtype, batch, D, E, F, H, T = _arguments(
        x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo
    )
    x = _flat(x, batch)
    size_batch = x.shape[0]
    work = _NEW if work is None else work
    _fitting(
        Workspace,
        work,
        (dtype, D, E, F, H, T, size_batch),
        x=x,
        Wq=Wq,
        bq=bq,
        Wk=Wk,
        bk=bk,
        Wv=Wv,
        bv=bv,
        M=M,
        Wo=Wo,
        bo=bo,
    )
    # q[n, h, t, e] = sum(d, x[n, t, d] * Wq[d, h, e]) + bq[h, e]
    q = _contract("dhe,atd->ahte", Wq, x, out=work.q)
    q += bq[:, None, :]
    # k[n, h, s, e] = sum(d, x[n, s, d] * Wk[d, h, e]) + bk[h, e]
    k = _contract("dhe,atd->ahte", Wk, x, out=work.k)
    k += bk[:, None, :]
    # v[n, h, s, e] = sum(d, x[n, s, d] * Wv[d, h, e]) + bv[h, e]
    v = _contract("dhe,atd->ahte", Wv, x, out=work.v)
    v += bv[:, None, :]
    # o_s[n, h, t, s] = where(M[t, s] > 0, sum(i, q[n, h, t, i] * k[n, h, s, i]) /
    #     sqrt(size(i)), -1e30)
    greater_M = np.greater(M, 0, out=work.greater_M)
    k_q = np.matmul(q, k.swapaxes(-1, -2), out=work.k_q)
    sqrt_E = E**0.5
    k_q /= sqrt_E
    o_s = _where(greater_M, k_q, -1e30, out=work.o_s)
    # p[n, h, t, s] = exp(o_s[n, h, t, s]) / sum(j, exp(o_s[n, h, t, j]))
    # in the form of: shifted softmax
    places = np.arange(size_batch) if work.places is None else work.places
    h = np.arange(H) if work.h is None else work.h
    t = np.arange(T) if work.t is None else work.t
    o_s_argmax = o_s.argmax(axis=3, out=work.o_s_argmax)
    o_s_max = _pick(o_s, (places[:, None, None], h[:, None], t, o_s_argmax), out=work.o_s_max)
    p = np.subtract(o_s, o_s_max[:, :, :, None], out=o_s)
    np.exp(p, out=p)
    sum_p = _sum_last(p, out=work.sum_p)
    p /= sum_p[:, :, :, None]
    # o[n, h, t, e] = sum(s, p[n, h, t, s] * v[n, h, s, e])
    o = np.matmul(p, v, out=work.o)
    # y[n, t, f] = sum(h, e, o[n, h, t, e] * Wo[h, e, f]) + bo[f]
    y = _contract("hef,ahte->atf", Wo, o, out=work.y)
    y += bo
    shape = (*batch, T, F)
    turn = work.turns[0]
    cache = Cache(
        x,
        Wq,
        Wk,
        Wv,
        Wo,
        q,
        k,
        v,
        sqrt_E,
        greater_M,
        o_s_argmax,
        places,
        h,
        t,
        p,
        o,
        batch,
        shape,
        dtype,
        work,
        turn,
    )
    return _unflat(y, batch), cache


@np.errstate(under="ignore")
def backward(dy: NDArray[np.floating], cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dy: the gradient by y, (..., T, F), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (
        x,
        Wq,
        Wk,
        Wv,
        Wo,
        q,
        k,
        v,
        sqrt_E,
        greater_M,
        o_s_argmax,
        places,
        h,
        t,
        p,
        o,
        batch,
        shape,
        dtype,
        work,
        turn,
    ) = cache
    _current(work, turn)
    dy = _flat(_like("dy", dy, shape, dtype, "the output"), batch)
    _apart(work, dy=dy)
    # ∂ℒ/∂Wo[h,e,f] = Σ_{n,t} o[n,h,t,e] ∂ℒ/∂y[n,t,f]
    dWo = _contract("atf,ahte->hef", dy, o, out=work.dWo)
    # ∂ℒ/∂bo[f] = Σ_{n,t} ∂ℒ/∂y[n,t,f]
    dbo = dy.sum(axis=(0, 1), out=work.dbo)
    # ∂ℒ/∂o[n,h,t,e] = Σ_f Wo[h,e,f] ∂ℒ/∂y[n,t,f]
    do = _contract("hef,atf->ahte", Wo, dy, out=work.do)
    # ∂ℒ/∂v[n,h,s,e] = Σ_t p[n,h,t,s] ∂ℒ/∂o[n,h,t,e]
    dv = np.matmul(p.swapaxes(-1, -2), do, out=work.dv)
    # ∂ℒ/∂Wv[d,h,e] = Σ_{n,t} x[n,t,d] ∂ℒ/∂v[n,h,t,e]
    dWv = _contract("ahte,atd->dhe", dv, x, out=work.dWv)
    # ∂ℒ/∂bv[h,e] = Σ_{n,t} ∂ℒ/∂v[n,h,t,e]
    dbv = dv.sum(axis=(0, 2), out=work.dbv)
    # ∂ℒ/∂p[n,h,t,s] = Σ_e v[n,h,s,e] ∂ℒ/∂o[n,h,t,e]
    dp = np.matmul(do, v.swapaxes(-1, -2), out=work.dp)
    # ∂ℒ/∂o_s[n,h,t,s] = p[n,h,t,s] (∂ℒ/∂p[n,h,t,s] - Σ_j p[n,h,t,j] ∂ℒ/∂p[n,h,t,j])
    # in the form of: entries that add up to nothing
    dp_p = _dot_last(dp, p, out=work.dp_p)
    do_s = np.subtract(dp, dp_p[:, :, :, None], out=dp)
    do_s *= p
    do_s[places[:, None, None], h[:, None], t, o_s_argmax] = 0
    others_do_s = _sum_last(do_s, out=work.others_do_s)
    np.negative(others_do_s, out=others_do_s)
    do_s[places[:, None, None], h[:, None], t, o_s_argmax] = others_do_s
    # ∂ℒ/∂k[n,h,s,e] = Σ_t ∂ℒ/∂o_s[n,h,t,s] where(M[t,s] > 0, (1/√(E)) q[n,h,t,e], 0)
    greater_M_do_s = np.multiply(greater_M, do_s, out=do_s)
    dk = np.matmul(greater_M_do_s.swapaxes(-1, -2), q, out=work.dk)
    dk /= sqrt_E
    # ∂ℒ/∂Wk[d,h,e] = Σ_{n,t} x[n,t,d] ∂ℒ/∂k[n,h,t,e]
    dWk = _contract("ahte,atd->dhe", dk, x, out=work.dWk)
    # ∂ℒ/∂bk[h,e] = Σ_{n,t} ∂ℒ/∂k[n,h,t,e]
    dbk = dk.sum(axis=(0, 2), out=work.dbk)
    # ∂ℒ/∂q[n,h,t,e] = Σ_s ∂ℒ/∂o_s[n,h,t,s] where(M[t,s] > 0, (1/√(E)) k[n,h,s,e], 0)
    dq = np.matmul(greater_M_do_s, k, out=work.dq)
    dq /= sqrt_E
    # ∂ℒ/∂x[n,t,d] = Σ_{h,e} Wk[d,h,e] ∂ℒ/∂k[n,h,t,e] + Σ_{h,e} Wq[d,h,e] ∂ℒ/∂q[n,h,t,e] +
    #     Σ_{h,e} Wv[d,h,e] ∂ℒ/∂v[n,h,t,e]
    dx = _contract("dhe,ahte->atd", Wk, dk, out=work.dx)
    Wq_dq = _contract("dhe,ahte->atd", Wq, dq, out=work.Wq_dq)
    dx += Wq_dq
    Wv_dv = _contract("dhe,ahte->atd", Wv, dv, out=work.Wv_dv)
    dx += Wv_dv
    # ∂ℒ/∂Wq[d,h,e] = Σ_{n,t} x[n,t,d] ∂ℒ/∂q[n,h,t,e]
    dWq = _contract("ahte,atd->dhe", dq, x, out=work.dWq)
    # ∂ℒ/∂bq[h,e] = Σ_{n,t} ∂ℒ/∂q[n,h,t,e]
    dbq = dq.sum(axis=(0, 2), out=work.dbq)
    return Gradients(_unflat(dx, batch), dWq, dbq, dWk, dbk, dWv, dbv, dWo, dbo)


def value(
    x: NDArray[np.floating],
    Wq: NDArray[np.floating],
    bq: NDArray[np.floating],
    Wk: NDArray[np.floating],
    bk: NDArray[np.floating],
    Wv: NDArray[np.floating],
    bv: NDArray[np.floating],
    M: NDArray[np.floating],
    Wo: NDArray[np.floating],
    bo: NDArray[np.floating],
) -> NDArray[np.floating]:
    """y alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo, dtype, batch, _, E, F, H, T = _arguments(
        x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo
    )
    if not batch:
        return forward(x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo)[0]
    y = np.empty((*batch, T, F), dtype)
    for _rows in _parts(batch, 4 * H * T * E + 2 * H * T * T + 3 * H * T + T * F + 1):
        y[_rows], _ = forward(x[_rows], Wq, bq, Wk, bk, Wv, bv, M, Wo, bo)
    return y


def workspace(
    x: NDArray[np.floating],
    Wq: NDArray[np.floating],
    bq: NDArray[np.floating],
    Wk: NDArray[np.floating],
    bk: NDArray[np.floating],
    Wv: NDArray[np.floating],
    bv: NDArray[np.floating],
    M: NDArray[np.floating],
    Wo: NDArray[np.floating],
    bo: NDArray[np.floating],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    x, _, _, _, _, _, _, _, _, _, dtype, batch, D, E, F, H, T = _arguments(
        x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo
    )
    x = _flat(x, batch)
    size_batch = x.shape[0]
    arrays: dict[str, NDArray[Any]] = {
        "q": np.empty((size_batch, H, T, E), dtype),
        "k": np.empty((size_batch, H, T, E), dtype),
        "v": np.empty((size_batch, H, T, E), dtype),
        "greater_M": np.empty((T, T), np.bool_),
        "k_q": np.empty((size_batch, H, T, T), dtype),
        "o_s": np.empty((size_batch, H, T, T), dtype),
        "places": np.arange(size_batch),
        "h": np.arange(H),
        "t": np.arange(T),
        "o_s_argmax": np.empty((size_batch, H, T), np.intp),
        "o_s_max": np.empty((size_batch, H, T), dtype),
        "sum_p": np.empty((size_batch, H, T), dtype),
        "o": np.empty((size_batch, H, T, E), dtype),
        "y": np.empty((size_batch, T, F), dtype),
        "dWo": np.empty((H, E, F), dtype),
        "dbo": np.empty((F,), dtype),
        "do": np.empty((size_batch, H, T, E), dtype),
        "dv": np.empty((size_batch, H, T, E), dtype),
        "dWv": np.empty((D, H, E), dtype),
        "dbv": np.empty((H, E), dtype),
        "dp": np.empty((size_batch, H, T, T), dtype),
        "dp_p": np.empty((size_batch, H, T), dtype),
        "others_do_s": np.empty((size_batch, H, T), dtype),
        "dk": np.empty((size_batch, H, T, E), dtype),
        "dWk": np.empty((D, H, E), dtype),
        "dbk": np.empty((H, E), dtype),
        "dq": np.empty((size_batch, H, T, E), dtype),
        "dx": np.empty((size_batch, T, D), dtype),
        "Wq_dq": np.empty((size_batch, T, D), dtype),
        "Wv_dv": np.empty((size_batch, T, D), dtype),
        "dWq": np.empty((D, H, E), dtype),
        "dbq": np.empty((H, E), dtype),
    }
    return Workspace((dtype, D, E, F, H, T, size_batch), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(
    inputs: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., T, F).
    """
    x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo = _each("inputs", inputs, "x Wq bq Wk bk Wv bv M Wo bo")
    x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo, dtype, batch, D, E, F, H, T = _arguments(
        x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo
    )
    x = _flat(x, batch)
    size_batch = x.shape[0]
    x_dot, Wq_dot, bq_dot, Wk_dot, bk_dot, Wv_dot, bv_dot, Wo_dot, bo_dot = _each(
        "tangents", tangents, "x_dot Wq_dot bq_dot Wk_dot bk_dot Wv_dot bv_dot Wo_dot bo_dot"
    )
    x_dot = _flat(_like("x_dot", x_dot, (*batch, T, D), dtype, "x"), batch)
    Wq_dot = _like("Wq_dot", Wq_dot, (D, H, E), dtype, "Wq")
    bq_dot = _like("bq_dot", bq_dot, (H, E), dtype, "bq")
    Wk_dot = _like("Wk_dot", Wk_dot, (D, H, E), dtype, "Wk")
    bk_dot = _like("bk_dot", bk_dot, (H, E), dtype, "bk")
    Wv_dot = _like("Wv_dot", Wv_dot, (D, H, E), dtype, "Wv")
    bv_dot = _like("bv_dot", bv_dot, (H, E), dtype, "bv")
    Wo_dot = _like("Wo_dot", Wo_dot, (H, E, F), dtype, "Wo")
    bo_dot = _like("bo_dot", bo_dot, (F,), dtype, "bo")
    # q[n, h, t, e] = sum(d, x[n, t, d] * Wq[d, h, e]) + bq[h, e]
    q = _contract("dhe,atd->ahte", Wq, x) + bq[:, None, :]
    # k[n, h, s, e] = sum(d, x[n, s, d] * Wk[d, h, e]) + bk[h, e]
    k = _contract("dhe,atd->ahte", Wk, x) + bk[:, None, :]
    # v[n, h, s, e] = sum(d, x[n, s, d] * Wv[d, h, e]) + bv[h, e]
    v = _contract("dhe,atd->ahte", Wv, x) + bv[:, None, :]
    # o_s[n, h, t, s] = where(M[t, s] > 0, sum(i, q[n, h, t, i] * k[n, h, s, i]) /
    #     sqrt(size(i)), -1e30)
    greater_M = M > 0
    sqrt_E = E**0.5
    o_s = np.where(greater_M, q @ k.swapaxes(-1, -2) / sqrt_E, -1e30)
    # p[n, h, t, s] = exp(o_s[n, h, t, s]) / sum(j, exp(o_s[n, h, t, j]))
    # in the form of: shifted softmax
    places = np.arange(size_batch)
    h = np.arange(H)
    t = np.arange(T)
    o_s_argmax = o_s.argmax(axis=3)
    exp_o_s = np.exp(o_s - o_s[places[:, None, None], h[:, None], t, o_s_argmax][:, :, :, None])
    p = np.divide(exp_o_s, exp_o_s.sum(axis=3)[:, :, :, None], out=exp_o_s)
    # o[n, h, t, e] = sum(s, p[n, h, t, s] * v[n, h, s, e])
    o = p @ v
    # y[n, t, f] = sum(h, e, o[n, h, t, e] * Wo[h, e, f]) + bo[f]
    y = _contract("hef,ahte->atf", Wo, o) + bo
    # v̇[n,h,s,e] = Σ_d ẋ[n,s,d] Wv[d,h,e] + Σ_d Wv˙[d,h,e] x[n,s,d] + bv˙[h,e]
    v_dot_sum = _contract("dhe,atd->ahte", Wv, x_dot) + _contract("dhe,atd->ahte", Wv_dot, x)
    v_dot = np.add(v_dot_sum, bv_dot[:, None, :], out=v_dot_sum)
    # k̇[n,h,s,e] = Σ_d ẋ[n,s,d] Wk[d,h,e] + Σ_d Wk˙[d,h,e] x[n,s,d] + bk˙[h,e]
    k_dot_sum = _contract("dhe,atd->ahte", Wk, x_dot) + _contract("dhe,atd->ahte", Wk_dot, x)
    k_dot = np.add(k_dot_sum, bk_dot[:, None, :], out=k_dot_sum)
    # q̇[n,h,t,e] = Σ_d ẋ[n,t,d] Wq[d,h,e] + Σ_d Wq˙[d,h,e] x[n,t,d] + bq˙[h,e]
    q_dot_sum = _contract("dhe,atd->ahte", Wq, x_dot) + _contract("dhe,atd->ahte", Wq_dot, x)
    q_dot = np.add(q_dot_sum, bq_dot[:, None, :], out=q_dot_sum)
    # o_s˙[n,h,t,s] = Σ_e k̇[n,h,s,e] where(M[t,s] > 0, (1/√(E)) q[n,h,t,e], 0) + Σ_e
    #     q̇[n,h,t,e] where(M[t,s] > 0, (1/√(E)) k[n,h,s,e], 0)
    greater_M_2 = greater_M.astype(dtype) / sqrt_E
    o_s_dot_product = greater_M_2 * (q @ k_dot.swapaxes(-1, -2))
    o_s_dot_product_2 = greater_M_2 * (q_dot @ k.swapaxes(-1, -2))
    o_s_dot = np.add(o_s_dot_product, o_s_dot_product_2, out=o_s_dot_product)
    # ṗ[n,h,t,s] = p[n,h,t,s] (o_s˙[n,h,t,s] - Σ_j o_s˙[n,h,t,j] p[n,h,t,j])
    p_dot = (o_s_dot - _dot_last(o_s_dot, p)[:, :, :, None]) * p
    p_dot[places[:, None, None], h[:, None], t, o_s_argmax] = 0
    p_dot[places[:, None, None], h[:, None], t, o_s_argmax] = -p_dot.sum(axis=3)
    # ȯ[n,h,t,e] = Σ_s v̇[n,h,s,e] p[n,h,t,s] + Σ_s ṗ[n,h,t,s] v[n,h,s,e]
    o_dot = p @ v_dot + p_dot @ v
    # ẏ[n,t,f] = Σ_{h,e} ȯ[n,h,t,e] Wo[h,e,f] + Σ_{h,e} Wo˙[h,e,f] o[n,h,t,e] + bo˙[f]
    y_dot = _contract("hef,ahte->atf", Wo, o_dot) + _contract("hef,ahte->atf", Wo_dot, o) + bo_dot
    return _unflat(y, batch), _unflat(y_dot, batch)


def jacobian(
    x: NDArray[np.floating],
    Wq: NDArray[np.floating],
    bq: NDArray[np.floating],
    Wk: NDArray[np.floating],
    bk: NDArray[np.floating],
    Wv: NDArray[np.floating],
    bv: NDArray[np.floating],
    M: NDArray[np.floating],
    Wo: NDArray[np.floating],
    bo: NDArray[np.floating],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    y, cache = forward(x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo)
    return Gradients(*_by_rows(y, lambda dy: backward(dy, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "...": {
        "inputs": {"x": 0},
        "outputs": {"y": 0},
    },
    "h": {
        "inputs": {"Wq": 1, "bq": 0, "Wk": 1, "bk": 0, "Wv": 1, "bv": 0, "Wo": 0},
        "outputs": {"y": "sum"},
        "rest": True,
    },
    "f": {
        "inputs": {"Wo": 2, "bo": 0},
        "outputs": {"y": -1},
    },
}


def parts(counts: Sequence[int], axis: str = "...") -> list[dict[str, float]]:
    """The weight of each part in the output, where parts have so many places of the axis.

    A part is forward of its slice of each input in PARTS[axis]["inputs"] and the others whole, and
    backward of its weight times the cotangent; of its slice of it, where the output is cut, too.
    Where PARTS says "rest", the last weight is that of one more part, which has no places: it takes
    off what all parts have in common, and the whole has once.
    """
    return _weights(PARTS[axis], counts)


def combine(
    results: Sequence[Any], counts: Sequence[int], axis: str = "..."
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values, gradients) of the whole, from such a pair of each part, in the order of parts().

    Both are dictionaries: the output by its name, gradients by the names of their inputs, with or
    without the d before them. Where `counts` says 0 there need be no pair, but None.
    """
    return _combined(PARTS[axis], results, counts, np.concatenate)


def _arguments(
    x: Any, Wq: Any, bq: Any, Wk: Any, bk: Any, Wv: Any, bv: Any, M: Any, Wo: Any, bo: Any
) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "... T D")
    Wq = _array("Wq", Wq, "D H E")
    bq = _array("bq", bq, "H E")
    Wk = _array("Wk", Wk, "D H E")
    bk = _array("bk", bk, "H E")
    Wv = _array("Wv", Wv, "D H E")
    bv = _array("bv", bv, "H E")
    M = _array("M", M, "T T")
    Wo = _array("Wo", Wo, "H E F")
    bo = _array("bo", bo, "F")
    dtype = x.dtype
    if (
        Wq.dtype != dtype
        or bq.dtype != dtype
        or Wk.dtype != dtype
        or bk.dtype != dtype
        or Wv.dtype != dtype
        or bv.dtype != dtype
        or M.dtype != dtype
        or Wo.dtype != dtype
        or bo.dtype != dtype
    ):
        _one_dtype(x=x, Wq=Wq, bq=bq, Wk=Wk, bk=bk, Wv=Wv, bv=bv, M=M, Wo=Wo, bo=bo)
    batch = x.shape[: x.ndim - 2]
    T = x.shape[-2]
    D = x.shape[-1]
    H = Wq.shape[1]
    E = Wq.shape[2]
    F = Wo.shape[2]
    if (
        Wq.shape != (D, H, E)
        or bq.shape != (H, E)
        or Wk.shape != (D, H, E)
        or bk.shape != (H, E)
        or Wv.shape != (D, H, E)
        or bv.shape != (H, E)
        or M.shape != (T, T)
        or Wo.shape != (H, E, F)
        or bo.shape != (F,)
    ):
        _one_size(
            x=(x, "... T D"),
            Wq=(Wq, "D H E"),
            bq=(bq, "H E"),
            Wk=(Wk, "D H E"),
            bk=(bk, "H E"),
            Wv=(Wv, "D H E"),
            bv=(bv, "H E"),
            M=(M, "T T"),
            Wo=(Wo, "H E F"),
            bo=(bo, "F"),
        )
    _not_empty("E", E)
    _not_empty("T", T)
    return x, Wq, bq, Wk, bk, Wv, bv, M, Wo, bo, dtype, batch, D, E, F, H, T


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


def _flat(array: NDArray[Any], batch: tuple[int, ...]) -> NDArray[Any]:
    """The leading axes, whose sizes are `batch`, as one axis."""
    if len(batch) == 1:
        return array
    size = 1
    for axis_size in batch:
        size *= axis_size
    return array.reshape((size, *array.shape[len(batch) :]))


def _unflat(array: NDArray[Any], batch: tuple[int, ...]) -> NDArray[Any]:
    """The first axis as the leading axes that it was."""
    return array if len(batch) == 1 else array.reshape((*batch, *array.shape[1:]))


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


def _where(condition: Any, a: Any, b: Any, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """a where the condition holds, else b."""
    if out is None or out.size < 4096:
        chosen: NDArray[Any] = np.where(condition, a, b)
        return chosen if out is None else _spread(chosen, out.shape, out)
    # b ^ ((a ^ b) & mask), bit by bit; NumPy's where takes three times as long on mixed conditions
    kind = np.int32 if out.itemsize == 4 else np.int64
    a, b = (np.broadcast_to(np.asarray(v, out.dtype), out.shape) for v in (a, b))
    condition = np.broadcast_to(condition, out.shape)
    step = max(1, 2**15 // max(1, out[:1].size))
    masks = np.empty(out[:step].shape, kind)
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        left, right, bits = a[rows].view(kind), b[rows].view(kind), out[rows].view(kind)
        mask = masks[: len(bits)]
        np.negative(condition[rows].view(np.int8), out=mask, dtype=kind)
        np.bitwise_xor(left, right, out=bits)
        np.bitwise_and(bits, mask, out=bits)
        np.bitwise_xor(bits, right, out=bits)
    return out


def _spread(value: Any, shape: tuple[int, ...], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


def _dot_last(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
    """Σ a b over the last axis; NumPy has vecdot from 2.0 on."""
    if hasattr(np, "vecdot"):
        return np.vecdot(a, b, out=out)
    return np.einsum("...i,...i->...", a, b, out=out)


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


# Written by pullback from its own layers; digest of what stands above: ba11bbbdd9aa1fa6
