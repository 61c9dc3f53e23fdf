"""What a generated module refuses, and that its message names the argument, the fault, the wish."""

import re

import numpy as np
import pytest

from tests.definitions import facts
from tests.places import completed, windowed
from tests.samples import NAMES, cotangent, draw, module, sizes_of
from tests.test_generated import needed

ARGUMENTS = [(n, i) for n in NAMES for i in facts(n).axes]
LABELS = [(n, i) for n, i in ARGUMENTS if i in facts(n).labels]
NUMBERS = [(n, i) for n, i in ARGUMENTS if not facts(n).axes[i] and (n, i) not in LABELS]
ARRAYS = [(n, i) for n, i in ARGUMENTS if facts(n).axes[i] and (n, i) not in LABELS]
PAIRS = [(n, i) for n, i in ARRAYS if sum(n == m for m, _ in ARRAYS) > 1]
ARRAY_OUT = [n for n in NAMES if facts(n).out_axes()]
NUMBER_OUT = [n for n in NAMES if not facts(n).out_axes()]
FLOATS = "float32 or float64|float64, as"
EMPTY = [(n, axis) for n in NAMES for axis in sorted(needed(n) - windowed(facts(n)))]


def sample(name, dtype="float64", **sizes):
    layer, rng = facts(name), np.random.default_rng(0)
    inputs = draw(layer, sizes_of(layer, **sizes), rng, "normal", dtype)
    return inputs, cotangent(layer, inputs, rng, dtype)


def refuses(name, argument, value, error, found, wanted):
    """Forward raises this, and says which argument, what was found and what is wanted."""
    inputs, _ = sample(name)
    with pytest.raises(error) as caught:
        module(name).forward(**inputs | {argument: value})
    says(caught, argument, found, wanted)


def says(caught, argument, found, wanted):
    message = str(caught.value)
    assert re.match(rf"{argument}\b", message), message
    assert found in message, message
    assert re.search(wanted, message), message


WRONG_DTYPES = {
    "float16": lambda v: v.astype(np.float16),
    "longdouble": lambda v: v.astype(np.longdouble),
    "complex128": lambda v: v.astype(complex),
    "int64": lambda v: v.astype(np.int64),
    "bool": lambda v: v > 0,
    "object": lambda v: v.astype(object),
    "<U": lambda v: v.astype(str),
    "datetime64": lambda v: np.zeros(v.shape, "datetime64[s]"),
}


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
@pytest.mark.parametrize("dtype", WRONG_DTYPES)
def test_array_of_a_wrong_dtype(name, argument, dtype):
    value = WRONG_DTYPES[dtype](sample(name)[0][argument])
    refuses(name, argument, value, TypeError, str(value.dtype), FLOATS)


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
@pytest.mark.parametrize("value", [None, "text", b"bytes", {}, object(), 3, True, [[None]]])
def test_no_array_at_all(name, argument, value):
    with pytest.raises((TypeError, ValueError)) as caught:
        module(name).forward(**sample(name)[0] | {argument: value})
    says(caught, argument, "", "must be")


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_ragged_lists(name, argument):
    with pytest.raises((TypeError, ValueError)) as caught:
        module(name).forward(**sample(name)[0] | {argument: [[1.0], [1.0, 2.0]]})
    says(caught, argument, "", "must")


@pytest.mark.parametrize(("name", "argument"), PAIRS)
def test_mixed_dtypes(name, argument):
    """The one argument in float32 is named; of two that differ it is the second."""
    inputs, _ = sample(name)
    inputs[argument] = inputs[argument].astype(np.float32)
    arrays = [n for n, v in inputs.items() if np.ndim(v) and v.dtype.kind == "f"]
    first = len(arrays) == 2 and arrays[0] == argument
    odd, here, usual = (
        (arrays[1], "float64", "float32") if first else (argument, "float32", "float64")
    )
    with pytest.raises(TypeError, match=f"^{odd} has dtype {here}; it must be {usual}, as"):
        module(name).forward(**inputs)


CHANGES = {
    "one axis fewer": lambda v: v[0],
    "two axes fewer": lambda v: v[0, 0],
    "an axis before": lambda v: v[None],
    "an axis after": lambda v: v[..., None],
    "nothing": lambda v: v.ravel()[:0],
}
DEEP = {"one axis fewer": 1, "two axes fewer": 2}  # how many axes a change takes away


def changed(name, argument, change):
    inputs, _ = sample(name)
    inputs[argument] = CHANGES[change](np.asarray(inputs[argument]))
    return inputs


def leading(name, argument):
    """Has this argument any number of leading axes?"""
    return facts(name).axes[argument][:1] == ("...",)


