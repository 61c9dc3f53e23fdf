"""Layers over dask arrays: in chunks as in one, on any worker, to the byte."""

import os
import subprocess
import sys
import weakref
from functools import cache

import numpy as np
import pytest

from pullback.codegen.targets.numpy.loading import named
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import PullbackError
from pullback.derive.read.reader import read_equations
from tests.shipped import derived
from tests.targets.making import text

dask = pytest.importorskip("dask", reason="dask is not installed; make targets has it")
da = pytest.importorskip("dask.array")
over = pytest.importorskip("pullback.dask")

LAYERS = {
    # a gradient of what is cut, and one of what each part has, a rest that is there once
    "sum": "L = sum(n, (sum(d, x[n, d] * w[d]))**2 + a[n] * x[n, 0]) + lamda * sum(d, w[d]**2)",
    "mean": "L = mean(n, exp(a[n]) * sum(d, x[n, d] * w[d])**2) + lamda * sum(d, w[d]**2)",
    # the axis is the last one
    "last": "L = sum(d, n, x[d, n]**2 * w[d] * a[n]) + lamda * sum(d, w[d])",
}


@cache
def shipped(name, target="numpy"):
    return named(text(derived(name), target), name, f"<{name} for {target} over dask>")


@cache
def own(name, equations):
    made = text(derive(read_equations(name, equations)), "numpy")
    return named(made, name, f"<{name} over dask>")


def perceptron(rows=103, dtype="float64", seed=0):
    """Inputs of the perceptron, in their order."""
    rng = np.random.default_rng(seed)
    sizes = [(rows, 5), (5, 7), (7,), (7, 3), (3,)]
    x, *weights = (rng.normal(size=s).astype(dtype) for s in sizes)
    return [x, *weights, rng.integers(0, 3, rows), 0.01]


def worked_out(result, scheduler="sync"):
    """Value and gradients as one list of arrays."""
    value, gradients = dask.compute(*result, scheduler=scheduler)
    return [value, *gradients]


def close(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        assert np.shape(a) == np.shape(b) and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.max(np.abs(b), initial=0))


def as_bytes(arrays):
    return [np.asarray(a).tobytes() for a in arrays]


def in_chunks(x, y, rows):
    return da.from_array(x, chunks=(rows, -1)), da.from_array(y, chunks=(rows,))


# -- what comes out --------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 10, (3, 50, 0, 49, 1), 103])
@pytest.mark.parametrize("groups", [1, 3, 16, 200])
def test_in_chunks_as_in_one(rows, groups):
    mlp, (x, *weights, y, lamda) = shipped("mlp"), perceptron()
    value, gradients = mlp.value_and_grad(x, *weights, y, lamda)
    cut, labels = in_chunks(x, y, rows)
    found = over.value_and_grad(mlp, cut, *weights, labels, lamda, groups=groups)
    assert type(found[1])._fields == mlp.Gradients._fields
    assert [g.shape for g in found[1]] == [np.shape(g) for g in gradients]
    close(worked_out(found), [value, *gradients])


@pytest.mark.parametrize("kind", ["normal", "extreme", "ties"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_values_ties_and_float32(kind, dtype):
    mlp, (x, *weights, y, lamda) = shipped("mlp"), perceptron(dtype=dtype)
    x = {"normal": x, "extreme": x * x.dtype.type(1e4), "ties": np.zeros_like(x)}[kind]
    wanted = mlp.value_and_grad(x, *weights, y, lamda)
    found = worked_out(over.value_and_grad(mlp, *in_chunks(x, y, 20)[:1], *weights, y, lamda))
    digits = 1e-12 if dtype == "float64" else 2e-5
    for a, b in zip(found, [wanted[0], *wanted[1]], strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=digits, atol=digits * np.max(np.abs(b)))


@pytest.mark.parametrize("name", LAYERS)
def test_a_rest_is_there_once_and_gradients_of_rows_stay_in_chunks(name):
    made = own(f"as_{name}", LAYERS[name])
    axis = made.PARTS["n"]["inputs"]["x"] % 2
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 23) if axis else (23, 4))
    given = {"x": x, "w": rng.normal(size=4), "a": rng.normal(size=23), "lamda": 0.7}
    value, gradients = made.value_and_grad(**given)
    chunks = [-1, -1]
    chunks[axis] = 5
    cut = given | {"x": da.from_array(x, chunks=tuple(chunks))}
    found = over.value_and_grad(made, **cut, axis="n", groups=2)
    assert found[1].dx.chunks == cut["x"].chunks
    close(worked_out(found), [value, *gradients])


def test_arrays_of_any_making_give_the_same_bytes():
    """Made by themselves, or from what all or some parts need, or worked out before."""
    mlp, (x, *weights, y, lamda) = shipped("mlp"), perceptron()

    class Stored:
        """What is not NumPy's: dask takes rows of it when it needs them."""

        shape, dtype, ndim = x.shape, x.dtype, 2

        def __getitem__(self, rows):
            return x[rows]

    cut, labels = in_chunks(x, y, 10)
    ways = {
        "array": (cut, labels),
        "numpy labels": (cut, y),
        "stored": (da.from_array(Stored(), chunks=(10, -1)), labels),
        "computed": (-(cut + 0).map_blocks(np.negative), labels),
        "rechunked": (cut.rechunk((7, -1)).rechunk((10, -1)), labels.rechunk(103)),
        "shared by all": (cut + 0 * da.max(cut), labels),
        "delayed": (da.from_delayed(dask.delayed(x), x.shape, x.dtype).rechunk((10, -1)), labels),
        "persisted": (cut.persist(scheduler="sync"), labels),
    }
    wanted = None
    for way, arrays in ways.items():
        found = over.value_and_grad(mlp, arrays[0], *weights, arrays[1], lamda, groups=4)
        came = as_bytes(worked_out(found, "threads"))
        wanted = wanted or came
        assert came == wanted, way


