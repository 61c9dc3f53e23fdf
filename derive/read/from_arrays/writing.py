"""Equations as they come about, and at the end their names, their signs and their text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from pullback.derive.read.flat import MAX_EQUATIONS
from pullback.derive.read.from_arrays.values import (
    MARK,
    ONE,
    Array,
    Kind,
    Meter,
    Scope,
    Unreadable,
    tensor,
)
from pullback.derive.read.renaming import rename
from pullback.derive.read.trees import (
    BATCH,
    Apply,
    Equation,
    Operation,
    Place,
    Ref,
    Tree,
    parts,
    walk,
)
from pullback.derive.read.vocabulary import COTANGENT, FORBIDDEN, SIZE, TANGENT, WORDS

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
LETTERS = "ijklmpqrstuvw"  # for an axis whose own letter is taken
EXPONENTIALS = {"exp", "expm1", "sigmoid", "erfc"}
THROUGH = {"sum", "mean", "max", "min", "where"}  # a log, or a quotient, sees what is inside


@dataclass(frozen=True)
class Written:
    """An equation, its axes not named yet, and where in the user's text it comes from."""

    equation: Equation
    mask: bool
    depth: int  # of the function that it stands in

    @property
    def name(self) -> str:
        """What it defines."""
        return self.equation.name

    @property
    def right(self) -> Tree:
        """Its right side."""
        return self.equation.right


