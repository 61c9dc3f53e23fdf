"""Products and sums of products, written out index by index where that is less work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pullback.derive.index.objects import Index
from pullback.derive.proof.scalars import At, Reader, Scalars


class Part(NamedTuple):
    """A factor: what writes it out, the indices free in it, whether it is 0 or a number, the names
    in it under which a recurrence reads what is at other places, and whether it is such a name."""

    read: Reader
    names: frozenset[str]
    is_indicator: bool
    elsewhere: frozenset[str] = frozenset()
    is_entry: bool = False


def product_of(parts: Sequence[Part]) -> Reader:
    """A product; where an indicator is 0 the other factors are not asked.

    Nor is what stands at other places of a recurrence, where a number before it is 0: that may be a
    place at which it does not stand, as it comes later. What chooses by such an entry is asked
    before one that stands for itself.
    """
    first = [p.read for p in parts if p.is_indicator]
    rest = [p.read for p in parts if not p.is_indicator and not p.elsewhere]
    late = [p for p in parts if not p.is_indicator and p.elsewhere]
    last = [p.read for p in sorted(late, key=lambda p: p.is_entry)]
    names = frozenset[str]().union(*(p.elsewhere for p in parts))

    def read(s: Scalars[Any], at: At) -> Any:
        done = []
        for factor in first:
            value = s.read(factor, at)
            number = s.algebra.as_number(value)
            if number == 0:
                return value
            if number != 1:
                done.append(value)
        done += [s.read(f, at) for f in rest]
        if names.isdisjoint(s.definitions):
            return s.algebra.mul([*done, *(s.read(f, at) for f in last)])
        for factor in last:
            for value in done:
                if s.algebra.as_number(value) == 0:
                    return value
            done.append(s.read(factor, at))
        return s.algebra.mul(done)

    return read


def one_by_one(parts: list[Part], indices: Sequence[Index]) -> Reader | None:
    """A sum of products, index by index, each over the factors that have it.

    Sums of products of matrices so come to the work of these products, and not to that of all
    places of all indices. None where no order saves work.
    """
    left = list(indices)
    bound = {i.name for i in indices}
    while left:
        unions = {i: frozenset[str]().union(*(p.names for p in having(parts, i))) for i in left}
        index = min(left, key=lambda i: (len(unions[i] & bound), i.name))
        if len(unions[index] & bound) == len(indices):
            return None
        group = having(parts, index)
        rest = unions[index] - {index.name}
        total = remembered(total_of(index, product_of(group)), sorted(rest))
        parts = [p for p in parts if p not in group]
        elsewhere = frozenset[str]().union(*(p.elsewhere for p in group))
        parts.append(Part(total, rest, all(p.is_indicator for p in group), elsewhere))
        left.remove(index)
    return product_of(parts)


def having(parts: Sequence[Part], index: Index) -> list[Part]:
    """The factors in which an index stands."""
    return [p for p in parts if index.name in p.names]


def total_of(index: Index, body: Reader) -> Reader:
    """A sum over one index."""

    def read(s: Scalars[Any], at: At) -> Any:
        places = range(s.sizes[index.size])
        return s.algebra.add([s.read(body, {**at, index.name: place}) for place in places])

    return read


def remembered(write: Reader, free: Sequence[str]) -> Reader:
    """What is written out once for all that has the same free indices at the same places."""

    def read(s: Scalars[Any], at: At) -> Any:
        return s.kept((write, *(at[n] for n in free)), lambda: write(s, at))

    return read
