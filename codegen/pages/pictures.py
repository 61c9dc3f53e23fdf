"""Pictures of Jacobians: which entries can differ from zero, found from the general entry.

Labels and places of extreme values, on which a picture may depend, are given fixed examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import sympy as sp
from sympy import Expr

from pullback.codegen.notation.printer import Notation
from pullback.derive.calculus.jacobians import Jacobian, written_out
from pullback.derive.calculus.structure import expand_between
from pullback.derive.index.binders import Place, Sum
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.meetings import is_meeting
from pullback.derive.index.objects import Index, KroneckerDelta, entry_indices, is_entry, is_size
from pullback.derive.read.vocabulary import size_words

LARGEST = 1024  # entries of a picture
PLAIN = ("diagonal", "scaled identity", "identity", "dense")  # structures that are seen at a glance
ROWS, COLUMNS = 4, 6  # of a matrix whose entries are written out
SMALL = 4  # entries of one that is written out beside its steps
SHORT = 16  # operations of an entry of such a matrix
CELL = 8  # the side of an entry, in pixels

Places = Mapping[Index, int]


@dataclass(frozen=True)
class Picture:
    """A matrix as a grid; `shades` are its cells as paths, the faint ones first."""

    rows: int
    columns: int
    row_lines: tuple[int, ...]
    column_lines: tuple[int, ...]
    shades: tuple[tuple[str, str], ...]  # class and path
    filled: int
    sizes: str
    example: bool  # does it stand for one choice of labels or places?

    @property
    def width(self) -> int:
        """In pixels."""
        return self.columns * CELL

    @property
    def height(self) -> int:
        """In pixels."""
        return self.rows * CELL

    @property
    def words(self) -> str:
        """What is seen."""
        return f"{self.filled} of {self.rows * self.columns} entries can differ from zero"


def picture(jacobian: Jacobian) -> Picture | None:
    """The picture of a Jacobian at sizes of about 4; None for what has no rows or no columns."""
    rows, columns = jacobian.rows, jacobian.columns
    if not rows or not columns:
        return None
    sizes = picture_sizes(rows, columns)
    terms = [
        sp.Mul.make_args(t)
        for t in sp.Add.make_args(expand_between(jacobian.entry.end, rows, columns))
    ]
    counts: dict[int, list[tuple[int, int]]] = {}
    row_places, column_places = (list(places(axes, sizes)) for axes in (rows, columns))
    for (r, at_row), (c, at_column) in product(enumerate(row_places), enumerate(column_places)):
        at = {**at_row, **at_column}
        count = sum(all(can_be(f, at, sizes) for f in term) for term in terms)
        counts.setdefault(count, []).append((r, c))
    filled = sorted(k for k in counts if k)
    shades = [
        ("some" if k == filled[0] and filled[1:] else "full", path(counts[k])) for k in filled
    ]
    names = dict.fromkeys(str(i.size) for i in (*rows, *columns))
    known = {str(size): number for size, number in sizes.items()}
    return Picture(
        rows=len(row_places),
        columns=len(column_places),
        row_lines=block_lines(rows, sizes),
        column_lines=block_lines(columns, sizes),
        shades=tuple(shades),
        filled=sum(len(counts[k]) for k in filled),
        sizes=", ".join(f"{size_words(n)} = {known[n]}" for n in names),
        example=bool(examples(jacobian.entry.end)),
    )


def picture_sizes(rows: Sequence[Index], columns: Sequence[Index]) -> dict[Expr, int]:
    """The largest of 4, 3 and 2 for every axis with which the picture is not too large."""
    axes = (*rows, *columns)
    size = next((s for s in (4, 3) if s ** len(axes) <= LARGEST), 2)
    return {i.size: size for i in axes}


def places(axes: Sequence[Index], sizes: Mapping[Expr, int]) -> Iterable[Places]:
    """Every place on these axes, the last one running fastest."""
    for found in product(*(range(sizes[i.size]) for i in axes)):
        yield dict(zip(axes, found, strict=True))


def can_be(factor: Expr, at: Places, sizes: Mapping[Expr, int]) -> bool:
    """Can a factor differ from zero here?"""
    hole = 1 - factor
    if isinstance(hole, KroneckerDelta):
        return not same(hole, at, sizes)
    if isinstance(factor, KroneckerDelta):
        return same(factor, at, sizes)
    if is_meeting(factor):
        return count(factor.args[0].lhs, at, sizes) == 0
    if isinstance(factor, Sum) and any(map(is_meeting, sp.Mul.make_args(factor.body))):
        body, indices = factor.open()
        short = {**{i.size: 2 for i in indices}, **sizes}
        inner = ({**at, **more} for more in places(indices, short))
        return any(all(can_be(f, p, sizes) for f in sp.Mul.make_args(body)) for p in inner)
    if factor.is_Add:
        return any(all(can_be(f, at, sizes) for f in sp.Mul.make_args(t)) for t in factor.args)
    return not factor.is_zero


def count(form: Expr, at: Places, sizes: Mapping[Expr, int]) -> int:
    """The number that a sum of places comes to."""
    if form.is_Add or form.is_Mul:
        parts = [count(a, at, sizes) for a in form.args]
        return sum(parts) if form.is_Add else prod(parts)
    if is_size(form):
        return sizes.get(form, 2)
    return place(form, at, 2)


def same(delta: Expr, at: Places, sizes: Mapping[Expr, int]) -> bool:
    """Are two indices equal here?"""
    left, right = delta.args
    size = next((sizes[a.size] for a in (left, right) if a in at), 2)
    return place(left, at, size) == place(right, at, size)


def place(index: Expr, at: Places, size: int) -> int:
    """The number that an index comes to; of a label or an extreme value an example."""
    if index in at:
        return at[index]
    if index.is_Integer:
        return int(index)
    inside = (
        entry_indices(index) if is_entry(index) else sorted(index.free_symbols & {*at}, key=str)
    )
    return (sum((k + 1) * place(i, at, size) for k, i in enumerate(inside)) + 1) % size


def examples(entry: Expr) -> list[Expr]:
    """The labels and places on which an entry's deltas depend."""
    deltas = [a for d in entry.atoms(KroneckerDelta) for a in d.args]
    deltas += [f for b in entry.atoms(Bracket) if is_meeting(b) for f in b.args[0].atoms(Place)]
    return [a for a in deltas if isinstance(a, Place) or is_entry(a)]


