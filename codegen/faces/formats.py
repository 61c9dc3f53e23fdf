"""A proved derivation as text, in each format that `pullback show` has.

What a format needs is imported where it is asked for: a derivation in a terminal needs neither
NumPy nor templates.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from pullback.codegen.notation.letters import renamed
from pullback.codegen.notation.styles import LATEX, UNICODE, Style
from pullback.codegen.pages.detail import BOTH, EVERY, KEY, narrowed
from pullback.codegen.pages.outline import Outline
from pullback.codegen.pages.outlines import Outlines
from pullback.derive.proof.proving import Proof

NARROW, WIDE, USUAL = 60, 140, 100  # columns that a derivation may take, and takes in a file


@dataclass(frozen=True)
class Asked:
    """What is to be shown of a derivation; `detail` is None where the format has a choice."""

    of: tuple[str, ...] = ()
    detail: str | None = None
    notation: str = BOTH
    seconds: bool = True
    letters: Mapping[str, str] = field(default_factory=dict)

    def renamed(self, proof: Proof) -> Mapping[str, str]:
        """What is printed in place of the layer's names."""
        return renamed(proof.derivation.layer, self.letters)

    def outline(self, proof: Proof, style: Style, usual: str = EVERY) -> Outline:
        """That much of the outline in a style."""
        whole = Outlines(proof.derivation, proof, self.renamed(proof))[style]
        return narrowed(whole, self.of, self.detail or usual, self.notation, self.seconds)


def as_text(proof: Proof, asked: Asked) -> str:
    """For a terminal; the key steps alone where nothing else is asked for."""
    from pullback.codegen.pages.terminal import Screen

    page = asked.outline(proof, UNICODE, usual=KEY)
    text = Screen(has_colour(), columns()).show(page)
    if asked.detail is None:
        rest = ", forward mode and second derivatives" if proof.derivation.seconds else ""
        count = len(proof.derivation.steps)
        text += f"\nThese are key steps; --detail every shows all {count}{rest}.\n"
    return text


def as_latex(proof: Proof, asked: Asked) -> str:
    """A document."""
    from pullback.codegen.pages.latex import document

    return document(asked.outline(proof, LATEX))


def as_slides(proof: Proof, asked: Asked) -> str:
    """A frame for each gradient; the key steps where nothing else is asked for."""
    from pullback.codegen.pages.latex import slides

    return slides(asked.outline(proof, LATEX, usual=KEY))


def as_fragment(proof: Proof, asked: Asked) -> str:
    """What can be pasted into a document of one's own."""
    from pullback.codegen.pages.fragment import fragment

    return fragment(asked.outline(proof, LATEX, usual=KEY).sections)


def as_html(proof: Proof, asked: Asked) -> str:
    """A page; it has folds of its own, and so it is always whole. Code keeps its own names."""
    from pullback.codegen.compiler import html, lowered

    return html(replace(lowered(proof), letters=asked.renamed(proof)))


def as_json(proof: Proof, asked: Asked) -> str:
    """The outline as data, its formulas in Unicode and in LaTeX."""
    styles = {"unicode": UNICODE, "latex": LATEX}
    pages = {name: asdict(asked.outline(proof, style)) for name, style in styles.items()}
    return json.dumps(pages, ensure_ascii=False, indent=1) + "\n"


def as_certificate(proof: Proof) -> str:
    """Data that can be checked."""
    from pullback.codegen.faces.certificates import written

    return written(proof)


FORMATS: dict[str, Callable[[Proof, Asked], str]] = {
    "text": as_text,
    "latex": as_latex,
    "tex-fragment": as_fragment,
    "beamer": as_slides,
    "html": as_html,
    "json": as_json,
}


def has_colour() -> bool:
    """Does the terminal show colour, and does the user want it?"""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def columns() -> int:
    """How wide the terminal is, within reason; a fixed number where it is none."""
    if not sys.stdout.isatty():
        return USUAL
    return min(max(shutil.get_terminal_size((USUAL, 0)).columns, NARROW), WIDE)
