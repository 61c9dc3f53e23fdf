"""Inverses, determinants and systems, by elimination with the largest pivot."""

from __future__ import annotations

from pullback.codegen.program import Determinant, Inverse, Solve
from pullback.codegen.targets.c_only.entries import Body
from pullback.codegen.targets.c_only.section import Section
from pullback.codegen.targets.c_only.views import plus, times
from pullback.codegen.targets.c_only.words import indented, looped

SINGULAR = "a matrix has no inverse"


def of_matrices(section: Section, number: int, op: Inverse | Determinant | Solve) -> None:
    """Each matrix alone: it is copied, and eliminated with what stands beside it."""
    program, made = section.program, section.program[number]
    sizes = program[op.value].sizes
    *lead, size = section.sizes(sizes[:-1])
    copied = section.take((size, size), "real", "matrix")
    at = section.places(sizes)
    before, square = at[:-2], at[-2:]
    body = Body(section, at)
    entry = body.last(body.real(op.value, at))
    turned = isinstance(op, Solve) and op.turned
    place = copied.index(square[::-1] if turned else square)
    body.lines.append(f"{copied.base}[{place}] = {entry};")
    lines = looped(body.lines, [(name, size) for name in square])
    if isinstance(op, Determinant):
        function = "F(log_determinant)" if op.log else "F(determinant)"
        found = f"{function}({size}, {copied.base})"
        if not made.sizes:
            section.say(*lines)
            section.scalar(number, Body(section, ()), found)
            return
        home = section.home(number)
        lines.append(f"{home.base}[{home.index(before)}] = {found};")
    else:
        home = section.home(number)
        columns = [*made.sizes[len(lead) + 1 :]]
        wide = times(*section.sizes(columns)) if columns else "1"
        places = section.places([*made.sizes[len(lead) :]], before)
        right = Body(section, (*before, *places))
        if isinstance(op, Solve):
            beside = right.last(right.real(op.right, right.at))
        else:
            beside = f"{places[0]} == {places[1]} ? R(1.0) : R(0.0)"
        right.lines.append(f"{home.base}[{home.index(right.at)}] = {beside};")
        texts = section.sizes(made.sizes[len(lead) :])
        lines += looped(right.lines, [*zip(places, texts, strict=True)])
        start = plus(home.base, *(times(p, s) for p, s in zip(before, home.strides, strict=False)))
        lines.append(f"if (!F(solved)({size}, {wide}, {copied.base}, {start}))")
        lines += indented([f"return {section.around.fails(SINGULAR)};"])
    section.say(*looped(lines, [*zip(before, lead, strict=True)]))
    section.where[number] = home
