"""Sizes of axes in C, and the conditions that they must meet."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from sympy import Expr

from pullback.codegen.interface.sizes import is_within
from pullback.codegen.targets.c_only.functions import Lacking
from pullback.derive.layer import Layer, Reach

Spell = Callable[[Expr], str]  # the name of a size


def spelled(expr: Expr, name: Spell) -> str:
    """A size by other sizes, in whole numbers.

    >>> m, a = sp.symbols("M A", integer=True, positive=True)
    >>> spelled(sp.floor((m - a) / 2) + 1, str)
    '(1 + floored((-1 * A + M), 2))'
    """
    if expr.is_Integer:
        return str(expr)
    if expr.is_Symbol:
        return name(expr)
    if isinstance(expr, sp.floor):
        above, below = sp.fraction(sp.together(expr.args[0]))
        return f"floored({spelled(above, name)}, {spelled(below, name)})"
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 1:
        return " * ".join([spelled(expr.base, name)] * int(expr.exp))
    if not isinstance(expr, sp.Add | sp.Mul | sp.Min | sp.Max):
        raise Lacking(f"the size {expr}")
    parts = sorted((spelled(part, name) for part in expr.args), key=lambda p: (not p.isdigit(), p))
    if expr.is_Add:
        return f"({' + '.join(parts)})"
    if expr.is_Mul:
        return " * ".join(parts)
    function, text = ("least" if isinstance(expr, sp.Min) else "most"), parts[0]
    for part in parts[1:]:
        text = f"{function}({text}, {part})"
    return text


def within(reach: Reach, name: Spell) -> str:
    """The condition that an entry's places lie on its axis; empty where they always do."""
    return is_within(reach, lambda size: spelled(size, name), " && ")


def stays(layer: Layer, low: Expr, high: Expr, size: Expr) -> bool:
    """Do places from `low` to `high` lie on an axis of this size, whatever the sizes, if none is 0?

    A size that is worked out with a floor is at most what is below it.
    """
    by = dict(layer.sizes)
    for _ in by:
        low, high, size = (e.xreplace(by) for e in (low, high, size))
    room = sp.expand((size - 1 - high).replace(sp.floor, lambda a: a))
    return bool(sp.expand(low).is_nonnegative) and bool(room.is_nonnegative)
