"""What binds indices: sums, extreme values over an axis, and the places where these stand.

SymPy's own `Sum` loses deltas when a bound index is captured, and two of its sums that differ in
the name of a bound index are not equal. Here a binder renames its bound indices to canonical ones
when it is made, so that nothing outside can be captured and equality is equality up to renaming.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.index.canonical import orders
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    bound_index,
    free_indices,
    fresh_index,
    level_of,
    unless_infinite,
)
from pullback.derive.index.renaming import renamed

MAX_PERMUTED = 3  # indices of one binder whose every order is tried


class Binder(Expr):
    """An expression that binds indices: `args` are the body and the canonical bound indices."""

    is_commutative = True
    in_order = False  # does the order of the indices mean something?

    def __new__(cls, body: Any, *indices: Index) -> Expr:
        """Bind the indices in the body, renaming them to canonical ones."""
        body = sp.sympify(body)
        if len({*indices}) < len(indices):
            raise ValueError(f"an index is bound twice: {sorted(i.name for i in indices)}")
        level = 1 + max((b.level for b in body.atoms(Binder)), default=0)
        names = {bound_index(level, place, i.size).name for place, i in enumerate(indices)}
        clash = {s.name for s in free_indices(body) if s not in indices} & names
        if clash:
            raise ValueError(f"an index would be captured: {sorted(clash)}")
        every: Any = [indices]
        if not cls.in_order:
            many = len(indices) > MAX_PERMUTED
            every = orders(body, indices) if many else permutations(indices)
        candidates = []
        for order in every:
            bound = [bound_index(level, place, i.size) for place, i in enumerate(order)]
            candidates.append((renamed(body, dict(zip(order, bound, strict=True))), *bound))
        args = candidates[0]
        if len(candidates) > 1:  # a key is dear
            args = min(candidates, key=lambda c: tuple(map(sp.default_sort_key, c)))
        return cast(Expr, super().__new__(cls, *args))

    @property
    def body(self) -> Expr:
        """The expression under the binder."""
        return cast(Expr, self.args[0])

    @property
    def indices(self) -> tuple[Index, ...]:
        """The bound indices."""
        return cast("tuple[Index, ...]", self.args[1:])

    @property
    def level(self) -> int:
        """How many binders are nested here, this one included."""
        return level_of(self.indices[0])

    @property
    def free_symbols(self) -> set[sp.Basic]:
        """Everything free in the body."""
        return set(self.body.free_symbols) - set(self.indices)

    @lru_cache(2**14)  # noqa: B019 - SymPy's objects live as long as its own caches
    def open(self) -> tuple[Expr, tuple[Index, ...]]:
        """The body with fresh indices in place of the bound ones, and these indices.

        They are the same each time, since what is opened is closed before it is opened again.
        """
        return self.open_anew()

    def open_anew(self) -> tuple[Expr, tuple[Index, ...]]:
        """As above, with indices that are nowhere else: for putting in what is open itself."""
        fresh = tuple(fresh_index(i.size) for i in self.indices)
        return renamed(self.body, dict(zip(self.indices, fresh, strict=True))), fresh

    def _eval_is_real(self) -> bool | None:
        return unless_infinite(self)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        words = ", ".join(printer._print(a) for a in self.args)
        return f"{type(self).__name__}({words})"


class Sum(Binder):
    """Σ over the bound indices; sums of sums are one sum."""

    def __new__(cls, body: Any, *indices: Index) -> Expr:
        """Sum the body over the indices; no index leaves the body as it is."""
        body = sp.sympify(body)
        if not indices or body == 0:
            return cast(Expr, body)
        if isinstance(body, Sum):
            inner, more = body.open()
            return Sum(inner, *indices, *more)
        return super().__new__(cls, body, *indices)

    def _eval_derivative(self, s: Expr) -> Expr:
        body, indices = self.open()  # what differentiating makes may bind the same canonical names
        return Sum(body.diff(s), *indices)

    def _eval_is_positive(self) -> bool | None:
        return True if self.body.is_positive else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.body.is_nonnegative else None


class Extreme(Binder):
    """The largest or smallest value over an axis; the first place holds it at a tie."""

    place: type[Binder]

    def _eval_derivative(self, s: Expr) -> Expr:
        body, (i,) = self.open()
        at = type(self).place(body, i)
        return Sum(KroneckerDelta(i, at) * body.diff(s), i)


class Place(Binder):
    """The first index where an extreme value stands: an integer without a derivative."""

    def _eval_is_integer(self) -> bool:
        return True

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, sp.S.Zero)


class ArgLargest(Place):
    """The first index of the largest value."""


class ArgSmallest(Place):
    """The first index of the smallest value."""


class Largest(Extreme):
    """The largest value over an axis."""

    place = ArgLargest


class Smallest(Extreme):
    """The smallest value over an axis."""

    place = ArgSmallest
