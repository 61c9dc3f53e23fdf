"""How a generated module is called where it is measured; the one place that knows."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from pullback import load
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.table import TARGETS


def ours(
    layer: str, inputs: Sequence[Any], g: Any = None, kept: bool = False
) -> Callable[[], tuple[Any, ...]]:
    """A call that returns (output, *gradients); no g stands for the gradient of a number.

    With `kept` every call writes into one workspace.
    """
    return step(import_module(f"generated.{layer}"), inputs, g, kept)


@cache
def targeted(layer: str, target: str) -> ModuleType:
    """The layer's module for a target, which its own tests have seen elsewhere."""
    made = load(layer).compiled.to(TARGETS[target])
    return loaded(made.emit().module, made.layer)


def step(
    module: ModuleType, inputs: Sequence[Any], g: Any = None, kept: bool = False
) -> Callable[[], tuple[Any, ...]]:
    """The same of any generated module."""
    work = module.workspace(*inputs) if kept else None
    if g is None:

        def whole() -> tuple[Any, ...]:
            value, gradients = module.value_and_grad(*inputs, work=work)
            return value, *gradients

        return whole

    def halves() -> tuple[Any, ...]:
        output, cache = module.forward(*inputs, work=work)
        return output, *module.backward(g, cache)

    return halves
