"""The functions that are copied beside a layer's own: what its text calls, and what they call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from pullback.codegen.targets.c_only.words import CALLED, typed, uncommented

TYPED = re.compile(r"\b(REAL|F\()")


@cache
def helpers() -> Mapping[str, tuple[tuple[str, ...], str]]:
    """Each by its name: what it needs, and its text."""
    text = files(f"{__package__}.runtime").joinpath("helpers.c").read_text(encoding="ascii")
    _, *parts = re.split(r"^/\*-- (.*) --\*/\n", text, flags=re.MULTILINE)
    found = {}
    for head, body in zip(parts[::2], parts[1::2], strict=True):
        name, _, needs = head.partition(":")
        found[name.strip()] = (tuple(needs.split()), body.rstrip())
    return found


def needed(texts: Iterable[str], single: bool | None) -> list[str]:
    """The functions of one type that texts call, in order; those of no type for None."""
    words = {word for text in texts for word in called(text)}
    every = helpers()
    found: set[str] = set()

    def need(name: str) -> None:
        if name not in found:
            found.add(name)
            own, text = every[name]
            for other in (*own, *(called(text) & every.keys())):
                need(other)

    for name in every:
        if name in words:
            need(name)
    chosen = [every[n][1] for n in every if n in found]
    of_type = (text for text in chosen if is_typed(text) != (single is None))
    return [typed(text, bool(single)) for text in of_type]


def called(text: str) -> set[str]:
    """The names in a text, as C has them."""
    return {CALLED.get(w, w) for w in re.findall(r"\b[a-zA-Z_]\w*", uncommented(text))}


def is_typed(text: str) -> bool:
    """Is there one for each type of floats?"""
    return TYPED.search(text) is not None
