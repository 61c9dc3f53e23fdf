"""What the command `pullback` takes on its command line, and what its help says."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from pullback import __version__
from pullback.codegen.pages.jacobian_matrix import MAX_ENTRIES
from pullback.codegen.targets.table import NUMPY, PRECISE, TARGETS
from pullback.codegen.targets.target import Target

Run = Callable[[argparse.Namespace], int]
EXAMPLES = """examples:
  pullback list                              the shipped layers
  pullback show mlp                          a derivation, step by step
  pullback show mlp --format latex > mlp.tex
  pullback show mlp --format html > mlp.html
  pullback show --equation "u[n] = a * x[n]"
  pullback new my_layer                      my_layer.toml, a definition to start from
  pullback generate                          every shipped layer, into generated/
  pullback generate my_layer.toml --out mylib
  pullback generate my_layer.toml --force    over files that were edited, too
  pullback generate --check                  does generated/ hold what would be written?
  pullback book                              every derivation in one LaTeX document
  pullback verify mlp.json                   check a derivation that was written as data
"""
SHOW_EXAMPLES = """examples:
  pullback show mlp
  pullback show my_layer.toml --format latex
  pullback show mlp --jacobian h u --sizes n=1,k=2
  pullback show --equation "z[n,k] = sum(d, h[n,d]*w[d,k]) + b[k]" --wrt w,b
  pullback show - < my_layer.toml
  pullback show mlp --certificate > mlp.json
"""
VERIFY_EXAMPLES = """examples:
  pullback show mlp --certificate > mlp.json
  pullback verify mlp.json
  pullback show mlp --certificate | pullback verify -
