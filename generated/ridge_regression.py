"""Ridge regression as a layer

The squared error, on other examples, of weights that solve a regularised least squares problem.

    G[i, j] = sum(n, x[n, i] * x[n, j]) + lamda * [i == j]
    b[i] = sum(n, x[n, i] * y[n])
    w[j] = solve(G[i, j], b[i])
    L = mean(m, (sum(j, v[m, j] * w[j]) - t[m])**2)

Written by pullback 0.1.0 from the definition ridge_regression.toml; to change it, change that file.
Digest of the definition: 88154ddd36593b1e
The derivation, step by step, each step proved: pullback show ridge_regression
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

    dx: NDArray[np.floating]  # (N, I)
    dlamda: np.floating
    dy: NDArray[np.floating]  # (N,)
    dv: NDArray[np.floating]  # (M, I)
    dt: NDArray[np.floating]  # (M,)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    x: NDArray[np.floating]
    y: NDArray[np.floating]
    v: NDArray[np.floating]
    G: NDArray[np.floating]
    w: NDArray[np.floating]
    M: int
    v_w_shifted: NDArray[np.floating]
    dtype: np.dtype[Any]
    work: Workspace
    turn: int


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: tuple[Any, ...] | None = None  # (dtype, I, M, N)
    owned: frozenset[int] = frozenset()  # what id() says of the arrays
    turns: list[int] | tuple[int] = (0,)  # how many calls of forward have written into them
    G: NDArray[np.floating] | None = None  # (I, I)
    i: NDArray[np.integer] | None = None  # (I,)
    equal_i: NDArray[np.bool_] | None = None  # (I, I)
    b: NDArray[np.floating] | None = None  # (I,)
    w: NDArray[np.floating] | None = None  # (I,)
    v_w_shifted: NDArray[np.floating] | None = None  # (M,)
    dL_2_v_w_shifted: NDArray[np.floating] | None = None  # (M,)
    dv: NDArray[np.floating] | None = None  # (M, I)
    dt: NDArray[np.floating] | None = None  # (M,)
    dw: NDArray[np.floating] | None = None  # (I,)
    db: NDArray[np.floating] | None = None  # (I,)
    dy: NDArray[np.floating] | None = None  # (N,)
    dG: NDArray[np.floating] | None = None  # (I, I)
    dx: NDArray[np.floating] | None = None  # (N, I)
    dG_x: NDArray[np.floating] | None = None  # (N, I)
    db_y: NDArray[np.floating] | None = None  # (N, I)


_NEW = Workspace()


def forward(
    x: NDArray[np.floating],
    lamda: float | np.floating,
    y: NDArray[np.floating],
    v: NDArray[np.floating],
    t: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Cache]:
    """L, and what backward needs to know of the way to it.

    Arguments, with I, M, N:
        x: examples, (N, I), floats
        lamda: regularisation, one number
        y: their targets, (N,), floats
        v: other examples, (M, I), floats
        t: their targets, (M,), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): L (one number), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    I and M must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    x, lamda, y, v, t, dtype, I, M, N = _arguments(x, lamda, y, v, t)
    work = _NEW if work is None else work
    _fitting(Workspace, work, (dtype, I, M, N), x=x, y=y, v=v, t=t)
    # G[i, j] = sum(n, x[n, i] * x[n, j]) + lamda * [i == j]
    G = np.matmul(x.T, x, out=work.G)
    i = np.arange(I) if work.i is None else work.i
    equal_i = np.equal(i[:, None], i, out=work.equal_i)
    _add_product(G, lamda, equal_i)
    # b[i] = sum(n, x[n, i] * y[n])
    b = np.matmul(x.T, y, out=work.b)
    # w[j] = solve(G[i, j], b[i])
    w = _solve(G, b, out=work.w)
    # L = mean(m, (sum(j, v[m, j] * w[j]) - t[m])**2)
    v_w_shifted = np.matmul(v, w, out=work.v_w_shifted)
    v_w_shifted -= t
    L = _dot(v_w_shifted, v_w_shifted) / M
    turn = work.turns[0]
    cache = Cache(x, y, v, G, w, M, v_w_shifted, dtype, work, turn)
    return dtype.type(L), cache


