"""Checks deep_mlp.py against its equations, with NumPy and pytest alone: pytest test_deep_mlp.py

Three-layer perceptron with GELU and layer normalization

The equations of deep_mlp.toml stand below as plain loops. forward is compared with what they give,
and its gradients with their slopes by complex step: f(x + ih) = f(x) + ih f'(x) - h² f''(x)/2 - …,
so the imaginary part over h is f'(x), and with h = 1e-200 nothing is rounded off.
Written by pullback 0.1.0; to change it, change the definition.
"""

import copy
import importlib.util
import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

SPEC = importlib.util.spec_from_file_location("deep_mlp", Path(__file__).with_name("deep_mlp.py"))
module = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(module)

# inputs and the sizes of their axes; integer inputs and the size of the axis they point into
INPUTS = {
    "x": "N D", "W": "D K", "c": "K", "gain": "K", "bias": "K", "V": "K M", "b": "M",
    "w": "M J", "s": "J", "y": "N",
}
LABELS = {"y": "J"}
WANTED = ("W", "c", "gain", "bias", "V", "b", "w", "s")
SIZES = [
    {"N": 2, "D": 3, "K": 4, "M": 5, "J": 2},
    {"N": 3, "D": 1, "K": 2, "M": 3, "J": 2},
    {"N": 1, "D": 2, "K": 3, "M": 2, "J": 3},
]
STEP = 1e-200
# relative to the largest entry, or to 1, which is the size of what is drawn: some 4,500 roundings
# in float64 and 84 in float32, where these small sums and products take a few dozen
LIMITS = {"float64": 1e-12, "float32": 1e-5}


def equations(x, W, c, gain, bias, V, b, w, s, y):
    """L, one equation after the other, on real or complex numbers, or dual ones."""
    N, D = x.shape
    _, K = W.shape
    _, M = V.shape
    _, J = w.shape
    u = np.empty((N, K), object)  # u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]
    for n, k in np.ndindex(N, K):
        u[n, k] = sum(x[n, d] * W[d, k] for d in range(D)) + c[k]
    mu = np.empty((N,), object)  # mu[n] := mean(k, u[n, k])
    for n in range(N):
        mu[n] = sum(u[n, k] for k in range(K)) / K
    a_v = np.empty((N,), object)  # a_v[n] := mean(k, (u[n, k] - mu[n])**2)
    for n in range(N):
        a_v[n] = sum((u[n, k] - mu[n]) ** 2 for k in range(K)) / K
    r = np.empty((N,), object)  # r[n] := 1 / sqrt(a_v[n] + 1e-5)
    for n in range(N):
        r[n] = 1 / np.sqrt(a_v[n] + 1e-05)
    xhat = np.empty((N, K), object)  # xhat[n, k] := (u[n, k] - mu[n]) * r[n]
    for n, k in np.ndindex(N, K):
        xhat[n, k] = (u[n, k] - mu[n]) * r[n]
    a = np.empty((N, K), object)  # a[n, k] = gain[k] * xhat[n, k] + bias[k]
    for n, k in np.ndindex(N, K):
        a[n, k] = gain[k] * xhat[n, k] + bias[k]
    Phi = np.empty((N, K), object)  # Phi[n, k] := (1 + erf(a[n, k] / sqrt(2))) / 2
    for n, k in np.ndindex(N, K):
        Phi[n, k] = (1 + _erf(a[n, k] / np.sqrt(2))) / 2
    h = np.empty((N, K), object)  # h[n, k] = a[n, k] * Phi[n, k]
    for n, k in np.ndindex(N, K):
        h[n, k] = a[n, k] * Phi[n, k]
    v = np.empty((N, M), object)  # v[n, m] = sum(k, h[n, k] * V[k, m]) + b[m]
    for n, m in np.ndindex(N, M):
        v[n, m] = sum(h[n, k] * V[k, m] for k in range(K)) + b[m]
    g_Phi = np.empty((N, M), object)  # g_Phi[n, m] := (1 + erf(v[n, m] / sqrt(2))) / 2
    for n, m in np.ndindex(N, M):
        g_Phi[n, m] = (1 + _erf(v[n, m] / np.sqrt(2))) / 2
    g = np.empty((N, M), object)  # g[n, m] = v[n, m] * g_Phi[n, m]
    for n, m in np.ndindex(N, M):
        g[n, m] = v[n, m] * g_Phi[n, m]
    z = np.empty((N, J), object)  # z[n, j] = sum(m, g[n, m] * w[m, j]) + s[j]
    for n, j in np.ndindex(N, J):
        z[n, j] = sum(g[n, m] * w[m, j] for m in range(M)) + s[j]
    p = np.empty((N, J), object)  # p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))
    for n, j in np.ndindex(N, J):
        p[n, j] = np.exp(z[n, j]) / sum(np.exp(z[n, i]) for i in range(J))
    ell = np.empty((N,), object)  # ell[n] = -log(p[n, y[n]])
    for n in range(N):
        ell[n] = -np.log(p[n, y[n]])
    # L = mean(n, ell[n])
    L = sum(ell[n] for n in range(N)) / N
    return L


