"""Sizes that no argument shows, as text of Python, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil

import sympy as sp
from sympy import Expr

from pullback.derive.layer import Layer, Reach

SUM, PRODUCT, ATOM = 1, 2, 3  # how tightly the parts of a text are bound


def size_text(expr: Expr, within: int = 0) -> str:
    """A size by other sizes, as Python works it out.

    >>> m, a = sp.symbols("M A", integer=True, positive=True)
    >>> size_text(sp.floor((m - a) / 2) + 1)
    '(M - A) // 2 + 1'
    """
    if expr.is_Add:
        terms = sorted(expr.args, key=lambda t: (t.is_number, bool(t.could_extract_minus_sign())))
        text = size_text(terms[0], SUM)
        for term in terms[1:]:
            negative = bool(term.could_extract_minus_sign())
            text += f" {'-' if negative else '+'} {size_text(-term if negative else term, PRODUCT)}"
        rank = SUM
    elif isinstance(expr, sp.floor):
        above, below = sp.fraction(sp.together(expr.args[0]))
        text, rank = f"{size_text(above, PRODUCT)} // {size_text(below, ATOM)}", PRODUCT
    elif isinstance(expr, sp.Min):
        return f"min({', '.join(sorted(map(size_text, expr.args)))})"
    elif expr.is_Pow and expr.exp.is_Integer and expr.exp > 1:
        text, rank = " * ".join([size_text(expr.base, ATOM)] * int(expr.exp)), PRODUCT
    elif expr.is_Mul and expr.could_extract_minus_sign() and expr != -1:
        text, rank = f"-{size_text(-expr, ATOM)}", PRODUCT
    elif expr.is_Mul:
        text, rank = " * ".join(size_text(f, ATOM) for f in expr.args), PRODUCT
    else:
        text, rank = str(expr), ATOM if not str(expr).startswith("-") else SUM
    return f"({text})" if rank < within else text


def worked_out(layer: Layer) -> list[tuple[str, str]]:
    """The names of sizes that no argument shows, and how each is worked out, in order."""
    return [(str(size), size_text(by)) for size, by in layer.sizes]


def is_within(reach: Reach, text: Callable[[Expr], str] = size_text, both: str = " and ") -> str:
    """The condition that an entry's places lie on its axis, `text` spelling sizes; empty where they
    always do."""
    parts: list[str] = []
    if reach.sure:
        return ""
    if not reach.low.is_nonnegative:
        parts.append(f"{text(reach.low)} >= 0")
    if not sp.expand(reach.size - 1 - reach.high).is_nonnegative:
        parts.append(f"{text(reach.high)} < {text(reach.size)}")
    return both.join(parts)


def leaves(reach: Reach) -> str:
    """What is said where they do not."""
    return f"{reach.text} leaves axis {reach.position} of {reach.tensor}"


def completed(layer: Layer, sizes: Mapping[Expr, int]) -> dict[Expr, int]:
    """The sizes of axes, with those that are worked out from them."""
    found = dict(sizes)
    for size, by in layer.sizes:
        found[size] = int(by.xreplace({s: sp.Integer(found[s]) for s in by.free_symbols}))
    return found


def related(layer: Layer) -> tuple[Expr, ...]:
    """The sizes of inputs' axes, and arguments, by which others are worked out, or that have a part
    in what an entry must not leave."""
    exprs = [by for _, by in layer.sizes]
    exprs += [e for r in layer.reaches for e in (r.low, r.high, r.size)]
    parts = {s for e in exprs for s in e.free_symbols}
    return tuple(size for size in layer.given_sizes if size in parts)


def fitted(layer: Layer, sizes: Mapping[Expr, int], least: int = 1) -> dict[Expr, int]:
    """All sizes, with some of inputs' axes larger, so that what is read lies within its axis, and
    those that are worked out are at least so large."""
    found, names = dict(sizes), [size for size in related(layer) if size in sizes]
    while names and (lacks := lacking(layer, found, least)) < 0:
        gains = {n: lacking(layer, found | {n: found[n] + 1}, least) - lacks for n in names}
        best = max(names, key=lambda n: gains[n])
        if gains[best] <= 0:
            break
        far = found | {best: found[best] + ceil(-lacks / gains[best])}
        found = far if lacking(layer, far, least) > lacks else found | {best: found[best] + 1}
    return completed(layer, found)


def lacking(layer: Layer, sizes: Mapping[Expr, int], least: int) -> Fraction:
    """How far sizes are from fitting, below 0; 0 where they do."""
    full = {s: sp.Integer(n) for s, n in completed(layer, sizes).items()}
    found = [by.args if isinstance(by, sp.Min) else (by,) for _, by in layer.sizes]
    bounds = [by for each in found for by in each if not by.is_Integer]
    parts = [least - by.replace(sp.floor, lambda a: a) for by in bounds]
    parts += [-reach.low for reach in layer.reaches]
    parts += [reach.high + 1 - reach.size for reach in layer.reaches]
    values = (sp.Rational(part.xreplace(full)) for part in parts)
    return -sum((Fraction(int(v.p), int(v.q)) for v in values if v > 0), Fraction(0))