def backward(dL: float | np.floating, cache: Cache) -> Gradients:
    """The gradients, given the gradient by the output.

    Arguments:
        dL: the gradient by L, one number
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    x, y, v, G, w, M, v_w_shifted, dtype, work, turn = cache
    _current(work, turn)
    dL = _number("dL", dL, dtype)
    # ∂L/∂v[m,j] = (2/M) w[j] (Σ_i w[i] v[m,i] - t[m])
    # that is, (2/M) (v w - t) wᵀ
    dL_2 = 2 * dL / M
    dL_2_v_w_shifted = np.multiply(dL_2, v_w_shifted, out=work.dL_2_v_w_shifted)
    dv = np.multiply(dL_2_v_w_shifted[:, None], w, out=work.dv)
    # ∂L/∂t[m] = -(2/M) (Σ_i w[i] v[m,i] - t[m])
    # that is, -(2/M) (v w - t)
    dt = np.multiply(-2 * dL / M, v_w_shifted, out=work.dt)
    # ∂L/∂w[j] = (2/M) Σ_m v[m,j] (Σ_i w[i] v[m,i] - t[m])
    # that is, (2/M) vᵀ (v w - t)
    dw = np.matmul(v_w_shifted, v, out=work.dw)
    dw *= dL_2
    # ∂L/∂b[i] = Σ_j ∂L/∂w[j] G⁻¹[j,i]
    # that is, G⁻ᵀ ∂L/∂w
    db = _solve(G, dw, True, out=work.db)
    # ∂L/∂y[n] = Σ_i x[n,i] ∂L/∂b[i]
    # that is, x ∂L/∂b
    dy = np.matmul(db, x.T, out=work.dy)
    # ∂L/∂G[i,j] = -w[j] Σ_i′ ∂L/∂w[i′] G⁻¹[i′,i]
    # that is, -G⁻ᵀ ∂L/∂w wᵀ
    dG = np.multiply(w, db[:, None], out=work.dG)
    np.negative(dG, out=dG)
    # ∂L/∂x[n,i] = Σ_j x[n,j] ∂L/∂G[j,i] + Σ_j x[n,j] ∂L/∂G[i,j] + y[n] ∂L/∂b[i]
    # that is, y (∂L/∂b)ᵀ + x ∂L/∂G + x (∂L/∂G)ᵀ
    dx = np.matmul(x, dG, out=work.dx)
    dG_x = np.matmul(x, dG.T, out=work.dG_x)
    dx += dG_x
    db_y = np.multiply(db, y[:, None], out=work.db_y)
    dx += db_y
    # ∂L/∂λ = Σ_i ∂L/∂G[i,i]
    dlamda = np.einsum("ii->i", dG).sum()
    return Gradients(dx, dtype.type(dlamda), dy, dv, dt)


def value_and_grad(
    x: NDArray[np.floating],
    lamda: float | np.floating,
    y: NDArray[np.floating],
    v: NDArray[np.floating],
    t: NDArray[np.floating],
    *,
    work: Workspace | None = None,
) -> tuple[np.floating, Gradients]:
    """(value, gradients): the output and its gradients, with arguments as in forward."""
    L, cache = forward(x, lamda, y, v, t, work=work)
    return L, backward(1.0, cache)


def value(
    x: NDArray[np.floating],
    lamda: float | np.floating,
    y: NDArray[np.floating],
    v: NDArray[np.floating],
    t: NDArray[np.floating],
) -> np.floating:
    """L alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    x, lamda, y, v, t, dtype, _, M, _ = _arguments(x, lamda, y, v, t)
    _total = 0.0
    for _rows in _parts((M,), 1):
        _part, _ = forward(x, lamda, y, v[_rows], t[_rows])
        _total += _part.item() * ((_rows.stop - _rows.start) / M)
    total: np.floating = dtype.type(_total)
    return total


