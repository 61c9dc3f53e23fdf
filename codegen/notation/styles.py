"""Alphabets: how the pieces of a formula are put together in Unicode, in LaTeX and on pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pullback.derive.index.objects import Index
from pullback.derive.read.vocabulary import size_words

# how tightly a piece of text holds together
LOOSE, ADD, MUL, CALL, ATOM, SIGN = range(6)  # SIGN is one sign alone, or one with primes
Spelled = tuple[str, int]

GREEK_NAMES = re.findall(
    r"\w+",
    "alpha beta gamma epsilon zeta eta theta iota kappa lamda mu nu xi rho sigma tau upsilon phi "
    "chi psi omega Gamma Delta Theta Lamda Xi Phi Psi Omega eps ell",
)  # without delta, pi and Sigma, which mean something already
GREEK: Mapping[str, str] = dict(zip(GREEK_NAMES, "αβγϵζηθικλμνξρστυφχψωΓΔΘΛΞΦΨΩεℓ", strict=True))
COMMANDS = {"lamda": r"\lambda", "Lamda": r"\Lambda", "eps": r"\varepsilon", "phi": r"\varphi"}
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LATEX_FUNCTIONS = {"log", "tanh", "sin", "cos", "max", "min", "exp", "tan", "sinh", "cosh", "det"}
LATEX_FUNCTIONS |= {"arcsin", "arccos", "arctan"}
# functions that mathematicians write otherwise than programmers do
IN_LATEX = {f"a{word}": f"arc{word}" for word in ("sin", "cos", "tan")}
IN_LATEX |= {f"a{word}": f"ar{word}" for word in ("sinh", "cosh", "tanh")}
RELATIONS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
FRACTION = r"^\\frac\{(\d+)\}\{(\d+)\}$"
LATEX_RELATIONS = {"==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge"}
INDICES = 24  # letters of indices that stand below, at most
ZEROS = 5  # digits of a power of ten that is written out, at most


def letters(latex: str) -> str:
    """What a formula in LaTeX has of signs that are not commands."""
    return re.sub(r"\\[A-Za-z]+|[{}_^\\ ]", "", latex)


@dataclass(frozen=True)
class Style:
    """An alphabet: how the pieces of a formula are put together as plain Unicode text."""

    latex: bool = False
    loss: str = "ℒ"  # what is differentiated, where the layer's output is not a scalar
    space: str = " "
    minus: str = "-"
    equal: str = "="
    defines: str = ":="
    unequal: str = "≠"
    relations: Mapping[str, str] = field(default_factory=lambda: RELATIONS, hash=False)
    letters: Mapping[str, str] = field(default_factory=dict, hash=False)  # in place of names

    def name(self, name: str, primes: int = 0) -> str:
        """The name of a tensor, an axis or a size, with primes."""
        name = size_words(self.letters.get(name, name))
        return GREEK.get(name, name) + "′" * primes

    def under_conditions(self, fact: str, conditions: Sequence[str]) -> str:
        """What holds where conditions do."""
        return f"{fact} if {' and '.join(conditions)}" if conditions else fact

    def index(self, index: Index) -> Spelled:
        """An index, with its primes."""
        text = self.name(index.axis, index.primes)
        return text, SIGN if len(text) == 1 + index.primes else ATOM

    def dotted(self, text: str) -> str:
        """The tangent of what has this name: ẋ."""
        return unicodedata.normalize("NFC", text + ("\u0307" if len(text) == 1 else "˙"))

    def entry(self, name: str, indices: Sequence[Spelled]) -> str:
        """A tensor's entry."""
        return f"{name}[{','.join(text for text, _ in indices)}]" if indices else name

    def integer(self, number: int) -> str:
        """A whole number; a large power of ten as one."""
        text = str(number)
        short = len(text) <= ZEROS or text != "1".ljust(len(text), "0")
        return text if short else self.power("10", str(len(text) - 1), plain=True)

    def group(self, text: str) -> str:
        """In brackets."""
        return f"({text})"

    def slope(self, above: str, below: str) -> str:
        """∂above/∂below."""
        return f"∂{above}/∂{below}"

    def held(self, slope: str, names: Sequence[str]) -> str:
        """A direct derivative, in which these are held."""
        return f"{slope}|{','.join(names)}"

    def operator(self, below: str) -> str:
        """∂/∂below, before what is differentiated."""
        return f"∂/∂{below}"

    def fraction(self, above: str, below: str) -> str:
        """A quotient of two pieces that are bracketed where they need it."""
        return f"{above} / {below}" if " " in above + below else f"{above}/{below}"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        """Entries by rows."""
        return "[" + "; ".join(", ".join(row) for row in rows) + "]"

    def is_wide(self, text: str) -> bool:
        """Is it too long for one side of a built-up fraction?"""
        return not self.latex or len(letters(text)) > 45

    def reduction(self, word: str, names: Sequence[str]) -> str:
        """Σ, max, argmax and so on, with the bound indices below."""
        below = names[0] if len(names) == 1 else f"{{{','.join(names)}}}"
        return f"{'Σ' if word == 'sum' else word}_{below}"

    def power(self, base: str, exponent: str, plain: bool) -> str:
        """A power; `plain` is a whole exponent."""
        return base + exponent.translate(SUPERSCRIPTS) if plain else f"{base}^({exponent})"

    def inverse(self, matrix: str) -> str:
        """The inverse of a matrix, whose entries are taken."""
        return f"({matrix}⁻¹)" if "[" in matrix else f"{matrix}⁻¹"

    def root(self, inside: str) -> Spelled:
        """A square root."""
        return f"√({inside})", ATOM

    def call(self, name: str, args: Sequence[str]) -> str:
        """A function and its arguments."""
        return f"{name}({', '.join(args)})"

    def indicator(self, condition: str) -> str:
        """1 where the condition holds, else 0."""
        return f"𝟙[{condition}]"

    def same(self, left: Spelled, right: Spelled) -> str:
        """The delta between two indices."""
        return f"δ({left[0]},{right[0]})"

    def choice(self, condition: str, a: str, b: str) -> Spelled:
        """a where the condition holds, else b."""
        return f"where({condition}, {a}, {b})", CALL


