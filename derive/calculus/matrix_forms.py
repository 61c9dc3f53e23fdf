"""A value or a gradient as matrices: a step like others, whose right side is read off the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr

from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.index.objects import Index
from pullback.derive.laws import as_matrices
from pullback.derive.matrix.batches import parted, tree_for_each
from pullback.derive.matrix.meaning import said
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
    held: tuple[Index, ...] = ()  # the form is one for each place of these

    @property
    def around(self) -> tuple[Index, ...]:
        """All axes of what it is a form of."""
        return (*self.held, *self.axes)


def matrix_form(expr: Expr, axes: Sequence[Index]) -> MatrixForm | None:
    """The form of an expression over these axes; None where there is none, or no axis."""
    tree = tree_for_each(expr, axes) if axes else None
    return None if tree is None else form_of(expr, axes, tree)


def form_of(expr: Expr, axes: Sequence[Index], tree: Matrix) -> MatrixForm:
    """An expression and a tree that is to say the same; Misfit where its parts do not fit."""
    held, own = parted(axes)
    step = Step(as_matrices.name, expr, said(tree, own))
    return MatrixForm(own, tree, Chain(expr, (step,)), held)
