"""Others who take the same step: libraries of automatic differentiation, and code by hand.

Each makes an Entrant from a row's operands. One that is not installed, has no such layer or cannot
be compiled raises LeftOut with the reason in a few words.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from bench import by_hand, tasks
from bench.ours import ours, step, targeted
from bench.tasks import Operands, Row

OURS, FRESH = "numpy", "no workspace"
PRECISE, NATIVE, IN_TORCH, IN_JAX = "numpy-precise", "c", "in torch", "in jax"
TORCH, COMPILED, JAX = "torch", "torch.compile", "JAX jit"
HAND, LIMIT = "NumPy by hand", "limit"


class LeftOut(Exception):
    """Why an entrant does not run."""


@dataclass(frozen=True)
class Entrant:
    """A call that takes the step, and how to read its results as (output, *gradients)."""

    call: Callable[[], Any]
    read: Callable[[Any], Iterable[Any]] = tuple


def needed(name: str) -> Any:
    """A module that may not be installed."""
    try:
        return import_module(name)
    except ImportError:
        raise LeftOut("not installed") from None


def pullback(row: Row, o: Operands) -> Entrant:
    """The generated module, every call with the same workspace."""
    return Entrant(ours(row.layer, tuple(o.inputs.values()), o.g, kept=True))


def without_workspace(row: Row, o: Operands) -> Entrant:
    """The generated module, with new arrays for every call."""
    return Entrant(ours(row.layer, tuple(o.inputs.values()), o.g))


def precisely(row: Row, o: Operands) -> Entrant:
    """A module that is made to be precise, with a workspace."""
    module = targeted(row.layer, "numpy-precise")
    return Entrant(step(module, tuple(o.inputs.values()), o.g, kept=True))


def in_c(row: Row, o: Operands) -> Entrant:
    """A module with kernels in C, with a workspace."""
    return Entrant(step(targeted(row.layer, "c"), tuple(o.inputs.values()), o.g, kept=True))


def of_the_array_api(row: Row, o: Operands) -> Entrant:
    """A module for any library, with NumPy's arrays."""
    needed("array_api_compat")
    module, given = targeted(row.layer, "array-api"), tuple(o.inputs.values())
    g = np.ones((), row.dtype)[()] if o.g is None else o.g

    def call() -> Any:
        output, cache = module.forward(*given)
        return output, *module.backward(g, cache)

    return Entrant(call)


def numpy_by_hand(row: Row, o: Operands) -> Entrant:
    """Hand-written NumPy."""
    step = getattr(by_hand, row.layer)
    given = [*o.inputs.values()] if o.g is None else [*o.inputs.values(), o.g]
    return Entrant(lambda: step(*given))


def torch(
    row: Row, o: Operands, compiled: bool = False, forward: Callable[..., Any] | None = None
) -> Entrant:
    """PyTorch's own kernels under its autograd."""
    torch = needed("torch")
    forward = forward or needed("bench.in_torch").LAYERS[row.layer]
    if compiled:
        torch._dynamo.reset()
        forward = torch.compile(forward, dynamic=False)
    given = {k: torch.from_numpy(v) if np.ndim(v) else v for k, v in o.inputs.items()}
    wanted = [given[k].requires_grad_() for k in o.wanted]
    g = None if o.g is None else torch.from_numpy(o.g)

    def call() -> Any:
        output = forward(*given.values())
        return output.detach(), *torch.autograd.grad(output, wanted, g)

    if compiled:
        try:
            call()
        except Exception as error:
            raise LeftOut(f"does not compile ({type(error).__name__})") from None
    return Entrant(call, lambda found: [a.numpy() for a in found])


def torch_compile(row: Row, o: Operands) -> Entrant:
    """The same, compiled."""
    return torch(row, o, compiled=True)


def module_in_torch(row: Row, o: Operands) -> Entrant:
    """A module for PyTorch, under its autograd."""
    needed("torch")
    return torch(row, o, forward=targeted(row.layer, "torch").apply)


