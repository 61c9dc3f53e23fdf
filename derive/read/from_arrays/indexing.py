"""x[…] read and assigned: whole axes, new ones, labels, masks; other places are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce as fold

from pullback.derive.read.from_arrays.algebra import (
    HERE,
    both,
    broadcast,
    choose,
    operation,
    spread,
    truth,
)
from pullback.derive.read.from_arrays.shaping import with_ones
from pullback.derive.read.from_arrays.values import (
    NOWHERE,
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
    literal,
    mask,
    number,
    words,
)
from pullback.derive.read.trees import BATCH, Operation, Tree

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


# -- assignment ------------------------------------------------------------------------------------


def put(target: Array, keys: Sequence[Value], value: Value, op: str = "") -> Array:
    """The array after `x[…] = value`, or after `x[…] op= value`."""
    given = fitted(target, value, op)
    if len(keys) == 1 and isinstance(keys[0], Array) and keys[0].kind is Kind.MASK:
        return like(target, put_where(target, keys[0], given, op))
    layout = lay_out(target, keys)
    if NEW in layout.keys:
        raise Unreadable("an assignment to x[None] is not read; leave the new axis out")
    if broadcast(given.axes, layout.axes) != layout.axes:
        raise Unreadable(f"{words(given.axes)} does not fit into {words(layout.axes)}")
    if not layout.places:
        every = broadcast_into(given, target.axes)
        return like(target, operation(op, target, every) if op else every)
    test, spreader = placed(layout)

    def entry(indices: Indices, scope: Scope) -> Tree:
        return given.at(spread(given, spreader(indices)), scope)

    there = Array(target.axes, entry, whole=given.whole)
    if test is None:
        return like(target, operation(op, target, there) if op else there)
    if op in ("+", "-"):
        change = number(test) if given.literal == 1 else operation("*", test, there)
        return like(target, operation(op, target, change))
    return like(target, choose(test, operation(op, target, there) if op else there, target))


def fitted(target: Array, value: Value, op: str) -> Array:
    """What can be put into an array of this type."""
    if isinstance(value, Constant) and isinstance(value.value, bool):
        if target.kind is not Kind.MASK or op:
            raise Unreadable("True and False go into truth values")
        return literal(int(value.value))
    if target.kind is Kind.PLACE:
        raise Unreadable("labels stay as they are")
    given = number(value)
    if target.kind is Kind.MASK:
        if op or given.literal not in (0, 1):
            raise Unreadable("only 0, 1, True and False go into truth values")
    elif target.whole and (op == "/" or not given.whole):
        raise Unreadable(
            "NumPy holds whole numbers here and would cut a fraction off; make it of floats"
        )
    return given


def like(target: Array, made: Array) -> Array:
    """Of the target's kind."""
    if target.kind is Kind.MASK:
        return replace(made, kind=Kind.MASK, condition=None, whole=True)
    return replace(made, whole=target.whole)


def broadcast_into(value: Array, axes: Axes) -> Array:
    """A value seen with these axes."""
    if broadcast(value.axes, axes) != axes:
        raise Unreadable(f"{words(value.axes)} does not fit into {words(axes)}")
    return Array(axes, lambda i, s: value.at(spread(value, i), s), whole=value.whole)


def put_where(target: Array, test: Array, value: Array, op: str) -> Array:
    """x[mask] = number."""
    if test.axes != target.axes[: len(test.axes)]:
        raise Unreadable(f"truth values of shape {words(test.axes)} select in {words(target.axes)}")
    if value.axes:
        raise Unreadable(f"x[mask] = a number is read, and not an array; {SELECTION}")
    missing = len(target.axes) - len(test.axes)
    wide = with_ones(test, (*test.axes, *(ONE,) * missing)) if missing else truth(test)
    return choose(wide, operation(op, target, value) if op else value, target)


def placed(layout: Layout) -> tuple[Array | None, Callable[[Indices], Indices]]:
    """Where an assignment by labels goes, and the indices of what is assigned for those of x.

    Each axis of the labels must be one of x's own, which np.arange says: else two labels may name
    one place.
    """
    own: dict[int, int] = {}
    for p, key in layout.places.items():
        if key.size is not None and key.axes == (key.size,) and len(layout.labels) == 1:
            own.setdefault(0, p)
    if len(layout.labels) > 1 or (layout.labels and not own):
        raise Unreadable(
            "an assignment to x[labels] may meet one place twice; "
            "x[np.arange(N), labels] says which rows"
        )
    axes = layout.value.axes
    tests = []
    for p, key in layout.places.items():
        if own.get(0) != p:
            tests.append(hit(axes, p, key, own))

    def spreader(indices: Indices) -> Indices:
        return tuple(indices[p] if s == "own" else indices[own[p]] for s, p in layout.sources)

    return (fold(both, tests) if tests else None), spreader


def hit(axes: Axes, place: int, key: Array, own: dict[int, int]) -> Array:
    """Is the index at this place the label?"""

    def condition(indices: Indices, scope: Scope) -> Tree:
        label = key.at(spread(key, tuple(indices[p] for p in own.values())), scope)
        return Operation("==", indices[place], label, NOWHERE)

    return mask(axes, condition)
