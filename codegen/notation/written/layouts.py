"""Arrays whose axes have names, as text of NumPy: turned, and brought beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pullback.derive.read.trees import BATCH

ATOM, POWER, SIGN, PRODUCT, SUM, COMPARED = 6, 5, 4, 3, 2, 1  # how tightly a text holds together


class NoWay(Exception):
    """There is no such text; the message says why in one line."""


@dataclass(frozen=True)
class Laid:
    """A text, the axes of the array that it stands for, and how tightly it holds together."""

    text: str
    axes: tuple[str, ...] = ()
    rank: int = ATOM

    def within(self, rank: int) -> str:
        """The text as a part of what holds together as tightly as `rank`."""
        return self.text if self.rank >= rank else f"({self.text})"

    def ordered(self, axes: Sequence[str]) -> Laid:
        """With its axes in this order."""
        order = tuple(a for a in axes if a in self.axes)
        if order == self.axes:
            return self
        if BATCH in self.axes and (order[0] != BATCH or self.axes[0] != BATCH):
            raise NoWay("an axis would stand before the leading axes")
        if len(order) == 2:
            return Laid(f"{self.within(ATOM)}.T", order)
        if BATCH in order:
            if len(order) == 3:
                return Laid(f"np.swapaxes({self.text}, -1, -2)", order)
            raise NoWay("too many axes behind the leading ones would be exchanged")
        places = ", ".join(str(self.axes.index(a)) for a in order)
        return Laid(f"np.transpose({self.text}, ({places}))", order)

    def beside(self, axes: Sequence[str]) -> Laid:
        """Such that NumPy spreads it over these axes, of which it has some."""
        turned = self.ordered(axes)
        if not turned.axes:
            return turned
        keys = [key(a) if a in turned.axes else "None" for a in axes]
        while keys and keys[0] == "None":
            del keys[0]
        if "None" not in keys:
            return turned
        while len(keys) > 1 and keys[-1] == ":" and "..." not in keys:
            del keys[-1]
        return Laid(f"{turned.within(ATOM)}[{', '.join(keys)}]", tuple(axes))


def key(axis: str) -> str:
    """A whole axis, or all leading ones."""
    return "..." if axis == BATCH else ":"


def union(parts: Sequence[Laid], order: Sequence[str]) -> tuple[str, ...]:
    """The axes of all parts, in a wanted order, leading ones first."""
    shapes = {part.axes for part in parts if part.axes}
    if len(shapes) == 1:
        return shapes.pop()
    every = dict.fromkeys(a for part in parts for a in part.axes)
    rank = {a: n for n, a in enumerate((BATCH, *order))}
    return tuple(sorted(every, key=lambda a: rank.get(a, len(rank))))
