"""Names that are made of other names: is `xW` the product of x and W?"""

from __future__ import annotations

import re
from collections.abc import Collection

from pullback.derive.read.greek import GREEK

GREEK_NAMES = {*GREEK.values(), "lambda"}


def split(name: str, known: Collection[str]) -> tuple[str, ...]:
    """The fewest known names, two at least, that a name is made of; empty if it is not.

    >>> split("xW", {"x", "W"}), split("xWx", {"x", "W", "xW"}), split("xV", {"x", "W"})
    (('x', 'W'), ('xW', 'x'), ())
    """
    best: list[tuple[str, ...] | None] = [(), *[None] * len(name)]
    for end in range(1, len(name) + 1):
        for start in range(end):
            before, part = best[start], name[start:end]
            if before is None or part not in known or part == name:
                continue
            if best[end] is None or len(before) + 1 < len(best[end] or ()):
                best[end] = (*before, part)
    return best[-1] or ()


def letters_of(name: str) -> tuple[str, ...]:
    """The letters of a name that looks like a product, a small letter beside a capital one.

    >>> letters_of("xW"), letters_of("Wx"), letters_of("dW1")
    (('x', 'W'), (), ())
    """
    return tuple(name) if re.fullmatch("[a-z][A-Z]", name) else ()


def question(name: str, known: Collection[str], instead: str = "") -> str:
    """Is an unknown name a product of known ones? Empty where it is not, or is a Greek letter.

    `instead` says what to write, where that is not plain juxtaposition.

    >>> question("xW", {"x", "W"})
    'xW is not declared; is it x W, the product? write `x W` or declare it'
    """
    parts = () if name in GREEK_NAMES else split(name, known)
    product = " ".join(parts)
    asked = f"{name} is not declared; is it {product}, the product?"
    return f"{asked} write {instead or f'`{product}` or declare it'}" if parts else ""
