"""The definition that is typed, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pullback.codegen import library
from pullback.codegen.live.questions import NOTATIONS, Written
from pullback.codegen.notation.letters import renamed
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer
from pullback.derive.read.definition import Definition, check_keys, read_definition
from pullback.derive.read.reader import build_layer


@dataclass(frozen=True)
class Reading:
    """A definition, its layer, and the letters that are printed in place of names."""

    written: Written
    definition: Definition
    layer: Layer
    letters: Mapping[str, str]

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """For each equation of the layer the line of the text that it comes from; 0 if unknown.

        What a call brings comes from the line of the call.
        """
        made = self.definition.understood
        if made:
            own = {
                e.name: n
                for e, (n, _) in zip(self.definition.equations, made.equations, strict=True)
            }
        else:
            own = {e.name: e.place.line for e in self.definition.equations}
        found, line = [], 0
        for node in reversed(self.layer.nodes):
            line = own.get(node.name, line)
            found.append(line)
        return tuple(reversed(found))


def read(written: Written) -> Reading:
    """Read what is typed; it may call shipped definitions. DefinitionError where it is not read."""
    definition = defined(written)
    layer = build_layer(definition, library.shipped_source)
    return Reading(written, definition, layer, renamed(layer, letters(written.letters)))


def defined(written: Written) -> Definition:
    """The definition, calls not yet written out."""
    key = NOTATIONS[written.notation]
    if not key:
        return read_definition(library.LAYER, written.text)
    keys: dict[str, Any] = {"title": library.LAYER, key: written.text}
    if key != NOTATIONS["index"]:
        keys["shapes"] = library.split(written.shapes)
    if written.wrt.strip():
        keys["wrt"] = [name.strip() for name in written.wrt.split(",")]
    return check_keys(library.LAYER, keys, written.text)


def letters(text: str) -> dict[str, str]:
    """Names in place of others, from `n=i,j=k`."""
    found = {}
    for pair in filter(str.strip, text.split(",")):
        name, _, letter = (word.strip() for word in pair.partition("="))
        if not (name and letter.isascii() and letter.isidentifier() and letter[0].isalpha()):
            raise PullbackError(f"letters: {pair.strip()!r} is not like n=i")
        found[name] = letter
    return found
