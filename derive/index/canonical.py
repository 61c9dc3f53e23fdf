"""Which of many bound indices comes first, whatever they are called.

Two expressions that differ in names of bound indices alone shall be written alike. Indices are told
apart by where they stand; those that stand alike are tried in turn, unless they may change places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

import sympy as sp
from sympy import Expr, Symbol

from pullback.derive.index.objects import KroneckerDelta, level_of

MAX_ORDERS = 120  # that are compared; beyond that names may differ, and nothing is wrong
Colours = Mapping[Symbol, str]


def orders(body: Expr, indices: Sequence[Symbol]) -> Iterator[tuple[Symbol, ...]]:
    """Orders of the indices, the same ones whatever they are called."""
    start = {i: digest("index", str(getattr(i, "size", ""))) for i in indices}
    for count, order in enumerate(refined(body, start)):
        if count == MAX_ORDERS:
            return
        yield order


def refined(body: Expr, colours: Colours) -> Iterator[tuple[Symbol, ...]]:
    """Orders by colour; of indices of one colour each comes first in turn."""
    colours = settled(body, colours)
    classes: dict[str, list[Symbol]] = {}
    for index, colour in colours.items():
        classes.setdefault(colour, []).append(index)
    tied = next((classes[c] for c in sorted(classes) if len(classes[c]) > 1), None)
    if tied is None:
        yield tuple(sorted(colours, key=lambda i: colours[i]))
        return
    first, *others = tied
    if all(may_swap(body, first, other) for other in others):  # then in any order
        apart = {i: digest(str(place), colours[i]) for place, i in enumerate(tied)}
        yield from refined(body, {**colours, **apart})
        return
    tried: list[Symbol] = []
    for index in tied:
        if not any(may_swap(body, index, other) for other in tried):
            tried.append(index)
            yield from refined(body, {**colours, index: digest("first", colours[index])})


def may_swap(body: Expr, a: Symbol, b: Symbol) -> bool:
    """Is the body the same with two indices in each other's place?"""
    return bool(body.xreplace({a: b, b: a}) == body)


def settled(body: Expr, colours: Colours) -> Colours:
    """Colours that tell as many indices apart as where they stand does."""
    while True:
        plain: dict[sp.Basic, str] = {}
        new = {
            i: digest(colours[i], seen(body, {**colours, i: "this"}, i, colours, plain))
            for i in colours
        }
        if len(set(new.values())) == len(set(colours.values())):
            return colours
        colours = new


def seen(
    expr: sp.Basic, marked: Colours, index: Symbol, colours: Colours, plain: dict[sp.Basic, str]
) -> str:
    """What an expression looks like from an index; parts without it look alike from all."""
    memory: dict[sp.Basic, str] = {}

    def look(e: sp.Basic) -> str:
        has_index = index in e.free_symbols
        known, by = (memory, marked) if has_index else (plain, colours)
        if e not in known:
            known[e] = shape(e, by)
        return known[e]

    def shape(e: sp.Basic, by: Colours) -> str:
        if isinstance(e, Symbol) and e in by:
            return by[e]
        if not e.args:
            inner = isinstance(e, Symbol) and level_of(e)  # bound further inside
            return digest("inner", str(getattr(e, "size", ""))) if inner else digest(str(e))
        parts = [look(a) for a in e.args]
        if isinstance(e, sp.Add | sp.Mul | KroneckerDelta | sp.Eq | sp.Ne):
            parts.sort()
        return digest(type(e).__name__, *parts)

    return look(expr)


def digest(*parts: str) -> str:
    """A short name for some text."""
    return blake2b("\0".join(parts).encode(), digest_size=10).hexdigest()
