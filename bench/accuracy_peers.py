"""The layers whose accuracy is measured, by others: forward passes, and who differentiates them."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from bench.ours import ours, step, targeted

Call = Callable[..., tuple[Any, ...]]


def pullback(layer: str) -> Call:
    """The generated module."""
    return lambda inputs, g: ours(layer, inputs, g)()


def precisely(layer: str) -> Call:
    """A module of the layer that is made to be precise."""
    module = targeted(layer, "numpy-precise")
    return lambda inputs, g: step(module, inputs, g)()


def in_torch(layer: str) -> Call:
    """PyTorch's own functions and their gradients."""
    import torch
    import torch.nn.functional as F

    forward = {
        "softmax_cross_entropy": lambda z, y: F.cross_entropy(z, y, reduction="none"),
        "cross_entropy": lambda z, t: F.cross_entropy(z, t.detach(), reduction="none"),
        "sigmoid": torch.sigmoid,
        "softplus": F.softplus,
        "gelu": F.gelu,
        "gelu_tanh": lambda u: F.gelu(u, approximate="tanh"),
        "tanh": torch.tanh,
        "silu": F.silu,
        "softmax": lambda z: torch.softmax(z, -1),
        "log_softmax": lambda z: F.log_softmax(z, -1),
        "log_sum_exp": lambda z: torch.logsumexp(z, -1),
        "layer_norm": lambda x, gain, bias: F.layer_norm(x, x.shape[-1:], gain, bias, 1e-5),
        "binary_cross_entropy": lambda z, t: F.binary_cross_entropy_with_logits(
            z, t.detach(), reduction="none"
        ),
    }[layer]

    def call(inputs: Any, g: Any) -> tuple[Any, ...]:
        given = [torch.from_numpy(a.copy()) for a in inputs]
        wanted = [a.requires_grad_() for a in given if a.is_floating_point()]
        wanted = wanted[:1] if layer.endswith("cross_entropy") else wanted
        output = forward(*given)
        gradients = torch.autograd.grad(output, wanted, torch.from_numpy(g))
        return output.detach().numpy(), *(a.numpy() for a in gradients)

    return call


def in_jax(layer: str) -> Call:
    """JAX's own functions, jitted, and their gradients."""
    import jax
    import jax.numpy as jnp

    from bench import in_jax as layers

    jax.config.update("jax_enable_x64", True)
    forward = {
        "softmax_cross_entropy": layers.softmax_cross_entropy,
        "cross_entropy": lambda z, t: -(t * jax.nn.log_softmax(z, -1)).sum(-1),
        "sigmoid": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
        "gelu": layers.gelu,
        "gelu_tanh": jax.nn.gelu,
        "tanh": jnp.tanh,
        "silu": jax.nn.silu,
        "softmax": jax.nn.softmax,
        "log_softmax": jax.nn.log_softmax,
        "log_sum_exp": lambda z: jax.scipy.special.logsumexp(z, -1),
        "layer_norm": layers.layer_norm,
        "binary_cross_entropy": lambda z, t: (
            -t * jax.nn.log_sigmoid(z) - (1 - t) * jax.nn.log_sigmoid(-z)
        ),
    }[layer]
    counts = {"layer_norm": 3}

    @jax.jit
    def step(inputs: Any, g: Any) -> Any:
        count = counts.get(layer, 1)
        rest = inputs[count:]
        output, pull = jax.vjp(lambda *wanted: forward(*wanted, *rest), *inputs[:count])
        return output, *pull(g)

    return lambda inputs, g: tuple(
        np.asarray(a) for a in step(tuple(map(jnp.asarray, inputs)), jnp.asarray(g))
    )


def in_scipy(layer: str) -> Call:
    """SciPy's special functions; it has no gradients, but for some its functions are those."""
    from scipy import special

    def loss(z: Any, y: Any) -> tuple[Any, ...]:
        rows = np.arange(len(y))
        gradient = special.softmax(z, axis=1)
        gradient[rows, y] -= 1
        return -special.log_softmax(z, axis=1)[rows, y], gradient

    forward = {
        "softmax_cross_entropy": loss,
        "sigmoid": lambda u: (special.expit(u), special.expit(u) * special.expit(-u)),
        "softplus": lambda u: (-special.log_expit(-u), special.expit(u)),
        "gelu": lambda u: (
            u * special.ndtr(u),
            special.ndtr(u) + u * np.exp(-u * u / 2) / u.dtype.type((2 * np.pi) ** 0.5),
        ),
        "log_sum_exp": lambda z: (special.logsumexp(z, axis=1), special.softmax(z, axis=1)),
        "binary_cross_entropy": lambda z, t: (
            -t * special.log_expit(z) - (1 - t) * special.log_expit(-z),
            special.expit(z) - t,
        ),
    }.get(layer)
    if forward is None:
        raise KeyError(layer)

    def call(inputs: Any, g: Any) -> tuple[Any, ...]:
        output, gradient = forward(*inputs)
        return output, gradient * (g[:, None] if gradient.ndim > g.ndim else g)

    return call


PEERS = {"torch": in_torch, "jax": in_jax, "scipy": in_scipy}


def calls(layer: str) -> dict[str, Call]:
    """Those who have the layer and are installed, ours first."""
    found = {"pullback": pullback(layer), "--precise": precisely(layer)}
    for name, peer in PEERS.items():
        if find_spec(name) is None:
            continue
        try:
            found[name] = peer(layer)
        except KeyError:  # it has no such layer
            continue
    return found
