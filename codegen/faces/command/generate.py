"""The command `pullback generate`: modules, their tests and their derivations, into a folder."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pullback.codegen import library
from pullback.codegen.compiler import (
    Compiled,
    compile_definition,
    file_names,
    files,
    module_file,
)
from pullback.codegen.faces.beside import links, read, shelf
from pullback.codegen.faces.gallery import FILE, entry, gallery
from pullback.codegen.faces.marks import marked
from pullback.codegen.faces.options import add_out, add_shapes
from pullback.codegen.faces.parallel import each
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faces.remembered import Remembered, key_of, remembered
from pullback.codegen.faces.write import (
    WRITTEN,
    check_folder,
    differences,
    is_ours,
    refuse_to_lose,
    stale_files,
    write,
)
from pullback.codegen.faults import stages
from pullback.codegen.pages import mathml, site
from pullback.codegen.pages.links import Links
from pullback.codegen.targets.table import NUMPY, PRECISE, TARGETS
from pullback.codegen.targets.target import Target
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer

EXAMPLES = """examples:
  pullback generate
  pullback generate my_layer.toml --out mylib
  pullback generate --check
  pullback generate --check --fresh    (trusting nothing that is known from before)
  pullback generate softmax_cross_entropy --precise --out precise
  pullback generate mlp --target plain --out simple
