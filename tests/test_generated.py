"""Every generated module against the reference: values, layouts, dtypes, ties, extremes, NaN."""

import inspect
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pullback.derive.read.trees import Ref, walk
from tests.definitions import LAYERS, facts
from tests.places import has_matrices, windowed
from tests.reference import DIGITS, MP, Depends, Exact, forward, gradients
from tests.samples import (
    DTYPES,
    KINDS,
    NAMES,
    STRICT,
    Reached,
    check,
    compare,
    cotangent,
    draw,
    module,
    reshape_leading,
    run,
    sizes_of,
    with_values,
)
from tests.shipped import FEW


def is_real_number(name, argument):
    """Is this an argument without axes, and no label?"""
    return not facts(name).axes[argument] and argument not in facts(name).labels


MANY = 400  # digits enough to tell 1 - exp(-750) from 1
LEADING = [n for n in NAMES if "..." in facts(n).same]
LABELLED = [n for n in NAMES if facts(n).labels]
SCALARS = [(n, i) for n in NAMES for i in facts(n).axes if is_real_number(n, i)]
every_layer = pytest.mark.parametrize("name", NAMES)
# elimination mixes all entries, and finds none where it meets NaN
without_matrices = pytest.mark.parametrize("name", [n for n in NAMES if not has_matrices(facts(n))])
# recurrences and networks, whose reference takes a minute for some examples
LONG = ("crf", "conv_net", "gru", "lstm", "multi_head_attention", "rnn", "transformer_block")
short_first = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in NAMES]
)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def sample(name, seed=0, kind="normal", dtype="float64", **sizes):
    layer, rng = facts(name), np.random.default_rng(seed)
    inputs = draw(layer, sizes_of(layer, **sizes), rng, kind, dtype)
    return inputs, cotangent(layer, inputs, rng, dtype)


def needed(name):
    """The axes that the docstring says must have at least one place."""
    sentence = re.search(r"^ *(.+) must be at least 1;", module(name).forward.__doc__, re.M)
    capitals = sentence[1].split(" and ") if sentence else []
    return {facts(name).same[c.removeprefix("size_").lower()] for c in capitals}


def test_some_layers_are_found():
    assert {p.stem for p in LAYERS.glob("*.toml")} == set(NAMES)
    assert LABELLED and SCALARS and LEADING


@every_layer
def test_inputs_and_gradients_are_in_the_order_of_the_definition(name):
    layer, code = facts(name), module(name)
    assert list(inspect.signature(code.forward).parameters) == [
        *layer.axes,
        *layer.arguments,
        "work",
    ]
    assert list(inspect.signature(code.backward).parameters) == [f"d{layer.output}", "cache"]
    assert code.Gradients._fields == tuple(f"d{w}" for w in layer.wrt)


@short_first
@every_dtype
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6)
@given(data=st.data())
def test_forward_and_gradients(name, dtype, kind, data):
    layer = facts(name)
    axes = sorted(set(layer.same.values()))
    most = (
        2 if name in LONG else 4 if len(axes) < 5 else 3
    )  # the reference's time goes with the product of all sizes
    sizes = {a: data.draw(st.integers(1, most), label=f"size of {a}") for a in axes}
    seed = data.draw(st.integers(0, 2**32 - 1), label="seed")
    inputs, g = sample(name, seed, kind, dtype, **sizes)
    check(module(name), name, inputs, g, MANY if kind in ("extreme", "outlier") else DIGITS)


@every_layer
@pytest.mark.parametrize("seed", range(2))
def test_random_gradients_are_right_relative_to_their_largest_entry(name, seed):
    """Plainly 1e-12 of the largest entry, with no look at how the entry came about."""
    inputs, g = sample(name, seed)
    _, found = run(module(name), facts(name), inputs, g)
    wanted_ones = gradients(name, inputs, g)
    largest_of_all = max(abs(e) for exact in wanted_ones.values() for e in exact.flat)
    for wanted, exact in wanted_ones.items():
        largest = max(abs(e) for e in exact.flat)
        if largest < largest_of_all * 1e-15:  # all of it is 0, as by the bias of keys
            largest = largest_of_all
        bound = np.full(exact.shape, largest * 1e-12, object)
        compare(f"d{wanted}", found[wanted], exact, bound, np.dtype("float64"))