def axis_by_axis(name, argument, shape):
    """Each axis of a tensor with this shape and its size, of `...` all sizes; None: it cannot."""
    axes = facts(name).axes[argument]
    lead = len(shape) - len(axes) + 1
    if leading(name, argument):
        return [*zip(axes, (shape[:lead], *shape[lead:]), strict=True)] if lead >= 0 else None
    return [*zip(axes, shape, strict=True)] if lead == 1 else None


def sizes_in(name, argument, shape):
    """The same by axis."""
    found = axis_by_axis(name, argument, shape)
    return None if found is None else dict(found)


def sizes_of_axis(name, argument, shape, axis):
    """The sizes that it has: two, where a matrix that is to be square is not."""
    return {size for own, size in axis_by_axis(name, argument, shape) if own == axis}


def right_sizes(name, inputs):
    """The size of each axis, or None where two tensors differ or one has too few or many axes."""
    sizes = {}
    for argument in facts(name).axes:
        found = sizes_in(name, argument, np.shape(inputs[argument]))
        if found is None or any(sizes.setdefault(a, size) != size for a, size in found.items()):
            return None
    return sizes


def says_where_sizes_differ(caught, name, argument, inputs):
    """The message names two tensors, this one among them, their axis, and the size that it has."""
    pattern = r"(\w+) has shape (\(.*?\)); it must be \((.+)\) with (\S+) = (.+), as (\w+) has"
    match = re.fullmatch(pattern, str(caught.value))
    assert match, str(caught.value)
    blamed, shape, axes, axis, size, other = match.groups()
    assert argument in (blamed, other) and shape == str(inputs[blamed].shape)
    assert len(axes.split(", ")) == len(facts(name).axes[blamed]) and axis in axes.split(", ")
    axis = facts(name).same[axis.removeprefix("size_").lower()]
    here, there = (sizes_of_axis(name, i, inputs[i].shape, axis) for i in (blamed, other))
    assert here != there and size in map(str, there), str(caught.value)


CHANGED = [
    (n, i, change)
    for n, i in ARRAYS + LABELS
    for change in CHANGES
    if np.ndim(sample(n)[0][i]) >= DEEP.get(change, 0)
]
WRONG_SHAPES = [c for c in CHANGED if right_sizes(c[0], changed(*c)) is None]
RIGHT_SHAPES = [
    (n, i, change)
    for n, i, change in CHANGED
    if (sizes := right_sizes(n, changed(n, i, change))) and all(map(np.prod, sizes.values()))
]


@pytest.mark.parametrize(("name", "argument", "change"), WRONG_SHAPES)
def test_wrong_shape(name, argument, change):
    """Too few or too many axes, or leading axes or sizes other than those of another tensor."""
    inputs = changed(name, argument, change)
    axes, shape = facts(name).axes[argument], inputs[argument].shape
    with pytest.raises(ValueError) as caught:
        module(name).forward(**inputs)
    if sizes_in(name, argument, shape) is None:
        wanted = r"\.\.\.(, \w+)+" if leading(name, argument) else r"(\w+(, \w+)*)?"
        says(caught, argument, f"has shape {shape}; ", rf"it must be \({wanted}\)$")
        named = re.findall(r"[\w.]+", str(caught.value).split(" be ")[1])
        assert len(named) == len(axes), str(caught.value)
    else:
        says_where_sizes_differ(caught, name, argument, inputs)


@pytest.mark.parametrize(("name", "argument", "change"), RIGHT_SHAPES)
def test_right_shape(name, argument, change):
    """Leading axes are any number of them, and what agrees with the other tensors is taken."""
    inputs = changed(name, argument, change)
    output, _ = module(name).forward(**inputs)
    sizes = right_sizes(name, inputs)
    ends = {axis: size for axis, size in sizes.items() if axis != "..."}
    sizes |= completed(facts(name), ends) if facts(name).sizes else {}
    wanted = [np.ravel(sizes[a]) for a in facts(name).out_axes()]
    assert output.shape == tuple(np.concatenate([[], *wanted]))


def test_leading_axes_may_be_wrong_and_right():
    assert ("hinge", "y", "an axis before") in WRONG_SHAPES
    assert ("relu", "u", "one axis fewer") in RIGHT_SHAPES
    assert ("mlp", "x", "an axis before") in WRONG_SHAPES


SHARED = [
    (n, i, axis)
    for n, i in ARRAYS + LABELS
    for axis in facts(n).axes[i]
    if sum(axis in axes for axes in facts(n).axes.values()) > 1
]


@pytest.mark.parametrize(("name", "argument", "axis"), SHARED)
@pytest.mark.parametrize("more", [-1, 1])
def test_two_sizes_for_one_axis(name, argument, axis, more):
    inputs, _ = sample(name)
    at = facts(name).axes[argument].index(axis)
    inputs[argument] = np.resize(
        inputs[argument], [s + more * (i == at) for i, s in enumerate(inputs[argument].shape)]
    )
    with pytest.raises(ValueError) as caught:
        module(name).forward(**inputs)
    says_where_sizes_differ(caught, name, argument, inputs)


