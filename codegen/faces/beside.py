"""Which pages stand beside those of a definition, so that they can link to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pullback.codegen import library
from pullback.codegen.faults import stages
from pullback.codegen.pages.links import HOME, LAWS_FILE, Links
from pullback.derive.layer import Layer
from pullback.derive.read.reader import read_layer


def read(definition: str) -> Layer:
    """The layer of a definition."""
    name, source = library.find(definition)
    with stages(name, source):
        return read_layer(name, source, library.called_from(definition))


def shelf(definitions: Sequence[str], folder: Path, whole: bool) -> tuple[Sequence[str], bool]:
    """The definitions whose pages stand in a folder in the end, and whether a list of them does.

    Where some shipped layers are written anew beside the list, that is all shipped ones.
    """
    shipped = library.shipped()
    listed = whole or ((folder / HOME).is_file() and {*definitions} <= {*shipped})
    return (shipped, True) if listed else (definitions, False)


def links(
    definitions: Sequence[str], layers: Mapping[str, Layer], listed: bool
) -> dict[str, Links]:
    """What the pages of each definition link to, where those of all of them stand together."""
    callers: dict[str, list[str]] = {}
    for definition in definitions:
        for called in layers[definition].calls:
            callers.setdefault(called, []).append(layers[definition].name)
    there = tuple(sorted(layers[d].name for d in definitions))
    home = HOME if listed else ""
    names = {d: layers[d].name for d in definitions}
    return {d: Links(home, LAWS_FILE, there, tuple(callers.get(n, ()))) for d, n in names.items()}
