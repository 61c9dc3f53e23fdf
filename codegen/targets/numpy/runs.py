"""The order in which equations are worked out as loops: those of a recurrence place by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pullback.derive.index.objects import own_name
from pullback.derive.layer import Layer, Recurrence
from pullback.derive.read.grammar import parse_equations
from pullback.derive.read.loops import loops
from pullback.derive.read.recurrences import with_recurrences
from pullback.derive.read.trees import Apply, Equation, Negative, Number, Operation, Ref, Tree, walk


def equations_read(layer: Layer) -> list[Equation]:
    """The equations on the way to the output; notation that only pages use is left out."""
    text = "\n".join(node.text for node in layer.nodes)
    parsed = {e.name: e for e in with_recurrences(parse_equations(text, layer.name))}
    wanted: set[str] = set()
    frontier = [layer.output.name]
    while frontier:
        name = frontier.pop()
        if name in parsed and name not in wanted:
            wanted.add(name)
            frontier += read_by(parsed[name])
    return [e for e in parsed.values() if e.name in wanted]


class Run(NamedTuple):
    """Equations that are worked out together: one, or those of a recurrence."""

    equations: list[Equation]
    loop: Recurrence | None


def read_by(equation: Equation) -> list[str]:
    """The tensors that an equation reads."""
    return [own_name(t.name) for t in walk(equation.right) if isinstance(t, Ref)]


def in_turn(equations: Sequence[Equation]) -> list[Run]:
    """The equations in an order in which each comes after those that it reads."""
    known = loops(equations)
    if not known:
        return [Run([equation], None) for equation in equations]
    found: list[Run] = []
    done: set[str] = set()
    names = {e.name for e in equations}
    waiting = [*equations]
    while waiting:
        for equation in waiting:
            loop = known.get(equation.name)
            own = [equation] if loop is None else [e for e in waiting if e.name in loop.positions]
            read = {n for e in own for n in read_by(e)} & names - {e.name for e in own}
            if read <= done:
                break
        found.append(Run(own, loop))
        done |= {e.name for e in own}
        waiting = [e for e in waiting if e not in own]
    return found


def is_root(tree: Tree) -> bool:
    """Is it a square root, or a power that is not a whole number, as the definition has it?"""
    if isinstance(tree, Operation) and tree.op == "**":
        exponent = tree.right.operand if isinstance(tree.right, Negative) else tree.right
        return not (isinstance(exponent, Number) and exponent.text.isdigit())
    return isinstance(tree, Apply) and tree.name == "sqrt"
