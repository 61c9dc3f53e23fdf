"""A derivation as one HTML page that opens offline: no request, its font in itself.

It needs no script; one adds buttons that copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from pullback.codegen.notation.names import Tensors
from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages.copying import copying
from pullback.codegen.pages.graph import graph
from pullback.codegen.pages.highlight import Function, functions
from pullback.codegen.pages.mathml import colour
from pullback.codegen.pages.outline import HandoutLine
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.page_numbers import numbers
from pullback.codegen.pages.page_steps import Steps
from pullback.codegen.pages.setting import Context, Setting, law_context, plain, render
from pullback.codegen.pages.symbols import axes, differentiated, symbol
from pullback.codegen.targets.target import Code
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.laws.registry import LAWS
from pullback.derive.layer import Layer

HOME = "index.html"
LAWS_FILE = "laws.html"


def page(
    outlines: Outlines,
    code: tuple[Code, ...],
    module: ModuleType,
    home: str = "",
    laws: str = "",
) -> str:
    """The page of a layer, with the code of its module.

    `home` is a list of all layers and `laws` a page of all laws, where they stand beside it.
    """
    context = Page(Setting(outlines), code, module).context()
    return render("page.html.j2", **context, home=home, laws_file=laws)


@dataclass(frozen=True)
class Page:
    """What the template is filled with."""

    setting: Setting
    code: tuple[Code, ...]
    module: ModuleType

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.setting.layer

    @cached_property
    def classes(self) -> Mapping[str, str]:
        """The colour of each tensor by its name."""
        return {n: colour(k) for n, k in Tensors(self.layer).places.items()}

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The generated functions."""
        return functions(self.code, self.classes)

    def context(self) -> Context:
        """Every key of the template."""
        latex, words = self.setting.outlines
        steps = Steps(self.setting, self.code_of)
        return {
            "name": self.layer.name,
            "title": plain(self.layer.title),
            "summary": plain(self.layer.summary),
            **differentiated(self.layer, self.setting.formula),
            "equations": [(self.setting.equation(n), plain(n.text)) for n in self.layer.nodes],
            "references": list(map(plain, self.layer.references)),
            "axes": list(axes(self.layer, self.setting.formula)),
            "symbols": list(self.symbols()),
            "graph": self.graph(),
            "values": steps.values(),
            "gradients": steps.sections(latex.sections, words.sections),
            "tangents": steps.sections(latex.tangents, words.tangents),
            "seconds": steps.sections(latex.seconds, words.seconds),
            "remark": plain(words.remark),
            "proof": words.proof,
            "functions": self.shown_code(),
            "example": numbers(self.setting, self.module),
            "all_kinks": self.setting.pairs(latex.kinks, words.kinks),
            "assumptions": self.setting.pairs(latex.assumptions, words.assumptions),
            "handout": list(map(self.beside, latex.handout, words.handout)),
            "copying": copying(self.setting.known[LATEX]),
            "laws": [law_context(name) for name, _ in words.laws if name in LAWS],
        }

    def symbols(self) -> Iterable[Context]:
        """Each tensor with its shape and what it is."""
        for tensor in self.layer.tensors.values():
            yield symbol(self.layer, self.setting.formula, tensor)

    def beside(self, latex: HandoutLine, words: HandoutLine) -> Context:
        """A handout's line and what stands here for it."""
        ours = self.setting.typeset.both(latex.ours, words.ours)
        kind, name = words.section
        return {"words": plain(words.words), "ours": ours, "address": f"{kind}-{name}"}

    # -- graph and code --------------------------------------------------------------------------

    def graph(self) -> Context:
        """The graph, each row with its node's formula and the gradients that flow back."""
        latex, words = self.setting.outlines
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

    def shown_code(self) -> list[tuple[str, list[Context]]]:
        """The generated functions, each in groups of lines with the address of their steps."""
        return [
            (f.name, [{"group": g, "origin": self.origin(g.about)} for g in f.groups])
            for f in self.functions
        ]

    def code_of(self, about: str) -> str:
        """The address of the code that computes a value, or nothing."""
        return self.addresses.get(about, "")

    def origin(self, about: str) -> str:
        """The address of the steps that a group of lines comes from, or nothing."""
        return self.origins.get(about, "")

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """The address of the first code that computes each value."""
        found: dict[str, str] = {}
        for function in self.functions:
            for group in function.groups:
                found.setdefault(group.about, f"code-{function.name}-{group.about}")
        return found

    @cached_property
    def origins(self) -> Mapping[str, str]:
        """The address of the steps that each value comes from."""
        found = {cotangent_name(n): f"grad-{n}" for n in self.setting.gradients}
        return found | {n.name: f"value-{n.name}" for n in self.layer.nodes}
