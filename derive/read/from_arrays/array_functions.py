"""NumPy's functions that make arrays, multiply them, or put their axes elsewhere."""

from __future__ import annotations

from pullback.derive.read.from_arrays import assigning, indexing, products, shaping
from pullback.derive.read.from_arrays.algebra import (
    broadcast,
    position,
)
from pullback.derive.read.from_arrays.functions import (
    absent,
    as_type,
    known,
    real,
    whole,
    wholes,
)
from pullback.derive.read.from_arrays.values import (
    ONE,
    Array,
    Constant,
    Items,
    Unreadable,
    Value,
    array,
    literal,
    number,
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
    return assigning.broadcast_into(number(own), axes)


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
