"""Where entries stand: axes, labels, the place of a largest value. Each place is a number.

A place is an index that is free, one that a sum binds, one that is open for a while, an entry of a
tensor of labels, the first place of a largest value, or a whole number. Equal places have one
number, so that terms are compared and hashed as tuples of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

INDEX, BOUND, OPEN, ENTRY, FIRST, NUMBER, HOLDER = (
    "index",
    "bound",
    "open",
    "entry",
    "first",
    "number",
    "holder",
)


class Places:
    """All places that have come up, each once."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str, object, tuple[int, ...]], int] = {}
        self.kinds: list[str] = []
        self.sizes: list[str] = []
        self.names: list[object] = []
        self.inner: list[tuple[int, ...]] = []  # the places that stand within it
        self.leaves: list[frozenset[int]] = []  # what it is made of in the end

    def make(self, kind: str, size: str, name: object, inner: tuple[int, ...] = ()) -> int:
        """The place of that kind and name, on an axis of that size."""
        key = (kind, size, name, inner)
        if key not in self.numbers:
            number = self.numbers[key] = len(self.kinds)
            self.kinds.append(kind)
            self.sizes.append(size)
            self.names.append(name)
            self.inner.append(inner)
            own = frozenset() if inner else frozenset((number,))
            self.leaves.append(own.union(*(self.leaves[p] for p in inner)))
        return self.numbers[key]

    def index(self, name: str, size: str) -> int:
        """A free index."""
        return self.make(INDEX, size, name)

    def bound(self, size: str, count: int) -> int:
        """The index that a term binds as its first, second, … of that size."""
        return self.make(BOUND, size, count)

    def holder(self, count: int, size: str) -> int:
        """What stands in an atom for the first, second, … place that it is given."""
        return self.make(HOLDER, size, count)

    def replaced(self, place: int, table: Mapping[int, int]) -> int:
        """A place with others put in."""
        found = table.get(place)
        if found is not None:
            return found
        inner = self.inner[place]
        if not inner or (self.leaves[place].isdisjoint(table) and not self.composite(place, table)):
            return place
        new = tuple(self.replaced(p, table) for p in inner)
        if new == inner:
            return place
        return self.make(self.kinds[place], self.sizes[place], self.names[place], new)

    def composite(self, place: int, table: Mapping[int, int]) -> bool:
        """Does a place that is no leaf stand within it, for which another is put in?"""
        return any(p in table or self.composite(p, table) for p in self.inner[place])

    def all_replaced(self, places: Sequence[int], table: Mapping[int, int]) -> tuple[int, ...]:
        """Places with others put in."""
        return tuple(self.replaced(p, table) for p in places)

    def matches(
        self,
        pattern: Sequence[int],
        found: Sequence[int],
        table: dict[int, int],
        free: bool = True,
        bound: Sequence[int] = (),
    ) -> bool:
        """Are places those of a pattern, with others for its indices, if these are free?"""
        return all(
            self.match(p, f, table, free, bound) for p, f in zip(pattern, found, strict=True)
        )

    def match(
        self, pattern: int, found: int, table: dict[int, int], free: bool, bound: Sequence[int]
    ) -> bool:
        """Is a place that of a pattern?"""
        if (free and self.kinds[pattern] in (INDEX, OPEN)) or pattern in bound:
            if self.sizes[pattern] != self.sizes[found]:
                return False
            return table.setdefault(pattern, found) == found
        if not self.inner[pattern] or len(self.inner[pattern]) != len(self.inner[found]):
            return pattern == found
        same = (self.kinds[pattern], self.names[pattern]) == (self.kinds[found], self.names[found])
        inner = self.inner[pattern], self.inner[found]
        return same and self.matches(*inner, table, free, bound)

    def holds(self, place: int, other: int) -> bool:
        """Does one place stand within another?"""
        return place == other or any(self.holds(p, other) for p in self.inner[place])
