"""Names of matrix notation that nobody has declared: no functions, and no shapes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from pullback.derive.read.from_arrays.shapes import Shape
from pullback.derive.read.from_matrices.functions import FUNCTIONS, REFUSED
from pullback.derive.read.from_matrices.parser import BARS, NORM, Line, Parser
from pullback.derive.read.from_matrices.words import ONES, TRANSPOSE
from pullback.derive.read.guessing.candidates import candidates
from pullback.derive.read.guessing.in_matrices import uses
from pullback.derive.read.guessing.search import search
from pullback.derive.read.guessing.shapeless import Guess, Shapeless, said
from pullback.derive.read.run_together import GREEK_NAMES, letters_of, question
from pullback.derive.read.trees import Apply, Place, Ref, Tree, refuse, walk
from pullback.derive.read.vocabulary import PI, suggestion

CONSTANTS = {ONES, "ones", PI, "e"}


class Reading(Protocol):
    """What is known of a text when its lines are parsed; another one can be begun."""

    text: str
    within: str
    shapes: Mapping[str, str]
    declared: dict[str, Shape]

    def again(self, shapes: Mapping[str, str]) -> None:
        """Read every line with these shapes."""


def is_function(name: str) -> bool:
    """Is it a function, a transpose, a norm?"""
    return name in FUNCTIONS or name in (TRANSPOSE, BARS) or name.startswith(NORM)


def no_function(name: str, known: Collection[str]) -> str:
    """What is said of a function that there is not."""
    if name in REFUSED:
        return f"{name}: {REFUSED[name]}"
    hint = suggestion(name, {*FUNCTIONS, *known})
    return question(name, known) or f"{name} is no function that is read, nor declared{hint}"


def parts_of(lines: Sequence[Line]) -> Iterator[tuple[Tree, set[str]]]:
    """Every part of every line, each with what the line before has defined."""
    before: set[str] = set()
    for line in lines:
        yield from ((tree, before) for tree in walk(line.right))
        before = {line.name}


def check_shapes(lines: Sequence[Line], reading: Reading) -> None:
    """Refuse names without a shape, all at once, at the first of them."""
    defined = {line.name for line in lines}
    missing: dict[str, Place] = {}
    calls: list[Apply] = []
    above: set[str] = set()
    for tree, before in parts_of(lines):
        above |= before
        if isinstance(tree, Apply) and tree.name in GREEK_NAMES and not is_function(tree.name):
            missing.setdefault(tree.name, tree.place)  # of a number beside a bracket
        elif isinstance(tree, Apply) and not is_function(tree.name):
            calls.append(tree)
        elif isinstance(tree, Ref) and tree.name not in {*reading.declared, *above, *CONSTANTS}:
            if tree.name in defined:
                refuse(f"{tree.name} is used before it is defined", tree.place)
            if tree.name not in FUNCTIONS and tree.name not in REFUSED:
                missing.setdefault(tree.name, tree.place)
    if not missing:
        return
    known = {*reading.declared, *defined, *missing} - {""}
    for call in calls:
        if call.name not in missing:
            refuse(no_function(call.name, known), call.place)
    for name, place in missing.items():
        if words := question(name, {*known, *letters_of(name)} - {name}):
            refuse(words, place)
    names = tuple(missing)
    hint = suggestion(names[0], known - {*names}) if len(names) == 1 else ""
    place = missing[names[0]]
    find = partial(guess, reading, {name: p.line for name, p in missing.items()})
    raise Shapeless(said(names, hint), replace(place, within=reading.within), names, find)


def guess(reading: Reading, missing: Mapping[str, int]) -> Guess | None:
    """What the shapes of names may be, each with the line where it comes first."""
    parser = Parser(str(reading.text), "", {*reading.declared, *missing})
    lines = parser.lines()
    used = uses(lines)
    sizes = {size for shape in reading.shapes.values() for size in shape.replace(":", " ").split()}
    taken = {w.text for w in parser.tokens} | sizes | {*reading.shapes}
    return search(
        {name: candidates(name, used.get(name, set())) for name in missing},
        reading.shapes,
        reading.again,
        missing,
        taken,
    )