@dataclass(frozen=True)
class LatexStyle(Style):
    """How the pieces are put together in LaTeX's mathematical mode."""

    latex: bool = True
    loss: str = r"\mathcal{L}"
    space: str = r" \, "
    unequal: str = r"\ne"
    relations: Mapping[str, str] = field(default_factory=lambda: LATEX_RELATIONS, hash=False)

    def name(self, name: str, primes: int = 0) -> str:
        """One letter in italics, Greek by its command, all else upright."""
        name, strokes = self.letters.get(name, name), "'" * primes
        if size_words(name) != name:
            return rf"|{self.name(size_words(name).strip('|'))}|"
        if len(name) == 1:
            return name + strokes
        if name in GREEK:
            return COMMANDS.get(name, f"\\{name}") + strokes
        escaped = name.replace("_", r"\_")
        return rf"\mathrm{{{escaped}}}{strokes}"

    def dotted(self, text: str) -> str:
        r"""\dot{x}, or a dot behind brackets; a transpose may come above that."""
        return rf"{{{text}^{{\,\cdot}}}}" if text.endswith(")") else rf"\dot{{{text}}}"

    def entry(self, name: str, indices: Sequence[Spelled]) -> str:
        r"""Indices as subscripts: x_{n d}, z_{n\,y_n}; with commas beside sums: x_{n, 2 i + a}.

        Long ones stand in brackets behind the name, in which lines may be broken.
        """
        if len(letters("".join(text for text, _ in indices))) > INDICES:
            return rf"{name}\bigl[{', '.join(text for text, _ in indices)}\bigr]"
        if any(level == ADD for _, level in indices):
            return f"{name}_{{{', '.join(text for text, _ in indices)}}}"
        texts = [
            self.group(t) if level < ATOM and at + 1 < len(indices) else t
            for at, (t, level) in enumerate(indices)
        ]
        plain = all(level == SIGN for _, level in indices)
        if not texts:
            return name
        below = (" " if plain else r"\,").join(texts)
        return f"{name}_{{{below}}}"

    def group(self, text: str) -> str:
        """In brackets that lines may be broken in, which \\left and \\right do not allow."""
        tall = any(word in text for word in (r"\frac", r"\sum", r"\begin"))
        return rf"\biggl( {text} \biggr)" if tall else f"({text})"

    def slope(self, above: str, below: str) -> str:
        """As a fraction."""
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"

    def held(self, slope: str, names: Sequence[str]) -> str:
        """Behind a stroke, below."""
        return rf"{slope}\Big|_{{{', '.join(names)}}}"

    def inverse(self, matrix: str) -> str:
        """In brackets, since places stand below them."""
        return rf"({matrix}^{{-1}})"

    def operator(self, below: str) -> str:
        """As a fraction."""
        return rf"\frac{{\partial}}{{\partial {below}}}"

    def fraction(self, above: str, below: str) -> str:
        """As a fraction, which needs no brackets; a wide one has them, and a stroke."""
        if self.is_wide(above) or self.is_wide(below):
            return rf"{above} \mathbin{{\Big/}} {below}"
        # what stands in a fraction is set smaller, and so are its brackets
        return rf"\frac{{{above}}}{{{below}}}".replace(r"\bigg", r"\big")

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        """Entries in columns."""
        lines = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"

    def reduction(self, word: str, names: Sequence[str]) -> str:
        """With the indices below."""
        sign = rf"\{word}" if word in ("sum", "max", "min") else rf"\operatorname{{{word}}}"
        return f"{sign}_{{{', '.join(names)}}}"

    def power(self, base: str, exponent: str, plain: bool) -> str:
        """As a superscript, in which a fraction has a stroke."""
        above = re.sub(FRACTION, r"\1/\2", exponent)
        return f"{base}^{{{above}}}"

    def root(self, inside: str) -> Spelled:
        """Under the sign, or as a power, which lines may be broken in."""
        if self.is_wide(inside):
            return f"{self.group(inside)}^{{1/2}}", CALL
        return rf"\sqrt{{{inside}}}", ATOM

    def call(self, name: str, args: Sequence[str]) -> str:
        """The name upright."""
        name = IN_LATEX.get(name, name)
        word = rf"\{name}" if name in LATEX_FUNCTIONS else rf"\operatorname{{{name}}}"
        return word + self.group(", ".join(args))

    def indicator(self, condition: str) -> str:
        """A 1 with a double stroke, made of signs that need no package."""
        return rf"\mathrm{{1\!l}}[{condition}]"

    def same(self, left: Spelled, right: Spelled) -> str:
        """With subscripts."""
        comma = "" if left[1] == right[1] == SIGN else ","
        return rf"\delta_{{{left[0]}{comma} {right[0]}}}"

    def choice(self, condition: str, a: str, b: str) -> Spelled:
        """As two cases, if they are short."""
        if any(map(self.is_wide, (condition, a, b))):
            return self.call("where", (condition, a, b)), CALL
        cases = rf"{a} & \text{{if }} {condition} \\ {b} & \text{{else}}"
        return rf"\begin{{cases}} {cases} \end{{cases}}", LOOSE

    def under_conditions(self, fact: str, conditions: Sequence[str]) -> str:
        """With words between."""
        both = r" \text{ and } ".join(conditions)
        return rf"{fact} \text{{ if }} {both}" if conditions else fact


