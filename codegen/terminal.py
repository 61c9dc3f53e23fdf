"""A derivation as text: its outline, which every page shows, and the outline in a terminal.

The outline holds spelled formulas and words in the order in which they are read; it decides what
is shown, and a page only where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from codegen.matrix import matrix_form
from codegen.notation import UNICODE, Notation, Style
from derive.derivation import Derivation, Gradient, Pullback
from derive.expressions import Extreme, Index, Maximum, Minimum, Where, substitute
from derive.proof import Proof
from derive.steps import Chain, Step

WIDTH = 100
BREAKS = {"= ": 60, "+ ": 40, "- ": 40, "⊙ ": 40, "/ ": 30}  # how good a line end is before them
Formula = str  # spelled in the outline's style


@dataclass(frozen=True)
class Line:
    """A step: its number, what it leads to, its law, how it was checked, and what it assumes."""

    number: int
    formula: Formula
    law: str
    check: str
    assumes: tuple[Formula, ...]


@dataclass(frozen=True)
class Block:
    """Steps from a start; `left` is what all of them equal, `words` what they are for."""

    words: str
    left: Formula
    start: Formula
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Part:
    """One node that reads the tensor: the Jacobian, its structure, and the pullback.

    `size` is how many entries the Jacobian would have; it is empty, and `blocks` hold no pullback,
    where the node is the scalar output and the Jacobian is the gradient itself.
    """

    jacobian: Block
    structure: str
    size: Formula
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Section:
    """The gradient by one tensor; `matrix` and `check` are empty where there is none."""

    name: str
    left: Formula
    index: Formula  # left = … in index notation
    matrix: Formula
    check: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Outline:
    """Everything that a page of a derivation shows."""

    title: str
    summary: str
    equations: tuple[str, ...]
    symbols: tuple[tuple[Formula, str], ...]
    values: tuple[Block, ...]
    sections: tuple[Section, ...]
    laws: tuple[tuple[str, str], ...]
    kinks: tuple[tuple[Formula, str], ...]
    assumptions: tuple[tuple[Formula, tuple[int, ...]], ...]
    references: tuple[str, ...]


# -- the outline ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outliner:
    """Spells a derivation's parts; steps are numbered in the derivation's order."""

    derivation: Derivation
    proof: Proof
    notation: Notation

    def outline(self) -> Outline:
        """The whole of it."""
        layer = self.derivation.layer
        laws = {s.law.name: s.law.statement for s in self.derivation.steps}
        return Outline(
            title=layer.title,
            summary=layer.summary,
            equations=tuple(n.text for n in layer.nodes),
            symbols=tuple(self.symbols()),
            values=tuple(self.values()),
            sections=tuple(self.section(g) for g in self.derivation.gradients),
            laws=tuple(laws.items()),
            kinks=tuple(self.kinks()),
            assumptions=tuple(self.assumptions()),
            references=layer.references,
        )

    def symbols(self) -> Iterable[tuple[Formula, str]]:
        """What each tensor and axis is."""
        layer = self.derivation.layer
        spelled = {t.name: self.notation.spell(t.entry) for t in layer.inputs}
        spelled |= {n.name: self.notation.spell(n.entry) for n in layer.nodes}
        for name, words in layer.descriptions.items():
            yield spelled.get(name) or self.notation.style.name(name), words

    def values(self) -> Iterable[Block]:
        """Each node's value, first for differentiating, then for computing where that differs."""
        for value in self.derivation.values:
            left, axes = self.notation.spell(value.node.entry), value.node.indices
            yield self.block("", left, value.meaning, axes)
            if value.code.steps:
                yield self.block("for computing", left, value.code, axes)

    def section(self, gradient: Gradient) -> Section:
        """The gradient by one tensor."""
        layer, style = self.derivation.layer, self.notation.style
        matrix = matrix_form(gradient.total, gradient.tensor.indices, layer, style)
        slope = self.notation.slope_of(gradient.tensor.name)
        checks = dict(self.proof.results)
        name = gradient.tensor.name
        return Section(
            name=name,
            left=Notation(layer, style, False).spell(gradient.cotangent),
            index=self.notation.equation(gradient.cotangent, gradient.total),
            matrix=f"{slope} = {matrix}" if matrix and gradient.tensor.indices else "",
            check=checks[name].words if name in checks else "",
            parts=tuple(self.part(p) for p in gradient.parts),
        )

    def part(self, pullback: Pullback) -> Part:
        """What one reading node contributes."""
        jacobian = pullback.jacobian
        primed = dict(zip(jacobian.node.indices, jacobian.rows, strict=True))
        slope = self.notation.slope(substitute(jacobian.node.entry, primed), jacobian.tensor.entry)
        axes = (*jacobian.rows, *jacobian.columns)
        return Part(
            jacobian=self.block("Jacobian", slope, jacobian.entry, axes),
            structure=jacobian.structure.words,
            size=self.notation.spell(sp.Mul(*(i.size for i in axes))) if jacobian.rows else "",
            blocks=tuple(self.pullback(pullback, self.chain_rule(pullback, slope))),
        )

    def pullback(self, pullback: Pullback, left: Formula) -> Iterable[Block]:
        """The steps from Jᵀg to its short form, and to the form for computing."""
        rows, columns = pullback.jacobian.rows, pullback.jacobian.columns
        if rows or pullback.result.steps:
            yield self.block("pullback", left, pullback.result, columns, rows)
        if pullback.code.steps:
            gradient = self.notation.spell(pullback.code.start, columns, preferred=rows)
            yield self.block("for computing", gradient, pullback.code, columns, rows)

    def chain_rule(self, pullback: Pullback, slope: Formula) -> Formula:
        """Σ over the node's entries of the cotangent times the Jacobian's entry."""
        style, rows = self.notation.style, pullback.jacobian.rows
        if self.notation.is_unit(pullback.cotangent):
            return slope
        factors = [self.notation.spell(pullback.cotangent), slope]
        names = [style.name(i.name) for i in rows]
        front = [style.reduction("sum", names)] if rows else []
        return style.space.join([" ".join([*front, factors[0]]), factors[1]])

    def block(
        self,
        words: str,
        left: Formula,
        chain: Chain,
        around: Sequence[Index],
        preferred: tuple[Index, ...] = (),
    ) -> Block:
        """A chain of steps, spelled beside the indices of its left side."""

        def spell(expr: Expr) -> Formula:
            return self.notation.spell(expr, around, preferred=preferred)

        lines = tuple(self.line(step, spell(step.after)) for step in chain.steps)
        start = spell(chain.start)
        return Block(words, left, "" if start == left else start, lines)

    def line(self, step: Step, formula: Formula) -> Line:
        """A step, spelled."""
        number = next(k for k, s in enumerate(self.derivation.steps, 1) if s is step)
        assumes = tuple(self.notation.relation(fact) for fact in step.assumes)
        return Line(number, formula, step.law.name, self.proof.check(step).words, assumes)

    def kinks(self) -> Iterable[tuple[Formula, str]]:
        """What has a kink, and what is declared of it."""
        seen = set()
        for node in self.derivation.layer.nodes:
            kinds = (Maximum, Minimum, Extreme, Where, sp.Abs)
            for found in sorted(node.expr.atoms(*kinds), key=sp.default_sort_key):
                text = self.notation.spell(found)
                if text not in seen:
                    seen.add(text)
                    yield text, kink_words(found)

    def assumptions(self) -> Iterable[tuple[Formula, tuple[int, ...]]]:
        """The declared facts, and the steps that use them."""
        steps = list(enumerate(self.derivation.steps, 1))
        for fact in self.derivation.layer.assumptions:
            yield self.notation.relation(fact), tuple(k for k, s in steps if fact in s.assumes)


