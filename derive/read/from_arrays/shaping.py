"""Axes put elsewhere, added or dropped: all of these are views in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

from pullback.derive.read.from_arrays.algebra import HERE, position
from pullback.derive.read.from_arrays.values import (
    ONE,
    Array,
    Axes,
    Indices,
    Items,
    Unreadable,
    Value,
    array,
    size_of,
    words,
)
from pullback.derive.read.trees import BATCH


def transpose(value: Array, order: Sequence[int] | None = None) -> Array:
    """The axes in another order, by default the reverse."""
    rank = len(value.axes)
    if order is None:
        order = range(rank - 1, -1, -1)
    elif BATCH in value.axes:
        raise Unreadable(f"the order of axes of a shape with '{BATCH}'; swap two, or name them")
    places = [p % rank if -rank <= p < rank else p for p in order]
    if sorted(places) != list(range(rank)):
        raise Unreadable(f"{tuple(order)} is no order of the axes of {words(value.axes)}")
    return reordered(value, places)


def reordered(value: Array, places: Sequence[int]) -> Array:
    """The axes at these places, in this order."""
    axes = tuple(value.axes[p] for p in places)
    if BATCH in axes[1:]:
        raise Unreadable(f"'{BATCH}' would not stand first; give the leading axes names")

    def back(indices: Indices) -> Indices:
        at = dict(zip(places, indices, strict=True))
        return tuple(at[p] for p in range(len(places)))

    return value.view(axes, back)


def swap(value: Array, a: int, b: int) -> Array:
    """Two axes in one another's place."""
    i, j = position(value, a), position(value, b)
    places = list(range(len(value.axes)))
    places[i], places[j] = j, i
    return reordered(value, places)


def move(value: Array, source: int, target: int) -> Array:
    """One axis put elsewhere."""
    i, j = position(value, source), position(value, target)
    places = [p for p in range(len(value.axes)) if p != i]
    places.insert(j, i)
    return reordered(value, places)


def with_ones(value: Array, axes: Axes) -> Array:
    """The same axes but for those of size 1."""
    own = [p for p, a in enumerate(value.axes) if a != ONE]

    def back(indices: Indices) -> Indices:
        found = [HERE] * len(value.axes)
        real = [i for i, a in zip(indices, axes, strict=True) if a != ONE]
        for p, index in zip(own, real, strict=True):
            found[p] = index
        return tuple(found)

    assert [a for a in value.axes if a != ONE] == [a for a in axes if a != ONE]
    if BATCH in axes[1:]:
        raise Unreadable(f"an axis before '{BATCH}'; give the leading axes names")
    return value.view(axes, back)


def expand(value: Array, places: Sequence[int]) -> Array:
    """New axes of size 1 at these places of the result."""
    rank = len(value.axes) + len(places)
    if BATCH in value.axes and any(p >= 0 for p in places):
        raise Unreadable(f"an axis of a shape with '{BATCH}': count from the end, as in -1")
    if any(not -rank <= p < rank for p in places) or len({p % rank for p in places}) < len(places):
        raise Unreadable(f"{tuple(places)} are no places among {rank} axes")
    at = {p % rank for p in places}
    own = iter(value.axes)
    return with_ones(value, tuple(ONE if p in at else next(own) for p in range(rank)))


def squeeze(value: Array, places: Sequence[int] | None) -> Array:
    """Without axes of size 1."""
    if places is None:
        return with_ones(value, tuple(a for a in value.axes if a != ONE))
    at = {position(value, p) for p in places}
    for p in at:
        if value.axes[p] != ONE:
            raise Unreadable(f"squeeze of the axis '{value.axes[p]}', whose size is not 1")
    return with_ones(value, tuple(a for p, a in enumerate(value.axes) if p not in at))


def reshape(value: Array, wanted: Value) -> Array:
    """A reshape that adds or drops axes of size 1, or changes nothing."""
    items = wanted.items if isinstance(wanted, Items) else (wanted,)
    own = [a for a in value.axes if a != ONE]
    if BATCH in own:
        raise Unreadable(f"reshape of a shape with '{BATCH}'; give the leading axes names")
    given = [wanted_axis(i) for i in items]
    if given.count(None) > 1:
        raise Unreadable("reshape takes one -1 at most")
    if None in given:
        at = given.index(None)
        before = sum(a != ONE for a in given[:at])
        after = sum(a != ONE for a in given[at + 1 :])
        middle = own[before : len(own) - after]
        if len(middle) <= 1:
            given[at] = middle[0] if middle else ONE
    axes = tuple(a if a is not None else "-1" for a in given)
    if [a for a in axes if a != ONE] != own:
        raise Unreadable(
            f"a reshape of {words(value.axes)} to {words(axes)}: only axes of size 1 may come or "
            "go; for merged axes give the input one axis, for split ones give it both"
        )
    return with_ones(value, axes)


def wanted_axis(value: Value) -> str | None:
    """The axis that an item of a shape stands for; None for -1."""
    found = array(value, "an item of a shape")
    if found.size is not None:
        return found.size
    if found.literal == -1:
        return None
    if found.literal == 1:
        return ONE
    raise Unreadable(
        "an item of a shape is the size of an axis (x.shape[0], len(x)), 1, or -1 in a reshape"
    )


def shape_of(value: Array) -> Items:
    """x.shape."""
    return Items(tuple(size_of(a) for a in value.axes))


def axes_of_shape(value: Value) -> Axes:
    """The axes of np.zeros(shape) and its like."""
    items = value.items if isinstance(value, Items) else (value,)
    found = tuple(wanted_axis(i) for i in items)
    if None in found:
        raise Unreadable("a shape has no -1")
    axes = tuple(a for a in found if a is not None)
    if BATCH in axes[1:]:
        raise Unreadable(f"'{BATCH}' stands first in a shape")
    return axes
