"""The command `pullback`, also `python -m codegen`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from codegen import __version__, library
from codegen.compiler import Compiled, compile_definition, files
from codegen.latex import latex
from codegen.terminal import show
from codegen.write import differences, write
from derive.derivation import cotangent_name
from derive.errors import PullbackError
from derive.reader import read_layer

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

    def command(name: str, run: Callable[[argparse.Namespace], int], words: str,
                example: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words, epilog=example,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
        made.set_defaults(run=run)
        return made

    command("list", run_list, "list the shipped layers", "example: pullback list")
    generate = command(
        "generate", run_generate, "derive, prove and write modules and derivations",
        "examples:\n  pullback generate\n  pullback generate my_layer.toml --out mylib\n"
        "  pullback generate --check",
    )
    generate.add_argument("definitions", nargs="*", metavar="DEFINITION",
                          help="a shipped layer's name or a .toml file; all shipped ones if left out")
    generate.add_argument("--out", type=Path, default=Path("generated"), metavar="DIR",
                          help="the folder to write into (default: generated)")
    generate.add_argument("--check", action="store_true",
                          help="write nothing; print a diff and exit with 1 where files differ")
    shown = command("show", run_show, "print a derivation",
                    "examples:\n  pullback show mlp\n  pullback show my_layer.toml --format latex")
    shown.add_argument("definition", metavar="DEFINITION",
                       help="a shipped layer's name or a .toml file")
    shown.add_argument("--format", choices=("text", "latex"), default="text",
                       help="for the terminal (default) or a LaTeX document")
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
    """A derivation on the screen."""
    with progress([options.definition]) as (names, report):
        compiled = [compiled_from(name, report) for name in names][0]
    if options.format == "latex":
        print(latex(compiled.derivation, compiled.proof), end="")
    else:
        print(show(compiled.derivation, compiled.proof, colour=has_colour()))
    return 0


def run_generate(options: argparse.Namespace) -> int:
    """Modules and derivations, all proved before the first file is written."""
    definitions = options.definitions or library.shipped()
    texts: dict[str, str] = {}
    rows = []
    with progress(definitions) as (names, report):
        for definition in names:
            compiled = compiled_from(definition, report)
            texts.update(files(compiled))
            rows += row(compiled, options.out)
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


def compiled_from(definition: str, report: Callable[[str], None]) -> Compiled:
    """Every stage for one definition."""
    name, source = library.find(definition)
    return compile_definition(name, source, lambda n: library.beside(definition, n), report)


def package(names: Sequence[str]) -> str:
    """The text of generated/__init__.py."""
    lines = "\n".join(f"    from generated import {name}" for name in names)
    return f'"""NumPy modules written by pullback, one a layer.\n\n{lines}\n"""\n'


def row(compiled: Compiled, folder: Path) -> list[tuple[str, str, str, str, str]]:
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


@contextmanager
def progress(names: Sequence[str]) -> Iterator[tuple[Iterator[str], Callable[[str], None]]]:
    """The names, with a bar on a terminal where tqdm is installed; and what takes reports."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield iter(names), lambda _: None
        return
    bar = tqdm(names, desc="derive and prove", unit="layer", leave=False,
               disable=not sys.stderr.isatty())
    try:
        yield iter(bar), lambda text: bar.set_postfix_str(text[:40])
    finally:
        bar.close()
