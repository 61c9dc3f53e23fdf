"""Index notation in print: one printer, two alphabets.

`spell(expr, layer, UNICODE)` is for terminals and comments, `spell(expr, layer, LATEX)` for pages.
Bound indices get the names of the layer's axes. What is printed has one meaning:

| what | how it is read |
| --- | --- |
| `a b` | a product; it ends at `+` or `-` |
| `Σ_d x[n,d] W[d,k] + c[k]` | a sum (or `max_i`) reaches as far as the product after it |
| `a b / (c d)` | everything before the stroke over everything after; nothing else follows it |
| `∂L/∂z[n,j]` | one value: the cotangent of z |
| `ż[n,j]`, `(∂L/∂z[n,j])˙` | how a value changes along the inputs' tangents |
| `𝟏[…]`, `δ(n,m)` | 1 where the condition holds or the indices are equal, else 0 |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from pullback.derive.calculus.steps import Partial
from pullback.derive.index.binders import Binder, Extreme, Largest, Smallest, Sum
from pullback.derive.index.kinks import Bracket, Where
from pullback.derive.index.objects import (
    BOUND,
    Index,
    entries,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    is_size,
)
from pullback.derive.index.rewriting import rewrite
from pullback.derive.layer import Layer
from pullback.derive.read.trees import BATCH
from pullback.derive.read.vocabulary import COTANGENT, DOTS, TANGENT, size_words

# how tightly a piece of text holds together
LOOSE, ADD, MUL, CALL, ATOM = range(5)
Spelled = tuple[str, int]
ZEROS = 5  # of a power of ten that pages write out at most

GREEK_NAMES = re.findall(
    r"\w+",
    "alpha beta gamma epsilon zeta eta theta iota kappa lamda mu nu xi rho sigma tau upsilon phi "
    "chi psi omega Gamma Delta Theta Lamda Xi Phi Psi Omega eps ell",
)  # without delta, pi and Sigma, which mean something already
GREEK: Mapping[str, str] = dict(zip(GREEK_NAMES, "αβγϵζηθικλμνξρστυφχψωΓΔΘΛΞΦΨΩεℓ", strict=True))
NAMES = {**GREEK, BATCH: DOTS}
COMMANDS = {"lamda": r"\lambda", "Lamda": r"\Lambda", "eps": r"\varepsilon", "phi": r"\varphi"}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
FUNCTION_NAMES = {"Abs": "abs", "Sigmoid": "sigmoid", "Maximum": "max", "Minimum": "min"}
FUNCTION_NAMES |= {"Sign": "sgn", "Erfc": "erfc", "Erfcx": "erfcx"}
FUNCTION_NAMES |= {"LogSigmoid": "logsigmoid", "LogErfc": "logerfc"}
LATEX_FUNCTIONS = {"log", "tanh", "sin", "cos", "max", "min", "exp"}
RELATIONS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
FRACTION = r"^\\frac\{(\d+)\}\{(\d+)\}$"
LATEX_RELATIONS = {"==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge"}


@dataclass(frozen=True)
class Style:
    """An alphabet: how the pieces of a formula are put together as plain Unicode text."""

    latex: bool = False
    loss: str = "ℒ"  # what is differentiated, where the layer's output is not a scalar
    space: str = " "
    minus: str = "-"
    delta: str = "δ"
    equal: str = "="
    unequal: str = "≠"
    relations: Mapping[str, str] = field(default_factory=lambda: RELATIONS, hash=False)

    def name(self, name: str) -> str:
        """The name of a tensor, an axis or a size, with primes."""
        base = name.rstrip("'")
        primes = "′" * (len(name) - len(base))
        base = size_words(base)
        return NAMES.get(base, base) + primes

    def dotted(self, text: str) -> str:
        """The tangent of what has this name: ẋ."""
        return unicodedata.normalize("NFC", text + ("\u0307" if len(text) == 1 else "˙"))

    def entry(self, name: str, indices: Sequence[Spelled]) -> str:
        """A tensor's entry."""
        return f"{name}[{','.join(text for text, _ in indices)}]" if indices else name

    def integer(self, number: int) -> str:
        """A whole number."""
        return str(number)

    def group(self, text: str) -> str:
        """In brackets."""
        return f"({text})"

    def slope(self, above: str, below: str) -> str:
        """∂above/∂below."""
        return f"∂{above}/∂{below}"

    def operator(self, below: str) -> str:
        """∂/∂below, before what is differentiated."""
        return f"∂/∂{below}"

    def fraction(self, above: str, below: str) -> str:
        """A quotient of two pieces that are bracketed where they need it."""
        return f"{above} / {below}" if " " in above + below else f"{above}/{below}"

    def is_wide(self, text: str) -> bool:
        """Is it too long for one side of a built-up fraction?"""
        return not self.latex or len(re.sub(r"\\[A-Za-z]+|[{}_^\\ ]", "", text)) > 45

    def reduction(self, word: str, names: Sequence[str]) -> str:
        """Σ, max, argmax and so on, with the bound indices below."""
        below = names[0] if len(names) == 1 else f"{{{','.join(names)}}}"
        return f"{'Σ' if word == 'sum' else word}_{below}"

    def power(self, base: str, exponent: str, plain: bool) -> str:
        """A power; `plain` is a positive whole exponent."""
        return base + exponent.translate(SUPERSCRIPTS) if plain else f"{base}^({exponent})"

    def root(self, inside: str) -> Spelled:
        """A square root."""
        return f"√({inside})", ATOM

    def call(self, name: str, args: Sequence[str]) -> str:
        """A function and its arguments."""
        return f"{name}({', '.join(args)})"

    def indicator(self, condition: str) -> str:
        """1 where the condition holds, else 0."""
        return f"𝟏[{condition}]"

    def same(self, left: str, right: str) -> str:
        """The delta between two indices."""
        return f"δ({left},{right})"

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

    def name(self, name: str) -> str:
        """One letter in italics, Greek by its command, all else upright."""
        base = name.rstrip("'")
        primes = "'" * (len(name) - len(base))
        if size_words(base) != base:
            return rf"|{self.name(size_words(base).strip('|'))}|"
        if base in (BATCH, DOTS):
            return r"\dots" + primes
        if len(base) == 1:
            return base + primes
        if base in GREEK:
            return COMMANDS.get(base, f"\\{base}") + primes
        escaped = base.replace("_", r"\_")
        return rf"\mathrm{{{escaped}}}{primes}"

    def dotted(self, text: str) -> str:
        r"""\dot{x}, or a dot behind brackets; a transpose may come above that."""
        return rf"{{{text}^{{\,\cdot}}}}" if text.endswith(")") else rf"\dot{{{text}}}"

    def entry(self, name: str, indices: Sequence[Spelled]) -> str:
        r"""Indices as subscripts: x_{n d}, z_{n\,y_n}."""
        texts = [
            self.group(t) if level < ATOM and at + 1 < len(indices) else t
            for at, (t, level) in enumerate(indices)
        ]
        plain = all(len(t.rstrip("'")) == 1 for t in texts)
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

    def operator(self, below: str) -> str:
        """As a fraction."""
        return rf"\frac{{\partial}}{{\partial {below}}}"

    def fraction(self, above: str, below: str) -> str:
        """As a fraction, which needs no brackets; a wide one has them, and a stroke."""
        if self.is_wide(above) or self.is_wide(below):
            return rf"{above} \mathbin{{\Big/}} {below}"
        # what stands in a fraction is set smaller, and so are its brackets
        return rf"\frac{{{above}}}{{{below}}}".replace(r"\bigg", r"\big")

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
        word = rf"\{name}" if name in LATEX_FUNCTIONS else rf"\operatorname{{{name}}}"
        return word + self.group(", ".join(args))

    def indicator(self, condition: str) -> str:
        """A bold 1."""
        return rf"\mathbf{{1}}[{condition}]"

    def same(self, left: str, right: str) -> str:
        """With subscripts."""
        comma = "" if all(len(side.rstrip("'")) == 1 for side in (left, right)) else ","
        return rf"\delta_{{{left}{comma} {right}}}"

    def choice(self, condition: str, a: str, b: str) -> Spelled:
        """As two cases, if they are short."""
        if any(map(self.is_wide, (condition, a, b))):
            return self.call("where", (condition, a, b)), CALL
        cases = rf"{a} & \text{{if }} {condition} \\ {b} & \text{{else}}"
        return rf"\begin{{cases}} {cases} \end{{cases}}", LOOSE


