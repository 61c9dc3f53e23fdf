"""Recurrences: nodes that read what they were at earlier places of an axis.

`s[-1, k] = s0[k]` then `s[t, k] = tanh(sum(j, s[t - 1, j] * U[j, k]) + u[t, k])`. To all that comes
after, s read at another place is a tensor of its own, which nothing defines here: so the equations
keep their order, and each derivative is that of one step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from pullback.derive.index.objects import earlier, own_name
from pullback.derive.read.renaming import rebuild, rename
from pullback.derive.read.trees import (
    Apply,
    Equation,
    Iverson,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Shifted,
    Start,
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


@dataclass(frozen=True)
class Loop:
    """The nodes of one recurrence, in order, with the position of the axis in each; `back` where it
    runs from the last place to the first."""

    positions: Mapping[str, int]
    back: bool


def with_recurrences(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations, those of first places put into the nodes that they begin.

    Raises DefinitionError where a node reads itself at the same place, or at one that is not set.
    """
    starts = [e for e in equations if e.start]
    mains = [e for e in equations if not e.start]
    order = {e.name: number for number, e in reversed([*enumerate(mains)])}
    for start in starts:
        check_start(start, mains, order)
    reads = [
        tree
        for number, e in enumerate(mains)
        for tree in walk(e.right)
        if isinstance(tree, Ref | Shifted) and order.get(name_of(tree), -1) >= number
    ]
    if not reads and not starts:
        return equations
    found = loops(mains)
    return tuple(Rewriting(mains, starts, order, found).equation(e) for e in mains)


def name_of(tree: Ref | Shifted) -> str:
    """The tensor that is read."""
    return own_name(tree.entry.name if isinstance(tree, Shifted) else tree.name)


def check_start(start: Equation, mains: list[Equation], order: Mapping[str, int]) -> None:
    """Refuse a first place of what no equation defines."""
    assert start.start is not None
    if start.name not in order:
        position, place = start.start
        axes = list(start.axes or ())
        axes[position] = "t"
        refuse(
            f"'{start.name}' has a place {spell(place)} and no equation for the others: write "
            f"{start.name}[{', '.join(axes)}] = …",
            start.place,
        )
    main = mains[order[start.name]]
    if len(main.axes or ()) != len(start.axes or ()):
        refuse(f"'{start.name}' has another number of axes below", start.place)


# -- which nodes are in one recurrence -------------------------------------------------------------


def loops(mains: Sequence[Equation]) -> dict[str, Loop]:
    """The recurrence of each node that has one."""
    order = {e.name: number for number, e in reversed([*enumerate(mains)])}
    reads: dict[str, dict[str, None]] = {
        e.name: dict.fromkeys(
            name_of(tree)
            for tree in walk(e.right)
            if isinstance(tree, Ref | Shifted) and name_of(tree) in order
        )
        for e in mains
    }
    reach = {name: reached(name, reads) for name in reads}
    found: dict[str, Loop] = {}
    for e in mains:
        if e.name in found or e.name not in reach[e.name]:
            continue
        members = [m for m in mains if m.name in reach[e.name] and e.name in reach[m.name]]
        loop = loop_of(members, order)
        found |= dict.fromkeys((m.name for m in members), loop)
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


def loop_of(members: list[Equation], order: Mapping[str, int]) -> Loop:
    """The axis along which nodes read each other, and which way; refused where there is none."""
    problems: list[Unfit] = []
    for position in range(len(members[0].axes or ())):
        try:
            return along(members, order, position)
        except Unfit as error:
            problems.append(error)
    if not problems:
        words = f"'{members[0].name}' has no axis along which it could read itself"
        problems = [Unfit(words, members[0].place)]
    # of the axis along which most was as it should be: what is wrong there stands furthest on
    worst = max(problems, key=lambda p: (p.place.line, p.place.column))
    return refuse(worst.words, worst.place)


