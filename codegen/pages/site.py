"""What ties the pages together: a list of all layers, and a page of all laws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pullback.codegen.pages.card import Card, card
from pullback.codegen.pages.links import HOME, LAWS_FILE
from pullback.codegen.pages.setting import law_context, render
from pullback.derive.laws.registry import LAWS

__all__ = ["HOME", "LAWS_FILE", "Card", "card", "index_page", "laws_page"]

REST = "More"  # what layers without a group stand under


def index_page(cards: Iterable[Card]) -> str:
    """The list of all layers in their groups, with a way in for readers of a handout.

    Groups are chosen without a script; a few lines of one find layers by their names.
    """
    found = list(cards)
    return render("index.html.j2", groups=groups(found), starts=[c for c in found if c.handout])


def groups(cards: Iterable[Card]) -> list[tuple[str, list[Card]]]:
    """Layers by their groups, which come by name; those without one come last."""
    found: dict[str, list[Card]] = {}
    for one in cards:
        found.setdefault(one.group[:1].upper() + one.group[1:], []).append(one)
    rest = found.pop("", [])
    return [*sorted(found.items()), *([(REST, rest)] if rest else [])]


def laws_page(cards: Sequence[Card] = (), home: str = "") -> str:
    """Every law with its statement, and the layers whose steps use it; `home` is their list."""
    used = {law: [(c.name, c.laws[law]) for c in cards if law in c.laws] for law in LAWS}
    laws = [{**law_context(law), "used": used[law]} for law in LAWS]
    return render("laws.html.j2", laws=laws, home=home)
