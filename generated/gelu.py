"""Gaussian error linear unit

u times the probability that a standard normal number is below u.

    Phi[...] := (1 + erf(u[...] / sqrt(2))) / 2
    h[...] = u[...] * Phi[...]

Written by pullback 0.1.0 from the definition gelu.toml; to change it, change that file.
Digest of the definition: 10424b0f19706128
The derivation, step by step, each step proved: pullback show gelu
"""

from typing import Any, NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """The gradients of sum(dh * h), each in the shape and the dtype of its input."""

    du: np.ndarray  # (...)


class Cache(NamedTuple):
    """What backward reads of forward's values."""

    u: Any
    Phi: Any
    batch: Any
    shape: Any
    dtype: Any


@np.errstate(under="ignore")
def forward(u):
    """h, and what backward needs to know of the way to it.

    Arguments, with no axes:
        u: pre-activations, (...), floats

    Returns (output, cache): h of shape (...), and what backward needs.

    All floats have one dtype, float32 or float64, and so has the result. Inputs are
    never changed, and nothing is broadcast. The cache holds inputs and the output where
    backward reads them: write on neither before it.

    Raises TypeError for a wrong dtype and ValueError for a wrong shape
    or a label out of range; the message names the argument.
    """
    (u, dtype, batch, size_batch) = _arguments(u)
    # Phi[...] := (1 + erf(u[...] / sqrt(2))) / 2
    # in the form of: complementary error function
    Phi = 0.5 * _erfc(-(0.7071067811865476 * u))
    # h[...] = u[...] * Phi[...]
    # in the form of: complementary error function
    h = Phi * u
    shape = (*batch,)
    return _unflat(h, batch), Cache(u, Phi, batch, shape, dtype)


@np.errstate(under="ignore")
def backward(dh, cache):
    """The gradients, given the gradient by the output.

    Arguments:
        dh: the gradient by h, (...), of the inputs' dtype
        cache: what forward returned beside the output

    Raises TypeError and ValueError as forward does. The cache may be used again.
    """
    (u, Phi, batch, shape, dtype) = cache
    dh = _flat(_like("dh", dh, shape, dtype, "the output"), batch)
    # ∂ℒ/∂u[…] = ((√(2) / (2 √(π))) u[…] exp(-(1/2) u[…]²) + Φ[…]) ∂ℒ/∂h[…]
    # that is, ((√(2) / (2 √(π))) (u ⊙ exp(-(1/2) (u ⊙ u))) + Φ) ⊙ ∂ℒ/∂h
    part = 0.3989422804014327 * np.exp(-(0.5 * np.square(u)))
    du = (part * u + Phi) * dh
    return Gradients(_unflat(du, batch))


@np.errstate(under="ignore")
def jvp(inputs, tangents):
    """The output, and its derivative along tangents of the inputs (forward mode).

    Arguments:
        inputs: forward's arguments, as one tuple
        tangents: a tuple of directions in the order of Gradients, each in its input's shape

    Returns (output, tangent), both of shape (...).
    """
    (u,) = _each("inputs", inputs, "u")
    (u, dtype, batch, size_batch) = _arguments(u)
    (u_dot,) = _each("tangents", tangents, "u_dot")
    u_dot = _flat(_like("u_dot", u_dot, (*batch,), dtype, "u"), batch)
    # Phi[...] := (1 + erf(u[...] / sqrt(2))) / 2
    # in the form of: complementary error function
    Phi = 0.5 * _erfc(-(0.7071067811865476 * u))
    # h[...] = u[...] * Phi[...]
    # in the form of: complementary error function
    h = Phi * u
    # ḣ[…] = u̇[…] ((√(2) / (2 √(π))) u[…] exp(-(1/2) u[…]²) + Φ[…])
    # that is, u̇ ⊙ ((√(2) / (2 √(π))) (u ⊙ exp(-(1/2) (u ⊙ u))) + Φ)
    part = 0.3989422804014327 * np.exp(-(0.5 * np.square(u)))
    h_dot = (part * u + Phi) * u_dot
    return _unflat(h, batch), _unflat(h_dot, batch)


def jacobian(u):
    """Every derivative of every entry of the output; for teaching and tests, at small sizes.

    Returns Gradients whose arrays have the output's axes and then the input's.
    """
    h, cache = forward(u)
    return Gradients(*_by_rows(h, lambda dh: backward(dh, cache)))


def _arguments(u):
    """The arguments, checked, with their dtype and the sizes of their axes."""
    u = _array("u", u, "...")
    dtype = u.dtype
    sizes = _sizes(
        u=(u, "..."),
    )
    batch = sizes["..."]
    u = _flat(u, batch)
    size_batch = u.shape[0]
    return (u, dtype, batch, size_batch)


def _read(name, value):
    """The value as an array."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def _array(name, value, axes, dtype=None):
    """The value as an array of floats with these axes, of this dtype where one is given."""
    array = _read(name, value)
    if array.dtype.type not in (np.float32, np.float64) or (
        dtype and array.dtype.type is not dtype.type
    ):
        wanted = f"{dtype}, as the arguments before it" if dtype else "float32 or float64"
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {wanted}")
    if not _fits(array, axes):
        raise ValueError(f"{name} has shape {array.shape}; it must be ({axes.replace(' ', ', ')})")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


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


def _sizes(**arrays):
    """The size of each axis, and of `...` all sizes; one axis has one size wherever it stands."""
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
    return sizes


def _flat(array, batch):
    """The leading axes, whose sizes are `batch`, as one axis."""
    return array.reshape((int(np.prod(batch)), *array.shape[len(batch) :]))


def _unflat(array, batch):
    """The first axis as the leading axes that it was."""
    return array.reshape((*batch, *array.shape[1:]))


def _like(name, value, shape, dtype, model):
    """The value as an array of this shape and dtype, those of the model."""
    array = _read(name, value)
    if array.dtype.type is not dtype.type:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be {dtype}, as {model}")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}, as {model}")
    return array.astype(dtype, copy=False)


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


def _erfc(x):
    """1 - erf(x), without cancelling where x is large: W. J. Cody, Math. Comp. 23 (1969)."""
    y = np.abs(x)
    near = np.clip(x, -0.46875, 0.46875)
    above = _erfc_above(np.maximum(y, 0.46875))
    return np.where(
        y <= 0.46875, 1 - near * _ratio(near * near, *_ERF), np.where(x > 0, above, 2 - above)
    )


def _erfc_above(y):
    """1 - erf(y) for y of 0.46875 or more."""
    z = 1 / np.square(np.maximum(y, 4))
    far = (1 / np.pi**0.5 - z * _ratio(z, *_ERFC_FAR)) / np.maximum(y, 4)
    scaled = np.where(y <= 4, _ratio(np.minimum(y, 4), *_ERFC), far)
    cut = np.minimum(y, 30)  # exp(-900) is 0
    short = np.floor(16 * cut) / 16  # its square is exact
    return np.exp(-short * short) * np.exp((short - cut) * (short + cut)) * scaled


def _ratio(x, above, below):
    """A quotient of polynomials, the highest power first."""
    top, bottom = above[0], below[0]
    for a in above[1:]:
        top = top * x + a
    for b in below[1:]:
        bottom = bottom * x + b
    return top / bottom


_ERF = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2,
     3.77485237685302021e2, 3.20937758913846947e3),
    (1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
     2.84423683343917062e3),
)
_ERFC = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594,
     6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2,
     1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    (1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3,
     3.43936767414372164e3, 1.23033935480374942e3),
)
_ERFC_FAR = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
     1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    (1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1,
     6.05183413124413191e-2, 2.33520497626869185e-3),
)
