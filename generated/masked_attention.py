"""Scaled dot-product attention with a mask

Attention in which a query sees only the keys where the mask is above 0.

    s[..., q, k] = where(M[q, k] > 0, sum(d, Q[..., q, d] * K[..., k, d]) / sqrt(size(d)), -1e30)
    p[..., q, k] = exp(s[..., q, k]) / sum(i, exp(s[..., q, i]))
    o[..., q, e] = sum(k, p[..., q, k] * V[..., k, e])

Written by pullback 0.1.0 from the definition masked_attention.toml; to change it, change that file.
Digest of the definition: 9e24d263d32ab8d4
The derivation, step by step, each step proved: pullback show masked_attention
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(do * o), each in the shape and the dtype of its input."""

    dQ: np.ndarray  # (..., size_q, D)
    dK: np.ndarray  # (..., size_k, D)
    dV: np.ndarray  # (..., size_k, E)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    Q: Any
    K: Any
    V: Any
    sqrt_D: Any
    greater_M: Any
    s_argmax: Any
    places: Any
    q: Any
    p: Any
    batch: Any
    shape: Any
    dtype: Any
    work: Any
    turn: Any


class Workspace(NamedTuple):
    """Arrays that forward and backward write into; where one is None they make it."""

    sizes: Any = None  # (dtype, D, E, size_batch, size_k, size_q)
    owned: Any = frozenset()  # what id() says of the arrays
    turns: Any = (0,)  # how many calls of forward have written into them
    greater_M: Any = None  # (size_q, size_k)
    K_Q: Any = None  # (*batch, size_q, size_k)
    s: Any = None  # (*batch, size_q, size_k); then p
    places: Any = None  # (*batch,)
    q: Any = None  # (size_q,)
    s_argmax: Any = None  # (*batch, size_q)
    s_max: Any = None  # (*batch, size_q)
    sum_p: Any = None  # (*batch, size_q)
    o: Any = None  # (*batch, size_q, E)
    dp: Any = None  # (*batch, size_q, size_k); then ds, then greater_M_ds
    dp_p: Any = None  # (*batch, size_q)
    others_ds: Any = None  # (*batch, size_q)
    dQ: Any = None  # (*batch, size_q, D)
    dK: Any = None  # (*batch, size_k, D)
    dV: Any = None  # (*batch, size_k, E)


_NEW = Workspace()


