"""Sizes that no input shows: declared, or the largest at which no entry leaves its axis.

`y[i] = sum(a, x[2*i + a] * w[a])` reads x at 0 to 2(I − 1) + A − 1, which is at most M − 1, so that
I is (M − A)//2 + 1. Every such relation is linear in each size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.meetings import extent
from pullback.derive.index.objects import is_size, own_name
from pullback.derive.layer import Reach
from pullback.derive.read.symbols import Symbols
from pullback.derive.read.trees import (
    Apply,
    Declared,
    Length,
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

ARGUMENT = "argument"  # the word in [sizes] for an integer that callers give


class Solved(NamedTuple):
    """The sizes that no input shows, those first by which others are worked out; what must lie
    within its axis; the sizes' roots among the axes; and the sizes that are arguments."""

    sizes: tuple[tuple[Expr, Expr], ...] = ()
    reaches: tuple[Reach, ...] = ()
    roots: frozenset[object] = frozenset()
    arguments: tuple[Expr, ...] = ()


@dataclass(frozen=True)
class Access:
    """One place of an entry that must not leave its axis, and where it stands in the text."""

    reach: Reach
    place: Place

    @property
    def sizes(self) -> set[Expr]:
        """The sizes that have a part in it."""
        found = (e.free_symbols for e in (self.reach.low, self.reach.high, self.reach.size))
        return {cast(Expr, s) for each in found for s in each}


def solve(symbols: Symbols, sizes: Declared) -> Solved:
    """Find the sizes of a definition's axes that no input shows; some it declares."""
    accesses = [Access(*found) for found in reaches(symbols)]
    if not accesses and not sizes:
        return Solved()
    shown = {symbols.size((t, i)) for t in symbols.order for i in range(symbols.ranks[t])}
    found: dict[Expr, Expr] = {}
    arguments: dict[Expr, Tree] = {}
    for axis, tree in sizes:
        if axis not in symbols.axes:
            refuse(f"[sizes] has '{axis}', which is no axis of the equations", place_of(tree))
        size = symbols.size(axis)
        if size in shown:
            refuse(f"an input has the axis '{axis}', which says its size", place_of(tree))
        if by_callers(tree):
            arguments[size] = tree
            continue
        by = declared(symbols, tree)
        if found.setdefault(size, by) != by:
            refuse(
                f"[sizes] says {found[size]} of an axis that has one size with '{axis}'; "
                "give one of them another name where they are compared",
                place_of(tree),
            )
        if found[size].is_Integer and found[size] < 1:
            refuse("a size is at least 1", place_of(tree))
    for size, tree in arguments.items():
        if size in found:
            refuse(
                f"[sizes] says {found[size]} of an axis that has one size with this one",
                place_of(tree),
            )
    shown |= {*arguments}
    found = in_order(found)
    given = {*found}
    by_size = {symbols.size(axis): axis for axis in symbols.axes_in_order}
    wanted = [s for s in by_size if s not in shown and s not in found]
    while wanted:
        known = shown | set(found)
        solved = {s: b for s in wanted if (b := bounds(s, accesses, known)) is not None}
        if not solved:
            break
        found |= solved
        wanted = [s for s in wanted if s not in found]
    check(accesses, wanted, by_size)
    own = {*found, *arguments}
    roots = frozenset(symbols.sizes.find(axis) for s, axis in by_size.items() if s in own)
    by_bounds = {*found} - given
    kept = tuple(replace(a.reach, sure=is_sure(a.reach, by_bounds)) for a in accesses)
    return Solved(tuple(found.items()), tuple(dict.fromkeys(kept)), roots, tuple(arguments))


def by_callers(tree: Tree) -> bool:
    """Does [sizes] leave a size to callers?"""
    return isinstance(tree, Ref) and tree.indices is None and tree.name == ARGUMENT


def in_order(declared: dict[Expr, Expr]) -> dict[Expr, Expr]:
    """The declared sizes, each after those that it is made of; what is left of these is solved."""
    found: dict[Expr, Expr] = {}
    rest = dict(declared)
    while rest:
        ready = [s for s, e in rest.items() if not e.free_symbols & set(rest)]
        if not ready:
            break
        found |= {s: rest.pop(s) for s in ready}
    return found


def place_of(tree: Tree) -> Place:
    """Where a tree stands in the text."""
    return getattr(tree, "place", Place())


def declared(symbols: Symbols, tree: Tree) -> Expr:
    """The size that [sizes] declares: whole numbers and sizes with + - * and //."""
    match tree:
        case Number(text, place):
            if not text.isdigit():
                refuse("a size is a whole number", place)
            return cast(Expr, sp.Integer(int(text)))
        case Negative(operand, _):
            return cast(Expr, -declared(symbols, operand))
        case Operation("+" | "-" | "*" | "//" as op, left, right, place):
            a, b = declared(symbols, left), declared(symbols, right)
            if op == "//":
                if not b.is_positive:
                    refuse("a size is divided by a number above 0, or by a size", place)
                return cast(Expr, sp.floor(a / b))
            return cast(Expr, {"+": a + b, "-": a - b, "*": a * b}[op])
        case Ref(name, None, place) if symbols.axis_of_size(name):
            return symbols.size(cast(str, symbols.axis_of_size(name)))
        case Apply("size", (Ref(name, None, _),), _) if name in symbols.axes:
            return symbols.size(name)
        case Length():
            return length(symbols, tree)
        case Ref() if by_callers(tree):
            refuse(
                f"the word '{ARGUMENT}' stands alone; sizes of other axes may be made of that one",
                place_of(tree),
            )
    return refuse(
        "a size is made of whole numbers, sizes such as N, size(n) or size(x, 2), and + - * //; "
        f"or it is the word {ARGUMENT} alone, for an integer that callers give",
        place_of(tree),
    )


