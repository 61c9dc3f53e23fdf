"""Modules with kernels beside NumPy's, at many sizes and values."""

import numpy as np
import pytest

from tests.c.building import derivation, draw, kernels, modules, needs_cc

pytestmark = needs_cc
# one for each form that a kernel has: entries, rows, columns, masks, labels, parts of rows
DEFINITIONS = {
    "entries": "h[..., j] = tanh(x[..., j]) * exp(-x[..., j]**2)"
    " + a * x[..., j] / (1 + abs(x[..., j]))",
    "functions": "h[n] = log(1 + x[n]**2) + sqrt(1 + x[n]**2)"
    " + erf(x[n]) + sigmoid(x[n]) * erfc(x[n])",
    "signs": "h[n, j] = max(x[n, j], w[n, j]) + min(x[n, j], 0.25) + abs(x[n, j] - w[n, j])",
    "softmax": "p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))",
    "labels": "L[n] = -log(exp(z[n, y[n]]) / sum(i, exp(z[n, i])))",
    "norm": "m[n] := mean(d, x[n, d])\n"
    "v[n] := mean(d, (x[n, d] - m[n])**2)\n"
    "h[n, d] = g[d] * (x[n, d] - m[n]) / sqrt(v[n] + 1e-5) + b[d]",
    "extremes": "h[n] = max(j, x[n, j]) - min(j, x[n, j] * w[j])",
    "parts": "p[b, t, j] = exp(s[b, t, j] + w[b, j]) / sum(i, exp(s[b, t, i] + w[b, i]))",
    "places": "h[n, j] = where(n <= j, exp(x[n, j]), x[n, j] * [j != 2]) * [j < size(j) - 1]",
    "memory": "u[n, k] = sum(d, x[n, d] * W[d, k])\nm[n] = mean(k, u[n, k])\n"
    "t[n, k] = tanh(u[n, k] - m[n])\nv[n, k] = exp(u[n, k])\nh[n, k] = t[n, k] * v[n, k]",
    "layers": "u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]\nh[n, k] = relu(u[n, k])\n"
    "L = mean(n, sum(k, h[n, k]**2)) + lamda * sum(d, k, W[d, k]**2)",
}
SIZES = [(0, 3), (1, 1), (33, 3), (32, 48), (70, 49), (5, 200), (3, 1100), (130, 2)]
MORE = {"D": 3, "B": 2, "T": 5}


