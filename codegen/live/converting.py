"""The same definition in another notation, where nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pullback.codegen.live.questions import Convert, Written
from pullback.codegen.live.reading import Reading, read
from pullback.codegen.notation.written import arrays, matrices
from pullback.codegen.notation.written.layouts import NoWay
from pullback.codegen.notation.written.same import difference
from pullback.codegen.notation.written.shapes import shapes
from pullback.derive.errors import DefinitionError, PullbackError
from pullback.derive.layer import Layer
from pullback.derive.read.trees import spell_equation

WAYS: Mapping[str, Callable[[Layer], str]] = {
    "arrays": arrays.written,
    "matrices": matrices.written,
}
WORDS = {"index": "index notation", "matrices": "matrices", "arrays": "NumPy", "toml": "a file"}


def converted(asked: Convert, reading: Reading) -> dict[str, Any]:
    """The text in another notation. PullbackError where there is no such text."""
    written = asked.written
    if asked.to not in WORDS:
        raise PullbackError(f"there is no notation {asked.to!r}; there are {', '.join(WORDS)}")
    if asked.to == written.notation:
        made = written
    elif asked.to == "index":
        made = in_indices(reading)
    elif asked.to in WAYS:
        made = in_other(reading, asked.to)
    else:
        raise PullbackError("there is no way to a file: Save writes one")
    return {
        "event": "text",
        "notation": made.notation,
        "text": made.text,
        "shapes": made.shapes,
        "wrt": made.wrt,
        "letters": made.letters,
    }


def in_other(reading: Reading, notation: str) -> Written:
    """A definition as matrices or in NumPy, read again to see that it is the same."""
    layer = reading.layer
    wrt = "" if set(layer.wrt) == all_real(reading) else ", ".join(layer.wrt)
    given = "; ".join(f"{name}={shape}" for name, shape in shapes(layer).items())
    try:
        made = Written(notation, WAYS[notation](layer), given, wrt, reading.written.letters)
        lost = difference(layer, read(replace(made, letters="")).layer)
    except (NoWay, DefinitionError) as error:
        lost = error.reason if isinstance(error, DefinitionError) else str(error)
    if lost:
        raise PullbackError(f"there is no way to {WORDS[notation]}: {lost}")
    return made


def in_indices(reading: Reading) -> Written:
    """A definition in index notation that has the same equations, read again to see that it has."""
    text = "\n".join(map(spell_equation, reading.definition.equations))
    wrt = "" if set(reading.layer.wrt) == all_real(reading) else ", ".join(reading.layer.wrt)
    made = Written("index", text, "", wrt, reading.written.letters)
    again = read(replace(made, letters=""))
    same = {n.name: (n.indices, n.expr) for n in again.layer.nodes}
    if same != {n.name: (n.indices, n.expr) for n in reading.layer.nodes} or reading.layer.assumed:
        raise PullbackError(
            "in index notation something would be lost: what is assumed, or what is a label"
        )
    return made


def all_real(reading: Reading) -> set[str]:
    """The inputs that have gradients if nothing is said."""
    return {t.name for t in reading.layer.inputs if not t.integer}
