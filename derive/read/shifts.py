"""Places that are whole expressions of axes: names for the axes on which they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pullback.derive.read.renaming import rebuild
from pullback.derive.read.trees import OWN, Apply, Equation, Ref, Shifted, Tree, walk

LETTERS = "mlqrstpuvefgh"  # for axes that have no name of their own


def with_own_axes(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations, with a name for each axis on which a place is a whole expression.

    `x[n, 2*i + a]` stands at its own second axis, wherever it does: m, if no other name is m. So
    does `x[n, t]` beside `x[n, t + 1]`, where t may not run to the end of that axis.
    """
    trees = [part for e in equations for part in walk(e.right)]
    shifted = [part for part in trees if isinstance(part, Shifted)]
    if not shifted:
        return equations
    moving = {
        (s.entry.name, position, part)
        for s in shifted
        if s.outside is None
        for position, index in enumerate(s.entry.indices or ())
        for own, whole in s.at
        if own == index.name != s.along
        for part in bare_in(whole)
    }
    within = {id(s.entry) for s in shifted}
    used = {*names_of(equations)}
    free = (name for name in candidates() if name not in used and name.upper() not in used)
    names: dict[tuple[str, int], str] = {}

    def plain(part: Ref) -> Shifted | None:
        """x[n, t] as an entry at the whole expression t, where t is one beside it."""
        at = []
        indices = [*(part.indices or ())]
        for position, index in enumerate(indices):
            if index.indices is None and (part.name, position, index.name) in moving:
                at.append((f"{OWN}plain{position}", index))
                indices[position] = Ref(at[-1][0], None, index.place)
        entry = replace(part, indices=tuple(indices))
        return Shifted(entry, tuple(at), None, part.place) if at else None

    def named(part: Tree) -> Tree:
        if isinstance(part, Ref) and id(part) not in within:
            part = plain(part) or part
        elif isinstance(part, Shifted):
            beside = plain(part.entry)
            if beside is not None:
                part = replace(part, entry=beside.entry, at=(*part.at, *beside.at))
        if not isinstance(part, Shifted):
            return part
        table = {}
        for position, index in enumerate(part.entry.indices or ()):
            if any(index.name == own for own, _ in part.at):
                key = part.entry.name, position
                table[index.name] = names[key] = names.get(key) or next(free)
        indices = (replace(i, name=table.get(i.name, i.name)) for i in part.entry.indices or ())
        at = tuple((table[own], whole) for own, whole in part.at)
        entry = replace(part.entry, indices=tuple(indices))
        return replace(part, entry=entry, at=at, along=table.get(part.along, ""))

    return tuple(replace(e, right=rebuild(e.right, named)) for e in equations)


def bare_within(trees: Iterable[Tree]) -> Iterator[str]:
    """The bare names that stand in whole expressions, other than as size(n)."""
    for tree in trees:
        if isinstance(tree, Shifted):
            for _, whole in tree.at:
                yield from bare_in(whole)


def bare_in(whole: Tree) -> Iterator[str]:
    """The bare names in a whole expression, other than as size(n)."""
    parts = list(walk(whole))
    sized = {id(a) for part in parts if isinstance(part, Apply) for a in part.args}
    for part in parts:
        if isinstance(part, Ref) and part.indices is None and id(part) not in sized:
            yield part.name


def names_of(equations: Iterable[Equation]) -> Iterator[str]:
    """Every name in the text, and the capitals of axes."""
    for equation in equations:
        yield from (equation.name, *(equation.axes or ()))
        yield from (axis.upper() for axis in equation.axes or ())
        for part in walk(equation.right):
            if isinstance(part, Ref):
                names = [part.name, *(i.name for i in part.indices or ())]
                yield from names
                yield from (name.upper() for name in names)


def candidates() -> Iterator[str]:
    """Names for axes, the short ones first."""
    yield from LETTERS
    number = 2
    while True:
        yield f"m{number}"
        number += 1