@dataclass(frozen=True)
class PageStyle(LatexStyle):
    """LaTeX with the commands that turn into MathML well."""

    defines: str = r"\coloneqq"

    def fraction(self, above: str, below: str) -> str:
        """As a fraction; a wide one has a stroke."""
        if self.is_wide(above) or self.is_wide(below):
            return rf"{above} \; \Big/ \; {below}"
        return super().fraction(above, below)

    def group(self, text: str) -> str:
        """In brackets, around cases as tall as they are."""
        return rf"\left( {text} \right)" if r"\begin" in text else super().group(text)

    def dotted(self, text: str) -> str:
        """A dot behind brackets belongs to both of them."""
        return rf"{{{{{text}}}^{{\,\cdot}}}}" if text.endswith(")") else super().dotted(text)

    def indicator(self, condition: str) -> str:
        """A 1 with a double stroke."""
        return rf"\mathbb{{1}}[{condition}]"

    def held(self, slope: str, names: Sequence[str]) -> str:
        """Behind a stroke as tall as the derivative."""
        return rf"\left. {slope} \right|_{{{', '.join(names)}}}"

    def entry(self, name: str, indices: Sequence[Spelled]) -> str:
        """Of a name in one piece, so that both of its brackets have one size."""
        return super().entry(f"{{{name}}}" if name.endswith(")") else name, indices)

    def power(self, base: str, exponent: str, plain: bool) -> str:
        """Of a base in one piece, so that both of its brackets have one size."""
        return super().power(f"{{{base}}}" if base.endswith(")") else base, exponent, plain)


UNICODE = Style()
LATEX = LatexStyle()
PAGE = PageStyle()
