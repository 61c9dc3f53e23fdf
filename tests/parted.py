"""Emitted modules worked out in parts: what they make together, for tests beside the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Any

import numpy as np

Given = Callable[[Any], Any]


def slices(counts: Sequence[int]) -> list[slice]:
    """The places of each part, one behind the other."""
    return [slice(a, b) for a, b in pairwise([0, *accumulate(counts)])]


def taken(array: Any, axis: int, part: slice) -> Any:
    """A part of an array along an axis."""
    at = [slice(None)] * np.ndim(array)
    at[axis] = part
    return array[tuple(at)]


def length(module: ModuleType, inputs: Mapping[str, Any], axis: str) -> int:
    """How many places an axis has."""
    name, position = next(iter(module.PARTS[axis]["inputs"].items()))
    return int(np.shape(inputs[name])[position])


def whole(
    module: ModuleType, wanted: Sequence[str], inputs: Mapping[str, Any], cotangent: Any
) -> tuple[Any, dict[str, Any]]:
    """The output and the gradients by name, of forward and backward in one go."""
    output, cache = module.forward(**inputs)
    found = module.backward(cotangent, cache)
    found = found if isinstance(found, tuple) else (found,)
    return output, dict(zip(wanted, found, strict=True))


def in_parts(
    module: ModuleType,
    wanted: Sequence[str],
    inputs: Mapping[str, Any],
    cotangent: Any,
    counts: Sequence[int],
    axis: str,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same from parts with so many places of an axis, by what the module says of them."""
    along = module.PARTS[axis]
    ((output, kind),) = along["outputs"].items()
    results: list[Any] = []
    weights = module.parts(counts, axis)
    assert len(weights) == len(counts) + bool(along.get("rest"))
    for part, weight in zip([*slices(counts), slice(0, 0)], weights, strict=False):
        if part.start == part.stop and len(results) < len(counts):
            results.append(None)  # a part without places has nothing to say
            continue
        own = {n: taken(inputs[n], a, part) for n, a in along["inputs"].items()}
        pulled = taken(cotangent, kind, part) if isinstance(kind, int) else cotangent
        value, gradients = whole(
            module, wanted, {**inputs, **own}, pulled * weight.get(output, 1.0)
        )
        results.append(({output: value}, gradients))
    found: tuple[dict[str, Any], dict[str, Any]] = module.combine(results, counts, axis)
    return found


def ways(count: int) -> list[list[int]]:
    """Numbers of places of parts, unequal and with none among them, that add up to a number."""
    found = [[1, 0, count - 1], [count], [0, count - count // 2, count // 2]]
    return [way for way in found if min(way) >= 0]
