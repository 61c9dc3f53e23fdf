"""The functions of pullback.h beside 50 digits and beside NumPy."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen.targets.c import runtime
from pullback.codegen.targets.numpy.runtime import functions
from tests.c.building import needs_cc
from tests.c.test_building import flags
from tests.reference import MP

pytestmark = needs_cc
HEADER = Path(runtime.__file__).parent / "pullback.h"
# by name: the exact value, NumPy's, and ULPs that are allowed for float32 and float64
FUNCTIONS = {
    "exp": (MP.exp, np.exp, (1.1, 1.1)),
    "log": (MP.log, np.log, (1.1, 1.1)),
    "log1p": (MP.log1p, np.log1p, (1.1, 1.1)),
    "expm1": (MP.expm1, np.expm1, (1.6, 2.3)),
    "tanh": (MP.tanh, np.tanh, (1.5, 1.5)),
    "sigmoid": (lambda x: 1 / (1 + MP.exp(-x)), functions._sigmoid, (2.5, 2.5)),
    "erf": (MP.erf, functions._erf, (1.2, 1.2)),
    "erfc": (MP.erfc, functions._erfc, (4.5, 6.0)),
}
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 1e-310, -1e-310, -1.0, 1.0, 88.7]
SPECIAL += [88.8, -87.5, -103.0, -104.5, 709.7, 709.9, -745.0, -750.0, 1e300, -1e300, 1e-20]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The functions over arrays."""
    loop = "for (long i = 0; i < n; i++) y[i] = {0}_{1}(x[i]);"
    lines = [f'#include "{HEADER}"']
    for name in FUNCTIONS:
        for real, letter in (("float", "f"), ("double", "d")):
            head = f"void all_{name}_{letter}(long n, const {real} *x, {real} *y)"
            lines.append(f"{head} {{ {loop.format(name, letter)} }}")
    folder = tmp_path_factory.mktemp("functions")
    (folder / "all.c").write_text("\n".join(lines))
    command = ["cc", *flags("-fPIC", "-shared"), str(folder / "all.c"), "-lm"]
    subprocess.run([*command, "-o", str(folder / "all.so")], check=True)
    return ctypes.CDLL(str(folder / "all.so"))


def over(library, name, x):
    y = np.empty_like(x)
    function = getattr(library, f"all_{name}_{'f' if x.itemsize == 4 else 'd'}")
    pointers = (ctypes.c_void_p(a.ctypes.data) for a in (x, y))
    function(ctypes.c_long(x.size), *pointers)
    return y


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ulps(library, name, dtype):
    exact, _, allowed = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=300) * scale for scale in (1e-5, 0.1, 0.6, 1, 3, 10)])
    x = np.abs(x) if name.startswith("log") else x
    x = x.astype(dtype)
    worst = 0.0
    for given, found in zip(x, over(library, name, x), strict=True):
        wanted = exact(MP.mpf(float(given)))
        size = abs(dtype(float(wanted)))
        if size > np.finfo(dtype).tiny:
            worst = max(worst, float(abs(MP.mpf(float(found)) - wanted)) / float(np.spacing(size)))
    assert 0 < worst <= allowed[dtype is np.float64]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values(library, name, dtype):
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL * 3).astype(dtype)
        wanted = FUNCTIONS[name][1](x)
    found = over(library, name, x)
    np.testing.assert_allclose(found, wanted, rtol=1e-5 if dtype == np.float32 else 1e-13)
    number = ~np.isnan(wanted)
    assert (np.signbit(found) == np.signbit(wanted))[number].all()
    assert all(len({*map(repr, found[i :: len(SPECIAL)])}) == 1 for i in range(len(SPECIAL)))
