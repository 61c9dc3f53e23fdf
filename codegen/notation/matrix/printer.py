"""Matrix notation in print.

| what | spelled |
| --- | --- |
| product, transpose | `A B`, `Aᵀ` |
| entry by entry | `A ⊙ B`, `f(A)`, `𝟙[A > 0]`, `A^∘-1` |
| inverse, of the transpose | `A⁻¹`, `A⁻ᵀ` |
| rows scaled by a vector | `diag(v) A` |
| a vector of ones; a vector in every column | `𝟏`, `v 𝟏ᵀ` |
| the sum of a matrix's rows, as a column | `Aᵀ 𝟏` |
| 1 at the label of each row | `onehot(y)` |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr

from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import ADD, ATOM, CALL, LOOSE, MUL, Spelled, Style
from pullback.codegen.notation.writers import function_name
from pullback.derive.index.objects import Index, entry_indices, entry_name
from pullback.derive.matrix.making import scale
from pullback.derive.matrix.reader import matrix_tree
from pullback.derive.matrix.tree import Leaf, Made, Matrix, OneHot, Ones


def matrix_form(expr: Expr, axes: Sequence[Index], notation: Notation) -> str | None:
    """Matrix notation of an expression whose result runs over `axes`, or None where none exists."""
    tree = matrix_tree(expr, axes)
    return None if tree is None else spelled(tree, axes, notation)


def spelled(tree: Matrix, axes: Sequence[Index], notation: Notation, level: int = LOOSE) -> str:
    """A form as text, in brackets if it is looser than `level`; ∂L/∂L is left out where it is 1."""
    return Writing(notation, tuple(axes)).within(tree, level)


@dataclass(frozen=True)
class Writing:
    """A tree that is being written; `taken` are the indices of the result."""

    notation: Notation
    taken: tuple[Index, ...]

    @property
    def style(self) -> Style:
        """The alphabet."""
        return self.notation.style

    def within(self, a: Matrix, level: int) -> str:
        """In brackets if it is looser than `level`."""
        text, own = self.write(a)
        return text if own >= level else self.style.group(text)

    def write(self, a: Matrix) -> Spelled:
        """The text and how tightly it holds together."""
        if isinstance(a, Leaf):
            return leaf(self, a)
        if isinstance(a, Ones):
            return (r"\mathbf{1}" if self.style.latex else "𝟏"), ATOM
        if isinstance(a, OneHot):
            held = [i for i in entry_indices(a.label)[:-1] if isinstance(i, Index)]
            return self.style.call("onehot", [self.name(a.label, held)]), CALL
        assert isinstance(a, Made)
        return MADE[a.kind](self, a)

    def name(self, expr: Expr, held: Sequence[Index] = ()) -> str:
        """The name of a tensor, or ∂L/∂name."""
        return self.notation.tensor(entry_name(expr), held)

    def is_slope(self, a: Leaf) -> bool:
        """Is it a cotangent?"""
        return self.notation.tensors.is_slope(a.expr)


def leaf(here: Writing, a: Leaf) -> Spelled:
    """A tensor by its name alone, or a scalar."""
    if a.axes:
        return here.name(a.expr, a.held), CALL if here.is_slope(a) else ATOM
    text = here.notation.spell(a.expr, here.taken)
    for level in (ATOM, CALL, MUL, ADD):
        if here.notation.spell(a.expr, here.taken, level) == text:
            return text, level
    return text, LOOSE


def transposed(here: Writing, a: Made) -> Spelled:
    """With a raised T, or in one with the sign of an inverse."""
    if kind(a.of[0]) == "inverse":
        inside = here.within(a.of[0].parts[0], ATOM)
        return here.style.power(inside, r"-\top", True) if here.style.latex else f"{inside}⁻ᵀ", CALL
    inside = here.within(a.of[0], ATOM)
    return here.style.power(inside, r"\top", True) if here.style.latex else f"{inside}ᵀ", CALL


def product(here: Writing, a: Made) -> Spelled:
    """Side by side."""
    return here.style.space.join(here.within(b, CALL) for b in a.of), MUL


def inverse(here: Writing, a: Made) -> Spelled:
    """With a raised -1."""
    inside = here.within(a.of[0], ATOM)
    return here.style.power(inside, "-1", True) if here.style.latex else f"{inside}⁻¹", CALL


def determinant(here: Writing, a: Made) -> Spelled:
    """As a function of the matrix."""
    return here.style.call(a.kind, [here.within(a.of[0], LOOSE)]), CALL


def hadamard(here: Writing, a: Made) -> Spelled:
    """With ⊙ between: tensors, functions, brackets, cotangents."""

    def place(b: Matrix) -> tuple[int, int]:
        if isinstance(b, Leaf) and b.axes:
            own = here.notation.tensors.places.get(entry_name(b.expr), 0)
            return (3 if here.is_slope(b) else 0), own
        return (2 if kind(b) == "plus" else 1), 0

    sign = r" \odot " if here.style.latex else " ⊙ "
    return sign.join(here.within(b, CALL) for b in sorted(a.of, key=place)), MUL


def plus(here: Writing, a: Made) -> Spelled:
    """Positive terms first, then products before the rest, what is repeated last."""
    text = ""
    for negative, term in terms_of(a):
        word = here.within(term, MUL)
        sign = here.style.minus if negative else "+"
        text = f"{text} {sign} {word}" if text else (sign if negative else "") + word
    return text, ADD


def terms_of(a: Made) -> list[tuple[bool, Matrix]]:
    """The terms of a sum as they are printed, each with whether a minus sign stands before it."""
    terms = [unsigned(b) for b in a.of]
    return sorted(terms, key=lambda t: (t[0], holds_ones(t[1]), kind(t[1]) != "product"))


def scaled(here: Writing, a: Made) -> Spelled:
    """A scalar before a matrix."""
    negative, positive = unsigned(a)
    if negative:
        return here.style.minus + here.within(positive, MUL), ADD
    scalar, inside = a.of
    if isinstance(scalar, Leaf) and here.notation.without_unit(scalar.expr) == 1:
        return here.write(inside)
    front, level = here.write(scalar)
    if level < CALL and not (here.style.latex and level == MUL):
        front = here.style.group(front)
    loose = kind(inside) in ("product", "scale")
    return f"{front}{here.style.space}{here.within(inside, MUL if loose else CALL)}", MUL


def diag(here: Writing, a: Made) -> Spelled:
    """A vector on the diagonal; with the inverse of each entry it is an inverse matrix."""
    v = a.of[0]
    if isinstance(v, Made) and v.kind == "power" and v.exponent == -1:
        inside = here.style.call("diag", [here.within(v.of[0], LOOSE)])
        return here.style.power(inside, "-1", True) if here.style.latex else f"{inside}⁻¹", CALL
    return here.style.call("diag", [here.within(v, LOOSE)]), CALL


def apply(here: Writing, a: Made) -> Spelled:
    """A function of each entry."""
    return here.style.call(function_name(a.word), [here.within(b, LOOSE) for b in a.of]), CALL


def bracket(here: Writing, a: Made) -> Spelled:
    """1 where the comparison holds."""
    left, right = (here.within(b, ADD) for b in a.of)
    sign = here.style.relations.get(a.word, a.word)
    return here.style.indicator(f"{left} {sign} {right}"), ATOM


def power(here: Writing, a: Made) -> Spelled:
    """A power of each entry, marked as such; of a scalar a plain one."""
    text = here.notation.spell(a.exponent)
    base = here.within(a.of[0], ATOM)
    if here.style.latex:
        return here.style.power(base, (r"\circ" if a.axes else "") + f"({text})", True), CALL
    return f"{base}^{'∘' if a.axes else ''}({text})", CALL


MADE: Mapping[str, Callable[[Writing, Made], Spelled]] = {
    "transpose": transposed,
    "product": product,
    "hadamard": hadamard,
    "plus": plus,
    "scale": scaled,
    "diag": diag,
    "apply": apply,
    "bracket": bracket,
    "power": power,
    "inverse": inverse,
    "det": determinant,
    "logdet": determinant,
}


def kind(a: Matrix) -> str:
    """How it is made, if it is."""
    return a.kind if isinstance(a, Made) else ""


def holds_ones(a: Matrix) -> bool:
    """Does a vector of ones occur in it?"""
    return isinstance(a, Ones) or any(holds_ones(b) for b in a.parts)


def unsigned(a: Matrix) -> tuple[bool, Matrix]:
    """Whether a minus sign stands before it, and the matrix without it."""
    if isinstance(a, Leaf) and not a.axes and a.expr.as_coeff_Mul()[0].is_negative:
        return True, Leaf(None, None, -a.expr)
    if isinstance(a, Made) and a.kind == "scale":
        negative, scalar = unsigned(a.of[0])
        if negative:
            return True, scale([scalar], a.of[1])
    return False, a
