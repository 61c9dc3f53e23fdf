"""The steps of a page: values, gradients and tangents, from their start to their short form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from pullback.codegen.pages import pictures
from pullback.codegen.pages.breaking import LEFT, beside
from pullback.codegen.pages.mathml import parsed
from pullback.codegen.pages.other_forms import OtherForms
from pullback.codegen.pages.outline import (
    COMPUTING,
    Along,
    Block,
    Line,
    Part,
    Section,
    without_marks,
)
from pullback.codegen.pages.setting import Context, Setting, plain, slug
from pullback.derive.calculus.derivation import Pullback, cotangent_name
from pullback.derive.laws.registry import LAWS

AS_SUMS = "in indices"  # where a step to matrices starts


@dataclass(frozen=True)
class Steps:
    """Fills the templates of steps; `code_of` gives the address of a value's code, or nothing.

    `others` are the forms of other code that is shown.
    """

    setting: Setting
    code_of: Callable[[str], str]
    others: Sequence[OtherForms] = ()

    def values(self) -> list[Context]:
        """Each node's value, and its form for computing."""
        latex, words = self.setting.outlines
        blocks = iter(zip(latex.values, words.values, strict=True))
        found = []
        for value in self.setting.derivation.values:
            meaning = self.block(*next(blocks), "as defined")
            forms = [self.block(*next(blocks), AS_SUMS)] if value.matrix else []
            if forms and not value.meaning.steps:  # they start where the definition stands
                meaning["rows"] += forms.pop()["rows"][1:]
            found.append(
                {
                    "name": value.node.name,
                    "block": meaning,
                    "forms": forms,
                    "computing": [self.block(*next(blocks), "")] if value.code.steps else [],
                    "others": [
                        self.block(*both, "") for o in self.others for both in o.of_value(value)
                    ],
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
        parts = list(map(self.part, latex.parts, words.parts, pullbacks))
        for number, part in enumerate(parts):
            others = (o.of_part(found, number) if found else [] for o in self.others)
            part["others"] = [self.block(*both, "") for blocks in others for both in blocks]
        return {
            "name": words.name,
            "of": self.setting.name(words.name),
            "about": plain(layer.descriptions.get(words.name, "")),
            "left": typeset(latex.left, words.left),
            "index": typeset(latex.index, words.index),
            "matrix": typeset(latex.matrix, words.matrix) if words.matrix else "",
            "check": words.check,
            "code": self.code_of(cotangent_name(words.name) if found else words.name),
            "parts": parts,
            "forms": [
                self.block(a, b, AS_SUMS) for a, b in zip(latex.forms, words.forms, strict=True)
            ],
            "wholes": [typeset.both(a, b) for a, b in zip(latex.wholes, words.wholes, strict=True)],
        }

    def part(self, latex: Part, words: Part, pullback: Pullback | None) -> Context:
        """What one reading node contributes."""
        jacobian = None
        if latex.jacobian and words.jacobian:
            jacobian = self.block(latex.jacobian, words.jacobian, "value put in")
        pairs = list(zip(latex.blocks, words.blocks, strict=True))
        return {
            "jacobian": jacobian,
            "structure": sentence(self.setting.sentence(latex.structure, words.structure)),
            "said": sentence(self.setting.sentence(latex.said, words.said)),
            "label": without_marks(words.structure),
            "size": self.setting.typeset(latex.size, words.size) if words.size else "",
            "blocks": [self.block(a, b, "chain rule") for a, b in pairs if b.words != COMPUTING],
            "computing": [self.block(a, b, "") for a, b in pairs if b.words == COMPUTING],
            "shown": self.shown(pullback, latex, words) if pullback else None,
            "held": self.setting.sentence(latex.held, words.held) if words.held else "",
        }

    def block(self, latex: Block, words: Block, reason: str) -> Context:
        """A left side and its steps; where nothing stands between, the first step is beside it."""
        typeset, room = self.setting.typeset, beside(parsed(latex.left))
        rows = list(self.lines(latex.lines, words.lines, room))
        if words.start:
            start = typeset(latex.start, words.start, room=room)
            row = {"number": 0, "formula": start, "law": "", "check": "", "reason": reason}
            rows.insert(0, {**row, **dict.fromkeys(("assumes", "needs", "shapes", "reasons"), ())})
        return {"left": typeset(latex.left, words.left, room=LEFT), "rows": rows}

    def lines(self, latex: Sequence[Line], words: Sequence[Line], room: float) -> Iterable[Context]:
        """Steps."""
        typeset = self.setting.typeset
        for a, b in zip(latex, words, strict=True):
            yield {
                "number": b.number,
                "formula": typeset(a.formula, b.formula, room=room),
                "law": b.law,
                "slug": slug(b.law),
                "statement": LAWS[b.law].statement,
                "check": b.mark,
                "assumes": typeset.both(a.assumes, b.assumes),
                "needs": typeset.both(a.needs, b.needs),
                "shapes": typeset(a.shapes, b.shapes) if b.shapes else "",
                "reasons": list(map(self.setting.sentence, a.reasons, b.reasons)),
            }

    # -- parts -----------------------------------------------------------------------------------

    def in_parts(self) -> Context:
        """The axes along which a layer is worked out in parts, and those along which it is not."""
        latex, words = self.setting.outlines
        return {
            "along": list(map(self.along, latex.along, words.along)),
            "not_along": self.setting.pairs(latex.not_along, words.not_along),
        }

    def along(self, latex: Along, words: Along) -> Context:
        """One axis along which it is."""
        typeset = self.setting.typeset
        return {
            "axis": typeset(latex.axis, words.axis),
            "formula": typeset(latex.formula, words.formula) if words.formula else "",
            "words": list(map(self.setting.sentence, latex.words, words.words)),
            "blocks": [
                self.block(a, b, "") for a, b in zip(latex.blocks, words.blocks, strict=True)
            ],
        }

    # -- Jacobians -------------------------------------------------------------------------------

    def shown(self, pullback: Pullback, latex: Part, words: Part) -> Context:
        """A Jacobian written out, its picture, and what not forming it saves."""
        jacobian = pullback.jacobian
        picture = pictures.picture(jacobian)
        work = pictures.work(pullback.result.end, jacobian.columns)
        return {
            "node": self.setting.name(jacobian.node.name),
            "kinks": self.setting.kinks(jacobian.node),
            "picture": picture and replace(picture, sizes=self.setting.words(picture.sizes)),
            "matrix": self.setting.typeset(latex.written, words.written, whole=True)
            if words.written
            else None,
            "open": jacobian.structure.kind in pictures.PLAIN,
            "at": self.setting.words(pictures.written_at(jacobian)),
            "work": self.setting.formula(lambda notation: notation.spell(work)),
        }


def sentence(parts: Iterable[Markup | str]) -> Markup:
    """The pieces of a sentence put together."""
    return Markup().join(parts)
