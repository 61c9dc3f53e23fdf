"""Arrays as tables from places to numbers of 50 digits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from pullback.codegen.program.functions import MP

Place = tuple[int, ...]


@dataclass(frozen=True)
class Table:
    """An array: its shape, and the number at each place."""

    shape: tuple[int, ...]
    entries: Mapping[Place, Any]

    def __getitem__(self, place: Place) -> Any:
        return self.entries[place]


def places(shape: Iterable[int]) -> Iterator[Place]:
    """Every place of an array of this shape."""
    return product(*map(range, shape))


def stacked(tables: Mapping[int, Table], size: int, shape: tuple[int, ...]) -> Table:
    """Tables at every place of an axis as one, the axis first."""
    entries = {(at, *p): tables[at][p] for at in range(size) for p in places(shape)}
    return Table((size, *shape), entries)


def zeros(shape: tuple[int, ...], kind: str) -> Table:
    """0 at each place."""
    zero = {"integer": 0, "mask": False}.get(kind, MP.mpf(0))
    return Table(shape, dict.fromkeys(places(shape), zero))


def extreme(kind: str, entries: list[Any]) -> Any:
    """The first largest or smallest of numbers, or its place; NaN goes before all."""
    bad = [place for place, entry in enumerate(entries) if MP.isnan(entry)]
    best = (max if kind.endswith("max") else min)(entries)
    place = bad[0] if bad else entries.index(best)
    return place if kind.startswith("arg") else entries[place]