class Unfit(Exception):
    """An axis along which nodes do not read each other in order: what is wrong, and where."""

    def __init__(self, words: str, place: Place) -> None:
        super().__init__(words)
        self.words, self.place = words, place


def along(members: list[Equation], order: Mapping[str, int], position: int) -> Loop:
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
    return Loop({m.name: positions[m.name] for m in members}, back)


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


# -- what they become ------------------------------------------------------------------------------


@dataclass(frozen=True)
class First:
    """A place at which a recurrence begins: so many before its axis or, with `back`, behind it; or
    on it, where `inside`."""

    offset: int  # from the first place, or from the last with `back`, in the direction of the loop
    equation: Equation


class Rewriting:
    """The equations of a definition, its recurrences known."""

    def __init__(
        self,
        mains: list[Equation],
        starts: list[Equation],
        order: Mapping[str, int],
        found: Mapping[str, Loop],
    ) -> None:
        self.mains = {e.name: e for e in mains}
        self.order, self.found = order, found
        self.firsts: dict[str, dict[int, First]] = {}
        for start in starts:
            self.first(start)

    def first(self, start: Equation) -> None:
        """Take up one place at which a recurrence begins."""
        assert start.start is not None
        position, place = start.start
        loop = self.found.get(start.name)
        if loop is None:
            refuse(
                f"'{start.name}' is no recurrence: it has a place {spell(place)}, and does not "
                "read itself at another",
                start.place,
            )
        if position != loop.positions[start.name]:
            axis = (self.mains[start.name].axes or ())[loop.positions[start.name]]
            refuse(f"'{start.name}' reads itself along the axis '{axis}'", start.place)
        offset = self.offset(start, place, loop)
        if offset is None:
            wanted = "size(t), size(t) - 1, …" if loop.back else "-1, 0, …"
            axis = (self.mains[start.name].axes or ())[position]
            refuse(
                f"{spell(place)} is no place at which '{start.name}' begins: it runs along "
                f"'{axis}' from the {'last' if loop.back else 'first'}, so that is "
                f"{wanted.replace('(t)', f'({axis})')}",
                start.place,
            )
        known = self.firsts.setdefault(start.name, {})
        if offset in known:
            refuse(f"'{start.name}' has the place {spell(place)} twice", start.place)
        known[offset] = First(offset, start)

    def offset(self, start: Equation, place: Tree, loop: Loop) -> int | None:
        """How far behind the first place it stands, in the direction of the loop."""
        terms = [*terms_of(place)]
        whole = sum(int(t[2]) * t[0] for t in terms if t[1] is Number)
        others = [t for t in terms if t[1] is not Number]
        if not loop.back:
            return whole if not others else None
        axis = (self.mains[start.name].axes or ())[loop.positions[start.name]]
        if len(others) != 1 or others[0] != (1, Apply, f"size({axis})"):
            return None
        return -1 - whole

    def equation(self, e: Equation) -> Equation:
        """One equation, with what it reads at other places under its name, and its first places."""
        own = self.found.get(e.name)

        def rule(part: Tree) -> Tree:
            return self.shifted(e, own, part) if isinstance(part, Shifted) else part

        right = rebuild(e.right, rule)
        firsts = self.firsts.get(e.name, {})
        for first in sorted(firsts.values(), key=lambda f: -f.offset):
            if first.offset >= 0:
                right = self.begun(e, first, right)
        texts = tuple(f.equation for f in sorted(firsts.values(), key=lambda f: f.offset))
        return replace(e, right=right, starts=texts)

    def begun(self, e: Equation, first: First, right: Tree) -> Tree:
        """`[t == 0] * … + [t != 0] * …`: what stands at a first place on the axis, and the rest."""
        start = first.equation
        assert start.start is not None
        position, place = start.start
        axis = Ref((e.axes or ())[position], None, start.place)
        value = renamed(start, list(e.axes or ()), position)
        parts = [
            Operation("*", Iverson(Operation(op, axis, place, at), at), tree, at)
            for op, tree, at in (("==", value, start.place), ("!=", right, e.place))
        ]
        return Operation("+", parts[0], parts[1], e.place)

    def shifted(self, e: Equation, own: Loop | None, part: Shifted) -> Shifted:
        """An entry at another place of a recurrence."""
        name = part.entry.name
        loop = self.found.get(name)
        if loop is None:
            return part
        axis = (e.axes or ())[own.positions[e.name]] if own is loop else None
        within = axis is not None and lag_of(part, loop.positions[name], axis)
        if within:
            part = replace(part, entry=replace(part.entry, name=earlier(name)))
        index = (part.entry.indices or ())[loop.positions[name]]
        if not any(own_axis == index.name for own_axis, _ in part.at):
            return part
        firsts = self.firsts.get(name, {})
        before = any(offset < 0 for offset in firsts)
        if part.outside is not None:
            if before:
                refuse(
                    f"pad says what '{name}' is outside of its axis, and so does an equation for a "
                    "place there; leave out one of them",
                    part.place,
                )
            return part
        if not within and not before:
            return part
        if within:
            self.check_set(part, within, loop, firsts)
        found = []
        for first in firsts.values():
            if first.offset >= 0:
                continue
            start = first.equation
            assert start.start is not None
            position, place = start.start
            axes = [i.name for i in part.entry.indices or ()]
            value = renamed(start, axes, position)
            found.append(Start(place, at_places(value, dict(part.at))))
        return replace(part, along=index.name, starts=tuple(found))

    def check_set(self, part: Shifted, lag: Lag, loop: Loop, firsts: Mapping[int, First]) -> None:
        """Refuse an entry before the first places of a recurrence."""
        name = own_name(part.entry.name)
        axis = lag.axis
        reach = abs(lag.shift)
        set_inside = 0
        while set_inside in firsts:
            set_inside += 1
        lacking = [o for o in range(set_inside - reach, 0) if o not in firsts]
        if lacking:
            places = [place_text(o, axis, loop.back) for o in lacking]
            axes = [i.name for i in part.entry.indices or ()]
            axes = [spell(w) if (w := dict(part.at).get(a)) else a for a in axes]
            axes[loop.positions[name]] = places[0]
            refuse(
                f"{spell(part)} reads '{name}' before its first place: say what it is there, as "
                f"in {name}[{', '.join(axes)}] = 0",
                part.place,
            )


