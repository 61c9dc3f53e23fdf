"""The axes of equations that came as SymPy objects, and what says how long they are."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.derive.read.names import Sizes


def name_of(symbol: sp.Basic) -> str:
    """The name of a symbol, if the language can have it."""
    name = str(symbol.label if isinstance(symbol, sp.Idx | sp.IndexedBase) else symbol)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} cannot be a name: it must be letters a to z, digits and '_'")
    return name


class Axes:
    """The axes of equations, and what says how long they are."""

    def __init__(self) -> None:
        self.sizes = Sizes()
        self.names: dict[str, None] = {}  # in order of appearance
        self.said: list[tuple[object, sp.Symbol, str]] = []  # axis or place, its size, who says so

    def see(self, expr: sp.Basic) -> None:
        """Take up the axes of an expression."""
        for part in sp.preorder_traversal(expr):
            if isinstance(part, sp.Indexed):
                self.entry(part)
            elif isinstance(part, sp.Sum):
                for limits in part.limits:
                    self.limits(part, *limits)

    def entry(self, part: sp.Indexed) -> None:
        """The axes of a tensor's entry, and what its shape says."""
        name = name_of(part.base)
        for position, index in enumerate(part.indices):
            if isinstance(index, sp.Symbol | sp.Idx):
                self.axis(index, str(index))
                self.sizes.join(name_of(index), (name, position))
            size = part.base.shape[position] if part.base.shape else None
            if isinstance(size, sp.Symbol):
                self.said.append(((name, position), size, f"the shape of {name}"))

    def axis(self, index: Any, where: str) -> None:
        """An axis, and what its Idx says."""
        self.names.setdefault(name_of(index))
        if isinstance(index, sp.Idx) and index.lower is not None:
            self.whole(index, index.lower, index.upper, where)

    def limits(self, part: sp.Sum, index: Any, lower: Expr, upper: Expr) -> None:
        """What a sum runs over."""
        self.axis(index, str(part))
        self.whole(index, lower, upper, str(part))

    def whole(self, index: Any, lower: Expr, upper: Expr, where: str) -> None:
        """An axis runs from 0 to its size minus 1."""
        size = upper + 1
        if lower != 0 or not isinstance(size, sp.Symbol):
            raise ValueError(
                f"{where}: {index} runs from {lower} to {upper}; it must run over a whole axis, "
                f"from 0 to a symbol minus 1"
            )
        self.said.append((name_of(index), size, where))

    def check(self) -> None:
        """Refuse two sizes for one axis, and a size that is an axis."""
        known: dict[object, tuple[str, str]] = {}
        for key, symbol, where in self.said:
            size = name_of(symbol)
            if size in self.names:
                raise ValueError(f"{where}: {size} is an axis and cannot be the size of another")
            other, there = known.setdefault(self.sizes.find(key), (size, where))
            if other != size:
                raise ValueError(f"one axis has two sizes: {other} in {there}, {size} in {where}")

    def with_size(self, symbol: sp.Symbol) -> str | None:
        """An axis whose size is this symbol."""
        roots = [self.sizes.find(key) for key, size, _ in self.said if str(size) == str(symbol)]
        return next((axis for axis in self.names if self.sizes.find(axis) in roots), None)
