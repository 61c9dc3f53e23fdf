"""Which layers raise where NumPy is told to raise on every floating-point error."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from bench import regimes
from bench.tables import markdown
from pullback.codegen import library
from tests.definitions import facts
from tests.samples import KINDS, cotangent, draw, sizes_of

FLAGS = ("divide", "over", "invalid", "under")
SEEDS = 20


def cases(layer: str, dtype: str) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Regimes by name, with inputs and a cotangent."""
    known = facts(layer)
    for kind in KINDS:
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            inputs = draw(known, sizes_of(known), rng, kind, dtype)
            yield kind, tuple(inputs.values()), cotangent(known, inputs, rng, dtype)
    for regime in regimes.REGIMES.get(layer, {}):
        given = regimes.draw(layer, regime, dtype)
        output, _ = import_module(f"generated.{layer}").forward(*given)
        yield regime, given, np.ones_like(output)


def raised(layer: str, inputs: tuple[Any, ...], g: Any) -> Iterator[tuple[str, str]]:
    """The passes and the flags that they raise."""
    code = import_module(f"generated.{layer}")
    with np.errstate(all="ignore"):
        _, cache = code.forward(*inputs)
    for flag in FLAGS:
        with np.errstate(**dict.fromkeys(FLAGS, "ignore") | {flag: "raise"}):
            for name, call in (
                ("forward", lambda: code.forward(*inputs)),
                ("backward", lambda: code.backward(g, cache)),
            ):
                try:
                    call()
                except FloatingPointError:
                    yield name, flag


def table() -> str:
    """A row for each layer that raises, and in which regimes."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for layer in library.shipped():
        for dtype in ("float32", "float64"):
            for regime, inputs, g in cases(layer, dtype):
                for name, flag in raised(layer, inputs, g):
                    found.setdefault((layer, name, flag), {})[f"{regime} ({dtype})"] = None
    rows = [
        [layer, name, flag, merged(list(where))] for (layer, name, flag), where in found.items()
    ]
    quiet = [n for n in library.shipped() if n not in {layer for layer, *_ in found}]
    text = markdown(["layer", "pass", "raises", "regimes"], rows)
    return f"{text}\nNone raised by: {', '.join(quiet) or 'none of the layers'}.\n"


def merged(where: list[str]) -> str:
    """Regimes that are met in both dtypes are named once, without them."""
    names = dict.fromkeys(w.rpartition(" (")[0] for w in where)
    both = {n for n in names if all(f"{n} ({d})" in where for d in ("float32", "float64"))}
    words = [n if n in both else next(w for w in where if w.startswith(f"{n} (")) for n in names]
    return "; ".join(words)
