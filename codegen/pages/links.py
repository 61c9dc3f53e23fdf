"""The files of a layer's pages, and those beside them that they link to."""

from __future__ import annotations

from dataclasses import dataclass

HOME = "index.html"  # the list of all layers
LAWS_FILE = "laws.html"


def page_file(layer: str) -> str:
    """The page of a layer."""
    return f"{layer}.html"


def tangents_file(layer: str) -> str:
    """The page of its forward mode and second derivatives: no layer has a name with a hyphen."""
    return f"{layer}-tangents.html"


@dataclass(frozen=True)
class Links:
    """What stands beside the pages of a layer; a page that stands alone has nothing.

    `layers` are those that have pages, `used_by` those of them that call this one. Forward mode
    and second derivatives have a page of their own only where they are not `alone`.
    """

    home: str = ""
    laws: str = ""
    layers: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    alone: bool = False


ALONE = Links(alone=True)
BESIDE = Links(laws=LAWS_FILE)  # what is always written with a layer's files
