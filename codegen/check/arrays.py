"""Index notation evaluated over NumPy arrays, with every axis written out: for small sizes.

An expression's value is an array with one axis for each index that is free in it. Nothing here is
fast or stable; it shares no code with lowering, so that programs and this can be held against
each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.errors import MissingLaw, TooLarge
from pullback.derive.index import elementary as el
from pullback.derive.index import special
from pullback.derive.index.binders import ArgLargest, ArgSmallest, Binder, Largest, Smallest, Sum
from pullback.derive.index.functions import (
    Erfc,
    Erfcx,
    LogErfc,
    LogSigmoid,
    Sigmoid,
    expm1,
    log1p,
)
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.matrices import Determinant, Inverse, LogDeterminant, MatrixFunction
from pullback.derive.index.objects import Index, entry_indices, entry_name, is_entry

OF_MATRICES: Mapping[type[MatrixFunction], Callable[[Array], Array]] = {
    Inverse: np.linalg.inv,
    Determinant: np.linalg.det,
    LogDeterminant: lambda matrices: np.linalg.slogdet(matrices)[1],
}
MAX_ENTRIES = 2_000_000  # of an array that is written out on the way
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Spread:
    """A value: its free indices, and an array with an axis for each, in this order."""

    indices: tuple[Index, ...]
    array: Array

    def over(self, indices: Sequence[Index]) -> Array:
        """The array over these indices, of size 1 where the value does not hang on one."""
        order = [self.indices.index(i) for i in indices if i in self.indices]
        shape = iter(self.array.transpose(order).shape)
        return self.array.transpose(order).reshape(
            [next(shape) if i in self.indices else 1 for i in indices]
        )


@dataclass(frozen=True)
class World:
    """Arrays of tensors by name, and sizes of axes; `memory` holds what was worked out.

    `fixed` are values of expressions that stand wherever these occur.
    """

    arrays: Mapping[str, Array]
    sizes: Mapping[Expr, int]
    fixed: Mapping[Expr, Spread] = field(default_factory=dict)
    memory: dict[Expr, Spread] = field(default_factory=dict, repr=False, compare=False)

    def beside(self, arrays: Mapping[str, Array]) -> World:
        """The same with other arrays for some names."""
        return replace(self, arrays={**self.arrays, **arrays}, memory={})

    def fixing(self, expr: Expr, value: Spread) -> World:
        """The same with a value for an expression, wherever it occurs."""
        return replace(self, fixed={**self.fixed, expr: value}, memory={})

    def array(self, expr: Expr, indices: Sequence[Index]) -> Array:
        """The whole array of an expression over these indices, which are all that are free."""
        value = self.value(expr).over(indices)
        return np.array(np.broadcast_to(value, [self.sizes[i.size] for i in indices]))

    def value(self, expr: Expr) -> Spread:
        """The value of an expression; MissingLaw for a kind of expression that is not known."""
        found = self.fixed.get(expr) or self.memory.get(expr)
        if found is None:
            with np.errstate(all="ignore"):
                found = self.memory[expr] = self.work_out(expr)
        return found

    def work_out(self, expr: Expr) -> Spread:
        """One expression, from the values of its parts."""
        for fixed in self.fixed:
            if isinstance(expr, sp.Add | sp.Mul) and isinstance(fixed, expr.func):
                rest = [part for part in expr.args if part not in fixed.args]
                if len(rest) == len(expr.args) - len(fixed.args):
                    return self.together(rule_of(expr), [*map(self.value, (fixed, *rest))])
        if isinstance(expr, Index):
            return Spread((expr,), np.arange(self.sizes[expr.size]))
        if expr in self.sizes:
            return Spread((), np.array(float(self.sizes[expr])))
        if is_entry(expr):
            return self.entry(expr)
        if expr.is_Atom and expr.is_number:
            return Spread((), number(expr))
        if isinstance(expr, MatrixFunction):
            return self.of_matrix(expr)
        if isinstance(expr, Binder):
            return self.bound(expr)
        rule = rule_of(expr)
        parts = [p for a in expr.args for p in (a.args if isinstance(a, Relational) else (a,))]
        return self.together(rule, [self.value(p) for p in parts])

    def entry(self, expr: Expr) -> Spread:
        """Entries of a tensor: each index, label or number points along its axis."""
        array = np.asarray(self.arrays[entry_name(expr)])
        places = [self.value(i) for i in entry_indices(expr)]
        if not places:
            return Spread((), array)

        def pick(*at: Array) -> Array:
            whole = np.broadcast_arrays(*(a.astype(int) for a in at))
            inside = [(w >= 0) & (w < n) for w, n in zip(whole, array.shape, strict=True)]
            if not all(map(np.all, inside)):
                raise IndexError("an entry lies outside of its axis")
            return np.asarray(array[tuple(whole)])

        return self.together(pick, places)

    def of_matrix(self, expr: MatrixFunction) -> Spread:
        """An entry of an inverse, or a determinant; no number where a matrix has no inverse."""
        body, pair = expr.matrix.open()
        found = self.value(body)
        rest = tuple(i for i in found.indices if i not in pair)
        whole = (*rest, *pair)
        matrices = np.broadcast_to(found.over(whole), [self.sizes[i.size] for i in whole])
        try:
            array = OF_MATRICES[type(expr)](matrices)
        except np.linalg.LinAlgError:
            array = np.full(matrices.shape, np.nan)
        return self.together(
            lambda *at: np.asarray(array)[tuple(np.broadcast_arrays(*at))] if at else array,
            [self.value(i) for i in (*rest, *expr.places)],
        )

    def together(self, rule: Callable[..., Any], values: Sequence[Spread]) -> Spread:
        """A function of entries, over all indices of its arguments."""
        indices = tuple(dict.fromkeys(i for v in values for i in v.indices))
        if math.prod(self.sizes[i.size] for i in indices) > MAX_ENTRIES:
            raise TooLarge("a formula has too many axes to be written out in numbers")
        result = np.asarray(rule(*(v.over(indices) for v in values)))
        return Spread(indices, np.broadcast_to(result, [self.sizes[i.size] for i in indices]))

    def bound(self, expr: Binder) -> Spread:
        """A sum or an extreme value over the bound indices."""
        body = self.value(expr.body)
        whole = (*(i for i in body.indices if i not in expr.indices), *expr.indices)
        array = np.broadcast_to(body.over(whole), [self.sizes[i.size] for i in whole])
        rest = whole[: len(whole) - len(expr.indices)]
        lead = array.shape[: len(rest)]
        return Spread(rest, BINDERS[type(expr)](array.reshape(*lead, -1), axis=-1))


def number(expr: Expr) -> Array:
    """A number; NaN for what is no real one."""
    if not expr.is_extended_real:
        return np.array(np.nan)
    return np.array(float(expr))


def power(base: Array, exponent: Array) -> Any:
    """A power; a whole one by a float that NumPy takes for whole."""
    return np.power(base.astype(float), exponent)


def sigmoid(x: Array) -> Any:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def entrywise(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function of the standard library for arrays."""
    return np.vectorize(function, otypes=[float])


