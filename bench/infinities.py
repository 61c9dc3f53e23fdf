"""What infinite and NaN inputs give, beside PyTorch: `python -m bench.infinities`."""

import argparse
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bench.tables import markdown
from pullback.codegen import library
from pullback.derive.read.trees import Ref, walk
from tests.definitions import Facts, facts

Array = NDArray[Any]
INF, NAN = np.inf, np.nan
POINTS = (INF, -INF, NAN)
ROWS = (
    (INF, 0.0, 1.0),
    (-INF, 0.0, 1.0),
    (INF, -INF, 0.0),
    (INF, INF, 0.0),
    (-INF, -INF, -INF),
    (NAN, 0.0, 1.0),
)
INTRODUCTION = """\
# Infinities and NaN

What layers of entries or rows give where these are infinite or NaN: forward → backward, with a
gradient of 1 by every entry of the output, in float64, beside what PyTorch gives. Rows in bold are
those where both differ. Numbers that a layer takes are {numbers}, other arrays hold {others},
target probabilities are equal, labels are the last class, and one class for all rows is the first;
in rows marked "that class" the labels are that one too. Written by `python -m bench.infinities`.
"""
NUMBER, OTHER = 0.5, 0.25


def cases(layer: Facts) -> Iterator[Array]:
    """Values of the first input: single points, or rows where other entries of a row count."""
    if layer.axes[first(layer)] == ("...",):
        yield from (np.array([p]) for p in POINTS)
    else:
        yield from (np.array([row]) for row in ROWS)


def first(layer: Facts) -> str:
    """The input that is infinite."""
    return next(iter(layer.wrt))


def suited(layer: Facts) -> bool:
    """Is it a layer of points, or of rows, without axes that others bring in?"""
    axes = layer.axes[first(layer)]
    own = all(set(more) <= set(axes) for more in layer.axes.values())
    return own and axes in {("...",), ("...", axes[-1])}


def one_class(layer: Facts) -> bool:
    """Does it take a class for all rows beside the labels of rows?"""
    return any(not layer.axes[name] for name in layer.labels)


def inputs(layer: Facts, value: Array, that_class: bool = False) -> dict[str, Any]:
    """All inputs beside the one that is infinite; the labels are the last or that one class."""
    sizes = dict(zip(layer.axes[first(layer)], value.shape, strict=True))
    given: dict[str, Any] = {}
    for name, axes in layer.axes.items():
        shape = tuple(sizes.get(a, 2) for a in axes)
        if name == first(layer):
            given[name] = value
        elif name in layer.labels:
            last = axes and not that_class
            given[name] = np.full(shape, sizes[layer.labels[name]] - 1 if last else 0)
        else:
            given[name] = np.full(shape, OTHER) if axes else NUMBER
    for name in targets(layer):
        given[name] = np.full(given[name].shape, 1 / given[name].shape[-1])
    return given


def targets(layer: Facts) -> list[str]:
    """Inputs that an assumption speaks of: probabilities."""
    named = {t.name for a in layer.assume for t in walk(a) if isinstance(t, Ref)}
    return [name for name in layer.axes if name in named]


def ours(name: str, given: dict[str, Any]) -> tuple[Any, Any]:
    """Output and the first gradient."""
    code = import_module(f"generated.{name}")
    with np.errstate(all="ignore"):
        output, cache = code.forward(**given)
        return output, code.backward(np.ones_like(output), cache)[0]


