"""Facts that were read, back as syntax trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Largest, Smallest, Sum
from pullback.derive.index.functions import FUNCTIONS
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entry_indices,
    entry_name,
    is_entry,
    is_size,
)
from pullback.derive.layer import Layer
from pullback.derive.read.trees import (
    Apply,
    Iverson,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Tree,
)

HERE = Place()


@dataclass(frozen=True)
class FactTrees:
    """Makes trees of a layer's facts; `size_of` learns the sizes of new names of axes."""

    layer: Layer
    size_of: dict[str, str]

    def tree(self, expr: Expr, taken: list[str]) -> Tree:
        """The tree of an expression that was read; bound indices get names that are not taken."""
        if isinstance(expr, Index) or expr is sp.pi:
            return Ref(str(expr), None, HERE)
        if expr is sp.E:
            return Apply("exp", (Number("1", HERE),), HERE)
        if is_size(expr):
            axis = next(i.name for i in self.layer.axes if i.size == expr)
            return Apply("size", (Ref(axis, None, HERE),), HERE)
        if is_entry(expr):
            indices = tuple(self.tree(i, taken) for i in entry_indices(expr))
            return Ref(entry_name(expr), indices or None, HERE)  # type: ignore[arg-type]
        if isinstance(expr, Binder):
            return self.binder(expr, taken)
        if isinstance(expr, sp.Rational) and (expr.q != 1 or expr.p < 0):
            if expr.p < 0:
                return Negative(self.tree(-expr, taken), HERE)
            above, below = Number(str(expr.p), HERE), Number(str(expr.q), HERE)
            return Operation("/", above, below, HERE)
        if isinstance(expr, sp.Integer):
            return Number(str(expr), HERE)
        if isinstance(expr, KroneckerDelta | Bracket):
            fact = expr.condition if isinstance(expr, Bracket) else sp.Eq(*expr.args)
            return Iverson(self.comparison(fact, taken), HERE)
        if isinstance(expr, Where):
            condition, *values = expr.args
            args = [self.tree(a, taken) for a in values]
            return Apply("where", (self.comparison(condition, taken), *args), HERE)
        args = [self.tree(a, taken) for a in expr.args]
        op = {sp.Add: "+", sp.Mul: "*", sp.Pow: "**"}.get(expr.func)
        if op:
            return reduce(lambda a, b: Operation(op, a, b, HERE), args)
        names = {Maximum: "max", Minimum: "min"}
        name = names.get(expr.func) or next(n for n, f in FUNCTIONS.items() if f is expr.func)
        return Apply(name, tuple(args), HERE)

    def comparison(self, fact: Any, taken: list[str]) -> Tree:
        """The tree of a comparison."""
        left, right = (self.tree(side, taken) for side in (fact.lhs, fact.rhs))
        return Operation(fact.rel_op, left, right, HERE)

    def binder(self, expr: Binder, taken: list[str]) -> Tree:
        """The tree of a reduction; its indices are named by axes of their size, if any is free."""
        word = {Sum: "sum", Largest: "max", Smallest: "min"}[type(expr)]
        body, opened = expr.open()
        names = list(taken)
        for index in opened:
            axes = (i.name for i in self.layer.axes if i.size == index.size)
            name = next((a for a in axes if a not in names), f"_{len(names)}")
            self.size_of.setdefault(name, str(index.size))
            body = body.xreplace({index: Index(name, index.size)})
            names.append(name)
        bound = (Ref(name, None, HERE) for name in names[len(taken) :])
        return Apply(word, (*bound, self.tree(body, names)), HERE)
