"""Other names for the indices of an expression, none of which is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.add import _addsort
from sympy.core.mul import _mulsort

SORTED = {sp.Add: _addsort, sp.Mul: _mulsort}


def renamed(expr: Expr, names: Mapping[sp.Basic, sp.Basic]) -> Expr:
    """As `xreplace`, for symbols put in place of others, one to one, that are not there yet.

    Then no two parts become one that were not, and what is assumed of each stays the same: terms
    and factors need sorting alone. SymPy's own way builds every sum and product anew and asks of
    each exponent, that of exp too, whether it is zero, which takes most of the time.
    """
    known: dict[sp.Basic, sp.Basic] = dict(names)  # what is there twice is the same object

    def anew(e: sp.Basic) -> sp.Basic:
        if not e.args:
            return known.get(e, e)
        if e not in known:
            known[e] = rebuilt(e, tuple(map(anew, e.args)))
        return known[e]

    return cast(Expr, anew(expr))


def rebuilt(e: sp.Basic, args: tuple[sp.Basic, ...]) -> sp.Basic:
    """An expression with other arguments."""
    if all(a is b for a, b in zip(args, e.args, strict=True)):
        return e
    kind = type(e)
    if kind in SORTED:
        number, rest = ([args[0]], list(args[1:])) if args[0].is_Number else ([], list(args))
        SORTED[kind](rest)
        return kind._from_args(number + rest, e.is_commutative)
    if kind in (sp.Pow, sp.exp):
        return kind(*args, evaluate=False)
    return e.func(*args)