@np.errstate(under="ignore")
def forward(M, Q, K, V, *, work=None):
    """o, and what backward needs to know of the way to it.

    Arguments, with size_q queries, size_k keys, E features out, D features:
        M: the mask, above 0 where a query sees a key, (size_q, size_k), floats
        Q: queries, (..., size_q, D), floats
        K: keys, (..., size_k, D), floats
        V: values, (..., size_k, E), floats
        work: a workspace to write into, or None for new arrays

    Returns (output, cache): o of shape (..., size_q, E), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.
    D and size_k must be at least 1; other sizes may be 0.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (M, Q, K, V, dtype, batch, D, E, size_k, size_q) = _arguments(M, Q, K, V)
    Q = _flat(Q, batch)
    K = _flat(K, batch)
    V = _flat(V, batch)
    size_batch = Q.shape[0]
    work = _fitting(Workspace, work, (dtype, D, E, size_batch, size_k, size_q), M=M, Q=Q, K=K, V=V)
    # s[..., q, k] = where(M[q, k] > 0, sum(d, Q[..., q, d] * K[..., k, d]) / sqrt(size(d)),
    #     -1e30)
    greater_M = np.greater(M, 0, out=work.greater_M)
    K_Q = np.matmul(Q, K.mT, out=work.K_Q)
    sqrt_D = D ** 0.5
    K_Q /= sqrt_D
    s = _where(greater_M, K_Q, -1000000000000000000000000000000, out=work.s)
    # p[..., q, k] = exp(s[..., q, k]) / sum(i, exp(s[..., q, i]))
    # in the form of: shifted softmax
    places = np.arange(size_batch) if work.places is None else work.places
    q = np.arange(size_q) if work.q is None else work.q
    s_argmax = s.argmax(axis=2, out=work.s_argmax)
    s_max = _pick(s, (places[:, None], q, s_argmax), out=work.s_max)
    p = np.subtract(s, s_max[:, :, None], out=s)
    np.exp(p, out=p)
    sum_p = _sum_last(p, out=work.sum_p)
    p /= sum_p[:, :, None]
    # o[..., q, e] = sum(k, p[..., q, k] * V[..., k, e])
    o = np.matmul(p, V, out=work.o)
    shape = (*batch, size_q, E)
    turn = work.turns[0]
    return _unflat(o, batch), Cache(
        Q, K, V, sqrt_D, greater_M, s_argmax, places, q, p, batch, shape, dtype, work, turn,
    )


@np.errstate(under="ignore")
def backward(do, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        do: the gradient by o, (..., size_q, E), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    _check_cache(cache, Cache)
    (
        Q, K, V, sqrt_D, greater_M, s_argmax, places, q, p, batch, shape, dtype, work, turn,
    ) = cache
    _current(work, turn)
    do = _flat(_like("do", do, shape, dtype, "the output"), batch)
    _apart(work, do=do)
    # ∂ℒ/∂p[…,q,k] = Σ_e V[…,k,e] ∂ℒ/∂o[…,q,e]
    dp = np.matmul(do, V.mT, out=work.dp)
    # ∂ℒ/∂s[…,q,k] = p[…,q,k] (∂ℒ/∂p[…,q,k] - Σ_i p[…,q,i] ∂ℒ/∂p[…,q,i])
    dp_p = np.vecdot(dp, p, out=work.dp_p)
    ds = np.subtract(dp, dp_p[:, :, None], out=dp)
    ds *= p
    ds[places[:, None], q, s_argmax] = 0
    others_ds = _sum_last(ds, out=work.others_ds)
    np.negative(others_ds, out=others_ds)
    ds[places[:, None], q, s_argmax] = others_ds
    # ∂ℒ/∂Q[…,q,d] = Σ_k ∂ℒ/∂s[…,q,k] where(M[q,k] > 0, (1/√(D)) K[…,k,d], 0)
    greater_M_ds = np.multiply(greater_M, ds, out=ds)
    dQ = np.matmul(greater_M_ds, K, out=work.dQ)
    dQ /= sqrt_D
    # ∂ℒ/∂K[…,k,d] = Σ_q ∂ℒ/∂s[…,q,k] where(M[q,k] > 0, (1/√(D)) Q[…,q,d], 0)
    dK = np.matmul(greater_M_ds.mT, Q, out=work.dK)
    dK /= sqrt_D
    # ∂ℒ/∂V[…,k,e] = Σ_q p[…,q,k] ∂ℒ/∂o[…,q,e]
    dV = np.matmul(p.mT, do, out=work.dV)
    return Gradients(_unflat(dQ, batch), _unflat(dK, batch), _unflat(dV, batch))


def value(M, Q, K, V):
    """o alone, with arguments as in forward.

    Works on some rows at a time: it uses some 16 MB beside the result, however many there are.
    """
    (M, Q, K, V, dtype, batch, D, E, size_k, size_q) = _arguments(M, Q, K, V)
    if not batch:
        return forward(M, Q, K, V)[0]
    o = np.empty((*batch, size_q, E), dtype)
    for _rows in _parts(batch, 2 * size_q * size_k + 3 * size_q + size_q * E + 1):
        o[_rows], _ = forward(M, Q[_rows], K[_rows], V[_rows])
    return o


def workspace(M, Q, K, V):
    """Arrays for calls with arguments of these shapes and this dtype: forward(..., work=workspace(...)).

    Each further call with it makes no new array. What a call returns lies in the workspace, and holds
    until the next call that is given it; no argument may lie there. Raises as forward does.
    """
    (M, Q, K, V, dtype, batch, D, E, size_k, size_q) = _arguments(M, Q, K, V)
    Q = _flat(Q, batch)
    K = _flat(K, batch)
    V = _flat(V, batch)
    size_batch = Q.shape[0]
    arrays = {
        "greater_M": np.empty((size_q, size_k), np.bool_),
        "K_Q": np.empty((size_batch, size_q, size_k), dtype),
        "s": np.empty((size_batch, size_q, size_k), dtype),
        "places": np.arange(size_batch),
        "q": np.arange(size_q),
        "s_argmax": np.empty((size_batch, size_q), np.intp),
        "s_max": np.empty((size_batch, size_q), dtype),
        "sum_p": np.empty((size_batch, size_q), dtype),
        "o": np.empty((size_batch, size_q, E), dtype),
        "dp": np.empty((size_batch, size_q, size_k), dtype),
        "dp_p": np.empty((size_batch, size_q), dtype),
        "others_ds": np.empty((size_batch, size_q), dtype),
        "dQ": np.empty((size_batch, size_q, D), dtype),
        "dK": np.empty((size_batch, size_k, D), dtype),
        "dV": np.empty((size_batch, size_k, E), dtype),
    }
    return Workspace((dtype, D, E, size_batch, size_k, size_q), _ids(arrays), [0], **arrays)


@np.errstate(under="ignore")
def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (..., size_q, E).
    """
    M, Q, K, V = _each("inputs", inputs, "M Q K V")
    (M, Q, K, V, dtype, batch, D, E, size_k, size_q) = _arguments(M, Q, K, V)
    Q = _flat(Q, batch)
    K = _flat(K, batch)
    V = _flat(V, batch)
    size_batch = Q.shape[0]
    Q_dot, K_dot, V_dot = _each("tangents", tangents, "Q_dot K_dot V_dot")
    Q_dot = _flat(_like("Q_dot", Q_dot, (*batch, size_q, D), dtype, "Q"), batch)
    K_dot = _flat(_like("K_dot", K_dot, (*batch, size_k, D), dtype, "K"), batch)
    V_dot = _flat(_like("V_dot", V_dot, (*batch, size_k, E), dtype, "V"), batch)
    # s[..., q, k] = where(M[q, k] > 0, sum(d, Q[..., q, d] * K[..., k, d]) / sqrt(size(d)),
    #     -1e30)
    greater_M = M > 0
    sqrt_D = D ** 0.5
    s = np.where(greater_M, Q @ K.mT / sqrt_D, -1000000000000000000000000000000)
    # p[..., q, k] = exp(s[..., q, k]) / sum(i, exp(s[..., q, i]))
    # in the form of: shifted softmax
    places = np.arange(size_batch)
    q = np.arange(size_q)
    s_argmax = s.argmax(axis=2)
    exp_s = np.exp(s - s[places[:, None], q, s_argmax][:, :, None])
    p = np.divide(exp_s, exp_s.sum(axis=2)[:, :, None], out=exp_s)
    # o[..., q, e] = sum(k, p[..., q, k] * V[..., k, e])
    o = p @ V
    # ṡ[…,q,k] = Σ_d K̇[…,k,d] where(M[q,k] > 0, (1/√(D)) Q[…,q,d], 0) + Σ_d Q̇[…,q,d]
    #     where(M[q,k] > 0, (1/√(D)) K[…,k,d], 0)
    greater_M_2 = greater_M.astype(dtype) / sqrt_D
    s_dot = greater_M_2 * (Q @ K_dot.mT) + greater_M_2 * (Q_dot @ K.mT)
    # ṗ[…,q,k] = p[…,q,k] (ṡ[…,q,k] - Σ_i ṡ[…,q,i] p[…,q,i])
    p_dot = (s_dot - np.vecdot(p, s_dot)[:, :, None]) * p
    p_dot[places[:, None], q, s_argmax] = 0
    p_dot[places[:, None], q, s_argmax] = -p_dot.sum(axis=2)
    # ȯ[…,q,e] = Σ_k ṗ[…,q,k] V[…,k,e] + Σ_k V̇[…,k,e] p[…,q,k]
    o_dot = p_dot @ V + p @ V_dot
    return _unflat(o, batch), _unflat(o_dot, batch)


