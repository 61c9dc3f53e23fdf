"""Checks log_softmax.py against its equations, with NumPy and pytest alone: pytest test_log_softmax.py

Log-softmax

The equations of log_softmax.toml stand below as plain loops. forward is compared with what they give,
and its gradients with their slopes by complex step: f(x + ih) = f(x) + ih f'(x) - h² f''(x)/2 - …,
so the imaginary part over h is f'(x), and with h = 1e-200 nothing is rounded off.
Written by pullback 0.1.0; to change it, change the definition.
"""

import copy
import importlib.util
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

SPEC = importlib.util.spec_from_file_location("log_softmax", Path(__file__).with_name("log_softmax.py"))
module = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(module)

# inputs and the sizes of their axes; integer inputs and the size of the axis they point into
INPUTS = {"z": "... J"}
LABELS = {}
WANTED = ("z",)
SIZES = [
    {"J": 2},
    {"J": 3},
    {"J": 1},
]
BATCHES = [(2, 2), (), (3,)]  # the sizes of leading axes
STEP = 1e-200
# relative to the largest entry, or to 1, which is the size of what is drawn: some 4,500 roundings
# in float64 and 84 in float32, where these small sums and products take a few dozen
LIMITS = {"float64": 1e-12, "float32": 1e-5}


def equations(z):
    """s, one equation after the other, on real or complex numbers."""
    size_batch, J = z.shape
    s = np.empty((size_batch, J), object)  # s[..., j] = z[..., j] - log(sum(i, exp(z[..., i])))
    for batch, j in np.ndindex(size_batch, J):
        s[batch, j] = z[batch, j] - np.log(sum(np.exp(z[batch, i]) for i in range(J)))
    return s


def draw(seed, dtype="float64"):
    """Inputs at which the equations have finite real values.

    Normal ones, with a gap around 0, where slopes may be steep; where these do not do, some
    tensors are positive, or lie between 0 and 1.
    """
    rng = np.random.default_rng(seed)
    for attempt in range(200):
        sizes = {axis: size + attempt // 50 for axis, size in SIZES[seed % 3].items()}
        inputs = {}
        for name, axes in INPUTS.items():
            leading = BATCHES[seed % 3] if "..." in axes else ()
            shape = (*leading, *(sizes[axis] for axis in axes.strip(".").split()))
            drawn, kind = rng.normal(size=shape), rng.integers(3) if attempt else 0
            value = np.where(kind or drawn > 0, 1, -1) * (np.abs(drawn) + 0.5)
            value = 1 / (1 + value) if kind == 2 else value
            value = rng.integers(sizes[LABELS[name]], size=shape) if name in LABELS else value
            inputs[name] = np.asarray(value)
        with suppress(ZeroDivisionError), np.errstate(all="ignore"):
            for name in (n for n in INPUTS if n not in LABELS):
                inputs[name] = inputs[name].astype(dtype)[()]
            value = np.asarray(equations(**flat(inputs)), float)
            if np.isfinite(value).all():
                return inputs
    return pytest.skip("no inputs were found at which the equations have values")


def moved(inputs, name=None, place=()):
    """Inputs as complex numbers, with an imaginary step at one entry."""
    found = {n: v if n in LABELS else np.array(v, complex) for n, v in inputs.items()}
    if name:
        found[name][place] += STEP * 1j
    return found


def flat(inputs):
    """Inputs with their leading axes as one, as the equations have them."""
    found = dict(inputs)
    for name, others in ((n, axes.split()[1:]) for n, axes in INPUTS.items() if "..." in axes):
        shape = np.shape(inputs[name])
        found[name] = np.reshape(inputs[name], (-1, *shape[len(shape) - len(others) :]))
    return found


def exact(inputs, name=None, place=()):
    """The output by the equations, with an imaginary step at one entry."""
    found = np.asarray(equations(**flat(moved(inputs, name, place))), complex)
    shape = np.shape(inputs["z"])
    return np.reshape(found, (*shape[: len(shape) - 1], *found.shape[1:]))


def slopes(inputs):
    """The slope of every entry of the output by every entry of each input wanted."""
    for name in WANTED:
        shape = np.shape(inputs[name])
        steps = [exact(inputs, name, place).imag / STEP for place in np.ndindex(shape)]
        yield name, np.reshape(np.stack(steps, -1), np.shape(steps[0]) + shape)


def normal(seed, shape, dtype):
    """Normal numbers of this shape."""
    return np.asarray(np.random.default_rng(seed).normal(size=shape)).astype(dtype)[()]


def check(found, wanted, dtype):
    """Is it the same, in dtype and shape, and up to rounding?"""
    assert (found.dtype, found.shape) == (np.dtype(dtype), np.shape(wanted))
    limit = LIMITS[dtype] * max(1, np.max(np.abs(wanted)))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=limit)


