"""value() takes rows in parts only where no row reads from another: held against brute force."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings

from pullback.codegen import library
from pullback.codegen.interface.sizes import fitted
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.targets.numpy.parts import parts
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer, Tensor
from pullback.derive.read.reader import read_equations, read_layer
from pullback.derive.read.symbols import BATCH_SIZE
from tests.samples import NAMES
from tests.strategies import layers, limited

INDEPENDENT = {
    "rows": "h[n, d] = tanh(x[n, d]) * w[d]",
    "rows of labels": "h[n] = x[n, y[n]]",
    "rows of a table": "h[n, d] = E[y[n], d] * x[n]",
    "a table first": "h[n, d] = E[y[n], d]",
    "labels of labels": "h[n] = E[c[y[n]]] * x[n]",
    "through a node": "u[k, n] = x[n, k]**2\nh[n] = sum(k, u[k, n])",
    "a mean": "L = mean(n, x[n]**2) + sum(d, w[d]**2)",
    "a sum": "L = sum(n, d, x[n, d] * w[d])",
    "leading": "L = mean(..., x[...] * y[...])",
    "one more axis of labels": "h[n, m] = x[n, y[m]] * w[m]",
    "notation that is not read": "m := mean(n, x[n])\nh[n] = x[n]**2",
}
DEPENDENT = {
    "pairs": "G[i, j] = sum(d, x[i, d] * x[j, d])",
    "distances": "D2[i, j] = sum(d, (x[i, d] - x[j, d])**2)",
    "pairs summed": "L = sum(i, sum(j, exp(-(x[i] - x[j])**2)))",
    "a mean of pairs": "L = mean(i, j, x[i] * x[j])",
    "pairs in a node": "G[i, j] = x[i] * x[j]\nh[i] = sum(j, G[i, j])",
    "pairs in notation": "G[i, j] := x[i] * x[j]\nh[i] = sum(j, G[i, j])",
    "pairs at one place": "G[i, j] = x[i] - x[j]\nh[i] = G[i, i] + sum(j, G[j, i])",
    "neighbours": "h[n] = x[n] * x[l[n]]",
    "neighbours in a mean": "L = mean(n, (x[n] - x[l[n]])**2)",
    "neighbours of neighbours": "h[n] = x[l[l[n]]]",
    "neighbours in a node": "u[n] = x[n]**2\nh[n] = u[l[n]]",
    "a column of labels": "h[n, k] = x[n] * x[l[n, k]]",
    "deviations": "m := mean(n, x[n])\nh[n] = x[n] - m",
    "a softmax down the rows": "h[n, d] = exp(x[n, d]) / sum(m, exp(x[m, d]))",
    "prefixes": "h[n] = sum(m, [m <= n] * x[m])",
    "which row it is": "h[n] = x[n] * [n == l[n]]",
    "how many rows there are": "h[n] = x[n] / size(n)",
    "a power of a mean": "L = mean(n, x[n])**2",
    "two means": "L = mean(n, x[n]) * mean(n, x[n]**2)",
    "a square": "h[i, j] = A[i, j] + A[j, i]",
    "a trace": "t = sum(i, A[i, i])",
    "the largest row": "h[n] = x[n] - max(m, x[m])",
    "a second index on a tensor": "h[n] = sum(m, A[n, m] * A[m, n])",
    "labels into rows compared": "h[n] = x[n] * sum(k, [n == l[k]] * w[k])",
}
ACROSS = ("batch_norm", "batch_norm2d", "contrastive")  # in which rows read each other
SIZE = 4


def read(name: str) -> Layer:
    return read_layer(name, library.shipped_source(name), library.shipped_source)


def drawn(layer: Layer, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Inputs whose axes have one size, so that nothing fails for want of a place, as far as windows
    fit."""
    sizes = fitted(layer, dict.fromkeys(layer.given_sizes, SIZE))
    found = {}
    for t in layer.inputs:
        shape = [sizes[i.size] for i in t.indices]
        found[t.name] = (
            rng.integers(SIZE, size=shape) if t.integer else rng.uniform(0.2, 1.5, size=shape)
        )
    return found | {str(size): sizes[size] for size in layer.arguments}