def in_torch() -> dict[str, Callable[..., Any]]:
    """PyTorch's layers, by our names, with our inputs by name."""
    import torch
    import torch.nn.functional as F

    def labelled(z: Any, y: Any, **more: Any) -> Any:
        return F.cross_entropy(z, y, reduction="none", **more)

    return {
        "binary_cross_entropy": lambda z, t: F.binary_cross_entropy_with_logits(
            z, t, reduction="none"
        ),
        "cross_entropy": lambda z, t: F.cross_entropy(z, t, reduction="none"),
        "elu": lambda u, alpha: F.elu(u, alpha),
        "gelu": lambda u: F.gelu(u),
        "gelu_tanh": lambda u: F.gelu(u, approximate="tanh"),
        "hardtanh": lambda u: F.hardtanh(u),
        "huber": lambda x, t, delta: F.huber_loss(x, t, reduction="none", delta=delta),
        "l2": lambda lamda, W: lamda / 2 * (W**2).sum(),
        "layer_norm": lambda x, gain, bias: F.layer_norm(x, x.shape[-1:], gain, bias, 1e-5),
        "leaky_relu": lambda u, alpha: F.leaky_relu(u, alpha),
        "log_softmax": lambda z: F.log_softmax(z, -1),
        "log_sum_exp": lambda z: torch.logsumexp(z, -1),
        "mean_squared_error": lambda x, t: F.mse_loss(x, t),
        "relu": lambda u: torch.relu(u),
        "rms_norm": lambda x, gain, bias: F.rms_norm(x, x.shape[-1:], gain, 1e-6) + bias,
        "sigmoid": lambda u: torch.sigmoid(u),
        "silu": lambda u: F.silu(u),
        "smoothed_cross_entropy": lambda z, y, a: labelled(z, y, label_smoothing=a),
        "softmax": lambda z: torch.softmax(z, -1),
        "softmax_cross_entropy": labelled,
        "softplus": lambda u: F.softplus(u),
        "tanh": lambda u: torch.tanh(u),
        "weighted_cross_entropy": lambda z, y, weight, ignored: labelled(
            z, y, weight=weight, ignore_index=int(ignored)
        ),
    }


def theirs(name: str, given: dict[str, Any], wanted: str) -> tuple[Any, Any] | None:
    """PyTorch's output and gradient; None where it is not installed or has no such layer."""
    if find_spec("torch") is None or not (forward := in_torch().get(name)):
        return None
    import torch

    tensors = {k: torch.tensor(v) if np.ndim(v) else v for k, v in given.items()}
    tensors[wanted].requires_grad_()
    output = forward(**tensors)
    (gradient,) = torch.autograd.grad(output.sum(), tensors[wanted])
    return output.detach().numpy(), gradient.numpy()


def words(result: tuple[Any, Any] | None) -> str:
    """Output → gradient."""
    return "—" if result is None else " → ".join(map(listed, result))


def listed(values: Any) -> str:
    """Numbers to four digits."""
    text = [f"{v:.4g}".replace("inf", "∞").replace("nan", "NaN") for v in np.ravel(values)]
    return text[0] if len(text) == 1 else f"({', '.join(text)})"


def same(a: tuple[Any, Any], b: tuple[Any, Any]) -> bool:
    """Do both agree, NaN being NaN?"""
    return all(
        np.allclose(x, y, rtol=1e-6, atol=1e-12, equal_nan=True) for x, y in zip(a, b, strict=True)
    )


def rows() -> Iterator[list[str]]:
    """A line for each layer and value."""
    for name in tqdm(library.shipped(), desc="layers", disable=None):
        layer = facts(name)
        if not suited(layer):
            continue
        for that_class in (False, True)[: 1 + one_class(layer)]:
            for value in cases(layer):
                given = inputs(layer, value, that_class)
                found, peer = ours(name, given), theirs(name, given, first(layer))
                shown = f"{name}, that class" if that_class else name
                cells = [shown, listed(value), words(found), words(peer)]
                differ = peer is not None and not same(found, peer)
                yield [f"**{cell}**" for cell in cells] if differ else cells


def main(arguments: list[str] | None = None) -> int:
    """Write the page; returns the exit status."""
    made = argparse.ArgumentParser(prog="python -m bench.infinities", description=__doc__)
    made.add_argument("--out", type=Path, default=Path("docs"), metavar="DIR")
    given = made.parse_args(arguments)
    heads = ["layer", "input", "pullback", "PyTorch"]
    text = f"{INTRODUCTION.format(numbers=NUMBER, others=OTHER)}\n{markdown(heads, rows())}"
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "infinities.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