def kink_words(found: Expr) -> str:
    """What is declared at a kink."""
    if isinstance(found, Maximum | Minimum):
        if any(a.is_number for a in found.args):
            return "at a tie the constant is taken, so the slope there is 0"
        return "at a tie the first argument is taken"
    if isinstance(found, Extreme):
        return "at a tie the first place is taken"
    if isinstance(found, Where):
        return "the condition has no derivative"
    return "the slope at 0 is 0"


def outline(derivation: Derivation, proof: Proof, style: Style = UNICODE) -> Outline:
    """What a page of the derivation shows, its formulas spelled in one style."""
    return Outliner(derivation, proof, Notation(derivation.layer, style)).outline()


# -- in a terminal ---------------------------------------------------------------------------------


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
        lines += [line for text in page.equations for line in wrap(plain(text), self.width, 2)]
        lines += self.listed("Symbols", page.symbols)
        lines += self.heading("Values", "-")
        lines += [line for block in page.values for line in self.block(block)]
        lines += self.heading("Gradients, in reverse order", "-")
        lines += [line for section in page.sections for line in self.section(section)]
        lines += self.table(page.sections)
        lines += self.listed("Laws used", page.laws)
        lines += self.listed("Kinks", page.kinks)
        facts = [
            (f, f"used in step {', '.join(map(str, k))}" if k else "") for f, k in page.assumptions
        ]
        lines += self.listed("Assumed", facts)
        lines += self.listed("References", [(text, "") for text in page.references])
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def listed(self, title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
        """A list of things and words about them, or nothing."""
        lines = self.heading(title, "-") if rows else []
        for thing, words in rows:
            text = f"{plain(thing)}: {plain(words)}" if words else plain(thing)
            lines += wrap(text, self.width, 2)
        return lines

    def section(self, section: Section) -> list[str]:
        """One gradient: each part's Jacobian, structure and pullback, and the sum of the parts."""
        lines = self.heading(section.left)
        for part in section.parts:
            lines += self.block(part.jacobian)
            size = f"; J would have {part.size} entries, and is never formed" if part.size else ""
            lines += wrap(f"structure: {part.structure}{size}", self.width, 4)
            lines += [line for block in part.blocks for line in self.block(block)]
        if len(section.parts) > 1:
            lines += [self.paint("2", "  sum over the nodes that read it")]
        return lines + self.result(section, len(section.index))

    def block(self, block: Block) -> list[str]:
        """The left side, where it starts, and its steps."""
        lines = [self.paint("2", f"  {block.words}")] if block.words else []
        lines += wrap(f"{block.left} = {block.start}" if block.start else block.left, self.width, 4)
        return lines + [line for step in block.lines for line in self.step(step)]

    def step(self, line: Line) -> list[str]:
        """The number, the formula, and at the right the law and its check."""
        number = f"{line.number:>5} = "
        given = f", given {', '.join(line.assumes)}" if line.assumes else ""
        reason = f"{line.law}{given} | {line.check}"
        lines = wrap(number + line.formula, self.width, 0, len(number))
        if len(lines[-1]) + 3 + len(reason) <= self.width:
            gap = " " * (self.width - len(lines[-1]) - len(reason))
            return [*lines[:-1], lines[-1] + gap + self.paint("2", reason)]
        return lines + [self.paint("2", f"{r:>{self.width}}") for r in wrap(reason, self.width - 8)]

    def result(self, section: Section, column: int) -> list[str]:
        """The gradient in index notation and, beside it, in matrix notation."""
        left, right = section.index, section.matrix
        text = f"    {left:<{column}}    {right}".rstrip()
        if len(text) <= self.width:
            return [self.paint("32", text)]
        lines = wrap(left, self.width, 4) + (wrap(right, self.width, 4) if right else [])
        return [self.paint("32", line) for line in lines]

    def table(self, sections: Sequence[Section]) -> list[str]:
        """All gradients, and how each was checked against the whole forward pass."""
        lines = self.heading("All gradients", "-")
        column = max((len(s.index) for s in sections if len(s.index) < 60), default=0)
        for section in sections:
            lines += self.result(section, column)
            if section.check:
                note = f"against SymPy's diff of the whole forward pass: {section.check}"
                lines += [self.paint("2", f"{note:>{self.width}}")]
        return lines


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
