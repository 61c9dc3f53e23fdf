"""Contrastive loss of pairs

Each image is to find its text among all texts, and each text its image: InfoNCE both ways, as in CLIP.

    a[i] := sqrt(sum(d, u[i, d]**2))
    b[j] := sqrt(sum(d, v[j, d]**2))
    s[i, j] = exp(t) * sum(d, u[i, d] * v[j, d]) / (a[i] * b[j])
    p[i, j] := exp(s[i, j]) / sum(k, exp(s[i, k]))
    q[i, j] := exp(s[i, j]) / sum(k, exp(s[k, j]))
    L = -mean(i, log(p[i, i]) + log(q[i, i])) / 2

Written by pullback 0.1.0 from the definition contrastive.toml; to change it, change that file.
Digest of the definition: 735cd12026186ed3
The derivation, step by step, each step proved: pullback show contrastive
It needs NumPy alone, 1.22 or later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gradients(NamedTuple):
    """The gradients of L, each in the shape and the dtype of its input."""

    du: NDArray[np.floating]  # (I, D)
    dv: NDArray[np.floating]  # (I, D)
    dt: np.floating


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    u: NDArray[np.floating]
    v: NDArray[np.floating]
    exp_t: float | np.floating
    a: NDArray[np.floating]
    b: NDArray[np.floating]
    s: NDArray[np.floating]
    I: int
    i: NDArray[np.integer]
    exp_s: NDArray[np.floating]
    exp_s_3: NDArray[np.floating]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, D, I)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    a: NDArray[np.floating] | None = None  # (I,)
    b: NDArray[np.floating] | None = None  # (I,)
    s: NDArray[np.floating] | None = None  # (I, I)
    s_shifted: NDArray[np.floating] | None = None  # (I,)
    s_argmax: NDArray[np.integer] | None = None  # (I,)
    i: NDArray[np.integer] | None = None  # (I,)
    s_max: NDArray[np.floating] | None = None  # (I,)
    s_argmax_2: NDArray[np.integer] | None = None  # (I,)
    s_max_2: NDArray[np.floating] | None = None  # (I,)
    exp_s: NDArray[np.floating] | None = None  # (I, I)
    exp_s_2: NDArray[np.floating] | None = None  # (I, I)
    L_log1p: NDArray[np.floating] | None = None  # (I,)
    exp_s_3: NDArray[np.floating] | None = None  # (I, I)
    exp_s_3_2: NDArray[np.floating] | None = None  # (I, I)
    L_log1p_2: NDArray[np.floating] | None = None  # (I,)
    sum_exp_s_3: NDArray[np.floating] | None = None  # (I,)
    p: NDArray[np.floating] | None = None  # (I, I)
    sum_exp_s: NDArray[np.floating] | None = None  # (I,)
    q: NDArray[np.floating] | None = None  # (I, I); then ds
    equal_i: NDArray[np.bool_] | None = None  # (I, I)
    b_2: NDArray[np.floating] | None = None  # (I,)
    b_2_ds: NDArray[np.floating] | None = None  # (I, I)
    du: NDArray[np.floating] | None = None  # (I, D)
    ds_s_over_a: NDArray[np.floating] | None = None  # (I,)
    ds_s_over_a_u: NDArray[np.floating] | None = None  # (I, D)
    a_2: NDArray[np.floating] | None = None  # (I,)
    a_2_ds: NDArray[np.floating] | None = None  # (I, I)
    dv: NDArray[np.floating] | None = None  # (I, D)
    ds_s_over_b: NDArray[np.floating] | None = None  # (I,)
    ds_s_over_b_v: NDArray[np.floating] | None = None  # (I, D)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(
    u: NDArray[np.floating],
    v: NDArray[np.floating],
    t: float | np.floating,
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with I, D features:
        u: features of the images, (I, D), floats
        v: features of the texts, each at the place of its image, (I, D), floats
        t: logarithm of the scale, which is one over the temperature, one number
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    I must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    u, v, t, dtype, D, I = _arguments(u, v, t)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, D, I), u=u, v=v)
    # a[i] := sqrt(sum(d, u[i, d]**2))
    a = _dot_last(u, u, out=work.a)
    np.sqrt(a, out=a)
    # b[j] := sqrt(sum(d, v[j, d]**2))
    b = _dot_last(v, v, out=work.b)
    np.sqrt(b, out=b)
    # s[i, j] = exp(t) * sum(d, u[i, d] * v[j, d]) / (a[i] * b[j])
    exp_t = np.exp(t)
    s = np.matmul(u, v.T, out=work.s)
    s *= exp_t
    s /= a[:, None]
    s /= b
    # L = -mean(i, log(p[i, i]) + log(q[i, i])) / 2
    # in the form of: shifted log-sum-exp
    s_shifted = np.multiply(2, np.einsum("ii->i", s), out=work.s_shifted)
    s_argmax = _places("argmax", s, 0, out=work.s_argmax)
    i = np.arange(I) if work.i is None else work.i
    s_max = _pick(s, (s_argmax, i), out=work.s_max)
    s_shifted -= s_max
    s_argmax_2 = s.argmax(axis=1, out=work.s_argmax_2)
    s_max_2 = _pick(s, (i, s_argmax_2), out=work.s_max_2)
    s_shifted -= s_max_2
    exp_s = np.subtract(s, s_max, out=work.exp_s)
    np.exp(exp_s, out=exp_s)
    exp_s_2 = _spread(exp_s, exp_s.shape, out=work.exp_s_2)
    exp_s_2[s_argmax, i] = 0
    L_log1p = _sum_rows(exp_s_2, out=work.L_log1p)
    np.log1p(L_log1p, out=L_log1p)
    s_shifted -= L_log1p
    exp_s_3 = np.subtract(s, s_max_2[:, None], out=work.exp_s_3)
    np.exp(exp_s_3, out=exp_s_3)
    exp_s_3_2 = _spread(exp_s_3, exp_s_3.shape, out=work.exp_s_3_2)
    exp_s_3_2[i, s_argmax_2] = 0
    L_log1p_2 = _sum_last(exp_s_3_2, out=work.L_log1p_2)
    np.log1p(L_log1p_2, out=L_log1p_2)
    s_shifted -= L_log1p_2
    L = -0.5 * s_shifted.sum() / I
    turn = work.turns[0]
    cache = Cache(u, v, exp_t, a, b, s, I, i, exp_s, exp_s_3, dtype, work, turn)
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
    u, v, exp_t, a, b, s, I, i, exp_s, exp_s_3, dtype, work, turn = cache
    _current(work, turn)
    dL = _number("dL", dL, dtype)
    # p[i, j] := exp(s[i, j]) / sum(k, exp(s[i, k]))
    # in the form of: shifted softmax
    sum_exp_s_3 = _sum_last(exp_s_3, out=work.sum_exp_s_3)
    p = np.divide(exp_s_3, sum_exp_s_3[:, None], out=work.p)
    # q[i, j] := exp(s[i, j]) / sum(k, exp(s[k, j]))
    # in the form of: shifted softmax
    sum_exp_s = _sum_rows(exp_s, out=work.sum_exp_s)
    q = np.divide(exp_s, sum_exp_s, out=work.q)
    # ∂L/∂s[i,j] = (1/I) ((1/2) p[i,j] + (1/2) q[i,j] - δ(i,j))
    ds = np.multiply(0.5, q, out=q)
    _add_product(ds, 0.5, p)
    equal_i = np.equal(i[:, None], i, out=work.equal_i)
    ds -= equal_i
    ds *= dL / I
    # ∂L/∂u[i,d] = (exp(t) Σ_j v[j,d] (∂L/∂s[i,j]) / b[j] - u[i,d] (Σ_j s[i,j] ∂L/∂s[i,j]) /
    #     a[i]) / a[i]
    # that is, diag(a)⁻¹ (exp(t) ∂L/∂s diag(b)⁻¹ v - diag(a^∘(-1) ⊙ ((s ⊙ ∂L/∂s) 𝟏)) u)
    b_2 = np.divide(1, b, out=work.b_2)
    b_2_ds = np.multiply(b_2, ds, out=work.b_2_ds)
    du = np.matmul(b_2_ds, v, out=work.du)
    du *= exp_t
    ds_s_over_a = _dot_last(ds, s, out=work.ds_s_over_a)
    ds_s_over_a /= a
    ds_s_over_a_u = np.multiply(ds_s_over_a[:, None], u, out=work.ds_s_over_a_u)
    du -= ds_s_over_a_u
    du /= a[:, None]
    # ∂L/∂v[j,d] = (exp(t) Σ_i u[i,d] (∂L/∂s[i,j]) / a[i] - v[j,d] (Σ_i s[i,j] ∂L/∂s[i,j]) /
    #     b[j]) / b[j]
    # that is, diag(b)⁻¹ (exp(t) (∂L/∂s)ᵀ diag(a)⁻¹ u - diag(b^∘(-1) ⊙ (((∂L/∂s)ᵀ ⊙ sᵀ) 𝟏)) v)
    a_2 = np.divide(1, a, out=work.a_2)
    a_2_ds = np.multiply(a_2[:, None], ds, out=work.a_2_ds)
    dv = np.matmul(a_2_ds.T, u, out=work.dv)
    dv *= exp_t
    ds_s_over_b = _dot_rows(ds, s, out=work.ds_s_over_b)
    ds_s_over_b /= b
    ds_s_over_b_v = np.multiply(ds_s_over_b[:, None], v, out=work.ds_s_over_b_v)
    dv -= ds_s_over_b_v
    dv /= b[:, None]
    # ∂L/∂t = Σ_{i,j} s[i,j] ∂L/∂s[i,j]
    # that is, 𝟏ᵀ (s ⊙ ∂L/∂s) 𝟏
    dt = _dot(ds, s)
    return Gradients(du, dv, dtype.type(dt))


def value_and_grad(
    u: NDArray[np.floating],
    v: NDArray[np.floating],
    t: float | np.floating,
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Gradients]:
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(u, v, t, work=work)
    return L, backward(1.0, cache)


def value(u: NDArray[np.floating], v: NDArray[np.floating], t: float | np.floating) -> np.floating:
    """L alone, with arguments as in forward."""
    return forward(u, v, t)[0]


def workspace(
    u: NDArray[np.floating], v: NDArray[np.floating], t: float | np.floating
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, dtype, D, I = _arguments(u, v, t)
    arrays: dict[str, NDArray[Any]] = {
        "a": np.empty((I,), dtype),
        "b": np.empty((I,), dtype),
        "s": np.empty((I, I), dtype),
        "s_shifted": np.empty((I,), dtype),
        "s_argmax": np.empty((I,), np.intp),
        "i": np.arange(I),
        "s_max": np.empty((I,), dtype),
        "s_argmax_2": np.empty((I,), np.intp),
        "s_max_2": np.empty((I,), dtype),
        "exp_s": np.empty((I, I), dtype),
        "exp_s_2": np.empty((I, I), dtype),
        "L_log1p": np.empty((I,), dtype),
        "exp_s_3": np.empty((I, I), dtype),
        "exp_s_3_2": np.empty((I, I), dtype),
        "L_log1p_2": np.empty((I,), dtype),
        "sum_exp_s_3": np.empty((I,), dtype),
        "p": np.empty((I, I), dtype),
        "sum_exp_s": np.empty((I,), dtype),
        "q": np.empty((I, I), dtype),
        "equal_i": np.empty((I, I), np.bool_),
        "b_2": np.empty((I,), dtype),
        "b_2_ds": np.empty((I, I), dtype),
        "du": np.empty((I, D), dtype),
        "ds_s_over_a": np.empty((I,), dtype),
        "ds_s_over_a_u": np.empty((I, D), dtype),
        "a_2": np.empty((I,), dtype),
        "a_2_ds": np.empty((I, I), dtype),
        "dv": np.empty((I, D), dtype),
        "ds_s_over_b": np.empty((I,), dtype),
        "ds_s_over_b_v": np.empty((I, D), dtype),
    }
    return Workspace((dtype, D, I), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[np.floating, np.floating]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    u, v, t = _each("inputs", inputs, "u v t")
    u, v, t, dtype, D, I = _arguments(u, v, t)
    u_dot, v_dot, t_dot = _each("tangents", tangents, "u_dot v_dot t_dot")
    u_dot = _like("u_dot", u_dot, (I, D), dtype, "u")
    v_dot = _like("v_dot", v_dot, (I, D), dtype, "v")
    t_dot = _number("t_dot", t_dot, dtype)
    # a[i] := sqrt(sum(d, u[i, d]**2))
    a = np.sqrt(_dot_last(u, u))
    # b[j] := sqrt(sum(d, v[j, d]**2))
    b = np.sqrt(_dot_last(v, v))
    # s[i, j] = exp(t) * sum(d, u[i, d] * v[j, d]) / (a[i] * b[j])
    exp_t = np.exp(t)
    s = exp_t * (u @ v.T) / a[:, None] / b
    # L = -mean(i, log(p[i, i]) + log(q[i, i])) / 2
    # in the form of: shifted log-sum-exp
    s_argmax = _places("argmax", s, 0)
    i = np.arange(I)
    s_max = s[s_argmax, i]
    s_argmax_2 = s.argmax(axis=1)
    s_max_2 = s[i, s_argmax_2]
    exp_s = np.exp(s - s_max)
    exp_s_2 = exp_s.copy()
    exp_s_2[s_argmax, i] = 0
    s_shifted = 2 * np.einsum("ii->i", s) - s_max - s_max_2 - np.log1p(_sum_rows(exp_s_2))
    exp_s_3 = np.exp(s - s_max_2[:, None])
    exp_s_3_2 = exp_s_3.copy()
    exp_s_3_2[i, s_argmax_2] = 0
    sum_s_shifted = -0.5 * (s_shifted - np.log1p(exp_s_3_2.sum(axis=1))).sum()
    L = sum_s_shifted / I
    # p[i, j] := exp(s[i, j]) / sum(k, exp(s[i, k]))
    # in the form of: shifted softmax
    p = np.divide(exp_s_3, exp_s_3.sum(axis=1)[:, None], out=exp_s_3)
    # ṡ[i,j] = ṫ s[i,j] + (exp(t) (Σ_d u[i,d] v̇[j,d]) / a[i] - s[i,j] (Σ_d v̇[j,d] v[j,d]) /
    #     b[j]) / b[j] + (exp(t) (Σ_d u̇[i,d] v[j,d]) / b[j] - s[i,j] (Σ_d u[i,d] u̇[i,d]) /
    #     a[i]) / a[i]
    # that is, ṫ s + diag(a)⁻¹ (exp(t) u̇ vᵀ diag(b)⁻¹ - diag(a^∘(-1) ⊙ ((u ⊙ u̇) 𝟏)) s) +
    #     (exp(t) diag(a)⁻¹ u v̇ᵀ - s diag(b^∘(-1) ⊙ ((v̇ ⊙ v) 𝟏))) diag(b)⁻¹
    s_dot_quotient = (exp_t * (u @ v_dot.T) / a[:, None] - _dot_last(v, v_dot) / b * s) / b
    s_dot_difference = exp_t * (u_dot @ v.T) / b - (_dot_last(u, u_dot) / a)[:, None] * s
    s_dot = t_dot * s + s_dot_quotient + s_dot_difference / a[:, None]
    # q[i, j] := exp(s[i, j]) / sum(k, exp(s[k, j]))
    # in the form of: shifted softmax
    q = np.divide(exp_s, _sum_rows(exp_s), out=exp_s)
    # L̇ = (1/I) ((1/2) Σ_{i,j} ṡ[i,j] p[i,j] + (1/2) Σ_{i,j} ṡ[i,j] q[i,j] - Σ_i ṡ[i,i])
    L_dot = (0.5 * _dot(p, s_dot) + 0.5 * _dot(q, s_dot) - np.einsum("ii->i", s_dot).sum()) / I
    return dtype.type(L), dtype.type(L_dot)


@np.errstate(under="ignore")
def hvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> Gradients:
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    u, v, t = _each("inputs", inputs, "u v t")
    u, v, t, dtype, D, I = _arguments(u, v, t)
    u_dot, v_dot, t_dot = _each("tangents", tangents, "u_dot v_dot t_dot")
    u_dot = _like("u_dot", u_dot, (I, D), dtype, "u")
    v_dot = _like("v_dot", v_dot, (I, D), dtype, "v")
    t_dot = _number("t_dot", t_dot, dtype)
    # a[i] := sqrt(sum(d, u[i, d]**2))
    a = np.sqrt(_dot_last(u, u))
    # b[j] := sqrt(sum(d, v[j, d]**2))
    b = np.sqrt(_dot_last(v, v))
    # s[i, j] = exp(t) * sum(d, u[i, d] * v[j, d]) / (a[i] * b[j])
    exp_t = np.exp(t)
    s = exp_t * (u @ v.T) / a[:, None] / b
    # p[i, j] := exp(s[i, j]) / sum(k, exp(s[i, k]))
    # in the form of: shifted softmax
    exp_s = np.exp(s - s.max(axis=1)[:, None])
    p = np.divide(exp_s, exp_s.sum(axis=1)[:, None], out=exp_s)
    # ṡ[i,j] = ṫ s[i,j] + (exp(t) (Σ_d u[i,d] v̇[j,d]) / a[i] - s[i,j] (Σ_d v̇[j,d] v[j,d]) /
    #     b[j]) / b[j] + (exp(t) (Σ_d u̇[i,d] v[j,d]) / b[j] - s[i,j] (Σ_d u[i,d] u̇[i,d]) /
    #     a[i]) / a[i]
    # that is, ṫ s + diag(a)⁻¹ (exp(t) u̇ vᵀ diag(b)⁻¹ - diag(a^∘(-1) ⊙ ((u ⊙ u̇) 𝟏)) s) +
    #     (exp(t) diag(a)⁻¹ u v̇ᵀ - s diag(b^∘(-1) ⊙ ((v̇ ⊙ v) 𝟏))) diag(b)⁻¹
    v_v_dot = _dot_last(v, v_dot)
    s_dot_quotient = (exp_t * (u @ v_dot.T) / a[:, None] - v_v_dot / b * s) / b
    u_u_dot = _dot_last(u, u_dot)
    s_dot_quotient_2 = (exp_t * (u_dot @ v.T) / b - (u_u_dot / a)[:, None] * s) / a[:, None]
    s_dot = np.add(t_dot * s + s_dot_quotient, s_dot_quotient_2, out=s_dot_quotient_2)
    # q[i, j] := exp(s[i, j]) / sum(k, exp(s[k, j]))
    # in the form of: shifted softmax
    exp_s_2 = np.exp(s - s.max(axis=0))
    q = np.divide(exp_s_2, _sum_rows(exp_s_2), out=exp_s_2)
    # (∂L/∂s[i,j])˙ = (1/I) ((1/2) ṡ[i,j] p[i,j] + (1/2) ṡ[i,j] q[i,j] - (1/2) p[i,j] Σ_k ṡ[i,k]
    #     p[i,k] - (1/2) q[i,j] Σ_k ṡ[k,j] q[k,j])
    # that is, (1/I) ((1/2) (ṡ ⊙ p) + (1/2) (ṡ ⊙ q) - (1/2) diag((ṡ ⊙ p) 𝟏) p - (1/2) q diag((qᵀ
    #     ⊙ ṡᵀ) 𝟏))
    p_2 = 0.5 * p
    q_2 = 0.5 * q
    ds_dot_difference = p_2 * s_dot + q_2 * s_dot - (0.5 * _dot_last(p, s_dot))[:, None] * p
    ds_dot = (ds_dot_difference - 0.5 * _dot_rows(q, s_dot) * q) / I
    # ∂L/∂s[i,j] = (1/I) ((1/2) p[i,j] + (1/2) q[i,j] - δ(i,j))
    i = np.arange(I)
    ds = (p_2 + q_2 - (i[:, None] == i)) / I
    # (∂L/∂u[i,d])˙ = ṫ exp(t) (Σ_j v[j,d] (∂L/∂s[i,j]) / b[j]) / a[i] + (exp(t) Σ_j
    #     (∂L/∂s[i,j])˙ v[j,d] / b[j] - u[i,d] (Σ_j (∂L/∂s[i,j])˙ s[i,j]) / a[i]) / a[i] + (2
    #     u[i,d] (Σ_j s[i,j] ∂L/∂s[i,j]) (Σ_d′ u[i,d′] u̇[i,d′]) / a[i]² - u̇[i,d] Σ_j s[i,j]
    #     ∂L/∂s[i,j] - exp(t) (Σ_d′ u[i,d′] u̇[i,d′]) (Σ_j v[j,d] (∂L/∂s[i,j]) / b[j]) / a[i]) /
    #     a[i]² + exp(t) (Σ_j v̇[j,d] (∂L/∂s[i,j]) / b[j] - Σ_{j,d′} v̇[j,d′] v[j,d′] v[j,d]
    #     (∂L/∂s[i,j]) / b[j]³) / a[i] - u[i,d] (Σ_j ṡ[i,j] ∂L/∂s[i,j]) / a[i]²
    # that is, (ṫ exp(t)) diag(a)⁻¹ ∂L/∂s diag(b)⁻¹ v + diag(a)⁻¹ (exp(t) (∂L/∂s)˙ diag(b)⁻¹ v -
    #     diag(a^∘(-1) ⊙ (((∂L/∂s)˙ ⊙ s) 𝟏)) u) + diag(a^∘(-2)) (2 diag(a^∘(-2) ⊙ ((s ⊙ ∂L/∂s)
    #     𝟏) ⊙ ((u ⊙ u̇) 𝟏)) u - diag((s ⊙ ∂L/∂s) 𝟏) u̇ - exp(t) diag(a^∘(-1) ⊙ ((u ⊙ u̇) 𝟏))
    #     ∂L/∂s diag(b)⁻¹ v) + exp(t) diag(a)⁻¹ (∂L/∂s diag(b)⁻¹ v̇ - ∂L/∂s diag(((v̇ ⊙ v) 𝟏) ⊙
    #     b^∘(-3)) v) - diag(a^∘(-2) ⊙ ((ṡ ⊙ ∂L/∂s) 𝟏)) u
    b_2 = 1 / b
    du_dot_difference = exp_t * (b_2 * ds_dot @ v) - (_dot_last(ds_dot, s) / a)[:, None] * u
    ds_s = _dot_last(ds, s)
    square_a = np.square(a)
    du_dot_difference_2 = (2 * ds_s * u_u_dot / square_a)[:, None] * u - ds_s[:, None] * u_dot
    b_2_ds = b_2 * ds
    v_b_2_ds = b_2_ds @ v
    du_dot_product = (exp_t * u_u_dot / a)[:, None] * v_b_2_ds
    du_dot_difference_3 = np.subtract(du_dot_difference_2, du_dot_product, out=du_dot_difference_2)
    du_dot_sum = du_dot_difference / a[:, None] + du_dot_difference_3 / square_a[:, None]
    square_b = np.square(b)
    du_dot_product_2 = ds * (1 / (square_b * b) * v_v_dot) @ v
    du_dot_quotient = exp_t * (b_2_ds @ v_dot - du_dot_product_2) / a[:, None]
    du_dot_sum_2 = np.add(du_dot_sum, du_dot_quotient, out=du_dot_sum)
    t_dot_exp_t = t_dot * exp_t
    du_dot_sum_3 = np.add(du_dot_sum_2, t_dot_exp_t * v_b_2_ds / a[:, None], out=du_dot_sum_2)
    du_dot_product_3 = (_dot_last(ds, s_dot) / square_a)[:, None] * u
    du_dot = np.subtract(du_dot_sum_3, du_dot_product_3, out=du_dot_sum_3)
    # (∂L/∂v[j,d])˙ = ṫ exp(t) (Σ_i u[i,d] (∂L/∂s[i,j]) / a[i]) / b[j] + (exp(t) Σ_i
    #     (∂L/∂s[i,j])˙ u[i,d] / a[i] - v[j,d] (Σ_i (∂L/∂s[i,j])˙ s[i,j]) / b[j]) / b[j] + (2
    #     v[j,d] (Σ_i s[i,j] ∂L/∂s[i,j]) (Σ_d′ v̇[j,d′] v[j,d′]) / b[j]² - v̇[j,d] Σ_i s[i,j]
    #     ∂L/∂s[i,j] - exp(t) (Σ_d′ v̇[j,d′] v[j,d′]) (Σ_i u[i,d] (∂L/∂s[i,j]) / a[i]) / b[j]) /
    #     b[j]² + exp(t) (Σ_i u̇[i,d] (∂L/∂s[i,j]) / a[i] - Σ_{i,d′} u[i,d′] u[i,d] u̇[i,d′]
    #     (∂L/∂s[i,j]) / a[i]³) / b[j] - v[j,d] (Σ_i ṡ[i,j] ∂L/∂s[i,j]) / b[j]²
    # that is, (ṫ exp(t)) diag(b)⁻¹ (∂L/∂s)ᵀ diag(a)⁻¹ u + diag(b)⁻¹ (exp(t) (∂L/∂s)˙ᵀ diag(a)⁻¹
    #     u - diag(b^∘(-1) ⊙ (((∂L/∂s)˙ᵀ ⊙ sᵀ) 𝟏)) v) + diag(b^∘(-2)) (2 diag(b^∘(-2) ⊙
    #     (((∂L/∂s)ᵀ ⊙ sᵀ) 𝟏) ⊙ ((v̇ ⊙ v) 𝟏)) v - diag(((∂L/∂s)ᵀ ⊙ sᵀ) 𝟏) v̇ - exp(t)
    #     diag(b^∘(-1) ⊙ ((v̇ ⊙ v) 𝟏)) (∂L/∂s)ᵀ diag(a)⁻¹ u) + exp(t) diag(b)⁻¹ ((∂L/∂s)ᵀ
    #     diag(a)⁻¹ u̇ - (∂L/∂s)ᵀ diag(((u ⊙ u̇) 𝟏) ⊙ a^∘(-3)) u) - diag(b^∘(-2) ⊙ (((∂L/∂s)ᵀ ⊙
    #     ṡᵀ) 𝟏)) v
    a_2 = 1 / a
    exp_t_u_a_2_ds_dot = exp_t * ((a_2[:, None] * ds_dot).T @ u)
    ds_dot_s_over_b_v = (_dot_rows(ds_dot, s) / b)[:, None] * v
    dv_dot_difference = np.subtract(exp_t_u_a_2_ds_dot, ds_dot_s_over_b_v, out=exp_t_u_a_2_ds_dot)
    ds_s_2 = _dot_rows(ds, s)
    dv_dot_difference_2 = (2 * ds_s_2 * v_v_dot / square_b)[:, None] * v - ds_s_2[:, None] * v_dot
    a_2_ds = a_2[:, None] * ds
    u_a_2_ds = a_2_ds.T @ u
    dv_dot_product = (exp_t * v_v_dot / b)[:, None] * u_a_2_ds
    dv_dot_difference_3 = np.subtract(dv_dot_difference_2, dv_dot_product, out=dv_dot_difference_2)
    dv_dot_sum = dv_dot_difference / b[:, None] + dv_dot_difference_3 / square_b[:, None]
    dv_dot_product_2 = (ds * (1 / (square_a * a) * u_u_dot)[:, None]).T @ u
    dv_dot_quotient = exp_t * (a_2_ds.T @ u_dot - dv_dot_product_2) / b[:, None]
    dv_dot_sum_2 = np.add(dv_dot_sum, dv_dot_quotient, out=dv_dot_sum)
    dv_dot_sum_3 = np.add(dv_dot_sum_2, t_dot_exp_t * u_a_2_ds / b[:, None], out=dv_dot_sum_2)
    dv_dot_product_3 = (_dot_rows(ds, s_dot) / square_b)[:, None] * v
    dv_dot = np.subtract(dv_dot_sum_3, dv_dot_product_3, out=dv_dot_sum_3)
    # (∂L/∂t)˙ = Σ_{i,j} ṡ[i,j] ∂L/∂s[i,j] + Σ_{i,j} (∂L/∂s[i,j])˙ s[i,j]
    # that is, 𝟏ᵀ (ṡ ⊙ ∂L/∂s) 𝟏 + 𝟏ᵀ ((∂L/∂s)˙ ⊙ s) 𝟏
    dt_dot = _dot(ds, s_dot) + _dot(ds_dot, s)
    return Gradients(du_dot, dv_dot, dtype.type(dt_dot))


def jacobian(u: NDArray[np.floating], v: NDArray[np.floating], t: float | np.floating) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(u, v, t)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


def _arguments(u: Any, v: Any, t: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    u = _array("u", u, "I D")
    v = _array("v", v, "I D")
    dtype = u.dtype
    if v.dtype != dtype:
        _one_dtype(u=u, v=v)
    t = _number("t", t, dtype)
    I = u.shape[0]
    D = u.shape[1]
    if v.shape != (I, D):
        _one_size(u=(u, "I D"), v=(v, "I D"))
    _not_empty("I", I)
    return u, v, t, dtype, D, I


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


def _spread(value: Any, shape: tuple[int, ...], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
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


# Written by pullback from its own layers; digest of what stands above: e1a9cdf3865fb33e
