"""Greek letters and their names; a name that is one is a letter, and no product of others."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

LETTERS = "αβγδεζηθικλμνξοπρσςτυφχψωΓΔΘΛΞΠΣΦΨΩϵϕϑϱ"


def greek(char: str) -> str:
    """The name of a Greek letter.

    >>> greek("λ"), greek("Σ"), greek("ϵ")
    ('lamda', 'Sigma', 'epsilon')
    """
    words = unicodedata.name(char).removesuffix(" SYMBOL").split()
    return words[-1].capitalize() if "CAPITAL" in words else words[-1].lower()


GREEK: Mapping[str, str] = {char: greek(char) for char in LETTERS}
