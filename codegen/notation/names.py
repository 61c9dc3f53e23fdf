"""Names in print: whose cotangent a name is, and what bound indices are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import Expr

from pullback.derive.index.objects import Index, entry_name, is_entry
from pullback.derive.layer import Layer
from pullback.derive.read.vocabulary import COTANGENT


@dataclass(frozen=True)
class Tensors:
    """The tensors of a layer, and what the names of their cotangents stand for."""

    layer: Layer

    @cached_property
    def places(self) -> Mapping[str, int]:
        """All tensors, each with its place in the order of the text: x, W, c, u for u = xW + c."""
        found: dict[str, None] = {}
        for node in self.layer.nodes:
            right = node.text.split("=", 1)[-1]
            found.update(dict.fromkeys([*re.findall(r"[A-Za-z_]\w*", right), node.name]))
        known = [t.name for t in self.layer.inputs] + [n.name for n in self.layer.nodes]
        ordered = dict.fromkeys([*(n for n in found if n in known), *known])
        return {name: place for place, name in enumerate(ordered)}

    def source(self, name: str) -> str | None:
        """The tensor whose cotangent bears this name."""
        rest = name.removeprefix(COTANGENT)
        return rest if rest != name and name not in self.places and rest in self.places else None

    def is_slope(self, expr: Expr) -> bool:
        """Is it a cotangent, whose own stroke must not meet another?"""
        return is_entry(expr) and self.source(entry_name(expr)) is not None

    def is_unit(self, expr: Expr) -> bool:
        """Is it ∂L/∂L?"""
        output = self.layer.output
        return (
            isinstance(expr, sp.Symbol)
            and not output.indices
            and expr.name == COTANGENT + output.name
            and self.source(expr.name) is not None
        )


@dataclass(frozen=True, eq=False)
class Scope:
    """The printed names of bound indices, the names that none may take, and those to take first."""

    names: Mapping[Expr, str]
    taken: frozenset[str]
    preferred: tuple[Index, ...] = ()

    def bind(self, indices: Sequence[Index], axes: Sequence[Index]) -> Scope:
        """A name for each bound index: an axis of its size, else one with primes."""
        names = dict(self.names)
        for i in indices:
            used = self.taken | set(names.values())
            own = [a.name for a in (*self.preferred, *axes) if a.size == i.size] or ["i"]
            primes = (own[0] + "'" * n for n in range(1, len(used) + 2))
            names[i] = next(name for name in (*own, *primes) if name not in used)
        return Scope(names, self.taken, self.preferred)
