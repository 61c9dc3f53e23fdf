"""The same definition in index notation, where nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pullback.codegen.live.questions import Convert, Written
from pullback.codegen.live.reading import Reading, read
from pullback.derive.errors import PullbackError
from pullback.derive.read.trees import spell_equation

WORDS = {"index": "index notation", "matrices": "matrices", "arrays": "NumPy", "toml": "a file"}


def converted(asked: Convert, reading: Reading) -> dict[str, Any]:
    """The text in another notation. PullbackError where there is no such text."""
    written = asked.written
    if asked.to not in WORDS:
        raise PullbackError(f"there is no notation {asked.to!r}; there are {', '.join(WORDS)}")
    if asked.to not in ("index", written.notation):
        raise PullbackError(
            f"there is no way to {WORDS[asked.to]}: index notation says more than can be written "
            "there, so only the way to index notation is taken"
        )
    made = written if asked.to == written.notation else in_indices(reading)
    return {
        "event": "text",
        "notation": made.notation,
        "text": made.text,
        "shapes": made.shapes,
        "wrt": made.wrt,
        "letters": made.letters,
    }


def in_indices(reading: Reading) -> Written:
    """A definition in index notation that has the same equations, read again to see that it has."""
    text = "\n".join(map(spell_equation, reading.definition.equations))
    wrt = "" if set(reading.layer.wrt) == all_real(reading) else ", ".join(reading.layer.wrt)
    made = Written("index", text, "", wrt, reading.written.letters)
    again = read(replace(made, letters=""))
    same = {n.name: (n.indices, n.expr) for n in again.layer.nodes}
    if (
        same != {n.name: (n.indices, n.expr) for n in reading.layer.nodes}
        or reading.layer.assumptions
    ):
        raise PullbackError(
            "in index notation something would be lost: what is assumed, or what is a label"
        )
    return made


def all_real(reading: Reading) -> set[str]:
    """The inputs that have gradients if nothing is said."""
    return {t.name for t in reading.layer.inputs if not t.integer}
