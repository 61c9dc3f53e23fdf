"""What the command `pullback` takes on its command line, and what its help says."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

from pullback import __version__

EXAMPLES = """examples:
  pullback list                              the shipped layers
  pullback show mlp                          a derivation, step by step
  pullback show mlp --format latex > mlp.tex
  pullback show mlp --format html > mlp.html
  pullback show mlp --detail every           ... with every step
  pullback show --equation "u[n] = a * x[n]"
  pullback live                              a page on which one types and sees
  pullback diff relu leaky_relu              how two derivations differ
  pullback new my_layer                      my_layer.toml, a definition to start from
  pullback generate                          every shipped layer, into generated/
  pullback generate my_layer.toml --out mylib
  pullback generate my_layer.toml --force    over files that were edited, too
  pullback generate --check                  does generated/ hold what would be written?
  pullback book                              every derivation in one LaTeX document
  pullback exercise mlp --blank dz,dW        a sheet with these gradients left blank, and answers
  pullback verify mlp.json                   check a derivation that was written as data
  pullback check homework.py --against mlp   where a backward pass by hand goes wrong
  pullback trace mlp --numbers inputs.json   every value and every gradient, in numbers
"""
COMMANDS = {  # each with the file that has its arguments and what it does, and with what help says
    "list": ("listing", "list the shipped layers"),
    "new": ("new", "write a definition with comments to start from"),
    "generate": ("generate", "derive, prove and write modules and derivations"),
    "book": ("book", "derive, prove and write all derivations as one LaTeX document"),
    "show": ("show", "print a derivation"),
    "exercise": ("exercise", "write an exercise with gradients left blank, and its answers apart"),
    "live": ("live", "serve a page on this machine, on which one types and sees"),
    "diff": ("diff", "say how the gradients of two definitions differ"),
    "check": ("check", "say where a backward pass written by hand goes wrong, and why"),
    "trace": ("trace", "print every value and every gradient for some inputs"),
    "site": ("site", "write the live page as one file that needs no server"),
    "verify": ("verify", "check a derivation that was written as data"),
}


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The command line, with the arguments of those commands alone that are named.

    So nothing is imported for a command that is not given.
    """
    whole = argparse.ArgumentParser(
        prog="pullback",
        description="Derive the gradients of layers step by step, prove each step, emit NumPy.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"pullback {__version__}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for name, (file, words) in COMMANDS.items():
        made = commands.add_parser(
            name,
            help=words,
            description=words,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in arguments:
            command = import_module(f"pullback.codegen.faces.command.{file}")
            made.epilog = command.EXAMPLES
            made.set_defaults(run=command.run, refuse=made.error)
            command.add(made)
    return whole


def typed(text: str) -> str:
    """Text from the command line, which is UTF-8 whatever the system's encoding is."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def pairs(text: str, example: str, fits: Callable[[str, str], bool]) -> dict[str, str]:
    """What stands left and right of each sign in `A=B,C=D`; every pair must fit, as the example."""
    found = {}
    for pair in filter(None, text.split(",")):
        name, _, value = (word.strip() for word in pair.partition("="))
        if not fits(name, value):
            raise argparse.ArgumentTypeError(f"{pair!r} is not like {example}")
        found[name] = value
    return found


def names(texts: Iterable[str]) -> list[str]:
    """Names from texts with commas between them."""
    return [name.strip() for text in texts for name in text.split(",")]


def add_shapes(command: argparse.ArgumentParser) -> None:
    """The shapes of what a Python function, or matrix notation, takes."""
    command.add_argument(
        "--shapes",
        default="",
        type=typed,
        metavar="NAME=SHAPE;…",
        help='of the inputs of a function, as in "x=N D; y=N: J"; else its annotations say them',
    )


def add_out(command: argparse.ArgumentParser, default: str | None, words: str, *also: str) -> None:
    """Where files go, and whether they go over what is there; `also` are other names of --out."""
    command.add_argument(
        "--out",
        *also,
        type=Path,
        default=None if default is None else Path(default),
        metavar="DIR",
        help=words,
    )
    command.add_argument(
        "--force",
        action="store_true",
        help="write over files that pullback has not written, or that were edited since",
    )