def is_pole(x: float) -> bool:
    """Is it a place where the gamma function is infinite?"""
    return x <= 0 and x == int(x)


def polygamma(order: int, x: float) -> float:
    """A derivative of digamma."""
    return math.nan if is_pole(x) else float(mpmath.psi(order, x))


def bessel(order: int, x: float) -> float:
    """A spherical Bessel function."""
    if not x:
        return float(order == 0)
    scale = mpmath.sqrt(mpmath.pi / (2 * abs(x))) * (-1 if x < 0 and order % 2 else 1)
    return float(scale * mpmath.besselj(order + 0.5, abs(x)))


def equal(a: Array, b: Array) -> Array:
    """1 where both are equal."""
    return np.asarray(a == b, dtype=float)


BINDERS: Mapping[type, Callable[..., Any]] = {
    Sum: np.sum,
    Largest: np.max,
    Smallest: np.min,
    ArgLargest: np.argmax,
    ArgSmallest: np.argmin,
}
COMPARISONS: Mapping[type, Callable[..., Any]] = {
    sp.StrictGreaterThan: np.greater,
    sp.GreaterThan: np.greater_equal,
    sp.StrictLessThan: np.less,
    sp.LessThan: np.less_equal,
    sp.Eq: np.equal,
    sp.Ne: np.not_equal,
}
RULES: Mapping[type, Callable[..., Any]] = {
    sp.Add: lambda *terms: sum(terms[1:], terms[0]),
    sp.Mul: lambda *factors: math.prod(factors[1:], start=factors[0]),
    sp.Pow: power,
    sp.KroneckerDelta: equal,
    Maximum: np.maximum,
    Minimum: np.minimum,
    sp.Abs: np.abs,
    sp.sign: np.sign,
    sp.exp: np.exp,
    sp.log: np.log,
    log1p: np.log1p,
    expm1: np.expm1,
    sp.tanh: np.tanh,
    sp.sin: np.sin,
    sp.cos: np.cos,
    sp.erf: entrywise(math.erf),
    Erfc: entrywise(math.erfc),
    Erfcx: entrywise(lambda x: math.exp(x * x) * math.erfc(x)),
    LogErfc: entrywise(lambda x: math.log(math.erfc(x))),
    Sigmoid: sigmoid,
    LogSigmoid: lambda x: np.log(sigmoid(x)),
    el.Tan: np.tan,
    el.Asin: np.arcsin,
    el.Acos: np.arccos,
    el.Atan: np.arctan,
    el.Atan2: np.arctan2,
    el.Sinh: np.sinh,
    el.Cosh: np.cosh,
    el.Asinh: np.arcsinh,
    el.Acosh: np.arccosh,
    el.Atanh: np.arctanh,
    el.Cbrt: np.cbrt,
    el.Floor: np.floor,
    el.Ceil: np.ceil,
    el.Round: np.rint,
    special.Erfinv: entrywise(lambda x: float(mpmath.erfinv(x)) if abs(x) < 1 else math.nan),
    special.Lgamma: entrywise(lambda x: math.inf if is_pole(x) else math.lgamma(x)),
    special.Digamma: entrywise(lambda x: polygamma(0, x)),
    special.Trigamma: entrywise(lambda x: polygamma(1, x)),
    special.Tetragamma: entrywise(lambda x: polygamma(2, x)),
    special.Bessel0: entrywise(lambda x: bessel(0, x)),
    special.Bessel1: entrywise(lambda x: bessel(1, x)),
    special.Bessel2: entrywise(lambda x: bessel(2, x)),
}


def rule_of(expr: Expr) -> Callable[..., Any]:
    """What an expression's head does with the values of its parts."""
    if isinstance(expr, Bracket | Where):
        compare = COMPARISONS[type(expr.args[0])]
        if isinstance(expr, Bracket):
            return lambda a, b: compare(a, b).astype(float)
        return lambda a, b, yes, no: np.where(compare(a, b), yes, no)
    for kind, rule in RULES.items():
        if isinstance(expr, kind):
            return rule
    raise MissingLaw(f"there is no rule to evaluate {type(expr).__name__} in numbers")
