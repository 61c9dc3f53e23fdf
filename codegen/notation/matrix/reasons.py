"""Why a form stands as it does, read off the form: what is summed with what, and turned for that.

A reason is a sentence whose formulas stand between backticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pullback.codegen.notation.matrix.printer import spelled, terms_of
from pullback.codegen.notation.printer import Notation
from pullback.derive.index.objects import Index, entry_indices
from pullback.derive.matrix.tree import Leaf, Made, Matrix, OneHot, Ones

ORDINALS = ("first", "second")


def reasons(
    tree: Matrix, axes: Sequence[Index], notation: Notation, repeated: str = ""
) -> tuple[str, ...]:
    """The reasons of a form whose result runs over these axes, in the order in which they are read.

    `repeated` is the result's tensor where that stands in every row of what was computed from it.
    """
    return tuple(dict.fromkeys(Reasons(notation, tuple(axes), repeated).of(tree)))


def stands_in_every_row(tree: Matrix, name: str) -> bool:
    """Is a vector of this name repeated in the form, as in x W + 𝟏 cᵀ?"""
    if isinstance(tree, Made) and tree.kind == "product" and isinstance(tree.of[0], Ones):
        leaf = untransposed(tree.of[-1])
        return isinstance(leaf, Leaf) and bool(leaf.axes) and str(leaf.expr.base) == name
    return any(stands_in_every_row(part, name) for part in tree.parts)


@dataclass(frozen=True)
class Reasons:
    """Says why, part by part."""

    notation: Notation
    axes: tuple[Index, ...]
    repeated: str

    def of(self, a: Matrix) -> Iterator[str]:
        """The reasons of a form and of its parts."""
        if isinstance(a, OneHot):
            yield f"`{self.text(a)}` has a 1 at the label of each row, else 0"
        if not isinstance(a, Made):
            return
        if a.kind == "product":
            for left, right in pairwise(a.of):
                yield from self.neighbours(left, right)
        if a.kind == "hadamard" and len(set(map(self.text, a.of))) > 1:
            places = ", ".join(self.index(i) for i in (a.rows, a.columns) if i is not None)
            odot = r"\odot" if self.notation.style.latex else "⊙"
            yield (
                f"nothing is summed: at each place `{places}` one entry times one entry, "
                f"elementwise, hence `{odot}`"
            )
        if a.kind in ("inverse", "det", "logdet"):
            return  # what stands within has its reasons where it is made
        for part in [b for _, b in terms_of(a)] if a.kind == "plus" else a.of:
            yield from self.of(part)

    # -- products --------------------------------------------------------------------------------

    def neighbours(self, left: Matrix, right: Matrix) -> Iterator[str]:
        """Why two factors stand side by side as they do."""
        on = left.columns
        if is_diagonal(left) or is_diagonal(right):
            yield from self.scaled(left, right)
        elif isinstance(right, Ones):
            yield from self.added(left)
        elif on is None:
            yield from self.spread(left, right)
        else:
            yield self.summed(left, right, on)

    def summed(self, left: Matrix, right: Matrix, on: Index) -> str:
        """Two factors that share the axis over which is summed."""
        sides = [self.side(left, on), self.side(right, on)]
        sides.sort(key=lambda s: not s[2])  # what is turned first
        (axis, name, turned), (other, beside, also) = sides
        marks = [f"`{self.text(f)}`" for f in (left, right) if is_turned(f)]
        which = ("", "the transpose ", "the transposes ")[len(marks)]
        hence = f"hence {which}{' and '.join(marks)}" if turned or also else "as they stand"
        return (
            f"`{self.index(on)}` is {axis} of `{name}` and is summed with {other} of "
            f"`{beside}`: {hence}"
        )

    def side(self, a: Matrix, on: Index) -> tuple[str, str, bool]:
        """Which axis of a factor it is, what the factor is called, and is it turned?"""
        core = untransposed(a)
        places = [i for i in core_axes(core) if i is not None]
        number = f"{ORDINALS[places.index(on)]} " if len(places) == 2 else ""
        return f"the {number}axis", self.text(core), is_turned(a)

    def added(self, left: Matrix) -> Iterator[str]:
        """A matrix times a column of ones."""
        core, on = untransposed(left), left.columns
        if on is None:
            return
        why = f"`{self.index(on)}` is summed over `{self.text(core)}` alone"
        if not is_turned(left):
            yield f"{why}: times `{self.text(Ones(on, None))}`"
            return
        if self.repeated:
            name = self.notation.style.name(self.repeated)
            why = f"`{name}` is added to each row, so its gradient adds the rows"
        ones = Made(None, on, "transpose", (Ones(on, None),))
        yield f"{why}: `{self.side_by_side(ones, core)}`, as a column"
        if self.repeated:
            size = self.notation.style.name(str(on.size))
            yield f"of one example, `{size} = 1`, that is the one row of `{self.text(core)}` itself"

    def spread(self, left: Matrix, right: Matrix) -> Iterator[str]:
        """A column times a row."""
        if isinstance(left, Ones) and not isinstance(untransposed(right), Ones):
            vector, what, lacks = untransposed(right), "row", left.rows
        elif isinstance(untransposed(right), Ones) and not isinstance(left, Ones):
            vector, what, lacks = left, "column", right.columns
        elif isinstance(left, Ones):
            return
        else:
            yield (
                f"nothing is summed between `{self.text(left)}` and `{self.text(right)}`: "
                "a column times a row"
            )
            return
        if lacks is not None:
            yield (
                f"`{self.text(vector)}` has no axis `{self.index(lacks)}`: "
                f"`{self.side_by_side(left, right)}` has it in each {what}"
            )

    def scaled(self, left: Matrix, right: Matrix) -> Iterator[str]:
        """A diagonal matrix beside another one."""
        diagonal, what = (left, "row") if is_diagonal(left) else (right, "column")
        vector = diagonal.parts[0]
        base = vector.parts[0] if isinstance(vector, Made) and vector.kind == "power" else vector
        if vector.rows is not None:
            yield (
                f"`{self.text(base)}` has the axis `{self.index(vector.rows)}` alone, one number "
                f"for each {what}: hence `{self.text(diagonal)}`"
            )

    # -- words -----------------------------------------------------------------------------------

    def text(self, a: Matrix) -> str:
        """A part of the form."""
        return spelled(a, self.axes, self.notation)

    def side_by_side(self, left: Matrix, right: Matrix) -> str:
        """Two factors of a product."""
        return self.text(Made(left.rows, right.columns, "product", (left, right)))

    def index(self, i: Index) -> str:
        """The printed name of an index."""
        if i in self.axes:
            return self.notation.style.index(i)[0]
        return self.notation.names([i], self.axes)[0]


def is_turned(a: Matrix) -> bool:
    """Is it a transpose?"""
    return isinstance(a, Made) and a.kind == "transpose"


def is_diagonal(a: Matrix) -> bool:
    """Is it diag(v)?"""
    return isinstance(a, Made) and a.kind == "diag"


def untransposed(a: Matrix) -> Matrix:
    """What a transpose is of; else the form itself."""
    return a.of[0] if isinstance(a, Made) and a.kind == "transpose" else a


def core_axes(a: Matrix) -> Iterable[Index | None]:
    """The axes of a factor in its own order."""
    if isinstance(a, Leaf):
        return [i for i in entry_indices(a.expr)[len(a.held) :] if isinstance(i, Index)]
    return (a.rows, a.columns)
