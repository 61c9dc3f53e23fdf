"""Derivations in LaTeX: one as a document or as slides, or many as a book.

None needs packages beside amsmath and amssymb, slides beamer, and the book hyperref.

Every text from a definition is escaped on its way into the template, without being asked to; only
formulas, which the printer of index notation has spelled, are put in as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment

from pullback.codegen.notation.styles import GREEK, LATEX
from pullback.codegen.pages.law_texts import law_texts
from pullback.codegen.pages.outline import Outline, pieces
from pullback.codegen.pages.outlines import outline
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof

ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": "'{}",
    "-": "-{}",
    "?": "?{}",
    "!": "!{}",
    ",": ",{}",
    "[": "{[}",
    "]": "{]}",
    "“": "``{}",
    "”": "''{}",
    "‘": "`{}",
    "’": "'{}",
    "–": "--{}",
    "—": "---{}",
    "…": r"\dots{}",
}
SIGNS: dict[str, str] = dict(
    re.findall(
        r"(\S) (\S+)",
        r"Σ \Sigma  δ \delta  ∂ \partial  π \pi  ℒ \mathcal{L}  − -  · \cdot  × \times  ⊙ \odot  "
        r"√ \surd  ∞ \infty  ≤ \le  ≥ \ge  ≠ \ne  → \to  ′ '  ² ^2  ³ ^3  ᵀ ^{\top}  𝟏 \mathbf{1}  "
        r"𝟙 \mathrm{1\!l}  "
        r"⁻ ^-  ⁰ ^0  ¹ ^1  ⁴ ^4  ⁵ ^5  ⁶ ^6  ⁷ ^7  ⁸ ^8  ⁹ ^9  "
        r"± \pm  ∈ \in  ≈ \approx  ₀ _0  ₁ _1  ₂ _2  ₃ _3  ₄ _4  ₅ _5  ₆ _6  ₇ _7  ₈ _8  ₉ _9",
    )
)
ACCENTS = set(map(chr, [*range(0x300, 0x305), 0x306, 0x307, 0x308, 0x30A, 0x30B, 0x30C, 0x327]))
LETTERS = set("ßøØæÆœŒłŁ")


class Formula(str):
    """LaTeX that is put in as it is."""

    __slots__ = ()


def escape(text: str) -> str:
    """Text that LaTeX shows as it is, on one line; what it has no sign for by its code point."""
    return "".join(escape_char(c) for c in unicodedata.normalize("NFC", text))


def escape_char(char: str) -> str:
    """One character."""
    if char in ESCAPES:
        return ESCAPES[char]
    if char in SIGNS:
        return rf"\ensuremath{{{SIGNS[char]}}}"
    if char in GREEK.values():
        name = next(n for n, c in GREEK.items() if c == char)
        return rf"\ensuremath{{{LATEX.name(name)}}}"
    if (char.isascii() and char.isprintable()) or char in LETTERS:
        return char
    if char.isspace():
        return " "
    parts = unicodedata.normalize("NFD", char)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in ACCENTS:
        return char
    return f"{{[}}U+{ord(char):04X}{{]}}"


def put(value: Any) -> str:
    """What the template prints: formulas as they are, everything else escaped."""
    return value if isinstance(value, Formula) else escape(str(value))


MARKED = re.compile(r"`([^`]+)`|δ\((\w, \w)\)|_(?:\{([^}]*)\}|(\w))")


def words(text: str) -> Formula:
    """A law's own words, in which `this` is code x_n or Σ_{j≠y} has something below, and δ(j, l)
    is spelled as in formulas."""
    found, end = "", 0
    for mark in MARKED.finditer(text):
        code, equal, *below = mark.groups()
        found += escape(text[end : mark.start()])
        end = mark.end()
        if equal:
            found += rf"$\delta_{{{equal.replace(',', '')}}}$"
            continue
        inner = escape(code or below[0] or below[1])
        found += rf"{{\typewriter {inner}}}" if code else rf"\textsubscript{{{inner}}}"
    return Formula(found + escape(text[end:]))


def sentence(text: str) -> Formula:
    """A sentence whose formulas stand between backticks."""
    parts = (f"${piece}$" if is_formula else escape(piece) for piece, is_formula in pieces(text))
    return Formula("".join(parts))


INNER = r"\\partial (?:[^{}]|\{[^{}]*\})*"  # at most one pair of braces in another
SLOPE = re.compile(rf"\\frac\{{({INNER})\}}\{{({INNER})\}}")


def flat(text: str) -> str:
    """Derivatives with a stroke, as fractions in small type would be set smaller still."""
    found = SLOPE.sub(r"\1/\2", text)
    return re.sub(r"\\bigg[lr]([()])", r"\1", found) if r"\frac" not in found else found


SIGN = re.compile(
    r" (?P<sign>[+=-]|\\odot|\\mathbin\{\\Big/\}) |\\,|, |\\(?:begin|end)\{|\\.|[{}()\[\]]"
)


def breakable(formula: str) -> Formula:
    """A formula with marks before which a line may end: before signs, best outside brackets.

    TeX itself would end lines behind a sign. The higher the mark's number, the less is a break
    wanted there; within braces, and from \\begin to \\end, nothing is broken.
    """
    braces = brackets = 0

    def mark(found: re.Match[str]) -> str:
        nonlocal braces, brackets
        text, sign = found[0], found["sign"]
        braces += (text == "{") + 2 * (text == r"\begin{") - (text == "}")  # \end{…} closes two
        brackets += (text in "([") - (text in ")]")
        if braces or (sign == "=" and brackets):
            return text
        if sign:
            return rf" \brk{{{50 + 200 * brackets - 50 * (sign == '=')}}}{sign} "
        if text == r"\,":
            before_bracket = formula.startswith((r" \biggl(", " ("), found.end())
            return rf"\brk{{{(150 if before_bracket else 900) + 200 * brackets}}}\,"
        return rf", \brk{{{300 + 200 * brackets}}}" if text == ", " else text

    return Formula(SIGN.sub(mark, formula))


@cache
def templates() -> Environment:
    """Jinja with marks that LaTeX does not use."""
    made = environment(
        __package__,
        finalize=put,  # which escapes, for LaTeX
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    made.filters["formula"] = breakable
    made.filters["placed"] = Formula
    made.filters["words"] = words
    made.filters["flat"] = flat
    made.filters["sentence"] = sentence
    return made


def latex(derivation: Derivation, proof: Proof) -> str:
    """The derivation as a complete document."""
    return document(outline(derivation, proof, LATEX))


def document(page: Outline) -> str:
    """An outline, spelled in LaTeX, as a complete document."""
    return render("derivation.tex.j2", page=page)


def slides(page: Outline) -> str:
    """An outline, spelled in LaTeX, as slides: one for each gradient, or more."""
    return render("slides.tex.j2", page=page)


def render(template: str, **values: Any) -> str:
    """A template with these values, and no more than one empty line at a time."""
    text = templates().get_template(template).render(**values)
    return re.sub(r"\n{3,}", "\n\n", text)


@dataclass(frozen=True)
class Chapter:
    """A derivation as a part of a book; `plain` is the title for the PDF's own table."""

    title: str
    plain: str
    body: str
    handout: str  # its lines beside what stands here; empty where the definition names none


def chapter(derivation: Derivation, proof: Proof) -> Chapter:
    """A derivation as a chapter."""
    page = outline(derivation, proof, LATEX)
    plain = " ".join(re.findall(r"[A-Za-z0-9]+", page.title))
    handout = render("handout.tex.j2", page=page) if page.handout else ""
    return Chapter(page.title, plain, render("body.tex.j2", page=page), handout)


def book(chapters: Sequence[Chapter]) -> str:
    """Derivations as one document, with the laws behind them."""
    return render("book.tex.j2", chapters=chapters, laws=law_texts(LATEX))
