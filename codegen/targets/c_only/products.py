"""Products of matrices: calls of one function, which is given the strides of all axes."""

from __future__ import annotations

from collections.abc import Sequence

from pullback.codegen.program import Contract, Window
from pullback.codegen.targets.c_only.entries import Body
from pullback.codegen.targets.c_only.keeping import summed
from pullback.codegen.targets.c_only.section import Section
from pullback.codegen.targets.c_only.views import View, plus, times
from pullback.codegen.targets.c_only.words import indented, looped


def product(section: Section, number: int, op: Contract) -> None:
    """The statement of a product; axes that both factors and the result have are loops around."""
    program, inner = section.program, summed(op)
    home = section.home(number)
    own = [x for x in op.out if (x in op.letters[0]) != (x in op.letters[1])]
    if own[-1] in op.letters[0]:  # the last axis of the result is one of columns
        op = Contract(op.values[::-1], op.letters[::-1], op.out)
    left, right = (operand(section, v) for v in op.values)
    sizes = {
        x: section.numbers.size(size)
        for v, own in zip(op.values, op.letters, strict=True)
        for x, size in zip(own, program[v].sizes, strict=True)
    }
    a, b = op.letters
    both = [x for x in op.out if x in a and x in b]
    rows = [x for x in op.out if x in a and x not in b]
    columns = [x for x in op.out if x in b and x not in a]
    of_left, of_right = along(left, a), along(right, b)
    of_out = dict(zip(op.out, home.strides, strict=True))
    by_letter = dict(zip(op.out, program[number].sizes, strict=True))
    at = dict(zip(both, section.places([by_letter[x] for x in both]), strict=True))

    def axes(names: Sequence[int], one: dict[int, str], other: dict[int, str]) -> str:
        each = [f"{{{sizes[x]}, {one[x]}, {other[x]}}}" for x in names]
        return f"{len(each)}, (const axis[]){{{', '.join(each)}}}"

    def moved(view: View, strides: dict[int, str]) -> str:
        return plus(view.base, view.offset, *(times(at[x], strides[x]) for x in both))

    arrays = (moved(left, of_left), moved(right, of_right), moved(home, of_out))
    parts = (axes(rows, of_left, of_out), axes(columns, of_right, of_out))
    call = [f"F(product)({parts[0]},", *(f"    {part}," for part in parts[1:])]
    call += [f"    {axes(inner, of_left, of_right)},", f"    {', '.join(arrays)});"]
    order = section.sizes([by_letter[x] for x in both])
    section.say(*looped(call, [*zip((at[x] for x in both), order, strict=True)]))
    section.where[number] = home


def along(view: View, letters: Sequence[int]) -> dict[int, str]:
    """The stride of each letter; axes with one letter are one."""
    found: dict[int, str] = {}
    for letter, stride in zip(letters, view.strides, strict=True):
        found[letter] = plus(found.get(letter, "0"), stride)
    return found


def operand(section: Section, value: int) -> View:
    """Where the entries of a factor lie, each at its stride: where they are, or in a copy."""
    view = section.view(value)
    if view is not None and view.is_plain:
        return view
    made = section.program[value]
    if isinstance(made.op, Window) and len(made.op.steps) > 1:
        return beside_zeros(section, value, made.op)
    copied = section.take(section.sizes(made.sizes), made.kind, f"{section.word(value)}_whole")
    section.copy(value, copied)
    return copied


def beside_zeros(section: Section, value: int, op: Window) -> View:
    """What windows lie on, with zeros where they leave it."""
    program, numbers = section.program, section.numbers
    start, *steps = (numbers.whole(program, n) for n in (op.start, *op.steps))
    sizes = [numbers.whole(program, n) for n in op.sizes]
    moves = [times(s, f"({n} - 1)") for s, n in zip(steps, sizes, strict=True)]
    low = plus(start, *(f"least({m}, 0)" for m in moves))
    high = plus(start, *(f"most({m}, 0)" for m in moves))
    length = f"most({high} - ({low}) + 1, 0)"
    under = program[op.value]
    texts = [*section.sizes(under.sizes)]
    old, texts[op.axis] = texts[op.axis], length
    copied = section.take(texts, "real", f"{section.word(op.value)}_beside_zeros")
    at = section.places(under.sizes)
    body = Body(section, at)
    first = body.local("integer", "there", f"{at[op.axis]} + ({low})")
    inner = Body(section, at, names=body.names)
    place = (*at[: op.axis], first, *at[op.axis + 1 :])
    target = f"{copied.base}[{copied.index(at)}]"
    entry = inner.real(op.value, place)
    body.lines += [
        f"if ({first} >= 0 && {first} < {old}) {{",
        *indented(inner.lines),
        f"    {target} = {entry};",
        "} else",
        f"    {target} = R(0.0);",
    ]
    section.say(*looped(body.lines, [*zip(at, texts, strict=True)]))
    return copied.window(op.axis, f"({start} - ({low}))", steps, None)