# where all is 0: norms that are divided by, and matrices that have no inverse
SINGULAR = ("contrastive", "gaussian", "ridge_regression")


@every_layer
@every_dtype
def test_all_zeros(name, dtype):
    """Every tie and every kink at once."""
    inputs, g = sample(name, dtype=dtype)
    layer = facts(name)
    kept = {t.name for a in layer.assume for t in walk(a) if isinstance(t, Ref)}
    kept |= {*layer.labels, *layer.arguments}
    for sign in (1, -1):
        zero = {n: v if n in kept else np.copysign(v * 0, sign) for n, v in inputs.items()}
        if name in SINGULAR:
            with pytest.raises((FloatingPointError, ValueError)):
                run(module(name), layer, zero, g)
            continue
        check(module(name), name, zero, g)


# the loss of crf is a difference of two sums over places, each rounded by itself
@pytest.mark.parametrize(
    "name",
    [n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in LABELLED if n != "crf"],
)
@pytest.mark.parametrize(("dtype", "lead"), [("float64", 45), ("float64", 700), ("float32", 45)])
def test_right_class_far_ahead(name, dtype, lead):
    """The loss is about exp(-lead), and must not be 0; every entry is right relative to itself."""
    inputs, g = sample(name, dtype=dtype)
    layer = facts(name)
    (label, axis), *_ = layer.labels.items()
    ahead = [i for i in layer.wrt if axis in layer.axes[i]][-1]
    for tensor, axes in layer.axes.items():
        one = tensor == label or (axes and tensor not in (*layer.wrt, *layer.labels))
        inputs[tensor] = inputs[tensor] * 0 + bool(one)
    place = tuple(1 if a == axis else slice(None) for a in layer.axes[ahead])
    inputs[ahead][place] = lead
    output, _ = run(module(name), layer, inputs, g)
    with MP.workdps(MANY):
        exact = forward(name, inputs)
        # a hinge may be at rest, and a power of a small number no number that there is
        seen = np.asarray(exact > float(np.finfo(dtype).tiny), bool)
        strict = bool((seen == np.asarray(exact > 0, bool)).all())
    assert ((output > 0) == seen).all()
    check(module(name), name, inputs, g, MANY, strict)


EMPTY = [
    (n, a)
    for n in NAMES
    for a in sorted(set(facts(n).same.values()) - needed(n) - set(facts(n).labels.values()))
    if a not in windowed(facts(n)) and (n, a) != ("contrastive", "d")  # 0 / 0 of lengths
]


@pytest.mark.parametrize(("name", "axis"), EMPTY)
def test_axis_of_size_zero(name, axis):
    inputs, g = sample(name, **{axis: 0})
    check(module(name), name, inputs, g)


@pytest.mark.parametrize("name", LEADING)
@pytest.mark.parametrize("sizes", [(), (3,), (2, 3), (2, 0)])
def test_leading_axes_are_as_one_flattened(name, sizes):
    """Output, gradients, tangents and second derivatives, in the shapes of what was given."""
    layer, code, rng = facts(name), module(name), np.random.default_rng(2)
    places = int(np.prod(sizes))
    if not places and "..." in needed(name):
        pytest.skip("refused, as tests of wrong inputs see")
    inputs, g = sample(name, **{"...": places})
    tangents = {w: rng.normal(size=np.shape(inputs[w])) for w in layer.wrt}
    shaped = {i: reshape_leading(v, layer.axes[i], sizes) for i, v in inputs.items()}
    pushed = {w: reshape_leading(v, layer.axes[w], sizes) for w, v in tangents.items()}
    flat = values(code, inputs, g, tangents)
    found = values(code, shaped, reshape_leading(g, layer.out_axes(), sizes), pushed)
    assert flat.keys() == found.keys() and {"output", "jvp"} <= found.keys()
    for what, value in found.items():
        tensor = what.removeprefix("hvp ").removeprefix("d")
        axes = layer.axes[tensor] if tensor in layer.axes else layer.out_axes()
        assert np.shape(value) == np.shape(reshape_leading(flat[what], axes, sizes)), what
        np.testing.assert_allclose(np.ravel(value), np.ravel(flat[what]), 0, 1e-12, err_msg=what)