@dataclass(frozen=True)
class PageStyle(LatexStyle):
    """LaTeX with the commands that turn into MathML well."""

    def name(self, name: str) -> str:
        """Leading axes as one sign, which takes primes as a letter does."""
        base = name.rstrip("'")
        return DOTS + name[len(base) :] if base in (BATCH, DOTS) else super().name(name)

    def entry(self, name: str, indices: Sequence[Spelled]) -> str:
        """Indices as subscripts, with a space behind leading axes."""
        first, rest = indices[:1], indices[1:]
        if not rest or not first[0][0].startswith("…"):
            return super().entry(name, indices)
        below = super().entry("", rest).removeprefix("_")
        return rf"{name}_{{{first[0][0]}\,{below}}}"

    def fraction(self, above: str, below: str) -> str:
        """As a fraction; a wide one has a stroke."""
        if self.is_wide(above) or self.is_wide(below):
            return rf"{above} \; \Big/ \; {below}"
        return super().fraction(above, below)

    def integer(self, number: int) -> str:
        """A whole number; a large power of ten as one."""
        text = str(number)
        short = len(text) <= ZEROS or text != "1".ljust(len(text), "0")
        return text if short else f"{{10^{{{len(text) - 1}}}}}"

    def group(self, text: str) -> str:
        """In brackets, around cases as tall as they are."""
        return rf"\left( {text} \right)" if r"\begin" in text else super().group(text)

    def dotted(self, text: str) -> str:
        """A dot behind brackets belongs to both of them."""
        return rf"{{{{{text}}}^{{\,\cdot}}}}" if text.endswith(")") else super().dotted(text)

    def power(self, base: str, exponent: str, plain: bool) -> str:
        """Of a base in one piece, so that both of its brackets have one size."""
        return super().power(f"{{{base}}}" if base.endswith(")") else base, exponent, plain)

    def same(self, left: str, right: str) -> str:
        """With a comma between leading axes."""
        if DOTS in left + right:
            return rf"\delta_{{{left}, {right}}}"
        return super().same(left, right)