def close(found, wanted, dtype, scale):
    """Equal but for rounding; NaN and infinities at the same places."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape and found.dtype == wanted.dtype
    digits = 4e-6 if dtype == "float32" else 1e-13
    largest = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=1e-30)
    np.testing.assert_allclose(found, wanted, rtol=10 * digits, atol=digits * largest * scale)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_kernels_beside_numpy(name, dtype):
    text = DEFINITIONS[name]
    layer = derivation(text).layer
    mine, numpy = modules(text)
    assert kernels(text) and mine._built(8)
    rng = np.random.default_rng(1)
    for count, length in SIZES:
        lead = str(layer.inputs[0].indices[0].size)
        sizes = {str(i.size): length for t in layer.inputs for i in t.indices}
        sizes |= {lead: count} | {k: v for k, v in MORE.items() if k in sizes and k != lead}
        if name == "parts":
            sizes |= {"J": length, "B": max(1, count // 8)}
        if name == "norm" or (name == "layers" and count == 0):
            sizes[lead] = max(count, 1)
        for scale in (1.0, 1e3):
            inputs = draw(layer, sizes, rng, scale, dtype)
            compare(mine, numpy, inputs, dtype)


def compare(mine, numpy, inputs, dtype):
    """Every result, with and without a workspace; inputs stay as they are."""
    before = {k: np.copy(v) for k, v in inputs.items()}
    with np.errstate(all="ignore"):
        wanted, cache = numpy.forward(**inputs)
        g = np.random.default_rng(2).normal(size=np.shape(wanted)).astype(dtype)
        slopes = numpy.backward(g if np.ndim(wanted) else 1.5, cache)
        work = mine.workspace(**inputs)
        for given in (None, work, work):
            found, kept = mine.forward(**inputs, work=given)
            close(found, wanted, dtype, 1)
            for _ in range(2):
                gradients = mine.backward(g if np.ndim(wanted) else 1.5, kept)
                for a, b in zip(gradients, slopes, strict=True):
                    close(a, b, dtype, 8)
    np.testing.assert_equal(inputs, before)


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-310, -1e-310, 1e-45, 1e4, -1e4, 88.8, 710.0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["entries", "functions", "signs", "softmax", "labels", "extremes"])
def test_special_values_are_what_they_are_in_numpy(name, dtype):
    text = DEFINITIONS[name]
    layer = derivation(text).layer
    mine, numpy = modules(text)
    rng = np.random.default_rng(5)
    with np.errstate(all="ignore"):
        special = np.array(SPECIAL).astype(dtype)
        for length in (3, 60):
            sizes = {str(i.size): length for t in layer.inputs for i in t.indices}
            sizes[str(layer.inputs[0].indices[0].size)] = 40
            for _ in range(6):
                inputs = draw(layer, sizes, rng, 1.0, dtype)
                for value in inputs.values():
                    if np.ndim(value) and value.dtype.kind == "f":
                        at = rng.random(value.shape) < 0.1
                        value[at] = rng.choice(special, size=int(at.sum()))
                compare(mine, numpy, inputs, dtype)


def test_ties_and_kinks():
    mine, numpy = modules(DEFINITIONS["signs"])
    x = np.array([[0.0, -0.0, 0.25, 1.0]] * 3)
    compare(mine, numpy, {"x": x, "w": x.copy()}, "float64")
    mine, numpy = modules(DEFINITIONS["softmax"])
    compare(mine, numpy, {"z": np.zeros((40, 5))}, "float64")
    compare(mine, numpy, {"z": np.zeros((40, 90), np.float32)}, "float32")


@pytest.mark.parametrize("length", [10, 300])
def test_the_same_bits_at_every_place(length):
    """A row's results hang on the row alone, wherever it stands, and are the same again."""
    mine, _ = modules(DEFINITIONS["softmax"])
    row = np.random.default_rng(0).normal(size=length).astype(np.float32)
    z = np.random.default_rng(1).normal(size=(71, length)).astype(np.float32)
    alone, _ = mine.forward(z=row[None])
    for at in (0, 31, 32, 70):
        many = z.copy()
        many[at] = row
        found, _ = mine.forward(z=many)
        assert found[at].tobytes() == alone[0].tobytes()
    entries, _ = modules(DEFINITIONS["functions"])
    x = np.full(67, 1.234)
    h, _ = entries.forward(x=x)
    assert len({*h.tolist()}) == 1


def test_arrays_in_another_order_are_numpys():
    text = DEFINITIONS["softmax"]
    mine, numpy = modules(text)
    z = np.random.default_rng(0).normal(size=(60, 9))
    for other in (np.asfortranarray(z), z[::2], z[:, ::-1], z.astype(">f8")):
        compare(mine, numpy, {"z": other}, "float64")
    shifted = np.frombuffer(b"\0" * 3 + z.tobytes(), np.uint8)[3:].view(np.float64).reshape(z.shape)
    assert not shifted.flags.aligned
    compare(mine, numpy, {"z": shifted}, "float64")
    still = z.copy()
    still.flags.writeable = False
    compare(mine, numpy, {"z": still}, "float64")


def test_long_sums_are_as_good_as_numpys():
    """Down twenty thousand rows, and along rows of seventy thousand entries, in float32."""
    text = "h[n, j] = exp(x[n, j]) * b[j] / sum(i, exp(x[n, i]))"
    mine, numpy = modules(text)
    rng = np.random.default_rng(0)
    for shape in ((20_000, 6), (20_000, 60), (4, 70_001)):
        x, b = rng.normal(size=shape).astype(np.float32), np.ones(shape[1], np.float32)
        g = rng.uniform(0.5, 1.5, size=shape).astype(np.float32)
        exact = [a.astype(np.float64) for a in (x, b, g)]
        h, cache = numpy.forward(x=exact[0], b=exact[1])
        wanted = (h, *numpy.backward(exact[2], cache))
        off = []
        for module in (mine, numpy):
            h, cache = module.forward(x=x, b=b)
            found = (h, *module.backward(g, cache))
            pairs = zip(found, wanted, strict=True)
            off.append([np.max(np.abs(a - w)) / np.max(np.abs(w)) for a, w in pairs])
        for ours, theirs in zip(*off, strict=True):
            assert ours <= max(1.5 * theirs, 3e-7)