class Writer:
    """The equations of one definition."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self.identifiers = set(identifiers)
        self.meter = Meter()
        self.notes: list[str] = []
        self.inputs: dict[str, Array] = {}
        self.written: dict[str, Written] = {}
        self.titles: dict[str, str] = {}  # what becomes of the names of inner variables

    def input(self, name: str, value: Array) -> None:
        """Take up an input."""
        self.inputs[name] = value

    def fresh(self, name: str) -> str:
        """A name for a new version of a variable: its own, where that is free and allowed."""
        base = name.strip("_") or "v"
        taken = {*self.inputs, *self.written, *self.titles.values()}
        if base == name and self.allowed(name) and name not in taken:
            return name
        count = 2 if name in taken else 1
        while f"{base}_{count}" in taken | self.identifiers:
            count += 1
        return f"{base}_{count}"

    def allowed(self, name: str) -> bool:
        """Can a tensor have this name?"""
        if not NAME.fullmatch(name):
            return not name.isascii()  # refused by the reader, in its own words
        if name in FORBIDDEN or name in WORDS or COTANGENT + name in FORBIDDEN:
            return False
        if name.startswith(SIZE) or name.endswith(TANGENT):
            return False
        return not (name[0] == COTANGENT and name[1:] in self.identifiers)

    def retitle(self, value: Array, name: str, depth: int) -> None:
        """What a function of the text gave is called as its caller calls it."""
        written = self.written.get(value.tensor)
        if written is not None and written.depth > depth:
            self.written[value.tensor] = replace(written, depth=depth)
            self.titles[value.tensor] = self.fresh(name)

    def equation(self, name: str, value: Array, place: Place, depth: int) -> Array:
        """Write an equation, and give the array that it defines."""
        if len(self.written) >= MAX_EQUATIONS:
            raise Unreadable(f"this comes to more than {MAX_EQUATIONS} equations")
        scope, indices, axes = Scope(frozenset(), self.meter), [], []
        for axis in value.axes:
            index = Ref(ONE, None, place)
            if axis != ONE:
                index, scope = scope.bind(axis)
                axes.append(index.name)
            indices.append(index)
        right = value.at(tuple(indices), scope)
        own = self.fresh(name)
        mask = value.kind is Kind.MASK
        equation = Equation(own, tuple(axes) or None, False, right, place)
        self.written[own] = Written(equation, mask, depth)
        made = tensor(own, value.axes)
        return replace(
            made,
            kind=value.kind,
            condition=value.condition,
            whole=value.whole,
            python=value.python,
            buffer=value.buffer,
        )

    def reads(self, tree: Tree) -> set[str]:
        """The tensors that a tree names."""
        known = {*self.inputs, *self.written}
        refs = [t for t in walk(tree) if isinstance(t, Ref)]
        names = {n for t in refs for n in (t.name, *(i.name for i in t.indices or ()))}
        return names & known

    def constant(self, value: Array) -> bool:
        """Does an array hold nothing but numbers and sizes?"""
        scope, indices = Scope(frozenset(), self.meter), []
        for axis in value.axes:
            index = Ref(ONE, None, Place())
            if axis != ONE:
                index, scope = scope.bind(axis)
            indices.append(index)
        tree = value.at(tuple(indices), scope)
        places = {i.name for i in indices}
        return not self.reads(tree) and not any(
            isinstance(t, Ref) and t.name in places for t in walk(tree)
        )

    # -- the end ---------------------------------------------------------------------------------

    def finished(self, output: str) -> tuple[Equation, ...]:
        """The equations that the output needs, in order, with signs and axes; it comes last."""
        needed, stack = set(), [output]
        while stack:
            name = stack.pop()
            if name in self.written and name not in needed:
                needed.add(name)
                stack += sorted(self.reads(self.written[name].right))
        live = [w for w in self.written.values() if w.name in needed]
        notation = self.notation(live) - {output}
        axes = self.axis_names(live)
        names = {n: self.titles.get(n, n) for n in (*self.inputs, *self.written)}
        refs = {n: Ref(title, None, Place()) for n, title in names.items()}
        return tuple(
            replace(
                w.equation,
                name=names[w.name],
                axes=w.equation.axes and tuple(axes[a] for a in w.equation.axes),
                notation=w.name in notation,
                right=rename(w.right, refs, axes),
            )
            for w in live
        )

    def notation(self, live: list[Written]) -> set[str]:
        """What becomes notation: masks, what reads labels alone, exponentials under a log.

        A log of a node is taken of its value, which may have become 0; of notation it is taken as a
        formula. So it is with quotients of exponentials.
        """
        real = {n for n, v in self.inputs.items() if v.kind is Kind.REAL}
        found = set()
        for written in live:
            names = self.reads(written.right)
            if written.mask or not names & real:
                found.add(written.name)
            if not written.mask and names & real:
                real.add(written.name)
        rights = {w.name: w.right for w in live}
        for written in live:
            for part in walk(written.right):
                if isinstance(part, Apply) and part.name == "log":
                    found |= exponentials(part.args[0], rights)
                elif isinstance(part, Operation) and part.op == "/":
                    below = exponentials(part.right, rights)
                    found |= below
                    if below or holds_exponential(part.right):
                        found |= exponentials(part.left, rights)
        return found

    def axis_names(self, live: list[Written]) -> Mapping[str, str]:
        """A name for every axis: the small letters of its size's name where these are free."""
        tensors = {self.titles.get(w.name, w.name) for w in live} | set(self.inputs)
        marks = list(dict.fromkeys(m for w in live for m in marks_of(w.equation)))
        sizes = list(dict.fromkeys(a for v in self.inputs.values() for a in v.axes if a != ONE))
        sizes += [s for s in dict.fromkeys(m.partition(MARK)[0] for m in marks) if s not in sizes]
        found: dict[str, str] = {BATCH: BATCH}
        capitals: set[str] = set()
        own = {s.lower() for s in sizes}

        def free(name: str) -> bool:
            clash = name in tensors or name.upper() in capitals
            clash |= name.upper() in self.inputs and not self.inputs[name.upper()].axes
            return not clash and name != name.upper() and self.allowed_axis(name, tensors)

        for size in (s for s in sizes if s != BATCH):
            base = self.base(size, own, free)
            for mark in sorted(m for m in marks if m.partition(MARK)[0] == size):
                count = int(mark.partition(MARK)[2])
                name = base if count == 1 else f"{base}{count}"
                while not free(name):
                    count += 1
                    name = f"{base}{count}"
                found[mark] = name
                capitals.add(name.upper())
        return found

    def base(self, size: str, own: set[str], free: Callable[[str], bool]) -> str:
        """The name of the first axis of a size."""
        letters = (c for c in LETTERS if c not in own) if len(size) == 1 else ()
        lower = size.lower()
        numbered = (f"{lower}{i}" for i in range(1, 2 * MAX_EQUATIONS))
        candidates: Iterator[str] = chain((lower,), letters, numbered)
        return next(name for name in candidates if free(name))

    def allowed_axis(self, name: str, tensors: set[str]) -> bool:
        """Can an axis have this name?"""
        if name in FORBIDDEN or name in WORDS or name.startswith(SIZE) or name.endswith(TANGENT):
            return False
        return not (name[0] == COTANGENT and name[1:] in tensors)


def marks_of(equation: Equation) -> Iterator[str]:
    """The axes of an equation that have no name yet, in order."""
    yield from equation.axes or ()
    for part in walk(equation.right):
        if isinstance(part, Ref):
            for name in (part.name, *(i.name for i in part.indices or ())):
                if MARK in name:
                    yield name


def exponentials(tree: Tree, rights: Mapping[str, Tree]) -> set[str]:
    """The equations through which a tree comes to an exponential by sums and products alone."""
    found: set[str] = set()
    seen: dict[str, bool] = {}

    def leads(part: Tree) -> bool:
        if isinstance(part, Apply):
            if part.name in EXPONENTIALS:
                return True
            return part.name in THROUGH and sum(map(leads, part.args)) > 0
        if isinstance(part, Ref):
            return part.name in rights and named(part.name)
        return sum(map(leads, parts(part))) > 0  # all of them, as each is noted

    def named(name: str) -> bool:
        if name not in seen:
            seen[name] = leads(rights[name])
        if seen[name]:
            found.add(name)
        return seen[name]

    leads(tree)
    return found


def holds_exponential(tree: Tree) -> bool:
    """Does an exponential stand in a tree?"""
    return any(isinstance(t, Apply) and t.name in EXPONENTIALS for t in walk(tree))
