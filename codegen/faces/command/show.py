"""The command `pullback show`."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, cast

from pullback.codegen import library
from pullback.codegen.faces.formats import FORMATS, Asked, as_certificate
from pullback.codegen.faces.options import add_shapes, names, pairs, typed
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faces.watching import watch
from pullback.codegen.faults import stages
from pullback.codegen.pages.detail import BOTH, DETAILS, NOTATIONS
from pullback.codegen.proved import proved
from pullback.derive.errors import PullbackError
from pullback.derive.read.definition import read_definition
from pullback.derive.read.reader import read_layer

MAX_SIZE = 1000  # of an axis of a Jacobian that is written out
EXAMPLES = """examples:
  pullback show mlp
  pullback show my_layer.toml --format latex
  pullback show mlp --jacobian h u --sizes n=1,k=2
  pullback show --equation "z[n,k] = sum(d, h[n,d]*w[d,k]) + b[k]" --wrt w,b
  pullback show homework.py:forward --shapes "x=N D; W=D K"
  pullback show --matrices "u = x W + c" --shapes "x=N D; W=D K; c=K"
  pullback show - < my_layer.toml
  pullback show mlp --of w,b --detail every
  pullback show mlp --detail result --notation matrix
  pullback show mlp --letters n=i,j=k
  pullback show my_layer.toml --watch
  pullback show mlp --format tex-fragment --detail result > gradients.tex
  pullback show mlp --format beamer > slides.tex
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
        "--matrices",
        action="append",
        default=[],
        type=typed,
        metavar="TEXT",
        help="a line of matrix notation in place of DEFINITION, with --shapes; as --equation",
    )
    shown.add_argument(
        "--wrt",
        action="append",
        type=typed,
        metavar="NAME,…",
        help="with --equation, --matrices: what has gradients (default: all real inputs)",
    )
    shown.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="text",
        help="for the terminal (default), a LaTeX document, lines of align* to paste into one, "
        "slides, a page that opens offline, or data",
    )
    shown.add_argument(
        "--of",
        action="append",
        default=[],
        type=typed,
        metavar="NAME,…",
        help="the tensors whose gradients are shown (default: all)",
    )
    shown.add_argument(
        "--detail",
        choices=DETAILS,
        help="results alone, the key steps of each gradient (default in a terminal), or every step",
    )
    shown.add_argument(
        "--notation",
        choices=NOTATIONS,
        default=BOTH,
        help="of the results: with indices, as matrices where that can be, or both (default)",
    )
    shown.add_argument(
        "--no-second",
        action="store_true",
        help="leave out tangents and second derivatives",
    )
    shown.add_argument(
        "--letters",
        default={},
        type=letters,
        metavar="NAME=LETTER,…",
        help="other names for axes and tensors, as in n=i,j=k; a size goes with its axis, "
        "I with i, and an axis whose letter this takes moves away to a free one",
    )
    shown.add_argument(
        "--watch",
        action="store_true",
        help="show it again each time that the file changes, until Ctrl-C",
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


def letters(text: str) -> dict[str, str]:
    """Names in place of others, from `n=i,j=k`."""
    word = re.compile(r"[A-Za-z]\w*", re.ASCII)
    return pairs(typed(text), "n=i", lambda name, to: bool(name and word.fullmatch(to)))


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
    """A derivation on the screen, or one Jacobian of it."""
    if options.certificate and options.format != "text":
        options.refuse("--certificate is a format of its own; leave --format out")
    if options.format == "html":
        from pullback.codegen.pages import mathml

        mathml.converter()  # where it is missing that is said at once
    if options.watch:
        if options.definition in (None, "-") or not Path(path_of(options.definition)).is_file():
            options.refuse("--watch goes with a file")
        watch(Path(path_of(options.definition)), lambda: shown(options))
    print(shown(options), end="")
    return 0


def path_of(definition: str) -> str:
    """The path of the file in which a definition is."""
    return library.PYTHON.sub(r"\g<path>", definition)


def shown(options: Namespace) -> str:
    """What is asked for, as text."""
    name, source = asked_for(options)
    with stages(name, source):
        if options.jacobian:
            return jacobian(options, name, source)
        doing(f"derive {name}")
        proof = proved(name, source, library.called_from(options.definition or ""), watched)
        if options.certificate:
            text = as_certificate(proof)
        else:
            of = tuple(names(options.of))
            asked = Asked(
                of, options.detail, options.notation, not options.no_second, options.letters
            )
            text = FORMATS[options.format](proof, asked)
            text = understood(name, source) + text if options.format == "text" else text
        nothing_more()
        return text


def understood(name: str, source: str) -> str:
    """What was read of another notation, beside its lines; empty for other definitions."""
    from pullback.codegen.pages.terminal import plain

    made = read_definition(name, source).understood
    return "".join(f"{plain(line)}\n" for line in [*made.show().split("\n"), ""]) if made else ""


def asked_for(options: Namespace) -> tuple[str, str]:
    """Name and text of the definition that `show` is to show."""
    refuse = cast(Callable[[str], NoReturn], options.refuse)
    given = (options.definition, options.equation or None, options.matrices or None)
    if sum(way is not None for way in given) != 1:
        refuse("give either DEFINITION or --equation or --matrices")
    if options.wrt and options.definition is not None:
        refuse("--wrt goes with --equation and --matrices; a definition has the key wrt")
    if options.definition == "-":
        return library.LAYER, library.decoded(sys.stdin.buffer, "standard input")
    if options.definition is not None:
        options.definition = library.addressed(options.definition, options.shapes)
        return library.find(options.definition)
    text = "\n".join(options.equation or options.matrices)
    wrt = names(options.wrt) if options.wrt else None
    if options.equation:
        return library.LAYER, library.made(library.LAYER, text, wrt)
    shapes = library.split(options.shapes)
    return library.LAYER, library.made_of_arrays(
        library.LAYER, text, shapes, wrt, notation="matrices"
    )


def jacobian(options: Namespace, name: str, source: str) -> str:
    """A Jacobian as a matrix."""
    from pullback.codegen.pages.jacobian_matrix import jacobian_matrix

    layer = read_layer(name, source, library.called_from(options.definition or ""))
    try:
        node, tensor = options.jacobian
        found = jacobian_matrix(layer, node, tensor, options.sizes)
    except KeyError as error:
        raise PullbackError(error.args[0]) from None
    if options.format == "latex":
        return f"{found.latex}\n"
    words = f"∂{found.node}/∂{found.tensor}: {found.structure}\n"
    return f"{found}\n{words if options.format == 'text' else ''}"