on_all = pytest.mark.parametrize(("seed", "dtype"), [(s, d) for s in range(6) for d in LIMITS])


@on_all
def test_forward(seed, dtype):
    inputs = draw(seed, dtype)
    check(module.forward(**inputs)[0], exact(inputs).real, dtype)


@on_all
def test_gradients(seed, dtype):
    inputs = draw(seed, dtype)
    before = copy.deepcopy(inputs)
    output, cache = module.forward(**inputs)
    cotangent = normal(seed + 10, np.shape(output), dtype)
    gradients = module.backward(cotangent, cache)
    for name, slope in slopes(inputs):
        wanted = np.tensordot(cotangent, slope, np.ndim(cotangent))
        check(getattr(gradients, f"d{name}"), wanted, dtype)
    np.testing.assert_equal(inputs, before, "an input was changed")


@on_all
def test_workspace(seed, dtype):
    """Written into a workspace, again and again, results are what they are without one."""
    inputs = draw(seed, dtype)
    output, cache = module.forward(**inputs)
    cotangent = normal(seed + 10, np.shape(output), dtype)
    wanted = module.backward(cotangent, cache)
    work = module.workspace(**inputs)
    for _ in range(2):
        found, cache = module.forward(**inputs, work=work)
        for _ in range(2):
            for gradient, same in zip(module.backward(cotangent, cache), wanted, strict=True):
                check(gradient, same, dtype)
        check(found, output, dtype)


def test_wrong_workspace():
    inputs, work = draw(0), module.workspace(**draw(0))
    with pytest.raises(TypeError, match=r"\bwork\b"):
        module.forward(**inputs, work=tuple(work))
    for other in (draw(1), draw(2)):
        if any(np.shape(other[name]) != np.shape(inputs[name]) for name in INPUTS):
            with pytest.raises(ValueError, match=r"\bwork\b"):
                module.forward(**other, work=work)
    output, cache = module.forward(**inputs, work=work)
    gradients = module.backward(np.ones_like(output), cache)
    for name, gradient in zip(WANTED, gradients, strict=True):
        if any(np.shares_memory(gradient, part) for part in work[3:]):
            with pytest.raises(ValueError, match=rf"\b{name}\b"):
                module.forward(**inputs | {name: gradient}, work=work)


@on_all
def test_value(seed, dtype, monkeypatch):
    inputs = draw(seed, dtype)
    rows = lambda sizes, entries: [slice(row, row + 1) for row in range(sizes[0])]
    monkeypatch.setattr(module, "_parts", rows)  # one at a time
    check(module.value(**inputs), exact(inputs).real, dtype)


def directions(seed, inputs, dtype):
    """A random tangent for each input wanted."""
    shapes = [np.shape(inputs[name]) for name in WANTED]
    return tuple(normal(seed + 20 + i, shape, dtype) for i, shape in enumerate(shapes))


@on_all
def test_jvp(seed, dtype):
    inputs = draw(seed, dtype)
    tangents = directions(seed, inputs, dtype)
    output, tangent = module.jvp(tuple(inputs.values()), tangents)
    check(output, exact(inputs).real, dtype)
    pairs = zip(slopes(inputs), tangents, strict=True)
    check(tangent, sum(np.tensordot(slope, v, np.ndim(v)) for (_, slope), v in pairs), dtype)


@on_all
def test_jacobian(seed, dtype):
    inputs = draw(seed, dtype)
    found = module.jacobian(*inputs.values())
    for name, slope in slopes(inputs):
        check(getattr(found, f"d{name}"), slope, dtype)


@pytest.mark.parametrize("name", INPUTS)
def test_wrong_input(name):
    inputs = draw(0)
    value = inputs[name]
    wrong = [(TypeError, np.asarray(value, float if name in LABELS else complex))]
    wrong += [(ValueError, value.flat[0])] if INPUTS[name].strip(".") else []
    wrong += [(ValueError, value * 0 + label) for label in (-1, 99) if name in LABELS]
    for error, bad in wrong:
        with pytest.raises(error, match=rf"\b{name}\b"):
            module.forward(**inputs | {name: bad})


def test_wrong_cotangent():
    output, cache = module.forward(**draw(0))
    with pytest.raises(TypeError, match=r"\bds\b"):
        module.backward(np.zeros(np.shape(output), complex), cache)
    with pytest.raises(ValueError, match=r"\bds\b"):
        module.backward(np.zeros((*np.shape(output), 2)), cache)
# Written by pullback from its own layers; digest of what stands above: 3475741a5fa5471b
