"""The equations in a test file decide at a tie as at the point itself, whatever a step adds there.

A step of h along an input adds terms in h² to real parts: expm1(ih) is ih - h²/2, and (ih)² is -h².
"""

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import smoke
from pullback.codegen.targets.table import NUMPY
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations

TIES = {  # equations of x, and the slope at 0
    "h[n] = max(0, x[n]) + min(0, 1.7 * expm1(x[n]))": 0,
    "h[n] = [x[n] * x[n] >= 0] * x[n]": 1,
    "h[n] = where(x[n]**2 < 0, 0, 3 * x[n])": 3,
    "h[n] = where(expm1(x[n]) < 0, 0, 2 * x[n])": 2,
    "h[n] = where(cos(x[n]) > 1, 0, x[n])": 1,
    "h[n] = abs(expm1(x[n])) + x[n]": 1,
    "h[n] = max(x[n] * x[n], 0) + x[n]": 1,
}


def texts(equations: str) -> tuple[str, str]:
    """A module and its test file."""
    layer = read_equations("own", equations)
    derivation = derive(layer)
    made = NUMPY.emit(derivation, lower(derivation))
    return made.module, module_test(layer, made.module, made.promise)


@pytest.mark.parametrize("equations", TIES)
def test_a_step_decides_as_the_point(equations, tmp_path):
    text, test_text = texts(equations)
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    place = str(tmp_path / "test_own.py")
    reference = {"__file__": place, "__name__": "test_own"}
    exec(compile(test_text, place, "exec"), reference)
    _, slopes = reference["both"]({"x": np.array([0.0, 0.5])}, reference["EXACT"])
    assert slopes["x"][0, 0] == TIES[equations]


def test_a_module_with_a_tie_passes_its_tests():
    text, test_text = texts(next(iter(TIES)))
    smoke("own", text, test_text)
