"""Formulas as MathML, which browsers set without scripts; LaTeX is turned into it by math-core.

Each tensor has a colour by its place in the layer, and long formulas come in pieces between which a
line may be broken. Screen readers get the formula's plain spelling.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import Any

from markupsafe import Markup

from pullback.codegen.notation.names import Tensors
from pullback.codegen.notation.styles import PAGE
from pullback.codegen.pages.breaking import ROOM, SCRIPTS, grown, pieces
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer

HOW = "pip install 'pullback[pages]'"
COLOURS = 10  # in the palette of style.css.j2
LONG = 34  # letters of a formula that may be broken


def available() -> bool:
    """Is math-core there?"""
    return find_spec("math_core") is not None


@cache
def converter() -> Any:
    """The one converter; it keeps no state between formulas."""
    try:
        from math_core import LatexToMathML
    except ImportError:
        raise PullbackError(f"pages need the package math-core: {HOW}") from None
    return LatexToMathML(fancy_error=False)


@cache
def mathml(latex: str) -> str:
    """A formula as XML, in display style; PullbackError where math-core cannot read it."""
    from math_core import LatexError

    try:
        text: str = converter().convert_with_local_state(latex, displaystyle=True)
    except LatexError as error:
        raise PullbackError(f"the formula {latex!r} cannot become MathML: {error}") from None
    return text.replace("&ApplyFunction;", "\u2061").replace("\ufe00", "")


def parsed(latex: str) -> ET.Element:
    """A formula as a tree without what browsers do not need."""
    root = ET.fromstring(mathml(latex))
    root.attrib = {"displaystyle": "true"}
    for row in list(root.iter("mrow")):
        if [e.tag for e in row] == ["mspace", "mi"] and not row[0].attrib:
            word = row[1]
            row.clear()
            row.tag, row.text = word.tag, word.text
            row.attrib = dict(word.attrib)
    for power in root.iter("msup"):
        if set(power[1].text or "") == {"′"}:  # raised already, and tiny where raised twice
            power.tag = "mrow"
            power[1].attrib = {"lspace": "0", "rspace": "0"}
    for script in root.iter():
        if script.tag in SCRIPTS and script[0].tag == "mo":
            script[0] = grown(script[0])
    return root


@dataclass(frozen=True)
class Typesetter:
    """Sets a layer's formulas; `classes` colours the names of its tensors."""

    classes: Mapping[str, str]

    def __call__(self, latex: str, words: str, whole: bool = False, room: float = ROOM) -> Markup:
        """A formula, in one piece if asked; `words` is its spelling for those who cannot see it.

        What is wider than `room`, in pixels, may be broken in more places.
        """
        root = parsed(latex)
        for name in root.iter("mi"):
            if (name.text or "") in self.classes:
                name.set("class", self.classes[name.text or ""])
        parts = pieces(root, room) if len(words) > LONG and not whole else [root]
        if len(parts) == 1:
            parts[0].set("alttext", words)
            return Markup(serial(parts[0]))
        label = Markup('<span class="broken" role="math" aria-label="{}">').format(words)
        return label + Markup("<wbr>".join(map(serial, parts))) + Markup("</span>")

    def both(self, latex: Iterable[str], words: Iterable[str]) -> tuple[Markup, ...]:
        """Several formulas in both spellings; where there is none, nothing."""
        pairs = zip(latex, words, strict=True)
        return tuple(self(a, b) if b else Markup() for a, b in pairs)


def shown(latex: str, words: str) -> str | None:
    """A formula without colours, for where no style sheet of ours is; None without math-core."""
    return str(Typesetter({})(latex, words)) if available() else None


def serial(element: ET.Element) -> str:
    """The text of an element, everything in it escaped."""
    return ET.tostring(element, encoding="unicode")


def colour(place: int) -> str:
    """The class of the tensor at this place."""
    return f"t{place % COLOURS}"


def typesetter(layer: Layer, letters: Mapping[str, str] | None = None) -> Typesetter:
    """A typesetter that knows the layer's tensors, by the letters that are printed for them."""
    style = replace(PAGE, letters=letters or {})
    classes = {}
    for name, place in Tensors(layer).places.items():
        printed = parsed(style.name(name)).find("mi")
        if printed is not None and printed.text:
            classes[printed.text] = colour(place)
    return Typesetter(classes)
