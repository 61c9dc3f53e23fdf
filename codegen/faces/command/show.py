"""The command `pullback show`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import NoReturn, cast

from pullback.codegen import library
from pullback.codegen.faces.options import add_shapes, typed
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faults import stages
from pullback.codegen.proved import proved
from pullback.derive.errors import PullbackError
from pullback.derive.proof.proving import Proof
from pullback.derive.read.definition import read_definition
from pullback.derive.read.reader import read_layer

MAX_SIZE = 1000  # of an axis of a Jacobian that is written out
EXAMPLES = """examples:
  pullback show mlp
  pullback show my_layer.toml --format latex
  pullback show mlp --jacobian h u --sizes n=1,k=2
  pullback show --equation "z[n,k] = sum(d, h[n,d]*w[d,k]) + b[k]" --wrt w,b
  pullback show homework.py:forward --shapes "x=N D; W=D K"
  pullback show - < my_layer.toml
  pullback show mlp --certificate > mlp.json
"""


def add(shown: ArgumentParser) -> None:
    """The arguments of `show`."""
    shown.add_argument(
        "definition",
        nargs="?",
        metavar="DEFINITION",
        help="a shipped layer's name, a .toml file, a function of NumPy expressions, "
        "homework.py:forward, or - for the TOML on standard input",
    )
    add_shapes(shown)
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
        choices=tuple(FORMATS),
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


def sizes(text: str) -> dict[str, int]:
    """Sizes of axes from `n=1,k=3`."""
    found = {}
    for pair in filter(None, text.split(",")):
        name, _, size = pair.partition("=")
        if not (size.isdecimal() and 1 <= int(size) <= MAX_SIZE):
            raise ArgumentTypeError(f"{pair!r} is not like n=2")
        found[name.strip()] = int(size)
    return found


def run(options: Namespace) -> int:
    """A derivation on the screen, or one Jacobian of it.

    What a format needs is imported where it is asked for: a derivation in a terminal needs neither
    NumPy nor templates.
    """
    name, source = asked_for(options)
    if options.format == "html":
        from pullback.codegen.pages import mathml

        mathml.converter()  # where it is missing that is said at once
    with stages(name, source):
        return (run_jacobian if options.jacobian else show_whole)(options, name, source)


def show_whole(options: Namespace, name: str, source: str) -> int:
    """A derivation in the format that is asked for."""
    if options.certificate and options.format != "text":
        options.refuse("--certificate is a format of its own; leave --format out")
    doing(f"derive {name}")
    proof = proved(name, source, library.called_from(options.definition or ""), watched)
    text = as_certificate(proof) if options.certificate else FORMATS[options.format](proof)
    if options.format == "text" and not options.certificate:
        text = understood(name, source) + text
    nothing_more()
    print(text, end="")
    return 0


def understood(name: str, source: str) -> str:
    """What was read of array notation, beside its lines; empty for other definitions."""
    from pullback.codegen.pages.terminal import plain

    made = read_definition(name, source).understood
    return "".join(f"{plain(line)}\n" for line in [*made.show().split("\n"), ""]) if made else ""


def as_text(proof: Proof) -> str:
    """For a terminal."""
    from pullback.codegen.pages.terminal import show

    return show(proof.derivation, proof, colour=has_colour()) + "\n"


def as_latex(proof: Proof) -> str:
    """A document."""
    from pullback.codegen.pages.latex import latex

    return latex(proof.derivation, proof)


def as_html(proof: Proof) -> str:
    """A page."""
    from pullback.codegen.compiler import html, lowered

    return html(lowered(proof))


def as_certificate(proof: Proof) -> str:
    """Data."""
    from pullback.codegen.faces.certificates import written

    return written(proof)


FORMATS: dict[str, Callable[[Proof], str]] = {
    "text": as_text,
    "latex": as_latex,
    "html": as_html,
}


def asked_for(options: Namespace) -> tuple[str, str]:
    """Name and text of the definition that `show` is to show."""
    refuse = cast(Callable[[str], NoReturn], options.refuse)
    if bool(options.equation) == (options.definition is not None):
        refuse("give either DEFINITION or --equation")
    if options.wrt and not options.equation:
        refuse("--wrt goes with --equation; a definition has the key wrt")
    if options.definition == "-":
        return library.LAYER, library.decoded(sys.stdin.buffer, "standard input")
    if options.definition is not None:
        options.definition = library.addressed(options.definition, options.shapes)
        return library.find(options.definition)
    text, wrt = "\n".join(options.equation), None
    if options.wrt:
        wrt = [name.strip() for names in options.wrt for name in names.split(",")]
    return library.LAYER, library.made(library.LAYER, text, wrt)


def run_jacobian(options: Namespace, name: str, source: str) -> int:
    """A Jacobian as a matrix."""
    from pullback.codegen.pages.jacobian_matrix import jacobian_matrix

    layer = read_layer(name, source, library.called_from(options.definition or ""))
    try:
        node, tensor = options.jacobian
        found = jacobian_matrix(layer, node, tensor, options.sizes)
    except KeyError as error:
        raise PullbackError(error.args[0]) from None
    print(found.latex if options.format == "latex" else found)
    if options.format == "text":
        print(f"∂{found.node}/∂{found.tensor}: {found.structure}")
    return 0


def has_colour() -> bool:
    """Does the terminal show colour, and does the user want it?"""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
