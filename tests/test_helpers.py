"""The functions that a generated module defines itself, entry by entry."""

import re

import mpmath as mp
import numpy as np
import pytest

from pullback import layer
from pullback.codegen.targets.numpy.runtime.arrays import _guarded_einsum

BLOCK = {np.float32: 2**14, np.float64: 2**13}  # entries that are worked out at once
EXACT = {"erf": mp.erf, "erfc": mp.erfc}
RANGES = ((-6, -1), (-1, -1e-9), (1e-9, 0.1), (0.1, 0.5), (0.5, 1), (1, 2), (2, 4), (4, 9))
ULPS = {"erf": 1.5, "erfc": 6}  # 1.2 and 5.5 measured at 6,000 entries of each range


@pytest.fixture(scope="module")
def functions():
    """Each function as a layer's forward pass."""
    return {name: layer(f"h[...] = {name}(u[...])").compile().forward for name in EXACT}


def ulps(found, x, exact):
    """The largest error in steps between neighbouring floats."""
    errors = []
    for value, at in zip(found.tolist(), x.tolist(), strict=True):
        with mp.workdps(40):
            wanted = exact(mp.mpf(at))
            step = np.spacing(np.abs(found.dtype.type(float(wanted))))
            errors.append(float(abs(wanted - value) / mp.mpf(float(step))))
    return max(errors)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", BLOCK)
@pytest.mark.parametrize("low,high", RANGES)
def test_error_functions_in_ulps(functions, name, dtype, low, high):
    x = np.random.default_rng(0).uniform(low, high, 500).astype(dtype)
    found, _ = functions[name](x)
    assert found.dtype == dtype
    assert ulps(found, x, EXACT[name]) < ULPS[name]


def test_tails_of_erfc(functions):
    """As far as a normal float64 goes."""
    x = np.linspace(9, 26.5, 500)
    assert ulps(functions["erfc"](x)[0], x, mp.erfc) < ULPS["erfc"]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", BLOCK)
def test_error_functions_beyond_all(functions, name, dtype):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30], dtype)
    wanted = np.array([0, 0, 1, -1, np.nan, 1, -1], dtype)
    with np.errstate(invalid="raise", over="raise", divide="raise"):
        found, _ = functions[name](x)
    np.testing.assert_array_equal(found, wanted if name == "erf" else 1 - wanted)
    if name == "erf":
        assert list(np.signbit(found[:2])) == [False, True]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", BLOCK)
@pytest.mark.parametrize("scale", [0.01, 1, 30])
def test_blocks_are_as_single_entries(functions, name, dtype, scale):
    """Whatever stands beside it, an entry comes out the same; blocks of one kind, and the rest."""
    x = (np.random.default_rng(1).normal(size=2 * BLOCK[dtype] + 3) * scale).astype(dtype)
    x[: BLOCK[dtype]] = np.sort(np.abs(x[: BLOCK[dtype]]))
    whole = functions[name](x)[0]
    places = [0, 1, BLOCK[dtype] - 1, BLOCK[dtype], -2, -1]
    alone = np.array([functions[name](x[i : i + 1])[0][0] for i in np.arange(x.size)[places]])
    np.testing.assert_allclose(whole[places], alone, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", EXACT)
def test_layouts_of_arrays(functions, name):
    x = np.random.default_rng(2).normal(size=(6, 4, 8))
    whole = functions[name](x)[0]
    for view in (np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x[:, ::-1][:, ::-1]):
        np.testing.assert_array_equal(functions[name](view)[0], whole)
    for shape in ((), (0,), (3, 0)):
        assert functions[name](np.zeros(shape))[0].shape == shape


NUMBERS = [0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan]
SIGNATURES = ("nd,de->ne", "ed,ne->nd", "d,nd->n", "nd,ne->de", "d,d->", "n,nde->de")


def guarded_loops(signature, a, b):
    """Each product by itself, 0 where one of its factors is."""
    first, second, out = re.split(",|->", signature)
    sizes = dict(zip(first + second, a.shape + b.shape, strict=True))
    found = np.zeros([sizes[i] for i in out], a.dtype)
    for place in np.ndindex(*sizes.values()):
        at = dict(zip(sizes, place, strict=True))
        x, y = (v[tuple(at[i] for i in ls)] for v, ls in ((a, first), (b, second)))
        found[tuple(at[i] for i in out)] += 0 if x == 0 or y == 0 else x * y
    return found


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("dtype", BLOCK)
def test_nothing_times_infinity_in_a_guarded_sum(signature, dtype):
    rng = np.random.default_rng(0)
    sizes = {"n": 4, "d": 3, "e": 2}
    for kinds in (3, 4, 5, 6, 7):  # how many of the numbers come in
        for _ in range(60):
            shapes = ([sizes[i] for i in axes] for axes in re.split(",|->", signature)[:2])
            a, b = (rng.choice(NUMBERS[:kinds], size=s).astype(dtype) for s in shapes)
            with np.errstate(invalid="ignore"):
                wanted = guarded_loops(signature, a, b)
                found = _guarded_einsum(signature, a, b)
                into = _guarded_einsum(signature, a, b, np.empty_like(found))
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, wanted)
            np.testing.assert_array_equal(into, wanted)
