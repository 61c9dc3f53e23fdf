"""What ties the pages together: a list of all layers, and a page of all laws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.page import HOME, LAWS_FILE
from pullback.codegen.pages.setting import Setting, law_context, plain, render
from pullback.derive.laws.registry import LAWS

__all__ = ["HOME", "LAWS_FILE", "Card", "card", "index_page", "laws_page"]


@dataclass(frozen=True)
class Card:
    """A layer at a glance: its equations and its gradients, set."""

    name: str
    title: str
    equations: tuple[Markup, ...]
    gradients: tuple[Markup, ...]

    @property
    def data(self) -> list[Any]:
        """The same as lists and texts alone."""
        return [self.name, self.title, list(self.equations), list(self.gradients)]

    @classmethod
    def of(cls, data: list[Any]) -> Card:
        """What `data` was made of."""
        name, title, *formulas = data
        equations, gradients = (tuple(map(Markup, f)) for f in formulas)
        return cls(name, title, equations, gradients)


def card(outlines: Outlines) -> Card:
    """A layer's part of the list."""
    setting, layer = Setting(outlines), outlines.derivation.layer
    typeset, (latex, words) = setting.typeset, setting.outlines
    equations = [setting.equation(node) for node in layer.nodes]
    gradients = [
        typeset(a.index, b.index)
        for a, b in zip(latex.sections, words.sections, strict=True)
        if b.name in layer.wrt
    ]
    return Card(layer.name, plain(layer.title), tuple(equations), tuple(gradients))


def index_page(cards: Iterable[Card]) -> str:
    """The list of all layers."""
    return render("index.html.j2", cards=list(cards))


def laws_page() -> str:
    """Every law with its statement; the same whatever has been derived."""
    return render("laws.html.j2", laws=list(map(law_context, LAWS)))
