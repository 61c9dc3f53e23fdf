"""The words of a text: numbers, names, signs and line ends, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pullback.derive.read.trees import Place, refuse

MAX_DIGITS = 17  # those that tell every float64 from its neighbours; zeros in front do not count


def digits_of(mantissa: str) -> tuple[int, int]:
    """How many zeros stand in front of a number, and how many digits follow.

    >>> digits_of("0.00120"), digits_of("0.0"), digits_of("1e3".partition("e")[0])
    ((3, 3), (2, 0), (0, 1))
    """
    digits = mantissa.replace(".", "")
    rest = digits.lstrip("0")
    return len(digits) - len(rest), len(rest)


@dataclass(frozen=True)
class Token:
    """One word of the text; `kind` is number, name, op, newline or end."""

    kind: str
    text: str
    place: Place


# A comment has no control characters, so that what counts as a line is the same everywhere.
TOKEN = re.compile(
    r"(?P<space>[ \t]+|\r(?=\n)|\#[^\x00-\x08\n-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*)"
    r"|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<op>\.\.\.|\*\*|//|:=|==|!=|<=|>=|[-+*/()\[\],=<>])"
    r"|(?P<newline>\n)",
    re.ASCII,
)
# what people write instead of what the language has
INSTEAD = {
    "^": "**",
    "@": "a sum of products, as in sum(d, x[n, d] * W[d, k])",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "²": "**2",
    "³": "**3",
    "λ": "lamda",
    "Σ": "sum( )",
    "∑": "sum( )",
    "{": "(",
    "}": ")",
}


def tokens(source: str, within: str = "") -> Iterator[Token]:
    """The words of a text; line ends inside brackets do not count."""
    line, start, at, brackets = 1, 0, 0, 0
    while at < len(source):
        place = Place(line, at - start + 1, source, within)
        match = TOKEN.match(source, at)
        if match is None:
            refuse(foreign(source[at]), place)
        kind, text = str(match.lastgroup), match.group()
        if kind == "newline":
            if not brackets:
                yield Token(kind, text, place)
            line, start = line + 1, match.end()
        elif kind != "space":
            brackets += (text in "([") - (text in ")]") if kind == "op" else 0
            yield Token(kind, text, place)
        at = match.end()
    end = Place(line, at - start + 1, source, within)
    yield Token("newline", "\n", end)
    yield Token("end", "", end)


def foreign(char: str) -> str:
    """What to say of a character that the language lacks."""
    message = f"{char!r} is not part of the language of definitions"
    if char in INSTEAD:
        return f"{message}; write {INSTEAD[char]}"
    if char.isascii():
        return message
    return f"{message}: names are made of the letters a to z and A to Z, digits and '_'"