def workspace(
    x: NDArray[np.floating],
    lamda: float | np.floating,
    y: NDArray[np.floating],
    v: NDArray[np.floating],
    t: NDArray[np.floating],
) -> Workspace:
    """Arrays for calls with such arguments: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and
    holds until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    _, _, _, _, _, dtype, I, M, N = _arguments(x, lamda, y, v, t)
    arrays: dict[str, NDArray[Any]] = {
        "G": np.empty((I, I), dtype),
        "i": np.arange(I),
        "equal_i": np.empty((I, I), np.bool_),
        "b": np.empty((I,), dtype),
        "w": np.empty((I,), dtype),
        "v_w_shifted": np.empty((M,), dtype),
        "dL_2_v_w_shifted": np.empty((M,), dtype),
        "dv": np.empty((M, I), dtype),
        "dt": np.empty((M,), dtype),
        "dw": np.empty((I,), dtype),
        "db": np.empty((I,), dtype),
        "dy": np.empty((N,), dtype),
        "dG": np.empty((I, I), dtype),
        "dx": np.empty((N, I), dtype),
        "dG_x": np.empty((N, I), dtype),
        "db_y": np.empty((N, I), dtype),
    }
    return Workspace((dtype, I, M, N), _ids(arrays), [0], **arrays)


def jvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[np.floating, np.floating]:
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both (one number).
    """
    x, lamda, y, v, t = _each("inputs", inputs, "x lamda y v t")
    x, lamda, y, v, t, dtype, I, M, N = _arguments(x, lamda, y, v, t)
    x_dot, lamda_dot, y_dot, v_dot, t_dot = _each(
        "tangents", tangents, "x_dot lamda_dot y_dot v_dot t_dot"
    )
    x_dot = _like("x_dot", x_dot, (N, I), dtype, "x")
    lamda_dot = _number("lamda_dot", lamda_dot, dtype)
    y_dot = _like("y_dot", y_dot, (N,), dtype, "y")
    v_dot = _like("v_dot", v_dot, (M, I), dtype, "v")
    t_dot = _like("t_dot", t_dot, (M,), dtype, "t")
    # G[i, j] = sum(n, x[n, i] * x[n, j]) + lamda * [i == j]
    i = np.arange(I)
    equal_i = i[:, None] == i
    G = x.T @ x + dtype.type(lamda) * equal_i
    # b[i] = sum(n, x[n, i] * y[n])
    b = x.T @ y
    # w[j] = solve(G[i, j], b[i])
    w = _solve(G, b)
    # L = mean(m, (sum(j, v[m, j] * w[j]) - t[m])**2)
    v_w_shifted = v @ w - t
    L = _dot(v_w_shifted, v_w_shifted) / M
    # ḃ[i] = Σ_n x[n,i] ẏ[n] + Σ_n ẋ[n,i] y[n]
    # that is, ẋᵀ y + xᵀ ẏ
    b_dot = x.T @ y_dot + x_dot.T @ y
    # Ġ[i,j] = Σ_n x[n,i] ẋ[n,j] + Σ_n x[n,j] ẋ[n,i] + λ̇ δ(i,j)
    G_dot = x.T @ x_dot + x_dot.T @ x + dtype.type(lamda_dot) * equal_i
    # ẇ[j] = Σ_i ḃ[i] G⁻¹[j,i] - Σ_{i,i′} Ġ[i,i′] w[i′] G⁻¹[j,i]
    # that is, G⁻¹ ḃ - G⁻¹ Ġ w
    w_dot = _solve(G, b_dot) - w @ _solve(G, G_dot).T
    # L̇ = (2/M) Σ_i ẇ[i] Σ_m v[m,i] (Σ_j w[j] v[m,j] - t[m]) + (2/M) Σ_{m,i} v̇[m,i] w[i] (Σ_j
    #     w[j] v[m,j] - t[m]) - (2/M) Σ_m ṫ[m] (Σ_i w[i] v[m,i] - t[m])
    # that is, (2/M) ẇᵀ vᵀ (v w - t) + (2/M) (wᵀ vᵀ - tᵀ) v̇ w - (2/M) (wᵀ vᵀ - tᵀ) ṫ
    L_dot_sum = 2 * _dot(w_dot, v_w_shifted @ v) / M + 2 * _dot(w, v_w_shifted @ v_dot) / M
    L_dot = L_dot_sum - 2 * _dot(v_w_shifted, t_dot) / M
    return dtype.type(L), dtype.type(L_dot)


