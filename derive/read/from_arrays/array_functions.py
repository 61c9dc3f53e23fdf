"""NumPy's functions that make arrays, multiply them, or put their axes elsewhere."""

from __future__ import annotations

from pullback.derive.read.from_arrays import indexing, products, shaping
from pullback.derive.read.from_arrays.algebra import (
    both,
    broadcast,
    choose,
    compare,
    operation,
    position,
)
from pullback.derive.read.from_arrays.functions import (
    absent,
    as_type,
    known,
    only,
    real,
    whole,
    wholes,
)
from pullback.derive.read.from_arrays.values import (
    ONE,
    Array,
    Axes,
    Constant,
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

# -- products --------------------------------------------------------------------------------------


@known("numpy.matmul", "a, b")
def matmul(a: Value, b: Value) -> Value:
    """a @ b."""
    return products.matmul(a, b)


@known("numpy.dot", "a, b")
def dot(a: Value, b: Value) -> Value:
    """np.dot."""
    return products.dot(a, b)


@known("numpy.vdot", "a, b")
def vdot(a: Value, b: Value) -> Value:
    """The product of two vectors."""
    if len(array(a).axes) != 1 or len(array(b).axes) != 1:
        raise Unreadable("np.vdot of more than one axis merges axes; write np.sum(a * b)")
    return products.dot(a, b)


@known("numpy.inner", "a, b")
def inner(a: Value, b: Value) -> Value:
    """np.inner."""
    return products.inner(a, b)


@known("numpy.outer", "a, b")
def outer(a: Value, b: Value) -> Value:
    """np.outer."""
    return products.outer(a, b)


@known("numpy.tensordot", "a, b, axes=2")
def tensordot(a: Value, b: Value, axes: Value) -> Value:
    """np.tensordot."""
    left, right = number(a), number(b)
    if isinstance(axes, Items) and len(axes.items) == 2:
        first, second = (wholes(v, "axes") for v in axes.items)
    else:
        count = whole(axes, "axes")
        if not 0 <= count <= min(len(left.axes), len(right.axes)):
            raise Unreadable(f"np.tensordot over {count} axes")
        first, second = list(range(-count, 0)), list(range(count))
    return products.tensordot(
        left,
        right,
        [position(left, p) for p in first],
        [position(right, p) for p in second],
    )


@known("numpy.einsum", "*")
def einsum(*values: Value) -> Value:
    """np.einsum with its subscripts as text."""
    if not values or not isinstance(values[0], Constant) or not isinstance(values[0].value, str):
        raise Unreadable("np.einsum takes its subscripts as text first")
    if len(values) < 2:
        raise Unreadable("np.einsum takes an array for each subscript")
    return products.einsum(values[0].value, values[1:])


@known("numpy.trace", "a")
def trace(a: Value) -> Value:
    """The sum of the diagonal."""
    if len(array(a).axes) != 2:
        raise Unreadable("np.trace is read for two axes")
    return products.einsum("ii->", [a])


@known("numpy.diag numpy.diagonal", "v")
def diag(v: Value) -> Value:
    """The diagonal of a matrix, or a matrix of a diagonal."""
    value = number(v)
    if len(value.axes) == 2:
        return products.einsum("ii->i", [value])
    if len(value.axes) != 1:
        raise Unreadable("np.diag is read for one axis or two")
    return products.einsum("i,ij->ij", [value, diagonal_of_ones(value.axes * 2)])


# -- axes ------------------------------------------------------------------------------------------


@known("numpy.transpose", "a, axes=None")
def transpose(a: Value, axes: Value) -> Value:
    """The axes in another order."""
    return shaping.transpose(array(a), None if absent(axes) else wholes(axes, "axes"))


@known("numpy.swapaxes", "a, axis1, axis2")
def swapaxes(a: Value, axis1: Value, axis2: Value) -> Value:
    """Two axes in one another's place."""
    return shaping.swap(array(a), whole(axis1, "axis1"), whole(axis2, "axis2"))


@known("numpy.moveaxis", "a, source, destination")
def moveaxis(a: Value, source: Value, destination: Value) -> Value:
    """One axis put elsewhere."""
    return shaping.move(array(a), whole(source, "source"), whole(destination, "destination"))


@known("numpy.expand_dims", "a, axis")
def expand_dims(a: Value, axis: Value) -> Value:
    """New axes of size 1."""
    return shaping.expand(array(a), wholes(axis, "axis"))


@known("numpy.squeeze", "a, axis=None")
def squeeze(a: Value, axis: Value) -> Value:
    """Without axes of size 1."""
    return shaping.squeeze(array(a), None if absent(axis) else wholes(axis, "axis"))


@known("numpy.reshape", "a, shape")
def reshape(a: Value, shape: Value) -> Value:
    """Axes of size 1 added or dropped."""
    return shaping.reshape(array(a), shape)


@known("numpy.ravel", "a")
def ravel(a: Value) -> Value:
    """One axis, of an array that has one."""
    value = array(a)
    if sum(axis != ONE for axis in value.axes) > 1 or BATCH in value.axes:
        raise Unreadable("ravel and flatten merge axes; index notation keeps them apart")
    return shaping.reshape(value, literal(-1))


@known("flatten", "a")
def flatten(a: Value) -> Value:
    """ravel, in memory of its own."""
    return copy(ravel(a))


@known("numpy.broadcast_to", "array, shape")
def broadcast_to(value: Value, shape: Value) -> Value:
    """A value seen with these axes, to be read alone."""
    own, axes = array(value), shaping.axes_of_shape(shape)
    if broadcast(own.axes, axes) != axes:
        raise Unreadable("np.broadcast_to a shape that does not fit")
    return indexing.broadcast_into(number(own), axes)


@known("numpy.take_along_axis", "arr, indices, axis")
def take_along_axis(arr: Value, indices: Value, axis: Value) -> Value:
    """One entry of each row, by labels."""
    value = array(arr)
    return indexing.along(value, array(indices), position(value, whole(axis, "axis")))


@known("numpy.take", "a, indices, axis")
def take(a: Value, indices: Value, axis: Value) -> Value:
    """The entries at labels of one axis."""
    value = array(a)
    place = position(value, whole(axis, "axis"))
    return indexing.get(value, [*[indexing.FULL] * place, indices])


@known("numpy.copy", "a")
def copy(a: Value) -> Value:
    """The same entries in memory of their own."""
    value = array(a)
    return Array(
        value.axes,
        value.entry,
        kind=value.kind,
        condition=value.condition,
        reach=value.reach,
        whole=value.whole,
        tensor=value.tensor,
    )


@known("numpy.array", "object, dtype=None")
def as_array(value: Value, dtype: Value) -> Value:
    """An array of an array or a number."""
    found = array(value, "np.array's argument")
    return copy(found) if absent(dtype) else as_type(found, dtype)


@known("numpy.asarray numpy.ascontiguousarray", "a, dtype=None")
def same(value: Value, dtype: Value) -> Value:
    """The array itself."""
    found = array(value, "the argument")
    return found if absent(dtype) else as_type(found, dtype)


@known("numpy.float64 builtins.float", "x")
def to_float(x: Value) -> Value:
    """A number as a float."""
    value = number(x)
    if value.axes:
        raise Unreadable("float( ) takes a single number")
    made = real(value)
    return Array(
        (), made.entry, literal=float(v) if (v := value.literal) is not None else None, python=True
    )


@known("astype", "a, dtype")
def astype(a: Value, dtype: Value) -> Value:
    """A change of type."""
    return as_type(a, dtype)


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
    made = indexing.broadcast_into(number(value), axes)
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


@known("numpy.eye", "N, M=None, dtype=None")
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
