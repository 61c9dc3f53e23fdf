"""The end of a reading: the equations that the output needs, and what there is to say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pullback.derive.read.from_arrays.shapes import Shape
from pullback.derive.read.from_arrays.understood import Understood, understood
from pullback.derive.read.from_arrays.values import ONE, Array
from pullback.derive.read.from_arrays.writing import Writer
from pullback.derive.read.trees import COMPARISONS, Equation, Operation, Ref, Tree, refuse, walk


def finish(
    writer: Writer, declared: Mapping[str, Shape], output: Array, line: Callable[[int], str]
) -> Understood:
    """The equations that the output needs; `line` gives a line of the user's text by its number."""
    equations = writer.finished(output.tensor)
    used = {
        name
        for e in equations
        for t in walk(e.right)
        if isinstance(t, Ref)
        for name in (t.name, *(i.name for i in t.indices or ()))
    }
    inputs = tuple(n for n in declared if n in used)
    check_labels(declared, equations, inputs)
    labels = {
        n: v.reach.axis or ""
        for n, v in writer.inputs.items()
        if v.reach is not None and n in inputs
    }
    notes = list(dict.fromkeys(writer.notes))
    notes += [f"{n} is not used" for n in declared if n not in used]
    for name in inputs:
        axes = declared[name].axes
        if ONE in axes:
            kept = ", ".join(a for a in axes if a != ONE)
            notes.append(f"{name} is taken without its axis of size 1: its shape is ({kept})")
    if ONE in output.axes:
        notes.append("the output is given without its axes of size 1")
    names = {e.name for e in equations}
    unused = [n for n in writer.written if writer.titles.get(n, n) not in names]
    if unused:
        notes.append(f"the output needs none of {', '.join(unused)}")
    lines = tuple(line(e.place.line) for e in equations)
    return understood(equations, lines, inputs, labels, tuple(notes))


def check_labels(
    declared: Mapping[str, Shape], equations: Sequence[Equation], inputs: Sequence[str]
) -> None:
    """Refuse labels that are compared with labels alone, and index nothing."""
    tensors = {*inputs, *(e.name for e in equations)}
    for name in (n for n in inputs if declared[n].labels):
        uses = [(e, t) for e in equations for t in walk(e.right)]
        if not any(is_place(part, name, tensors) for _, part in uses):
            first = next(e for e, t in uses if isinstance(t, Ref) and t.name == name)
            refuse(
                f"'{name}' is compared with other labels alone and indexes nothing; numbers do "
                "as well there: leave ': …' out of its shape",
                first.place,
            )


def is_place(part: Tree, name: str, tensors: set[str]) -> bool:
    """Does a tensor stand as an index here, or in a comparison with an axis?"""
    if isinstance(part, Ref):
        return any(i.name == name or is_place(i, name, tensors) for i in part.indices or ())
    if not isinstance(part, Operation) or part.op not in COMPARISONS:
        return False
    sides = [s.name for s in (part.left, part.right) if isinstance(s, Ref)]
    return name in sides and any(s not in tensors for s in sides)