@pytest.mark.parametrize(("name", "argument"), LABELS)
@pytest.mark.parametrize("dtype", [bool, float, np.float32, complex, object, str])
def test_labels_that_are_no_integers(name, argument, dtype):
    value = sample(name)[0][argument].astype(dtype)
    refuses(name, argument, value, TypeError, str(value.dtype), "integers")


LEADS = [(n, i, lead) for n, i in LABELS for lead in [(), (1,)] if not lead or leading(n, i)]


@pytest.mark.parametrize(("name", "argument", "lead"), LEADS)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, np.uint64])
@pytest.mark.parametrize("where", [0, -1])
def test_labels_out_of_range(name, argument, lead, dtype, where):
    """The message has the place, the value and the range; the first bad label is the one named."""
    inputs, _ = sample(name)
    if lead:
        inputs = {i: v[None] if leading(name, i) else v for i, v in inputs.items()}
    size = sizes_of(facts(name))[facts(name).labels[argument]]
    bad = [size, np.iinfo(dtype).max] + [-1, np.iinfo(dtype).min] * (np.iinfo(dtype).min < 0)
    for label in bad:
        value = np.array(inputs[argument], dtype)
        at = tuple(where % size for size in value.shape)
        value[at] = label
        with pytest.raises(ValueError) as caught:
            module(name).forward(**inputs | {argument: value})
        place = f"[{', '.join(map(str, at))}]"
        found = f"{argument}{place if at else ''} is {label}"
        assert str(caught.value) == f"{found}; it must be from 0 to {size - 1}"


@pytest.mark.parametrize(("name", "argument"), NUMBERS)
@pytest.mark.parametrize("value", [None, "1", 1j, True, [1.0], np.ones(1), np.ones((2, 2)), object])
def test_no_number(name, argument, value):
    array = np.asarray(value)
    shape = array.ndim and array.dtype.kind == "f"
    found = str(array.shape) if shape else str(array.dtype)
    refuses(name, argument, value, ValueError if shape else TypeError, found, "one real number")


@pytest.mark.parametrize(("name", "axis"), EMPTY)
def test_empty_axis(name, axis):
    inputs, _ = sample(name)
    for tensor, axes in facts(name).axes.items():
        for at in (i for i, a in enumerate(axes) if a == axis):
            inputs[tensor] = np.take(inputs[tensor], [], axis=at)
    with pytest.raises(ValueError) as caught:
        module(name).forward(**inputs)
    words = r"(the number of examples in the leading axes|\w+) is 0; it must be at least 1"
    match = re.fullmatch(words, str(caught.value))
    assert match, str(caught.value)
    capital = "..." if " " in match[1] else match[1].removeprefix("size_").lower()
    assert facts(name).same[capital] == axis


def test_some_layers_need_examples_and_classes():
    assert {("softmax", "i"), ("mlp", "n"), ("mlp", "i")} <= set(EMPTY)
    assert ("mean_squared_error", "...") in EMPTY


@pytest.mark.parametrize("name", ARRAY_OUT)
def test_wrong_cotangent(name):
    inputs, g = sample(name)
    output, kept = module(name).forward(**inputs)
    wrong = {
        TypeError: [g.astype(t) for t in (np.float32, np.float16, int, complex, bool, object)],
        ValueError: [g[None], g[:1], g[..., None], g.sum(), np.concatenate([g, g])],
    }
    wrong[TypeError] += [None, "text", 1]
    for error, values in wrong.items():
        for value in values:
            with pytest.raises(error) as caught:
                module(name).backward(value, kept)
            array = np.asarray(value)
            found = str(array.dtype if error is TypeError else array.shape)
            wanted = str(output.dtype if error is TypeError else output.shape)
            says(caught, f"d{facts(name).output}", found, f"must be {re.escape(wanted)}")


@pytest.mark.parametrize("name", NUMBER_OUT)
@pytest.mark.parametrize("value", [None, "1", 1j, True, [1.0], np.ones(1)])
def test_wrong_cotangent_of_a_number(name, value):
    _, kept = module(name).forward(**sample(name)[0])
    with pytest.raises(ValueError if np.ndim(value) else TypeError) as caught:
        module(name).backward(value, kept)
    says(caught, f"d{facts(name).output}", "", "one real number")


@pytest.mark.parametrize("name", NAMES)
def test_missing_and_unknown_arguments(name):
    inputs, _ = sample(name)
    with pytest.raises(TypeError):
        module(name).forward(**inputs, another=1)
    with pytest.raises(TypeError):
        module(name).forward()


@pytest.mark.parametrize("name", NAMES)
def test_wrong_cache(name):
    _, g = sample(name)
    for cache in (None, (1, 2), g):
        with pytest.raises(TypeError) as caught:
            module(name).backward(g, cache)
        says(caught, "cache", type(cache).__name__, "what forward of this module returned")
