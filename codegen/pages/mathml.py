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
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer

HOW = "pip install 'pullback[pages]'"
COLOURS = 10  # in the palette of style.css.j2
LONG = 34  # letters of a formula, or of a part of it, that may be broken
SUMS = {"+", "−"}  # a line may begin with these
BREAKS = SUMS | {"=", "/"}  # ... and outside brackets with these
OPEN, CLOSE = set("([{"), set(")]}")
SCRIPTS = ("msup", "msub", "msubsup")


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


def grown(base: ET.Element) -> ET.Element:
    """A sign in a row of its own: as the very base of a script browsers do not let it grow."""
    row = ET.Element("mrow")
    row.append(base)
    return row


def pieces(root: ET.Element) -> list[ET.Element]:
    """The parts of a row between which a line may be broken: each begins with an operator.

    Breaks are outside brackets; parts that are still long are broken within one bracket too.
    """
    found = []
    for part in split(list(root), 0):
        found += split(part, 1) if sum(len("".join(e.itertext())) for e in part) > LONG else [part]
    made: list[ET.Element] = []
    for part in found:
        element = ET.Element("math", root.attrib)
        element.extend(part)
        if made and part[0].tag == "mo" and part[0].text in BREAKS:
            part[0].set("form", "infix")
        made.append(element)
    return made


def split(row: list[ET.Element], within: int) -> list[list[ET.Element]]:
    """A row in parts, broken before operators that stand in so many brackets at most."""
    found: list[list[ET.Element]] = [[]]
    depth = 0
    for child in row:
        text = (child.text or "") if child.tag == "mo" else closing(child)
        depth += (text in OPEN) - (text in CLOSE)
        before = next((e for e in reversed(found[-1]) if e.tag != "mspace"), None)
        binary = before is not None and not is_operator(before) and child.get("lspace") != "0"
        may = depth <= within and (text in SUMS or (text in BREAKS and not depth))
        if found[-1] and may and (binary or text == "/"):
            found.append([])
        found[-1].append(child)
    return found


def closing(element: ET.Element) -> str:
    """The bracket that bears a script, as in (a)ᵀ; none of anything else."""
    if element.tag not in SCRIPTS:
        return ""
    text = "".join(element[0].itertext())
    return text if text in CLOSE else ""


def is_operator(element: ET.Element) -> bool:
    """Does a sign behind this belong to what follows?"""
    return element.tag == "mo" and (element.text or "") not in CLOSE


@dataclass(frozen=True)
class Typesetter:
    """Sets a layer's formulas; `classes` colours the names of its tensors."""

    classes: Mapping[str, str]

    def __call__(self, latex: str, words: str, whole: bool = False) -> Markup:
        """A formula, in one piece if asked; `words` is its spelling for those who cannot see it."""
        root = parsed(latex)
        for name in root.iter("mi"):
            if (name.text or "") in self.classes:
                name.set("class", self.classes[name.text or ""])
        parts = pieces(root) if len(words) > LONG and not whole else [root]
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
