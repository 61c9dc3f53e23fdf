"""A row of a table of coverage: what a source has, and the definition that says the same.

Rows are read without PyTorch; it is imported where a reference is worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from pullback.codegen import library

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """What a source calls it, the definition's file, its inputs, and the reference.

    An input is a text, its shape and a word of `KINDS`: "4 3", "4 3 positive"; a label has the
    number of its values, "4 < 3"; "= 0.5 2" are the values themselves. Or it is a function of the
    inputs before it. The reference takes all inputs by name, as tensors.
    """

    name: str
    definition: str
    inputs: Mapping[str, str | Callable[..., Any]]
    reference: Callable[..., Any]
    says: str = ""  # with which options, or what differs from the source

    @property
    def title(self) -> str:
        """What the row is called in its table."""
        return f"{self.name} ({self.says})" if self.says else self.name


@dataclass(frozen=True)
class Table:
    """A source with its rows, and what it has that no definition says, with the reasons."""

    title: str
    about: str
    rows: tuple[Row, ...]
    left: Mapping[str, str] = field(default_factory=dict)


class Lazy:
    """A module that is imported where something of it is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.name), name)


KINDS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Any]] = {
    "": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.2, 2, size=shape),
    "unit": lambda rng, shape: rng.uniform(0.05, 0.95, size=shape),
    "signs": lambda rng, shape: rng.choice([-1.0, 1.0], size=shape),
    "mask": lambda rng, shape: rng.choice([0.0, 1.0], size=shape),
    "distributions": lambda rng, shape: rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]),
}


def source(definition: str) -> str:
    """The text of a row's definition, which stands beside the tables or is shipped."""
    own = FOLDER / f"{definition}.toml"
    return own.read_text(encoding="utf-8") if own.is_file() else library.shipped_source(definition)


def called(name: str) -> str:
    """The text of what a definition calls."""
    return library.beside(str(FOLDER / "any.toml"), name)


def draw(row: Row, seed: int = 0) -> dict[str, Any]:
    """Inputs by name, the same at each call."""
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for name, value in row.inputs.items():
        found[name] = drawn(rng, value) if isinstance(value, str) else value(**found)
    return found


def drawn(rng: np.random.Generator, text: str) -> Any:
    """An input as its text says."""
    if text.startswith("="):
        values = [float(word) for word in text[1:].split()]
        return np.array(values if len(values) > 1 else values[0])
    if "<" in text:
        shape, below = text.split("<")
        return rng.integers(int(below), size=tuple(map(int, shape.split())))
    words = text.split()
    kind = words.pop() if words and words[-1] in KINDS else ""
    return KINDS[kind](rng, tuple(map(int, words)))
