"""What a form in matrix notation is made of: matrices that know their row and column index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sympy as sp
from sympy import Expr

from pullback.derive.index.objects import Index

Axis = Index | None


@dataclass(frozen=True)
class Matrix:
    """A matrix whose rows and columns run over these indices; None is one row or one column."""

    rows: Axis
    columns: Axis

    @property
    def parts(self) -> tuple[Matrix, ...]:
        """What it is made of."""
        return ()

    @property
    def axes(self) -> set[Index]:
        """The indices over which it runs."""
        return {i for i in (self.rows, self.columns) if i is not None}


@dataclass(frozen=True)
class Leaf(Matrix):
    """A tensor, or a scalar that no index reaches; `held` are places that stand still in it."""

    expr: Expr
    held: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Ones(Matrix):
    """A column of ones."""


@dataclass(frozen=True)
class OneHot(Matrix):
    """A row per label, with 1 at the label."""

    label: Expr


@dataclass(frozen=True)
class Made(Matrix):
    """Made of other matrices; `kind` says how, `word` is a function's name or a relation's sign,
    `function` the function itself.

    transpose, product, hadamard, plus, scale (a scalar and a matrix), diag,
    apply (a function, entry by entry), bracket (a comparison), power (of each entry), inverse, det,
    logdet.
    """

    kind: str
    of: tuple[Matrix, ...]
    word: str = ""
    exponent: Expr = field(default=sp.S.One)
    function: Callable[..., Expr] | None = None

    @property
    def parts(self) -> tuple[Matrix, ...]:
        """What it is made of."""
        return self.of
