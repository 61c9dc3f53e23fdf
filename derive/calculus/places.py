"""Where two expressions are the same one: values of indices at which one is the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sympy import Expr

from pullback.derive.index.objects import Index, entries, free_indices, ordered
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.matching import unify


def alignments(expr: Expr, body: Expr, indices: tuple[Index, ...]) -> Iterator[dict[Index, Expr]]:
    """Values of these indices at which an entry of both, in a sum too, is the same one."""
    free = {*free_indices(expr)}
    for atom, own in product(ordered(entries(expr)), ordered(entries(body))):
        found = unify(own, atom, indices, {})
        within = found and free.issuperset(i for v in found.values() for i in free_indices(v))
        if found and within and len(found) == len(indices):
            yield found


def place_in(expr: Expr, body: Expr, indices: tuple[Index, ...]) -> dict[Index, Expr] | None:
    """The values of these indices at which the body is the expression."""
    found = alignments(expr, body, indices)
    return next((f for f in found if substitute(body, f) == expr), None)


def is_at(expr: Expr, body: Expr, indices: tuple[Index, ...]) -> bool:
    """Is it the body, or minus the body, at some values of these indices?"""
    if expr in (body, -body):
        return True
    found = (substitute(body, f) for f in alignments(expr, body, indices))
    return any(expr in (at, -at) for at in found)
