"""Where the entries of a value lie: in memory, each axis with its stride."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace


def times(*factors: str) -> str:
    """A product of whole numbers."""
    if "0" in factors:
        return "0"
    return " * ".join(f if is_whole(f) else f"({f})" for f in factors if f != "1") or "1"


def is_whole(text: str) -> bool:
    """Need it no brackets in a product?"""
    depth = 0
    for k, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and char in "+-" and k:
            return False
    return True


def plus(*terms: str) -> str:
    """A sum of whole numbers."""
    return " + ".join(t for t in terms if t != "0") or "0"


@dataclass(frozen=True)
class Inside:
    """A condition that an entry is there: a place, which moves with the axes, lies on an axis."""

    start: str
    steps: tuple[str, ...]
    size: str


@dataclass(frozen=True)
class View:
    """Entries at `base[offset + place * stride + …]`; where a condition fails they are 0.

    `dense` are the sizes of axes that lie one in the other, from the first entry of all.
    """

    base: str
    strides: tuple[str, ...]
    offset: str = "0"
    conditions: tuple[Inside, ...] = ()
    dense: tuple[str, ...] | None = None

    def index(self, at: Sequence[str]) -> str:
        """The number of the entry at a place."""
        if self.dense is not None:
            found = ""
            for size, place in zip(self.dense, at, strict=True):
                found = plus(times(found, size), place) if found else place
            return found or "0"
        moved = (times(p, s) for p, s in zip(at, self.strides, strict=True))
        return plus(self.offset, *moved)

    def tests(self, at: Sequence[str]) -> list[str]:
        """What must hold of a place for its entry to be there."""
        found: list[str] = []
        for inside in self.conditions:
            moves = (times(a, s) for a, s in zip(at, inside.steps, strict=True))
            place = plus(inside.start, *moves)
            if not re.fullmatch(r"\w+|\(?\w+ \+ \d+\)?", place):  # these are never below 0
                found.append(f"{place} >= 0")
            found.append(f"{place} < {inside.size}")
        return found

    def window(self, axis: int, start: str, steps: Sequence[str], size: str | None) -> View:
        """Places start + Σ step · new axis along an axis; of this size, if they may leave it."""
        own = self.strides[axis]
        found = replace(
            self,
            dense=None,
            strides=put(self.strides, axis, [times(s, own) for s in steps]),
            offset=plus(self.offset, times(start, own)),
            conditions=tuple(
                Inside(
                    plus(c.start, times(start, c.steps[axis])),
                    put(c.steps, axis, [times(s, c.steps[axis]) for s in steps]),
                    c.size,
                )
                for c in self.conditions
            ),
        )
        if size is None:
            return found
        none = put(("0",) * len(self.strides), axis, steps)
        return replace(found, conditions=(*found.conditions, Inside(start, none, size)))

    def turned(self, letters: Sequence[int], out: Sequence[int]) -> View:
        """Axes in another order: axes with one letter are one, new ones repeat the entries."""

        def along(steps: Sequence[str]) -> tuple[str, ...]:
            found = []
            for letter in out:
                own = [s for s, own in zip(steps, letters, strict=True) if own == letter]
                found.append(plus(*own))
            return tuple(found)

        conditions = tuple(replace(c, steps=along(c.steps)) for c in self.conditions)
        dense = self.dense if tuple(letters) == tuple(out) else None
        return replace(self, strides=along(self.strides), conditions=conditions, dense=dense)

    @property
    def is_plain(self) -> bool:
        """Is every entry there?"""
        return not self.conditions


def put(steps: Sequence[str], axis: int, new: Sequence[str]) -> tuple[str, ...]:
    """Steps with others in the place of one."""
    return (*steps[:axis], *new, *steps[axis + 1 :])


def dense(base: str, sizes: Sequence[str], offset: str = "0") -> View:
    """Entries that lie one behind the other."""
    strides = tuple(times(*sizes[axis + 1 :]) for axis in range(len(sizes)))
    return View(base, strides, offset, dense=tuple(sizes) if offset == "0" else None)
