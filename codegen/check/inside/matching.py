"""Are two arrays the same, whatever their layout? And where does one fit in place of another?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import prod
from typing import Any

import numpy as np

from pullback.codegen.check.inside.observer import Put

EXACT = 1e-9  # relative: a value that is this near is the same
NOTHING = 1e-7  # as in comparing
SMALL = 1e-3  # entries below this are compared as this, so that what is 0 is what comes to nothing
MAX_TURNED = 3  # axes of which every order is tried


def near(a: Any | None, b: Any, rtol: float, least: float = NOTHING) -> bool:
    """Are two arrays of one shape equal up to rounding, by the largest entry?"""
    if a is None or np.shape(a) != np.shape(b):
        return False
    scale = max(float(np.max(np.abs(b), initial=0)), least)
    return bool(np.max(np.abs(np.asarray(a, float) - b), initial=0) <= rtol * scale)


def exactly(a: Any | None, b: Any) -> bool:
    """Are two arrays of one shape the same but for rounding?"""
    return near(a, b, EXACT, SMALL)


def alike(value: Any, quantity: Any) -> bool:
    """Is a value a quantity, in whatever order and number of axes?"""
    a, b = np.squeeze(value), np.squeeze(quantity)
    if a.size != b.size or a.ndim != b.ndim:
        return False
    orders = permutations(range(a.ndim)) if a.ndim <= MAX_TURNED else [tuple(range(a.ndim))]
    return any(exactly(a.transpose(o), b) for o in orders)


def fitting(quantity: Any, values: list[Any]) -> Iterator[Put]:
    """Ways to put a quantity where these values came, one after the other, that are not it."""
    last, shape = values[-1], np.shape(values[-1])
    if not exactly(last, quantity):
        if quantity.shape == shape:
            yield Put(quantity)
        elif np.squeeze(quantity).shape == np.squeeze(last).shape:
            yield Put(quantity.reshape(shape))
        elif quantity.ndim == 2 and quantity.T.shape == shape:
            yield Put(quantity.T)
        elif np.size(last) == 1 < quantity.size:  # a number in place of an array
            yield Put(quantity)
            yield from (Put(np.expand_dims(quantity, at)) for at in range(1, quantity.ndim + 1))
    for leading in range(1, quantity.ndim + 1):
        if quantity.shape[leading:] == shape and len(values) == prod(quantity.shape[:leading]):
            whole = np.array(values).reshape(quantity.shape)
            if not exactly(whole, quantity):
                yield Put(quantity, leading)
