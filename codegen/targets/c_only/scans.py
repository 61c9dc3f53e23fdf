"""Scans: a loop over the places of an axis, in order or from the last one."""

from __future__ import annotations

from dataclasses import replace

from sympy import Dummy

from pullback.codegen.program import Input, Scan, Scanned, Size, zeros_of
from pullback.codegen.targets.c_only.entries import Body
from pullback.codegen.targets.c_only.section import Section
from pullback.codegen.targets.c_only.views import View, dense, plus, times
from pullback.codegen.targets.c_only.words import indented

BEFORE = Dummy("before")  # stands for all places before the first


def scan(section: Section, number: int, op: Scan) -> None:
    """The loop, and where each of its results lies at every place.

    A result is preceded by as many zeros as steps read of what is before the first one.
    """
    size = section.program[op.size].op
    assert isinstance(size, Size)
    length = section.numbers.size(size.symbol)
    time = section.around.loop(size.symbol, section.open)
    arrays = [
        result_of(section, number, op, which, length) for which in range(len(op.step.results))
    ]
    inputs: dict[str, View | str] = {}
    for name, value in op.whole:
        inputs[name] = known(section, value)
    for s in op.sliced:
        view = section.view(s.value)
        assert view is not None
        room = None if s.shift == 0 else length
        inputs[s.name] = view.window(s.axis, moved(time, s.shift), (), room)
    for c in op.carried:
        back = c.lag if op.back else -c.lag
        inputs[c.name] = arrays[c.result].window(0, moved(time, back), (), None)
    where = {v.number: inputs[v.op.name] for v in op.step.values if isinstance(v.op, Input)}
    results: dict[int, View] = {}
    again: list[tuple[int, View]] = []
    for (_, value), array in zip(op.step.results, arrays, strict=True):
        row = array.window(0, time, (), None)
        if value in results:
            again.append((value, row))
        results.setdefault(value, row)
    step = type(section)(
        op.step, op.step.body, section.around, where, results, (*section.open, time)
    )
    step.run()
    for value, view in again:
        step.copy(value, view)
    lines = [line for _, lines in step.lines for line in lines]
    for slots in step.slots.values():
        section.temporary += slots
    head = f"for (ptrdiff_t {time} = 0; {time} < {length}; {time}++)"
    if op.back:
        head = f"for (ptrdiff_t {time} = {length} - 1; {time} >= 0; {time}--)"
    section.say(f"{head} {{", *indented(lines), "}")


def known(section: Section, value: int) -> View | str:
    """What is the same at each place."""
    view = section.view(value)
    if view is not None:
        return view
    found = section.where.get(value)
    if isinstance(found, str):
        return found
    body = Body(section, ())
    text = body.entry(value, ())
    section.say(*body.lines)
    return text


def moved(place: str, by: int) -> str:
    """A place, some steps on."""
    return place if by == 0 else f"({place} {'+' if by > 0 else '-'} {abs(by)})"


def result_of(section: Section, number: int, op: Scan, which: int, length: str) -> View:
    """Where a result lies at every place; the zeros are set."""
    name, value = op.step.results[which]
    made, zeros = op.step[value], zeros_of(op, which)
    sizes = section.sizes(made.sizes)
    scanned = next(
        (v.number for v in section.program.values if v.op == Scanned(number, which)), None
    )
    inside = scanned in section.position
    if inside and zeros == 0 and scanned in section.results:
        assert scanned is not None
        section.where[scanned] = section.home(scanned)
        return section.results[scanned]
    places = plus(length, str(zeros)) if zeros else length
    owner = scanned if inside else None
    array = section.take((places, *sizes), made.kind, f"{name}_steps", owner)
    first = "0" if op.back else str(zeros)
    moved_by = times(first, *sizes) if first != "0" else "0"
    found = replace(dense(array.base, (length, *sizes)), offset=moved_by, dense=None)
    if zeros:
        row = times(*sizes) if sizes else "1"
        at = section.around.loop(BEFORE, section.open)
        start = times(length, row) if op.back else "0"
        zero = "R(0.0)" if made.kind == "real" else "0"
        section.say(
            f"for (ptrdiff_t {at} = 0; {at} < {times(str(zeros), row)}; {at}++)",
            f"    {array.base}[{plus(start, at)}] = {zero};",
        )
    if scanned is not None and inside:
        section.where[scanned] = found
    return found