def values(code, inputs, g, tangents):
    """All that a module computes, by name."""
    output, kept = code.forward(**inputs)
    given, directions = tuple(inputs.values()), tuple(tangents.values())
    again, tangent = code.jvp(given, directions)
    found = {"output": output, "output of jvp": again, "jvp": tangent}
    found |= code.backward(g, kept)._asdict()
    if hasattr(code, "hvp"):
        second = code.hvp(given, directions)._asdict()
        found |= {f"hvp {field}": value for field, value in second.items()}
    return found


LAYOUTS = {
    "fortran": np.asfortranarray,
    "every second": lambda v: np.repeat(v, 2, axis=-1)[..., ::2],
    "backwards": lambda v: np.flip(np.flip(v).copy()),
    "part of a larger one": lambda v: np.pad(v, 1)[tuple([slice(1, -1)] * v.ndim)],
    "other byte order": lambda v: v.astype(v.dtype.newbyteorder()),
    "repeated rows": lambda v: np.broadcast_to(v[:1], v.shape),
}


@pytest.mark.parametrize(
    ("name", "layout"),
    [(n, l) for n in NAMES for l in LAYOUTS if (n, l) != ("gaussian", "repeated rows")],  # singular
)
@every_dtype
def test_layout_of_inputs(name, dtype, layout):
    def lay(value):
        if not np.ndim(value):
            return value
        laid = LAYOUTS[layout](value)
        laid.flags.writeable = False
        return laid

    inputs, g = sample(name, dtype=dtype)
    laid = {n: lay(v) for n, v in inputs.items()}
    check(module(name), name, laid, lay(g))


@pytest.mark.parametrize("name", LABELLED)
@pytest.mark.parametrize("dtype", np.typecodes["AllInteger"])
def test_labels_of_any_integer_dtype(name, dtype):
    inputs, g = sample(name)
    labelled = {n: v.astype(dtype) if n in facts(name).labels else v for n, v in inputs.items()}
    same_results(name, (inputs, g), (labelled, g))


@every_layer
def test_lists_are_arrays(name):
    inputs, g = sample(name)
    as_lists = {n: np.asarray(v).tolist() for n, v in inputs.items()}
    same_results(name, (inputs, g), (as_lists, np.asarray(g).tolist()))


def same_results(name, one, other):
    (output, grads), (output2, grads2) = (run(module(name), facts(name), *a) for a in (one, other))
    assert output.tobytes() == output2.tobytes() and output.dtype == output2.dtype
    for wanted, value in grads.items():
        assert value.tobytes() == grads2[wanted].tobytes()
        assert value.dtype == grads2[wanted].dtype


@pytest.mark.parametrize(("name", "scalar"), SCALARS)
@every_dtype
@pytest.mark.parametrize("kind", [int, float, np.int64, np.uint8, np.float32, np.float64, np.array])
def test_scalars_of_any_kind(name, scalar, dtype, kind):
    inputs, g = sample(name, dtype=dtype)
    one = inputs | {scalar: np.dtype(dtype).type(2)}
    same_results(name, (one, g), (inputs | {scalar: kind(2)}, g))


