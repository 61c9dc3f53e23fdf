"""What ties the pages together: a list of all layers, and a page of all laws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from codegen.mathml import typesetter
from codegen.notation import PAGE, UNICODE, Notation
from codegen.outline import outline
from codegen.page import HOME, LAWS_FILE, Context, law_context, plain, render
from derive.derivation import Derivation
from derive.laws import LAWS
from derive.proof import Proof

__all__ = ["HOME", "LAWS_FILE", "Card", "card", "index_page", "laws_page"]


@dataclass(frozen=True)
class Card:
    """A layer at a glance: its equations and its gradients, set."""

    name: str
    title: str
    equations: tuple[Markup, ...]
    gradients: tuple[tuple[str, Markup, Markup], ...]


def card(derivation: Derivation, proof: Proof) -> Card:
    """A layer's part of the list."""
    layer, typeset = derivation.layer, typesetter(derivation.layer)
    latex, words = (outline(derivation, proof, style) for style in (PAGE, UNICODE))
    equations = []
    for node in layer.nodes:
        both = (Notation(layer, style).equation(node.entry, node.expr) for style in (PAGE, UNICODE))
        equations.append(typeset(*both))
    gradients = [
        (b.name, typeset(a.index, b.index), typeset(a.matrix, b.matrix) if b.matrix else Markup())
        for a, b in zip(latex.sections, words.sections, strict=True)
        if b.name in layer.wrt
    ]
    return Card(layer.name, plain(layer.title), tuple(equations), tuple(gradients))


def index_page(cards: Iterable[Card]) -> str:
    """The list of all layers."""
    return render("index.html.j2", cards=list(cards))


def laws_page() -> str:
    """Every law with its statement; the same whatever has been derived."""
    # Made where laws are registered: those of the steps that are no law's module are there too.
    from derive import steps  # noqa: F401

    laws: list[Context] = [law_context(law) for law in LAWS.values()]
    return render("laws.html.j2", laws=laws, home=HOME)
