"""A law for entries that add up to nothing: the gradient by logits, where one is far ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.binders import ArgLargest, Sum
from pullback.derive.index.objects import Index, KroneckerDelta, entry_indices, free_entries
from pullback.derive.index.rewriting import rewrite, substitute
from pullback.derive.laws.algebra import cancel, linearity, sum_of_constant
from pullback.derive.laws.definitions import assumption
from pullback.derive.laws.exponential_sums import exponential_sum
from pullback.derive.laws.matching import unify
from pullback.derive.laws.registry import law


@dataclass(frozen=True)
class Distribution:
    """A tensor whose entries add up to one over an index; it is largest where `size` is."""

    entry: Expr
    index: Index
    size: Expr


@dataclass(frozen=True)
class Share:
    """An entry of a distribution as a part of an expression, with its index and the largest's."""

    expr: Expr
    index: Index
    place: Expr


def shares(expr: Expr, distributions: Sequence[Distribution]) -> Iterator[Share]:
    """The entries of distributions in an expression: by name, or exp(a_k)/Σ_i exp(a_i)."""
    for known in distributions:
        for atom in free_entries(expr):
            found = unify(known.entry, atom, cast(Any, entry_indices(known.entry)), {})
            if found and isinstance(k := found[known.index], Index):
                rest = {i: v for i, v in found.items() if i != known.index}
                yield Share(atom, k, ArgLargest(substitute(known.size, rest), known.index))
    for power in sorted(expr.atoms(sp.Pow), key=sp.default_sort_key):
        made = exponential_sum(power.base) if power.exp == -1 else None
        if made is not None:
            a, i = made
            for k in sorted(expr.free_symbols, key=str):
                own = sp.exp(substitute(a, {i: k})) if isinstance(k, Index) else None
                if own is not None and expr.has(own):
                    yield Share(own * power, k, ArgLargest(a, i))


def total(expr: Expr, share: Share, facts: Sequence[Relational]) -> Expr:
    """The sum of an expression over a share's index, as far as it is known; the shares make 1."""
    found = sp.S.Zero
    for term in sp.Add.make_args(sp.expand_mul(expr)):
        rest = term / share.expr
        if share.index not in rest.free_symbols:
            found += rest
        else:
            found += sum_of_constant(linearity(Sum(term, share.index)))
    for fact in facts:
        found = assumption(found, fact)
    return cancel(sp.expand_mul(found))


@law("entries that add up to nothing")
def zero_sum(
    expr: Expr, distributions: Sequence[Distribution], facts: Sequence[Relational]
) -> Expr:
    """Where Σ_j e_j = 0, as of p_j − t_j if Σ_j p_j = Σ_j t_j: e_l = −Σ_{j≠l} e_j for any place l.

    given sum(j, p[j]) == 1
    given sum(l, t[l]) == 1
    p[k] - t[k] = [k != l] * (p[k] - t[k]) - [k == l] * sum(j, [j != l] * (p[j] - t[j]))

    What one entry has the others lack. With l the place of the largest p_j, nearly 1, its entry
    would cancel, and the others do not.
    """

    def rule(e: Expr) -> Expr | None:
        if not (e.is_Add or e.is_Mul) or e.has(KroneckerDelta):
            return None
        for share in shares(e, distributions):
            k, place = share.index, share.place
            along = sp.Mul(*(f for f in sp.Mul.make_args(e) if k in f.free_symbols))
            if not along.has(sp.Add) or place.has(k) or total(along, share, facts) != 0:
                continue
            hole = 1 - KroneckerDelta(k, place)
            rest = Sum(hole * along, k)
            return cast(Expr, e / along * (hole * along - (1 - hole) * rest))
        return None

    done = any(delta.has(ArgLargest) for delta in expr.atoms(KroneckerDelta))
    return expr if done else rewrite(expr, rule)
