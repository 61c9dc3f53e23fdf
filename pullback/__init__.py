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
    from types import ModuleType

    from pullback.codegen.faces.notebook import Derived
    from pullback.codegen.trace import Trace

__all__ = ["compile", "layer", "load", "trace"]
__version__ = "0.1.0"


def layer(
    equations: str | Iterable[Any] | Mapping[Any, Any] | Callable[..., Any] | None = None,
    wrt: Sequence[str] | None = None,
    assume: Sequence[str] = (),
    name: str = "layer",
    matrices: str | None = None,
    sizes: Mapping[str, int | str] | None = None,
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
        sizes: of axes that no input shows, beside equations: {"a": 2}, {"i": "size(x, 1) + 2"}, or
            {"a": "argument"} for a size that each call gives
        shapes: of what NumPy expressions and matrix notation take, x="N D"; y="N: J" are labels
            below J, a="" a number

    Raises PullbackError where the equations cannot be read, a law is missing, or a step fails.
    """
    # Read when it is called, so that the command's parts do not wait for all others.
    from pullback.codegen.faces.notebook import layer as make

    return make(equations, wrt, assume, name, shapes, matrices, sizes)


def load(name: str) -> Derived:
    """Derive and prove a shipped layer, or one in a file, `my_layer.toml`.

    Raises PullbackError where there is none by that name, and as `layer` does.
    """
    from pullback.codegen.faces.notebook import load as find

    return find(name)


def compile(layer: str | Derived, target: str = "numpy") -> ModuleType:
    """The module of a layer for a target, at once and without a file.

    >>> compile("relu").value([[-1.0, 2.0]]).tolist()
    [[0.0, 2.0]]

    Arguments:
        layer: a shipped layer's name, the path of a definition, or what `layer` returned
        target: "numpy", "plain", "c", "torch", "jax", … as for `pullback generate --target`

    Raises PullbackError where there is no such layer or target, where the target lacks a function
    that the layer needs, and where its library is not installed.
    """
    from pullback.codegen.faces.notebook import compiled

    return compiled(layer, target)


def trace(layer: str | Derived | Any, inputs: Mapping[str, Any] | None = None) -> Trace:
    """Every value and every gradient of a layer for some inputs: arrays by name, and a table.

    >>> print(trace("relu", {"u": [-1.0, 2.0]})["du"])
    [0. 1.]

    Arguments:
        layer: a shipped layer's name, the path of a definition, what `layer` returned, or a module
            that was generated from a shipped layer
        inputs: arrays, numbers or lists by name; among them may be the output's cotangent, `dh` of
            h, which is 1 everywhere if it is left out. Without inputs they are those of the worked
            example on the layer's page

    Raises PullbackError for inputs that are missing, unknown or no numbers, and TypeError and
    ValueError as generated modules do for shapes and labels that do not go together.
    """
    from pullback.codegen.faces.notebook import traced

    return traced(layer, inputs)
