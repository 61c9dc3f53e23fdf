"""Functions of whole matrices in a text: which axes are the matrix's, and which of them they bind.

`inv(A[n, i, j])` takes the last two axes of an entry; `inv(i, j, a[i] * b[j] + [i == j])` takes
the two axes that stand first, for any value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pullback.derive.read.trees import BATCH, Apply, Ref, Tree, refuse

EXAMPLES = {
    "inv": "inv(A[i, j]), the entry of the inverse at i and j",
    "solve": "solve(A[i, j], b[i]), the x[j] for which sum(j, A[i, j] * x[j]) is b[i]",
    "det": "det(A[i, j])",
    "logdet": "logdet(A[i, j]), the log of the determinant's absolute value",
    "trace": "trace(A[i, j])",
}
OF_MATRICES = frozenset(EXAMPLES)


class Square(NamedTuple):
    """A matrix in a text: its rows and columns, the value at both, what else is given."""

    rows: Ref
    columns: Ref
    value: Tree
    right: Tree | None = None


def square(tree: Apply) -> Square | None:
    """The matrix that a function is of; None where its arguments are none."""
    own = 2 if tree.name == "solve" else 1
    if tree.name not in OF_MATRICES or len(tree.args) not in (own, own + 2):
        return None
    *axes, value = tree.args[: len(tree.args) - own + 1]
    right = tree.args[-1] if own == 2 else None
    if not axes:
        indices = (value.indices or ()) if isinstance(value, Ref) else ()
        axes = [*indices[-2:]]
    if len(axes) != 2:
        return None
    rows, columns = axes
    for axis in (rows, columns):
        if not isinstance(axis, Ref) or axis.indices is not None or axis.name == BATCH:
            return None
    assert isinstance(rows, Ref) and isinstance(columns, Ref)
    return None if rows.name == columns.name else Square(rows, columns, value, right)


def square_of(tree: Apply) -> Square:
    """The same; an error with an example where it is none."""
    found = square(tree)
    if found is None:
        refuse(
            f"{tree.name} takes a matrix by two axes, as in {EXAMPLES[tree.name]}, "
            f"or {tree.name}(i, j, …) of any value",
            tree.place,
        )
    return found


def bound_axes(tree: Apply) -> tuple[str, ...]:
    """The axes that a function of a matrix binds: not those of the entry that it stands for."""
    found = square(tree)
    if found is None or tree.name == "inv":
        return ()
    if tree.name == "solve":
        return (found.rows.name,)
    return (found.rows.name, found.columns.name)


def named_axes(tree: Tree) -> Iterator[str]:
    """The axes that it takes, bound or not."""
    found = square(tree) if isinstance(tree, Apply) else None
    if found is not None:
        yield from (found.rows.name, found.columns.name)
