"""Recurrences: nodes that read what they were at earlier places of an axis.

`s[-1, k] = s0[k]` then `s[t, k] = tanh(sum(j, s[t - 1, j] * U[j, k]) + u[t, k])`. To all that comes
after, s read at another place is a tensor of its own, which nothing defines here: so the equations
keep their order, and each derivative is that of one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain

from pullback.derive.index.objects import earlier, own_name
from pullback.derive.layer import Recurrence
from pullback.derive.read.loops import Lag, lag_of, loops, terms_of
from pullback.derive.read.renaming import rebuild, rename
from pullback.derive.read.trees import (
    Apply,
    Equation,
    Iverson,
    Number,
    Operation,
    Ref,
    Shifted,
    Start,
    Tree,
    refuse,
    spell,
    walk,
)


def with_recurrences(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations, those of first places put into the nodes that they begin.

    Raises DefinitionError where a node reads itself at the same place, or at one that is not set.
    """
    starts = [e for e in equations if e.start]
    mains = [e for e in equations if not e.start]
    order = {e.name: number for number, e in reversed([*enumerate(mains)])}
    for start in starts:
        check_start(start, mains, order)
    found = loops(mains)
    if not found and not starts:
        return equations
    rewriting = Rewriting(mains, starts, found)
    return tuple(map(rewriting.equation, mains))


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
        found: Mapping[str, Recurrence],
    ) -> None:
        self.mains = {e.name: e for e in mains}
        self.found = found
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

    def offset(self, start: Equation, place: Tree, loop: Recurrence) -> int | None:
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

    def shifted(self, e: Equation, own: Recurrence | None, part: Shifted) -> Shifted:
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

    def check_set(
        self, part: Shifted, lag: Lag, loop: Recurrence, firsts: Mapping[int, First]
    ) -> None:
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
