"""Does an expression make an array larger than what it is made of, as exp(A[i, j] + a[n, i]) does?

A sum of products is worked out as products of matrices: there nothing is larger than its factors
and what comes of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Sum
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.objects import KroneckerDelta, free_indices, is_entry


def outgrows(expr: Expr) -> bool:
    """Has an array that is made on the way axes that no entry, and no sum in it, has together?"""
    if is_plain(expr):
        return False
    if isinstance(expr, Binder):
        body, _ = expr.open()
        if isinstance(expr, Sum):
            return any(map(outgrows, sp.Mul.make_args(body)))
        return outgrows(body)
    own = sizes_of(expr)
    if not any(own <= sizes_of(piece) for piece in pieces(expr)):
        return True
    return any(map(outgrows, expr.args))


def pieces(expr: Expr) -> Iterator[Expr]:
    """The entries and the sums that an expression works on, place by place."""
    if is_plain(expr) or isinstance(expr, Binder):
        yield expr
    else:
        for part in expr.args:
            yield from pieces(part)


def is_plain(expr: Expr) -> bool:
    """Is it an entry, or what chooses by places: read as it is?"""
    return is_entry(expr) or not expr.args or isinstance(expr, Bracket | KroneckerDelta)


def sizes_of(expr: Expr) -> Counter[Expr]:
    """The sizes of the axes along which an expression runs."""
    return Counter(i.size for i in free_indices(expr))
