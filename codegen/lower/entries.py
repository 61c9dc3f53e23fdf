"""Entries of tensors: at plain indices, twice at one, at labels."""

from __future__ import annotations

from typing import Any, cast

from sympy import Expr

from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.places import axis, beside
from pullback.codegen.lower.tensors import tensor
from pullback.codegen.program.operations import Contract, Operand, Pick, Take
from pullback.derive.index.objects import Index, entry_indices, entry_name


def entry(here: Context, expr: Expr) -> Term:
    """A tensor, perhaps at labels."""
    own = tensor_at(here, expr)
    return entry_of(here, own, own.indices)


def tensor_at(here: Context, expr: Expr) -> Term:
    """The tensor of an entry, with the entry's own index on each of its axes."""
    name = entry_name(expr)
    own = tensor(here.work, name)
    at = dict(zip(here.work.axes[name], entry_indices(expr), strict=True))
    return Term(own.value, tuple(at[cast(Index, i)] for i in own.indices))


def entry_of(here: Context, own: Term, indices: tuple[Expr, ...]) -> Term:
    """The entry of a value at these indices, one for each of its axes."""
    labels = [place for place, i in enumerate(indices) if not isinstance(i, Index)]
    if len(labels) > 1:
        return pick(here, own, indices)
    if labels:
        return at_label(here, own, indices, labels[0])
    if len(set(indices)) < len(indices):
        return diagonal(here, own, cast(Any, indices))
    return Term(own.value, indices)


def diagonal(here: Context, term: Term, indices: tuple[Index, ...]) -> Term:
    """An entry with an index twice."""
    out = tuple(dict.fromkeys(indices))
    letters = tuple(out.index(i) for i in indices)
    op = Contract((term.value,), (letters,), tuple(range(len(out))))
    return Term(here.builder.add(op), out)


def at_label(here: Context, term: Term, indices: tuple[Expr, ...], place: int) -> Term:
    """An entry at one label."""
    labels = here.lower(indices[place])
    others = tuple(i for at, i in enumerate(indices) if at != place)
    if len(set(others)) < len(others):
        return pick(here, term, indices)
    if labels.indices and set(labels.indices) <= set(others):
        at = beside(here, others, labels, place)
        return Term(here.builder.add(Pick(term.value, at)), others)
    if not set(labels.indices) & set(others):
        result = (*others[:place], *labels.indices, *others[place:])
        return Term(here.builder.add(Take(term.value, place, labels.value)), result)
    return pick(here, term, indices)


def pick(here: Context, term: Term, indices: tuple[Expr, ...]) -> Term:
    """An entry at labels and indices of any kind, each axis by an array of integers."""
    at = [axis(here, i) if isinstance(i, Index) else here.lower(i) for i in indices]
    union = sorted({i for t in at for i in t.indices}, key=here.rank)
    operands = (Operand(t.value, tuple(union.index(i) for i in t.indices)) for t in at)
    return Term(here.builder.add(Pick(term.value, tuple(operands))), tuple(union))
