"""The loops of a test file compute in decimals: right to 25 digits, the same on every machine."""

import ast
from decimal import Decimal, localcontext

import mpmath
import pytest

from pullback.codegen.interface.promise import Promise
from pullback.codegen.targets.numpy.decimals import LEAVES
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import Checks
from pullback.derive.read.reader import read_equations

MP = mpmath.mp.clone()
MP.dps = 150
# those of all numbers, but for ends of log and the root; the others' are held in test_functions.py
EVERYWHERE = ["exp", "log", "log1p", "expm1", "sqrt", "tanh", "sin", "cos", "erf", "erfc"]
assert {*EVERYWHERE} <= {*LEAVES}
TEXT = module_test(
    read_equations(
        "own", "u[n] = " + " + ".join(f"{f}(x[n])" for f in EVERYWHERE) + " + x[n]**x[n]"
    ),
    "",
    Promise(),
)
NAMES = Checks("own", TEXT).names
PLACES = {
    "log1p": (-0.999999, -1e-30, 1e-30, 0.3, 1e300),
    "log": (1e-300, 0.3, 1.0000001, 1e300),
    "sqrt": (1e-300, 0.3, 1e300),
    "exp": (-1e4, -0.3, 0.0, 1e4),
}
ANYWHERE = (-1e4, -40.0, -0.3, -1e-30, 0.0, 1e-30, 2.5, 40.0, 1e4)
OF_FLOATS = {"erf", "erfc"}  # taken from the standard library, with its digits


@pytest.mark.parametrize(
    ("name", "place"), [(name, x) for name in EVERYWHERE for x in PLACES.get(name, ANYWHERE)]
)
def test_a_function_and_its_slope(name, place):
    dual = NAMES["_Dual"]
    inner = dual(Decimal(place), Decimal(1))
    with localcontext(NAMES["EXACT"]):
        found = getattr(dual(inner, dual(Decimal(1))), name)()
    function = getattr(MP, name)
    values = found.a.a, found.a.b, found.b.b if found.b.b is not None else 0
    limit = 1e-15 if name in OF_FLOATS else 1e-25
    for order, value in enumerate(values):
        wanted = MP.diff(function, MP.mpf(place), order, h=MP.mpf("1e-40") * (abs(place) or 1))
        if order < 2 or abs(place) > 1e-20:
            assert abs(MP.mpf(str(value)) - wanted) <= limit * max(1, abs(wanted)), (order, wanted)


@pytest.mark.parametrize(("base", "power"), [(1.5, 2.5), (-1.5, 3), (2.0, -1), (0.0, 2), (0.3, 0)])
def test_powers_and_their_slopes(base, power):
    dual, exact = NAMES["_Dual"], MP.mpf(base)
    with localcontext(NAMES["EXACT"]):
        found = dual(Decimal(base), Decimal(1)) ** power
    assert abs(MP.mpf(str(found.a)) - exact**power) < 1e-25
    assert abs(MP.mpf(str(found.b)) - (power * exact ** (power - 1) if power else 0)) < 1e-25


def test_no_number_has_the_digits_of_a_platform():
    names = {n.attr for n in ast.walk(ast.parse(TEXT)) if isinstance(n, ast.Attribute)}
    assert not names & {"longdouble", "clongdouble", "complex256", "float128"}