def hvp(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> Gradients:
    """The Hessian times a direction: how each gradient changes along tangents of the inputs.

    Arguments as in jvp. Returns Gradients.
    """
    x, lamda, y, v, t = _each("inputs", inputs, "x lamda y v t")
    x, lamda, y, v, t, dtype, I, M, N = _arguments(x, lamda, y, v, t)
    x_dot, lamda_dot, y_dot, v_dot, t_dot = _each(
        "tangents", tangents, "x_dot lamda_dot y_dot v_dot t_dot"
    )
    x_dot = _like("x_dot", x_dot, (N, I), dtype, "x")
    lamda_dot = _number("lamda_dot", lamda_dot, dtype)
    y_dot = _like("y_dot", y_dot, (N,), dtype, "y")
    v_dot = _like("v_dot", v_dot, (M, I), dtype, "v")
    t_dot = _like("t_dot", t_dot, (M,), dtype, "t")
    # G[i, j] = sum(n, x[n, i] * x[n, j]) + lamda * [i == j]
    i = np.arange(I)
    equal_i = i[:, None] == i
    G = x.T @ x + dtype.type(lamda) * equal_i
    # b[i] = sum(n, x[n, i] * y[n])
    b = x.T @ y
    # w[j] = solve(G[i, j], b[i])
    w = _solve(G, b)
    # ∂L/∂w[j] = (2/M) Σ_m v[m,j] (Σ_i w[i] v[m,i] - t[m])
    # that is, (2/M) vᵀ (v w - t)
    M_2 = 2 / M
    v_w_shifted = v @ w - t
    dw = M_2 * (v_w_shifted @ v)
    # ∂L/∂b[i] = Σ_j ∂L/∂w[j] G⁻¹[j,i]
    # that is, G⁻ᵀ ∂L/∂w
    db = _solve(G, dw, True)
    # ḃ[i] = Σ_n x[n,i] ẏ[n] + Σ_n ẋ[n,i] y[n]
    # that is, ẋᵀ y + xᵀ ẏ
    b_dot = x.T @ y_dot + x_dot.T @ y
    # Ġ[i,j] = Σ_n x[n,i] ẋ[n,j] + Σ_n x[n,j] ẋ[n,i] + λ̇ δ(i,j)
    G_dot = x.T @ x_dot + x_dot.T @ x + dtype.type(lamda_dot) * equal_i
    # ẇ[j] = Σ_i ḃ[i] G⁻¹[j,i] - Σ_{i,i′} Ġ[i,i′] w[i′] G⁻¹[j,i]
    # that is, G⁻¹ ḃ - G⁻¹ Ġ w
    w_dot = _solve(G, b_dot) - w @ _solve(G, G_dot).T
    # (∂L/∂w[j])˙ = (2/M) Σ_i ẇ[i] Σ_m v[m,i] v[m,j] + (1/M) (2 Σ_m v̇[m,j] (Σ_i w[i] v[m,i] -
    #     t[m]) + 2 Σ_{m,i} v̇[m,i] w[i] v[m,j]) - (2/M) Σ_m ṫ[m] v[m,j]
    # that is, (1/M) (2 v̇ᵀ (v w - t) + 2 vᵀ v̇ w) + (2/M) vᵀ v ẇ - (2/M) vᵀ ṫ
    v_dot_w = v_dot @ w
    dw_dot_sum = (2 * (v_w_shifted @ v_dot) + 2 * (v.T @ v_dot_w)) / M + M_2 * (w_dot @ (v.T @ v).T)
    dw_dot = np.subtract(dw_dot_sum, M_2 * (t_dot @ v), out=dw_dot_sum)
    # (∂L/∂b[i])˙ = Σ_j (∂L/∂w[j])˙ G⁻¹[j,i] - Σ_{j,i′} Ġ[j,i′] ∂L/∂b[j] G⁻¹[i′,i]
    # that is, G⁻ᵀ (∂L/∂w)˙ - G⁻ᵀ Ġᵀ ∂L/∂b
    solve = _solve(G, dw_dot, True)
    solve_2 = _solve(G, np.einsum("ji->ij", G_dot), True)
    db_dot = solve - db @ solve_2.T
    # ∂L/∂G[i,j] = -w[j] Σ_i′ ∂L/∂w[i′] G⁻¹[i′,i]
    # that is, -G⁻ᵀ ∂L/∂w wᵀ
    dG = -(w * db[:, None])
    # (∂L/∂G[i,j])˙ = -w[j] Σ_i′ (∂L/∂w[i′])˙ G⁻¹[i′,i] - ẇ[j] Σ_i′ ∂L/∂w[i′] G⁻¹[i′,i] -
    #     Σ_{i′,r} Ġ[i′,r] ∂L/∂G[i′,j] G⁻¹[r,i]
    # that is, -G⁻ᵀ Ġᵀ ∂L/∂G - G⁻ᵀ (∂L/∂w)˙ wᵀ - G⁻ᵀ ∂L/∂w ẇᵀ
    dG_dot = -(w * solve[:, None]) - w_dot * db[:, None] - solve_2 @ dG
    # (∂L/∂x[n,i])˙ = Σ_j ẋ[n,j] ∂L/∂G[j,i] + Σ_j ẋ[n,j] ∂L/∂G[i,j] + Σ_j (∂L/∂G[j,i])˙ x[n,j] +
    #     Σ_j (∂L/∂G[i,j])˙ x[n,j] + ẏ[n] ∂L/∂b[i] + (∂L/∂b[i])˙ y[n]
    # that is, ẏ (∂L/∂b)ᵀ + y (∂L/∂b)˙ᵀ + ẋ ∂L/∂G + ẋ (∂L/∂G)ᵀ + x (∂L/∂G)˙ + x (∂L/∂G)˙ᵀ
    dx_dot_sum = x_dot @ dG + x_dot @ dG.T + x @ dG_dot + x @ dG_dot.T + db * y_dot[:, None]
    dx_dot = np.add(dx_dot_sum, db_dot * y[:, None], out=dx_dot_sum)
    # (∂L/∂λ)˙ = Σ_i (∂L/∂G[i,i])˙
    dlamda_dot = np.einsum("ii->i", dG_dot).sum()
    # (∂L/∂y[n])˙ = Σ_i ẋ[n,i] ∂L/∂b[i] + Σ_i (∂L/∂b[i])˙ x[n,i]
    # that is, ẋ ∂L/∂b + x (∂L/∂b)˙
    dy_dot = db @ x_dot.T + db_dot @ x.T
    # (∂L/∂v[m,j])˙ = (2/M) w[j] Σ_i v̇[m,i] w[i] + (1/M) (2 w[j] Σ_i ẇ[i] v[m,i] + 2 ẇ[j] (Σ_i
    #     w[i] v[m,i] - t[m])) - (2/M) ṫ[m] w[j]
    # that is, (1/M) (2 (v w - t) ẇᵀ + 2 v ẇ wᵀ) + (2/M) v̇ w wᵀ - (2/M) ṫ wᵀ
    v_w_dot = v @ w_dot
    dv_dot_quotient = ((2 * v_w_shifted)[:, None] * w_dot + 2 * w * v_w_dot[:, None]) / M
    t_dot_2 = M_2 * t_dot
    dv_dot = dv_dot_quotient + M_2 * w * v_dot_w[:, None] - t_dot_2[:, None] * w
    # (∂L/∂t[m])˙ = (2/M) ṫ[m] - (2/M) Σ_i ẇ[i] v[m,i] - (2/M) Σ_i v̇[m,i] w[i]
    # that is, (2/M) ṫ - (2/M) v̇ w - (2/M) v ẇ
    dt_dot = t_dot_2 - M_2 * v_w_dot - M_2 * v_dot_w
    return Gradients(dx_dot, dtype.type(dlamda_dot), dy_dot, dv_dot, dt_dot)


def jacobian(
    x: NDArray[np.floating],
    lamda: float | np.floating,
    y: NDArray[np.floating],
    v: NDArray[np.floating],
    t: NDArray[np.floating],
) -> Gradients:
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    L, cache = forward(x, lamda, y, v, t)
    return Gradients(*_by_rows(L, lambda dL: backward(dL, cache)))


# by axis: the inputs that are cut and where they have it, and the output, which is laid side by
# side along an axis of its own, or is a mean or a sum of its parts
PARTS: dict[str, dict[str, Any]] = {
    "m": {
        "inputs": {"v": 0, "t": 0},
        "outputs": {"L": "mean"},
    },
}


def parts(counts: Sequence[int], axis: str = "m") -> list[dict[str, float]]:
    """The weight of each part in the output, where parts have so many places of the axis.

    A part is forward of its slice of each input in PARTS[axis]["inputs"] and the others whole, and
    backward of its weight times the cotangent; of its slice of it, where the output is cut, too.
    Where PARTS says "rest", the last weight is that of one more part, which has no places: it takes
    off what all parts have in common, and the whole has once.
    """
    return _weights(PARTS[axis], counts)


def combine(
    results: Sequence[Any], counts: Sequence[int], axis: str = "m"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values, gradients) of the whole, from such a pair of each part, in the order of parts().

    Both are dictionaries: the output by its name, gradients by the names of their inputs, with or
    without the d before them. Where `counts` says 0 there need be no pair, but None.
    """
    return _combined(PARTS[axis], results, counts, np.concatenate)


def _arguments(x: Any, lamda: Any, y: Any, v: Any, t: Any) -> tuple[Any, ...]:
    """The arguments, checked, with their dtype and the sizes of their axes."""
    x = _array("x", x, "N I")
    y = _array("y", y, "N")
    v = _array("v", v, "M I")
    t = _array("t", t, "M")
    dtype = x.dtype
    if y.dtype != dtype or v.dtype != dtype or t.dtype != dtype:
        _one_dtype(x=x, y=y, v=v, t=t)
    lamda = _number("lamda", lamda, dtype)
    N = x.shape[0]
    I = x.shape[1]
    M = v.shape[0]
    if y.shape != (N,) or v.shape != (M, I) or t.shape != (M,):
        _one_size(x=(x, "N I"), y=(y, "N"), v=(v, "M I"), t=(t, "M"))
    _not_empty("I", I)
    _not_empty("M", M)
    return x, lamda, y, v, t, dtype, I, M, N


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


def _parts(sizes: tuple[Any, ...], entries: int) -> Iterator[slice]:
    """Slices of the first axis, for parts of _PART entries or so, if a row has `entries`."""
    count = sizes[0]
    for size in sizes[1:]:
        entries *= size
    step = max(1, _PART // max(1, entries))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


_PART = 2**20  # entries of arrays that value works with at a time


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


def _solve(
    a: NDArray[Any], b: NDArray[Any], turned: bool = False, out: NDArray[Any] | None = None
) -> Any:
    """The x with a x = b for each matrix, or with aᵀ x = b; what follows the rows are columns."""
    a = np.swapaxes(a, -1, -2) if turned else a
    count = math.prod(b.shape[a.ndim - 1 :])
    columns = b.reshape((*a.shape[:-1], count))
    return _written(np.linalg.solve(a, columns).reshape(b.shape), out)


def _written(found: Any, out: NDArray[Any] | None) -> Any:
    """What was found, written into an array where there is one."""
    if out is None:
        return found
    out[...] = found
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


# Written by pullback from its own layers; digest of what stands above: 8a27a26f065c4b7f
