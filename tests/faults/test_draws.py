"""What emitted tests draw: no kink without a rule, nothing past memory, and every branch."""

from math import prod

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.interface.promise import Promise
from pullback.codegen.interface.shapes import axes_of
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loops import Loops
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import Checks, smoke
from pullback.codegen.targets.numpy.test_sizes import MOST_ENTRIES, long, wide
from pullback.codegen.targets.table import NUMPY
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations, read_layer

KINKS = {  # a complex step gives another slope there than the module, or one that ends late
    "root of a square": "v[n] = sqrt(w[n, n]**2) + a / (0.5 + abs(w[n, n]))",
    "power of half a square": "v[n] = (w[n]**2)**0.5 + max(w[n], a)",
    "slope of a power at 0": "v[n] = where(x[n] >= 0, x[n]**(3/2), x[n])",
}


FACTORS = "(sum(i, v[i, f] * x[n, i]))**2 - sum(i, v[i, f]**2 * x[n, i]**2)"
COSINE = "sum(d, x[n, d] * w[d]) / (sqrt(sum(d, x[n, d]**2)) * sqrt(sum(d, w[d]**2)))"
ILL = {  # at some sizes, or where inputs are large, floats do not bear what is asked elsewhere
    "what is left of large squares": f"y[n] = 1/2 * sum(f, {FACTORS})",
    "no slope where there is one place": f"c[n] := {COSINE}\ns[n] = sqrt(1 - c[n]**2)",
    "a difference of roots": "y[n] = u[n] * v[n] - sqrt(1 + u[n]**2) * sqrt(1 + v[n]**2)",
    "a norm of nothing": "y[n] = x[n] / sqrt(sum(i, j, w[i, j]**2))",
    "overflow in float32": "L = log(1 + exp(64 * max(0, a + 1/4) * (a - 1/4)))",
    "slopes of one value": "L = mean(n, log(1 + exp((a[n] - b[n]) - (c[n] - d_[n]))))",
}


@pytest.mark.parametrize("equation", [*KINKS.values(), *ILL.values()], ids=[*KINKS, *ILL])
def test_a_right_module_is_not_refused(equation):
    layer = read_equations("own", equation)
    derivation = derive(layer)
    made = NUMPY.emit(derivation, lower(derivation))
    smoke("own", made.module, module_test(layer, made.module, made.promise))


def test_an_axis_that_stands_twice_in_an_input_bounds_how_long_it_is():
    layer = read_equations("own", "u[n] = sum(d, x[y[d, d], n] * b[n, n])")
    equations = Loops(layer).read
    choices = [*long(layer, equations), *wide(layer, equations, {"_dot", "_parts"})]
    assert choices
    for sizes in choices:
        for tensor in layer.inputs:
            assert prod(sizes[a] for a in axes_of(tensor)) <= MOST_ENTRIES


def test_masks_are_drawn_that_are_0_beside_others():
    """exp(-1e30) is 0, and no reason to draw again."""
    name = "masked_attention"
    layer = read_layer(name, library.shipped_source(name), library.shipped_source)
    checks = Checks(name, module_test(layer, "", Promise()))
    masks = np.concatenate([checks.names["draw"](seed)["M"].ravel() for seed in range(3)])
    assert (masks > 0).any() and (masks < 0).any()
