"""Index notation as JSON and back: a list of parts, each of which names parts before it.

`["sum", 4, [2, 3]]` is a sum over the indices at 2 and 3 of what stands at 4. What stands
often is written once. What is read is built from these kinds alone, never run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.derive.errors import DefinitionError
from pullback.derive.index import elementary as el
from pullback.derive.index import special
from pullback.derive.index.binders import (
    ArgLargest,
    ArgSmallest,
    Binder,
    Largest,
    Smallest,
    Sum,
)
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.functions import (
    Erfc,
    Erfcx,
    LogErfc,
    LogSigmoid,
    Sigmoid,
    expm1,
    log1p,
)
from pullback.derive.index.kinks import Abs, Bracket, Maximum, Minimum, Sign, Where
from pullback.derive.index.matrices import Determinant, Inverse, LogDeterminant, MatrixOf
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entry,
    entry_indices,
    entry_name,
    is_entry,
    is_size,
    size_symbol,
)

Part = list[Any]
BINDERS: Mapping[str, Callable[..., Expr]] = {
    "sum": Sum,
    "largest": Largest,
    "smallest": Smallest,
    "matrix": MatrixOf,
    "arglargest": ArgLargest,
    "argsmallest": ArgSmallest,
}
RELATIONS: Mapping[str, Callable[..., Expr]] = {
    "==": sp.Eq,
    "!=": sp.Ne,
    "<": sp.Lt,
    "<=": sp.Le,
    ">": sp.Gt,
    ">=": sp.Ge,
}
KINDS: Mapping[str, Callable[..., Expr]] = {
    "add": sp.Add,
    "mul": sp.Mul,
    "power": sp.Pow,
    "delta": KroneckerDelta,
    "bracket": Bracket,
    "where": Where,
    "max": Maximum,
    "min": Minimum,
    "derivative": Partial,
    "inverse": Inverse,
    "determinant": Determinant,
    "logdeterminant": LogDeterminant,
    "exp": sp.exp,
    "log": sp.log,
    "log1p": log1p,
    "expm1": expm1,
    "tanh": sp.tanh,
    "sigmoid": Sigmoid,
    "logsigmoid": LogSigmoid,
    "erf": sp.erf,
    "erfc": Erfc,
    "logerfc": LogErfc,
    "erfcx": Erfcx,
    "sin": sp.sin,
    "cos": sp.cos,
    "abs": Abs,
    "sign": Sign,
    "tan": el.Tan,
    "asin": el.Asin,
    "acos": el.Acos,
    "atan": el.Atan,
    "atan2": el.Atan2,
    "sinh": el.Sinh,
    "cosh": el.Cosh,
    "asinh": el.Asinh,
    "acosh": el.Acosh,
    "atanh": el.Atanh,
    "cbrt": el.Cbrt,
    "floor": el.Floor,
    "ceil": el.Ceil,
    "round": el.Round,
    "erfinv": special.Erfinv,
    **{kind.__name__.lower(): kind for kind in special.FAMILIES},
}
NAMED: Mapping[str, Expr] = {"pi": sp.pi, "e": sp.E, "-oo": sp.S.NegativeInfinity}


class Writer:
    """Writes expressions into one list of parts."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.places: dict[Any, int] = {}

    def write(self, expr: Any) -> int:
        """Where an expression stands in the list; TypeError for what has no kind."""
        if expr not in self.places:
            part = self.part(expr)
            self.places[expr] = len(self.parts)
            self.parts.append(part)
        return self.places[expr]

    def part(self, expr: Any) -> Part:
        """An expression by the places of its parts."""
        if expr.is_Rational:
            return ["number", str(expr.p), str(expr.q)]
        name = next((n for n, value in NAMED.items() if expr == value), None)
        if name:
            return ["named", name]
        if isinstance(expr, Index):
            return ["index", str(expr.name), str(expr.size)]
        if is_size(expr):
            return ["size", str(expr.name)]
        if is_entry(expr):
            kind = "label" if expr.is_integer else "entry"
            return [kind, entry_name(expr), [self.write(i) for i in entry_indices(expr)]]
        if isinstance(expr, Binder):
            body, indices = expr.open()
            kind = next(n for n, made in BINDERS.items() if type(expr) is made)
            return [kind, self.write(body), [self.write(i) for i in indices]]
        if isinstance(expr, sp.core.relational.Relational):
            return ["relation", expr.rel_op, *(self.write(a) for a in expr.args)]
        kind = next((n for n, made in KINDS.items() if type(expr) is made), "")
        if not kind:
            raise TypeError(f"{type(expr).__name__} has no kind in a certificate")
        return [kind, *(self.write(a) for a in expr.args)]


class Reader:
    """Reads a list of parts; DefinitionError, with the part's place, for what is none."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.read: list[Expr] = []
        for place, part in enumerate(parts):
            try:
                self.read.append(self.built(part))
            except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
                raise DefinitionError(f"certificate: part {place} is {part!r}: {error}") from None

    def at(self, place: Any) -> Expr:
        """What stands at a place before."""
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(self.read):
            raise ValueError(f"{place!r} is no place before it")
        return self.read[place]

    def built(self, part: Part) -> Expr:
        """One part."""
        kind, *rest = part
        if kind == "number":
            above, below = (int(text) for text in rest)
            if below < 1:
                raise ValueError("a denominator is 1 or more")
            return cast(Expr, sp.Rational(above, below))
        if kind == "named":
            return NAMED[rest[0]]
        if kind == "index":
            return Index(named(rest[0]), size_symbol(named(rest[1])))
        if kind == "size":
            return cast(Expr, size_symbol(named(rest[0])))
        if kind in ("entry", "label"):
            return entry(named(rest[0]), [self.at(i) for i in rest[1]], kind == "label")
        if kind in BINDERS:
            return BINDERS[kind](self.at(rest[0]), *(self.at(i) for i in rest[1]))
        if kind == "relation":
            return RELATIONS[rest[0]](*(self.at(i) for i in rest[1:]), evaluate=False)
        parts = [self.at(i) for i in rest]
        if kind == "derivative" and not (len(parts) == 2 and is_entry(parts[1])):
            raise ValueError("a derivative is of a value, by an entry")
        return KINDS[kind](*parts)


def named(name: Any) -> str:
    """A name, if it is text of a reasonable length."""
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise ValueError(f"{name!r} is no name")
    return name
