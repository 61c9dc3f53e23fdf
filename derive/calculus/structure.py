"""The structure of a Jacobian, found from its general entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Sum
from pullback.derive.index.meetings import is_meeting, place_of
from pullback.derive.index.objects import Index, KroneckerDelta
from pullback.derive.index.rewriting import rewrite_outside_in
from pullback.derive.read.trees import BATCH
from pullback.derive.read.vocabulary import DOTS

RANKS = {1: "one", 2: "two", 3: "three"}


@dataclass(frozen=True)
class Structure:
    """What a Jacobian looks like as a matrix.

    `tied` are pairs (row axis, column axis) that must be equal for an entry not to be zero; they
    make one block per value. `kind` says what each block is: zero, identity, scaled identity,
    diagonal, diagonal plus rank one (two, three), rank one, selection, shift (a row picks the entry
    so many places on), reversal, Toeplitz (an entry hangs on the difference of its row and its
    column), Hankel (on their sum) or dense. `repeated` are row axes that the tensor lacks: its
    gradient is a sum over them.
    """

    kind: str
    tied: tuple[tuple[Index, Index], ...]
    repeated: tuple[Index, ...]

    @property
    def words(self) -> str:
        """In words, for tables and pages."""
        return self.said(lambda i: DOTS if i.axis == BATCH else i.axis)

    def said(self, name: Callable[[Index], str]) -> str:
        """In words, with axes as `name` has them."""
        blocks = ", ".join(name(column) for _, column in self.tied)
        if self.kind in ("zero", "identity", "scaled identity", "diagonal"):
            text = self.kind
        elif blocks:
            text = f"block-diagonal, one block per {blocks}: {self.kind}"
        else:
            text = self.kind
        if self.repeated and self.kind != "zero":
            rows = ", ".join(map(name, self.repeated))
            text += (
                f", the same for each {rows}" if self.kind == "identity" else f", for each {rows}"
            )
        return text


def find_structure(expr: Expr, rows: tuple[Index, ...], columns: tuple[Index, ...]) -> Structure:
    """Find the structure of the Jacobian whose entry at (rows, columns) is `expr`."""
    if expr.is_zero:
        return Structure("zero", (), ())
    terms = [split_term(t) for t in sp.Add.make_args(expand_between(expr, rows, columns))]
    tied = tuple(
        (r, c)
        for r in rows
        for c in columns
        if r.size == c.size and all(frozenset((r, c)) in deltas for deltas, _ in terms)
    )
    tied = one_to_one(tied)
    tied_rows, tied_columns = {r for r, _ in tied}, {c for _, c in tied}
    free_rows = tuple(r for r in rows if r not in tied_rows)
    free_columns = tuple(c for c in columns if c not in tied_columns)
    repeated = tuple(r for r in free_rows if not any(c.size == r.size for c in free_columns))
    if not free_columns and (not free_rows or repeated == free_rows):
        coefficient = sp.Add(*(rest for _, rest in terms))
        kind = "identity" if coefficient == 1 else "diagonal"
        if kind == "diagonal" and not coefficient.free_symbols & {*rows, *columns}:
            kind = "scaled identity"
        return Structure(kind if rows and columns else "dense", tied, free_rows)
    return block(terms, tied, free_rows, free_columns)


def expand_between(expr: Expr, rows: tuple[Index, ...], columns: tuple[Index, ...]) -> Expr:
    """Products are expanded over the sums that hold deltas, or both row and column axes.

    Other sums say nothing of the structure, and a product of twenty would have a million terms.
    """

    def is_whole(e: Expr) -> bool:
        free = e.free_symbols
        return e.is_Add and not e.has(KroneckerDelta) and not (free & {*rows} and free & {*columns})

    wholes: dict[Expr, Expr] = {}

    def rule(e: Expr) -> Expr | None:
        if isinstance(e, Binder):
            return e
        return wholes.setdefault(e, sp.Dummy()) if is_whole(e) else None

    expanded = sp.expand_mul(rewrite_outside_in(expr, rule))
    return cast(Expr, expanded.xreplace({v: k for k, v in wholes.items()}))


def split_term(term: Expr) -> tuple[frozenset[frozenset[Expr]], Expr]:
    """The deltas of a product, as pairs, and the rest of it."""
    factors = sp.Mul.make_args(term)
    deltas = [f for f in factors if isinstance(f, KroneckerDelta)]
    rest = sp.Mul(*(f for f in factors if not isinstance(f, KroneckerDelta)))
    return frozenset(frozenset(d.args) for d in deltas), rest


def one_to_one(pairs: tuple[tuple[Index, Index], ...]) -> tuple[tuple[Index, Index], ...]:
    """Each axis is tied once."""
    chosen: list[tuple[Index, Index]] = []
    for row, column in pairs:
        if all(row != r and column != c for r, c in chosen):
            chosen.append((row, column))
    return tuple(chosen)


def block(
    terms: list[tuple[frozenset[frozenset[Expr]], Expr]],
    tied: tuple[tuple[Index, Index], ...],
    rows: tuple[Index, ...],
    columns: tuple[Index, ...],
) -> Structure:
    """What one block is, between the axes that are not tied."""
    kinds = {laid_out(rest, {*rows}, {*columns}) for _, rest in terms}
    if len(kinds) == 1 and kinds != {""} and not any(has_other_delta(d, tied) for d, _ in terms):
        return Structure(kinds.pop(), tied, ())
    ties = {frozenset(pair) for pair in tied}
    diagonal, rank_one, selected = [], [], False
    for deltas, rest in terms:
        inner = [d for d in deltas if d not in ties]
        between = [d for d in inner if d & set(rows) and d & set(columns)]
        if len(between) == len(rows) == len(columns):
            diagonal.append(rest)
        elif inner:
            selected = True
        elif is_rank_one(rest, rows, columns):
            rank_one.append(rest)
        else:
            return Structure("dense", tied, ())
    if selected and not diagonal:
        return Structure("selection" if not rank_one else "selection plus rank one", tied, ())
    if diagonal and len(rank_one) in RANKS:
        kind = f"diagonal plus rank {RANKS[len(rank_one)]}"
        return Structure(kind, tied, ())
    if rank_one and not diagonal and len(rank_one) == 1 and rows and columns:
        return Structure("rank one", tied, ())
    return Structure("dense", tied, ())


def is_rank_one(expr: Expr, rows: tuple[Index, ...], columns: tuple[Index, ...]) -> bool:
    """Is it a function of the rows times a function of the columns?"""
    return not any(
        f.free_symbols & set(rows) and f.free_symbols & set(columns) for f in sp.Mul.make_args(expr)
    )


def has_other_delta(
    deltas: frozenset[frozenset[Expr]], tied: tuple[tuple[Index, Index], ...]
) -> bool:
    """Is there a delta that ties no axes?"""
    return bool(deltas - {frozenset(pair) for pair in tied})


def laid_out(term: Expr, rows: set[Index], columns: set[Index]) -> str:
    """What a term is in which a row's place and a column's meet: a shift, Toeplitz, a selection.

    Empty where it is none of them.
    """
    factors = [
        f for f in sp.Mul.make_args(term) if f.free_symbols & rows and f.free_symbols & columns
    ]
    kinds = []
    for factor in factors:
        body = factor.open()[0] if isinstance(factor, Sum) else factor
        parts = sp.Mul.make_args(body)
        meetings = [p for p in parts if is_meeting(p) and p.free_symbols & {*rows, *columns}]
        met = {s for m in meetings for s in m.free_symbols & {*rows, *columns}}
        if not meetings or any(p.free_symbols & met for p in parts if p not in meetings):
            return ""
        kinds += [along(m, rows, columns, isinstance(factor, Sum)) for m in meetings]
    return kinds[0] if len({*kinds}) == 1 and kinds[0] else ""


def along(meeting: Expr, rows: set[Index], columns: set[Index], summed: bool) -> str:
    """How a row's place and a column's hang together: by their difference or by their sum."""
    place = place_of(meeting)
    if place is None:
        return "selection"
    steps = {place.on: sp.S.NegativeOne, **dict(place.steps)}
    row, column = (next((steps[i] for i in steps if i in own), None) for own in (rows, columns))
    if row is None or column is None:
        return ""
    opposite = (row * column).is_negative
    if not summed:
        return "shift" if opposite else "reversal"
    kind = "Toeplitz" if opposite else "Hankel"
    words = [f"{abs(n)} {word}" for n, word in ((row, "on a row"), (column, "down a column"))]
    moved = [w for w, n in zip(words, (row, column), strict=True) if abs(n) != 1]
    return ", ".join([kind, *moved])
