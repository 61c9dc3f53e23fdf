"""Formulas as MathML, which browsers set without scripts; LaTeX is turned into it by math-core.

Each tensor has a colour by its place in the layer, and long formulas come in pieces between which a
line may be broken. Screen readers get the formula's plain spelling.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from markupsafe import Markup

from codegen.notation import PAGE, Notation
from derive.errors import PullbackError
from derive.layer import Layer

HOW = "pip install 'pullback[pages]'"
COLOURS = 10  # in the palette of style.css.j2
LONG = 34  # letters of a formula that may be broken
BREAKS = {"+", "−", "=", "/"}  # a line may begin with these
OPEN, CLOSE = set("([{"), set(")]}")


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
    return root


def pieces(root: ET.Element) -> list[ET.Element]:
    """The parts of a row between which a line may be broken: each begins with an operator."""
    found, depth = [ET.Element("math", root.attrib)], 0
    for child in root:
        text = (child.text or "") if child.tag == "mo" else ""
        depth += (text in OPEN) - (text in CLOSE)
        before = found[-1][-1] if len(found[-1]) else None
        starts = text in BREAKS and before is not None and not is_operator(before)
        if starts and depth <= 1 and child.get("lspace") != "0" or text == "/" and depth == 0:
            child.set("form", "infix")
            found.append(ET.Element("math", root.attrib))
        found[-1].append(child)
    return found


def is_operator(element: ET.Element) -> bool:
    """Does a sign behind this belong to what follows?"""
    return element.tag == "mo" and (element.text or "") not in CLOSE


@dataclass(frozen=True)
class Typesetter:
    """Sets a layer's formulas; `classes` colours the names of its tensors."""

    classes: Mapping[str, str]

    def __call__(self, latex: str, words: str) -> Markup:
        """A formula; `words` is its spelling for those who cannot see it."""
        root = parsed(latex)
        for name in root.iter("mi"):
            if (name.text or "") in self.classes:
                name.set("class", self.classes[name.text or ""])
        parts = pieces(root) if len(words) > LONG else [root]
        if len(parts) == 1:
            parts[0].set("alttext", words)
            return Markup(serial(parts[0]))
        label = Markup('<span class="broken" role="math" aria-label="{}">').format(words)
        return label + Markup("<wbr>".join(map(serial, parts))) + Markup("</span>")

    def both(self, latex: Iterable[str], words: Iterable[str]) -> tuple[Markup, ...]:
        """Several formulas in both spellings."""
        return tuple(self(a, b) for a, b in zip(latex, words, strict=True))


def serial(element: ET.Element) -> str:
    """The text of an element, everything in it escaped."""
    return ET.tostring(element, encoding="unicode")


def colour(place: int) -> str:
    """The class of the tensor at this place."""
    return f"t{place % COLOURS}"


def typesetter(layer: Layer) -> Typesetter:
    """A typesetter that knows the layer's tensors."""
    classes = {}
    for name, place in Notation(layer).tensors.items():
        letters = parsed(PAGE.name(name)).find("mi")
        if letters is not None and letters.text:
            classes[letters.text] = colour(place)
    return Typesetter(classes)
