"""Right sides of steps with one fault: a delta, a factor, a sign, an index, a number changed."""

from collections.abc import Iterator
from random import Random
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import ArgLargest, ArgSmallest, Binder, Largest, Smallest, Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.objects import Index, Indexed, KroneckerDelta, free_indices, is_size

Path = tuple[Any, ...]
FLIPPED = {">": sp.Ge, ">=": sp.Gt, "<": sp.Le, "<=": sp.Lt}


def mutants(expr: Expr, count: int, seed: int) -> list[tuple[str, Expr]]:
    """So many expressions with one fault, each with what was done."""
    around = set(free_indices(expr))
    found = [
        (kind, path, new)
        for path, part in places(expr)
        for kind, new in faults(part, sorted(around | set(free_indices(part)), key=str))
    ]
    Random(seed).shuffle(found)
    made = []
    for kind, path, new in found:
        if len(made) == count:
            break
        mutant = put(expr, path, new)
        if mutant != expr and not mutant.has(sp.nan, sp.zoo, sp.oo):
            made.append((kind, mutant))
    return made


def places(expr: Expr, path: Path = ()) -> Iterator[tuple[Path, Expr]]:
    """Every part of an expression, with the way to it; binders are open."""
    yield path, expr
    if isinstance(expr, Binder):
        yield from places(expr.open()[0], (*path, "body"))
    elif isinstance(expr, Partial):
        yield from places(expr.expr, (*path, 0))
    elif not isinstance(expr, Indexed):
        for number, part in enumerate(expr.args):
            yield from places(part, (*path, number))


def put(expr: Expr, path: Path, new: Expr) -> Expr:
    """An expression with another part."""
    if not path:
        return new
    if path[0] == "body":
        body, indices = expr.open()
        return type(expr)(put(body, path[1:], new), *indices)
    parts = list(expr.args)
    parts[path[0]] = put(parts[path[0]], path[1:], new)
    return expr.func(*parts)


def faults(part: Expr, indices: list[Index]) -> Iterator[tuple[str, Expr]]:
    """What may be done to a part."""
    if isinstance(part, KroneckerDelta):
        yield from (("a delta is 1", sp.S.One), ("a delta is 0", sp.S.Zero))
    if part.is_Mul:
        yield "another sign", -part
        for k in range(len(part.args)):
            yield "a factor less", sp.Mul(*part.args[:k], *part.args[k + 1 :])
    if part.is_Add:
        for k, term in enumerate(part.args):
            yield "a term less", sp.Add(*part.args[:k], *part.args[k + 1 :])
            yield "another sign", part - 2 * term
    if isinstance(part, Indexed | KroneckerDelta):
        yield from moved(part, indices)
    if part.is_Rational and part != 0:
        yield "another number", part + 1
    if is_size(part):
        yield from (("another size", part + 1), ("no size", sp.S.One))
    if isinstance(part, sp.Pow):
        yield "another power", part.base ** (part.exp + 1)
        yield "the inverse power", part.base ** (-part.exp)
    yield from choices(part)


def moved(part: Expr, indices: list[Index]) -> Iterator[tuple[str, Expr]]:
    """An entry or a delta at another place."""
    first = 1 if isinstance(part, Indexed) else 0
    for k, index in enumerate(part.args[first:], first):
        for other in indices:
            if isinstance(index, Index) and other != index and other.size == index.size:
                yield "another index", part.func(*part.args[:k], other, *part.args[k + 1 :])


def choices(part: Expr) -> Iterator[tuple[str, Expr]]:
    """A condition, a choice or a function taken for another."""
    if isinstance(part, Bracket):
        yield "the opposite", 1 - part
        flipped = FLIPPED.get(part.condition.rel_op)
        if flipped:
            yield "the other side of a tie", Bracket(flipped(*part.condition.args, evaluate=False))
    if isinstance(part, Where):
        yield "the other case", Where(part.args[0], part.args[2], part.args[1])
    for one, other in ((Maximum, Minimum), (Minimum, Maximum), (Largest, Smallest)):
        if isinstance(part, one):
            yield "the other extreme", other(*part.args)
    if isinstance(part, ArgLargest):
        yield "the other extreme", ArgSmallest(*part.args)
    if isinstance(part, sp.exp):
        yield "the other exponent", sp.exp(-part.args[0])
    if isinstance(part, Sum):
        yield "twice the sum", 2 * part
