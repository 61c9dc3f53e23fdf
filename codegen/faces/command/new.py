"""The command `pullback new`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pullback.codegen import library
from pullback.codegen.faces.options import add_out
from pullback.codegen.faces.starter import starter
from pullback.codegen.faces.write import write

EXAMPLES = """examples:
  pullback new my_layer
  pullback new my_layer --out layers
"""


def add(new: ArgumentParser) -> None:
    """The arguments of `new`."""
    new.add_argument("name", metavar="NAME", help="the layer's name; the file is NAME.toml")
    add_out(new, ".", "the folder to write into (default: this one)")


def run(options: Namespace) -> int:
    """A definition to start from; from then on it is the user's, and so it bears no mark."""
    file = f"{options.name}{library.SUFFIX}"
    text = starter(options.name)
    write(options.out, {file: text}, force=options.force)
    print(f"{options.out / file}; next: pullback show {options.out / file}")
    return 0
