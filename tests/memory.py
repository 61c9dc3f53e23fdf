"""How much memory a module's backward pass takes, beside what it works on."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pullback.codegen.interface.sizes import fitted, related
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.layer import Layer

SLACK = 2**16  # bytes that Python itself and buffers of a fixed size take
TIMES = 4  # of the largest array


@dataclass(frozen=True)
class Memory:
    """In bytes: the largest of inputs, nodes and gradients, and the peaks of both passes."""

    largest: int
    forward: int
    backward: int

    @property
    def bound(self) -> int:
        """What backward may take: no more than some arrays of those that forward has anyway."""
        return TIMES * max(self.largest, self.forward) + SLACK


def peak(work: Callable[[], Any]) -> tuple[int, Any]:
    """The memory that a call takes at most beyond what there was, and its result."""
    tracemalloc.start()
    result = work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most, result


def draw(layer: Layer, sizes: dict[str, int]) -> dict[str, Any]:
    """Inputs of these sizes between ½ and 1, and labels."""
    rng = np.random.default_rng(0)
    inputs: dict[str, Any] = {}
    for tensor in layer.inputs:
        shape = tuple(sizes[str(i.size)] for i in tensor.indices)
        if tensor.integer:
            inputs[tensor.name] = rng.integers(sizes[str(tensor.labels_of)], size=shape)
        else:
            inputs[tensor.name] = rng.uniform(0.5, 1.0, size=shape)
    inputs |= {str(size): sizes[str(size)] for size in layer.arguments}
    return inputs


def sizes_of(layer: Layer, size: int) -> dict[str, int]:
    """A size for each axis, about the same."""
    names = {*map(str, layer.given_sizes)}
    names |= {str(t.labels_of) for t in layer.inputs if t.integer}
    sizes = {name: size + place for place, name in enumerate(sorted(names))}
    bound = related(layer)
    if not bound:
        return sizes
    shown = {size: sizes[str(size)] for size in layer.given_sizes}
    long = {r.size for r in layer.reaches} | {s for _, by in layer.sizes for s in by.free_symbols}
    windows = {s: 3 for s in bound if s in long and not any(s == r.size for r in layer.reaches)}
    padded = not layer.reaches  # then sizes are declared, and windows are those taken away
    taken = {s for _, by in layer.sizes for s in by.free_symbols if by.coeff(s).is_negative}
    short = dict.fromkeys(taken & {*shown}, 3) if padded else windows
    return {str(s): n for s, n in fitted(layer, shown | short).items()}


def measure(derivation: Derivation, sizes: dict[str, int]) -> Memory:
    """What both passes of a layer's module take at these sizes."""
    layer = derivation.layer
    code = loaded(module(derivation, lower(derivation)), layer)
    inputs = draw(layer, sizes)
    with np.errstate(all="ignore"):
        forward, (output, cache) = peak(lambda: code.forward(**inputs))
        backward, gradients = peak(lambda: code.backward(np.ones_like(output), cache))
    nodes = (n for n in layer.nodes if not n.notation)
    shapes = (tuple(sizes[str(i.size)] for i in n.indices) for n in nodes)
    arrays = [*inputs.values(), *gradients]
    largest = max(*(np.asarray(a).nbytes for a in arrays), *(8 * int(np.prod(s)) for s in shapes))
    return Memory(largest, forward, backward)
