"""Gradients as lines of align*, to be pasted into a document or slides of one's own.

They need amsmath alone. Long lines are broken so that they fit a column of text in the standard
classes, with each law at the right, or below its line where there is no room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pullback.codegen.pages.latex import breakable, escape
from pullback.codegen.pages.outline import Block, Formula, Line, Section
from pullback.codegen.pages.widths import width

ROOM = 330.0  # points: the column of article at 10 pt has 345
FAR = 0.35  # of the room that a left side may take, if what follows is to stand beside it
INDENT = r"\qquad {} "  # of the rest of a line
ROW = 1000  # what another line costs, where a break between them costs what breakable says
EQUALS = width("=")


def fragment(sections: Iterable[Section]) -> str:
    """Gradients, spelled in LaTeX: a group of lines for each chain of steps, and for results."""
    return "".join(group for section in sections for group in groups(section))


def groups(section: Section) -> Iterator[str]:
    """The groups of lines of a gradient."""
    for part in section.parts:
        yield from map(chain, (part.jacobian, *part.blocks) if part.jacobian else part.blocks)
    yield from map(chain, section.forms)
    both = ((section.index, section.matrix), *section.wholes)
    equations = [text.split(" = ", 1) for texts in both for text in texts if text]
    yield align(rows([(left, right, "") for left, right in equations]))


def chain(block: Block) -> str:
    """A chain of steps, each with its law."""
    lines = [(line.formula, said(line)) for line in block.lines]
    if block.start:
        lines.insert(0, (block.start, ""))
    if not lines:
        return align([f"& {block.left}"])
    first, *others = lines
    return align(rows([(block.left, *first), *(("", *line) for line in others)]))


def step(before: Formula, line: Line) -> str:
    """One step, from what stands before it."""
    return align(rows([(before, line.formula, said(line))]))


def said(line: Line) -> str:
    """The law of a step, at the right of its line."""
    return rf" \tag*{{({escape(line.law)})}}"


def align(lines: Sequence[str]) -> str:
    """Lines as a group."""
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"


def rows(equations: Sequence[tuple[Formula, Formula, str]]) -> list[str]:
    """Equations, their signs = below each other; each broken where it has no room.

    Where a left side is too long for that, what follows stands on the next line.
    """
    widest = max(width(left) for left, _, _ in equations)
    beside = widest <= FAR * ROOM
    room = ROOM - EQUALS - (widest if beside else width(INDENT))
    found: list[str] = []
    for left, right, law in equations:
        first, *others = broken(right, room)
        if beside:
            found.append(f"{left} &= {first}".lstrip())
        else:
            found += [f"& {part}" for part in indented(broken(left, ROOM))] if left else []
            found.append(rf"&{INDENT}= {first}")
        more = INDENT if beside else INDENT * 2
        found += [f"&{more}{other}" for other in others]
        found[-1] += law
    return found


def indented(parts: Sequence[Formula]) -> Iterator[Formula]:
    """The parts of one line, below each other."""
    yield parts[0]
    yield from (f"{INDENT}{part}" for part in parts[1:])


def broken(formula: Formula, room: float) -> list[Formula]:
    """A formula in parts that fit, few of them and broken where that reads best.

    What cannot be broken stands alone, however wide.
    """
    marked = re.split(r"\\brk\{(\d+)\}", breakable(formula))
    pieces, prices = marked[::2], [0, *map(int, marked[1::2])]
    widths = [width(piece) for piece in pieces]
    best: list[tuple[float, int]] = [(0.0, 0)]  # the least price of all up to here, and its break
    for end in range(1, len(pieces) + 1):
        choices = []
        for start in range(end - 1, -1, -1):
            space = room - (width(INDENT) if start else 0.0)
            if start < end - 1 and sum(widths[start:end]) > space:
                break
            choices.append((best[start][0] + ROW + prices[start], start))
        best.append(min(choices))
    parts: list[Formula] = []
    end = len(pieces)
    while end:
        start = best[end][1]
        parts.insert(0, "".join(pieces[start:end]).strip().removeprefix(r"\,").strip())
        end = start
    return parts
