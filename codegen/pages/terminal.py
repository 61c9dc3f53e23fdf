"""A derivation in a terminal, in Unicode and, where the terminal has it, in colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pullback.codegen.pages.outline import (
    IN_PARTS,
    MATRICES,
    Block,
    Line,
    Outline,
    Section,
    without_marks,
)
from pullback.codegen.pages.outlines import outline
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof

WIDTH = 100
INDENT = 8  # of what stands below a step's formula
MORE = "What that means stands in docs/trust.md."
BREAKS = {"= ": 60, "+ ": 40, "- ": 40, "⊙ ": 40, "/ ": 30}  # how good a line end is before them


@dataclass(frozen=True)
class Screen:
    """Lays an outline out at a fixed width; colours are ANSI codes, and only when asked for."""

    colour: bool = False
    width: int = WIDTH

    def paint(self, code: str, text: str) -> str:
        """The text in a colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def heading(self, text: str, mark: str = "") -> list[str]:
        """A heading, underlined where a mark is given."""
        lines = [self.paint("1", line) for line in wrap(text, self.width)]
        return ["", *lines, *([mark * min(len(text), self.width)] if mark else [])]

    def show(self, page: Outline) -> str:
        """The whole outline."""
        lines = self.heading(plain(page.title), "=")[1:]
        lines += wrap(plain(page.summary), self.width)
        lines += self.heading("Equations", "-")
        lines += [line for text in page.definition for line in wrap(text, self.width, 2)]
        lines += self.listed("Symbols", page.symbols)
        lines += ["", *wrap(f"{page.proof} {MORE}", self.width)]
        lines += self.heading("Values", "-") if page.values else []
        for number, block in enumerate(page.values):
            if block.words == MATRICES and page.values[number - 1].lines:
                lines += self.start([block])  # which is not where the lines above it end
            lines += self.block(block)
        if any(section.parts for section in page.sections):
            lines += self.heading("Gradients, in reverse order", "-")
            lines += [line for section in page.sections for line in self.section(section)]
        lines += self.table("All gradients", page.sections)
        lines += self.in_parts(page)
        lines += self.sections("Tangents (forward mode)", page.tangents)
        lines += self.sections("Second derivatives: gradients along the tangents", page.seconds)
        lines += ["", *wrap(plain(page.remark), self.width)] if page.remark else []
        lines += self.listed("Laws used", page.laws)
        lines += self.listed("Kinks", page.kinks)
        facts = [
            (f, f"used in step {', '.join(map(str, k))}" if k else "") for f, k in page.assumptions
        ]
        lines += self.listed("Assumed", facts)
        lines += self.heading("The handout's lines, and ours", "-") if page.handout else []
        for line in page.handout:
            lines += wrap(without_marks(plain(line.words)), self.width, 2)
            lines += [part for formula in line.ours for part in wrap(formula, self.width, 6)]
            lines += wrap(without_marks(plain(line.remark)), self.width, 6) if line.remark else []
        lines += self.listed("References", [(text, "") for text in page.references])
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def in_parts(self, page: Outline) -> list[str]:
        """The axes along which a layer is worked out in parts, and those along which it is not."""
        lines = self.heading(IN_PARTS, "-") if page.along else []
        for along in page.along:
            lines += self.heading(f"along {along.axis}")
            for words in along.words:
                lines += wrap(f"{words.replace('`', '')}.", self.width, 2)
            lines += [line for block in along.blocks for line in self.block(block)]
            lines += [self.paint("32", line) for line in wrap(along.formula, self.width, 4)]
        others = "; ".join(f"{axis} ({why})" for axis, why in page.not_along)
        more = ["", *wrap(f"Not along {others}.", self.width, 2)] if lines and others else []
        return lines + more

    def listed(self, title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
        """A list of things and words about them, or nothing."""
        lines = self.heading(title, "-") if rows else []
        for thing, words in rows:
            text = f"{plain(thing)}: {plain(words)}" if words else plain(thing)
            lines += wrap(text, self.width, 2)
        return lines

    def sections(self, title: str, sections: Sequence[Section]) -> list[str]:
        """Sections under a title, each ending with its result and its check; or nothing."""
        lines = self.heading(title, "-") if sections else []
        for section in sections:
            lines += [*self.section(section), *self.checked(section)]
        return lines

    def section(self, section: Section) -> list[str]:
        """A gradient: each part's Jacobian, structure and pullback, and the sum of the parts."""
        lines = self.heading(section.left)
        for part in section.parts:
            if part.jacobian is None:
                lines += [line for block in part.blocks for line in self.block(block)]
                continue
            lines += self.block(part.jacobian)
            size = f"; J would have {part.size} entries, and is never formed" if part.size else ""
            said = without_marks(part.said)
            lines += wrap(f"{said[0].lower()}{said[1:]}{size}", self.width, 4)
            lines += wrap(without_marks(part.held), self.width, 4)
            written = f"    at {part.at}: {part.written}"
            if part.small and len(written) <= self.width:
                lines.append(written)
            lines += [line for block in part.blocks for line in self.block(block)]
        if len(section.parts) > 1:
            lines += [self.paint("2", "  sum over the nodes that read it")]
            lines += self.start(section.forms[:1])
        lines += [line for block in section.forms for line in self.block(block)]
        return lines + self.results(section, len(section.index))

    def block(self, block: Block) -> list[str]:
        """The left side, where it starts, and its steps."""
        lines = []
        if block.words != MATRICES:  # which goes on from where the lines above it end
            lines += [self.paint("2", f"  {block.words}")] if block.words else []
            lines += self.start([block])
        return lines + [line for step in block.lines for line in self.step(step)]

    def start(self, blocks: Sequence[Block]) -> list[str]:
        """Left sides, and where the steps from there start."""
        both = (f"{b.left} = {b.start}" if b.start else b.left for b in blocks)
        return [line for text in both for line in wrap(text, self.width, 4)]

    def step(self, line: Line) -> list[str]:
        """The number, the formula, and at the right the law, and its check if that is another."""
        number = f"{line.number:>5} = "
        given = f", given {', '.join(line.assumes)}" if line.assumes else ""
        given += f", where {', '.join(line.needs)}" if line.needs else ""
        reason = f"{line.law}{given}" + (f" | {line.mark}" if line.mark else "")
        formula = f"{line.formula}    {line.shapes}".rstrip()
        return [*self.beside(number, formula, reason), *self.why(line)]

    def why(self, line: Line) -> Iterator[str]:
        """The reasons for a matrix form."""
        for text in line.reasons:
            for part in wrap(without_marks(text), self.width, INDENT):
                yield self.paint("2", part)

    def beside(self, number: str, formula: str, reason: str) -> list[str]:
        """A formula and, at the right, on this line or below, what it rests on."""
        lines = wrap(number + formula, self.width, 0, len(number))
        if len(lines[-1]) + 3 + len(reason) <= self.width:
            gap = " " * (self.width - len(lines[-1]) - len(reason))
            return [*lines[:-1], lines[-1] + gap + self.paint("2", reason)]
        return lines + [self.paint("2", f"{r:>{self.width}}") for r in wrap(reason, self.width - 8)]

    def results(self, section: Section, column: int) -> list[str]:
        """The gradient, and what it comes to with others put in."""
        both = ((section.index, section.matrix), *section.wholes)
        return [line for index, matrix in both for line in self.result(index, matrix, column)]

    def result(self, left: str, right: str, column: int) -> list[str]:
        """In index notation and, beside it, in matrix notation."""
        text = f"    {left:<{column}}    {right}".rstrip()
        if len(text) <= self.width:
            return [self.paint("32", text)]
        lines = wrap(left, self.width, 4) + (wrap(right, self.width, 4) if right else [])
        return [self.paint("32", line) for line in lines]

    def table(self, title: str, sections: Sequence[Section]) -> list[str]:
        """All gradients, and how each was checked against the whole forward pass."""
        lines = self.heading(title, "-")
        column = max((len(s.index) for s in sections if len(s.index) < 60), default=0)
        for section in sections:
            lines += [*self.results(section, column), *self.checked(section)]
        return lines

    def checked(self, section: Section) -> list[str]:
        """How a result was checked as a whole, if it was."""
        note = f"against the slope of the whole forward pass: {section.check}"
        lines = wrap(note, self.width - 8) if section.check else []
        return [self.paint("2", f"{line:>{self.width}}") for line in lines]


def plain(text: str) -> str:
    """Text from a definition on one line, without characters that steer a terminal."""
    return "".join(c if c.isprintable() else " " if c in "\n\t" else "�" for c in text)


def wrap(text: str, width: int, indent: int = 0, hang: int | None = None) -> list[str]:
    """Lines of at most `width`, broken before operators where possible, then at spaces."""
    hang = indent + 4 if hang is None else hang
    lines, line = [], " " * indent + text
    while len(line) > width:
        at = break_at(line, width, len(line) - len(line.lstrip()))
        if at is None:
            break
        lines.append(line[:at].rstrip())
        line = " " * hang + line[at:].lstrip()
    return [*lines, line] if line.strip() else lines


def break_at(line: str, width: int, start: int) -> int | None:
    """The best place for a break: far to the right, outside brackets, before an operator."""
    best, place, depth = float("-inf"), None, 0
    for at, char in enumerate(line):
        depth += (char in "([{") - (char in ")]}")
        if at > width and place is not None:
            break
        if char == " " and at > start + 8 and line[at - 1] != " ":
            operator = BREAKS.get(line[at + 1 : at + 3], 0)
            score = at - 20 * depth + operator
            if score > best or (place is not None and place > width):
                best, place = score, at
    return place


def show(derivation: Derivation, proof: Proof, colour: bool = False) -> str:
    """The derivation for a terminal of 100 columns; ANSI colours only when asked for."""
    return Screen(colour).show(outline(derivation, proof))
