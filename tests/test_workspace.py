"""Workspaces: the same results to the bit, no new arrays, and errors where one does not fit."""

import tracemalloc

import numpy as np
import pytest

from tests.definitions import facts
from tests.samples import DTYPES, NAMES, cotangent, draw, module, sizes_of

ENTRIES = 10**6  # of the largest array that is drawn
FIXED = 2**19  # bytes that a call may use beside its workspace, whatever the sizes

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
def test_results_are_the_same_to_the_bit(name, dtype):
    code = module(name)
    work = work_of(code, drawn(name, dtype)[0])
    for seed in (1, 2):
        inputs, g = drawn(name, dtype, seed)
        plain = [np.array(v).tobytes() for v in step(code, inputs, g, None)]
        for _ in range(2):
            assert [np.array(v).tobytes() for v in step(code, inputs, g, work)] == plain


def large(name, dtype):
    """Inputs of which the largest has a million entries or so."""
    layer = facts(name)
    rank = max(2, *(len(axes) for axes in layer.axes.values()), len(layer.out_axes()))
    rng, size = np.random.default_rng(0), round(ENTRIES ** (1 / rank))
    sizes = dict.fromkeys(layer.same.values(), size)
    inputs = {}
    for tensor, axes in layer.axes.items():
        shape = tuple(sizes[a] for a in axes)
        if tensor in layer.labels:
            inputs[tensor] = rng.integers(sizes[layer.labels[tensor]], size=shape)
        else:
            inputs[tensor] = rng.random(shape).astype(dtype) if axes else 0.5
    return inputs, np.ones(tuple(sizes[a] for a in layer.out_axes()), dtype)[()]


@every_layer
@every_dtype
def test_steady_state_makes_no_new_arrays(name, dtype):
    code, (inputs, g) = module(name), large(name, dtype)
    work = work_of(code, inputs)
    step(code, inputs, g, work)
    tracemalloc.start()
    try:
        step(code, inputs, g, work)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        step(code, inputs, g, work)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak <= FIXED, f"{peak:,} bytes beside the workspace"
