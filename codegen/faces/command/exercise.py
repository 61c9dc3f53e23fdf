"""The command `pullback exercise`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from pullback.codegen import library
from pullback.codegen.faces.marks import marked
from pullback.codegen.faces.options import add_out, add_shapes, names, typed
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faces.write import check_folder, refuse_to_lose, write
from pullback.codegen.faults import stages
from pullback.codegen.pages import mathml
from pullback.codegen.pages.detail import EVERY, KEY
from pullback.codegen.proved import proved
from pullback.derive.calculus.derivation import cotangent_name

TEX, HTML = FORMATS = ("tex", "html")
BOTH = "both"
SHEET, ANSWERS = "exercise", "answers"
EXAMPLES = """examples:
  pullback exercise mlp --blank dz,dW
  pullback exercise softmax_cross_entropy --hints --format tex
  pullback exercise my_layer.toml --blank all --detail every --to sheets
  pullback exercise homework.py:forward --shapes "x=N D; W=D K" --blank dW
"""


def add(exercise: ArgumentParser) -> None:
    """The arguments of `exercise`."""
    exercise.add_argument(
        "definition",
        metavar="DEFINITION",
        help="a shipped layer's name, a .toml file, or a function of NumPy expressions, "
        "homework.py:forward",
    )
    add_shapes(exercise)
    exercise.add_argument(
        "--blank",
        action="append",
        default=[],
        type=typed,
        metavar="NAME,…",
        help="the gradients that are asked for: dz, or the tensor's name, z (default: all)",
    )
    exercise.add_argument(
        "--hints",
        action="store_true",
        help="say the structure of each Jacobian and the shape of each answer",
    )
    exercise.add_argument(
        "--keep-twins",
        action="store_true",
        help="give gradients, too, that but for their letters are one that is asked for",
    )
    exercise.add_argument(
        "--detail",
        choices=(KEY, EVERY),
        default=KEY,
        help="the key steps of each answer (default), or every step",
    )
    exercise.add_argument(
        "--format",
        choices=(*FORMATS, BOTH),
        default=BOTH,
        help="LaTeX documents, pages that open offline, or both (default)",
    )
    words = f"the folder to write NAME_{SHEET} and NAME_{ANSWERS} into (default: this one)"
    add_out(exercise, ".", words, "--to")


def run(options: Namespace) -> int:
    """A sheet and its answers, in files apart."""
    formats = FORMATS if options.format == BOTH else (options.format,)
    if HTML in formats:
        mathml.converter()  # where it is missing that is said at once
    definition = library.addressed(options.definition, options.shapes)
    name, source = library.find(definition)
    planned = [f"{name}_{part}.{ending}" for ending in formats for part in (SHEET, ANSWERS)]
    check_folder(options.out)
    refuse_to_lose(options.out, planned, options.force)
    with stages(name, source):
        # imported where it is asked for: help needs no templates
        from pullback.codegen.pages.exercise import Exercise, asked
        from pullback.codegen.pages.outlines import Outlines

        doing(f"derive {name}")
        proof = proved(name, source, library.called_from(definition), watched)
        blank = asked(proof.derivation, names(options.blank))
        made = Exercise(Outlines(proof.derivation, proof), blank, options.hints, options.keep_twins)
        texts: list[str] = []
        if TEX in formats:
            texts += [made.latex_sheet(), made.latex_answers(options.detail)]
        if HTML in formats:
            texts += [made.html_sheet(), made.html_answers(options.detail)]
    nothing_more()
    if made.twins:
        print(f"pullback: {left_out(made.twins)}; --keep-twins gives them", file=sys.stderr)
    files = {file: marked(file, text, False) for file, text in zip(planned, texts, strict=True)}
    write(options.out, files, force=options.force)
    for file in files:
        print(options.out / file)
    return 0


def left_out(twins: Mapping[str, str]) -> str:
    """What is not given on a sheet, and why."""
    both = (f"{cotangent_name(a)} would tell {cotangent_name(b)}" for a, b in twins.items())
    return f"not given, as they have one form but for letters: {', '.join(both)}"
