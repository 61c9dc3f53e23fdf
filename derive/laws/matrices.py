"""The law that reads matrices out of indices."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from pullback.derive.index.objects import Index, free_indices
from pullback.derive.laws.registry import law
from pullback.derive.matrix.batches import parted, tree_for_each
from pullback.derive.matrix.meaning import said


@law("as matrices")
def as_matrices(expr: Expr, axes: Sequence[Index] | None = None) -> Expr:
    """Sums of products are products of matrices: Σ_k a_{ik} b_{kj} is the entry (A B)_{ij}.

    sum(k, c * a[k] * b[k]) = c * sum(k, a[k] * b[k])

    A product is defined by this sum: over the last axis of its left factor and the first one of its
    right factor. Where the axis stands elsewhere in a tensor, its transpose has it there. What is
    multiplied place by place is ⊙, and a row that stands again and again is 𝟏 times that row. Of
    more than two axes all but the last two are held: there is a product for each of their places.
    """
    axes = free_indices(expr) if axes is None else axes
    tree = tree_for_each(expr, axes)
    return expr if tree is None else said(tree, parted(axes)[1])
