"""Gradients of layers: derived step by step, proved, typeset, and emitted as code.

>>> from pullback import layer
>>> print(layer("u[n] = a * x[n]", wrt=["a"]).gradients["a"])
∂ℒ/∂a = Σ_n x[n] ∂ℒ/∂u[n]

In the repository `derive/`, `codegen/`, `layers/` and `generated/` lie at the top; links here lead
to them, so that they are `pullback.derive`, … in a checkout as in an installed wheel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pullback.codegen.faces.notebook import Derived

__all__ = ["layer"]
__version__ = "0.1.0"


def layer(
    equations: str | Iterable[Any] | Mapping[Any, Any] | Callable[..., Any] | None = None,
    wrt: Sequence[str] | None = None,
    assume: Sequence[str] = (),
    name: str = "layer",
    matrices: str | None = None,
    **shapes: str,
) -> Derived:
    """Derive and prove the gradients of a layer, in a notebook or a script.

    Arguments:
        equations: the text of equations, which may call shipped definitions; or SymPy objects, as
            a list of `Eq(left, right)` or a dictionary {left: right}; or a Python function of NumPy
            expressions, or such expressions as text, with shapes: they are read and not run
        wrt: the inputs whose gradients are wanted, by name; all real ones if left out
        assume: facts that may be used, as text: "sum(j, t[n, j]) == 1"
        name: the layer's name
        matrices: in place of equations the text of matrix notation, such as "u = x W + c"
        shapes: of what NumPy expressions and matrix notation take, x="N D"; y="N: J" are labels
            below J, a="" a number

    Raises PullbackError where the equations cannot be read, a law is missing, or a step fails.
    """
    # Read when it is called, so that the command's parts do not wait for all others.
    from pullback.codegen.faces.notebook import layer as make

    return make(equations, wrt, assume, name, shapes, matrices)