"""
FOLDER = Path("generated")  # where files go that are not told where
PACKAGE = "__init__.py"
Row = tuple[str, str, str, str, str]


class Outcome(NamedTuple):
    """What comes of a definition: files, rows of the table, its parts of gallery and list."""

    files: dict[str, str]
    rows: list[Row]
    entry: str
    card: site.Card | None

    @property
    def data(self) -> list[Any]:
        """The same as lists and texts alone."""
        return [self.files, self.rows, self.entry, self.card and self.card.data]

    @classmethod
    def of(cls, data: list[Any]) -> Outcome:
        """What `data` was made of."""
        texts, rows, entry, card = data
        return cls(texts, list(map(tuple, rows)), entry, card and site.Card.of(card))


def add(generate: ArgumentParser) -> None:
    """The arguments of `generate`."""
    generate.add_argument(
        "definitions",
        nargs="*",
        metavar="DEFINITION",
        help="a shipped layer's name, a .toml file, or a function of NumPy expressions, "
        "homework.py:forward (default: all shipped)",
    )
    add_shapes(generate)
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
            raise ArgumentTypeError(f"there is no target {name!r}; there are {known}")
    return [TARGETS[name] for name in names]


def run(options: Namespace) -> int:
    """Modules and derivations, all proved before the first file is written."""
    own = [library.addressed(d, options.shapes) for d in options.definitions]
    definitions, whole = own or library.shipped(), not own
    folder = folder_for(options)
    together, listed = shelf(definitions, folder, whole)
    planned = plan(definitions, whole, options.target, laws=whole or not listed)
    if not options.check:
        check_folder(folder)
        refuse_to_lose(folder, planned, options.force)
    if not mathml.available():
        print(f"pullback: pages (.html) are left out; to have them: {mathml.HOW}", file=sys.stderr)
    memory = Remembered(None) if options.fresh else remembered()
    layers = {d: read(d) for d in dict.fromkeys((*together, *definitions))}
    beside = links(together, layers, listed)
    results, known = outcomes(
        {d: (layers[d], beside[d]) for d in definitions}, options.target, memory
    )
    nothing_more()
    texts = {name: text for one in results for name, text in one.files.items()}
    texts |= shared(definitions, results, whole, laws=whole or not listed)
    endings = WRITTEN if mathml.available() else [e for e in WRITTEN if e != ".html"]
    stale = stale_files(folder, texts, endings) if whole else []
    if options.check:
        difference = differences(folder, texts, stale)
        print(difference, end="")
        return 1 if difference else 0
    print_table([(*c, str(folder / f) if f else "") for one in results for *c, f in one.rows])
    changed = write(folder, texts, stale, options.force)
    removed = f"; {len(stale)} of layers that are gone removed" if stale else ""
    print(f"{len(texts)} files in {folder}, {len(changed) - len(stale)} of them changed{removed}")
    if known:
        print(f"{known} of {len(results)} layers as derived before; --fresh derives them anew")
    return 0


def folder_for(options: Namespace) -> Path:
    """The folder that was named, or the one that is taken where none is."""
    if options.out is not None:
        return Path(options.out)
    if not (options.check or options.force or is_ours(FOLDER)):
        raise PullbackError(
            f"the folder {FOLDER} is there, and nothing in it is pullback's; "
            f"--out {FOLDER} takes it all the same, --out DIR another one"
        )
    return FOLDER


def plan(
    definitions: Sequence[str], whole: bool, targets: Sequence[Target], laws: bool
) -> list[str]:
    """The names of all files that will be written; refused where two would have one name."""
    pages = [site.LAWS_FILE] * laws + [site.HOME] * whole if mathml.available() else []
    names = [*pages, *([PACKAGE, FILE] if whole else [])]
    for definition in definitions:
        layer, _ = library.find(definition)
        for name in file_names(layer, targets):
            if name in names:
                raise PullbackError(f"{definition}: {name} would be written twice")
            names.append(name)
    return names


def outcomes(
    definitions: Mapping[str, tuple[Layer, Links]], targets: Sequence[Target], memory: Remembered
) -> tuple[list[Outcome], int]:
    """What comes of each definition, and of how many of them it was known from before."""
    keys = {d: key(d, *of, targets) for d, of in definitions.items()} if memory.folder else {}
    kept = {d: memory.get(k) for d, k in keys.items()}
    found = {d: Outcome.of(data) for d, data in kept.items() if data is not None}
    known, new = len(found), [d for d in definitions if d not in found]
    if new:
        beside = {d: definitions[d][1] for d in new}
        with each(partial(outcome, targets, beside), new) as made:
            for definition, one in zip(new, made, strict=True):
                found[definition] = one
                if memory.folder:
                    memory.put(keys[definition], one.data)
        memory.forget()
    return [found[d] for d in definitions], known


def key(definition: str, layer: Layer, beside: Links, targets: Sequence[Target]) -> str:
    """What the outcome for a definition hangs on, beside the engine."""
    shipped = str(definition in library.shipped())
    return key_of(layer.name, layer.digest, shipped, repr(beside), *(t.name for t in targets))


def outcome(targets: Sequence[Target], beside: Mapping[str, Links], definition: str) -> Outcome:
    """Everything that is written or said of a definition."""
    shipped = definition in library.shipped()
    with answered(definition):
        compiled = compiled_from(definition, targets[0])
        texts = files(compiled, beside[definition], targets)
        others = [compiled.plain.outlines] if compiled.plain else []
        card = site.card(compiled.outlines, *others) if mathml.available() else None
        texts = {name: marked(name, text, shipped) for name, text in texts.items()}
        return Outcome(texts, rows(compiled), entry(compiled), card)


def answered(definition: str) -> AbstractContextManager[None]:
    """A block of stages for a definition."""
    return stages(*library.find(definition))


def compiled_from(definition: str, target: Target = NUMPY) -> Compiled:
    """Every stage for one definition."""
    name, source = library.find(definition)
    doing(f"derive {name}")
    return compile_definition(name, source, library.called_from(definition), watched, target)


def shared(
    names: Sequence[str], results: Sequence[Outcome], whole: bool, laws: bool
) -> dict[str, str]:
    """The files that stand beside those of the layers; the page of laws is there if asked for."""
    texts: dict[str, str] = {}
    if whole:
        texts |= {PACKAGE: package(names), FILE: gallery(o.entry for o in results)}
    if mathml.available():
        cards = [o.card for o in results if o.card]
        page = site.laws_page(cards, site.HOME) if whole else site.laws_page()
        texts |= {site.LAWS_FILE: page} if laws else {}
        texts |= {site.HOME: site.index_page(cards)} if whole else {}
    return {name: marked(name, text, shipped=True) for name, text in texts.items()}


def package(names: Iterable[str]) -> str:
    """The text of generated/__init__.py."""
    lines = "\n".join(f"    from generated import {name}" for name in names)
    return f'"""NumPy modules written by pullback, one a layer.\n\n{lines}\n"""\n'


def rows(compiled: Compiled) -> list[Row]:
    """What the table says of a layer: a line for each Jacobian."""
    lines = []
    for gradient in compiled.derivation.gradients:
        for part in gradient.parts:
            name = f"∂{part.jacobian.node.name}/∂{gradient.tensor.name}"
            lines.append(f"{name} {part.jacobian.structure.words}")
    names = ", ".join(cotangent_name(n) for n in compiled.derivation.wanted)
    steps = f"{len(compiled.proof.steps)} of {len(compiled.derivation.steps)}"
    steps += ", no hvp" if compiled.derivation.lacks_hvp else ""
    name = compiled.layer.name
    first, *others = lines or [""]
    row = (name, names, steps, first, module_file(name, compiled.target, compiled.target))
    return [row, *(("", "", "", line, "") for line in others)]


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Rows under headings, in columns."""
    table = [("layer", "gradients", "steps proved", "Jacobians", "file"), *rows]
    widths = [max(len(r[column]) for r in table) for column in range(5)]
    for cells in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print(line.rstrip())
