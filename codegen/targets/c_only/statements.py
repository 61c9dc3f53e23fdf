"""How each operation that makes an array, or a number, is worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sympy import Expr

from pullback.codegen.program import (
    Contract,
    Determinant,
    Fold,
    Inverse,
    Reduce,
    Scan,
    Scatter,
    Solve,
)
from pullback.codegen.targets.c_only.entries import Body, Place
from pullback.codegen.targets.c_only.keeping import is_product, summed
from pullback.codegen.targets.c_only.matrices import of_matrices
from pullback.codegen.targets.c_only.products import product
from pullback.codegen.targets.c_only.scans import scan
from pullback.codegen.targets.c_only.section import Section
from pullback.codegen.targets.c_only.views import View, plus, times
from pullback.codegen.targets.c_only.words import indented, looped

START = {"max": "-(REAL)INFINITY", "min": "(REAL)INFINITY"}
BETTER = {"argmax": ">", "argmin": "<"}


def statement(section: Section, number: int) -> None:
    """Work out one value, and say where it is."""
    op = section.program[number].op
    if isinstance(op, Scan):
        scan(section, number, op)
    elif isinstance(op, Contract) and is_product(op):
        product(section, number, op)
    elif isinstance(op, Inverse | Determinant | Solve):
        of_matrices(section, number, op)
    elif isinstance(op, Scatter | Fold):
        added_up(section, number, op)
    elif isinstance(op, Reduce):
        reduced(section, number, op)
    elif isinstance(op, Contract) and summed(op):
        contracted(section, number, op)
    else:
        each_entry(section, number)


def each_entry(section: Section, number: int) -> None:
    """An entry at each place, by itself."""
    made = section.program[number]
    if not made.sizes:
        body = Body(section, ())
        text = body.entry(number, ())
        section.scalar(number, body, body.last(text))
        return
    home = section.home(number)

    def fill(body: Body) -> None:
        section.store(body, home, number, body.entry(number, body.at))

    section.nest(made.sizes, fill)
    section.where[number] = home


def gathered(
    section: Section,
    number: int,
    rest: Sequence[Expr],
    like: str,
    begin: Callable[[str], list[str]],
    add: Callable[[str, Body, Place, Place], None],
    end: Callable[[str], str],
) -> None:
    """An entry at each place of the result from all places of the rest of the axes.

    `begin` are lines before the loops over these, by the name of what gathers.
    """
    made = section.program[number]

    def lines(name: str, at: Place, names: Iterable[str] = ()) -> list[str]:
        def fill(body: Body) -> None:
            add(name, body, at, body.at[len(at) :])

        return [*begin(name), *section.loops(rest, fill, at, names)]

    if not made.sizes:
        body = Body(section, ())
        name = section.words.free(like)
        section.say(*lines(name, ()))
        section.scalar(number, body, end(name))
        return
    home = section.home(number)
    at = section.places(made.sizes)
    body = Body(section, at)
    name = body.name(like)
    body.lines += lines(name, at, body.names)
    body.lines.append(f"{body.stored(home, at)} = {end(name)};")
    section.say(*looped(body.lines, [*zip(at, section.sizes(made.sizes), strict=True)]))
    section.where[number] = home


def sum_begin(name: str) -> list[str]:
    """A sum, and what rounding has taken off it."""
    return [f"total {name} = {{0.0, 0.0}};"]


def sum_end(name: str) -> str:
    """What it comes to."""
    return f"(REAL)sum_of(&{name})"


def contracted(section: Section, number: int, op: Contract) -> None:
    """A sum of products, one place after the other."""
    program, letters = section.program, summed(op)
    pairs = [*zip(op.values, op.letters, strict=True)]
    sizes = {x: size for v, own in pairs for x, size in zip(own, program[v].sizes, strict=True)}

    def add(name: str, body: Body, at: Place, inner: Place) -> None:
        by = dict(zip([*op.out, *letters], [*at, *inner], strict=True))
        if op.guarded:
            a, b = (body.real(v, tuple(by[x] for x in own)) for v, own in pairs)
            body.lines.append(f"if (!(({a} == 0) | ({b} == 0)))")
            body.lines += indented([f"add(&{name}, (double){a} * (double){b});"])
            return
        factors = [body.double(v, tuple(by[x] for x in own)) for v, own in pairs]
        body.lines.append(f"add(&{name}, {' * '.join(factors)});")

    rest = [sizes[x] for x in letters]
    gathered(section, number, rest, "sum", sum_begin, add, sum_end)


def reduced(section: Section, number: int, op: Reduce) -> None:
    """A sum, an extreme value or its place over some axes."""
    sizes = section.program[op.value].sizes
    rest = [sizes[axis] for axis in op.axes]

    def source(at: Place, inner: Place) -> Place:
        outer, own = iter(at), iter(inner)
        return tuple(next(own if axis in op.axes else outer) for axis in range(len(sizes)))

    def add(name: str, body: Body, at: Place, inner: Place) -> None:
        body.lines.append(f"add(&{name}, {body.double(op.value, source(at, inner))});")

    def better(name: str, body: Body, at: Place, inner: Place) -> None:
        function = "larger" if op.kind == "max" else "smaller"
        entry = body.last(body.real(op.value, source(at, inner)))
        body.lines.append(f"{name} = F({function})({name}, {entry});")

    def place(name: str, body: Body, at: Place, inner: Place) -> None:
        entry = body.real(op.value, source(at, inner))
        (here,) = inner
        best = f"best_{name}"
        body.lines += [
            f"if ({here} == 0 || {entry} {BETTER[op.kind]} {best}"
            f" || ({entry} != {entry} && {best} == {best})) {{",
            f"    {best} = {entry};",
            f"    {name} = {here};",
            "}",
        ]

    if op.kind == "sum":
        gathered(section, number, rest, "sum", sum_begin, add, sum_end)
    elif op.kind in START:

        def best_begin(name: str) -> list[str]:
            return [f"REAL {name} = {START[op.kind]};"]

        gathered(section, number, rest, op.kind + "imum", best_begin, better, str)
    else:

        def begin(name: str) -> list[str]:
            return [f"REAL best_{name} = R(0.0);", f"int64_t {name} = 0;"]

        gathered(section, number, rest, "place", begin, place, str)


def added_up(section: Section, number: int, op: Scatter | Fold) -> None:
    """Entries added up where integers, or windows, say."""
    made, source = section.program[number], section.program[op.value]
    home = section.home(number)

    def zero(body: Body) -> None:
        body.lines.append(f"{body.stored(home, body.at)} = R(0.0);")

    section.nest(made.sizes, zero)
    at = section.places(source.sizes)
    body = Body(section, at)
    if isinstance(op, Scatter):
        lead = 1 + max(p for o in op.at for p in o.places)
        places = tuple(body.operand(o, at) for o in op.at)
        entry = body.last(body.real(op.value, at))
        body.lines.append(f"{home.base}[{home.index((*places, *at[lead:]))}] += {entry};")
    else:
        body.lines += folded(section, op, body, home)
    section.say(*looped(body.lines, [*zip(at, section.sizes(source.sizes), strict=True)]))
    section.where[number] = home


def folded(section: Section, op: Fold, body: Body, home: View) -> list[str]:
    """The lines that add an entry where it lies, if it lies on the axis."""
    numbers, program, at = section.numbers, section.program, body.at
    start, *steps = (numbers.whole(program, n) for n in (op.start, *op.steps))
    along = [times(at[axis], s) for axis, s in zip(op.axes, steps, strict=True)]
    there = body.name("there")
    size = numbers.whole(program, op.size)
    rest = [p for axis, p in enumerate(at) if axis not in op.axes]
    first = sum(1 for axis in range(op.axes[0]) if axis not in op.axes)
    inner = Body(section, at, names=body.names)
    entry = inner.last(inner.real(op.value, at))
    place = (*rest[:first], there, *rest[first:])
    added = [*inner.lines, f"{home.base}[{home.index(place)}] += {entry};"]
    head = f"if ({there} >= 0 && {there} < {size})"
    lines = [head, *indented(added)]
    if len(added) > 1:
        lines = [f"{head} {{", *indented(added), "}"]
    return [f"const ptrdiff_t {there} = {plus(start, *along)};", *lines]
