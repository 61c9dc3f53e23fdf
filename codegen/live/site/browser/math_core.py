"""math-core, as far as pages call it, by temml: in a browser there is no other way to MathML."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import temml  # type: ignore[import-not-found]  # handed over by engine.js

# the page has one namespace, and its policy no styles but its own
LEFT_OUT = re.compile(r' (?:xmlns|style|class)="[^"]*"')


class LatexError(Exception):
    """LaTeX that is not read."""


class LatexToMathML:
    """A converter; it keeps no state between formulas."""

    def __init__(self, **options: object) -> None:
        self.options = options

    def convert_with_local_state(self, latex: str, displaystyle: bool = False) -> str:
        """A formula as XML."""
        try:
            text = str(temml.render(latex))
        except Exception as error:
            raise LatexError(str(error)) from None
        root = ET.fromstring(LEFT_OUT.sub("", text))
        whole = ET.Element("math")
        whole.extend(flat(root))
        return ET.tostring(whole, encoding="unicode")


def flat(row: ET.Element) -> Iterator[ET.Element]:
    """What stands in a row, and in rows within it: lines are broken between these."""
    for child in row:
        if child.tag == "mrow" and not child.attrib:
            yield from flat(child)
        else:
            yield child
