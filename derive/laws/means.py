"""A law for deviations from a mean, which keep what the mean's rounding leaves in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import Index, entry_indices, free_indices
from pullback.derive.index.rewriting import rewrite_outside_in, substitute
from pullback.derive.laws.matching import Equality, names_of, unify
from pullback.derive.laws.registry import law


def means(expr: Expr, known: Sequence[Equality]) -> Iterator[tuple[Expr, Expr, Index]]:
    """The terms that are taken off and are means, by name or written out: mean, a_i and i."""
    for term in expr.args if expr.is_Add else ():
        meaning = -term
        for equality in known:
            found = unify(equality.entry, -term, entry_indices(equality.entry), {})
            if found is not None:
                meaning = substitute(equality.expr, found)
        sums = [f for f in sp.Mul.make_args(meaning) if isinstance(f, Sum)]
        if len(sums) == 1 and len(sums[0].indices) == 1:
            body, (i,) = sums[0].open()
            if meaning == sums[0] / i.size:
                yield -term, body, i


@law("mean of the deviations")
def centred(expr: Expr, known: Sequence[Equality], tensors: Collection[str]) -> Expr:
    """Deviations from their mean m add up to nothing, so that a_k − m = a_k − m − Σ_i (a_i − m)/N.

    given m := sum(i, a[i]) / K
    a[k] - m = a[k] - m - sum(i, a[i] - m) / K

    What is taken off is 0, but for the error that rounding has left in the mean: where all a are
    large and near one another, that error is large beside their deviations. It is done where a is
    made of the layer's own tensors, and no gradients.
    """

    def rule(e: Expr) -> Expr | None:
        for mean, a, i in means(e, known):
            if names_of(a) <= set(tensors) and any(
                substitute(a, {i: k}) in e.args for k in free_indices(e)
            ):
                correction = Sum(a - mean, i) / i.size
                return e if -correction in e.args else cast(Expr, e - correction)
        return None

    return rewrite_outside_in(expr, rule)
