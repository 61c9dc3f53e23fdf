"""The command `pullback`, also `python -m codegen`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from math import prod
from multiprocessing import get_context
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from typing import cast

from codegen import __version__, library
from codegen.compiler import Compiled, compile_definition, files
from codegen.latex import latex
from codegen.notation import LATEX, UNICODE, spell
from codegen.terminal import show
from codegen.write import differences, write
from derive.derivation import cotangent_name
from derive.errors import PullbackError
from derive.jacobians import jacobian, written_out
from derive.reader import read_layer

MAX_ENTRIES = 1000  # of a Jacobian that is written out

EXAMPLES = """examples:
  pullback list                              the shipped layers
  pullback show mlp                          a derivation, step by step
  pullback show mlp --format latex > mlp.tex
  pullback generate                          every shipped layer, into generated/
  pullback generate my_layer.toml --out mylib
  pullback generate --check                  does generated/ hold what would be written?
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
        made.set_defaults(run=run)
        return made

    command("list", run_list, "list the shipped layers", "example: pullback list")
    generate = command(
        "generate",
        run_generate,
        "derive, prove and write modules and derivations",
        "examples:\n  pullback generate\n  pullback generate my_layer.toml --out mylib\n"
        "  pullback generate --check",
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
    shown = command(
        "show",
        run_show,
        "print a derivation",
        "examples:\n  pullback show mlp\n  pullback show my_layer.toml --format latex\n"
        "  pullback show relu --jacobian h u --sizes n=1,k=2",
    )
    shown.add_argument(
        "definition", metavar="DEFINITION", help="a shipped layer's name or a .toml file"
    )
    shown.add_argument(
        "--format",
        choices=("text", "latex"),
        default="text",
        help="for the terminal (default) or a LaTeX document",
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
    return whole


def run_list(_: argparse.Namespace) -> int:
    """One line a layer."""
    names = library.shipped()
    width = max(map(len, names))
    for name in names:
        layer = read_layer(name, library.shipped_source(name), library.shipped_source)
        print(f"{name:<{width}}  {layer.title}")
    return 0


def run_show(options: argparse.Namespace) -> int:
    """A derivation on the screen, or one Jacobian of it."""
    if options.jacobian:
        return run_jacobian(options)
    compiled = compiled_from(options.definition)
    if options.format == "latex":
        print(latex(compiled.derivation, compiled.proof), end="")
    else:
        print(show(compiled.derivation, compiled.proof, colour=has_colour()))
    return 0


def run_jacobian(options: argparse.Namespace) -> int:
    """A Jacobian as a matrix."""
    name, source = library.find(options.definition)
    layer = read_layer(name, source, lambda n: library.beside(options.definition, n))
    node, tensor = options.jacobian
    try:
        found = jacobian(layer, node, tensor)
    except KeyError as error:
        raise PullbackError(error.args[0]) from None
    unknown = sorted(set(options.sizes) - {i.name.rstrip("'") for i in found.rows + found.columns})
    if unknown:
        raise PullbackError(f"∂{node}/∂{tensor} has no axis {unknown[0]!r}")
    count = prod(options.sizes.get(i.name.rstrip("'"), 2) for i in found.rows + found.columns)
    if count > MAX_ENTRIES:
        raise PullbackError(f"the matrix would have more than {MAX_ENTRIES} entries")
    matrix = written_out(found, options.sizes)
    style = LATEX if options.format == "latex" else UNICODE
    cells = [
        [spell(matrix[r, c], layer, style) for c in range(matrix.cols)] for r in range(matrix.rows)
    ]
    print(matrix_text(cells, options.format))
    if options.format == "text":
        print(f"∂{node}/∂{tensor}: {found.structure.words}")
    return 0


def matrix_text(cells: Sequence[Sequence[str]], form: str) -> str:
    """A matrix in columns, or as LaTeX."""
    if form == "latex":
        rows = " \\\\\n".join(" & ".join(row) for row in cells)
        return f"\\begin{{bmatrix}}\n{rows}\n\\end{{bmatrix}}"
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "[ " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " ]"
        for row in cells
    )


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
    texts: dict[str, str] = {}
    rows = []
    with each(partial(outcome, options.out), definitions) as outcomes:
        for written, lines in outcomes:
            texts.update(written)
            rows += lines
    if not options.definitions:
        texts["__init__.py"] = package(definitions)
    if options.check:
        difference = differences(options.out, texts, whole=not options.definitions)
        print(difference, end="")
        return 1 if difference else 0
    print_table(rows)
    changed = write(options.out, texts)
    print(f"{len(texts)} files in {options.out}, {len(changed)} of them changed")
    return 0


Row = tuple[str, str, str, str, str]
Outcome = tuple[dict[str, str], list[Row]]


def outcome(folder: Path, definition: str) -> Outcome:
    """The files of a definition, and what the table says of it."""
    compiled = compiled_from(definition)
    return files(compiled), row(compiled, folder)


@contextmanager
def each(work: Callable[[str], Outcome], definitions: Sequence[str]) -> Iterator[Iterable[Outcome]]:
    """The outcome for each definition in order, on all processors, with a bar on a terminal."""
    if len(definitions) == 1:
        yield map(work, definitions)
        return
    pool = ProcessPoolExecutor(
        min(len(definitions), os.cpu_count() or 1),
        mp_context=get_context("spawn"),
        initializer=signal,
        initargs=(SIGINT, SIG_IGN),  # Ctrl-C is for this process, which stops the others
    )
    try:
        yield progress(pool.map(work, definitions), len(definitions))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def compiled_from(definition: str) -> Compiled:
    """Every stage for one definition."""
    name, source = library.find(definition)
    return compile_definition(name, source, lambda n: library.beside(definition, n))


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


def progress(outcomes: Iterable[Outcome], total: int) -> Iterable[Outcome]:
    """The outcomes, with a bar on a terminal where tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return outcomes
    return cast(
        Iterable[Outcome],
        tqdm(
            outcomes,
            desc="derive and prove",
            unit="layer",
            total=total,
            leave=False,
            disable=not sys.stderr.isatty(),
        ),
    )
