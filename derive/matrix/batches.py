"""Matrices for each place of leading axes: of three axes and more, all but two are held.

Q[n, q, d] is a matrix Q[n] for each n. What is held stands first in a tensor, in the same order, or
nowhere in it; and nothing is summed over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr

from pullback.derive.index.objects import (
    Index,
    entry,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
)
from pullback.derive.index.rewriting import rewrite
from pullback.derive.matrix.reader import matrix_tree
from pullback.derive.matrix.tree import Leaf, Made, Matrix, OneHot

MARK = "@"  # ends the name of a tensor at places that are held; no name in a definition has it


def parted(axes: Sequence[Index]) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
    """Of the axes of a result, those that are held, and those of a matrix at each of their places.

    >>> from sympy import Symbol
    >>> n, q, d = (Index(name, Symbol(name.upper())) for name in "nqd")
    >>> parted((n, q, d))
    ((n,), (q, d))
    >>> parted((q, d))
    ((), (q, d))
    """
    cut = max(len(axes) - 2, 0)
    return tuple(axes[:cut]), tuple(axes[cut:])


def tree_for_each(expr: Expr, axes: Sequence[Index]) -> Matrix | None:
    """The tree of an expression, for each place of what is held; None where there is none."""
    held, own = parted(axes)
    if not held:
        return matrix_tree(expr, own)

    def marked(e: Expr) -> Expr | None:
        if not is_entry(e) or entry_indices(e)[: len(held)] != held:
            return None
        return entry(entry_name(e) + MARK, entry_indices(e)[len(held) :], bool(e.is_integer))

    inside = rewrite(expr, marked)
    if set(free_indices(inside)) & {*held}:
        return None
    tree = matrix_tree(inside, own)
    return None if tree is None else at_places(tree, held)


def at_places(a: Matrix, held: tuple[Index, ...]) -> Matrix:
    """A tree of marked tensors, with the tensors themselves at the places that are held."""

    def unmarked(e: Expr) -> Expr | None:
        name = entry_name(e) if is_entry(e) else ""
        if not name.endswith(MARK):
            return None
        whole = (*held, *entry_indices(e))
        return entry(name.removesuffix(MARK), whole, bool(e.is_integer))

    if isinstance(a, Leaf):
        expr = rewrite(a.expr, unmarked)
        return replace(a, expr=expr, held=() if expr == a.expr else held)
    if isinstance(a, OneHot):
        return replace(a, label=rewrite(a.label, unmarked))
    if isinstance(a, Made):
        return replace(a, of=tuple(at_places(b, held) for b in a.of))
    return a
