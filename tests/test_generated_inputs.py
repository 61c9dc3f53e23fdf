"""What a generated module refuses, and that its message names the argument, the fault, the wish."""

import re

import numpy as np
import pytest

from tests.definitions import facts
from tests.samples import NAMES, cotangent, draw, module, sizes_of
from tests.test_generated import needed

ARGUMENTS = [(n, i) for n in NAMES for i in facts(n).axes]
LABELS = [(n, i) for n, i in ARGUMENTS if i in facts(n).labels]
NUMBERS = [(n, i) for n, i in ARGUMENTS if not facts(n).axes[i]]
ARRAYS = [(n, i) for n, i in ARGUMENTS if facts(n).axes[i] and (n, i) not in LABELS]
PAIRS = [(n, i) for n, i in ARRAYS if sum(n == m for m, _ in ARRAYS) > 1]
ARRAY_OUT = [n for n in NAMES if facts(n).out_axes()]
NUMBER_OUT = [n for n in NAMES if not facts(n).out_axes()]
FLOATS = "float32 or float64|float64, as"
EMPTY = [(n, axis) for n in NAMES for axis in sorted(needed(n))]


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
@pytest.mark.parametrize("value", [None, "text", b"bytes", {}, object(), 3, True, [], [[None]]])
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
    """One argument in float32 among others in float64: the message names one of the two."""
    inputs, _ = sample(name)
    inputs[argument] = inputs[argument].astype(np.float32)
    with pytest.raises(
        TypeError, match=r"^\w+ has dtype float(32|64); it must be float(64|32), as"
    ):
        module(name).forward(**inputs)


@pytest.mark.parametrize(("name", "argument"), ARRAYS + LABELS)
@pytest.mark.parametrize("change", [np.squeeze, lambda v: v[None], lambda v: v[..., None]])
def test_wrong_rank(name, argument, change):
    value = sample(name)[0][argument]
    value = change(value[:1] if change is np.squeeze else value)
    wanted = r"must be \(\w+(,|, \w+)*\)"
    refuses(name, argument, value, ValueError, str(value.shape), wanted)


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
    size = inputs[argument].shape[at]
    inputs[argument] = np.resize(
        inputs[argument], [s + more * (i == at) for i, s in enumerate(inputs[argument].shape)]
    )
    with pytest.raises(ValueError, match=r"must be \(.*\) with \w+ = \d+, as \w+ has") as caught:
        module(name).forward(**inputs)
    blamed, other = re.search(r"^(\w+) has .* as (\w+) has$", str(caught.value)).groups()
    assert argument in (blamed, other)
    assert all(axis in facts(name).axes[i] for i in (blamed, other))
    assert {str(size), str(size + more)} <= set(re.findall(r"\d+", str(caught.value)))


@pytest.mark.parametrize(("name", "argument"), LABELS)
@pytest.mark.parametrize("dtype", [bool, float, np.float32, complex, object, str])
def test_labels_that_are_no_integers(name, argument, dtype):
    value = sample(name)[0][argument].astype(dtype)
    refuses(name, argument, value, TypeError, str(value.dtype), "integers")


@pytest.mark.parametrize(("name", "argument"), LABELS)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, np.uint64])
@pytest.mark.parametrize("where", [0, -1])
def test_labels_out_of_range(name, argument, dtype, where):
    """The message has the place, the value and the range; the first bad label is the one named."""
    inputs, _ = sample(name)
    size = sizes_of(facts(name))[facts(name).labels[argument]]
    bad = [size, np.iinfo(dtype).max] + [-1, np.iinfo(dtype).min] * (np.iinfo(dtype).min < 0)
    for label in bad:
        value = inputs[argument].astype(dtype)
        value[where] = label
        row = where % len(value)
        with pytest.raises(ValueError) as caught:
            module(name).forward(**inputs | {argument: value})
        assert str(caught.value) == f"{argument}[{row}] is {label}; it must be from 0 to {size - 1}"


@pytest.mark.parametrize(("name", "argument"), NUMBERS)
@pytest.mark.parametrize("value", [None, "1", 1j, True, [1.0], np.ones(1), np.ones((2, 2)), object])
def test_no_number(name, argument, value):
    array = np.asarray(value)
    found = str(array.shape) if array.ndim else str(array.dtype)
    refuses(name, argument, value, TypeError, found, "one real number")


@pytest.mark.parametrize(("name", "axis"), EMPTY)
def test_empty_axis(name, axis):
    inputs, _ = sample(name)
    for tensor, axes in facts(name).axes.items():
        for at in (i for i, a in enumerate(axes) if a == axis):
            inputs[tensor] = np.take(inputs[tensor], [], axis=at)
    with pytest.raises(ValueError, match=r"^\w+ is 0; it must be at least 1$") as caught:
        module(name).forward(**inputs)
    capital = str(caught.value).split()[0].removeprefix("size_").lower()
    assert facts(name).same[capital] == axis


def test_some_layers_need_examples_and_classes():
    assert {("softmax", "i"), ("mlp", "n"), ("mlp", "i")} <= set(EMPTY)


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
    with pytest.raises(TypeError) as caught:
        module(name).backward(value, kept)
    says(caught, f"d{facts(name).output}", "", "one real number")


@pytest.mark.parametrize("name", NAMES)
def test_missing_and_unknown_arguments(name):
    inputs, _ = sample(name)
    with pytest.raises(TypeError):
        module(name).forward(**inputs, another=1)
    with pytest.raises(TypeError):
        module(name).forward()