@every_layer
@every_dtype
def test_value_and_grad_is_both_ways_with_a_cotangent_of_one(name, dtype):
    inputs, _ = sample(name, dtype=dtype)
    layer, code = facts(name), module(name)
    if layer.out_axes():
        assert not hasattr(code, "value_and_grad")
        return
    output, grads = run(code, layer, inputs, np.dtype(dtype).type(1))
    value, found = code.value_and_grad(**inputs)
    assert value.dtype == dtype and value.tobytes() == output.tobytes()
    for wanted, gradient in zip(layer.wrt, found, strict=True):
        assert gradient.tobytes() == grads[wanted].tobytes()
    for kind in (int, float, np.array):
        same_results(name, (inputs, np.dtype(dtype).type(1)), (inputs, kind(1)))


@without_matrices
@every_dtype
@pytest.mark.parametrize("sizes", [{}, dict.fromkeys([*"ndkij", "..."], 1)])
def test_nan_reaches_all_that_depends_on_it_and_nothing_else(name, dtype, sizes):
    layer, code = facts(name), module(name)
    inputs, g = sample(name, dtype=dtype, **sizes)
    exact, depends = Exact(layer, inputs), Depends(layer, inputs).output()
    for tensor, value in ((n, v) for n, v in inputs.items() if n in layer.axes):
        for place in [] if tensor in layer.labels else np.ndindex(np.shape(value)):
            touched = {n: np.array(v) for n, v in inputs.items()}
            touched[tensor][place] = np.nan
            with np.errstate(**STRICT):
                output, kept = code.forward(**touched)
                found = code.backward(g, kept)
            reached = holding((tensor, place), depends)
            assert not (np.isnan(output) & ~reached).any()
            missed = reached & ~np.isnan(output)
            if missed.any():  # not in the chosen case, or times an indicator that is 0
                surely = Reached(exact, (tensor, place)).output()
                assert not (missed & holding((tensor, place), surely)).any()
            assert all(np.asarray(f).dtype == dtype for f in found)


def holding(entry, sets):
    """At which places of the output the set holds this entry."""
    return np.array([entry in s for s in sets.flat], bool).reshape(sets.shape)


class Chosen(Reached):
    """Of several values an extreme one is chosen, and which it is may be another one each time."""

    def pick(self, values, largest):
        return frozenset.intersection(*values)


@every_layer
def test_nan_in_the_cotangent_goes_through(name):
    """To all by which some output changes; an entry that no label picks has a gradient of 0."""
    inputs, g = sample(name)
    _, kept = module(name).forward(**inputs)
    found = module(name).backward(g * np.nan, kept)
    layer = facts(name)
    picked = frozenset().union(*Chosen(Exact(layer, inputs)).output().flat)
    may = frozenset().union(*Depends(layer, inputs).output().flat)
    for wanted, gradient in zip(layer.wrt, found, strict=True):
        for place in np.ndindex(np.shape(gradient)):
            got = np.isnan(gradient[place])
            assert got or (wanted, place) not in picked, f"d{wanted}{list(place)}"
            assert not got or (wanted, place) in may, f"d{wanted}{list(place)}"


@without_matrices
@every_dtype
def test_no_output_is_infinite_for_large_finite_inputs(name, dtype):
    """Entries of 1e4 and -1e4 in every tensor at once: finite, without overflow on the way."""
    layer, rng = facts(name), np.random.default_rng(1)
    inputs, g = sample(name, dtype=dtype)
    for tensor in inputs:
        if tensor not in layer.labels and np.ndim(inputs[tensor]):
            signs = rng.choice([-1, 1], size=inputs[tensor].shape)
            inputs[tensor] = (1e4 * signs).astype(dtype)
    inputs = with_values(layer, inputs)
    output, grads = run(module(name), layer, inputs, g)
    assert np.isfinite(output).all()
    assert all(np.isfinite(v).all() for v in grads.values())