def jax(row: Row, o: Operands, own: Callable[..., Any] | None = None) -> Entrant:
    """JAX, the whole step under one jit."""
    jax = needed("jax")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    forward = own or needed("bench.in_jax").LAYERS[row.layer]

    @jax.jit
    def step(wanted: dict[str, Any], rest: dict[str, Any], g: Any) -> Any:
        def output(wanted: dict[str, Any]) -> Any:
            return forward(*({**rest, **wanted}[k] for k in o.inputs))

        value, pull = jax.vjp(output, wanted)
        return value, pull(g)[0]

    given = {k: jax.numpy.asarray(v) if np.ndim(v) else v for k, v in o.inputs.items()}
    wanted = {k: v for k, v in given.items() if k in o.wanted}
    rest = {k: v for k, v in given.items() if k not in o.wanted}
    g = jax.numpy.asarray(np.ones((), row.dtype) if o.g is None else o.g)

    def read(found: Any) -> list[Any]:
        return [np.asarray(a) for a in (found[0], *(found[1][k] for k in o.wanted))]

    return Entrant(lambda: jax.block_until_ready(step(wanted, rest, g)), read)


def module_in_jax(row: Row, o: Operands) -> Entrant:
    """A module for JAX, the whole step under one jit."""
    needed("jax")
    return jax(row, o, targeted(row.layer, "jax").apply)


def autograd(row: Row, o: Operands) -> Entrant:
    """HIPS autograd over NumPy."""
    autograd = needed("autograd")
    forward = needed("bench.in_autograd").LAYERS[row.layer]
    given = tuple(o.inputs.values())
    places = tuple(list(o.inputs).index(k) for k in o.wanted)
    step = autograd.make_vjp(forward, places)
    g = np.ones((), row.dtype)[()] if o.g is None else o.g

    def call() -> Any:
        pull, value = step(*given)
        return value, *pull(g)

    return Entrant(call)


def scikit_learn(row: Row, o: Operands) -> Entrant:
    """What MLPClassifier does at each step of its solvers."""
    if row.layer != "mlp":
        raise LeftOut("no such layer")
    network = needed("sklearn.neural_network").MLPClassifier((1,), alpha=1.0)
    x, W, c, w, b, y, lamda = o.inputs.values()
    network.coefs_, network.intercepts_, network.n_layers_ = [W, w], [c, b], 3
    network.out_activation_, network.loss, network.alpha = "softmax", "log_loss", lamda * len(x)
    labels = np.eye(len(b), dtype=row.dtype)[y]
    slots: list[list[Any]] = [[x, None, None], [None, None], [None, None], [None, None]]
    ones = np.ones(len(x), row.dtype)

    def call() -> Any:
        loss, coefs, intercepts = network._backprop(x, labels, ones, *slots)
        return loss, coefs[0], intercepts[0], coefs[1], intercepts[1]

    try:
        call()
    except (AttributeError, TypeError) as error:  # it is no public method
        raise LeftOut(f"another version is needed ({type(error).__name__})") from None
    return Entrant(call)


def limit(row: Row, o: Operands) -> Entrant:
    """No step: the least that any must do."""
    return Entrant(tasks.limit(row, o))


TARGETS: dict[str, Callable[[Row, Operands], Entrant]] = {
    OURS: pullback,
    FRESH: without_workspace,
    PRECISE: precisely,
    NATIVE: in_c,
    "array-api": of_the_array_api,
    IN_TORCH: module_in_torch,
    IN_JAX: module_in_jax,
}
LIBRARIES = (TORCH, COMPILED, JAX)  # ratios are to the fastest of them
PEERS: dict[str, Callable[[Row, Operands], Entrant]] = {
    HAND: numpy_by_hand,
    TORCH: torch,
    COMPILED: torch_compile,
    JAX: jax,
    "autograd": autograd,
    "scikit-learn": scikit_learn,
    LIMIT: limit,
}
ENTRANTS = TARGETS | PEERS
