"""The command `pullback book`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pullback.codegen import library
from pullback.codegen.faces.command.generate import answered, compiled_from
from pullback.codegen.faces.marks import marked
from pullback.codegen.faces.options import add_out
from pullback.codegen.faces.parallel import each
from pullback.codegen.faces.progress import nothing_more
from pullback.codegen.faces.write import check_folder, refuse_to_lose, write
from pullback.codegen.pages.latex import Chapter, book, chapter

BOOK = "book.tex"
EXAMPLES = """examples:
  pullback book
  pullback book --out /tmp/book
  cd build/book && pdflatex book && pdflatex book    (make book does all of it)
"""


def add(bound: ArgumentParser) -> None:
    """The arguments of `book`."""
    add_out(bound, "build/book", "the folder to write book.tex into (default: build/book)")


def run(options: Namespace) -> int:
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
