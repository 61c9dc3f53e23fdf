"""Modules of shipped layers and of texts, for a library."""

import importlib.util
import sys
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.targets.table import TARGETS
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations
from tests.definitions import facts
from tests.samples import draw, sizes_of
from tests.shipped import derived

QUICK = {"relu", "softmax", "mlp", "layer_norm", "gelu", "embedding", "rnn", "conv1d", "max_pool2d"}
QUICK |= {"masked_attention", "gaussian"}
# JAX compiles each operation for each shape, which takes most of its tests' time
QUICK_JAX = {"relu", "mlp", "layer_norm", "embedding", "rnn"}


def each(quick):
    """All shipped layers, of which those are quick that are among these."""
    slow = pytest.mark.slow
    return [pytest.param(n, marks=[] if n in quick else [slow]) for n in library.shipped()]


EACH, EACH_JAX = each(QUICK), each(QUICK_JAX)


def needs(name):
    """Skips where a library is not there; `make targets` has all of them."""
    lacks = importlib.util.find_spec(name) is None
    return pytest.mark.skipif(lacks, reason=f"{name} is not installed; make targets has it")


def text(derivation, target):
    """The text of a module."""
    made = TARGETS[target]
    return made.emit(derivation, made.program(derivation)).module


@cache
def module(name, target):
    """The module of a shipped layer."""
    return loaded(name, text(derived(name), target))


def own(equations, target, **more):
    """The module of a definition of these equations."""
    return loaded("own", text(derive(read_equations("own", equations, **more)), target))


def loaded(name, source):
    """A module of this text."""
    made = ModuleType(f"{name}_of_a_library")
    sys.modules[made.__name__] = made
    exec(compile(source, f"<{name}>", "exec"), made.__dict__)
    return made


def inputs(name, kind="normal", dtype="float64", seed=1, **sizes):
    """Inputs of a shipped layer, by name."""
    layer, rng = facts(name), np.random.default_rng(seed)
    return {
        n: np.asarray(v) for n, v in draw(layer, sizes_of(layer, **sizes), rng, kind, dtype).items()
    }
