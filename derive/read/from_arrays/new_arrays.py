"""NumPy's functions of sizes, and those that make new arrays."""

from __future__ import annotations

from pullback.derive.read.from_arrays import assigning, products, shaping
from pullback.derive.read.from_arrays.algebra import both, choose, compare, operation
from pullback.derive.read.from_arrays.functions import absent, known, only, real, whole
from pullback.derive.read.from_arrays.values import (
    ONE,
    Array,
    Axes,
    Items,
    Kind,
    Reach,
    Unreadable,
    Value,
    array,
    literal,
    number,
    size_of,
)
from pullback.derive.read.trees import BATCH

# -- sizes -----------------------------------------------------------------------------------------


@known("numpy.shape", "a")
def shape(a: Value) -> Value:
    """x.shape."""
    return shaping.shape_of(array(a))


@known("numpy.ndim", "a")
def ndim(a: Value) -> Value:
    """How many axes there are."""
    axes = array(a).axes
    if BATCH in axes:
        raise Unreadable(f"the number of axes of a shape with '{BATCH}' is not known")
    return literal(len(axes))


@known("numpy.size", "a")
def size(a: Value) -> Value:
    """How many entries there are."""
    sizes = [size_of(axis) for axis in array(a).axes if axis != ONE]
    found: Value = sizes[0] if sizes else literal(1)
    for more in sizes[1:]:
        found = operation("*", found, more)
    return found


@known("builtins.len", "x")
def length(x: Value) -> Value:
    """The size of the first axis."""
    if isinstance(x, Items):
        return literal(len(x.items))
    value = array(x)
    if not value.axes or value.axes[0] == BATCH:
        raise Unreadable("len( ) takes an array whose first axis has a name")
    return size_of(value.axes[0])


# -- new arrays ------------------------------------------------------------------------------------


def filled(axes: Axes, value: Value, whole_numbers: bool = False) -> Array:
    """One number everywhere."""
    made = assigning.broadcast_into(number(value), axes)
    return Array(axes, made.entry, whole=whole_numbers)


def floats(dtype: Value) -> None:
    """New arrays hold floats."""
    only(dtype, "dtype", None, "float", "float64")


@known("numpy.zeros", "shape, dtype=None")
def zeros(shape: Value, dtype: Value) -> Value:
    """Zeros."""
    floats(dtype)
    return filled(shaping.axes_of_shape(shape), literal(0))


@known("numpy.ones", "shape, dtype=None")
def ones(shape: Value, dtype: Value) -> Value:
    """Ones."""
    floats(dtype)
    return filled(shaping.axes_of_shape(shape), literal(1))


@known("numpy.full", "shape, fill_value, dtype=None")
def full(shape: Value, fill_value: Value, dtype: Value) -> Value:
    """One number everywhere; whole numbers make an array of integers."""
    floats(dtype)
    own = number(fill_value).whole and absent(dtype)
    return filled(shaping.axes_of_shape(shape), fill_value, own)


def as_large_as(a: Value, fill: Value, dtype: Value) -> Array:
    """One number in the shape and of the type of an array."""
    value = array(a)
    floats(dtype)
    if value.kind is not Kind.REAL and absent(dtype):
        raise Unreadable(f"NumPy makes this of the type of {value.kind.value}; add dtype=float")
    return filled(value.axes, fill, value.whole and absent(dtype))


@known("numpy.zeros_like", "a, dtype=None")
def zeros_like(a: Value, dtype: Value) -> Value:
    """Zeros in the shape of an array."""
    return as_large_as(a, literal(0), dtype)


@known("numpy.ones_like", "a, dtype=None")
def ones_like(a: Value, dtype: Value) -> Value:
    """Ones in the shape of an array."""
    return as_large_as(a, literal(1), dtype)


@known("numpy.full_like", "a, fill_value, dtype=None")
def full_like(a: Value, fill_value: Value, dtype: Value) -> Value:
    """One number in the shape of an array."""
    if number(a).whole and not number(fill_value).whole:
        raise Unreadable("np.full_like of whole numbers cuts fractions off; add dtype=float")
    return as_large_as(a, fill_value, dtype)


@known("numpy.arange builtins.range", "stop")
def arange(stop: Value) -> Value:
    """The places on an axis."""
    axis = array(stop).size
    if axis is None or axis in (ONE, BATCH):
        raise Unreadable(
            "np.arange and range take the size of an axis, as in np.arange(x.shape[0])"
        )
    return Array(
        (axis,), lambda i, s: i[0], kind=Kind.PLACE, reach=Reach(axis), size=axis, whole=True
    )


def places(axes: Axes) -> tuple[Value, Value]:
    """The places on both axes of a matrix, as a column and as a row."""
    row, column = (arange(size_of(a)) for a in axes)
    return shaping.expand(array(row), [1]), column


def diagonal_of_ones(axes: Axes) -> Array:
    """1 where both places are one."""
    return real(compare("==", *places(axes)))


@known("numpy.eye", "N, M=None, *, dtype=None")
def eye(n: Value, m: Value, dtype: Value) -> Value:
    """1 on the diagonal."""
    floats(dtype)
    return diagonal_of_ones(shaping.axes_of_shape(Items((n, n if absent(m) else m))))


@known("numpy.identity", "n")
def identity(n: Value) -> Value:
    """1 on the diagonal."""
    return diagonal_of_ones(shaping.axes_of_shape(Items((n, n))))


@known("numpy.tri", "N")
def tri(n: Value) -> Value:
    """1 on the diagonal and below."""
    row, column = places(shaping.axes_of_shape(Items((n, n))))
    return real(compare(">=", row, column))


@known("numpy.tril", "m, k=0")
def tril(m: Value, k: Value) -> Value:
    """What is on the diagonal and below, or below alone."""
    return triangle(m, {0: ">=", -1: ">"}, k)


@known("numpy.triu", "m, k=0")
def triu(m: Value, k: Value) -> Value:
    """What is on the diagonal and above, or above alone."""
    return triangle(m, {0: "<=", 1: "<"}, k)


def triangle(m: Value, signs: dict[int, str], k: Value) -> Array:
    """A matrix with zeros on one side of its diagonal."""
    value, shift = array(m), whole(k, "k")
    if shift not in signs:
        raise Unreadable(f"k is read as {' or '.join(map(str, signs))}")
    if len(value.axes) < 2 or value.axes[-2] in (ONE, BATCH) or value.axes[-1] == ONE:
        raise Unreadable("a triangle is that of two axes with names")
    if value.axes[-1] != value.axes[-2]:
        raise Unreadable(
            f"a triangle of '{value.axes[-2]}' by '{value.axes[-1]}' compares places on two axes"
        )
    side = compare(signs[shift], *places(value.axes[-2:]))
    if value.kind is Kind.MASK:
        return both(side, value)
    return choose(side, value, literal(0))


@known("numpy.diagonal", "a")
def diagonal(a: Value) -> Value:
    """The diagonal of a matrix."""
    if len(array(a).axes) != 2:
        raise Unreadable("np.diagonal is read for two axes")
    return products.einsum("ii->i", [a])


@known("numpy.diag", "v")
def diag(v: Value) -> Value:
    """The diagonal of a matrix, or a matrix of a diagonal."""
    value = number(v)
    if len(value.axes) == 2:
        return products.einsum("ii->i", [value])
    if len(value.axes) != 1:
        raise Unreadable("np.diag is read for one axis or two")
    return products.einsum("i,ij->ij", [value, diagonal_of_ones(value.axes * 2)])
