"""What a name may be, by how it is written and used: the usual reading first."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import Enum

from pullback.derive.read.run_together import GREEK_NAMES

MOST_AXES = 4


class Use(Enum):
    """How a name is used somewhere."""

    LEFT = "stands left of a product"
    RIGHT = "a small letter right of a small letter in a product"
    ADDED = "is added to a product"
    TRANSPOSED = "is transposed"
    ROWS = "is taken by rows"
    LABELS = "picks entries"
    NUMBER = "scales, divides or is a power"


@dataclass(frozen=True)
class Candidate:
    """What a name may be: so many axes, of numbers or of labels. What is unusual costs more."""

    cost: float
    axes: int
    labels: bool = False
    why: str = ""

    @property
    def words(self) -> str:
        """What it is."""
        if self.labels:
            return "labels" if self.axes else "a label"
        words = ("a number", "a vector", "a matrix")
        return words[self.axes] if self.axes < len(words) else f"an array of {self.axes} axes"


def candidates(name: str, uses: Set[Use], axes: int | None = None) -> tuple[Candidate, ...]:
    """What a name may be; `axes` is how many it has where the text says so.

    >>> [c.words for c in candidates("W", set())]
    ['a matrix', 'a vector', 'a number', 'an array of 3 axes', 'an array of 4 axes', 'labels']
    """
    costs, why = numbers(name, uses)
    found = [Candidate(costs.get(n, 5 + 2 * n), n, why=why) for n in range(MOST_AXES + 1)]
    sure = Use.LABELS in uses
    found += [
        Candidate({1: 0, 0: 2}.get(n, 1 + n) if sure else 7 + n, n, True, Use.LABELS.value)
        for n in range(3 if sure else 2)
        if sure or n
    ]
    if sure:
        found = [c if c.labels else Candidate(c.cost + 6, c.axes, why=c.why) for c in found]
    if axes is not None:
        found = [c for c in found if c.axes == axes]
    return tuple(sorted(found, key=lambda c: c.cost))


def numbers(name: str, uses: Set[Use]) -> tuple[Mapping[int, float], str]:
    """What each number of axes costs, and why the first one is usual."""
    if name in GREEK_NAMES:
        return {0: 0, 1: 4, 2: 6}, "is a Greek letter"
    if Use.NUMBER in uses:
        return {0: 0, 1: 3, 2: 4}, Use.NUMBER.value
    if name[:1].isupper():
        return {2: 0, 1: 3, 0: 6}, "is a capital letter"
    for use in (Use.LEFT, Use.RIGHT, Use.ROWS):
        if use in uses:
            return {2: 0, 1: 2, 0: 4}, use.value
    for use in (Use.ADDED, Use.TRANSPOSED):
        if use in uses:
            return {1: 0, 0: 1.5, 2: 2}, use.value
    return {1: 0, 2: 1, 0: 1.5}, "is a small letter"