def place_text(offset: int, axis: str, back: bool) -> str:
    """A place before the first, as it is written."""
    if not back:
        return str(offset)
    return f"size({axis})" + (f" + {-1 - offset}" if offset < -1 else "")


def renamed(start: Equation, axes: list[str], position: int) -> Tree:
    """What stands at a first place, with these names for its axes."""
    table = {
        a: b
        for place, (a, b) in enumerate(zip(start.axes or (), axes, strict=True))
        if place != position
    }
    bound = {
        arg.name
        for part in walk(start.right)
        if isinstance(part, Apply)
        for arg in part.args[:-1]
        if isinstance(arg, Ref) and arg.indices is None
    }
    clash = bound & {*table.values()}
    free = (f"{name}{n}" for name in sorted(clash) for n in chain(range(2, 99)))
    more = {name: next(free) for name in sorted(clash)}
    read = (t for t in walk(start.right) if isinstance(t, Ref) and t.indices)
    tensors = {t.name: Ref(t.name, None, t.place) for t in read}
    return rename(start.right, tensors, {**more, **table})


def at_places(tree: Tree, at: Mapping[str, Tree]) -> Tree:
    """A value whose axes stand at whole expressions: these are put in where entries are read."""
    named = {*at}

    def rule(part: Tree) -> Tree:
        if not isinstance(part, Ref) or not part.indices:
            return part
        there = [(i.name, at[i.name]) for i in part.indices if i.name in named]
        return Shifted(part, tuple(there), None, part.place) if there else part

    return rebuild(tree, rule) if named else tree
