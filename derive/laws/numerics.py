"""Laws for the numbers: forms that do not overflow or cancel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.functions import Erfc
from pullback.derive.index.objects import Index, KroneckerDelta, entry_indices, free_entries
from pullback.derive.index.rewriting import exhaust, rewrite, substitute
from pullback.derive.laws.algebra import is_hole
from pullback.derive.laws.matching import unify
from pullback.derive.laws.registry import law


@law("complementary error function")
def complement_of_erf(expr: Expr) -> Expr:
    """1 + erf(a) = erfc(−a), which does not cancel where a is far below 0.

    1 + erf(a) = erfc(-a)

    erfc(b) is 1 − erf(b) by definition, and erf is odd: erf(−a) = −erf(a). Far below 0 erf(a)
    is nearly −1, and the sum would keep few digits.
    """

    def rule(e: Expr) -> Expr | None:
        for term in e.args if e.is_Add else ():
            for f in sp.Mul.make_args(term):
                for sign in (1, -1) if isinstance(f, sp.erf) else ():
                    if sign * term / f in e.args:
                        both = term / f * sign
                        return cast(Expr, e - term - both + both * Erfc(-sign * f.args[0]))
        return None

    return exhaust(expr, rule)


@law("split off the largest")
def split_largest(expr: Expr, parts: Sequence[Expr]) -> Expr:
    """The largest term is exp(0) = 1: Σ_i exp(a_i − a_l) = 1 + Σ_{i≠l} exp(a_i − a_l).

    given s[l] := sum(i, [i != l] * exp(a[i] - a[l]))
    sum(i, exp(a[i] - a[l])) = 1 + s[l]

    The term at l is exp(0), which is 1, and the others are what is left. `parts` are such sums
    of the others that are computed anyway.
    """
    known = []
    for part in parts:
        body, (i,) = cast(Sum, part).open()
        delta = next(f for f in sp.Mul.make_args(body) if f.is_Add)
        known.append((part, sp.expand_mul(body / delta), delta, i))

    def sums(e: Expr) -> Expr | None:
        for part, body, _, i in known:
            if e == Sum(body, i):
                return 1 + part
        return None

    def terms(e: Expr) -> Expr | None:
        for _, body, delta, i in known:
            for atom in free_entries(e):
                for pattern in free_entries(body):
                    found = unify(pattern, atom, (i,), {})
                    if found and i in found and e == substitute(body, found):
                        hole = substitute(delta, found)
                        return cast(Expr, (1 - hole) + hole * e)
        return None

    def once(e: Expr) -> Expr | None:  # (1 − δ)((1 − δ)a + δ) = (1 − δ)a, as δδ = δ
        if e.is_Mul:
            for hole in (f for f in e.args if is_hole(f)):
                for other in (f for f in e.args if f.is_Add and f != hole):
                    kept = [t for t in other.args if hole in t.args]
                    if other == sp.Add(1 - hole, *kept):
                        rest = (f for f in e.args if f not in (hole, other))
                        return cast(Expr, sp.Mul(*kept, *rest))
        return None

    split = rewrite(rewrite(expr, sums), lambda e: terms(e) if isinstance(e, sp.exp) else None)
    return split if split == expr else rewrite(split, once)


@law("minus the others")
def complement(expr: Expr, distributions: Sequence[tuple[Expr, Index]]) -> Expr:
    """Where Σ_j p_j = 1: p_k − 𝟙[k = y] is −Σ_{j≠y} p_j at k = y and p_k elsewhere.

    given sum(j, p[j]) == 1
    p[k] - [k == y] = [k != y] * p[k] - [k == y] * sum(j, [j != y] * p[j])

    What the other classes have is what the right one lacks of 1. Near certainty p_y − 1
    cancels; the sum of the others does not.
    """

    def rule(e: Expr) -> Expr | None:
        for delta in (-t for t in e.args if isinstance(-t, KroneckerDelta)) if e.is_Add else ():
            for (general, i), p in product(distributions, e.args):
                for k, label in (delta.args, delta.args[::-1]):
                    if not isinstance(k, Index) or label.has(k) or isinstance(label, Index):
                        continue
                    found = unify(general, p, cast(Any, entry_indices(general)), {})
                    if found is not None and found.get(i) == k:
                        others = Sum((1 - delta) * p, k)
                        return cast(Expr, e - p + delta + (1 - delta) * p - delta * others)
        return None

    return rewrite(expr, rule)
