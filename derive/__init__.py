"""The mathematics: definitions to layers, layers to derivations, derivations to proofs.

>>> from derive import layer
>>> print(layer("u[n] = a * x[n]", wrt=["a"]).gradients["a"])
∂ℒ/∂a = Σ_n x[n] ∂ℒ/∂u[n]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

# Read here so that reading it later does not put the module in the place of the function `layer`.
from derive.layer import Layer as Layer

if TYPE_CHECKING:
    from codegen.notebook import Derived

__all__ = ["layer"]


def layer(
    equations: str | Iterable[Any] | Mapping[Any, Any],
    wrt: Sequence[str] | None = None,
    assume: Sequence[str] = (),
    name: str = "layer",
) -> Derived:
    """Derive and prove the gradients of a layer, in a notebook or a script.

    Arguments:
        equations: the text of equations, which may call shipped definitions; or SymPy objects, as
            a list of `Eq(left, right)` or a dictionary {left: right}
        wrt: the inputs whose gradients are wanted, by name; all real ones if left out
        assume: facts that may be used, as text: "sum(j, t[n, j]) == 1"
        name: the layer's name

    Raises PullbackError where the equations cannot be read, a law is missing, or a step fails.
    """
    # The one door from the mathematics up to programs and pages; nothing else here knows of them.
    from codegen.notebook import layer as make

    return make(equations, wrt, assume, name)
