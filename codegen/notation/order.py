"""The order in which factors and terms are written."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from pullback.codegen.notation.names import Tensors
from pullback.codegen.notation.numbers import in_one_piece
from pullback.derive.index.binders import Binder, Extreme, Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.objects import Index, KroneckerDelta, entry_name, is_entry, own_name
from pullback.derive.layer import Layer


def split(tensors: Tensors, product: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors above and below the line, in order."""
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in sp.Mul.make_args(product):
        as_is = isinstance(factor, sp.exp)
        base, power = (factor, sp.S.One) if as_is else factor.as_base_exp()
        if in_one_piece(factor):
            above.append(factor)
        elif factor.is_Rational:
            above += [sp.Integer(factor.p)] if factor.p != 1 else []
            below += [sp.Integer(factor.q)] if factor.q != 1 else []
        elif power.is_Rational and power.is_negative:
            below.append(base**-power)
        else:
            above.append(factor)

    def order(factor: Expr) -> tuple[int, int, object]:
        if factor not in tensors.orders:
            tensors.orders[factor] = factor_order(tensors, factor)
        return tensors.orders[factor]

    return sorted(above, key=order), sorted(below, key=order)


def factor_order(tensors: Tensors, factor: Expr) -> tuple[int, int, object]:
    """Numbers, scalars, deltas, entries, functions, indicators, brackets, cotangents, sums."""
    base = factor.as_base_exp()[0]
    name = own_name(entry_name(base)) if is_entry(base) else ""
    kinds = (
        bool(factor.is_number),
        is_scalar(factor) and not tensors.is_slope(base),
        isinstance(base, KroneckerDelta) and all(isinstance(a, Index) for a in base.args),
        bool(name) and not tensors.is_slope(base),
        isinstance(base, sp.Function) and not isinstance(base, KroneckerDelta),
        isinstance(base, Bracket | KroneckerDelta) or isinstance(1 - base, KroneckerDelta),
        bool(base.is_Add),
        bool(name),
        True,
    )
    kind = len(kinds) if reaches_right(factor) else kinds.index(True)
    place = tensors.places.get(name, 0) if name else axis_place(tensors.layer, base)
    return kind, place, sp.default_sort_key(factor)


def axis_place(layer: Layer, base: Expr) -> int:
    """Where the axis of a delta stands among the layer's."""
    sizes = [a.size for a in layer.axes]
    index = base.args[0] if isinstance(base, KroneckerDelta) else None
    return sizes.index(index.size) if isinstance(index, Index) and index.size in sizes else 0


def term_order(tensors: Tensors, term: Expr) -> tuple[bool, int, object]:
    """Positive terms first; among them numbers, then sums, then the rest."""
    last = split(tensors, term)[0][-1:]
    kind = 0 if term.is_number else 1 if any(isinstance(f, Sum) for f in last) else 2
    return is_negative(term), kind, sp.default_sort_key(term)


def reaches_right(factor: Expr) -> bool:
    """Does it reach as far as the product goes on: a sum, an extreme value, a derivative?"""
    whole = isinstance(factor, Partial) and not is_entry(factor.expr)
    return whole or isinstance(factor, Sum | Extreme)


def is_negative(term: Expr) -> bool:
    """Does it begin with a minus sign?"""
    return bool(term.as_coeff_Mul()[0].is_negative)


def is_scalar(factor: Expr) -> bool:
    """Is it a number, a size or a tensor without axes, or made of these alone?"""
    return not factor.atoms(sp.Indexed, Index, Binder, KroneckerDelta, Bracket)
