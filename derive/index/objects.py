"""Indices, sizes of axes, and entries of tensors: `x[n, d]` as SymPy objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import count
from string import ascii_lowercase
from typing import Any, cast

import sympy as sp
from sympy import Expr, Symbol

BOUND = "_"  # names of bound indices start with it; no name in a definition does
FRESH = f"{BOUND}fresh"  # ... and those of open ones with this
EARLIER = "@"  # ends the name under which a recurrence reads what a node was at another place
PRIME = "'"  # names of indices that run over an axis once more end with it


class Index(Symbol):
    """An index with the size of its axis; two indices are equal when name and size are."""

    __slots__ = ("size",)
    size: Expr

    def __new__(cls, name: str, size: Expr) -> Index:
        """The index `name`, which runs from 0 to size - 1."""
        return the_index(name, size)

    @property
    def primed(self) -> Index:
        """Another index of the same axis, for the node's own entry: n becomes n′."""
        return Index(f"{self.name}{PRIME}", self.size)

    @property
    def axis(self) -> str:
        """The name of the axis that it runs over, primed or not."""
        return str(self.name).rstrip(PRIME)

    @property
    def primes(self) -> int:
        """How many primes it has."""
        return len(self.name) - len(self.axis)

    def __getnewargs_ex__(self) -> tuple[tuple[str, Expr], dict[str, Any]]:
        return (self.name, self.size), {}

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.size)


@lru_cache(2**14)
def the_index(name: str, size: Expr) -> Index:
    """Of equal indices there is one, as of SymPy's symbols, and comparing them costs nothing."""
    index = cast(Index, Symbol.__xnew__(Index, name, integer=True, nonnegative=True))
    index.size = size
    return index


BOUND_NAME = re.compile(rf"{BOUND}(\d+)[a-z]+")


def bound_index(level: int, place: int, size: Expr) -> Index:
    """The canonical index of a binder: `_1a`, `_1b`, …, `_2a` where another binder lies inside."""
    letters = "z" * (place // 26) + ascii_lowercase[place % 26]
    return Index(f"{BOUND}{level}{letters}", size)


def level_of(symbol: Symbol) -> int:
    """The level of a canonical index of a binder; 0 where it is none."""
    found = BOUND_NAME.fullmatch(symbol.name)
    return int(found[1]) if found else 0


_numbers = count()


def fresh_index(size: Expr) -> Index:
    """An index that occurs nowhere else; it vanishes when a binder takes it up."""
    return Index(f"{FRESH}{next(_numbers):09d}", size)


def is_fresh(index: Index) -> bool:
    """Is it a fresh index?"""
    return str(index.name).startswith(FRESH)


def size_symbol(name: str) -> Symbol:
    """The size of an axis, a positive integer."""
    return Symbol(name, integer=True, positive=True)


class Indexed(sp.Indexed):
    """An entry of a tensor: where it stands does not change, also at the place of an extreme value.

    SymPy's own slope is NaN by what such a place hangs on. (Its order in sums goes by this name.)
    """

    def __new__(cls, base: Expr, *indices: Expr) -> Indexed:
        """The entry of a base at these indices."""
        return the_entry(base, *indices)

    def _eval_derivative(self, wrt: Expr) -> Expr:
        same = isinstance(wrt, sp.Indexed) and wrt.base == self.base
        if not same:
            return sp.S.Zero
        pairs = zip(self.indices, wrt.indices, strict=True)
        return cast(Expr, sp.Mul(*(KroneckerDelta(i, j) for i, j in pairs)))


@lru_cache(2**14)
def the_entry(base: Expr, *indices: Expr) -> Indexed:
    """Of equal entries there is one: SymPy works out anew what is assumed of each that it makes."""
    return cast(Indexed, sp.Indexed.__new__(Indexed, base, *indices))


class KroneckerDelta(sp.KroneckerDelta):
    """1 where two places are equal, else 0; places are indices, labels and whole numbers.

    SymPy's own asks, each time one is made, whether the difference of the places is 0 by what is
    assumed of them, which is never seen of two that differ. (Its order in sums goes by this name.)
    """

    @classmethod
    def eval(cls, i: Expr, j: Expr) -> Expr | None:
        """1 and 0 where that is plain; the places in a fixed order."""
        if i == j or (i.is_Integer and j.is_Integer):
            return sp.Integer(i == j)
        return cast(Expr, cls(j, i)) if sp.default_sort_key(j) < sp.default_sort_key(i) else None


def own_name(name: str) -> str:
    """The name of a tensor, also where it is read at another place of a recurrence."""
    return name.removesuffix(EARLIER)


def earlier(name: str) -> str:
    """The name under which a recurrence reads what a node was at another place."""
    return name if name.endswith(EARLIER) else name + EARLIER


def entry(name: str, indices: Iterable[Expr] = (), integer: bool = False) -> Expr:
    """The entry of a tensor at these indices; a plain symbol where it has no axes."""
    kind = {"integer": True} if integer else {"real": True}
    indices = tuple(indices)
    if not indices:
        return Symbol(name, **kind)
    return Indexed(sp.IndexedBase(Symbol(name, **kind), **kind), *indices)


def entry_name(atom: Expr) -> str:
    """The name of the tensor of an entry."""
    symbol = atom.base.label if isinstance(atom, sp.Indexed) else atom
    return str(symbol.name)


def entry_indices(atom: Expr) -> tuple[Expr, ...]:
    """The indices of an entry."""
    return tuple(atom.indices) if isinstance(atom, sp.Indexed) else ()


def is_entry(expr: sp.Basic) -> bool:
    """Is it a tensor's entry, or a tensor without axes?"""
    if isinstance(expr, sp.Indexed):
        return True
    return isinstance(expr, Symbol) and not isinstance(expr, Index) and not is_size(expr)


def is_size(expr: sp.Basic) -> bool:
    """Is it the size of an axis?"""
    return isinstance(expr, Symbol) and not isinstance(expr, Index) and bool(expr.is_positive)


@lru_cache(2**14)
def entries(expr: sp.Basic) -> tuple[Expr, ...]:
    """All entries of tensors in an expression, in a fixed order."""
    bases = {b for i in expr.atoms(sp.Indexed) for b in i.base.free_symbols}
    found = {a for a in expr.atoms(sp.Indexed, Symbol) if is_entry(a) and a not in bases}
    return tuple(sorted(found, key=sp.default_sort_key))


def free_entries(expr: sp.Basic) -> list[Expr]:
    """The entries of an expression that do not stand at an index bound within it."""
    free = set(free_indices(expr))
    return [a for a in entries(expr) if set(free_indices(a)) <= free]


@lru_cache(2**14)
def free_indices(expr: sp.Basic) -> tuple[Index, ...]:
    """The free indices of an expression, by name."""
    found = (s for s in expr.free_symbols if isinstance(s, Index))
    return tuple(sorted(found, key=lambda s: s.name))


def ordered(exprs: Iterable[Expr]) -> list[Expr]:
    """A fixed order."""
    return sorted(exprs, key=sp.default_sort_key)


def unless_infinite(expr: Expr) -> bool | None:
    """Is it real? It may be −∞ where that stands in it, for what is left out."""
    return None if expr.has(sp.S.NegativeInfinity) else True
