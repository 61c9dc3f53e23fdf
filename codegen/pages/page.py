"""A derivation as an HTML page that opens offline: no request, its font in itself.

It needs no script; one adds buttons that copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages.copying import copying
from pullback.codegen.pages.graph import graph
from pullback.codegen.pages.links import ALONE, Links, page_file
from pullback.codegen.pages.listing import Module
from pullback.codegen.pages.other_forms import OtherForms
from pullback.codegen.pages.outline import HandoutLine
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.page_base import BACKWARD, PageBase
from pullback.codegen.pages.page_numbers import numbers
from pullback.codegen.pages.page_steps import Steps
from pullback.codegen.pages.setting import Context, Setting, plain, render
from pullback.codegen.pages.symbols import axes, differentiated, further, symbol


def page(
    outlines: Outlines,
    modules: Sequence[Module],
    loaded: Sequence[ModuleType],
    links: Links = ALONE,
) -> str:
    """The page of a layer's gradients, and of its tangents too where it stands alone.

    The code of `modules` is shown, that of the first at once. What is `loaded` must return the
    numbers of the worked example; the first of these is the NumPy module.
    """
    made = Page(Setting(outlines), modules, links)
    return render("page.html.j2", **made.context(), example=numbers(made.setting, *loaded))


@dataclass(frozen=True)
class Page(PageBase):
    """What the template is filled with."""

    def context(self) -> Context:
        """Every key of the template but the example."""
        latex, words = self.outlines
        listings = [
            self.listing(module, f"code{number or ''}", BACKWARD)
            for number, module in enumerate(self.modules)
        ]
        others = [OtherForms(o) for m in self.modules if (o := m.outlines) != self.setting.known]
        steps = Steps(self.setting, listings[0].address_of, others)
        typed = self.setting.known[LATEX]
        alone, derivation = self.links.alone, self.setting.derivation
        shown = (*self.of_gradients, *(self.of_tangents if alone else ()))
        return {
            **self.head(),
            **differentiated(self.layer, self.setting.formula),
            "equations": [(self.setting.equation(n), plain(n.text)) for n in self.layer.nodes],
            "references": list(map(plain, self.layer.references)),
            "calls": list(map(self.neighbour, self.layer.calls)),
            "used_by": list(map(self.neighbour, self.links.used_by)),
            "axes": [
                *axes(self.layer, self.setting.formula),
                *further(self.setting.formula, self.setting.notations[0]),
            ],
            "symbols": list(self.symbols()),
            "graph": self.graph(),
            "values": steps.values(),
            "gradients": steps.sections(latex.sections, words.sections),
            "tangents": self.forward_mode(steps) if alone else [],
            "in_parts": steps.in_parts(),
            "listings": [listing.context() for listing in listings],
            "tabs": sum(1 for module in self.modules if module.file) > 1,
            "all_kinks": self.setting.pairs(latex.kinks, words.kinks),
            "assumptions": list(self.assumptions()),
            "handout": list(map(self.beside, latex.handout, words.handout)),
            "copying": copying(typed.sections, self.typed_tangents if alone else ()),
            "laws": self.laws(shown, {law for o in others for law in o.laws(derivation)}),
        }

    def symbols(self) -> Iterable[Context]:
        """Each tensor with its shape and what it is."""
        for tensor in self.layer.tensors.values():
            yield symbol(self.layer, self.setting.formula, tensor)

    def neighbour(self, layer: str) -> tuple[str, str]:
        """Another layer, and its page where there is one."""
        return layer, page_file(layer) if layer in self.links.layers else ""

    def beside(self, latex: HandoutLine, words: HandoutLine) -> Context:
        """A handout's line and what stands here for it."""
        ours = self.setting.typeset.both(latex.ours, words.ours)
        kind, name = words.section
        return {
            "words": self.setting.sentence(latex.words, words.words),
            "ours": ours,
            "address": f"{kind}-{name}",
            "remark": self.setting.sentence(latex.remark, words.remark),
        }

    def assumptions(self) -> Iterable[tuple[object, list[tuple[int, str]]]]:
        """Each fact, and the steps that use it with their addresses."""
        latex, words = self.outlines
        there = {line.number for line in self.of_tangents}
        for formula, steps in self.setting.pairs(latex.assumptions, words.assumptions):
            files = [self.tangents_file if n in there else "" for n in steps]
            yield formula, [(n, f"{f}#step-{n}") for n, f in zip(steps, files, strict=True)]

    # -- graph -----------------------------------------------------------------------------------

    def graph(self) -> Context:
        """The graph, each row with its node's formula and the gradients that flow back."""
        latex, words = self.outlines
        shorts = {
            b.name: self.setting.typeset(a.index, b.index)
            for a, b in zip(latex.sections, words.sections, strict=True)
        }
        made = graph(self.setting.derivation)
        formulas = {n.name: self.setting.equation(n) for n in self.layer.nodes}
        rows = []
        for row in made.rows:
            backs = [(n, shorts[n]) for n in (row.name, *row.first) if n in shorts]
            rows.append({"row": row, "formula": formulas[row.name], "backs": backs})
        letters = {name: self.setting.name(name) for name in self.classes}
        return {"graph": made, "rows": rows, "letters": letters, "classes": self.classes}
