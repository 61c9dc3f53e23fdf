"""Rules by which functions of whole matrices are differentiated.

They are those of M. B. Giles, "An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation", Oxford 2008.
"""

from __future__ import annotations

from typing import cast

from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.derivatives import moves
from pullback.derive.index.matrices import Determinant, Inverse, LogDeterminant
from pullback.derive.index.objects import entry_name
from pullback.derive.laws.derivatives import opened, slope
from pullback.derive.laws.registry import law


@law("slope of an inverse")
def slope_of_inverse(expr: Expr) -> Expr:
    """An inverse changes by minus itself times the change of the matrix times itself.

    diff(inv(A[i, j]), A[k, m]) = -sum(p, q, inv(A[i, p]) * diff(A[p, q], A[k, m]) * inv(A[q, j]))

    An inverse times its matrix is the identity, which does not change: by the product rule the
    change of one times the other, added up both ways, is 0. Times the inverse from the right that
    is what is said (Giles 2008, 2.2.3).
    """

    def rule(e: Expr, by: Expr) -> Expr | None:
        if not isinstance(e, Inverse) or not moves(e.matrix, entry_name(by)):
            return None
        body, (p, q) = e.matrix.open()
        row, column = e.places
        left, right = Inverse(e.matrix, row, p), Inverse(e.matrix, q, column)
        return cast(Expr, -Sum(left * slope(body, by) * right, p, q))

    return opened(expr, rule)


@law("slope of a determinant")
def slope_of_determinant(expr: Expr) -> Expr:
    """The log of a determinant changes by the trace of the inverse times the matrix's change, and
    the determinant by that times itself.

    diff(logdet(A[i, j]), A[k, m]) = sum(p, q, inv(A[q, p]) * diff(A[p, q], A[k, m]))

    The determinant of a changed matrix is its own times that of the identity plus the inverse times
    the change. The latter is 1 and the trace of what is added, but for products of changes (Giles
    2008, 2.2.4).
    """

    def rule(e: Expr, by: Expr) -> Expr | None:
        if not isinstance(e, Determinant | LogDeterminant) or not moves(e.matrix, entry_name(by)):
            return None
        body, (p, q) = e.matrix.open()
        trace = Sum(Inverse(e.matrix, q, p) * slope(body, by), p, q)
        return cast(Expr, trace if isinstance(e, LogDeterminant) else e * trace)

    return opened(expr, rule)
