"""Formulas in words of a definition, in a plain notation between backticks, spelled in a style.

`p_k` and `z_{y_i}` have indices, `hᵀ` is a transpose, `∂L/∂w` and `1/N` are fractions. What holds
any other sign stays text.
"""

from __future__ import annotations

import re

from pullback.codegen.notation.styles import GREEK, Style
from pullback.codegen.pages.outline import Formula, Words, pieces

BELOW = r"_(?:\{(?P<braced>[^{}]*(?:_\{?\w\}?)?)\}|(?P<below>\w))"
LETTER = r"(?![ᵀΣ])[^\W\d_]"
NAME = rf"(?:{LETTER})+(?:_\w)?"
TOKEN = re.compile(
    rf"∂(?P<above>{NAME})/∂(?P<by>{NAME})|(?P<over>\w)/(?P<under>\w)(?!\w)|{BELOW}"
    r"|𝟙\[(?P<condition>[^\]]*)\]|\((?P<group>[^()]*/[^()]*)\)"
    rf"|(?P<name>(?:{LETTER})+)"
    r"|(?P<number>\d+)|(?P<sign>[ᵀΣ∂⊙−·²′]|[-+=(),<>/ ])"
)
SIGNS = {"ᵀ": r"^{\top}", "Σ": r"\sum", "∂": r"\partial ", "⊙": r"\odot ", "−": "-", "·": r"\cdot "}
SIGNS |= {"²": "^{2}", "′": "'", " ": " ", "<": r"\lt ", ">": r"\gt "}
FUNCTIONS = {"log": r"\log ", "exp": r"\exp ", "max": r"\max "}


def spelled(words: Words, style: Style) -> Words:
    """A sentence, its formulas spelled in the style; those that cannot be are text in it."""
    found = []
    for piece, is_formula in pieces(words):
        if is_formula and readable(piece):
            found.append(f"`{in_latex(piece, style) if style.latex else in_unicode(piece)}`")
        else:
            found.append(piece)
    return "".join(found)


def readable(formula: str) -> bool:
    """Does it hold nothing but signs that are known here?"""
    return bool(formula.strip()) and not TOKEN.sub("", formula)


def in_unicode(formula: str) -> Formula:
    """Indices in brackets, as terminals have them; those of sums stay below."""
    inner = re.compile(r"(?<=[^\W\d_])(?<!Σ)_(?:\{([^{}]*)\}|(\w))")
    for _ in range(2):  # an index may have one of its own
        formula = inner.sub(lambda m: f"[{m[1] or m[2]}]", formula)
    return formula


def in_latex(formula: str, style: Style) -> Formula:
    """The formula in LaTeX's mathematical mode."""
    spaced = re.sub(r" *([-+=−⊙·(),<>]) *", r"\1", formula)
    return TOKEN.sub(lambda found: token(found, style), spaced)


def token(found: re.Match[str], style: Style) -> str:
    """One sign of it."""
    part = {name: text for name, text in found.groupdict().items() if text is not None}
    if "above" in part:
        above, by = (in_latex(part[k], style) for k in ("above", "by"))
        return style.slope(above, by)
    if "over" in part:
        return style.fraction(in_latex(part["over"], style), in_latex(part["under"], style))
    if "braced" in part or "below" in part:
        below = part.get("braced") or part["below"]
        return f"_{{{in_latex(' '.join(below) if below.isalpha() else below, style)}}}"
    if "group" in part:
        return style.group(in_latex(part["group"], style))
    if "condition" in part:
        return style.indicator(in_latex(part["condition"], style))
    if "name" in part:
        names = {sign: name for name, sign in GREEK.items()}
        name = part["name"]
        return FUNCTIONS.get(name) or style.name(names.get(name, name))
    return part.get("number") or SIGNS.get(part["sign"], part["sign"])
