"""Functions of whole matrices: an inverse's entries, determinants and their logs.

A matrix is what stands at two bound indices, its rows and its columns.
"""

from __future__ import annotations

from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder
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


class Determinant(MatrixFunction):
    """The determinant."""


class LogDeterminant(MatrixFunction):
    """The log of the determinant's absolute value."""


MATRIX_FUNCTIONS: dict[str, type[MatrixFunction]] = {
    "inv": Inverse,
    "det": Determinant,
    "logdet": LogDeterminant,
}


def matrix_functions(expr: Expr) -> list[MatrixFunction]:
    """Those in an expression, in a fixed order."""
    return cast("list[MatrixFunction]", sorted(expr.atoms(MatrixFunction), key=sp.default_sort_key))
