"""The command `pullback`, also `python -m codegen`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from typing import NamedTuple, NoReturn, TypeVar, cast

from codegen import __version__, library, mathml, site
from codegen.compiler import Compiled, compile_definition, files, html
from codegen.gallery import FILE, entry, gallery
from codegen.latex import Chapter, book, chapter, latex
from codegen.notebook import MAX_ENTRIES, jacobian_matrix
from codegen.terminal import show
from codegen.write import WRITTEN, differences, write
from derive.derivation import cotangent_name
from derive.errors import PullbackError
from derive.proof import Checked
from derive.reader import Library, read_layer

LAYER = "layer"  # the name of one that comes without
BOOK = "book.tex"
Done = TypeVar("Done")  # what comes of a definition
EXAMPLES = """examples:
  pullback list                              the shipped layers
  pullback show mlp                          a derivation, step by step
  pullback show mlp --format latex > mlp.tex
  pullback show mlp --format html > mlp.html
  pullback show --equation "u[n] = a * x[n]"
  pullback new my_layer                      my_layer.toml, a definition to start from
  pullback generate                          every shipped layer, into generated/
  pullback generate my_layer.toml --out mylib
  pullback generate --check                  does generated/ hold what would be written?
  pullback book                              every derivation in one LaTeX document
"""
SHOW_EXAMPLES = """examples:
  pullback show mlp
  pullback show my_layer.toml --format latex
  pullback show mlp --jacobian h u --sizes n=1,k=2
  pullback show --equation "z[n,k] = sum(d, h[n,d]*w[d,k]) + b[k]" --wrt w,b
  pullback show - < my_layer.toml
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 where --check finds differences, 2 for errors."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except PullbackError as error:
        print(f"pullback: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"pullback: {where}{error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("pullback: interrupted; nothing half-written is left", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(
        prog="pullback",
        description="Derive the gradients of layers step by step, prove each step, emit NumPy.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"pullback {__version__}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], words: str, example: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=words,
            description=words,
            epilog=example,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=run, refuse=made.error)
        return made

    command("list", run_list, "list the shipped layers", "example: pullback list")
    new = command(
        "new",
        run_new,
        "write a definition with comments to start from",
        "examples:\n  pullback new my_layer\n  pullback new my_layer --out layers",
    )
    new.add_argument("name", metavar="NAME", help="the layer's name; the file is NAME.toml")
    new.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the folder to write into (default: this one)",
    )
    generate = command(
        "generate",
        run_generate,
        "derive, prove and write modules and derivations",
        "examples:\n  pullback generate\n  pullback generate my_layer.toml --out mylib\n"
        "  pullback generate --check\n"
        "  pullback generate softmax_cross_entropy --precise --out precise",
    )
    generate.add_argument(
        "definitions",
        nargs="*",
        metavar="DEFINITION",
        help="a shipped layer's name or a .toml file (default: all shipped)",
    )
    generate.add_argument(
        "--out",
        type=Path,
        default=Path("generated"),
        metavar="DIR",
        help="the folder to write into (default: generated)",
    )
    generate.add_argument(
        "--check",
        action="store_true",
        help="write nothing; print a diff and exit with 1 where files differ",
    )
    generate.add_argument(
        "--precise",
        action="store_true",
        help="modules that work in float64 and carry on the rounding errors of exponents: a few "
        "ULPs off in every regime, in up to some three times the time",
    )
    bound = command(
        "book",
        run_book,
        "derive, prove and write all derivations as one LaTeX document",
        "examples:\n  pullback book\n  pullback book --out /tmp/book\n"
        "  cd build/book && pdflatex book && pdflatex book    (make book does all of it)",
    )
    bound.add_argument(
        "--out",
        type=Path,
        default=Path("build/book"),
        metavar="DIR",
        help="the folder to write book.tex into (default: build/book)",
    )
    add_show(command("show", run_show, "print a derivation", SHOW_EXAMPLES))
    return whole


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
        metavar="TEXT",
        help="an equation in place of DEFINITION; may be given several times, in order",
    )
    shown.add_argument(
        "--wrt",
        action="append",
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


def run_list(_: argparse.Namespace) -> int:
    """One line a layer."""
    names = library.shipped()
    width = max(map(len, names))
    for name in names:
        layer = read_layer(name, library.shipped_source(name), library.shipped_source)
        print(f"{name:<{width}}  {layer.title}")
    return 0


def run_new(options: argparse.Namespace) -> int:
    """A definition to start from, unless the file is there already."""
    file = f"{options.name}{library.SUFFIX}"
    text = library.starter(options.name)
    if os.path.lexists(options.out / file):
        raise PullbackError(f"{options.out / file} is there already, and is left as it is")
    write(options.out, {file: text})
    print(f"{options.out / file}; next: pullback show {options.out / file}")
    return 0


def run_show(options: argparse.Namespace) -> int:
    """A derivation on the screen, or one Jacobian of it."""
    name, source = asked_for(options)
    if options.format == "html":
        mathml.converter()  # where it is missing that is said at once
    if options.jacobian:
        return run_jacobian(options, name, source)
    compiled = compile_definition(name, source, called_from(options.definition or ""), watched)
    if options.format == "latex":
        print(latex(compiled.derivation, compiled.proof), end="")
    elif options.format == "html":
        print(html(compiled), end="")
    else:
        print(show(compiled.derivation, compiled.proof, colour=has_colour()))
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


def sizes(text: str) -> dict[str, int]:
    """Sizes of axes from `n=1,k=3`."""
    found = {}
    for pair in filter(None, text.split(",")):
        name, _, size = pair.partition("=")
        if not (size.isdecimal() and 1 <= int(size) <= MAX_ENTRIES):
            raise argparse.ArgumentTypeError(f"{pair!r} is not like n=2")
        found[name.strip()] = int(size)
    return found


def run_generate(options: argparse.Namespace) -> int:
    """Modules and derivations, all proved before the first file is written."""
    definitions = options.definitions or library.shipped()
    if options.out.exists() and not options.out.is_dir():
        raise PullbackError(f"{options.out} is a file; --out takes a folder")
    whole, pages = not options.definitions, mathml.available()
    with each(partial(outcome, options.out, options.precise), definitions) as outcomes:
        found = list(outcomes)
    texts = {name: text for one in found for name, text in one.files.items()}
    if whole:
        texts |= {"__init__.py": package(definitions), FILE: gallery(o.entry for o in found)}
    if pages:
        texts |= {site.LAWS_FILE: site.laws_page()}
        texts |= {site.HOME: site.index_page(o.card for o in found if o.card)} if whole else {}
    else:
        print(f"pullback: pages (.html) are left out; to have them: {mathml.HOW}", file=sys.stderr)
    if options.check:
        endings = WRITTEN if pages else [e for e in WRITTEN if e != ".html"]
        difference = differences(options.out, texts, whole, endings)
        print(difference, end="")
        return 1 if difference else 0
    print_table([line for one in found for line in one.rows])
    changed = write(options.out, texts)
    print(f"{len(texts)} files in {options.out}, {len(changed)} of them changed")
    return 0


def run_book(options: argparse.Namespace) -> int:
    """All shipped derivations as chapters of a book."""
    with each(chapter_from, library.shipped()) as chapters:
        text = book(list(chapters))
    write(options.out, {BOOK: text})
    print(f"{options.out / BOOK}; next: pdflatex, twice, for the page numbers")
    return 0


def chapter_from(definition: str) -> Chapter:
    """The chapter of a definition."""
    compiled = compiled_from(definition)
    return chapter(compiled.derivation, compiled.proof)


Row = tuple[str, str, str, str, str]


class Outcome(NamedTuple):
    """What comes of a definition: files, rows of the table, its parts of gallery and list."""

    files: dict[str, str]
    rows: list[Row]
    entry: str
    card: site.Card | None


def outcome(folder: Path, precise: bool, definition: str) -> Outcome:
    """Everything that is written or said of a definition."""
    compiled = compiled_from(definition, precise)
    home = site.HOME if definition in library.shipped() else ""
    card = site.card(compiled.derivation, compiled.proof) if mathml.available() else None
    return Outcome(files(compiled, home), row(compiled, folder), entry(compiled), card)


@contextmanager
def each(work: Callable[[str], Done], definitions: Sequence[str]) -> Iterator[Iterable[Done]]:
    """The outcome for each definition in order, on all processors, with a bar on a terminal.

    Where something goes wrong, Ctrl-C included, the other processes are ended at once.
    """
    if len(definitions) == 1:
        yield map(work, definitions)
        return
    others = set(active_children())
    workers = min(len(definitions), os.cpu_count() or 1)
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        # Ctrl-C reaches every process of the terminal; the workers, who inherit that it is
        # ignored, leave it to this one, which ends them.
        handler = signal(SIGINT, SIG_IGN)
        try:
            outcomes = pool.map(work, definitions)
        finally:
            signal(SIGINT, handler)
        yield progress(outcomes, len(definitions), "derive and prove", "layer")
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def compiled_from(definition: str, precise: bool = False) -> Compiled:
    """Every stage for one definition."""
    name, source = library.find(definition)
    return compile_definition(name, source, called_from(definition), watched, precise)


def watched(checks: Checked, count: int) -> Checked:
    """The checks of a proof, with a bar where this process is not one of several."""
    return checks if parent_process() else progress(checks, count, "prove", "step")


def called_from(definition: str) -> Library:
    """The definitions that this one may call."""
    return lambda name: library.beside(definition, name)


def package(names: Sequence[str]) -> str:
    """The text of generated/__init__.py."""
    lines = "\n".join(f"    from generated import {name}" for name in names)
    return f'"""NumPy modules written by pullback, one a layer.\n\n{lines}\n"""\n'


def row(compiled: Compiled, folder: Path) -> list[Row]:
    """What the table says of a layer: a line for each Jacobian."""
    lines = []
    for gradient in compiled.derivation.gradients:
        for part in gradient.parts:
            name = f"∂{part.jacobian.node.name}/∂{gradient.tensor.name}"
            lines.append(f"{name} {part.jacobian.structure.words}")
    names = ", ".join(cotangent_name(n) for n in compiled.derivation.wanted)
    steps = f"{len(compiled.proof.steps)} of {len(compiled.derivation.steps)}"
    steps += ", no hvp" if "hvp" in compiled.derivation.remark else ""
    first = (compiled.layer.name, names, steps, lines[0], str(folder / f"{compiled.layer.name}.py"))
    return [first, *(("", "", "", line, "") for line in lines[1:])]


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Rows under headings, in columns."""
    table = [("layer", "gradients", "steps proved", "Jacobians", "file"), *rows]
    widths = [max(len(r[column]) for r in table) for column in range(5)]
    for cells in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print(line.rstrip())


def has_colour() -> bool:
    """Does the terminal show colour, and does the user want it?"""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def progress(outcomes: Iterable[Done], total: int, words: str, unit: str) -> Iterable[Done]:
    """The outcomes, with a bar on a terminal where tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return outcomes
    return cast(
        Iterable[Done],
        tqdm(
            outcomes,
            desc=words,
            unit=unit,
            total=total,
            leave=False,
            disable=not sys.stderr.isatty(),
        ),
    )
