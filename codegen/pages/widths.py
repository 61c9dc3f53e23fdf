"""How wide a formula in LaTeX is about, in points at 10 pt, without TeX at hand.

The widths are those of Computer Modern, rounded up: a formula that fits by this fits in print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from pullback.codegen.notation.styles import LATEX_FUNCTIONS

WORDS = re.compile(r"\\[A-Za-z]+\*?|\\.|\S", re.DOTALL)
RELATIONS = {"=", "<", ">", r"\ne", r"\le", r"\ge", r"\to"}
BINARY = {"+", "-", r"\odot", r"\cdot", r"\times", r"\circ", r"\pm"}
SPACES = {r"\,": 1.7, r"\;": 2.8, r"\!": -1.7, r"\quad": 10.0, r"\qquad": 20.0, "~": 3.4, "&": 10.0}
NARROW = dict.fromkeys("()[]|.,'!:;/", 4.5) | dict.fromkeys("fijltrI", 4.5)
WIDE = dict.fromkeys("mwMW", 10.5) | {r"\sum": 14.5, r"\Big": 4.0}
UPRIGHT = {r"\mathrm", r"\text", r"\operatorname", r"\mathbf", r"\mathcal", r"\mathbin", r"\dot"}
BRACKETS = {r"\biggl", r"\biggr", r"\bigl", r"\bigr"}
FUNCTIONS = {rf"\{name}" for name in LATEX_FUNCTIONS}
STACKED = {r"\sum", r"\max", r"\min"}  # what stands below them takes no room at the right
SMALL = 0.75  # of scripts
TALL = 4.5  # how much wider a tall bracket is
AROUND = 2.5  # on both sides of a fraction's stroke
ROOT = 9.0
FENCE = 12.0  # the brackets around a matrix


@cache
def width(formula: str) -> float:
    """About how wide a formula is."""
    return Reader(WORDS.findall(formula)).row()


class Reader:
    """Goes through the words of a formula."""

    def __init__(self, words: list[str]) -> None:
        self.words, self.at = words, 0

    def row(self, ends: tuple[str, ...] = ()) -> float:
        """The width up to one of these ends, which is passed over, or to the last word."""
        total, before = 0.0, ""
        while self.at < len(self.words):
            word = self.words[self.at]
            if word in ends:
                self.at += 1
                break
            total += self.piece(before)
            before = word
        return total

    def piece(self, before: str = "") -> float:
        """The next word with what it takes; `before` is the word that stands before it."""
        word = self.words[self.at]
        self.at += 1
        if word == "{":
            return self.row(("}",))
        if word in ("_", "^"):
            script = SMALL * self.piece()
            return max(0.0, script - WIDE[r"\sum"]) if before in STACKED else script
        if word == r"\frac":
            return max(self.piece(), self.piece()) + AROUND
        if word == r"\sqrt":
            return self.piece() + ROOT
        if word in UPRIGHT:
            return self.piece()
        if word == r"\begin":
            return self.matrix()
        if word in BRACKETS:
            return TALL
        return self.sign(word)

    def matrix(self) -> float:
        """The widest row of an environment; `&` has a width of its own."""
        self.piece()
        rows = list(self.rows())
        self.piece()
        return max(rows) + FENCE

    def rows(self) -> Iterator[float]:
        """The rows up to the end of an environment."""
        while self.at < len(self.words):
            yield self.row((r"\\", r"\end"))
            if self.words[self.at - 1] == r"\end":
                return

    def sign(self, word: str) -> float:
        """One sign."""
        if word in RELATIONS:
            return 13.4
        if word in BINARY:
            return 12.3
        if word in SPACES:
            return SPACES[word]
        if known := NARROW.get(word) or WIDE.get(word):
            return known
        if word in FUNCTIONS:
            return 5.5 * (len(word) - 1)
        return 8.6 if word.isupper() else 6.5
