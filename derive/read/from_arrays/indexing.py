"""x[…] read: whole axes, new ones, labels; other places are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pullback.derive.read.from_arrays.algebra import (
    HERE,
    broadcast,
    spread,
)
from pullback.derive.read.from_arrays.shaping import with_ones
from pullback.derive.read.from_arrays.values import (
    ONE,
    Array,
    Axes,
    Constant,
    Indices,
    Kind,
    Scope,
    Unreadable,
    Value,
    array,
    words,
)
from pullback.derive.read.trees import BATCH, Tree

FULL, NEW, DOTS = Constant(":"), Constant("None"), Constant("...")
SELECTION = (
    "a selection by truth values has a size that depends on values; write np.where(mask, a, b), "
    "or a sum of mask * a"
)
PLACES = (
    "a fixed place or a slice of an axis is not part of index notation: {}; give the pieces "
    "as inputs of their own"
)


@dataclass(frozen=True)
class Layout:
    """Where the axes of x[…] come from: of x by place, of the labels by place, or new."""

    value: Array
    keys: tuple[Value, ...]  # one for each axis of the value, and NEW
    labels: Axes  # the common shape of the labels
    sources: tuple[tuple[str, int], ...]

    @property
    def axes(self) -> Axes:
        """The shape of x[…]."""
        found = {"own": self.value.axes, "labels": self.labels}
        return tuple(ONE if s == "new" else found[s][p] for s, p in self.sources)

    @property
    def own_keys(self) -> list[Value]:
        """The key of each axis of the value."""
        return [k for k in self.keys if k is not NEW]

    @property
    def places(self) -> dict[int, Array]:
        """The labels, by the place of the axis that they index."""
        return {p: k for p, k in enumerate(self.own_keys) if isinstance(k, Array)}


def lay_out(value: Array, keys: Sequence[Value]) -> Layout:
    """Match keys with axes."""
    own = [k for k in keys if k is not NEW and k is not DOTS]
    rest = len(value.axes) - len(own)
    if rest < 0:
        raise Unreadable(f"{len(own)} indices for the shape {words(value.axes)}")
    if sum(k is DOTS for k in keys) > 1:
        raise Unreadable("an index has one '...' at most")
    given = list(keys) if DOTS in keys else [*keys, DOTS]
    at = given.index(DOTS)
    if BATCH in value.axes and any(k is not DOTS for k in given[:at]):
        raise Unreadable(f"an index from the front of a shape with '{BATCH}'; write x[..., i]")
    given[at : at + 1] = [FULL] * rest
    places = [p for p, k in enumerate(given) if isinstance(k, Array)]
    labels = broadcast(*(array(given[p]).axes for p in places))
    together = places == list(range(places[0], places[-1] + 1)) if places else True
    block = [("labels", q) for q in range(len(labels))]
    sources: list[tuple[str, int]] = [] if together else list(block)
    axis = 0
    for p, key in enumerate(given):
        if isinstance(key, Array):
            if together and p == places[0]:
                sources += block
            see(key, value.axes[axis])
        else:
            sources.append(("new" if key is NEW else "own", axis))
        axis += key is not NEW
    made = Layout(value, tuple(given), labels, tuple(sources))
    if BATCH in made.axes[1:]:
        raise Unreadable(f"'{BATCH}' would not stand first; give the leading axes names")
    return made


def see(key: Array, axis: str) -> None:
    """One key for one axis of the value."""
    if key.kind is Kind.MASK:
        raise Unreadable(SELECTION)
    if key.kind is not Kind.PLACE or key.reach is None:
        raise Unreadable('an array of numbers is no index; labels are declared, as in y: "N: J"')
    if axis == BATCH:
        raise Unreadable(f"labels on '{BATCH}', any number of axes; give them names")
    key.reach.agree(axis)


def without_fixed(value: Array, keys: Sequence[Value]) -> tuple[Array, list[Value]]:
    """Without the axes of size 1 of which a key takes the one place."""
    fixed = [k for k in keys if isinstance(k, Array) and k.literal is not None]
    if not fixed:
        return value, list(keys)
    plain = [k for k in keys if k is not NEW]
    counts = plain.index(DOTS) if DOTS in plain else len(plain)
    left, axes = [], list(value.axes)
    own = 0
    for key in keys:
        if key is DOTS:
            own = len(axes) - (len(plain) - 1 - counts)
        if key in fixed:
            if not (own < len(axes) and axes[own] == ONE and array(key).literal in (0, -1)):
                raise Unreadable(PLACES.format(f"{array(key).literal}"))
            del axes[own]
            continue
        left.append(key)
        own += key is not NEW and key is not DOTS
    if any(isinstance(k, Array) for k in left):
        raise Unreadable("an index that has a fixed place and labels; squeeze the axis first")
    return with_ones(value, tuple(axes)), left or [DOTS]


def get(value: Array, keys: Sequence[Value]) -> Array:
    """x[…]."""
    if len(keys) == 1 and isinstance(keys[0], Array) and keys[0].kind is Kind.MASK:
        raise Unreadable(SELECTION)
    value, keys = without_fixed(value, keys)
    layout = lay_out(value, keys)
    if not layout.places:
        sources = layout.sources

        def back(indices: Indices) -> Indices:
            return tuple(i for i, (s, _) in zip(indices, sources, strict=True) if s == "own")

        return value.view(layout.axes, back)

    def at(indices: Indices, scope: Scope) -> Indices:
        pairs = list(zip(layout.sources, indices, strict=True))
        own = {p: i for (s, p), i in pairs if s == "own"}
        labels = tuple(i for (s, _), i in pairs if s == "labels")
        for p, key in layout.places.items():
            own[p] = key.index(spread(key, labels), scope)
        return tuple(HERE if a == ONE else own[p] for p, a in enumerate(value.axes))

    condition = value.condition
    return replace(
        value,
        axes=layout.axes,
        entry=lambda i, s: value.at(at(i, s), s),
        condition=condition and (lambda i, s: condition(at(i, s), s)),
        tensor="",
        size=None,
        buffer=object(),
    )


def along(value: Array, labels: Array, axis: int) -> Array:
    """np.take_along_axis, where the labels have size 1 on that axis."""
    if labels.kind is not Kind.PLACE or labels.reach is None:
        raise Unreadable("np.take_along_axis takes labels")
    if len(labels.axes) != len(value.axes) or labels.axes[axis] != ONE:
        raise Unreadable("np.take_along_axis takes one label for each row, as in y[..., None]")
    labels.reach.agree(value.axes[axis])
    rest = tuple(ONE if p == axis else a for p, a in enumerate(value.axes))
    axes = broadcast(rest, labels.axes)

    def entry(indices: Indices, scope: Scope) -> Tree:
        own = list(spread(value, indices))
        own[axis] = labels.index(spread(labels, indices), scope)
        return value.at(tuple(own), scope)

    return Array(axes, entry, kind=value.kind, whole=value.whole)