def compiled(derivation: Derivation):
    return loaded(module(derivation, lower(derivation)), derivation.layer)


def is_by_row(tensor: Tensor, size) -> bool:
    return bool(tensor.indices) and tensor.indices[0].size == size


def rows_that_move(code, layer: Layer, inputs: dict, row: int, size) -> set[int]:
    """The rows of the output that another row of the inputs moves."""
    rng, changed = np.random.default_rng(row), dict(inputs)
    for tensor in (t for t in layer.inputs if is_by_row(t, size)):
        value = inputs[tensor.name].copy()
        if tensor.integer:
            value[row] = rng.integers(SIZE, size=value[row].shape)
        else:
            value[row] = rng.uniform(0.2, 1.5, size=value[row].shape)
        changed[tensor.name] = value
    before, after = code.forward(**inputs)[0], code.forward(**changed)[0]
    differ = np.abs(after - before) > 1e-9 * (1 + np.abs(before))
    return {int(r) for r in np.argwhere(differ)[:, 0]}


def hold(derivation: Derivation) -> bool:
    """Value in parts is as forward, whatever the parts; a row of the output moves with its own."""
    layer, found = derivation.layer, parts(derivation)
    code, rng = compiled(derivation), np.random.default_rng(zlib.crc32(str(layer.digest).encode()))
    for _ in range(3):
        inputs = drawn(layer, rng)
        wanted = code.forward(**inputs)[0]
        for code._PART in (1, 2 * SIZE, 2**20) if found else ():
            np.testing.assert_allclose(code.value(**inputs), wanted, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(code.value(**inputs).shape, np.shape(wanted))
        if found and found.kind == "rows":
            for row in range(SIZE):
                assert rows_that_move(code, layer, inputs, row, found.size) <= {row}
    return found is not None


def own(text: str) -> Derivation:
    return derive(read_equations("own", text))


@pytest.mark.parametrize("name", INDEPENDENT)
def test_rows_that_are_independent(name):
    assert hold(own(INDEPENDENT[name]))


@pytest.mark.parametrize("name", DEPENDENT)
def test_rows_that_are_not(name):
    assert not hold(own(DEPENDENT[name]))


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_shipped_layers(name):
    assert hold(derive(read(name))) == (name not in ACROSS)


def test_brute_force_sees_rows_that_depend():
    """What is refused by structure is seen to move, so that the check above can fail."""
    for name in ("pairs", "neighbours", "deviations", "a softmax down the rows", "prefixes"):
        derivation = own(DEPENDENT[name])
        code, layer = compiled(derivation), derivation.layer
        inputs = drawn(layer, np.random.default_rng(1))
        inputs |= {n: (np.arange(SIZE) + 1) % SIZE for n in inputs if n == "l"}
        size = layer.inputs[0].indices[0].size
        moved = [rows_that_move(code, layer, inputs, row, size) for row in range(SIZE)]
        assert any(rows - {row} for row, rows in enumerate(moved)), name


def with_pairs(text: str) -> list[str]:
    """A layer, and what pairs, neighbours and means of its inputs' rows make of it."""
    return [text, f"{text}\npaired[n, m] = x[n] * x[m]", f"{text}\nnear[n] = x[n] * x[l[n]]"]


@settings(max_examples=25)
@given(text=layers(parts=2, choices=2))
def test_rows_of_random_layers(text):
    check_random(text)


@pytest.mark.slow
@settings(max_examples=150)
@given(text=layers(parts=3))
def test_rows_of_many_random_layers(text):
    check_random(text)


def check_random(text: str) -> None:
    for variant in with_pairs(text):
        try:
            with limited(4), np.errstate(all="ignore"):
                derivation = own(variant)
                if parts(derivation):  # else value is forward
                    hold(derivation)
        except (PullbackError, TimeoutError):
            continue


def test_leading_axes_are_rows():
    found = parts(own(INDEPENDENT["leading"]))
    assert found is not None and str(found.size) == BATCH_SIZE
