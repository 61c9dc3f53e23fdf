"""Rewriting of expressions by a rule, once everywhere or to the end; other indices put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.errors import TooLarge
from pullback.derive.index.binders import Binder
from pullback.derive.index.objects import Index, free_indices, is_fresh

MAX_ROUNDS = 50  # of a law that is applied until nothing changes


def rewrite(
    expr: Expr,
    rule: Callable[[Expr], Expr | None],
    opened: Callable[[Binder], tuple[Expr, tuple[Index, ...]]] = Binder.open,
) -> Expr:
    """Apply a rule once everywhere, from the leaves up; binders are opened on the way.

    The rule returns what to put in place, or None to leave its argument as it is.
    """
    if isinstance(expr, Binder):
        body, indices = opened(expr)
        new = rewrite(body, rule, opened)
        expr = expr if new == body else type(expr)(new, *indices)
    elif expr.args:
        first = 1 if isinstance(expr, sp.Indexed) else 0  # a tensor's name stays
        kept, parts = expr.args[:first], expr.args[first:]
        new_args = tuple(rewrite(a, rule, opened) for a in parts)
        expr = expr if new_args == parts else expr.func(*kept, *new_args)
    result = rule(expr)
    return expr if result is None else result


def rewrite_outside_in(expr: Expr, rule: Callable[[Expr], Expr | None]) -> Expr:
    """As `rewrite`, but whole expressions before their parts; what the rule made is not entered."""
    result = rule(expr)
    if result is not None:
        return result
    if isinstance(expr, Binder):
        body, indices = expr.open()
        return type(expr)(rewrite_outside_in(body, rule), *indices)
    if not expr.args or isinstance(expr, sp.Indexed):
        return expr
    return cast(Expr, expr.func(*(rewrite_outside_in(a, rule) for a in expr.args)))


def exhaust(
    expr: Expr, rule: Callable[[Expr], Expr | None], way: Callable[..., Expr] = rewrite
) -> Expr:
    """Apply a rule everywhere until nothing changes."""
    for _ in range(MAX_ROUNDS):
        new = way(expr, rule)
        if new == expr:
            return expr
        expr = new
    raise TooLarge("a law does not come to an end")


def substitute(expr: Expr, indices: Mapping[Any, Any]) -> Expr:
    """Put other indices in place of free ones; binders cannot capture them."""
    if not indices:
        return expr
    bound = any(is_fresh(i) for v in indices.values() for i in free_indices(v))
    opened = Binder.open_anew if bound else Binder.open
    return rewrite(expr, lambda e: indices.get(e) if isinstance(e, Index) else None, opened)
