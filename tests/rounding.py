"""What rounding may do to a result: the sizes of the terms that make it up.

A sum whose terms cancel keeps the error of its terms, and a gradient is a sum over paths. So an
error is measured against the sum of the terms with every one taken as positive: for a sum of
positive terms that is the value itself, and the bound is a strict relative one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.definitions import facts
from tests.places import has_matrices, is_recurrent
from tests.reference import MP, OPERATIONS, Exact, Place, gradients, small_step

# 4,500 roundings of float64, and 84 of float32
RELATIVE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}
SATURATED = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 3e-4}  # of recurrent layers


@dataclass(frozen=True)
class Terms:
    """A value, the size of its terms, and the size of its slope by each entry of the inputs."""

    value: Any
    size: Any
    slopes: dict[tuple[str, Place], Any]


class Sized(Exact):
    """An evaluation in `Terms`; the slope of each single operation is a complex step."""

    def number(self, value: Any) -> Terms:
        number = MP.mpf(value)
        return Terms(number, abs(number), {})

    def leaf(self, name: str, place: Place) -> Terms:
        value = super().leaf(name, place)
        return Terms(value, abs(value), {(name, place): MP.mpf(1)})

    def real(self, value: Terms) -> Any:
        return value.value

    def apply(self, op: str, *args: Terms) -> Terms:
        values = [a.value for a in args]
        value = OPERATIONS[op](*values)
        slopes: dict[tuple[str, Place], Any] = {}
        for i, arg in enumerate(args):
            if arg.slopes:
                h = small_step() * (abs(arg.value) or 1)  # values may be as small as exp(-20000)
                stepped = [MP.mpc(v, h) if i == j else v for j, v in enumerate(values)]
                local = abs(MP.mpc(OPERATIONS[op](*stepped)).imag) / h
                for key, slope in arg.slopes.items():
                    slopes[key] = slopes.get(key, 0) + local * slope
        return Terms(value, term_size(op, value, args), slopes)


def term_size(op: str, value: Any, args: tuple[Terms, ...]) -> Any:
    """The terms of a sum, also through products and quotients; a function's value is one term."""
    if op in ("+", "-"):
        return args[0].size + args[1].size
    if op == "*":
        return args[0].size * args[1].size
    return args[0].size / abs(args[1].value) if op == "/" else abs(value)


@dataclass(frozen=True)
class Allowed:
    """The error that each entry may have: of the output, and of each gradient."""

    output: np.ndarray
    gradients: dict[str, np.ndarray]


def allowed(name: str, inputs: dict[str, Any], g: Any, dtype: np.dtype) -> Allowed:
    """The error allowed for results of this dtype."""
    layer = facts(name)
    if has_matrices(layer):
        return of_elimination(name, inputs, g, dtype)
    sized = Sized(layer, inputs)
    terms = sized.output()
    relative = relative_error(sized, dtype)
    # below the smallest normal number a float has no relative precision; what is lost there may
    # be multiplied by inputs and cotangents, which the tests keep below 1e6
    tiny = float(np.finfo(dtype).tiny) * 1e6
    output = np.empty(terms.shape, object)
    gradients = {w: np.full(sized.inputs[w].shape, MP.mpf(tiny), object) for w in layer.wrt}
    for at in np.ndindex(terms.shape):
        output[at] = relative * terms[at].size + tiny
        weight = relative * abs(MP.mpf(float(np.asarray(g)[at])))
        for (wanted, place), slope in terms[at].slopes.items():
            if wanted in gradients:
                gradients[wanted][place] += weight * slope
    return Allowed(output, gradients)


def of_elimination(name: str, inputs: dict[str, Any], g: Any, dtype: np.dtype) -> Allowed:
    """Where a matrix is solved every entry has a part in every other: relative to the largest.

    A hundred times what is allowed elsewhere, for condition numbers up to that.
    """
    output = Exact(facts(name), inputs).output()
    found = {"": output, **gradients(name, inputs, g)}
    bounds = {}
    for key, values in found.items():
        largest = max((abs(v) for v in np.asarray(values, object).flat), default=0)
        bounds[key] = np.full(np.shape(values), largest * 100 * RELATIVE[dtype], object)
    return Allowed(bounds.pop(""), bounds)


def relative_error(sized: Sized, dtype: np.dtype) -> float:
    """The relative error allowed: 1e-12, and more only where a node in between is huge.

    A node of size M is rounded by M times the machine's epsilon or so, and exp turns that absolute
    error into a relative one; so with logits of 1e4 out of a matrix product no code does better
    than some 1e4 epsilons. Sixteen of them for each unit of M: nothing below M = 280 in float64.
    The slope 1 - s² of a state near 1 is rounded by the epsilon of 1, at each step.
    """
    layer = sized.layer
    between = [
        float(terms.size)
        for (name, _), terms in sized.entries.items()
        if name in layer.equations and name != layer.output
    ]
    least = (SATURATED if is_recurrent(layer) else RELATIVE)[dtype]
    return max(least, 16 * float(np.finfo(dtype).eps) * max(between, default=0.0))