def _erf(value):
    """erf, to first order in the imaginary part."""
    if hasattr(value, "erf"):
        return value.erf()
    slope = 2 / math.sqrt(math.pi) * math.exp(-(value.real**2))
    return math.erf(value.real) + (value - value.real) * slope


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
            shape = [sizes[axis] for axis in axes.split()]
            drawn, kind = rng.normal(size=shape), rng.integers(3) if attempt else 0
            value = np.where(kind or drawn > 0, 1, -1) * (np.abs(drawn) + 0.5)
            value = 1 / (1 + value) if kind == 2 else value
            value = rng.integers(sizes[LABELS[name]], size=shape) if name in LABELS else value
            inputs[name] = np.asarray(value)
        with suppress(ZeroDivisionError), np.errstate(all="ignore"):
            for name in (n for n in INPUTS if n not in LABELS):
                inputs[name] = inputs[name].astype(dtype)[()]
            value = np.asarray(equations(**inputs), float)
            if np.isfinite(value).all():
                return inputs
    return pytest.skip("no inputs were found at which the equations have values")


def moved(inputs, name=None, place=()):
    """Inputs as complex numbers, with an imaginary step at one entry."""
    found = {n: v if n in LABELS else np.array(v, complex) for n, v in inputs.items()}
    if name:
        found[name][place] += STEP * 1j
    return found


def exact(inputs, name=None, place=()):
    """The output by the equations, with an imaginary step at one entry."""
    return np.asarray(equations(**moved(inputs, name, place)), complex)


def slopes(inputs):
    """The slope of every entry of the output by every entry of each input wanted."""
    for name in WANTED:
        shape = np.shape(inputs[name])
        steps = [exact(inputs, name, place).imag / STEP for place in np.ndindex(shape)]
        yield name, np.reshape(np.stack(steps, -1), np.shape(steps[0]) + shape)


def normal(seed, shape, dtype):
    """Normal numbers of this shape."""
    return np.asarray(np.random.default_rng(seed).normal(size=shape)).astype(dtype)[()]


def check(found, wanted, dtype, times=1):
    """Is it the same, in dtype and shape, and up to rounding?"""
    assert (found.dtype, found.shape) == (np.dtype(dtype), np.shape(wanted))
    limit = LIMITS[dtype] * max(1, np.max(np.abs(wanted))) * times
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


def test_value_and_grad():
    inputs = draw(0)
    output, cache = module.forward(**inputs)
    same = output, module.backward(1.0, cache)
    np.testing.assert_equal(module.value_and_grad(**inputs), same)


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


class _Dual:
    """a + b ε with ε² = 0: b is the slope by the rules of calculus, and both may be complex."""

    def __init__(self, a, b=0.0):
        self.a, self.b, self.real = a, b, a.real

    def __add__(self, other):
        other = other if isinstance(other, _Dual) else _Dual(other)
        return _Dual(self.a + other.a, self.b + other.b)

    def __mul__(self, other):
        other = other if isinstance(other, _Dual) else _Dual(other)
        return _Dual(self.a * other.a, self.a * other.b + self.b * other.a)

    def __pow__(self, other):
        if isinstance(other, _Dual):
            return other.__rpow__(self.a) + _Dual(0.0, (self**other.a).b)
        return _Dual(self.a**other, other * self.a ** (other - 1) * self.b if other else 0.0)

    def __rpow__(self, other):
        power = other**self.a
        return _Dual(power, power * np.log(other) * self.b if np.any(self.b) else 0.0)

    __radd__, __rmul__ = __add__, __mul__
    __neg__ = lambda self: self * -1
    __sub__ = lambda self, other: self + -other
    __rsub__ = lambda self, other: -self + other
    __truediv__ = lambda self, other: self * other**-1.0
    __rtruediv__ = lambda self, other: self**-1.0 * other
    exp = lambda self: _Dual(np.exp(self.a), np.exp(self.a) * self.b)
    log = lambda self: _Dual(np.log(self.a), 1 / self.a * self.b)
    sqrt = lambda self: _Dual(np.sqrt(self.a), 0.5 / np.sqrt(self.a) * self.b)
    erf = lambda self: _Dual(_erf(self.a), 2 / np.sqrt(np.pi) * np.exp(-(self.a**2)) * self.b)


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("seed", range(3))
def test_hvp(seed, dtype):
    """The slope along the tangents is a dual part, and its gradient a complex step."""
    inputs = draw(seed, dtype)
    tangents = directions(seed, inputs, dtype)
    along = dict.fromkeys(inputs, 0.0) | dict(zip(WANTED, tangents, strict=True))
    dual = np.frompyfunc(_Dual, 2, 1)
    times = 1 if dtype == "float64" else 100  # where slopes are steep, second ones are steeper
    found = module.hvp(tuple(inputs.values()), tangents)
    for name in WANTED:
        wanted = np.zeros(np.shape(inputs[name]))
        for place in np.ndindex(wanted.shape):
            values = moved(inputs, name, place).items()
            duals = {n: v if n in LABELS else dual(v, along[n]) for n, v in values}
            value = equations(**duals)
            wanted[place] = np.imag(getattr(value, "b", 0)) / STEP
        check(getattr(found, f"d{name}"), wanted, dtype, times)


@pytest.mark.parametrize("name", INPUTS)
def test_wrong_input(name):
    inputs = draw(0)
    value = inputs[name]
    wrong = [(TypeError, np.asarray(value, float if name in LABELS else complex))]
    wrong += [(ValueError, value.flat[0])] if INPUTS[name] else []
    wrong += [(ValueError, value * 0 + label) for label in (-1, 99) if name in LABELS]
    for error, bad in wrong:
        with pytest.raises(error, match=rf"\b{name}\b"):
            module.forward(**inputs | {name: bad})


def test_wrong_cotangent():
    output, cache = module.forward(**draw(0))
    with pytest.raises(TypeError, match=r"\bdL\b"):
        module.backward(np.zeros(np.shape(output), complex), cache)
# Written by pullback from its own layers; digest of what stands above: 6b090aec98c0dc05
