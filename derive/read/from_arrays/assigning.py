"""x[…] assigned: whole axes, places that labels and np.arange name, masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce as fold

from pullback.derive.read.from_arrays.algebra import (
    both,
    broadcast,
    choose,
    operation,
    spread,
    truth,
)
from pullback.derive.read.from_arrays.indexing import NEW, SELECTION, Layout, lay_out
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
    literal,
    mask,
    number,
    words,
)
from pullback.derive.read.trees import Operation, Tree


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
