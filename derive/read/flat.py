"""Equations without calls: their inputs and their axes."""

from __future__ import annotations

from typing import NamedTuple

from pullback.derive.index.objects import own_name
from pullback.derive.read.names import names_in
from pullback.derive.read.trees import Declared, Equation, Operation, Ref, Tree, walk
from pullback.derive.read.vocabulary import PI

MAX_EQUATIONS = 256  # each takes a symbol


class Flat(NamedTuple):
    """A definition without calls: its equations; what it and those that it calls assume, and which
    sizes of axes they declare.

    `calls` are the definitions that its own equations called, each once.
    """

    equations: tuple[Equation, ...]
    assume: tuple[Operation, ...]
    sizes: Declared = ()
    calls: tuple[str, ...] = ()


Axes = tuple[str | None, ...]  # the axes of a tensor by position; None where a label stands


def up_to_output(body: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """Equations up to the last node; notation after it is not used."""
    last = max(i for i, e in enumerate(body) if not e.notation)
    return body[: last + 1]


def inputs_of(body: tuple[Equation, ...]) -> dict[str, Axes]:
    """The inputs of flat equations in order of appearance, each with its axes at its first use.

    A use that has only axes in its brackets shows more than one with labels.
    """
    axes, tensors = names_in(e.right for e in body)
    axes.update(a for e in body for a in e.axes or ())
    hidden = {e.name for e in body} | axes | ({a.upper() for a in axes} - tensors) | {PI}
    found: dict[str, Axes] = {}
    for equation in body:
        for tree in walk(equation.right):
            if isinstance(tree, Ref) and own_name(tree.name) not in hidden:
                own = tuple(i.name if i.indices is None else None for i in tree.indices or ())
                if tree.name not in found or (None in found[tree.name] and None not in own):
                    found[tree.name] = own
    return found


def all_axes(body: tuple[Equation, ...], assume: tuple[Operation, ...] = ()) -> list[str]:
    """The axes of flat equations and of what is assumed, in order of appearance."""
    trees: list[Tree] = [*(e.right for e in body), *assume]
    axes, _ = names_in(trees)
    seen = dict.fromkeys(a for e in body for a in e.axes or ())
    for whole in trees:
        for tree in walk(whole):
            if isinstance(tree, Ref):
                names = [tree.name, *(i.name for i in tree.indices or ())]
                seen.update(dict.fromkeys(n for n in names if n in axes))
    return list(seen)