def block_lines(axes: Sequence[Index], sizes: Mapping[Expr, int]) -> tuple[int, ...]:
    """Where blocks end, one for each place on all axes but the last, in pixels."""
    numbers = [sizes[i.size] for i in axes]
    last = numbers[-1] if len(numbers) > 1 else prod(numbers)
    return tuple(CELL * k for k in range(last, prod(numbers), last))


def path(cells: Sequence[tuple[int, int]]) -> str:
    """Squares as the path of an SVG."""
    side = CELL - 1
    return "".join(
        f"M{c * CELL + 0.5:g} {r * CELL + 0.5:g}h{side}v{side}h-{side}z" for r, c in cells
    )


# -- matrices written out ------------------------------------------------------------------------


def written_sizes(jacobian: Jacobian) -> dict[str, int]:
    """Sizes of 2, and 1 for the first axis of a node with several, as for one example; and for
    further axes where the matrix would be too large otherwise."""
    sizes = {i.axis: 2 for i in (*jacobian.rows, *jacobian.columns)}
    if len(jacobian.rows) > 1:
        sizes[jacobian.rows[0].axis] = 1

    def too_large() -> bool:
        rows = prod(sizes[i.axis] for i in jacobian.rows)
        columns = prod(sizes[i.axis] for i in jacobian.columns)
        return rows > ROWS or columns > COLUMNS

    for name in list(sizes):
        if too_large():
            sizes[name] = 1
    return sizes


def is_small(jacobian: Jacobian) -> bool:
    """Has it few entries where it is written out, and are they short?"""
    if sp.count_ops(jacobian.entry.end) > SHORT:
        return False
    sizes = written_sizes(jacobian)
    return prod(sizes[i.axis] for i in (*jacobian.rows, *jacobian.columns)) <= SMALL


def written_at(jacobian: Jacobian) -> str:
    """The sizes at which a Jacobian is written out, in words."""
    sizes = written_sizes(jacobian)
    named = {str(i.size): sizes[i.axis] for i in (*jacobian.rows, *jacobian.columns)}
    return ", ".join(f"{size_words(name)} = {size}" for name, size in named.items())


def written(jacobian: Jacobian, notation: Notation, held: Sequence[str] = ()) -> str:
    """A Jacobian at a small size, entry by entry; empty for one without rows or columns."""
    if not jacobian.rows or not jacobian.columns:
        return ""
    matrix = written_out(jacobian, written_sizes(jacobian))
    names = (jacobian.node.name, jacobian.tensor.name)
    left = notation.directly(notation.style.slope(*map(notation.style.name, names)), held)
    rows = [[notation.spell(e) for e in matrix.row(r)] for r in range(matrix.rows)]
    return f"{left} = {notation.style.matrix(rows)}"


# -- what is saved -------------------------------------------------------------------------------


def work(expr: Expr, free: Sequence[Index]) -> Expr:
    """About how many products an expression takes: the largest number of indices at one place."""
    sizes = sp.Mul(*(i.size for i in free))
    inner = [work(s.body, s.indices) for s in outer_sums(expr)]
    return sizes * max(inner, key=lambda e: sp.count_ops(e), default=sp.S.One)


def outer_sums(expr: Expr) -> list[Sum]:
    """The sums that are in no other sum."""
    if isinstance(expr, Sum):
        return [expr]
    return [s for a in expr.args for s in outer_sums(a)]
