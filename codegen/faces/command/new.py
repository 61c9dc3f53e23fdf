"""The command `pullback new`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pullback.codegen import library
from pullback.codegen.faces.options import add_out
from pullback.codegen.faces.starter import starter
from pullback.codegen.faces.write import write
from pullback.derive.errors import DefinitionError
from pullback.derive.read.definition import check_layer_name

EXAMPLES = """examples:
  pullback new my_layer
  pullback new my_layer --out layers
  pullback new my_mlp --from mlp
"""


def add(new: ArgumentParser) -> None:
    """The arguments of `new`."""
    new.add_argument(
        "--from",
        dest="source",
        metavar="DEFINITION",
        help="a definition to copy: a shipped layer's name or a .toml file (default: a commented "
        "one to start from)",
    )
    new.add_argument("name", metavar="NAME", help="the layer's name; the file is NAME.toml")
    add_out(new, ".", "the folder to write into (default: this one)")


def run(options: Namespace) -> int:
    """A definition to start from; from then on it is the user's, and so it bears no mark."""
    file = f"{options.name}{library.SUFFIX}"
    text = copied(options.name, options.source) if options.source else starter(options.name)
    write(options.out, {file: text}, force=options.force)
    print(f"{options.out / file}; next: pullback show {options.out / file}")
    return 0


def copied(name: str, source: str) -> str:
    """The text of another definition; a function of a Python file is no text of one."""
    check_layer_name(name)
    if library.PYTHON.fullmatch(source):
        raise DefinitionError(f"{source}: --from takes a shipped layer's name or a .toml file")
    return library.find(source)[1]