def test_chunks_are_made_one_at_a_time():
    """A task of a group holds one of its chunks, and hands on sums alone."""
    mlp, (x, *weights, y, lamda) = shipped("mlp"), perceptron()
    alive, most = [0], [0]

    def gone():
        alive[0] -= 1

    def made(block):
        found = block + 0
        weakref.finalize(found, gone)
        alive[0] += 1
        most[0] = max(most[0], alive[0])
        return found

    cut = da.from_array(x, chunks=(10, -1)).map_blocks(made, meta=x[:0])
    found = worked_out(over.value_and_grad(mlp, cut, *weights, y, lamda, groups=3))
    assert most == [1] and alive == [0] and len(found) == 5


@pytest.mark.parametrize("target", ["numpy-precise", "c"])
def test_modules_of_other_targets_for_numpy(target):
    mlp, (x, *weights, y, lamda) = shipped("mlp", target), perceptron()
    value, gradients = mlp.value_and_grad(x, *weights, y, lamda)
    found = over.value_and_grad(mlp, *in_chunks(x, y, 20)[:1], *weights, y, lamda)
    close(worked_out(found), [value, *gradients])


def test_weights_may_be_dask_arrays_and_tasks():
    mlp, (x, W, c, w, b, y, lamda) = shipped("mlp"), perceptron()
    wanted = mlp.value_and_grad(x, W, c, w, b, y, lamda)
    lazy = da.from_array(W, chunks=-1) * 2 / 2
    cut, labels = in_chunks(x, y, 30)
    close(
        worked_out(over.value_and_grad(mlp, cut, lazy, c, w, b, labels, lamda)),
        [wanted[0], *wanted[1]],
    )


# -- what is refused -------------------------------------------------------------------------------


def refused(message, change, error=ValueError, module=None, **more):
    """What comes of inputs that are changed so."""
    names = ["x", "W", "c", "w", "b", "y", "lamda"]
    given = dict(zip(names, perceptron(), strict=True))
    given["x"] = da.from_array(given["x"], chunks=(10, -1))
    with pytest.raises(error, match=message):
        over.value_and_grad(module or shipped("mlp"), **given | change(given), **more)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        (
            r"x has 3 chunks along its axis 1; it may be cut along n alone, its axis 0: "
            r"x\.rechunk\(\{1: -1\}\)",
            lambda g: {"x": g["x"].rechunk((10, 2))},
        ),
        (
            r"W has 2 chunks along its axis 1, and each part needs it whole "
            r"\(along n are cut x, y\): W\.rechunk\(-1\)",
            lambda g: {"W": da.from_array(g["W"], chunks=(5, 4))},
        ),
        ("n is one axis, but x has 103, y has 102", lambda g: {"y": g["y"][:-1]}),
        (
            r"x has chunks of unknown sizes; x\.compute_chunk",
            lambda g: {"x": g["x"][g["x"][:, 0] > 0]},
        ),
        ("x has no rows along n", lambda g: {"x": g["x"][:0], "y": g["y"][:0]}),
        ("y has 0 axes; n would be its axis 0", lambda g: {"y": 1}),
    ],
)
def test_arrays_that_do_not_fit_are_named(message, change):
    refused(message, change)


def test_what_is_no_input_is_named():
    refused("mlp has no input 'z'; it takes x, W, c, w, b, y, lamda", lambda g: {"z": 1}, TypeError)
    refused("none of x, y is a dask array", lambda g: {"x": np.zeros((103, 5))}, TypeError)
    refused("groups is 0", lambda g: {}, groups=0)
    refused("mlp cannot be cut along 'k'; it can be along n", lambda g: {}, axis="k")
    with pytest.raises(TypeError, match="missing: W, c, w, b, y, lamda"):
        over.value_and_grad(shipped("mlp"), da.ones((4, 5)))
    with pytest.raises(TypeError, match="x is given twice"):
        over.value_and_grad(shipped("mlp"), da.ones((4, 5)), x=1)


def test_layers_that_cannot_be_cut_are_named():
    x = da.ones((4, 5), chunks=(2, 5))
    pairs = own("pairs", "L = sum(n, m, (x[n] - x[m])**2 * (x[n] - x[m])**2) * sum(n, exp(x[n]))")
    with pytest.raises(
        PullbackError, match="pairs cannot be cut: along no axis is its output a sum"
    ):
        over.value_and_grad(pairs, x[:, 0])
    with pytest.raises(PullbackError, match="the output of softmax is no number"):
        over.value_and_grad(shipped("softmax"), x)
    with pytest.raises(
        PullbackError, match="os is no module for NumPy; those of the targets numpy"
    ):
        over.value_and_grad(os, x)


def test_without_dask_one_line_says_what_to_install():
    code = "import sys; sys.modules['dask.array'] = None; import pullback.dask"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert made.stderr.splitlines()[-1].endswith("not installed: pip install 'pullback[dask]'")
