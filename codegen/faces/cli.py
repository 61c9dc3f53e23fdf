"""The command `pullback`, also `python -m pullback`."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn, cast

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition, html
from pullback.codegen.faces.certificates import certificate_from, written
from pullback.codegen.faces.generate import answered, called_from, compiled_from, run_generate
from pullback.codegen.faces.marks import marked
from pullback.codegen.faces.options import parser
from pullback.codegen.faces.parallel import each
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faces.starter import starter
from pullback.codegen.faces.write import check_folder, refuse_to_lose, write
from pullback.codegen.faults import DEEP, SHOW, fault_words, stages
from pullback.codegen.pages import mathml
from pullback.codegen.pages.jacobian_matrix import jacobian_matrix
from pullback.codegen.pages.latex import Chapter, book, chapter, latex
from pullback.codegen.pages.terminal import show
from pullback.derive.errors import Fault, PullbackError
from pullback.derive.proof.certificate.verifying import verify
from pullback.derive.read.reader import read_layer

LAYER = "layer"  # the name of one that comes without
BOOK = "book.tex"
FAULT = 70  # what the system's own programs end with at a fault of theirs
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns 0, or 1 where --check finds differences, 2 for errors, 70 for a fault of Pullback's own
    and 130 after Ctrl-C.
    """
    speak_utf8()
    try:
        options = parser(RUNS).parse_args(arguments)
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of a pipe has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Fault as error:
        return fault(str(error), error)
    except PullbackError as error:
        return failed(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return failed(f"{where}{error.strerror or error}")
    except KeyboardInterrupt:
        return failed("interrupted; nothing half-written is left", INTERRUPTED)
    except Exception as error:
        return fault(fault_words(error), error)


def speak_utf8() -> None:
    """What is printed is UTF-8 whatever the system's encoding is, and nothing is unprintable."""
    codecs.register_error(printable.__name__, printable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=printable.__name__)


def printable(error: UnicodeError) -> tuple[bytes, int]:
    """Bytes for what a name of a file holds that the system's encoding could not read.

    They are its own bytes where these are UTF-8, and else their numbers.
    """
    assert isinstance(error, UnicodeEncodeError)
    piece = error.object[error.start : error.end]
    try:
        own = piece.encode("utf-8", "surrogateescape")
        own.decode("utf-8")
    except UnicodeError:
        own = piece.encode("ascii", "backslashreplace")
    return own, error.end


def failed(message: str, status: int = 2) -> int:
    """Say what went wrong."""
    nothing_more()
    print(f"pullback: {message}", file=sys.stderr)
    return status


def fault(message: str, error: Exception) -> int:
    """Say that it is a fault of pullback, and where it came up if that is asked for."""
    if os.environ.get(SHOW):
        traceback.print_exception(error)
    return failed(message, FAULT)


def run_list(_: argparse.Namespace) -> int:
    """One line a layer."""
    names = library.shipped()
    width = max(map(len, names))
    for name in names:
        layer = read_layer(name, library.shipped_source(name), library.shipped_source)
        print(f"{name:<{width}}  {layer.title}")
    return 0


def run_new(options: argparse.Namespace) -> int:
    """A definition to start from; from then on it is the user's, and so it bears no mark."""
    file = f"{options.name}{library.SUFFIX}"
    text = starter(options.name)
    write(options.out, {file: text}, force=options.force)
    print(f"{options.out / file}; next: pullback show {options.out / file}")
    return 0


def run_show(options: argparse.Namespace) -> int:
    """A derivation on the screen, or one Jacobian of it."""
    name, source = asked_for(options)
    if options.format == "html":
        mathml.converter()  # where it is missing that is said at once
    with stages(name, source):
        return (run_jacobian if options.jacobian else show_whole)(options, name, source)


def show_whole(options: argparse.Namespace, name: str, source: str) -> int:
    """A derivation in the format that is asked for."""
    if options.certificate and options.format != "text":
        options.refuse("--certificate is a format of its own; leave --format out")
    doing(f"derive {name}")
    compiled = compile_definition(name, source, called_from(options.definition or ""), watched)
    if options.certificate:
        text = written(compiled.proof)
    elif options.format == "latex":
        text = latex(compiled.derivation, compiled.proof)
    elif options.format == "html":
        text = html(compiled)
    else:
        text = show(compiled.derivation, compiled.proof, colour=has_colour()) + "\n"
    nothing_more()
    print(text, end="")
    return 0


def asked_for(options: argparse.Namespace) -> tuple[str, str]:
    """Name and text of the definition that `show` is to show."""
    refuse = cast(Callable[[str], NoReturn], options.refuse)
    if bool(options.equation) == (options.definition is not None):
        refuse("give either DEFINITION or --equation")
    if options.wrt and not options.equation:
        refuse("--wrt goes with --equation; a definition has the key wrt")
    if options.definition == "-":
        return LAYER, library.decoded(sys.stdin.buffer, "standard input")
    if options.definition is not None:
        return library.find(options.definition)
    text, wrt = "\n".join(options.equation), None
    if options.wrt:
        wrt = [name.strip() for names in options.wrt for name in names.split(",")]
    return LAYER, library.made(LAYER, text, wrt)


def run_jacobian(options: argparse.Namespace, name: str, source: str) -> int:
    """A Jacobian as a matrix."""
    layer = read_layer(name, source, called_from(options.definition or ""))
    try:
        node, tensor = options.jacobian
        found = jacobian_matrix(layer, node, tensor, options.sizes)
    except KeyError as error:
        raise PullbackError(error.args[0]) from None
    print(found.latex if options.format == "latex" else found)
    if options.format == "text":
        print(f"∂{found.node}/∂{found.tensor}: {found.structure}")
    return 0


def run_book(options: argparse.Namespace) -> int:
    """All shipped derivations as chapters of a book."""
    check_folder(options.out)
    refuse_to_lose(options.out, [BOOK], options.force)
    with each(chapter_from, library.shipped()) as chapters:
        text = book(list(chapters))
    nothing_more()
    write(options.out, {BOOK: marked(BOOK, text, shipped=True)}, force=options.force)
    print(f"{options.out / BOOK}; next: pdflatex, twice, for the page numbers")
    return 0


def chapter_from(definition: str) -> Chapter:
    """The chapter of a definition."""
    with answered(definition):
        compiled = compiled_from(definition)
        return chapter(compiled.derivation, compiled.proof)


def run_verify(options: argparse.Namespace) -> int:
    """Check a certificate."""
    name = "standard input" if options.file == "-" else options.file
    doing(f"read {name}")
    with DEEP:
        found = certificate_from(options.file)
        checks = verify(found, watched)
    nothing_more()
    everywhere = sum(check.every_size for _, check in checks)
    small = sum(check.cases > 0 for _, check in checks)
    print(
        f"{found.layer.name}: {len(checks)} steps hold: {everywhere} are proved for every size, "
        f"{small} written out at small ones"
    )
    return 0


def has_colour() -> bool:
    """Does the terminal show colour, and does the user want it?"""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": run_list,
    "new": run_new,
    "generate": run_generate,
    "book": run_book,
    "show": run_show,
    "verify": run_verify,
}
