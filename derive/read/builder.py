"""Trees to SymPy objects, symbol by symbol; nothing is ever evaluated."""

from __future__ import annotations

from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.functions import FUNCTIONS, OF_TWO
from pullback.derive.index.kinks import Bracket, Where, with_own_abs
from pullback.derive.index.matrices import MATRIX_FUNCTIONS, Inverse, MatrixOf
from pullback.derive.index.objects import KroneckerDelta, entry
from pullback.derive.index.rewriting import substitute
from pullback.derive.read.limits import MAX_POWER
from pullback.derive.read.matrix_functions import OF_MATRICES, bound_axes, square_of
from pullback.derive.read.sizes import length, whole_form
from pullback.derive.read.sugar import SUGAR
from pullback.derive.read.symbols import Symbols
from pullback.derive.read.trees import (
    COMPARISONS,
    Apply,
    Iverson,
    Length,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Shifted,
    Tree,
    refuse,
)
from pullback.derive.read.vocabulary import PAIRS, PI, REDUCTIONS, RELATIONS, WORDS, suggestion

MAX_BITS = 4096  # of a number that literals make up


class Builder:
    """Builds the expressions of a definition whose names are known."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols

    def right_side(self, tree: Tree, axes: tuple[str, ...], place: Place) -> Expr:
        """The right side of an equation, with the axes of its left side in scope."""
        expr = self.build(tree, frozenset(axes))
        check_real(expr, "the right side", place)
        return expr

    def build(self, tree: Tree, scope: frozenset[str]) -> Expr:
        """The SymPy object of a tree; `scope` holds the axes that are bound."""
        match tree:
            case Number(text, _):
                return cast(Expr, sp.Rational(text))
            case Negative(operand, _):
                return cast(Expr, -self.build(operand, scope))
            case Iverson(comparison, _):
                return self.indicator(comparison, scope)
            case Ref():
                return self.reference(tree, scope)
            case Shifted():
                return self.shifted(tree, scope)
            case Length():
                return length(self.symbols, tree)
            case Apply():
                return self.apply(tree, scope)
            case Operation(op, _, _, place) if op in COMPARISONS:
                refuse("a comparison stands in [ ] or as the first argument of where( )", place)
            case Operation("**", _, _, _):
                return self.power(tree, scope)
        return self.chain(tree, scope)

    def chain(self, tree: Tree, scope: frozenset[str]) -> Expr:
        """A run of + and -, or of * and /, however long: taken from the left without recursion."""
        operands = []
        family = ("+", "-") if cast(Operation, tree).op in ("+", "-") else ("*", "/")
        while isinstance(tree, Operation) and tree.op in family:
            right = self.build(tree.right, scope)
            if tree.op == "/" and right.is_zero:
                refuse("division by zero", tree.place)
            if tree.op in "-/":
                right = -right if tree.op == "-" else 1 / right
            operands.append(right)
            tree = tree.left
        operands.append(self.build(tree, scope))
        whole = (sp.Add if family[0] == "+" else sp.Mul)(*reversed(operands))
        return with_own_abs(whole)

    def power(self, tree: Operation, scope: frozenset[str]) -> Expr:
        """A power; literal ones are limited."""
        base, exponent = self.build(tree.left, scope), self.build(tree.right, scope)
        if exponent.is_number:
            check_real(exponent, "the exponent", tree.place)
            if abs(exponent) > MAX_POWER:
                refuse(f"a literal power lies between -{MAX_POWER} and {MAX_POWER}", tree.place)
            if base.is_zero and exponent.is_negative:
                refuse("division by zero", tree.place)
        if base.is_number and base.is_negative and not exponent.is_integer:
            refuse("a negative number has real powers only for whole exponents", tree.place)
        return with_own_abs(base**exponent)

    def reference(self, tree: Ref, scope: frozenset[str]) -> Expr:
        """A real tensor's entry, or the size of an axis."""
        if tree.name == PI:
            return cast(Expr, sp.pi)
        axis = self.symbols.axis_of_size(tree.name)
        if tree.indices is None and axis is not None:
            return self.symbols.size(axis)
        if tree.name in self.symbols.axes:
            refuse(
                f"'{tree.name}' is an axis; as a number it stands only in a comparison "
                f"like [{tree.name} == y[n]], and its size is size({tree.name})",
                tree.place,
            )
        if tree.name in self.symbols.labels:
            refuse(
                f"'{tree.name}' holds labels, as it is used as an index elsewhere; "
                "a label is no number to compute with",
                tree.place,
            )
        return self.entry(tree, scope)

    def entry(self, tree: Ref, scope: frozenset[str]) -> Expr:
        """A tensor's entry."""
        indices = [self.place(i, scope) for i in tree.indices or ()]
        return entry(tree.name, indices, tree.name in self.symbols.labels)

    def place(self, tree: Ref, scope: frozenset[str]) -> Expr:
        """What stands in an index position: a label or an axis."""
        if tree.name in self.symbols.labels:
            return self.entry(tree, scope)
        if tree.name not in scope:
            refuse(
                f"'{tree.name}' is not bound: write sum({tree.name}, …) "
                f"or add {tree.name} to the left side",
                tree.place,
            )
        return self.symbols.index(tree.name)

    def shifted(self, tree: Shifted, scope: frozenset[str]) -> Expr:
        """An entry at whole expressions: x[2i + a] is Σ_m [m = 2i + a] x[m], so 0 outside."""
        own = [self.symbols.index(axis) for axis, _ in tree.at]
        if tree.entry.name in self.symbols.labels:
            refuse(
                f"'{tree.entry.name}' holds labels; a label stands at axes and labels alone",
                tree.place,
            )
        entry = self.entry(tree.entry, scope | {axis for axis, _ in tree.at})
        wholes = [self.whole(whole, scope) for _, whole in tree.at]
        meets = sp.Mul(
            *(Bracket(sp.Eq(m, w, evaluate=False)) for m, w in zip(own, wholes, strict=True))
        )
        found = Sum(meets * entry, *own)
        if tree.outside is not None:
            outside = self.build(tree.outside, scope)
            found += outside * Bracket(sp.Lt(Sum(meets, *own), 1))
        at = dict(tree.at)
        for start in tree.starts:
            there = self.whole(at[tree.along], scope) - self.whole(start.at, scope)
            found += Bracket(sp.Eq(there, 0, evaluate=False)) * self.build(start.value, scope)
        return cast(Expr, found)

    def whole(self, tree: Tree, scope: frozenset[str]) -> Expr:
        """A sum of axes, labels, sizes and whole numbers."""
        return whole_form(self.symbols, tree, lambda ref: self.place(ref, scope))

    def apply(self, tree: Apply, scope: frozenset[str]) -> Expr:
        """A function, a reduction, `where` or `size`."""
        first = tree.args[0]
        over_axis = (
            isinstance(first, Ref) and first.indices is None and first.name in self.symbols.axes
        )
        if tree.name == "size":
            if len(tree.args) != 1 or not over_axis:
                refuse("size takes one axis, as in size(k)", tree.place)
            return self.symbols.size(cast(Ref, first).name)
        if tree.name in REDUCTIONS and (over_axis or tree.name not in PAIRS):
            return self.reduction(tree, scope)
        if tree.name in OF_MATRICES:
            return self.of_matrix(tree, scope)
        if tree.name == "where":
            arity(tree, 3, "a condition and two values, as in where(x[n] > 0, a, b)")
            a, b = (self.build(t, scope) for t in tree.args[1:])
            return Where(self.condition(first, scope), a, b)
        if tree.name == PI:
            refuse(f"'{PI}' is a number, and no function", tree.place)
        if tree.name not in WORDS:
            words = ", ".join(sorted({*WORDS, *SUGAR}))
            hint = suggestion(tree.name)
            refuse(f"'{tree.name}' is not a function{hint or f'; those are {words}'}", tree.place)
        args = [self.build(t, scope) for t in tree.args]
        if tree.name in PAIRS:
            arity(tree, 2, "two values, or an axis and a value")
            return cast(Expr, PAIRS[tree.name](*args))
        if tree.name in OF_TWO:
            arity(tree, 2, "two values")
            return OF_TWO[tree.name](*args)
        arity(tree, 1, "one value")
        return with_own_abs(FUNCTIONS[tree.name](*args))

    def reduction(self, tree: Apply, scope: frozenset[str]) -> Expr:
        """`sum(d, k, e)` and its like."""
        *axes, body = tree.args
        names: list[str] = []
        for axis in axes:
            if not (isinstance(axis, Ref) and axis.indices is None):
                refuse(f"{tree.name} takes axes and then a value, as in sum(d, …)", axis.place)
            if axis.name in scope or axis.name in names:
                refuse(
                    f"the axis '{axis.name}' is in use here already; take another letter",
                    axis.place,
                )
            if axis.name not in self.symbols.axes:
                refuse(f"no input has the axis '{axis.name}', so its size is unknown", axis.place)
            names.append(axis.name)
        if not names:
            refuse(f"{tree.name} takes axes and then a value, as in sum(d, …)", tree.place)
        indices = [self.symbols.index(n) for n in names]
        inner = self.build(body, scope | set(names))
        if tree.name in PAIRS:
            for i in reversed(indices):
                inner = REDUCTIONS[tree.name](inner, i)
            return inner
        total = REDUCTIONS[tree.name](inner, *indices)
        if tree.name == "mean":
            total = total / sp.Mul(*(i.size for i in indices))
        return cast(Expr, total)

    def of_matrix(self, tree: Apply, scope: frozenset[str]) -> Expr:
        """A function of a whole matrix: `logdet(S[n, i, j])`, `inv(A[i, j])`."""
        found, bound = square_of(tree), bound_axes(tree)
        for axis in (found.rows, found.columns):
            if axis.name in bound and axis.name in scope:
                example = f"; {tree.name} binds {' and '.join(bound)}"
                refuse(
                    f"the axis '{axis.name}' is in use here already; take another letter{example}",
                    axis.place,
                )
            if axis.name not in bound:
                self.place(axis, scope)
        rows, columns = (self.symbols.index(a.name) for a in (found.rows, found.columns))
        value = self.build(found.value, scope | {found.rows.name, found.columns.name})
        if tree.name == "trace":
            return Sum(substitute(value, {columns: rows}), rows)
        matrix = MatrixOf(value, rows, columns)
        if tree.name == "solve":
            assert found.right is not None
            right = self.build(found.right, scope | {found.rows.name})
            return Sum(Inverse(matrix, columns, rows) * right, rows)
        places = (rows, columns) if tree.name == "inv" else ()
        return MATRIX_FUNCTIONS[tree.name](matrix, *places)

    def indicator(self, tree: Tree, scope: frozenset[str]) -> Expr:
        """A condition as a number; the equality of two indices is a Kronecker delta."""
        condition = self.condition(tree, scope)
        if isinstance(condition, sp.Eq | sp.Ne) and self.between_indices(cast(Operation, tree)):
            delta = KroneckerDelta(condition.lhs, condition.rhs)
            return cast(Expr, delta if isinstance(condition, sp.Eq) else 1 - delta)
        return Bracket(condition)

    def condition(self, tree: Tree, scope: frozenset[str]) -> Any:
        """The relation of an indicator."""
        if not (isinstance(tree, Operation) and tree.op in COMPARISONS):
            refuse("expected a comparison, as in x[n] > 0", tree.place)
        if self.between_indices(tree):
            left, right = (self.place(cast(Ref, s), scope) for s in (tree.left, tree.right))
        elif self.symbols.compares_places(tree):
            left, right = (self.whole(s, scope) for s in (tree.left, tree.right))
        else:
            left, right = (self.build(s, scope) for s in (tree.left, tree.right))
        for side in (left, right):
            check_real(side, "a side of the comparison", tree.place)
        return RELATIONS[tree.op](left, right)

    def between_indices(self, tree: Operation) -> bool:
        """Does a comparison stand between axes or labels?"""
        names = self.symbols.axes | set(self.symbols.labels)
        return all(isinstance(s, Ref) and s.name in names for s in (tree.left, tree.right))


def check_real(expr: Expr, what: str, place: Place) -> None:
    """Refuse what has no finite real value, and numbers that are too long to print."""
    if expr.has(sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I) or expr.is_real is False:
        refuse(f"{what} has no finite real value", place)
    numbers = expr.atoms(sp.Rational)
    if any(max(abs(q.p), q.q).bit_length() > MAX_BITS for q in numbers):
        refuse(f"a number in {what} becomes too long", place)


def arity(tree: Apply, wanted: int, words: str) -> None:
    """Refuse a wrong number of arguments."""
    if len(tree.args) != wanted:
        refuse(f"{tree.name} takes {words}; it has {len(tree.args)}", tree.place)
