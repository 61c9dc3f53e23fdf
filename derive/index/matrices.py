"""Functions of whole matrices: an inverse's entries, determinants and their logs.

A matrix is what stands at two bound indices, its rows and its columns. Slopes are those of
M. B. Giles, "An extended collection of matrix derivative results for forward and reverse mode
algorithmic differentiation", Oxford 2008: dA⁻¹ = −A⁻¹ dA A⁻¹, d log|det A| = tr(A⁻¹ dA),
d det A = det A tr(A⁻¹ dA).
"""

from __future__ import annotations

from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Sum
from pullback.derive.index.objects import Index


class MatrixOf(Binder):
    """The matrix of the values at two indices: first its rows, then its columns."""

    in_order = True

    @property
    def rows(self) -> Index:
        """The index along which its rows are counted."""
        return self.indices[0]


class MatrixFunction(Expr):
    """A number that hangs on a whole square matrix; its first argument is the matrix."""

    is_commutative = True

    def __new__(cls, matrix: Expr, *places: Expr) -> Expr:
        """The function of a matrix, its entry at these places."""
        return cast(Expr, super().__new__(cls, matrix, *places))

    @property
    def matrix(self) -> MatrixOf:
        """The matrix."""
        return cast(MatrixOf, self.args[0])

    @property
    def places(self) -> tuple[Expr, ...]:
        """The row and the column, where its values are entries of a matrix."""
        return cast("tuple[Expr, ...]", self.args[1:])

    def _eval_is_real(self) -> bool:
        return True

    def _eval_is_extended_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        words = ", ".join(printer._print(a) for a in self.args)
        return f"{type(self).__name__}({words})"


class Inverse(MatrixFunction):
    """An entry of the inverse, at a row and a column."""

    def _eval_derivative(self, s: Expr) -> Expr:
        body, (k, m) = self.matrix.open()
        row, column = self.places
        slope = Inverse(self.matrix, row, k) * body.diff(s) * Inverse(self.matrix, m, column)
        return cast(Expr, -Sum(slope, k, m))


def of_trace(matrix: MatrixOf, s: Expr) -> Expr:
    """The trace of the inverse times the slope of the matrix."""
    body, (k, m) = matrix.open()
    return Sum(Inverse(matrix, m, k) * body.diff(s), k, m)


class Determinant(MatrixFunction):
    """The determinant."""

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, self * of_trace(self.matrix, s))


class LogDeterminant(MatrixFunction):
    """The log of the determinant's absolute value."""

    def _eval_derivative(self, s: Expr) -> Expr:
        return of_trace(self.matrix, s)


MATRIX_FUNCTIONS: dict[str, type[MatrixFunction]] = {
    "inv": Inverse,
    "det": Determinant,
    "logdet": LogDeterminant,
}


def matrix_functions(expr: Expr) -> list[MatrixFunction]:
    """Those in an expression, in a fixed order."""
    return cast("list[MatrixFunction]", sorted(expr.atoms(MatrixFunction), key=sp.default_sort_key))
