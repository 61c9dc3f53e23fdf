"""Sums over axes: which factors stand outside, and how the rest is summed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.contractions import contract, contract_pair, reduce
from pullback.codegen.lower.deltas import is_hole
from pullback.codegen.lower.guards import covered, finite_under, guard, sorted_out
from pullback.codegen.lower.multiplied_out import grows
from pullback.codegen.lower.products import product, under_masks
from pullback.codegen.lower.scatters import scatter
from pullback.codegen.lower.shifts import at_labels, flattened, fold, nested, window
from pullback.codegen.lower.sigmoids import sigmoid_slope, sigmoid_slopes
from pullback.codegen.lower.systems import solved
from pullback.derive.calculus.conditions import is_mask, sizes
from pullback.derive.index.binders import Binder, Sum
from pullback.derive.index.kinks import Bracket, Where
from pullback.derive.index.objects import Index, KroneckerDelta, free_indices, ordered


def total(here: Context, expr: Expr) -> Term:
    """A sum: of a product it is a contraction; by a label it is a scatter; else a reduction."""
    body, indices = cast(Binder, expr).open()
    shifted = at_places(here, body, indices)
    if shifted is not None:
        return shifted
    factors = [part for f in sp.Mul.make_args(body) for part in split_off_mask(here, f)]
    inside = [f for f in factors if f.free_symbols & set(indices)]
    system = solved(inside, indices)
    if system is not None:
        product_of_solution, along = system
        left = [i for i in indices if i != along]
        outside = [f for f in factors if f not in inside]
        return here.lower(sp.Mul(*outside, Sum(product_of_solution, *left)))
    outside = [f for f in factors if f not in inside]
    if outside and inside:
        term = here.lower(Sum(sp.Mul(*inside), *indices))
        outside += reached(here, inside, outside, indices)
        return product(here, [(term, 1)], outside)
    return total_inside(here.under(sizes(indices)), body, factors, indices)


def at_places(here: Context, body: Expr, indices: tuple[Index, ...]) -> Term | None:
    """A sum in which axes meet in whole expressions, as windows."""
    if not body.has(Bracket):
        return None
    body, indices = flattened(body, indices)
    here = here.under(sizes(indices))
    ways = (way(here, body, indices) for way in (window, fold, nested, at_labels))
    return next((found for found in ways if found is not None), None)


def split_off_mask(here: Context, factor: Expr) -> tuple[Expr, ...]:
    """`where(c, a b, 0)` as [c] a b if c has more axes, or as where(c, a, 0) b if b has more.

    It may go elsewhere first then. What is taken out is finite, as 0 times it must be 0.
    """
    if not isinstance(factor, Where) or factor.args[2] != 0:
        return (factor,)
    condition, value, _ = factor.args
    own, others = {*free_indices(condition)}, {*free_indices(value)}
    factors = sp.Mul.make_args(value)
    if own - others:
        return (Bracket(condition), *factors)
    more = [f for f in factors if {*free_indices(f)} - own]
    rest = [f for f in factors if f not in more]
    if all(f.is_number for f in rest) or not all(map(here.is_finite, more)):
        return (factor,)
    return (Where(condition, sp.Mul(*rest), sp.S.Zero), *more)


def reached(
    here: Context, inside: list[Expr], outside: list[Expr], indices: tuple[Index, ...]
) -> tuple[Expr, ...]:
    """Whether masks let any term of a sum through, where factors before it may not be finite.

    In a slope its product is 0 where the sum is.
    """
    masks = [f for f in inside if is_mask(f)]
    if here.in_slope or not masks or all(map(here.is_finite, outside)):
        return ()
    return (Bracket(Sum(sp.Mul(*masks), *indices) > 0),)


def total_inside(
    here: Context, body: Expr, factors: list[Expr], indices: tuple[Index, ...]
) -> Term:
    """A sum of what its indices run through, each of which has a place there."""
    scattered = scatter(here, factors, indices)
    if scattered is not None:
        return scattered
    if any(is_hole(f) or isinstance(f, KroneckerDelta) for f in factors):
        return reduce(here, here.lower(body), indices)
    broadcast = next((f for f in ordered(factors) if grows(f, factors, indices)), None)
    if broadcast is not None:
        others = sp.Mul(*(f for f in factors if f != broadcast))
        return here.lower(sp.Add(*(Sum(others * t, *indices) for t in broadcast.args)))
    return total_of_product(here, factors, indices)


def total_of_product(here: Context, factors: Sequence[Expr], indices: tuple[Index, ...]) -> Term:
    """A sum of products, in which masks and guards choose before they multiply."""
    factors = covered(here, factors)
    masks, loose, rest = sorted_out(here, factors)
    terms = []
    if masks and loose and (not here.in_slope or finite_under(here, masks, loose)):
        terms, factors = [under_masks(here, masks, [], loose)], rest
    elif loose and here.in_slope:
        not_zero = guard(here, rest, loose)
        if not_zero is None:
            return guarded_total(here, loose, [*masks, *rest], indices)
        terms, factors = [under_masks(here, [not_zero], [], loose)], [*masks, *rest]
    slopes, factors = sigmoid_slopes(factors)
    terms += [sigmoid_slope(here, a) for a in slopes]
    terms += [t for f in ordered(factors) for t in contractable(here, f)]
    return contract(here, terms, indices)


def guarded_total(
    here: Context, loose: Sequence[Expr], firm: Sequence[Expr], indices: tuple[Index, ...]
) -> Term:
    """A sum of products of which each is 0 where the firm factors are, whatever the others."""
    left, right = product(here, [], loose), product(here, [], firm)
    axes = {*left.indices, *right.indices}
    if axes in ({*left.indices}, {*right.indices}):
        return reduce(here, product(here, [], [*loose, *firm]), indices)
    here.work.quiet = True
    return contract_pair(here, left, right, indices, guarded=True)


def contractable(here: Context, factor: Expr) -> list[Term]:
    """A factor as operands of a contraction; a square is two of them."""
    if factor.is_Pow and factor.exp == 2:
        return [here.lower(factor.base)] * 2
    return [here.lower(factor)]
