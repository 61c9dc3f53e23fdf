"""The words of matrix notation, in plain text, in Unicode and in LaTeX, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pullback.derive.read.greek import GREEK, LETTERS
from pullback.derive.read.trees import Place, refuse
from pullback.derive.read.words import Token

ONES = "𝟏"  # the vector of ones
TRANSPOSE = "ᵀ"
NORM = "‖"
HABITS = {"lambda": "lamda", "Lambda": "Lamda", "varepsilon": "epsilon", "varphi": "phi"}
HABITS |= {"vartheta": "theta", "varrho": "rho"}
COMMANDS: Mapping[str, str] = {  # of LaTeX; "" is nothing at all
    **dict.fromkeys(("left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr"), ""),
    **dict.fromkeys(("displaystyle", "quad", "qquad"), ""),
    **dict.fromkeys(("top", "intercal", "prime"), TRANSPOSE),
    **dict.fromkeys(("odot", "circ"), ".*"),
    **dict.fromkeys(("Vert", "lVert", "rVert"), NORM),
    **dict.fromkeys(("vert", "lvert", "rvert", "mid"), "|"),
    "cdot": "·",
    "frac": "frac",
    "tfrac": "frac",
    "dfrac": "frac",
}
SIGNS: Mapping[str, str] = {
    **dict.fromkeys("'′’⊤ᵗ", TRANSPOSE),
    **dict.fromkeys(("⊙", "∘", ".*"), ".*"),
    **dict.fromkeys(("⋅", "•"), "·"),
    **dict.fromkeys(("||", "∥"), NORM),
    "−": "-",
    "**": "^",
    ".T": TRANSPOSE,
    ".^": ".^",
    "./": "./",
    "⊘": "./",
}
FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
INSTEAD: Mapping[str, str] = {
    "×": "the product of matrices is A B, of entries A ⊙ B",
    "⊗": "products of Kronecker are not read",
    "@": "the product is A B; NumPy's expressions go under 'arrays'",
    "[": "an entry of a tensor is index notation, which goes under 'equations'",
    "_": "an entry of a tensor is index notation, which goes under 'equations'",
    "∑": "a sum over an index is index notation; write sum(A), 𝟏ᵀ A or ‖A‖²",
    "\\sum": "a sum over an index is index notation; write sum(A), 𝟏ᵀ A or ‖A‖²",
    "∂": "derivatives are what comes out; write the forward pass",
    "\\partial": "derivatives are what comes out; write the forward pass",
    "∇": "derivatives are what comes out; write the forward pass",
    "\\nabla": "derivatives are what comes out; write the forward pass",
    "√": "write sqrt(x)",
    "\\sqrt": "write sqrt(x)",
    "⁻": "inverses are not read; write 1/a for a number",
    "<": "comparisons are not read; write them under 'equations' or 'arrays'",
    ">": "comparisons are not read; write them under 'equations' or 'arrays'",
}
INSTEAD_OF_COMMANDS = {c[1:] for c in INSTEAD if len(c) > 1}
FONTS = r"\\(?:mathbf|mathrm|mathit|mathsf|mathcal|boldsymbol|bm|operatorname|text)"
SUBSCRIPT = r"(?:_(?:[A-Za-z0-9]+|\{[A-Za-z0-9]+\})|[₀-₉]+)"
TOKEN = re.compile(
    rf"(?P<space>[ \t$]+|\r(?=\n)|&(?=[ \t]*:?=)|(?<==)&|\\[,;:! ]|\#[^\n]*)"
    rf"|(?P<number>(?:[0-9]+(?:\.(?![*/^T.])[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<ones>\\math(?:bf|bb)\{{1\}}|\\mathbbm\{{1\}}|𝟏|𝟙)"
    rf"|(?P<font>{FONTS}\s*\{{\s*(?P<inner>[A-Za-z0-9]+|\\[A-Za-z]+|[{LETTERS}])\s*\}}{SUBSCRIPT}*)"
    rf"|(?P<command>\\[A-Za-z]+)(?P<below>{SUBSCRIPT}*)"
    rf"|(?P<name>(?:[A-Za-z][A-Za-z0-9]*|[{LETTERS}]|[𝐀-𝛥]){SUBSCRIPT}*)"
    r"|(?P<norm>(?:\|\||‖|∥|\\\|)(?:_(?:[A-Za-z0-9]+|\{[A-Za-z0-9]+\}))?)"
    r"|(?P<power>[⁰¹²³⁴-⁹]+)"
    r"|(?P<half>[½¼¾])"
    r"|(?P<op>:=|\*\*|\.\*|\./|\.\^|\.T(?![A-Za-z0-9_])|[-−+*/^(){},=|·⋅•⊙∘⊘'′’ᵀ⊤ᵗ])"
    r"|(?P<newline>\n|\\\\)"
)


@dataclass(frozen=True)
class Word(Token):
    """One word of the text; `spaced` says that a space stands before it.

    `kind` is number, name, ones, norm, power, op, newline or end; of a norm `text` is what stands
    below its sign.
    """

    spaced: bool = False


def plain(name: str) -> str:
    """A name in the letters of the language.

    >>> plain("λ"), plain("lambda"), plain("W₁"), plain("x_{out}"), plain("𝐱")
    ('lamda', 'lamda', 'W_1', 'x_out', 'x')
    """
    name = re.sub(r"[₀-₉]+", lambda m: "_" + unicodedata.normalize("NFKC", m.group()), name)
    name = "".join(GREEK.get(c, c) for c in name.replace("{", "").replace("}", ""))
    name = unicodedata.normalize("NFKC", name)
    head, sign, rest = name.partition("_")
    return HABITS.get(head, head) + sign + rest


def words(source: str, within: str = "") -> Iterator[Word]:
    """The words of a text; line ends inside brackets do not count.

    Raises DefinitionError, at its place, for a character that is not read.
    """
    line, start, at, brackets, spaced = 1, 0, 0, 0, True
    while at < len(source):
        place = Place(line, at - start + 1, source, within)
        match = TOKEN.match(source, at)
        if match is None:
            refuse(foreign(source[at]), place)
        kind, text = spelled(match, place)
        if kind == "newline":
            if not brackets:
                yield Word(kind, text, place)
            spaced = True
            if text == "\n":
                line, start = line + 1, match.end()
        elif kind == "space":
            spaced = True
        else:
            brackets += (text in "({") - (text in ")}") if kind == "op" else 0
            yield Word(kind, text, place, spaced)
            spaced = False
        at = match.end()
    end = Place(line, at - start + 1, source, within)
    yield Word("newline", "\n", end)
    yield Word("end", "", end)


def spelled(match: re.Match[str], place: Place) -> tuple[str, str]:
    """Kind and text of a word as the parser knows it."""
    kind, text = match.lastgroup or "", match.group()
    if match["font"]:
        inner = match["inner"]
        return "name", plain(inner.removeprefix("\\") + text[text.index("}") + 1 :])
    if match["command"]:
        return command(match["command"][1:], match["below"], place)
    if kind == "name":
        return kind, plain(text)
    if kind == "ones":
        return kind, ONES
    if kind == "norm":
        return kind, text.partition("_")[2].strip("{}")
    if kind == "power":
        return kind, unicodedata.normalize("NFKC", text)
    if kind == "half":
        return "number", FRACTIONS[text]
    return kind, SIGNS.get(text, text) if kind == "op" else text


def command(name: str, below: str, place: Place) -> tuple[str, str]:
    """A command of LaTeX: a sign, a Greek letter, the name of a function, or nothing."""
    if name in INSTEAD_OF_COMMANDS:
        refuse(foreign(f"\\{name}"), place)
    text = COMMANDS.get(name)
    if text == "":
        return "space", ""
    if text == NORM:
        return "norm", below.strip("_{}")
    return ("name", plain(name + below)) if text is None else ("op", text)


def foreign(char: str) -> str:
    """What to say of what is not read."""
    message = f"{char!r} is not part of matrix notation"
    return f"{message}: {INSTEAD[char]}" if char in INSTEAD else message
