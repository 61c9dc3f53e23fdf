"""A value or a gradient as matrices: a step like others, whose right side is read off the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr

from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.index.objects import Index
from pullback.derive.laws import as_matrices
from pullback.derive.matrix.meaning import said
from pullback.derive.matrix.reader import matrix_tree
from pullback.derive.matrix.tree import Matrix


@dataclass(frozen=True)
class MatrixForm:
    """A form, and the step to it: from an index expression to the entry of the form.

    Most forms say at each place just what they were read from; the step is there all the same, and
    is checked, so that what is printed as matrices is proved as the rest is.
    """

    axes: tuple[Index, ...]
    tree: Matrix
    chain: Chain


def matrix_form(expr: Expr, axes: Sequence[Index]) -> MatrixForm | None:
    """The form of an expression over these axes; None where there is none, or no axis."""
    tree = matrix_tree(expr, axes) if axes else None
    return None if tree is None else form_of(expr, axes, tree)


def form_of(expr: Expr, axes: Sequence[Index], tree: Matrix) -> MatrixForm:
    """An expression and a tree that is to say the same; Misfit where its parts do not fit."""
    step = Step(as_matrices.name, expr, said(tree, axes))
    return MatrixForm(tuple(axes), tree, Chain(expr, (step,)))
