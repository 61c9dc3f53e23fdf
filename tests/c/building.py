"""Modules with kernels and those of NumPy, made from definitions, and arrays for both."""

from __future__ import annotations

import re
import shutil
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.table import NATIVE, NUMPY
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.layer import Layer
from pullback.derive.read.reader import read_equations
from tests.shipped import derived

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no cc")


@cache
def derivation(text: str) -> Derivation:
    """Of a shipped layer by its name, or of equations."""
    if "=" in text:
        return derive(read_equations("own", text))
    return derived(text)


@cache
def texts(text: str) -> tuple[str, str]:
    """The module with kernels, and NumPy's."""
    made = derivation(text)
    return tuple(t.emit(made, t.program(made)).module for t in (NATIVE, NUMPY))  # type: ignore


def modules(text: str) -> tuple[ModuleType, ModuleType]:
    """The same, loaded anew."""
    layer = derivation(text).layer
    both = [loaded(t, layer) for t in texts(text)]
    return both[0], both[1]


def kernels(text: str) -> list[str]:
    """The names of a module's kernels."""
    return re.findall(r"^int F\((k\d+)\)\(const word \*a\)$", texts(text)[0], re.MULTILINE)


def draw(
    layer: Layer, sizes: dict[str, int], rng: np.random.Generator, scale: float, dtype: Any
) -> dict[str, Any]:
    """Inputs whose axes have these sizes, by the names of the sizes; labels too."""
    found: dict[str, Any] = {}
    for tensor in layer.inputs:
        shape = tuple(sizes[str(i.size)] for i in tensor.indices)
        if tensor.integer:
            found[tensor.name] = rng.integers(sizes[str(tensor.labels_of)], size=shape)
        elif shape:
            found[tensor.name] = (rng.normal(size=shape) * scale).astype(dtype)
        else:
            found[tensor.name] = float(rng.uniform(0.5, 1.5))
    return found | {str(size): sizes[str(size)] for size in layer.arguments}
