"""Workspaces: the same results to the bit, no new arrays, and errors where one does not fit."""

import inspect
import tracemalloc

import numpy as np
import pytest

from bench.steps import peak
from pullback.derive.read.trees import Ref, Shifted, walk
from tests.definitions import facts
from tests.places import completed, is_recurrent
from tests.samples import DTYPES, NAMES, cotangent, draw, module, sizes_of

ENTRIES = 10**6  # of the largest array that is drawn
FIXED = 2**20  # bytes that a call may use beside its workspace, whatever the sizes

every_layer = pytest.mark.parametrize("name", NAMES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def step(code, inputs, g, work):
    output, cache = code.forward(*inputs.values(), work=work)
    return output, *code.backward(g, cache)


def drawn(name, dtype, seed=0, **sizes):
    layer, rng = facts(name), np.random.default_rng(seed)
    inputs = draw(layer, sizes_of(layer, **sizes), rng, "normal", dtype)
    return inputs, cotangent(layer, inputs, rng, dtype)


def work_of(code, inputs):
    return code.workspace(*inputs.values())


@every_layer
@every_dtype
def test_results_are_the_same(name, dtype):
    code = module(name)
    # einsum adds up in the order in which its operands lie, and a new array may lie in another
    # than a buffer: then a few roundings differ
    source = inspect.getsource(code.forward) + inspect.getsource(code.backward)
    limit = 50 * np.finfo(dtype).eps if "einsum" in source or "_contract" in source else 0
    work = work_of(code, drawn(name, dtype)[0])
    for seed in (1, 2):
        inputs, g = drawn(name, dtype, seed)
        plain = step(code, inputs, g, None)
        for _ in range(2):
            for value, wanted in zip(step(code, inputs, g, work), plain, strict=True):
                np.testing.assert_allclose(value, wanted, rtol=limit, atol=limit)


def large(name, dtype):
    """Inputs of which the largest has a million entries or so."""
    layer = facts(name)
    nodes = [len(equation.axes or ()) for equation in layer.equations.values()]
    rank = max(2, *(len(axes) for axes in layer.axes.values()), *nodes, len(layer.out_axes()))
    rank += is_recurrent(layer)  # a step of a crf has pairs of labels
    rank += bool(layer.arguments)  # those of windows are counted up
    rng, size = np.random.default_rng(0), round(ENTRIES ** (1 / rank))
    shown = {axis for axes in layer.axes.values() for axis in axes} | {*layer.labels.values()}
    shown |= {*layer.arguments.values()}
    sizes = dict.fromkeys(shown, size)
    trees = [t for e in layer.equations.values() for t in walk(e.right) if isinstance(t, Shifted)]
    for place in [at for tree in trees for own, at in tree.at if own != tree.along]:
        names = {t.name for t in walk(place) if isinstance(t, Ref) and t.name in layer.same}
        sizes |= {layer.same[n]: 3 for n in names if layer.same[n] in shown}  # short windows
    sizes = completed(layer, sizes) if layer.sizes or sizes != dict.fromkeys(shown, size) else sizes
    inputs = {}
    for tensor, axes in layer.axes.items():
        shape = tuple(sizes[a] for a in axes)
        if tensor in layer.labels:
            inputs[tensor] = rng.integers(sizes[layer.labels[tensor]], size=shape)
        else:
            inputs[tensor] = rng.random(shape).astype(dtype) if axes else 0.5
    inputs |= {name: sizes[axis] for name, axis in layer.arguments.items()}
    return inputs, np.ones(tuple(sizes[a] for a in layer.out_axes()), dtype)[()]


def allocated(code, inputs, g):
    """The most bytes that a step uses beside its workspace, from the third step on."""
    work = work_of(code, inputs)
    return peak(lambda: step(code, inputs, g, work))


@every_layer
@every_dtype
def test_steady_state_makes_no_new_arrays(name, dtype):
    code, (inputs, cotangent) = module(name), large(name, dtype)
    found, limit = allocated(code, inputs, cotangent), FIXED
    given = sum(np.asarray(v).nbytes for v in inputs.values())
    if hasattr(code, "_contract") or hasattr(code, "_window"):
        limit += 2**23 + 3 * given  # what is copied in blocks, and inputs with zeros around them
        limit += 2 * max(b.nbytes for b in work_of(code, inputs) if isinstance(b, np.ndarray))
    if "np.linalg" in inspect.getsource(code):
        limit += 3 * given  # NumPy's linear algebra writes into new arrays only
    assert found <= limit, f"{found:,} bytes beside the workspace"


def test_a_workspace_for_other_sizes_is_refused():
    code = module("affine")
    inputs, _ = drawn("affine", "float64")
    work = work_of(code, inputs)
    more = {n: v[:1] if n == "x" else v for n, v in inputs.items()}
    with pytest.raises(ValueError, match=r"work was made for dtype and sizes \(float64, .*make an"):
        code.forward(*more.values(), work=work)
    single = [v.astype("float32") for v in inputs.values()]
    with pytest.raises(ValueError, match=r"the arguments have \(float32, "):
        code.forward(*single, work=work)
    with pytest.raises(TypeError, match="work is dict; it must be what workspace of this module"):
        code.forward(*inputs.values(), work={})
    other = module("relu").workspace(inputs["x"])
    with pytest.raises(TypeError, match="work is Workspace; it must be what workspace of this mod"):
        code.forward(*inputs.values(), work=other)


def test_an_argument_in_the_workspace_is_refused():
    code = module("relu")
    u = np.ones((3, 4))
    work = code.workspace(u)
    h, cache = code.forward(u, work=work)
    with pytest.raises(ValueError, match="u lies in the workspace that is written into; pass a"):
        code.forward(h.view(), work=work)
    (du,) = code.backward(np.ones_like(h), cache)
    with pytest.raises(ValueError, match="dh lies in the workspace"):
        code.backward(du.T.T, cache)


def test_results_lie_in_the_workspace_until_the_next_call():
    code, (inputs, _) = module("mlp"), drawn("mlp", "float64")
    work = work_of(code, inputs)
    value, gradients = code.value_and_grad(*inputs.values(), work=work)
    assert all(any(v is b for b in work) for v in gradients)
    again, others = code.value_and_grad(*inputs.values(), work=work)
    assert value == again and all(a is b for a, b in zip(gradients, others, strict=True))


def test_a_cache_that_is_written_over_is_refused():
    code, (inputs, _) = module("mlp"), drawn("mlp", "float64")
    work = work_of(code, inputs)
    _, first = code.forward(*inputs.values(), work=work)
    code.backward(1.0, first)
    _, second = code.forward(*inputs.values(), work=work)
    with pytest.raises(ValueError, match="cache lies in a workspace that forward has been"):
        code.backward(1.0, first)
    code.backward(1.0, second)
    _, fresh = code.forward(*inputs.values())
    code.forward(*inputs.values())
    code.backward(1.0, fresh)


# -- value -----------------------------------------------------------------------------------------


@every_layer
@every_dtype
def test_value_is_the_output_however_it_is_parted(name, dtype, monkeypatch):
    code, (inputs, _) = module(name), drawn(name, dtype)
    wanted = code.forward(**inputs)[0]
    np.testing.assert_array_equal(code.value(**inputs), wanted)
    if hasattr(code, "_parts"):

        def rows(sizes, entries):
            return [slice(0, 1), slice(1, sizes[0])]

        monkeypatch.setattr(code, "_parts", rows)
        limit = 50 * np.finfo(dtype).eps  # a product of fewer rows may add up in another order
        np.testing.assert_allclose(code.value(**inputs), wanted, rtol=limit, atol=limit)
        assert code.value(**inputs).dtype == dtype


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "layer_norm", "gelu", "affine"])
def test_value_uses_little_memory_however_many_rows(name):
    layer, rng = facts(name), np.random.default_rng(0)
    code = module(name)
    sizes = {axis: 2**17 if axis == "..." else 64 for axis in layer.same.values()}
    inputs = {t: rng.random([sizes[a] for a in axes]) for t, axes in layer.axes.items()}
    inputs |= {t: np.zeros(inputs[t].shape, int) for t in layer.labels}
    code.value(**inputs)
    tracemalloc.start()
    try:
        value = code.value(**inputs)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - value.nbytes <= 16 * 2**20, f"{peak - value.nbytes:,} bytes beside the result"
