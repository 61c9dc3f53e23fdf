"""Which nodes are in one recurrence, along which axis, and which way it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pullback.derive.index.objects import own_name
from pullback.derive.layer import Recurrence
from pullback.derive.read.trees import (
    Apply,
    Equation,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Shifted,
    Tree,
    refuse,
    spell,
    walk,
)


@dataclass(frozen=True)
class Lag:
    """A place t + `shift` of an axis t; `wide` where other axes or sizes are in it too."""

    axis: str
    shift: int
    wide: bool


def name_of(tree: Ref | Shifted) -> str:
    """The tensor that is read."""
    return own_name(tree.entry.name if isinstance(tree, Shifted) else tree.name)


def loops(mains: Sequence[Equation]) -> dict[str, Recurrence]:
    """The recurrence of each node that has one."""
    order = {e.name: number for number, e in reversed([*enumerate(mains)])}
    if not any(number <= order.get(n, -1) for number, e in enumerate(mains) for n in names_in(e)):
        return {}
    mains = with_axes(mains)
    reads: dict[str, dict[str, None]] = {
        e.name: dict.fromkeys(name for name in names_in(e) if name in order) for e in mains
    }
    reach = {name: reached(name, reads) for name in reads}
    found: dict[str, Recurrence] = {}
    for e in mains:
        if e.name in found or e.name not in reach[e.name]:
            continue
        members = [m for m in mains if m.name in reach[e.name] and e.name in reach[m.name]]
        loop = loop_of(members, order)
        found |= dict.fromkeys((m.name for m in members), loop)
    return found


def names_in(equation: Equation) -> Iterator[str]:
    """The tensors that an equation reads, other than as labels."""
    return map(name_of, entries_in(equation))


def entries_in(equation: Equation) -> Iterator[Ref | Shifted]:
    """The entries that an equation reads, other than as labels."""
    trees = [t for t in walk(equation.right) if isinstance(t, Ref | Shifted)]
    labels = {id(i) for t in trees if isinstance(t, Ref) for i in t.indices or ()}
    return (t for t in trees if id(t) not in labels)


def with_axes(mains: Sequence[Equation]) -> list[Equation]:
    """The equations, each call that shows no axes with those of what it is given first.

    Which they are shows when calls are written out; then they are looked at again.
    """
    known: dict[str, tuple[str, ...]] = {e.name: e.axes for e in mains if e.axes is not None}
    found = [*mains]
    for _ in mains:
        for number, e in enumerate(found):
            if e.axes is None and isinstance(e.right, Apply):
                first = next((a for a in e.right.args if isinstance(a, Ref)), None)
                if first is not None and first.indices is not None:
                    known[e.name] = tuple(i.name for i in first.indices)
                elif first is not None and first.name in known:
                    known[e.name] = known[first.name]
                if e.name in known:
                    found[number] = replace(e, axes=known[e.name])
    return found


def reached(name: str, reads: Mapping[str, Iterable[str]]) -> set[str]:
    """What a node hangs on."""
    seen: set[str] = set()
    frontier = [*reads[name]]
    while frontier:
        at = frontier.pop()
        if at not in seen:
            seen.add(at)
            frontier.extend(reads[at])
    return seen


def loop_of(members: list[Equation], order: Mapping[str, int]) -> Recurrence:
    """The axis along which nodes read each other, and which way; refused where there is none."""
    problems: list[Unfit] = []
    for position in range(len(members[0].axes or ())):
        try:
            return along(members, order, position)
        except Unfit as error:
            problems.append(error)
    if not problems:
        first = members[0]
        names = {m.name for m in members}
        place = next((t.place for t in entries_in(first) if name_of(t) in names), first.place)
        problems = [Unfit(f"'{first.name}' is used before it is defined", place)]
    # of the axis along which most was as it should be: what is wrong there stands furthest on
    worst = max(problems, key=lambda p: (p.place.line, p.place.column))
    return refuse(worst.words, worst.place)


class Unfit(Exception):
    """An axis along which nodes do not read each other in order: what is wrong, and where."""

    def __init__(self, words: str, place: Place) -> None:
        super().__init__(words)
        self.words, self.place = words, place


def along(members: list[Equation], order: Mapping[str, int], position: int) -> Recurrence:
    """The recurrence along an axis of its first node; raises Unfit."""
    axes = {m.name: m.axes or () for m in members}
    positions = {members[0].name: position}
    shifts: dict[int, tuple[Tree, Place]] = {}
    waiting = [*members]
    while waiting:
        ready = [m for m in waiting if m.name in positions or axis_read(m, axes, positions)]
        if not ready:
            raise Unfit(
                f"'{waiting[0].name}' reads its recurrence along no axis of its own",
                waiting[0].place,
            )
        for m in ready:
            waiting.remove(m)
            if positions.get(m.name, -1) >= len(m.axes or ()):
                raise Unfit(f"'{m.name}' is used before it is defined", m.place)
            axis = (
                (m.axes or ())[positions[m.name]]
                if m.name in positions
                else axis_read(m, axes, positions)
            )
            assert axis is not None
            if axis not in (m.axes or ()):
                raise Unfit(f"'{m.name}' has no axis '{axis}' on its left side", m.place)
            positions.setdefault(m.name, (m.axes or ()).index(axis))
            for tree in reads_of(m, axes):
                if name_of(tree) not in positions:
                    found = position_read(tree, axis)
                    if found is not None:
                        positions[name_of(tree)] = found
    for m in members:
        axis = (m.axes or ())[positions[m.name]]
        for tree in reads_of(m, axes):
            name = name_of(tree)
            lag = lag_of(tree, positions[name], axis)
            if lag is None:
                raise Unfit(
                    f"{spell(tree)} reads '{name}' along its recurrence, whose place here is "
                    f"'{axis}': write {axis} - 1 for the one before",
                    tree.place,
                )
            if lag.wide:
                raise Unfit(
                    f"{spell(tree)} reads '{name}' some places from '{axis}': how many, is a whole "
                    "number in a recurrence",
                    tree.place,
                )
            if lag.shift == 0:
                if order[name] >= order[m.name]:
                    before = shown(tree, positions[name], axis)
                    raise Unfit(
                        f"'{m.name}' reads {itself(m.name, name)} at the same place, '{axis}': a "
                        f"recurrence reads an earlier one, as in {before}",
                        tree.place,
                    )
                continue
            shifts[lag.shift] = tree, tree.place
    if not shifts:
        first = members[0]
        raise Unfit(f"'{first.name}' is used before it is defined", first.place)
    back = any(shift > 0 for shift in shifts)
    if back and any(shift < 0 for shift in shifts):
        later, place = next(found for shift, found in shifts.items() if shift > 0)
        raise Unfit(
            f"{spell(later)} reads a later place, and others read earlier ones: a recurrence runs "
            "one way",
            place,
        )
    return Recurrence({m.name: positions[m.name] for m in members}, back)


def itself(name: str, other: str) -> str:
    """Whom a node reads."""
    return "itself" if name == other else f"'{other}', which hangs on it,"


def shown(tree: Ref | Shifted, position: int, axis: str) -> str:
    """The same entry one place before."""
    entry = tree.entry if isinstance(tree, Shifted) else tree
    places = (place_at(tree, number) for number in range(len(entry.indices or ())))
    indices = [spell(place) if place else "" for place in places]
    indices[position] = f"{axis} - 1"
    return f"{own_name(entry.name)}[{', '.join(indices)}]"


def reads_of(e: Equation, axes: Mapping[str, tuple[str, ...]]) -> Iterator[Ref | Shifted]:
    """The entries of these nodes that an equation reads; a call reads a node at its own axes."""
    trees = [*walk(e.right)]
    within = {id(t.entry) for t in trees if isinstance(t, Shifted)}
    for tree in trees:
        if isinstance(tree, Ref | Shifted) and id(tree) not in within and name_of(tree) in axes:
            if isinstance(tree, Ref) and tree.indices is None:
                own = (Ref(a, None, tree.place) for a in axes[name_of(tree)])
                tree = replace(tree, indices=tuple(own))
            yield tree


def place_at(tree: Ref | Shifted, position: int) -> Tree | None:
    """What stands at one index of an entry."""
    entry = tree.entry if isinstance(tree, Shifted) else tree
    if position >= len(entry.indices or ()):
        return None
    index = (entry.indices or ())[position]
    return dict(tree.at).get(index.name, index) if isinstance(tree, Shifted) else index


def axis_read(
    e: Equation, axes: Mapping[str, tuple[str, ...]], positions: Mapping[str, int]
) -> str | None:
    """The axis of an equation along which it reads nodes whose axes are known."""
    for tree in reads_of(e, {name: axes[name] for name in positions}):
        place = place_at(tree, positions[name_of(tree)])
        for part in walk(place) if place is not None else ():
            if isinstance(part, Ref) and part.indices is None and part.name in (e.axes or ()):
                return part.name
    return None


def position_read(tree: Ref | Shifted, axis: str) -> int | None:
    """At which of its indices an entry has an axis."""
    entry = tree.entry if isinstance(tree, Shifted) else tree
    for position in range(len(entry.indices or ())):
        if lag_of(tree, position, axis) is not None:
            return position
    return None


def lag_of(tree: Ref | Shifted, position: int, axis: str) -> Lag | None:
    """How far from a place of an axis an entry is read; None where that has no part in it."""
    place = place_at(tree, position)
    if place is None or (isinstance(place, Ref) and place.indices is not None):
        return None
    terms = [*terms_of(place)]
    own = [t for t in terms if t[1:] == (Ref, axis)]
    if len(own) != 1 or own[0][0] != 1:
        return None
    others = [t for t in terms if t[1] is not Number and t is not own[0]]
    return Lag(axis, sum(int(t[2]) * t[0] for t in terms if t[1] is Number), bool(others))


def terms_of(tree: Tree, sign: int = 1) -> Iterator[tuple[int, type, str]]:
    """The terms of a place: a sign, what it is, and its text."""
    match tree:
        case Operation("+" | "-" as op, left, right, _):
            yield from terms_of(left, sign)
            yield from terms_of(right, sign if op == "+" else -sign)
        case Negative(operand, _):
            yield from terms_of(operand, -sign)
        case Number(text, _):
            yield sign, Number, text
        case Ref(name, None, _):
            yield sign, Ref, name
        case Apply("size", _, _):
            yield sign, Apply, spell(tree)
        case _:
            yield sign, Operation, spell(tree)
