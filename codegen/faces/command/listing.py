"""The command `pullback list`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pullback.codegen import library
from pullback.derive.read.reader import read_layer

EXAMPLES = "example: pullback list"


def add(_: ArgumentParser) -> None:
    """It takes no arguments."""


def run(_: Namespace) -> int:
    """One line a layer."""
    names = library.shipped()
    width = max(map(len, names))
    for name in names:
        layer = read_layer(name, library.shipped_source(name), library.shipped_source)
        print(f"{name:<{width}}  {layer.title}")
    return 0