def jacobian(M, Q, K, V):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    o, cache = forward(M, Q, K, V)
    return Gradients(*_by_rows(o, lambda do: backward(do, cache)))


def _arguments(M, Q, K, V):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    M = _array("M", M, "size_q size_k")
    dtype = M.dtype
    Q = _array("Q", Q, "... size_q D", dtype)
    K = _array("K", K, "... size_k D", dtype)
    V = _array("V", V, "... size_k E", dtype)
    size_q = M.shape[0]
    size_k = M.shape[1]
    batch = Q.shape[: Q.ndim - 2]
    D = Q.shape[-1]
    E = V.shape[-1]
    if (
        Q.shape != (*batch, size_q, D)
        or K.shape != (*batch, size_k, D)
        or V.shape != (*batch, size_k, E)
    ):
        _refuse_sizes(
            M=(M, "size_q size_k"),
            Q=(Q, "... size_q D"),
            K=(K, "... size_k D"),
            V=(V, "... size_k E"),
        )
    _not_empty("D", D)
    _not_empty("size_k", size_k)
    return (M, Q, K, V, dtype, batch, D, E, size_k, size_q)


def _fitting(kind, work, sizes, /, **arrays):
    """The workspace, if it was made for these sizes and no argument lies in it."""
    if work is None:
        return _NEW
    if not isinstance(work, kind):
        raise TypeError(
            f"work is {type(work).__name__}; it must be what workspace of this module returned"
        )
    if work.sizes != sizes:
        made, asked = ("({})".format(", ".join(map(str, s))) for s in (work.sizes, sizes))
        raise ValueError(
            f"work was made for dtype and sizes {made}, and the arguments have {asked}; "
            "make another with workspace"
        )
    _apart(work, **arrays)
    work.turns[0] += 1
    return work


