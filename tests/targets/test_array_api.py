"""One file on every library of the array API that is here."""

import numpy as np
import pytest

from tests import samples
from tests.definitions import facts
from tests.targets.making import EACH, inputs, module, needs

pytestmark = needs("array_api_compat")
MATRICES = {"gaussian", "ridge_regression"}  # dask has no functions of square matrices
LIBRARIES = ["array_api_strict", "torch", "jax.numpy", "dask.array"]


def results(made, library, arrays, layer):
    """The output and gradients as NumPy's."""
    given = {n: library.asarray(v) for n, v in arrays.items()}
    with np.errstate(all="ignore"):
        output, cache = made.forward(**given)
        g = np.cos(np.arange(int(np.prod(output.shape)))).reshape(output.shape)
        first = next(given[n] for n in given if n not in layer.labels)
        found = made.backward(library.asarray(g, dtype=first.dtype), cache)
    return [np.asarray(v) for v in (output, *found)]


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_same_file_gives_the_same_numbers(library, name):
    there = pytest.importorskip(library)
    if library == "dask.array" and name in MATRICES:
        pytest.skip("dask has no det, inv and solve as the standard has them")
    made, layer = module(name, "array-api"), facts(name)
    arrays = inputs(name)
    wanted = results(made, np, arrays, layer)
    digits = 1e-11
    if library == "jax.numpy":  # in float32, unless JAX is told otherwise for the whole process
        digits = 2e-3
    found = results(made, there, arrays, layer)
    every = max(float(np.max(np.abs(v), initial=0)) for v in wanted)
    for a, b in zip(found, wanted, strict=True):
        top = max(float(np.max(np.abs(b), initial=0)), 1e-3 * every)  # all of it may be 0
        np.testing.assert_allclose(a, b, rtol=digits, atol=digits * top)


@pytest.mark.parametrize("name", ["softmax", "layer_norm", "mlp", "relu", "gelu"])
@pytest.mark.parametrize("kind", ["grid", "extreme"])
def test_ties_and_large_values_beside_numpys_module(name, kind):
    fast = samples.module(name)
    arrays, layer = inputs(name, kind), facts(name)
    strict = pytest.importorskip("array_api_strict")
    found = results(module(name, "array-api"), strict, arrays, layer)
    output, cache = fast.forward(**{n: v[()] for n, v in arrays.items()})
    g = np.cos(np.arange(np.size(output))).reshape(np.shape(output))
    for a, b in zip(found, (output, *fast.backward(g[()], cache)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.max(np.abs(b), initial=1e-300))
