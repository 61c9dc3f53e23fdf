"""A layer at a glance, as the list of layers has it: equations, gradients, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from pullback.codegen.notation.styles import SIGN, UNICODE
from pullback.codegen.pages.links import ALONE, page_file, tangents_file
from pullback.codegen.pages.other_forms import OtherForms
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.page_base import PageBase
from pullback.codegen.pages.setting import Setting, plain
from pullback.codegen.pages.symbols import axes, symbol
from pullback.derive.index.objects import KroneckerDelta
from pullback.derive.laws.registry import LAWS
from pullback.derive.layer import Tensor

Said = tuple[Markup, Markup]  # a symbol, and what it is


@dataclass(frozen=True)
class Card:
    """A layer's name, title and group, formulas that are set, and what their symbols are.

    `handout` says whether its page has somebody's lines beside ours; `laws` are those that its
    steps use, each with the first page on which a step does.
    """

    name: str
    title: str
    group: str
    handout: bool
    equations: tuple[Markup, ...]
    gradients: tuple[Markup, ...]
    symbols: tuple[Said, ...]
    laws: Mapping[str, str]

    @property
    def data(self) -> list[Any]:
        """The same as lists, tables, texts and truths alone."""
        formulas = [list(self.equations), list(self.gradients), list(map(list, self.symbols))]
        return [self.name, self.title, self.group, self.handout, *formulas, dict(self.laws)]

    @classmethod
    def of(cls, data: list[Any]) -> Card:
        """What `data` was made of."""
        name, title, group, handout, equations, gradients, symbols, laws = data
        said = tuple((Markup(formula), Markup(about)) for formula, about in symbols)
        equations, gradients = (tuple(map(Markup, f)) for f in (equations, gradients))
        return cls(name, title, group, handout, equations, gradients, said, laws)


def card(outlines: Outlines, *others: Outlines) -> Card:
    """A layer's card; `others` are in the forms of other code that its page shows.

    Every gradient is there, as one is written in terms of another.
    """
    setting, layer = Setting(outlines), outlines.derivation.layer
    latex, words = setting.outlines
    gradients = [
        setting.typeset(a.index, b.index)
        for a, b in zip(latex.sections, words.sections, strict=True)
    ]
    return Card(
        name=layer.name,
        title=plain(layer.title),
        group=plain(layer.group),
        handout=bool(layer.handout),
        equations=tuple(setting.equation(node) for node in layer.nodes),
        gradients=tuple(gradients),
        symbols=tuple(symbols(setting)),
        laws=laws(setting, others),
    )


def symbols(setting: Setting) -> Iterable[Said]:
    """What stands in the formulas of a card and is not defined by them."""
    layer, (_, words) = setting.layer, setting.outlines
    for tensor in layer.tensors.values():
        about = symbol(layer, setting.formula, tensor)
        if isinstance(tensor, Tensor) or about["words"]:
            yield about["formula"], escape(about["words"] or about["part"])
    for axis in axes(layer, setting.formula):
        counted = "all leading axes as one" if axis["leading"] else axis["words"] or "an axis"
        many = "places" if axis["leading"] else "of them"
        yield axis["formula"], Markup("{}, {} {}").format(counted, axis["size"], many)
    if layer.output.indices:
        output = setting.name(layer.output.name)
        number = Markup("any number that is computed from {}").format(output)
        yield setting.formula(lambda notation: notation.loss), number
    if any(UNICODE.indicator("")[0] in s.index for s in words.sections):
        dots = {True: r"\ldots", False: "…"}
        indicator = setting.formula(lambda n: n.style.indicator(dots[n.style.latex]))
        yield indicator, escape("1 where that holds, else 0")
    in_nodes = any(node.expr.has(KroneckerDelta) for node in layer.nodes)
    if in_nodes or any("δ(" in s.index for s in words.sections):
        delta = setting.formula(lambda n: n.style.same(("i", SIGN), ("j", SIGN)))
        yield delta, escape("1 where the two are one place, else 0")


def laws(setting: Setting, others: Iterable[Outlines]) -> dict[str, str]:
    """The page of the first step that uses each law."""
    layer, base = setting.layer.name, PageBase(setting, (), ALONE)
    found = {line.law: tangents_file(layer) for line in base.of_tangents}
    found |= {line.law: page_file(layer) for line in base.of_gradients}
    for forms in map(OtherForms, others):
        found |= dict.fromkeys(forms.laws(setting.derivation), page_file(layer))
    return {law: found[law] for law in sorted(found) if law in LAWS}
