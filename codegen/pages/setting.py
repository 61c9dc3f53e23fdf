"""What all parts of a page share: the templates, and formulas set in the colours of a layer."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import PAGE, UNICODE
from pullback.codegen.pages.breaking import ROOM
from pullback.codegen.pages.law_texts import law_text
from pullback.codegen.pages.mathml import Typesetter, typesetter
from pullback.codegen.pages.outline import Formula, Outline, Words, pieces
from pullback.codegen.pages.outliner import Outliner
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, Gradient
from pullback.derive.laws.registry import LAWS
from pullback.derive.layer import Layer, Node

FONT = Path(__file__).parent / "fonts" / "math.woff2"
Context = dict[str, Any]  # what a template takes
About = tuple[Markup, Any]  # a formula and what is said of it


@cache
def templates() -> Environment:
    """Jinja that escapes everything."""
    made = environment(__package__, autoescape=True)
    made.filters["prose"] = prose
    return made


def render(template: str, **context: Any) -> str:
    """A whole document from a template, its font in itself."""
    font = base64.b64encode(FONT.read_bytes()).decode()
    text = templates().get_template(template).render(context, font=font)
    return re.sub(r"\n\s*\n+", "\n", text)


DELTA = re.compile(r"δ\((\w), (\w)\)")


def plain(text: str) -> str:
    """Text on one line, without characters that steer what stands around them."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def plain_piece(text: str) -> str:
    """A part of a line, its spaces at both ends kept."""
    ends = [" " * (text[at : at + 1].isspace()) for at in (0, len(text) - 1)] if text else ["", ""]
    return f"{ends[0]}{plain(text)}{ends[1]}" if plain(text) else ends[0]


def prose(text: str) -> Markup:
    """A sentence of a law: `a_l`, `Σ_{i≠l}` and `a^p` have their indices, backticks hold code.

    δ(j, l) is spelled as in formulas.
    """
    safe = DELTA.sub(r"δ<sub>\1\2</sub>", str(Markup.escape(text)))
    safe = re.sub(r"\^\(([^)]*)\)|\^(\w)", lambda m: f"<sup>{m[1] or m[2]}</sup>", safe)
    safe = re.sub(r"_\{([^}]*)\}|_(\w)(?!\w)", lambda m: f"<sub>{m[1] or m[2]}</sub>", safe)
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", safe))


def slug(law: str) -> str:
    """A law's name as part of an address."""
    return "law-" + re.sub(r"[^a-z0-9]+", "-", law.lower()).strip("-")


@cache
def law_context(name: str) -> Context:
    """What pages say of a law."""
    law = LAWS[name]
    example, given = law_example(name)
    return {
        "name": name,
        "slug": slug(name),
        "statement": law.statement,
        "example": example,
        "given": given,
        "reason": law.reason,
    }


def law_example(name: str) -> tuple[Markup, tuple[Markup, ...]]:
    """An example of a law, set, and what is given for it."""
    typeset = Typesetter({})
    latex, words = (law_text(LAWS[name], style) for style in (PAGE, UNICODE))
    whole, spoken = (f"{t.before} = {t.after}" for t in (latex, words))
    return typeset(whole, spoken), typeset.both(latex.given, words.given)


@dataclass(frozen=True)
class Setting:
    """A derivation in the two alphabets of a page: LaTeX for MathML, Unicode for screen readers."""

    known: Outlines

    @property
    def derivation(self) -> Derivation:
        """The derivation."""
        return self.known.derivation

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.derivation.layer

    @cached_property
    def gradients(self) -> Mapping[str, Gradient]:
        """The gradients by their tensors' names."""
        return {g.tensor.name: g for g in self.derivation.gradients}

    @cached_property
    def typeset(self) -> Typesetter:
        """Sets formulas in the layer's colours."""
        return typesetter(self.layer, self.known.letters)

    @property
    def outlines(self) -> tuple[Outline, Outline]:
        """The outline as LaTeX and in Unicode."""
        return self.known[PAGE], self.known[UNICODE]

    @property
    def outliners(self) -> tuple[Outliner, Outliner]:
        """What spells parts of the derivation, as LaTeX and in Unicode."""
        return self.known.outliner(PAGE), self.known.outliner(UNICODE)

    @property
    def notations(self) -> tuple[Notation, Notation]:
        """The layer's names, as LaTeX and in Unicode."""
        latex, words = self.outliners
        return latex.notation, words.notation

    def formula(
        self, spell: Callable[[Notation], str], whole: bool = False, room: float = ROOM
    ) -> Markup:
        """What `spell` makes of a notation, set, in one piece if asked."""
        latex, words = map(spell, self.notations)
        return self.typeset(latex, words, whole, room)

    def put(self, spell: Callable[[Outliner], str]) -> Markup:
        """What `spell` makes of an outliner, set."""
        latex, words = map(spell, self.outliners)
        return self.typeset(latex, words)

    def name(self, name: str) -> Markup:
        """The name of a tensor, an axis or a size, set."""
        return self.formula(lambda notation: notation.style.name(name))

    def words(self, text: str) -> str:
        """The engine's own words, with the letters of leading axes."""
        return self.notations[1].words(text)

    def equation(self, node: Node) -> Markup:
        """A line of a definition, set."""
        return self.formula(lambda notation: notation.definition(node))

    def sentence(self, latex: Words, words: Words) -> list[Markup | str]:
        """A sentence in pieces, its formulas set; empty without one."""
        both = zip(pieces(latex), pieces(words), strict=True) if words else ()
        return [self.typeset(a, b) if math else plain_piece(b) for (a, math), (b, _) in both]

    def pairs(
        self, latex: Iterable[tuple[Formula, Any]], words: Iterable[tuple[Formula, Any]]
    ) -> list[About]:
        """Formulas with what is said of them."""
        return [
            (self.typeset(a, b), about) for (a, about), (b, _) in zip(latex, words, strict=True)
        ]

    def kinks(self, node: Node) -> list[About]:
        """What is declared at a node's kinks."""
        latex, words = (outliner.kinks_of(node) for outliner in self.outliners)
        return self.pairs(latex, words)