def _apart(work, /, **arrays):
    """Refuse an argument that lies in the workspace, as it would be written over."""
    for name, array in arrays.items():
        if id(array) in work.owned or id(array.base) in work.owned:
            raise ValueError(f"{name} lies in the workspace that is written into; pass a copy of it")


def _ids(arrays):
    """What id() says of these arrays."""
    return frozenset(map(id, arrays.values()))


def _check_cache(cache, kind):
    """Refuse what is no cache of this module."""
    if not isinstance(cache, kind):
        raise TypeError(
            f"cache is {type(cache).__name__}; it must be what forward of this module returned"
        )


def _current(work, turn):
    """Refuse a cache whose arrays a later call of forward has written over."""
    if work.turns[0] != turn:
        raise ValueError(
            "cache lies in a workspace that forward has been given again since; "
            "use the cache of the last call"
        )


def _read(name, value):
    """The value as an array."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def _array(name, value, axes, dtype=None):
    """The value as an array of floats with these axes, of this dtype where one is given."""
    array = value if type(value) is np.ndarray else _read(name, value)
    fits = _fits(array, axes)
    if fits and (array.dtype == dtype if dtype else array.dtype in _FLOAT_DTYPES):
        return array
    if array.dtype.type not in (np.float32, np.float64) or (
        dtype and array.dtype.type is not dtype.type
    ):
        wanted = f"{dtype}, as the arguments before it" if dtype else "float32 or float64"
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {wanted}")
    if not fits:
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array.astype(array.dtype.newbyteorder("="))


_FLOAT_DTYPES = (np.dtype(np.float64), np.dtype(np.float32))


def _fits(array, axes):
    """Has the array these axes, `...` being any number of them?"""
    wanted = len(axes.split())
    return array.ndim >= wanted - 1 if axes.startswith("...") else array.ndim == wanted


def _each(name, values, parts):
    """The values of a tuple with one value for each part."""
    values = tuple(values)
    if len(values) != len(parts.split()):
        wanted = parts.replace(" ", ", ")
        raise ValueError(f"{name} has {len(values)} values; it must have those for {wanted}")
    return values


def _refuse_sizes(**arrays):
    """Say which array has another size for an axis than an array before it."""
    sizes, seen = {}, {}
    for name, (array, axes) in arrays.items():
        lead = array.ndim - len(axes.split()) + 1 if axes.startswith("...") else 0
        shape = (array.shape[:lead], *array.shape[lead:]) if axes.startswith("...") else array.shape
        for axis, size in zip(axes.split(), shape):
            if sizes.setdefault(axis, size) != size:
                raise ValueError(
                    f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')}) "
                    f"with {axis} = {sizes[axis]}, as {seen[axis]} has"
                )
            seen.setdefault(axis, name)


def _flat(array, batch):
    """The leading axes, whose sizes are `batch`, as one axis."""
    if len(batch) == 1:
        return array
    size = 1
    for axis_size in batch:
        size *= axis_size
    return array.reshape((size, *array.shape[len(batch) :]))


def _unflat(array, batch):
    """The first axis as the leading axes that it was."""
    return array if len(batch) == 1 else array.reshape((*batch, *array.shape[1:]))


def _not_empty(axis, size):
    """Refuse an axis of size 0 where the equations divide by it or take the largest along it."""
    if size == 0:
        raise ValueError(f"{axis} is 0; it must be at least 1")


def _like(name, value, shape, dtype, model):
    """The value as an array of this shape and dtype, those of the model."""
    array = value if type(value) is np.ndarray else _read(name, value)
    if array.dtype == dtype and array.shape == shape:
        return array
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as {model}")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as {model}")
    return array.astype(dtype)


def _parts(sizes, entries):
    """Slices of the first axis, for parts of _PART entries or so, if a row has `entries`."""
    count = sizes[0]
    for size in sizes[1:]:
        entries *= size
    step = max(1, _PART // max(1, entries))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


_PART = 2**20  # entries of arrays that value works with at a time


def _pick(values, at, out=None):
    """The entries of an array at some places; into `out` rows by rows, as an index makes an array."""
    if out is None:
        return values[at]
    if out.size <= 2**12:
        out[...] = values[at]
        return out
    step = max(1, 2**12 // max(1, out[:1].size))
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        own = (a[rows] if a.ndim == out.ndim and len(a) > 1 else a for a in at)
        out[rows] = values[tuple(own)]
    return out


def _where(condition, a, b, out=None):
    """a where the condition holds, else b."""
    if out is None or out.size < 4096:
        chosen = np.where(condition, a, b)
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


def _spread(value, shape, out=None):
    """The value repeated along the axes that it lacks."""
    if out is None:
        return np.broadcast_to(value, shape).copy()
    out[...] = value
    return out


def _sum_last(values, out=None):
    """The sum over the last axis; where that is short a product with ones takes a third of the time."""
    size = values.shape[-1]
    if size > 1024 or not values.flags.c_contiguous:
        return values.sum(axis=-1, out=out)
    return np.matmul(values, _ones(values.dtype)[:size], out=out)


def _ones(dtype):
    """A row of 1024 ones: a matrix product with it adds up rows."""
    return _ONES[dtype.itemsize]


_ONES = {4: np.ones(1024, np.float32), 8: np.ones(1024)}


def _by_rows(output, pull):
    """Jacobians, a row for each entry of the output: the pullbacks of ones and zeros."""
    unit = np.zeros(output.shape, output.dtype)
    found = [np.zeros(output.shape + row.shape, row.dtype) for row in pull(unit)]
    for at in np.ndindex(output.shape):
        unit[at] = 1
        for array, row in zip(found, pull(unit)):
            array[at] = row
        unit[at] = 0
    return found
# Written by pullback from its own layers; digest of what stands above: 9b23cfeea70f6065
