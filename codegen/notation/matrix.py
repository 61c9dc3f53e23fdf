"""Matrix notation of an index expression, where one exists: Σ_n h[n,k] ∂L/∂z[n,j] is hᵀ ∂L/∂z.

An expression becomes a small tree of matrices, each of which knows its row and column index; a
vector is a column, a scalar has neither index. Only then is it spelled. What needs three indices at
once, an entry at a label, or the place of an extreme value has no matrix form here.

| what | spelled |
| --- | --- |
| product, transpose | `A B`, `Aᵀ` |
| entry by entry | `A ⊙ B`, `f(A)`, `𝟏[A > 0]`, `A^∘-1` |
| rows scaled by a vector | `diag(v) A` |
| a vector of ones; a vector in every column | `𝟏`, `v 𝟏ᵀ` |
| the sum of a matrix's rows | `Σ_n A_n` |
| 1 at the label of each row | `onehot(y)` |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise, permutations
from typing import cast

import sympy as sp
from sympy import Expr, KroneckerDelta

from pullback.codegen.notation.printer import (
    ADD,
    ATOM,
    CALL,
    LOOSE,
    MUL,
    UNICODE,
    Notation,
    Spelled,
    Style,
)
from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Bracket, Maximum, Minimum
from pullback.derive.index.objects import (
    Index,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    is_size,
)
from pullback.derive.layer import Layer

Axis = Index | None


class NoMatrixForm(Exception):
    """The expression has no form in matrix notation."""


@dataclass(frozen=True)
class Matrix:
    """A matrix whose rows and columns run over these indices; None is one row or one column."""

    rows: Axis
    columns: Axis

    @property
    def parts(self) -> tuple[Matrix, ...]:
        """What it is made of."""
        return ()

    @property
    def axes(self) -> set[Index]:
        """The indices over which it runs."""
        return {i for i in (self.rows, self.columns) if i is not None}


@dataclass(frozen=True)
class Leaf(Matrix):
    """A tensor, or a scalar that no index reaches."""

    expr: Expr


@dataclass(frozen=True)
class Ones(Matrix):
    """A column of ones."""


@dataclass(frozen=True)
class OneHot(Matrix):
    """A row per label, with 1 at the label."""

    label: Expr


@dataclass(frozen=True)
class Made(Matrix):
    """Made of other matrices; `kind` says how, `word` is a function's name or a relation's sign.

    transpose, product, hadamard, plus, scale (a scalar and a matrix), diag, rows (their sum),
    apply (a function, entry by entry), bracket (a comparison), power (of each entry).
    """

    kind: str
    of: tuple[Matrix, ...]
    word: str = ""
    exponent: Expr = field(default=sp.S.One)

    @property
    def parts(self) -> tuple[Matrix, ...]:
        """What it is made of."""
        return self.of


# -- making --------------------------------------------------------------------------------------


def transpose(a: Matrix) -> Matrix:
    """aᵀ, taken into products and sums."""
    if isinstance(a, Made) and a.kind == "transpose":
        return a.of[0]
    if a.rows is None and a.columns is None:
        return a
    if isinstance(a, Made) and a.kind in (
        "product",
        "hadamard",
        "plus",
        "scale",
        "apply",
        "bracket",
    ):
        of = tuple(transpose(b) for b in (reversed(a.of) if a.kind == "product" else a.of))
        return Made(a.columns, a.rows, a.kind, of, a.word)
    if isinstance(a, Made) and a.kind == "power":
        return Made(a.columns, a.rows, a.kind, (transpose(a.of[0]),), "", a.exponent)
    return Made(a.columns, a.rows, "transpose", (a,))


def product(*factors: Matrix) -> Matrix:
    """A matrix product; neighbours share an axis, or have none there."""
    flat: list[Matrix] = []
    scalars: list[Matrix] = []
    for factor in factors:
        while isinstance(factor, Made) and factor.kind == "scale":
            scalars.append(factor.of[0])
            factor = factor.of[1]
        flat += factor.of if isinstance(factor, Made) and factor.kind == "product" else (factor,)
    for left, right in pairwise(flat):
        if left.columns != right.rows:
            raise ValueError("a product of matrices that do not fit")
    whole = flat[0] if len(flat) == 1 else Made(flat[0].rows, flat[-1].columns, "product", (*flat,))
    return scale(scalars, whole)


def hadamard(parts: Sequence[Matrix]) -> Matrix:
    """The product entry by entry of matrices over the same axes."""
    if len(parts) == 1:
        return parts[0]
    return Made(parts[0].rows, parts[0].columns, "hadamard", tuple(parts))


def scale(scalars: Sequence[Matrix], a: Matrix) -> Matrix:
    """A matrix times scalars; plain numbers and symbols are one scalar."""
    plain = sp.Mul(*(s.expr for s in scalars if isinstance(s, Leaf)))
    others = [s for s in scalars if not isinstance(s, Leaf)]
    for scalar in others:
        a = Made(a.rows, a.columns, "scale", (scalar, a))
    return a if plain == 1 else Made(a.rows, a.columns, "scale", (Leaf(None, None, plain), a))


def diagonal(vectors: Sequence[Matrix]) -> list[Matrix]:
    """The diagonal matrix of a product of vectors, or nothing where there are none."""
    if not vectors:
        return []
    v = hadamard(vectors)
    return [Made(v.rows, v.rows, "diag", (v,))]


def fit(a: Matrix, rows: Axis, columns: Axis) -> Matrix:
    """The same values over these axes: transposed, or repeated over the axes that it lacks."""
    if (a.rows, a.columns) == (rows, columns):
        return a
    if (a.columns, a.rows) == (rows, columns):
        return transpose(a)
    if rows is None and columns is not None:
        return transpose(fit(a, columns, None))
    if rows is None:
        raise NoMatrixForm
    if not a.axes:
        ones = Ones(rows, None)
        whole = ones if columns is None else product(ones, transpose(Ones(columns, None)))
        return scale([a], whole)
    if a.axes == {rows} and columns is not None:
        return product(fit(a, rows, None), transpose(Ones(columns, None)))
    if a.axes == {columns} and columns is not None:
        return product(Ones(rows, None), fit(a, None, columns))
    raise NoMatrixForm


def total(factors: Sequence[Matrix], order: Sequence[Index]) -> Matrix:
    """The product of scalars, vectors and matrices over at most two axes together."""
    axes = ordered({i for f in factors for i in f.axes}, order)
    if len(axes) > 2:
        raise NoMatrixForm
    rows, columns = (*axes, None, None)[:2]
    scalars = [f for f in factors if not f.axes]
    on_rows = [fit(f, rows, None) for f in factors if f.axes == {rows}]
    on_columns = [fit(f, columns, None) for f in factors if f.axes == {columns}]
    whole = [fit(f, rows, columns) for f in factors if len(f.axes) == 2]
    if whole:
        return scale(scalars, product(*diagonal(on_rows), hadamard(whole), *diagonal(on_columns)))
    if on_rows and on_columns:
        return scale(scalars, product(hadamard(on_rows), transpose(hadamard(on_columns))))
    if on_rows:
        return scale(scalars, hadamard(on_rows))
    plain = sp.Mul(*(s.expr for s in scalars if isinstance(s, Leaf)))
    others = [s for s in scalars if not isinstance(s, Leaf)]
    if not others:
        return Leaf(None, None, plain)
    return scale([Leaf(None, None, plain), *others[1:]], others[0])


def contract(factors: Sequence[Matrix], i: Index, order: Sequence[Index]) -> list[Matrix]:
    """The factors once their product is summed over i."""
    on = [f for f in factors if i in f.axes]
    rest = [f for f in factors if i not in f.axes]
    others = ordered({a for f in on for a in f.axes} - {i}, order)
    vectors = [fit(f, i, None) for f in on if f.axes == {i}]
    if not on or len(others) > 2:
        raise NoMatrixForm
    matrices = [hadamard([fit(f, o, i) for f in on if f.axes == {o, i}]) for o in others]
    if len(others) == 2:
        return [product(matrices[0], *diagonal(vectors), transpose(matrices[1])), *rest]
    if not others and len(vectors) > 1:
        return [product(transpose(vectors[0]), hadamard(vectors[1:])), *rest]
    whole = transpose(matrices[0]) if others else vectors[0]
    if isinstance(whole, Leaf) and (not others or not vectors):
        return [Made(whole.columns, None, "rows", (whole,)), *rest]
    if not others:
        return [product(transpose(whole), Ones(i, None)), *rest]
    return [product(matrices[0], hadamard(vectors) if vectors else Ones(i, None)), *rest]


def ordered(axes: Iterable[Index], order: Sequence[Index]) -> list[Index]:
    """Axes in the wanted order, those of a result first."""
    return sorted(axes, key=lambda i: (order.index(i) if i in order else len(order), i.name))


# -- reading an index expression -------------------------------------------------------------------


def matrix_tree(expr: Expr, axes: Sequence[Index]) -> Matrix | None:
    """The tree of an expression whose result runs over these axes, or None where there is none."""
    if len(axes) > 2:
        return None
    rows, columns = (*axes, None, None)[:2]
    try:
        return fit(form(expr, axes), rows, columns)
    except NoMatrixForm:
        return None


def form(expr: Expr, order: Sequence[Index]) -> Matrix:
    """The tree of an expression over its own free indices."""
    if not free_indices(expr) and not expr.has(Sum):
        if expr.atoms(sp.Indexed) or not is_scalar_form(expr):
            raise NoMatrixForm
        return Leaf(None, None, expr)
    if is_entry(expr):
        return leaf(expr)
    if expr.is_Add:
        return together([form(t, order) for t in expr.args], order, "plus")
    if expr.is_Mul:
        return total(factors_of(expr, order), order)
    if isinstance(expr, Sum):
        return summed(expr, order)
    if isinstance(expr, KroneckerDelta):
        return one_hot(expr)
    return entrywise(expr, order)


def is_scalar_form(expr: Expr) -> bool:
    """Is it made of numbers, sizes and tensors without axes?"""
    return all(is_entry(s) or is_size(s) for s in expr.free_symbols)


def leaf(expr: Expr) -> Matrix:
    """A tensor at plain indices, each once."""
    indices = entry_indices(expr)
    if len(indices) > 2 or len(set(indices)) < len(indices):
        raise NoMatrixForm
    if not all(isinstance(i, Index) for i in indices):
        raise NoMatrixForm
    rows, columns = (*cast("tuple[Index, ...]", indices), None, None)[:2]
    return Leaf(rows, columns, expr)


def one_hot(expr: Expr) -> Matrix:
    """The delta of an index and a label."""
    index, label = sorted(expr.args, key=lambda a: not isinstance(a, Index))
    labels = entry_indices(label)
    if not isinstance(index, Index) or not isinstance(label, sp.Indexed) or len(labels) != 1:
        raise NoMatrixForm
    if not isinstance(labels[0], Index) or labels[0] == index:
        raise NoMatrixForm
    return OneHot(labels[0], index, label)


def together(parts: Sequence[Matrix], order: Sequence[Index], kind: str, word: str = "") -> Matrix:
    """Matrices brought to the same axes; in a function or comparison a scalar stays one."""
    axes = ordered({i for p in parts for i in p.axes}, order)
    if len(axes) > 2:
        raise NoMatrixForm
    rows, columns = (*axes, None, None)[:2]
    keep = kind != "plus"
    fitted = tuple(p if keep and not p.axes else fit(p, rows, columns) for p in parts)
    return Made(rows, columns, kind, fitted, word)


def factors_of(expr: Expr, order: Sequence[Index]) -> list[Matrix]:
    """The factors of a product, its sums contracted one by one."""
    return [form(f, order) for f in sp.Mul.make_args(expr)]


def summed(expr: Sum, order: Sequence[Index]) -> Matrix:
    """A sum of products, contracted over one index after the other."""
    factors = factors_of(expr.body, order)
    for indices in permutations(expr.indices):
        try:
            chain = reduce(lambda found, i: contract(found, i, order), indices, factors)
            return total(chain, order)
        except NoMatrixForm:
            continue
    raise NoMatrixForm


def entrywise(expr: Expr, order: Sequence[Index]) -> Matrix:
    """Powers, functions and comparisons, entry by entry."""
    if isinstance(expr, sp.Pow) and expr.exp.is_Rational:
        base = form(expr.base, order)
        if expr.exp == 2 and base.axes:
            return hadamard([base, base])
        return Made(base.rows, base.columns, "power", (base,), "", expr.exp)
    if isinstance(expr, Bracket):
        fact = expr.condition
        return together([form(a, order) for a in fact.args], order, "bracket", fact.rel_op)
    if isinstance(expr, sp.Function) and (
        len(expr.args) == 1 or isinstance(expr, Maximum | Minimum)
    ):
        parts = [form(a, order) for a in expr.args]
        return together(parts, order, "apply", type(expr).__name__)
    raise NoMatrixForm


# -- spelling --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Speller:
    """Spells a tree; `taken` are the names of indices of the result."""

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
        latex = self.style.latex
        if isinstance(a, Leaf):
            return self.leaf(a)
        if isinstance(a, Ones):
            return (r"\mathbf{1}" if latex else "𝟏"), ATOM
        if isinstance(a, OneHot):
            inside = self.name(a.label)
            return self.style.call("onehot", [inside]), CALL
        assert isinstance(a, Made)
        return MADE[a.kind](self, a)

    def leaf(self, a: Leaf) -> Spelled:
        """A tensor by its name alone, or a scalar."""
        if a.axes:
            return self.name(a.expr), CALL if self.notation.is_slope(a.expr) else ATOM
        for level in (ATOM, CALL, MUL, ADD):
            text = self.notation.spell(a.expr, self.taken, level)
            if text == self.notation.spell(a.expr, self.taken):
                return text, level
        return self.notation.spell(a.expr, self.taken), LOOSE

    def name(self, expr: Expr) -> str:
        """The name of a tensor, or ∂L/∂name."""
        return self.notation.tensor(entry_name(expr))[0]

    def transposed(self, a: Made) -> Spelled:
        """With a raised T."""
        inside = self.within(a.of[0], ATOM)
        return inside + (r"^{\top}" if self.style.latex else "ᵀ"), CALL

    def product(self, a: Made) -> Spelled:
        """Side by side."""
        return self.style.space.join(self.within(b, CALL) for b in a.of), MUL

    def hadamard(self, a: Made) -> Spelled:
        """With ⊙ between."""
        sign = r" \odot " if self.style.latex else " ⊙ "
        return sign.join(self.within(b, CALL) for b in sorted(a.of, key=self.place)), MUL

    def place(self, a: Matrix) -> tuple[int, int]:
        """Where a factor stands: tensors, functions, brackets, cotangents."""
        if isinstance(a, Leaf) and a.axes:
            place = self.notation.tensors.get(entry_name(a.expr), 0)
            return (3 if self.notation.is_slope(a.expr) else 0), place
        return (2 if isinstance(a, Made) and a.kind == "plus" else 1), 0

    def plus(self, a: Made) -> Spelled:
        """Positive terms first, then products before the rest, what is repeated last."""
        terms = [unsigned(b) for b in a.of]
        terms.sort(key=lambda t: (t[0], holds_ones(t[1]), kind(t[1]) not in ("product", "rows")))
        text = ""
        for negative, term in terms:
            word = self.within(term, MUL)
            sign = self.style.minus if negative else "+"
            text = f"{text} {sign} {word}" if text else (sign if negative else "") + word
        return text, ADD

    def scale(self, a: Made) -> Spelled:
        """A scalar before a matrix."""
        negative, positive = unsigned(a)
        if negative:
            return self.style.minus + self.within(positive, MUL), ADD
        scalar, inside = a.of
        front, level = self.write(scalar)
        if level < CALL and not (self.style.latex and level == MUL):
            front = self.style.group(front)
        loose = kind(inside) in ("product", "scale", "rows")
        return f"{front}{self.style.space}{self.within(inside, MUL if loose else CALL)}", MUL

    def diag(self, a: Made) -> Spelled:
        """A vector on the diagonal; with the inverse of each entry it is an inverse matrix."""
        v = a.of[0]
        if isinstance(v, Made) and v.kind == "power" and v.exponent == -1:
            inside = self.style.call("diag", [self.within(v.of[0], LOOSE)])
            return inside + ("^{-1}" if self.style.latex else "⁻¹"), CALL
        return self.style.call("diag", [self.within(v, LOOSE)]), CALL

    def rows(self, a: Made) -> Spelled:
        """The sum of the rows: Σ_n A_n."""
        index = cast(Index, a.of[0].rows)
        names = self.notation.names([index], self.taken)
        body = self.name(cast(Leaf, a.of[0]).expr)
        below = f"_{{{names[0]}}}" if self.style.latex else f"_{names[0]}"
        if self.style.latex and self.notation.is_slope(cast(Leaf, a.of[0]).expr):
            source = self.notation.source(entry_name(cast(Leaf, a.of[0]).expr)) or ""
            body = self.style.slope(self.notation.loss, self.style.name(source) + below)
            below = ""
        return f"{self.style.reduction('sum', names)} {body}{below}", MUL

    def apply(self, a: Made) -> Spelled:
        """A function of each entry."""
        args = [self.within(b, LOOSE) for b in a.of]
        return self.style.call(self.notation.function_name(a.word), args), CALL

    def bracket(self, a: Made) -> Spelled:
        """1 where the comparison holds."""
        left, right = (self.within(b, ADD) for b in a.of)
        sign = self.style.relations.get(a.word, a.word)
        return self.style.indicator(f"{left} {sign} {right}"), ATOM

    def power(self, a: Made) -> Spelled:
        """A power of each entry, marked as such; of a scalar a plain one."""
        text = self.notation.spell(a.exponent)
        base = self.within(a.of[0], ATOM)
        mark = (r"\circ" if self.style.latex else "∘") if a.axes else ""
        inside = f"{{{mark}({text})}}" if self.style.latex else f"{mark}({text})"
        return f"{base}^{inside}", CALL


MADE: dict[str, Callable[[Speller, Made], Spelled]] = {
    "transpose": Speller.transposed,
    "product": Speller.product,
    "hadamard": Speller.hadamard,
    "plus": Speller.plus,
    "scale": Speller.scale,
    "diag": Speller.diag,
    "rows": Speller.rows,
    "apply": Speller.apply,
    "bracket": Speller.bracket,
    "power": Speller.power,
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


def matrix_form(
    expr: Expr, axes: Sequence[Index], layer: Layer, style: Style = UNICODE
) -> str | None:
    """Matrix notation of an expression whose result runs over `axes`, or None where none exists."""
    notation = Notation(layer, style)
    tree = matrix_tree(notation.without_unit(expr), axes)
    return None if tree is None else Speller(notation, tuple(axes)).within(tree, LOOSE)
