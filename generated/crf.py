"""Linear-chain conditional random field

Negative log-likelihood of label sequences, by the forward algorithm in logarithms.

    a[n, 0, j] = e[n, 0, j]
    a[n, t, j] = [t == 0] * e[n, 0, j] + [t != 0] * (log(sum(i, exp(a[n, t - 1, i] + A[i, j]))) + e[n, t, j])
    z[n] = log(sum(j, exp(a[n, size(t) - 1, j])))
    o[n, t, j] := [j == y[n, t]]
    w[n] = sum(t, e[n, t, y[n, t]]) + sum(t, i, j, pad(0, o[n, t - 1, i]) * o[n, t, j] * A[i, j])
    L = mean(n, z[n] - w[n])

Written by pullback 0.1.0 from the definition crf.toml; to change it, change that file.
Digest of the definition: e0bbdccc90dbc56c
The derivation, step by step, each step proved: pullback show crf
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

    de: NDArray[np.floating]  # (N, T, J)
    dA: NDArray[np.floating]  # (J, J)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    A: NDArray[np.floating]
    y: NDArray[np.integer]
    T: int
    t: NDArray[np.integer]
    not_equal_t: NDArray[np.bool_]
    equal_t: NDArray[np.bool_]
    a: NDArray[np.floating]
    exp_window_2: NDArray[np.floating]
    N: int
    n: NDArray[np.integer]
    J: int
    window_3: NDArray[np.floating]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, J, N, T)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    a: NDArray[np.floating] | None = None  # (T + 1, N, J)
    t: NDArray[np.integer] | None = None  # (T,)
    not_equal_t: NDArray[np.bool_] | None = None  # (T,)
    not_equal_t_2: NDArray[np.floating] | None = None  # (T,)
    equal_t: NDArray[np.bool_] | None = None  # (T,)
    equal_t_2: NDArray[np.floating] | None = None  # (T,)
    window_2_max: NDArray[np.floating] | None = None  # (N,)
    z_isfinite: NDArray[np.bool_] | None = None  # (N,)
    exp_window_2: NDArray[np.floating] | None = None  # (N, J)
    n: NDArray[np.integer] | None = None  # (N,)
    window_2_argmax: NDArray[np.integer] | None = None  # (N,)
    exp_window_2_2: NDArray[np.floating] | None = None  # (N, J)
    z_sum: NDArray[np.floating] | None = None  # (N,)
    z: NDArray[np.floating] | None = None  # (N,); then z_shifted
    A_y: NDArray[np.floating] | None = None  # (J, N, T)
    j: NDArray[np.integer] | None = None  # (J,)
    is_y: NDArray[np.bool_] | None = None  # (N, T, J)
    is_y_2: NDArray[np.floating] | None = None  # (N, T, J)
    w: NDArray[np.floating] | None = None  # (N,)
    e_y: NDArray[np.floating] | None = None  # (N, T)
    sum_e_y: NDArray[np.floating] | None = None  # (N,)
    a_put: NDArray[np.floating] | None = None  # (N, J, J)
    A_plus_a_before: NDArray[np.floating] | None = None  # (N, J, J)
    a_max: NDArray[np.floating] | None = None  # (N, J)
    n_t_2: NDArray[np.integer] | None = None  # (N,)
    j_t_2: NDArray[np.integer] | None = None  # (J,)
    A_plus_a_before_2: NDArray[np.floating] | None = None  # (N, J, J)
    a_argmax: NDArray[np.integer] | None = None  # (N, J)
    a_sum: NDArray[np.floating] | None = None  # (N, J)
    da: NDArray[np.floating] | None = None  # (T + 1, N, J)
    sum_exp_window_2: NDArray[np.floating] | None = None  # (N,)
    whole_add_t: NDArray[np.integer] | None = None  # (T,)
    equal_whole_add_t: NDArray[np.bool_] | None = None  # (T,)
    equal_whole_add_t_2: NDArray[np.floating] | None = None  # (T,)
    de: NDArray[np.floating] | None = None  # (N, T, J)
    not_equal_t_da: NDArray[np.floating] | None = None  # (T, N, J)
    de_sum: NDArray[np.floating] | None = None  # (N, T)
    not_equal_t_da_y: NDArray[np.floating] | None = None  # (T, N)
    dA_exp: NDArray[np.floating] | None = None  # (J, J, T, N)
    dA_exp_2: NDArray[np.floating] | None = None  # (J, T, N, J)
    dA_exp_2_max: NDArray[np.floating] | None = None  # (J, T, N)
    dA_product: NDArray[np.floating] | None = None  # (J, T, N)
    dA: NDArray[np.floating] | None = None  # (J, J)
    window_3_2: NDArray[np.floating] | None = None  # (J, N, J)
    dw_sum_window_3_2: NDArray[np.floating] | None = None  # (J, J)
    da_product_2: NDArray[np.floating] | None = None  # (N,)
    not_equal_da_after: NDArray[np.bool_] | None = None  # (N, J)
    exp_A_plus_a_t_3_2: NDArray[np.floating] | None = None  # (N, J, J)
    A_plus_a_t_3: NDArray[np.floating] | None = None  # (N, J, J)
    A_plus_a_t_3_max: NDArray[np.floating] | None = None  # (N, J)
    da_quotient: NDArray[np.floating] | None = None  # (N, J)
    da_product_3: NDArray[np.floating] | None = None  # (N, J, J)
    da_choice: NDArray[np.floating] | None = None  # (N, J, J)
    sum_da_choice: NDArray[np.floating] | None = None  # (N, J)


_NEW = Workspace()


@np.errstate(all="ignore")
def forward(
    e: NDArray[np.floating],
    A: NDArray[np.floating],
    y: NDArray[np.integer],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with N sequences, T steps, J labels:
        e: scores of labels, (N, T, J), floats
        A: scores of transitions, (J, J), floats
        y: right labels, (N, T), integers from 0 to J - 1
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    J and N and T must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    e, A, y, dtype, J, N, T = _arguments(e, A, y)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, J, N, T), e=e, A=A, y=y)
    # a[n, 0, j] = e[n, 0, j]
    # a[n, t, j] = [t == 0] * e[n, 0, j] + [t != 0] * (log(sum(i, exp(a[n, t - 1, i] + A[i,
    #     j]))) + e[n, t, j])
    # in the form of: shifted log-sum-exp
    window = _window(e, 1, 0, (), ())
    t = np.arange(T) if work.t is None else work.t
    not_equal_t = np.not_equal(t, 0, out=work.not_equal_t)
    not_equal_t_2 = np.positive(not_equal_t, dtype=dtype, out=work.not_equal_t_2)
    equal_t = np.equal(t, 0, out=work.equal_t)
    equal_t_2 = np.positive(equal_t, dtype=dtype, out=work.equal_t_2)
    a = np.empty((T + 1, N, J), dtype) if work.a is None else work.a
    a[T:] = 0
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        a_before = a[t_2 - 1]
        a_t_2 = a[t_2]
        a_put = np.add(A.T, a_before[:, None, :], out=work.a_put)
        A_plus_a_before = np.add(A.T, a_before[:, None, :], out=work.A_plus_a_before)
        a_max = A_plus_a_before.max(axis=2, out=work.a_max)
        a_put -= a_max[:, :, None]
        np.exp(a_put, out=a_put)
        n_t_2 = np.arange(N) if work.n_t_2 is None else work.n_t_2
        j_t_2 = np.arange(J) if work.j_t_2 is None else work.j_t_2
        A_plus_a_before_2 = np.add(A.T, a_before[:, None, :], out=work.A_plus_a_before_2)
        a_argmax = A_plus_a_before_2.argmax(axis=2, out=work.a_argmax)
        a_put[n_t_2[:, None], j_t_2, a_argmax] = 0
        a_sum = _sum_last(a_put, out=work.a_sum)
        np.log1p(a_sum, out=a_sum)
        a_sum += e[:, t_2]
        a_sum += a_max
        _where(not_equal_t_2[t_2] > 0, a_sum, 0, out=a_t_2)
        _add_product(a_t_2, equal_t_2[t_2] > 0, window)
    a = a[:T]
    # z[n] = log(sum(j, exp(a[n, size(t) - 1, j])))
    # in the form of: shifted log-sum-exp
    window_2 = _window(a, 0, T - 1, (), ())
    window_2_max = window_2.max(axis=1, out=work.window_2_max)
    z_isfinite = np.isfinite(window_2_max, out=work.z_isfinite)
    exp_window_2 = np.subtract(window_2, window_2_max[:, None], out=work.exp_window_2)
    np.exp(exp_window_2, out=exp_window_2)
    n = np.arange(N) if work.n is None else work.n
    window_2_argmax = window_2.argmax(axis=1, out=work.window_2_argmax)
    exp_window_2_2 = _spread(exp_window_2, exp_window_2.shape, out=work.exp_window_2_2)
    exp_window_2_2[n, window_2_argmax] = 0
    z_sum = _sum_last(exp_window_2_2, out=work.z_sum)
    np.log1p(z_sum, out=z_sum)
    z_sum += window_2_max
    z = _where(z_isfinite, z_sum, window_2_max, out=work.z)
    # w[n] = sum(t, e[n, t, y[n, t]]) + sum(t, i, j, pad(0, o[n, t - 1, i]) * o[n, t, j] * A[i,
    #     j])
    # in the form of: sum over a delta
    A_y = np.take(A, y, axis=1, mode="clip", out=work.A_y)
    j = np.arange(J) if work.j is None else work.j
    is_y = np.equal(y[..., None], j, out=work.is_y)
    is_y_2 = np.positive(is_y, dtype=dtype, out=work.is_y_2)
    window_3 = _window(is_y_2, 1, -1, (1,), (T,))
    w = _contract("jnt,ntj->n", A_y, window_3, out=work.w)
    e_y = _pick(e, (n[:, None], t, y), out=work.e_y)
    sum_e_y = _sum_last(e_y, out=work.sum_e_y)
    w += sum_e_y
    # L = mean(n, z[n] - w[n])
    z_shifted = np.subtract(z, w, out=z)
    L = z_shifted.sum() / N
    turn = work.turns[0]
    cache = Cache(
        A, y, T, t, not_equal_t, equal_t, a, exp_window_2, N, n, J, window_3, dtype, work, turn
    )
    return dtype.type(L), cache


@np.errstate(all="ignore")
def backward(dL: float | np.floating, cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, one number
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    A, y, T, t, not_equal_t, equal_t, a, exp_window_2, N, n, J, window_3, dtype, work, turn = cache
    _current(work, turn)
    dL = _number("dL", dL, dtype)
    # ∂L/∂z[n] = 1/N
    # that is, (1/N) 𝟏
    dz = dL / N
    # ∂L/∂a[n,t,j] = Σ_i (∂L/∂a[n,t + 1,i]) exp(A[j,i] + a[n,t,j]) / (Σ_j′ exp(A[j′,i] +
    #     a[n,t,j′])) + 𝟙[t = T - 1] (∂L/∂z[n]) exp(a[n,T - 1,j]) / (Σ_i exp(a[n,T - 1,i]))
    # in the form of: shifted softmax
    sum_exp_window_2 = _sum_last(exp_window_2, out=work.sum_exp_window_2)
    np.divide(1, sum_exp_window_2, out=sum_exp_window_2)
    whole_add_t = np.add(1, t, out=work.whole_add_t)
    equal_whole_add_t = np.equal(whole_add_t, T, out=work.equal_whole_add_t)
    equal_whole_add_t_2 = np.positive(equal_whole_add_t, dtype=dtype, out=work.equal_whole_add_t_2)
    da = np.empty((T + 1, N, J), dtype) if work.da is None else work.da
    da[T:] = 0
    # place T, behind all, holds 0, for the first step to read
    for t_3 in reversed(range(T)):
        da_after = da[t_3 + 1]
        da_t_3 = da[t_3]
        da_product = dz * (equal_whole_add_t_2[t_3] > 0)
        da_product_2 = np.multiply(da_product, sum_exp_window_2, out=work.da_product_2)
        np.multiply(da_product_2[:, None], exp_window_2, out=da_t_3)
        not_equal_da_after = np.not_equal(da_after, 0, out=work.not_equal_da_after)
        exp_A_plus_a_t_3_2 = np.add(A.T, a[t_3][:, None, :], out=work.exp_A_plus_a_t_3_2)
        A_plus_a_t_3 = np.add(A.T, a[t_3][:, None, :], out=work.A_plus_a_t_3)
        A_plus_a_t_3_max = A_plus_a_t_3.max(axis=2, out=work.A_plus_a_t_3_max)
        exp_A_plus_a_t_3_2 -= A_plus_a_t_3_max[:, :, None]
        np.exp(exp_A_plus_a_t_3_2, out=exp_A_plus_a_t_3_2)
        da_quotient = _sum_last(exp_A_plus_a_t_3_2, out=work.da_quotient)
        np.divide(da_after, da_quotient, out=da_quotient)
        da_product_3 = np.add(A, a[t_3][:, :, None], out=work.da_product_3)
        da_product_3 -= A_plus_a_t_3_max[:, None, :]
        np.exp(da_product_3, out=da_product_3)
        da_product_3 *= da_quotient[:, None, :]
        da_choice = _where(not_equal_da_after[:, None, :], da_product_3, 0, out=work.da_choice)
        sum_da_choice = _sum_last(da_choice, out=work.sum_da_choice)
        da_t_3 += sum_da_choice
    da = da[:T]
    # ∂L/∂w[n] = -1/N
    # that is, -(1/N) 𝟏
    dw = -dz
    # ∂L/∂e[n,q,j] = 𝟙[j = y[n,q]] ∂L/∂w[n] + 𝟙[q = 0] ∂L/∂a[n,0,j] + 𝟙[q ≠ 0] ∂L/∂a[n,q,j]
    window_4 = _window(da, 0, 0, (), ())
    de = np.multiply(equal_t[:, None], window_4[:, None, :], out=work.de)
    not_equal_t_da = np.multiply(not_equal_t[:, None, None], da, out=work.not_equal_t_da)
    de += not_equal_t_da.transpose([1, 0, 2])
    de_sum = _pick(window_4, (n[:, None], y), out=work.de_sum)
    de_sum *= equal_t
    not_equal_t_da_y = _pick(da, (t[:, None], n, y.T), out=work.not_equal_t_da_y)
    not_equal_t_da_y *= not_equal_t[:, None]
    de_sum += not_equal_t_da_y.T
    de_sum += dw
    de[n[:, None], t, y] = de_sum
    # ∂L/∂A[i,j] = Σ_n ∂L/∂w[n] Σ_t 𝟙[j = y[n,t]] Σ_m 𝟙[m = t - 1] 𝟙[i = y[n,m]] + Σ_{n,t} 𝟙[t ≠
    #     0] (∂L/∂a[n,t,j]) exp(A[i,j] + a[n,t - 1,i]) / (Σ_j′ exp(A[j′,j] + a[n,t - 1,j′]))
    # in the form of: shifted softmax
    window_5 = _window(a, 0, -1, (1,), (T,))
    dA_exp = np.add(
        window_5.transpose([2, 0, 1])[:, None, :, :], A[:, :, None, None], out=work.dA_exp
    )
    dA_exp_2 = np.add(window_5, A.T[:, None, None, :], out=work.dA_exp_2)
    dA_exp_2_max = dA_exp_2.max(axis=3, out=work.dA_exp_2_max)
    dA_exp -= dA_exp_2_max
    np.exp(dA_exp, out=dA_exp)
    dA_exp_2 -= dA_exp_2_max[:, :, :, None]
    np.exp(dA_exp_2, out=dA_exp_2)
    dA_product = _sum_last(dA_exp_2, out=work.dA_product)
    np.divide(1, dA_product, out=dA_product)
    dA_product *= not_equal_t_da.transpose([2, 0, 1])
    dA = np.einsum("jitn,itn->ji", dA_exp, dA_product, out=work.dA)
    window_3_2 = _add_entries(window_3, (y, n[:, None]), (J, N), out=work.window_3_2)
    dw_sum_window_3_2 = window_3_2.sum(axis=1, out=work.dw_sum_window_3_2)
    dw_sum_window_3_2 *= dw
    dA += dw_sum_window_3_2.T
    return Gradients(de, dA)


def value_and_grad(
    e: NDArray[np.floating],
    A: NDArray[np.floating],
    y: NDArray[np.integer],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Gradients]:
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(e, A, y, work=work)
    return L, backward(1.0, cache)


def value(e: NDArray[np.floating], A: NDArray[np.floating], y: NDArray[np.integer]) -> np.floating:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    e, A, y, dtype, J, N, T = _arguments(e, A, y)
    _total = 0.0
    for _rows in _parts((N,), (T + 1) * J + 2 * J + J * T + 2 * T * J + T + 8):
        _part, _ = forward(e[_rows], A, y[_rows])
        _total += _part.item() * ((_rows.stop - _rows.start) / N)
    total: np.floating = dtype.type(_total)
    return total


def workspace(
    e: NDArray[np.floating], A: NDArray[np.floating], y: NDArray[np.integer]
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array but copies of windows, some MB, and of inputs with
    zeros around them. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, dtype, J, N, T = _arguments(e, A, y)
    arrays: dict[str, NDArray[Any]] = {
        "a": np.empty((T + 1, N, J), dtype),
        "t": np.arange(T),
        "not_equal_t": np.empty((T,), np.bool_),
        "not_equal_t_2": np.empty((T,), dtype),
        "equal_t": np.empty((T,), np.bool_),
        "equal_t_2": np.empty((T,), dtype),
        "window_2_max": np.empty((N,), dtype),
        "z_isfinite": np.empty((N,), np.bool_),
        "exp_window_2": np.empty((N, J), dtype),
        "n": np.arange(N),
        "window_2_argmax": np.empty((N,), np.intp),
        "exp_window_2_2": np.empty((N, J), dtype),
        "z_sum": np.empty((N,), dtype),
        "z": np.empty((N,), dtype),
        "A_y": np.empty((J, N, T), dtype),
        "j": np.arange(J),
        "is_y": np.empty((N, T, J), np.bool_),
        "is_y_2": np.empty((N, T, J), dtype),
        "w": np.empty((N,), dtype),
        "e_y": np.empty((N, T), dtype),
        "sum_e_y": np.empty((N,), dtype),
        "a_put": np.empty((N, J, J), dtype),
        "A_plus_a_before": np.empty((N, J, J), dtype),
        "a_max": np.empty((N, J), dtype),
        "n_t_2": np.arange(N),
        "j_t_2": np.arange(J),
        "A_plus_a_before_2": np.empty((N, J, J), dtype),
        "a_argmax": np.empty((N, J), np.intp),
        "a_sum": np.empty((N, J), dtype),
        "da": np.empty((T + 1, N, J), dtype),
        "sum_exp_window_2": np.empty((N,), dtype),
        "whole_add_t": np.empty((T,), np.intp),
        "equal_whole_add_t": np.empty((T,), np.bool_),
        "equal_whole_add_t_2": np.empty((T,), dtype),
        "de": np.empty((N, T, J), dtype),
        "not_equal_t_da": np.empty((T, N, J), dtype),
        "de_sum": np.empty((N, T), dtype),
        "not_equal_t_da_y": np.empty((T, N), dtype),
        "dA_exp": np.empty((J, J, T, N), dtype),
        "dA_exp_2": np.empty((J, T, N, J), dtype),
        "dA_exp_2_max": np.empty((J, T, N), dtype),
        "dA_product": np.empty((J, T, N), dtype),
        "dA": np.empty((J, J), dtype),
        "window_3_2": np.empty((J, N, J), dtype),
        "dw_sum_window_3_2": np.empty((J, J), dtype),
        "da_product_2": np.empty((N,), dtype),
        "not_equal_da_after": np.empty((N, J), np.bool_),
        "exp_A_plus_a_t_3_2": np.empty((N, J, J), dtype),
        "A_plus_a_t_3": np.empty((N, J, J), dtype),
        "A_plus_a_t_3_max": np.empty((N, J), dtype),
        "da_quotient": np.empty((N, J), dtype),
        "da_product_3": np.empty((N, J, J), dtype),
        "da_choice": np.empty((N, J, J), dtype),
        "sum_da_choice": np.empty((N, J), dtype),
    }
    return Workspace((dtype, J, N, T), _ids(arrays), [0], **arrays)


@np.errstate(all="ignore")
def jvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[np.floating, np.floating]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    e, A, y = _each("inputs", inputs, "e A y")
    e, A, y, dtype, J, N, T = _arguments(e, A, y)
    e_dot, A_dot = _each("tangents", tangents, "e_dot A_dot")
    e_dot = _like("e_dot", e_dot, (N, T, J), dtype, "e")
    A_dot = _like("A_dot", A_dot, (J, J), dtype, "A")
    # a[n, 0, j] = e[n, 0, j]
    # a[n, t, j] = [t == 0] * e[n, 0, j] + [t != 0] * (log(sum(i, exp(a[n, t - 1, i] + A[i,
    #     j]))) + e[n, t, j])
    # in the form of: shifted log-sum-exp
    window = _window(e, 1, 0, (), ())
    t = np.arange(T)
    not_equal_t = (t != 0).astype(dtype)
    equal_t = (t == 0).astype(dtype)
    a = np.zeros((T + 1, N, J), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        a_before = a[t_2 - 1]
        a_max = (A.T + a_before[:, None, :]).max(axis=2)
        a_put = np.exp(A.T + a_before[:, None, :] - a_max[:, :, None])
        n_t_2 = np.arange(N)
        j_t_2 = np.arange(J)
        a_argmax = (A.T + a_before[:, None, :]).argmax(axis=2)
        a_put[n_t_2[:, None], j_t_2, a_argmax] = 0
        a_sum = np.add(np.log1p(a_put.sum(axis=2)) + e[:, t_2], a_max, out=a_max)
        a[t_2] = np.where(not_equal_t[t_2] > 0, a_sum, 0) + (equal_t[t_2] > 0) * window
    a = a[:T]
    # z[n] = log(sum(j, exp(a[n, size(t) - 1, j])))
    # in the form of: shifted log-sum-exp
    T_shifted = T - 1
    window_2 = _window(a, 0, T_shifted, (), ())
    window_2_max = window_2.max(axis=1)
    exp_window_2 = np.exp(window_2 - window_2_max[:, None])
    n = np.arange(N)
    window_2_argmax = window_2.argmax(axis=1)
    exp_window_2_2 = exp_window_2.copy()
    exp_window_2_2[n, window_2_argmax] = 0
    z_sum = window_2_max + np.log1p(exp_window_2_2.sum(axis=1))
    z = np.where(np.isfinite(window_2_max), z_sum, window_2_max)
    # w[n] = sum(t, e[n, t, y[n, t]]) + sum(t, i, j, pad(0, o[n, t - 1, i]) * o[n, t, j] * A[i,
    #     j])
    # in the form of: sum over a delta
    j = np.arange(J)
    window_3 = _window((y[..., None] == j).astype(dtype), 1, -1, (1,), (T,))
    w = _contract("jnt,ntj->n", A[:, y], window_3) + e[n[:, None], t, y].sum(axis=1)
    # L = mean(n, z[n] - w[n])
    L = (z - w).sum() / N
    # ȧ[n,t,j] = 𝟙[t ≠ 0] (Σ_i Ȧ[i,j] exp(A[i,j] + a[n,t - 1,i])) / (Σ_i exp(A[i,j] + a[n,t -
    #     1,i])) + 𝟙[t ≠ 0] (Σ_i ȧ[n,t - 1,i] exp(A[i,j] + a[n,t - 1,i])) / (Σ_i exp(A[i,j] +
    #     a[n,t - 1,i])) + ė[n,0,j] 𝟙[t = 0] + ė[n,t,j] 𝟙[t ≠ 0]
    window_4 = _window(e_dot, 1, 0, (), ())
    window_5 = _window(a, 0, -1, (1,), (T,))
    a_dot = np.zeros((T + 1, N, J), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_3 in range(T):
        a_dot_before = a_dot[t_3 - 1]
        a_dot_greater = not_equal_t[t_3] > 0
        a_dot_sum = a_dot_greater * e_dot[:, t_3] + (equal_t[t_3] > 0) * window_4
        a_dot_max = (A.T + window_5[t_3][:, None, :]).max(axis=2)
        a_dot_exp = np.exp(A.T + window_5[t_3][:, None, :] - a_dot_max[:, :, None])
        a_dot_product = np.multiply(a_dot_before[:, None, :], a_dot_exp, out=a_dot_exp)
        a_dot_sum_2 = np.where((a_dot_before != 0)[:, None, :], a_dot_product, 0).sum(axis=2)
        a_dot_sum_3 = np.exp(A.T + window_5[t_3][:, None, :] - a_dot_max[:, :, None]).sum(axis=2)
        a_dot_quotient = np.divide(a_dot_sum_2, a_dot_sum_3, out=a_dot_sum_2)
        a_dot_sum_4 = np.add(a_dot_sum, np.where(a_dot_greater, a_dot_quotient, 0), out=a_dot_sum)
        a_dot_product_2 = A_dot.T * np.exp(A.T + window_5[t_3][:, None, :] - a_dot_max[:, :, None])
        a_dot_sum_5 = np.where((A_dot != 0).T, a_dot_product_2, 0).sum(axis=2)
        a_dot_quotient_2 = np.divide(a_dot_sum_5, a_dot_sum_3, out=a_dot_sum_5)
        a_dot_choice = np.where(a_dot_greater, a_dot_quotient_2, 0)
        a_dot[t_3] = np.add(a_dot_sum_4, a_dot_choice, out=a_dot_sum_4)
    a_dot = a_dot[:T]
    # ż[n] = (Σ_j ȧ[n,T - 1,j] exp(a[n,T - 1,j])) / (Σ_j exp(a[n,T - 1,j]))
    z_dot = _dot_last(exp_window_2, _window(a_dot, 0, T_shifted, (), ())) / exp_window_2.sum(axis=1)
    # ẇ[n] = Σ_t ė[n,t,y[n,t]] + Σ_{j,i} Ȧ[j,i] Σ_t 𝟙[i = y[n,t]] Σ_m 𝟙[m = t - 1] 𝟙[j = y[n,m]]
    window_3_2 = _add_entries(window_3, (y, n[:, None]), (J, N))
    w_dot = np.einsum("ji,inj->n", A_dot, window_3_2) + e_dot[n[:, None], t, y].sum(axis=1)
    # L̇ = (1/N) Σ_n ż[n] - (1/N) Σ_n ẇ[n]
    # that is, (1/N) żᵀ 𝟏 - (1/N) ẇᵀ 𝟏
    L_dot = z_dot.sum() / N - w_dot.sum() / N
    return dtype.type(L), dtype.type(L_dot)


@np.errstate(all="ignore")
def hvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> Gradients:
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    e, A, y = _each("inputs", inputs, "e A y")
    e, A, _, dtype, J, N, T = _arguments(e, A, y)
    e_dot, A_dot = _each("tangents", tangents, "e_dot A_dot")
    e_dot = _like("e_dot", e_dot, (N, T, J), dtype, "e")
    A_dot = _like("A_dot", A_dot, (J, J), dtype, "A")
    # a[n, 0, j] = e[n, 0, j]
    # a[n, t, j] = [t == 0] * e[n, 0, j] + [t != 0] * (log(sum(i, exp(a[n, t - 1, i] + A[i,
    #     j]))) + e[n, t, j])
    # in the form of: shifted log-sum-exp
    window = _window(e, 1, 0, (), ())
    t = np.arange(T)
    not_equal_t = t != 0
    not_equal_t_2 = not_equal_t.astype(dtype)
    equal_t = t == 0
    equal_t_2 = equal_t.astype(dtype)
    a = np.zeros((T + 1, N, J), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_2 in range(T):
        a_before = a[t_2 - 1]
        a_max = (A.T + a_before[:, None, :]).max(axis=2)
        a_put = np.exp(A.T + a_before[:, None, :] - a_max[:, :, None])
        n_t_2 = np.arange(N)
        j_t_2 = np.arange(J)
        a_argmax = (A.T + a_before[:, None, :]).argmax(axis=2)
        a_put[n_t_2[:, None], j_t_2, a_argmax] = 0
        a_sum = np.add(np.log1p(a_put.sum(axis=2)) + e[:, t_2], a_max, out=a_max)
        a[t_2] = np.where(not_equal_t_2[t_2] > 0, a_sum, 0) + (equal_t_2[t_2] > 0) * window
    a = a[:T]
    # ȧ[n,t,j] = 𝟙[t ≠ 0] (Σ_i Ȧ[i,j] exp(A[i,j] + a[n,t - 1,i])) / (Σ_i exp(A[i,j] + a[n,t -
    #     1,i])) + 𝟙[t ≠ 0] (Σ_i ȧ[n,t - 1,i] exp(A[i,j] + a[n,t - 1,i])) / (Σ_i exp(A[i,j] +
    #     a[n,t - 1,i])) + ė[n,0,j] 𝟙[t = 0] + ė[n,t,j] 𝟙[t ≠ 0]
    window_2 = _window(e_dot, 1, 0, (), ())
    window_3 = _window(a, 0, -1, (1,), (T,))
    a_dot = np.zeros((T + 1, N, J), dtype)
    # place -1, the last one, holds 0, for the first step to read
    for t_3 in range(T):
        a_dot_before = a_dot[t_3 - 1]
        a_dot_greater = not_equal_t_2[t_3] > 0
        a_dot_sum = a_dot_greater * e_dot[:, t_3] + (equal_t_2[t_3] > 0) * window_2
        a_dot_max = (A.T + window_3[t_3][:, None, :]).max(axis=2)
        a_dot_exp = np.exp(A.T + window_3[t_3][:, None, :] - a_dot_max[:, :, None])
        a_dot_product = np.multiply(a_dot_before[:, None, :], a_dot_exp, out=a_dot_exp)
        a_dot_sum_2 = np.where((a_dot_before != 0)[:, None, :], a_dot_product, 0).sum(axis=2)
        a_dot_sum_3 = np.exp(A.T + window_3[t_3][:, None, :] - a_dot_max[:, :, None]).sum(axis=2)
        a_dot_quotient = np.divide(a_dot_sum_2, a_dot_sum_3, out=a_dot_sum_2)
        a_dot_sum_4 = np.add(a_dot_sum, np.where(a_dot_greater, a_dot_quotient, 0), out=a_dot_sum)
        a_dot_product_2 = A_dot.T * np.exp(A.T + window_3[t_3][:, None, :] - a_dot_max[:, :, None])
        a_dot_sum_5 = np.where((A_dot != 0).T, a_dot_product_2, 0).sum(axis=2)
        a_dot_quotient_2 = np.divide(a_dot_sum_5, a_dot_sum_3, out=a_dot_sum_5)
        a_dot_choice = np.where(a_dot_greater, a_dot_quotient_2, 0)
        a_dot[t_3] = np.add(a_dot_sum_4, a_dot_choice, out=a_dot_sum_4)
    a_dot = a_dot[:T]
    # ∂L/∂z[n] = 1/N
    # that is, (1/N) 𝟏
    dz = 1 / N
    # ∂L/∂a[n,t,j] = Σ_i (∂L/∂a[n,t + 1,i]) exp(A[j,i] + a[n,t,j]) / (Σ_j′ exp(A[j′,i] +
    #     a[n,t,j′])) + 𝟙[t = T - 1] (∂L/∂z[n]) exp(a[n,T - 1,j]) / (Σ_i exp(a[n,T - 1,i]))
    # in the form of: shifted softmax
    T_shifted = T - 1
    window_4 = _window(a, 0, T_shifted, (), ())
    exp_window_4 = np.exp(window_4 - window_4.max(axis=1)[:, None])
    sum_exp_window_4 = exp_window_4.sum(axis=1)
    sum_exp_window_4_2 = 1 / sum_exp_window_4
    cast_dz = dtype.type(dz)
    equal_whole_add_t = (1 + t == T).astype(dtype)
    da = np.zeros((T + 1, N, J), dtype)
    # place T, behind all, holds 0, for the first step to read
    for t_4 in reversed(range(T)):
        da_after = da[t_4 + 1]
        da_product = cast_dz * (equal_whole_add_t[t_4] > 0) * sum_exp_window_4_2
        da_product_2 = da_product[:, None] * exp_window_4
        A_plus_a_t_4_max = (A.T + a[t_4][:, None, :]).max(axis=2)
        da_sum = np.exp(A.T + a[t_4][:, None, :] - A_plus_a_t_4_max[:, :, None]).sum(axis=2)
        da_quotient = np.divide(da_after, da_sum, out=da_sum)
        exp_A_plus_a_t_4_3 = np.exp(A + a[t_4][:, :, None] - A_plus_a_t_4_max[:, None, :])
        da_product_3 = np.multiply(
            da_quotient[:, None, :], exp_A_plus_a_t_4_3, out=exp_A_plus_a_t_4_3
        )
        da_sum_2 = np.where((da_after != 0)[:, None, :], da_product_3, 0).sum(axis=2)
        da[t_4] = np.add(da_product_2, da_sum_2, out=da_product_2)
    da = da[:T]
    # (∂L/∂a[n,t,j])˙ = ȧ[n,t,j] Σ_i (∂L/∂a[n,t + 1,i]) exp(A[j,i] + a[n,t,j]) / (Σ_j′
    #     exp(A[j′,i] + a[n,t,j′])) + Σ_i (∂L/∂a[n,t + 1,i])˙ exp(A[j,i] + a[n,t,j]) / (Σ_j′
    #     exp(A[j′,i] + a[n,t,j′])) + Σ_i Ȧ[j,i] (∂L/∂a[n,t + 1,i]) exp(A[j,i] + a[n,t,j]) /
    #     (Σ_j′ exp(A[j′,i] + a[n,t,j′])) + 𝟙[t = T - 1] (ȧ[n,T - 1,j] - (Σ_i ȧ[n,T - 1,i]
    #     exp(a[n,T - 1,i])) / (Σ_i exp(a[n,T - 1,i]))) (∂L/∂z[n]) exp(a[n,T - 1,j]) / (Σ_i
    #     exp(a[n,T - 1,i])) - Σ_i ȧ[n,t,i] Σ_j′ (∂L/∂a[n,t + 1,j′]) exp(A[i,j′] + a[n,t,i])
    #     exp(A[j,j′] + a[n,t,j]) / (Σ_h exp(A[h,j′] + a[n,t,h]))² - Σ_{j′,i} Ȧ[i,j′] (∂L/∂a[n,t
    #     + 1,j′]) exp(A[i,j′] + a[n,t,i]) exp(A[j,j′] + a[n,t,j]) / (Σ_h exp(A[h,j′] +
    #     a[n,t,h]))²
    window_5 = _window(a_dot, 0, T_shifted, (), ())
    da_dot_put = exp_window_4 * window_5
    n = np.arange(N)
    window_4_argmax = window_4.argmax(axis=1)
    da_dot_put[n, window_4_argmax] = 0
    j = np.arange(J)
    is_window_4_argmax = window_4_argmax[..., None] == j
    da_dot_negative = -(da_dot_put.sum(axis=1)[:, None] * is_window_4_argmax)
    da_dot_sum = np.add(da_dot_put, da_dot_negative, out=da_dot_put)
    exp_window_4_2 = exp_window_4.copy()
    exp_window_4_2[n, window_4_argmax] = 0
    da_dot_product = _dot_last(exp_window_4, window_5)
    da_dot_quotient = exp_window_4_2.sum(axis=1) * da_dot_product / sum_exp_window_4
    da_dot_product_2 = da_dot_quotient[:, None] * is_window_4_argmax
    da_dot_sum_2 = np.add(da_dot_sum, da_dot_product_2, out=da_dot_sum)
    da_dot_quotient_2 = np.divide(da_dot_product, sum_exp_window_4, out=da_dot_product)
    da_dot_product_3 = np.multiply(da_dot_quotient_2[:, None], exp_window_4_2, out=exp_window_4_2)
    da_dot_difference = np.subtract(da_dot_sum_2, da_dot_product_3, out=da_dot_sum_2)
    window_6 = _window(da, 0, 1, (1,), (T,))
    da_dot = np.zeros((T + 1, N, J), dtype)
    # place T, behind all, holds 0, for the first step to read
    for t_5 in reversed(range(T)):
        da_dot_after = da_dot[t_5 + 1]
        a_t_5_3 = a[t_5]
        a_dot_t_5 = a_dot[t_5]
        window_6_t_5 = window_6[t_5]
        a_dot_t_5_2 = a_dot[t_5]
        window_6_t_5_3 = window_6[t_5]
        da_dot_max = (A.T + a[t_5][:, None, :]).max(axis=2)
        da_dot_sum_3 = np.exp(A.T + a[t_5][:, None, :] - da_dot_max[:, :, None]).sum(axis=2)
        da_dot_quotient_3 = np.divide(window_6_t_5_3, da_dot_sum_3, out=da_dot_sum_3)
        exp_A_plus_a_t_5_3 = np.exp(A + a_t_5_3[:, :, None] - da_dot_max[:, None, :])
        da_dot_product_4 = np.multiply(
            da_dot_quotient_3[:, None, :], exp_A_plus_a_t_5_3, out=exp_A_plus_a_t_5_3
        )
        da_dot_sum_4 = np.where((window_6_t_5_3 != 0)[:, None, :], da_dot_product_4, 0).sum(axis=2)
        da_dot_product_5 = np.multiply(a_dot_t_5_2, da_dot_sum_4, out=da_dot_sum_4)
        da_dot_choice = np.where(a_dot_t_5_2 != 0, da_dot_product_5, 0)
        da_dot_product_6 = cast_dz * (equal_whole_add_t[t_5] > 0) * sum_exp_window_4_2
        da_dot_product_7 = da_dot_product_6[:, None] * da_dot_difference
        da_dot_sum_5 = np.add(da_dot_choice, da_dot_product_7, out=da_dot_choice)
        A_plus_a_t_5_max = (A.T + a[t_5][:, None, :]).max(axis=2)
        da_dot_sum_6 = np.exp(A.T + a[t_5][:, None, :] - A_plus_a_t_5_max[:, :, None]).sum(axis=2)
        da_dot_quotient_4 = np.divide(da_dot_after, da_dot_sum_6, out=da_dot_sum_6)
        exp_A_plus_a_t_5_3_2 = np.exp(A + a_t_5_3[:, :, None] - A_plus_a_t_5_max[:, None, :])
        da_dot_product_8 = np.multiply(
            da_dot_quotient_4[:, None, :], exp_A_plus_a_t_5_3_2, out=exp_A_plus_a_t_5_3_2
        )
        da_dot_sum_7 = np.where((da_dot_after != 0)[:, None, :], da_dot_product_8, 0).sum(axis=2)
        da_dot_sum_8 = np.add(da_dot_sum_5, da_dot_sum_7, out=da_dot_sum_5)
        da_dot_product_9 = A_dot * window_6[t_5][:, None, :]
        da_dot_max_2 = (A.T + a[t_5][:, None, :]).max(axis=2)
        da_dot_sum_9 = np.exp(A.T + a[t_5][:, None, :] - da_dot_max_2[:, :, None]).sum(axis=2)
        da_dot_quotient_5 = da_dot_product_9 / da_dot_sum_9[:, None, :]
        exp_A_plus_a_t_5_3_3 = np.exp(A + a_t_5_3[:, :, None] - da_dot_max_2[:, None, :])
        da_dot_product_10 = np.multiply(
            da_dot_quotient_5, exp_A_plus_a_t_5_3_3, out=da_dot_quotient_5
        )
        da_dot_sum_10 = np.where(da_dot_product_9 != 0, da_dot_product_10, 0).sum(axis=2)
        da_dot_sum_11 = np.add(da_dot_sum_8, da_dot_sum_10, out=da_dot_sum_8)
        da_dot_product_11 = A_dot * window_6[t_5][:, None, :]
        A_plus_a_t_5_7_max = (A.T + a[t_5][:, None, :]).max(axis=2)
        exp_A_plus_a_t_5_8 = np.exp(A.T + a[t_5][:, None, :] - A_plus_a_t_5_7_max[:, :, None])
        da_dot_sum_12 = exp_A_plus_a_t_5_8.sum(axis=2)
        da_dot_quotient_6 = da_dot_product_11 / np.square(da_dot_sum_12)[:, None, :]
        exp_A_plus_a_t_5_9 = np.exp(A + a[t_5][:, :, None] - A_plus_a_t_5_7_max[:, None, :])
        da_dot_product_12 = np.multiply(
            da_dot_quotient_6, exp_A_plus_a_t_5_9, out=da_dot_quotient_6
        )
        exp_A_plus_a_t_5_3_4 = np.exp(A + a_t_5_3[:, :, None] - A_plus_a_t_5_7_max[:, None, :])
        da_dot_product_13 = da_dot_product_12[:, None, :, :] * exp_A_plus_a_t_5_3_4[:, :, None, :]
        da_dot_choice_2 = np.where((da_dot_product_11 != 0)[:, None, :, :], da_dot_product_13, 0)
        da_dot_sum_13 = da_dot_choice_2.sum(axis=(2, 3))
        da_dot_difference_2 = np.subtract(da_dot_sum_11, da_dot_sum_13, out=da_dot_sum_11)
        A_plus_a_t_5_4_max = (A.T + a[t_5][:, None, :]).max(axis=2)
        exp_A_plus_a_t_5_5 = np.exp(A.T + a[t_5][:, None, :] - A_plus_a_t_5_4_max[:, :, None])
        da_dot_sum_14 = exp_A_plus_a_t_5_5.sum(axis=2)
        da_dot_quotient_7 = window_6_t_5 / np.square(da_dot_sum_14)
        exp_A_plus_a_t_5_6 = np.exp(A + a[t_5][:, :, None] - A_plus_a_t_5_4_max[:, None, :])
        da_dot_product_14 = np.multiply(
            da_dot_quotient_7[:, None, :], exp_A_plus_a_t_5_6, out=exp_A_plus_a_t_5_6
        )
        exp_A_plus_a_t_5_3_5 = np.exp(A + a_t_5_3[:, :, None] - A_plus_a_t_5_4_max[:, None, :])
        da_dot_product_15 = da_dot_product_14[:, None, :, :] * exp_A_plus_a_t_5_3_5[:, :, None, :]
        da_dot_choice_3 = np.where((window_6_t_5 != 0)[:, None, None, :], da_dot_product_15, 0)
        da_dot_sum_15 = da_dot_choice_3.sum(axis=3)
        da_dot_product_16 = np.multiply(a_dot_t_5[:, None, :], da_dot_sum_15, out=da_dot_sum_15)
        da_dot_sum_16 = np.where((a_dot_t_5 != 0)[:, None, :], da_dot_product_16, 0).sum(axis=2)
        da_dot[t_5] = np.subtract(da_dot_difference_2, da_dot_sum_16, out=da_dot_difference_2)
    da_dot = da_dot[:T]
    # (∂L/∂e[n,q,j])˙ = (∂L/∂a[n,0,j])˙ 𝟙[q = 0] + (∂L/∂a[n,q,j])˙ 𝟙[q ≠ 0]
    equal_t_window = equal_t[:, None] * _window(da_dot, 0, 0, (), ())[:, None, :]
    not_equal_t_da_dot = np.multiply(not_equal_t[:, None, None], da_dot, out=da_dot)
    de_dot = np.add(equal_t_window, not_equal_t_da_dot.transpose([1, 0, 2]), out=equal_t_window)
    # (∂L/∂A[i,j])˙ = Ȧ[i,j] Σ_{n,t} 𝟙[t ≠ 0] (∂L/∂a[n,t,j]) exp(A[i,j] + a[n,t - 1,i]) / (Σ_j′
    #     exp(A[j′,j] + a[n,t - 1,j′])) + Σ_{n,t} (∂L/∂a[n,t,j])˙ 𝟙[t ≠ 0] exp(A[i,j] + a[n,t -
    #     1,i]) / (Σ_j′ exp(A[j′,j] + a[n,t - 1,j′])) + Σ_{n,t} ȧ[n,t,i] (∂L/∂a[n,t + 1,j])
    #     exp(A[i,j] + a[n,t,i]) / (Σ_j′ exp(A[j′,j] + a[n,t,j′])) - Σ_j′ Ȧ[j′,j] Σ_{n,t} 𝟙[t ≠
    #     0] (∂L/∂a[n,t,j]) exp(A[j′,j] + a[n,t - 1,j′]) exp(A[i,j] + a[n,t - 1,i]) / (Σ_h
    #     exp(A[h,j] + a[n,t - 1,h]))² - Σ_{j′,n,t} ȧ[n,t,j′] (∂L/∂a[n,t + 1,j]) exp(A[j′,j] +
    #     a[n,t,j′]) exp(A[i,j] + a[n,t,i]) / (Σ_h exp(A[h,j] + a[n,t,h]))²
    a_plus_A = a.transpose([1, 0, 2]) + A.T[:, None, None, :]
    a_plus_A_max = a_plus_A.max(axis=3)
    a_plus_A_shifted = a.transpose([2, 1, 0])[:, None, :, :] + A[:, :, None, None] - a_plus_A_max
    dA_dot_exp = np.exp(a_plus_A_shifted, out=a_plus_A_shifted)
    dA_dot_exp_a_dot = dA_dot_exp * a_dot.transpose([2, 1, 0])[:, None, :, :]
    sum_exp_a_plus_A = np.exp(a_plus_A - a_plus_A_max[:, :, :, None]).sum(axis=3)
    dA_dot_product = window_6 * (1 / sum_exp_a_plus_A).transpose([2, 1, 0])
    dA_dot_product_2 = np.einsum("jint,tni->ji", dA_dot_exp_a_dot, dA_dot_product)
    window_3_plus_A = window_3.transpose([2, 0, 1])[:, None, :, :] + A[:, :, None, None]
    window_3_plus_A_2 = window_3 + A.T[:, None, None, :]
    dA_dot_max = window_3_plus_A_2.max(axis=3)
    dA_dot_difference = np.subtract(window_3_plus_A, dA_dot_max, out=window_3_plus_A)
    dA_dot_exp_2 = np.exp(dA_dot_difference, out=dA_dot_difference)
    dA_dot_sum = np.exp(window_3_plus_A_2 - dA_dot_max[:, :, :, None]).sum(axis=3)
    dA_dot_sum_2 = 1 / dA_dot_sum
    dA_dot_product_3 = dA_dot_sum_2 * not_equal_t_da_dot.transpose([2, 0, 1])
    dA_dot_product_4 = np.einsum("jitn,itn->ji", dA_dot_exp_2, dA_dot_product_3)
    dA_dot_sum_3 = np.add(dA_dot_product_2, dA_dot_product_4, out=dA_dot_product_2)
    not_equal_t_da = not_equal_t[:, None, None] * da
    dA_dot_product_5 = np.multiply(
        dA_dot_sum_2, not_equal_t_da.transpose([2, 0, 1]), out=dA_dot_sum_2
    )
    dA_dot_product_6 = np.einsum("jitn,itn->ji", dA_dot_exp_2, dA_dot_product_5)
    dA_dot_product_7 = np.multiply(A_dot, dA_dot_product_6, out=dA_dot_product_6)
    dA_dot_sum_4 = np.add(dA_dot_sum_3, dA_dot_product_7, out=dA_dot_sum_3)
    a_plus_A_2 = a.transpose([2, 1, 0]) + A.T[:, :, None, None]
    a_plus_A_2_shifted = np.subtract(a_plus_A_2, a_plus_A_max[:, None, :, :], out=a_plus_A_2)
    dA_dot_exp_3 = np.exp(a_plus_A_2_shifted, out=a_plus_A_2_shifted)
    dA_dot_exp_3_a_dot = np.einsum("jint,tni->jnt", dA_dot_exp_3, a_dot)
    dA_dot_product_8 = window_6 * (1 / np.square(sum_exp_a_plus_A)).transpose([2, 1, 0])
    dA_dot_product_9 = np.multiply(
        dA_dot_exp_3_a_dot, dA_dot_product_8.transpose([2, 1, 0]), out=dA_dot_exp_3_a_dot
    )
    dA_dot_product_10 = np.einsum("jint,int->ji", dA_dot_exp, dA_dot_product_9)
    dA_dot_difference_2 = np.subtract(dA_dot_sum_4, dA_dot_product_10, out=dA_dot_sum_4)
    window_3_plus_A_3 = window_3.transpose([2, 0, 1]) + A.T[:, :, None, None]
    dA_dot_difference_3 = np.subtract(
        window_3_plus_A_3, dA_dot_max[:, None, :, :], out=window_3_plus_A_3
    )
    dA_dot_exp_4 = np.exp(dA_dot_difference_3, out=dA_dot_difference_3)
    dA_dot_product_11 = 1 / np.square(dA_dot_sum) * not_equal_t_da.transpose([2, 0, 1])
    dA_dot_product_12 = np.multiply(
        dA_dot_exp_4, dA_dot_product_11[:, None, :, :], out=dA_dot_exp_4
    )
    dA_dot_product_13 = _contract("jitn,iatn->jia", dA_dot_exp_2, dA_dot_product_12)
    dA_dot_product_14 = np.einsum("ai,jia->ji", A_dot, dA_dot_product_13)
    dA_dot = np.subtract(dA_dot_difference_2, dA_dot_product_14, out=dA_dot_difference_2)
    return Gradients(de_dot, dA_dot)


def jacobian(e: NDArray[np.floating], A: NDArray[np.floating], y: NDArray[np.integer]) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(e, A, y)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "n": {
        "inputs": {"e": 0, "y": 0},
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


def _arguments(e: Any, A: Any, y: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    e = _array("e", e, "N T J")
    A = _array("A", A, "J J")
    y = _integers("y", y, "N T")
    dtype = e.dtype
    if A.dtype != dtype:
        _one_dtype(e=e, A=A)
    N = e.shape[0]
    T = e.shape[1]
    J = e.shape[2]
    if A.shape != (J, J) or y.shape != (N, T):
        _one_size(e=(e, "N T J"), A=(A, "J J"), y=(y, "N T"))
    _not_empty("J", J)
    _not_empty("N", N)
    _not_empty("T", T)
    y = _labels("y", y, J)
    return e, A, y, dtype, J, N, T


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


# Written by pullback from its own layers; digest of what stands above: fa7af677f58c34cc