"""


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The command line; `runs` says what each command does."""
    whole = argparse.ArgumentParser(
        prog="pullback",
        description="Derive the gradients of layers step by step, prove each step, emit NumPy.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"pullback {__version__}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for name, (words, example, add) in COMMANDS.items():
        made = commands.add_parser(
            name,
            help=words,
            description=words,
            epilog=example,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=runs[name], refuse=made.error)
        add(made)
    return whole


def add_nothing(_: argparse.ArgumentParser) -> None:
    """A command without arguments."""


def add_out(command: argparse.ArgumentParser, default: str | None, words: str) -> None:
    """Where files go, and whether they go over what is there."""
    command.add_argument(
        "--out",
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


def add_new(new: argparse.ArgumentParser) -> None:
    """The arguments of `new`."""
    new.add_argument("name", metavar="NAME", help="the layer's name; the file is NAME.toml")
    add_out(new, ".", "the folder to write into (default: this one)")


def add_generate(generate: argparse.ArgumentParser) -> None:
    """The arguments of `generate`."""
    generate.add_argument(
        "definitions",
        nargs="*",
        metavar="DEFINITION",
        help="a shipped layer's name or a .toml file (default: all shipped)",
    )
    add_out(
        generate,
        None,
        "the folder to write into (default: generated, where that is not there or is pullback's)",
    )
    generate.add_argument(
        "--check",
        action="store_true",
        help="write nothing; print a diff and exit with 1 where files differ",
    )
    generate.add_argument(
        "--fresh",
        action="store_true",
        help="derive and prove anew what is known from before, and keep nothing; "
        "what is kept lies in $PULLBACK_CACHE, else in the user's folder for caches",
    )
    generate.add_argument(
        "--target",
        type=targets,
        default=[NUMPY],
        metavar="NAME,…",
        help="what to write: "
        + "; ".join(f"{t.name} ({t.about})" for t in TARGETS.values())
        + "; of several, files of the first have the layer's name (default: numpy)",
    )
    generate.add_argument(
        "--precise",
        dest="target",
        action="store_const",
        const=[PRECISE],
        help="--target numpy-precise: modules that work in float64 and carry on the rounding "
        "errors of exponents: a few ULPs off in every regime, in up to some three times the time",
    )


def targets(text: str) -> list[Target]:
    """Targets by their names, with commas between."""
    names = list(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in TARGETS:
            known = ", ".join(TARGETS)
            raise argparse.ArgumentTypeError(f"there is no target {name!r}; there are {known}")
    return [TARGETS[name] for name in names]


def add_book(bound: argparse.ArgumentParser) -> None:
    """The arguments of `book`."""
    add_out(bound, "build/book", "the folder to write book.tex into (default: build/book)")


def add_show(shown: argparse.ArgumentParser) -> None:
    """The arguments of `show`."""
    shown.add_argument(
        "definition",
        nargs="?",
        metavar="DEFINITION",
        help="a shipped layer's name, a .toml file, or - for the TOML on standard input",
    )
    shown.add_argument(
        "--equation",
        action="append",
        default=[],
        type=typed,
        metavar="TEXT",
        help="an equation in place of DEFINITION; may be given several times, in order",
    )
    shown.add_argument(
        "--wrt",
        action="append",
        type=typed,
        metavar="NAME,…",
        help="with --equation: the inputs whose gradients are wanted (default: all real ones)",
    )
    shown.add_argument(
        "--format",
        choices=("text", "latex", "html"),
        default="text",
        help="for the terminal (default), a LaTeX document, or a page that opens offline",
    )
    shown.add_argument(
        "--certificate",
        action="store_true",
        help="the derivation as JSON, which 'pullback verify' checks; docs/certificate.md says how",
    )
    shown.add_argument(
        "--jacobian",
        nargs=2,
        metavar=("NODE", "TENSOR"),
        help="the Jacobian of a node by a tensor as a matrix, written out",
    )
    shown.add_argument(
        "--sizes",
        default="",
        metavar="AXIS=SIZE,…",
        type=sizes,
        help="sizes for --jacobian, as in n=1,k=3; axes left out have size 2",
    )


def add_verify(verified: argparse.ArgumentParser) -> None:
    """The arguments of `verify`."""
    verified.add_argument(
        "file",
        metavar="FILE",
        help="a certificate, as 'pullback show NAME --certificate' writes it; - for standard input",
    )


def typed(text: str) -> str:
    """Text from the command line, which is UTF-8 whatever the system's encoding is."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def sizes(text: str) -> dict[str, int]:
    """Sizes of axes from `n=1,k=3`."""
    found = {}
    for pair in filter(None, text.split(",")):
        name, _, size = pair.partition("=")
        if not (size.isdecimal() and 1 <= int(size) <= MAX_ENTRIES):
            raise argparse.ArgumentTypeError(f"{pair!r} is not like n=2")
        found[name.strip()] = int(size)
    return found


Add = Callable[[argparse.ArgumentParser], None]
COMMANDS: dict[str, tuple[str, str, Add]] = {  # what each does, examples, its arguments
    "list": ("list the shipped layers", "example: pullback list", add_nothing),
    "new": (
        "write a definition with comments to start from",
        "examples:\n  pullback new my_layer\n  pullback new my_layer --out layers",
        add_new,
    ),
    "generate": (
        "derive, prove and write modules and derivations",
        "examples:\n  pullback generate\n  pullback generate my_layer.toml --out mylib\n"
        "  pullback generate --check\n"
        "  pullback generate --check --fresh    (trusting nothing that is known from before)\n"
        "  pullback generate softmax_cross_entropy --precise --out precise\n"
        "  pullback generate mlp --target plain --out simple",
        add_generate,
    ),
    "book": (
        "derive, prove and write all derivations as one LaTeX document",
        "examples:\n  pullback book\n  pullback book --out /tmp/book\n"
        "  cd build/book && pdflatex book && pdflatex book    (make book does all of it)",
        add_book,
    ),
    "show": ("print a derivation", SHOW_EXAMPLES, add_show),
    "verify": ("check a derivation that was written as data", VERIFY_EXAMPLES, add_verify),
}
