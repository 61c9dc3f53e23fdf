"""What laws look for: factors of products, and entries that a pattern speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.matrices import MatrixFunction, matrix_functions
from pullback.derive.index.objects import (
    Index,
    entries,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
)


@dataclass(frozen=True)
class Equality:
    """What an equation says of an entry: `entry == expr` for all values of its indices."""

    entry: Expr
    expr: Expr


@lru_cache(2**14)
def names_of(expr: Expr) -> frozenset[str]:
    """The tensors in an expression."""
    return frozenset(map(entry_name, entries(expr)))


def factors(expr: Expr) -> dict[Expr, Expr]:
    """Bases and exponents of a product; exp of a sum counts as a product of exponentials."""
    found: dict[Expr, Expr] = {}
    for factor in sp.Mul.make_args(expr):
        if isinstance(factor, sp.exp):
            for summand in sp.Add.make_args(factor.args[0]):
                power, rest = summand.as_coeff_Mul()
                found[sp.exp(rest)] = found.get(sp.exp(rest), sp.S.Zero) + power
        elif not factor.is_Rational:
            base, power = factor.as_base_exp()
            found[base] = found.get(base, sp.S.Zero) + power
    return found


def base_and_power(factor: Expr) -> tuple[Expr, Expr]:
    """Base and exponent; an exponential is its own base."""
    return factor.as_base_exp() if isinstance(factor, sp.Pow) else (factor, sp.S.One)


def one_power_each(expr: Expr) -> Expr | None:
    """A product with one power for each base; None where it has that already.

    SymPy itself leaves a**(p − 1) · a**(1 − p) as it is.
    """
    powers: dict[Expr, list[Expr]] = {}
    for factor in expr.args if expr.is_Mul else ():
        base, exponent = factor.as_base_exp()
        powers.setdefault(base, []).append(exponent)
    if not any(len(p) > 1 and not b.is_number for b, p in powers.items()):
        return None
    return sp.Mul(*(sp.Pow(base, sp.Add(*found)) for base, found in powers.items()))


def over(expr: Expr, divisor: Expr) -> Expr:
    """A quotient with one power for each base, so that what cancels is gone."""
    quotient = cast(Expr, expr / divisor)
    return one_power_each(quotient) or quotient


def how_often(part: dict[Expr, Expr], whole: dict[Expr, Expr]) -> int:
    """The power to which a product divides another; negative where it divides as an inverse.

    A fraction of a power divides nothing but its own whole powers: of |x| = |x|**(3/4) · |x|**(1/4)
    the base of what is left could be divided again, and so on without an end.
    """
    ratios = [whole.get(base, sp.S.Zero) / power for base, power in part.items()]
    if not ratios or not all(r.is_Rational for r in ratios):
        return 0
    count = 0
    if all(r >= 1 for r in ratios):
        count = int(min(sp.floor(r) for r in ratios))
    elif all(r <= -1 for r in ratios):
        count = int(max(sp.ceiling(r) for r in ratios))
    fractions = (r for r, p in zip(ratios, part.values(), strict=True) if not p.is_Integer)
    return count if all(r.is_Integer for r in fractions) else 0


def matches(known: Equality, expr: Expr) -> Iterator[dict[Index, Expr]]:
    """Values for the indices of a name under which its definition may be found in an expression."""
    names = cast("tuple[Index, ...]", entry_indices(known.entry))
    speaking: list[Expr] = [*entries(known.expr), *matrix_functions(known.expr)]
    patterns = [(a, set(a.free_symbols) & set(names)) for a in speaking]
    patterns = [(a, own) for a, own in patterns if own]
    atoms: dict[str, list[Expr]] = {}
    for atom in (*entries(expr), *matrix_functions(expr)):
        atoms.setdefault(name_of(atom), []).append(atom)
    seen: set[tuple[Expr, ...]] = set()

    def extend(at: int, found: dict[Index, Expr]) -> Iterator[dict[Index, Expr]]:
        if all(n in found for n in names):
            key = tuple(found[n] for n in names)
            if key not in seen:
                seen.add(key)
                yield found
        elif at < len(patterns):
            pattern, own = patterns[at]
            for atom in atoms.get(name_of(pattern), ()) if not own <= found.keys() else ():
                more = unify(pattern, atom, names, found)
                if more is not None and not binds(expr, more):
                    yield from extend(at + 1, more)
            yield from extend(at + 1, found)

    yield from extend(0, {})


def name_of(atom: Expr) -> str:
    """The tensor of an entry, or what is said of a matrix at some places; nothing of another."""
    if isinstance(atom, MatrixFunction):
        return f"{type(atom).__name__} of a matrix"
    return entry_name(atom) if is_entry(atom) else ""


def places_of(atom: Expr) -> tuple[Expr, ...]:
    """The places of an entry of a tensor, or of what is made of a matrix."""
    return atom.places if isinstance(atom, MatrixFunction) else entry_indices(atom)


def binds(expr: Expr, found: dict[Index, Expr]) -> bool:
    """Would a value be an index that is bound within the expression?"""
    free = set(free_indices(expr))
    return any(not set(free_indices(value)) <= free for value in found.values())


def unify(
    pattern: Expr, atom: Expr, names: tuple[Index, ...], found: dict[Index, Expr]
) -> dict[Index, Expr] | None:
    """Values for names that make a pattern's entry this entry, beside those found already."""
    if not name_of(atom) or name_of(pattern) != name_of(atom):
        return None
    result = dict(found)
    for a, b in zip(places_of(pattern), places_of(atom), strict=True):
        if a in names and result.setdefault(cast(Index, a), b) != b:
            return None
    return result


def exponent_of(product: Expr) -> Expr:
    """The exponent of all exponentials in a product together."""
    return sp.Add(*(f.args[0] for f in sp.Mul.make_args(product) if isinstance(f, sp.exp)))


def one_exponential(product: Expr) -> Expr:
    """The product with one exponential; SymPy leaves exp(a) exp(b) as it is."""
    rest = (f for f in sp.Mul.make_args(product) if not isinstance(f, sp.exp))
    return sp.Mul(*rest, sp.exp(exponent_of(product)))
