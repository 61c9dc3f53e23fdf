"""The steps of a page: values, gradients and tangents, from their start to their short form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages import pictures
from pullback.codegen.pages.outline import COMPUTING, Block, Line, Part, Section
from pullback.codegen.pages.setting import Context, Setting, plain, slug
from pullback.derive.calculus.derivation import Pullback, cotangent_name
from pullback.derive.calculus.jacobians import Jacobian, written_out
from pullback.derive.laws.registry import LAWS


@dataclass(frozen=True)
class Steps:
    """Fills the templates of steps; `code_of` gives the address of a value's code, or nothing."""

    setting: Setting
    code_of: Callable[[str], str]

    def values(self) -> list[Context]:
        """Each node's value, and its form for computing."""
        latex, words = self.setting.outlines
        blocks = iter(zip(latex.values, words.values, strict=True))
        found = []
        for value in self.setting.derivation.values:
            meaning = self.block(*next(blocks), "as defined")
            found.append(
                {
                    "name": value.node.name,
                    "block": meaning,
                    "computing": [self.block(*next(blocks), "")] if value.code.steps else [],
                    "code": self.code_of(value.node.name),
                    "kinks": self.setting.kinks(value.node),
                }
            )
        return found

    def sections(self, latex: Sequence[Section], words: Sequence[Section]) -> list[Context]:
        """Gradients or tangents."""
        return [self.section(a, b) for a, b in zip(latex, words, strict=True)]

    def section(self, latex: Section, words: Section) -> Context:
        """A gradient or a tangent: its result first, then how it came about."""
        layer, typeset = self.setting.layer, self.setting.typeset
        found = self.setting.gradients.get(words.name)
        pullbacks = found.parts if found else [None] * len(words.parts)
        return {
            "name": words.name,
            "of": self.setting.name(words.name),
            "about": plain(layer.descriptions.get(words.name, "")),
            "left": typeset(latex.left, words.left),
            "index": typeset(latex.index, words.index),
            "matrix": typeset(latex.matrix, words.matrix) if words.matrix else "",
            "check": words.check,
            "code": self.code_of(cotangent_name(words.name)),
            "parts": list(map(self.part, latex.parts, words.parts, pullbacks)),
        }

    def part(self, latex: Part, words: Part, pullback: Pullback | None) -> Context:
        """What one reading node contributes."""
        jacobian = None
        if latex.jacobian and words.jacobian:
            jacobian = self.block(latex.jacobian, words.jacobian, "value put in")
        pairs = list(zip(latex.blocks, words.blocks, strict=True))
        return {
            "jacobian": jacobian,
            "structure": words.structure,
            "size": self.setting.typeset(latex.size, words.size) if words.size else "",
            "blocks": [self.block(a, b, "chain rule") for a, b in pairs if b.words != COMPUTING],
            "computing": [self.block(a, b, "") for a, b in pairs if b.words == COMPUTING],
            "shown": self.shown(pullback) if pullback else None,
        }

    def block(self, latex: Block, words: Block, reason: str) -> Context:
        """A left side and its steps; where nothing stands between, the first step is beside it."""
        typeset = self.setting.typeset
        rows = list(self.lines(latex.lines, words.lines))
        if words.start:
            start = typeset(latex.start, words.start)
            row = {"number": 0, "formula": start, "law": "", "check": "", "reason": reason}
            rows.insert(0, {**row, "assumes": (), "needs": ()})
        return {"left": typeset(latex.left, words.left), "rows": rows}

    def lines(self, latex: Sequence[Line], words: Sequence[Line]) -> Iterable[Context]:
        """Steps."""
        typeset = self.setting.typeset
        for a, b in zip(latex, words, strict=True):
            yield {
                "number": b.number,
                "formula": typeset(a.formula, b.formula),
                "law": b.law,
                "slug": slug(b.law),
                "statement": LAWS[b.law].statement,
                "check": b.mark,
                "assumes": typeset.both(a.assumes, b.assumes),
                "needs": typeset.both(a.needs, b.needs),
            }

    # -- Jacobians -------------------------------------------------------------------------------

    def shown(self, pullback: Pullback) -> Context:
        """A Jacobian written out, its picture, and what not forming it saves."""
        jacobian = pullback.jacobian
        picture = pictures.picture(jacobian)
        work = pictures.work(pullback.result.end, jacobian.columns)
        return {
            "node": self.setting.name(jacobian.node.name),
            "kinks": self.setting.kinks(jacobian.node),
            "picture": picture and replace(picture, sizes=self.setting.words(picture.sizes)),
            "matrix": self.matrix(jacobian),
            "work": self.setting.formula(lambda notation: notation.spell(work)),
        }

    def matrix(self, jacobian: Jacobian) -> Markup | None:
        """A Jacobian at a small size, its entries written out."""
        if not jacobian.rows or not jacobian.columns:
            return None
        matrix = written_out(jacobian, pictures.written_sizes(jacobian))

        def spell(notation: Notation) -> str:
            names = (jacobian.node.name, jacobian.tensor.name)
            left = notation.style.slope(*map(notation.style.name, names))
            rows = [[notation.spell(e) for e in matrix.row(r)] for r in range(matrix.rows)]
            return f"{left} = {bracketed(rows, notation.style.latex)}"

        return self.setting.formula(spell, whole=True)


def bracketed(rows: Sequence[Sequence[str]], latex: bool) -> str:
    """Rows of spelled entries as a matrix."""
    if not latex:
        return "[" + "; ".join(", ".join(row) for row in rows) + "]"
    lines = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"