UNICODE = Style()
LATEX = LatexStyle()
PAGE = PageStyle()


@dataclass(frozen=True, eq=False)
class Scope:
    """The printed names of bound indices, the names that none may take, and those to take first."""

    names: Mapping[Expr, str]
    taken: frozenset[str]
    preferred: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Notation:
    """A layer's names in one style; `unit_output` leaves out ∂L/∂L = 1 of a scalar output."""

    layer: Layer
    style: Style = UNICODE
    unit_output: bool = True
    spelled: dict[tuple[Expr, Scope], Spelled] = field(
        default_factory=dict, compare=False, repr=False
    )

    def spell(
        self,
        expr: Expr,
        around: Iterable[Index] = (),
        level: int = LOOSE,
        preferred: tuple[Index, ...] = (),
    ) -> str:
        """An expression; no bound index takes the name of one in `around`.

        Where `level` is given, brackets are put around what is looser than it. Bound indices take
        names from `preferred` first.
        """
        expr = self.without_unit(expr)
        free = free_indices(expr)
        scope = Scope({}, frozenset(i.name for i in (*free, *around)), preferred)
        scope = self.bind([i for i in free if i.name.startswith(BOUND)], scope)
        return self.within(expr, level, scope)

    def without_unit(self, expr: Expr) -> Expr:
        """The expression with 1 for ∂L/∂L, if that is to be left out."""
        if not self.unit_output:
            return expr
        return rewrite(expr, lambda e: sp.S.One if self.is_unit(e) else None)

    def names(self, indices: Sequence[Index], around: Iterable[Index] = ()) -> list[str]:
        """Printed names for bound indices beside those in `around`."""
        scope = self.bind(indices, Scope({}, frozenset(i.name for i in around)))
        return [self.style.name(scope.names[i]) for i in indices]

    def function_name(self, name: str) -> str:
        """The printed name of a function by the name of its class."""
        return FUNCTION_NAMES.get(name, name)

    def relation(self, fact: sp.core.relational.Relational) -> str:
        """A comparison, such as an assumption."""
        return self.condition(fact, Scope({}, frozenset(i.name for i in free_indices(fact))))

    def equation(self, left: Expr, right: Expr) -> str:
        """left = right, with names of bound indices that the left side does not use."""
        whole = Notation(self.layer, self.style, False)
        return f"{whole.spell(left)} = {self.spell(right, free_indices(left))}"

    def slope(self, above: Expr, below: Expr) -> str:
        """∂above/∂below of two entries."""
        text = self.spell(above)
        text = self.style.group(text) if self.is_slope(above) else text
        return self.style.slope(text, self.spell(below))

    # -- names ------------------------------------------------------------------------------

    @cached_property
    def tensors(self) -> Mapping[str, int]:
        """All tensors, each with its place in the order of the text: x, W, c, u for u = xW + c."""
        found: dict[str, None] = {}
        for node in self.layer.nodes:
            right = node.text.split("=", 1)[-1]
            found.update(dict.fromkeys([*re.findall(r"[A-Za-z_]\w*", right), node.name]))
        known = [t.name for t in self.layer.inputs] + [n.name for n in self.layer.nodes]
        ordered = dict.fromkeys([*(n for n in found if n in known), *known])
        return {name: place for place, name in enumerate(ordered)}

    def source(self, name: str) -> str | None:
        """The tensor whose cotangent bears this name."""
        rest = name.removeprefix(COTANGENT)
        return rest if rest != name and name not in self.tensors and rest in self.tensors else None

    def is_slope(self, expr: Expr) -> bool:
        """Is it a cotangent, whose own stroke must not meet another?"""
        return is_entry(expr) and self.source(entry_name(expr)) is not None

    def is_unit(self, expr: Expr) -> bool:
        """Is it ∂L/∂L?"""
        output = self.layer.output
        return (
            isinstance(expr, sp.Symbol)
            and not output.indices
            and expr.name == COTANGENT + output.name
            and self.source(expr.name) is not None
        )

    @property
    def loss(self) -> str:
        """What is differentiated: the output, where that is a scalar."""
        output = self.layer.output
        return self.style.loss if output.indices else self.style.name(output.name)

    def bind(self, indices: Sequence[Index], scope: Scope) -> Scope:
        """A name for each bound index: an axis of its size, else one with primes."""
        names = dict(scope.names)
        for i in indices:
            used = scope.taken | set(names.values())
            known = (*scope.preferred, *self.layer.axes)
            axes = [a.name for a in known if a.size == i.size] or ["i"]
            primes = (axes[0] + "'" * n for n in range(1, len(used) + 2))
            names[i] = next(name for name in (*axes, *primes) if name not in used)
        return Scope(names, scope.taken, scope.preferred)

    # -- the printer ------------------------------------------------------------------------

    def within(self, expr: Expr, level: int, scope: Scope) -> str:
        """The expression, in brackets if it is looser than `level`."""
        text, own = self.write(expr, scope)
        return text if own >= level else self.style.group(text)

    def write(self, expr: Expr, scope: Scope) -> Spelled:
        """The text and how tightly it holds together.

        Each is made once: a fraction asks twice, which in nested ones would double at each level.
        """
        if (expr, scope) not in self.spelled:
            self.spelled[expr, scope] = self.spelled_as(expr, scope)
        return self.spelled[expr, scope]

    def spelled_as(self, expr: Expr, scope: Scope) -> Spelled:
        """By the printer for its kind."""
        for kind, method in WRITERS:
            if isinstance(expr, kind):
                return method(self, expr, scope)
        raise TypeError(f"cannot print {type(expr).__name__}: {expr}")

    def symbol(self, expr: Expr, scope: Scope) -> Spelled:
        """An index, a size, or a tensor's entry."""
        if isinstance(expr, Index) or is_size(expr) or not is_entry(expr):
            return self.style.name(scope.names.get(expr, str(expr))), ATOM
        return self.tensor(entry_name(expr), [self.write(i, scope) for i in entry_indices(expr)])

    def tensor(self, name: str, indices: Sequence[Spelled] = ()) -> Spelled:
        """A tensor's entry, a cotangent's ∂L/∂z, a tangent's ż; without indices the whole."""
        still = name.removesuffix(TANGENT)
        moving = still != name and name not in self.tensors
        source = self.source(still if moving else name)
        if source is None:
            text = self.style.name(still if moving else name)
            return self.style.entry(self.style.dotted(text) if moving else text, indices), ATOM
        slope = self.style.slope(self.loss, self.style.entry(self.style.name(source), indices))
        return (self.style.dotted(self.style.group(slope)), ATOM) if moving else (slope, CALL)

    def number(self, expr: Expr, scope: Scope) -> Spelled:
        """A number; constants by their sign."""
        if expr is sp.E:
            return self.style.call("exp", ["1"]), CALL
        if expr is sp.pi:
            return (r"\pi" if self.style.latex else "π"), ATOM
        if expr.is_infinite:
            sign = self.style.minus if expr < 0 else ""
            return sign + (r"\infty" if self.style.latex else "∞"), ADD if sign else ATOM
        if not expr.is_Rational:
            return self.style.group(str(expr)), ATOM
        sign = self.style.minus if expr.is_negative else ""
        above, below = self.style.integer(abs(expr.p)), self.style.integer(expr.q)
        if self.style.latex and above == "1" and re.fullmatch("10{3,}", below):
            return f"{sign}10^{{-{len(below) - 1}}}", ADD if sign else CALL
        text = above if expr.q == 1 else self.style.fraction(above, below)
        return sign + text, ADD if sign else ATOM if expr.q == 1 else MUL

    def sum_of_terms(self, expr: Expr, scope: Scope) -> Spelled:
        """Positive terms first, then sums; `1 - δ` is the indicator of its opposite."""
        hole = 1 - expr
        if isinstance(hole, KroneckerDelta):
            return self.between(hole, scope, self.style.unequal), ATOM
        text = ""
        for term in sorted(expr.args, key=self.term_order):
            negative = is_negative(term)
            word = self.within(-term if negative else term, MUL, scope)
            if text:
                text += f" {self.style.minus if negative else '+'} {word}"
            else:
                text = (self.style.minus if negative else "") + word
        return text, ADD

    def product(self, expr: Expr, scope: Scope) -> Spelled:
        """Factors side by side; scalars over scalars come first, else one fraction holds all."""
        if is_negative(expr):
            return self.style.minus + self.within(-expr, MUL, scope), ADD
        above, below = self.split(expr)
        if not below:
            return self.side_by_side(above, scope), MUL
        if all(is_scalar(f) for f in below):
            front = [f for f in above if is_scalar(f) and not self.is_slope(f)]
            rest = [f for f in above if f not in front]
            fraction = self.quotient(front, below, scope)
            if not rest:
                return fraction, MUL
            fraction = fraction if self.style.latex else self.style.group(fraction)
            return fraction + self.style.space + self.side_by_side(rest, scope), MUL
        front = [f for f in above if self.style.latex and isinstance(f, KroneckerDelta)]
        fraction = self.quotient([f for f in above if f not in front], below, scope)
        texts = [self.side_by_side(front, scope)] if front else []
        return self.style.space.join([*texts, fraction]), MUL

    def side_by_side(self, factors: Sequence[Expr], scope: Scope) -> str:
        """A product without a denominator; only the last factor may reach to the right."""
        texts = []
        for at, factor in enumerate(factors):
            last = at + 1 == len(factors) and isinstance(factor, Sum | Extreme | Partial)
            level = MUL if last or len(factors) == 1 else CALL
            texts.append(self.within(factor, level, scope))
        return self.style.space.join(texts)

    def quotient(self, above: Sequence[Expr], below: Sequence[Expr], scope: Scope) -> str:
        """One fraction."""
        parts = [self.alone(part, scope) for part in (above, below)]
        if not any(map(self.style.is_wide, parts)):
            return self.style.fraction(*parts)
        levels = [ATOM if self.is_slope(f) else CALL for f in above]
        texts = [self.within(f, level, scope) for f, level in zip(above, levels, strict=True)]
        bottom = parts[1]
        single = len(below) == 1 and self.write(below[0], scope)[1] >= CALL
        closed = bottom if single and not self.is_slope(below[0]) else self.style.group(bottom)
        return self.style.fraction(self.style.space.join(texts) or "1", closed)

    def alone(self, factors: Sequence[Expr], scope: Scope) -> str:
        """A product inside brackets of its own."""
        if len(factors) == 1:
            return self.within(factors[0], LOOSE, scope)
        return self.side_by_side(factors, scope) or "1"

    def power(self, expr: Expr, scope: Scope) -> Spelled:
        """A power, a root, or a quotient."""
        base, exponent = expr.args
        if exponent.is_Rational and exponent.is_negative:
            return self.quotient([], [base**-exponent], scope), MUL
        if exponent == sp.S.Half:
            return self.style.root(self.within(base, LOOSE, scope))
        plain = bool(exponent.is_Integer)
        above = self.within(exponent, LOOSE, scope)
        return self.style.power(self.within(base, ATOM, scope), above, plain), CALL

    def exponential(self, expr: Expr, scope: Scope) -> Spelled:
        """exp(…); in LaTeX a power of e where that is short and no symbol is called e."""
        inside = self.within(expr.args[0], LOOSE, scope)
        names = {*self.tensors} | {a.name for a in self.layer.axes}
        if self.style.latex and "e" not in names and is_entry(expr.args[0]):
            return self.style.power("e", inside, False), CALL
        return self.style.call("exp", [inside]), CALL

    def function(self, expr: Expr, scope: Scope) -> Spelled:
        """A function of one value or two."""
        name = self.function_name(type(expr).__name__)
        args = [self.within(a, LOOSE, scope) for a in expr.args]
        if self.style.latex and isinstance(expr, sp.Abs):
            return rf"\left| {args[0]} \right|", ATOM
        return self.style.call(name, args), CALL

    def reduction(self, expr: Binder, scope: Scope) -> Spelled:
        """A sum, an extreme value or its place."""
        words = {Sum: "sum", Largest: "max", Smallest: "min"}
        word = words.get(type(expr)) or type(expr).__name__.lower()
        word = word.replace("largest", "max").replace("smallest", "min")
        inner = self.bind(expr.indices, scope)
        places = [i for a in entries(expr.body) for i in entry_indices(a)]
        ordered = [i for i in dict.fromkeys(places) if i in expr.indices]
        ordered += [i for i in expr.indices if i not in ordered]
        names = [self.style.name(inner.names[i]) for i in ordered]
        body = self.within(expr.body, MUL, inner)
        return f"{self.style.reduction(word, names)} {body}", MUL

    def delta(self, expr: Expr, scope: Scope) -> Spelled:
        """Between two indices a δ; with a label or a place an indicator."""
        if all(isinstance(a, Index) for a in expr.args):
            return self.style.same(*self.sides(expr, scope)), ATOM
        return self.between(expr, scope, self.style.equal), ATOM

    def sides(self, expr: Expr, scope: Scope) -> list[str]:
        """Two indices, bare ones first, in the order of their names."""
        pairs = [(not isinstance(a, Index), *self.write(a, scope)) for a in expr.args]
        return [text for _, text, _ in sorted(pairs, key=lambda p: (p[0], p[1]))]

    def between(self, expr: Expr, scope: Scope, sign: str) -> str:
        """An indicator between two indices."""
        return self.style.indicator(f" {sign} ".join(self.sides(expr, scope)))

    def bracket(self, expr: Bracket, scope: Scope) -> Spelled:
        """An indicator."""
        return self.style.indicator(self.condition(expr.condition, scope)), ATOM

    def condition(self, fact: sp.core.relational.Relational, scope: Scope) -> str:
        """A comparison."""
        left, right = (self.within(a, ADD, scope) for a in fact.args)
        return f"{left} {self.style.relations.get(fact.rel_op, fact.rel_op)} {right}"

    def where(self, expr: Where, scope: Scope) -> Spelled:
        """One of two values."""
        a, b = (self.within(cast(Expr, e), LOOSE, scope) for e in expr.args[1:])
        fact = cast(sp.core.relational.Relational, expr.args[0])
        return self.style.choice(self.condition(fact, scope), a, b)

    def partial(self, expr: Partial, scope: Scope) -> Spelled:
        """A derivative that is not yet worked out."""
        below, _ = self.write(expr.wrt, scope)
        inside = self.style.group(self.within(expr.expr, LOOSE, scope))
        return f"{self.style.operator(below)} {inside}", MUL

    # -- order ------------------------------------------------------------------------------

    def split(self, product: Expr) -> tuple[list[Expr], list[Expr]]:
        """The factors above and below the line, in order."""
        above: list[Expr] = []
        below: list[Expr] = []
        for factor in sp.Mul.make_args(product):
            as_is = isinstance(factor, sp.exp)
            base, power = (factor, sp.S.One) if as_is else factor.as_base_exp()
            if factor.is_Rational:
                above += [sp.Integer(factor.p)] if factor.p != 1 else []
                below += [sp.Integer(factor.q)] if factor.q != 1 else []
            elif power.is_Rational and power.is_negative:
                below.append(base**-power)
            else:
                above.append(factor)
        return sorted(above, key=self.factor_order), sorted(below, key=self.factor_order)

    def factor_order(self, factor: Expr) -> tuple[int, int, object]:
        """Numbers, scalars, deltas, entries, functions, indicators, brackets, cotangents, sums."""
        base = factor.as_base_exp()[0]
        name = entry_name(base) if is_entry(base) else ""
        kinds = (
            bool(factor.is_number),
            is_scalar(factor) and not self.is_slope(base),
            isinstance(base, KroneckerDelta) and all(isinstance(a, Index) for a in base.args),
            bool(name) and not self.is_slope(base),
            isinstance(base, sp.Function) and not isinstance(base, KroneckerDelta),
            isinstance(base, Bracket | KroneckerDelta) or isinstance(1 - base, KroneckerDelta),
            bool(base.is_Add),
            bool(name),
            True,
        )
        last = isinstance(factor, Sum | Extreme | Partial)
        kind = len(kinds) if last else kinds.index(True)
        place = self.tensors.get(name, 0) if name else self.axis_place(base)
        return kind, place, sp.default_sort_key(factor)

    def axis_place(self, base: Expr) -> int:
        """Where the axis of a delta stands among the layer's."""
        sizes = [a.size for a in self.layer.axes]
        index = base.args[0] if isinstance(base, KroneckerDelta) else None
        return sizes.index(index.size) if isinstance(index, Index) and index.size in sizes else 0

    def term_order(self, term: Expr) -> tuple[bool, int, object]:
        """Positive terms first; among them numbers, then sums, then the rest."""
        last = self.split(term)[0][-1:]
        kind = 0 if term.is_number else 1 if any(isinstance(f, Sum) for f in last) else 2
        return is_negative(term), kind, sp.default_sort_key(term)


WRITERS: tuple[tuple[type | tuple[type, ...], Callable[..., Spelled]], ...] = (
    ((sp.Symbol, sp.Indexed), Notation.symbol),
    ((sp.Number, sp.NumberSymbol), Notation.number),
    (sp.Add, Notation.sum_of_terms),
    (sp.Mul, Notation.product),
    (sp.exp, Notation.exponential),
    (sp.Pow, Notation.power),
    (Binder, Notation.reduction),
    (KroneckerDelta, Notation.delta),
    (Bracket, Notation.bracket),
    (Where, Notation.where),
    (Partial, Notation.partial),
    (sp.Function, Notation.function),
)


def spell(expr: Expr, layer: Layer, style: Style = UNICODE, unit_output: bool = True) -> str:
    """An expression over a layer's tensors, in one of the two alphabets."""
    return Notation(layer, style, unit_output).spell(expr)


def is_negative(term: Expr) -> bool:
    """Does it begin with a minus sign?"""
    return bool(term.as_coeff_Mul()[0].is_negative)


def is_scalar(factor: Expr) -> bool:
    """Is it a number, a size or a tensor without axes, or made of these alone?"""
    return not factor.atoms(sp.Indexed, Index, Binder, KroneckerDelta, Bracket)
