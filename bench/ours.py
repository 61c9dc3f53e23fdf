"""How a generated module is called where it is measured; the one place that knows."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def ours(
    layer: str, inputs: Sequence[Any], g: Any = None, kept: bool = False
) -> Callable[[], tuple[Any, ...]]:
    """A call that returns (output, *gradients); no g stands for the gradient of a number.

    With `kept` every call writes into one workspace.
    """
    module = import_module(f"generated.{layer}")
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