def length(symbols: Symbols, tree: Length) -> Expr:
    """The size of a tensor's axis."""
    rank = symbols.ranks.get(tree.name)
    if rank is None:
        refuse(f"no equation has '{tree.name}'", tree.place)
    if tree.position >= rank:
        axes = "1 axis" if rank == 1 else f"{rank} axes"
        refuse(f"'{tree.name}' has {axes}, counted from 0", tree.place)
    return symbols.size((tree.name, tree.position))


def reaches(symbols: Symbols) -> Iterator[tuple[Reach, Place]]:
    """How far each entry reaches that must not leave its axis."""
    for equation in symbols.equations:
        for tree in walk(equation.right):
            if not isinstance(tree, Shifted) or tree.outside is not None:
                continue
            for axis, whole in tree.at:
                if axis == tree.along and own_name(tree.entry.name) != tree.entry.name:
                    continue  # seen when the recurrence was
                position = [i.name for i in tree.entry.indices or ()].index(axis)
                labels = labels_in(whole, symbols)
                if labels:
                    bare = [name for name in labels if symbols.ranks[name] == 0]
                    why = f": nothing binds '{bare[0]}', so it is one" if bare else ""
                    refuse(
                        f"whether {spell(whole)} stays on its axis hangs on a label{why}; write "
                        f"pad(0, {spell(tree)}) for 0 where it does not",
                        tree.place,
                    )
                form = whole_form(symbols, whole, lambda ref: symbols.index(ref.name))
                low, high = extent(form)
                if axis == tree.along:
                    before = sum(1 for s in tree.starts if isinstance(s.at, Negative))
                    low, high = low + before, high - (len(tree.starts) - before)
                size = symbols.size(axis)
                text = spell(tree)
                yield Reach(tree.entry.name, position, low, high, size, text), tree.place


def labels_in(whole: Tree, symbols: Symbols) -> list[str]:
    """The labels in a whole expression."""
    refs = (part for part in walk(whole) if isinstance(part, Ref))
    return [ref.name for ref in refs if ref.name in symbols.labels]


def whole_form(symbols: Symbols, tree: Tree, index: Callable[[Ref], Expr]) -> Expr:
    """A whole expression, as SymPy has it; `index` says what an axis or a label is."""
    match tree:
        case Number(text, _) if text.isdigit():
            return cast(Expr, sp.Integer(int(text)))
        case Negative(operand, _):
            return cast(Expr, -whole_form(symbols, operand, index))
        case Operation(op, left, right, place) if op in ("+", "-", "*"):
            a, b = (whole_form(symbols, side, index) for side in (left, right))
            if op == "*" and not (is_size_form(a) or is_size_form(b)):
                refuse("in a place, an axis is multiplied by whole numbers and sizes alone", place)
            return cast(Expr, sp.expand({"+": a + b, "-": a - b, "*": a * b}[op]))
        case Apply("size", (Ref(name, None, _),), _) if name in symbols.axes:
            return symbols.size(name)
        case Length():
            return length(symbols, tree)
        case Ref(name, None, _) if name not in symbols.axes and symbols.axis_of_size(name):
            return symbols.size(cast(str, symbols.axis_of_size(name)))
        case Ref():
            return index(tree)
    return refuse("a place is a sum of axes, labels, sizes and whole numbers", place_of(tree))


def is_size_form(form: Expr) -> bool:
    """Is it made of sizes and whole numbers?"""
    return all(map(is_size, form.free_symbols))


def bounds(size: Expr, accesses: list[Access], known: set[Expr]) -> Expr | None:
    """The largest size at which nothing leaves its axis; None where that is not known yet."""
    found: list[Expr] = []
    for access in accesses:
        reach = access.reach
        for must in (reach.size - 1 - reach.high, reach.low):  # is not below 0
            by = sp.expand(must).coeff(size, 1)
            if not by.is_negative:
                continue
            if access.sizes - known - {size}:
                return None
            above = sp.expand(must - by * size)
            found.append(above if by == -1 else sp.floor(above / -by))
    if not found:
        return None
    distinct = list(dict.fromkeys(found))
    return distinct[0] if len(distinct) == 1 else cast(Expr, sp.Min(*distinct))


def check(accesses: list[Access], wanted: list[Expr], by_size: dict[Expr, str]) -> None:
    """Refuse what leaves its axis at every size, and sizes that cannot be found."""
    for access in accesses:
        reach = access.reach
        if sp.expand(reach.low).is_negative:
            refuse(
                f"{reach.text} reads place {reach.low}, which is outside of its axis; write "
                f"pad(0, {reach.text}) for 0 there, or begin further on",
                access.place,
            )
        unknown = [by_size[s] for s in wanted if s in access.sizes]
        if unknown:
            names = " and ".join(f"'{a}'" for a in unknown)
            what = "the size" if len(unknown) == 1 else "the sizes"
            refuse(
                f"{what} of {names} cannot be found from {reach.text}: say how large "
                f"'{unknown[0]}' is in [sizes]",
                access.place,
            )


def is_sure(reach: Reach, solved: set[Expr]) -> bool:
    """Does it lie within its axis by how sizes were found alone?"""
    above = sp.expand(reach.size - 1 - reach.high)
    by_size = any(above.coeff(s, 1).is_negative for s in solved)
    return bool(reach.low.is_nonnegative) and (by_size or bool(above.is_nonnegative))
