"""How each kind of expression is written: names, numbers, functions and reductions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import sympy as sp
from sympy import Expr

from pullback.codegen.notation.deltas import bracket, delta, where
from pullback.codegen.notation.matrices import of_matrix
from pullback.codegen.notation.names import Tensors
from pullback.codegen.notation.numbers import decimal, power_of_ten
from pullback.codegen.notation.products import power, product, sum_of_terms
from pullback.codegen.notation.shifts import whole
from pullback.codegen.notation.styles import ADD, ATOM, CALL, LOOSE, MUL, SIGN, Spelled, Style
from pullback.codegen.notation.writing import Writer, Writing
from pullback.derive.index.binders import ArgLargest, ArgSmallest, Binder, Largest, Smallest, Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.elementary import Elementary
from pullback.derive.index.functions import FUNCTIONS, OF_TWO
from pullback.derive.index.kinks import Bracket, Where
from pullback.derive.index.matrices import MatrixFunction
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entries,
    entry_indices,
    entry_name,
    is_entry,
    is_size,
    own_name,
)
from pullback.derive.index.special import FAMILIES
from pullback.derive.read.vocabulary import TANGENT

FUNCTION_NAMES = {"Abs": "abs", "Sigmoid": "sigmoid", "Maximum": "max", "Minimum": "min"}
FUNCTION_NAMES |= {"Sign": "sgn", "Erfc": "erfc", "Erfcx": "erfcx"}
FUNCTION_NAMES |= {"LogSigmoid": "logsigmoid", "LogErfc": "logerfc"}
FUNCTION_NAMES |= {kind.__name__: word for word, kind in OF_TWO.items() if isinstance(kind, type)}
FUNCTION_NAMES |= {
    kind.__name__: word
    for word, kind in FUNCTIONS.items()
    if isinstance(kind, type) and issubclass(kind, Elementary)
}
FUNCTION_NAMES |= {kind.__name__: kind.__name__.lower() for kind in FAMILIES}
FUNCTION_NAMES |= {f"Bessel{n}": f"j{n}" for n in range(3)}
LOSSES = "ECRFGQTM"  # letters for what is differentiated, in the order in which they are tried
REDUCTION_NAMES: Mapping[type, str] = {
    Sum: "sum",
    Largest: "max",
    Smallest: "min",
    ArgLargest: "argmax",
    ArgSmallest: "argmin",
}


def symbol(here: Writing, expr: Expr) -> Spelled:
    """An index, a size, or a tensor's entry."""
    if isinstance(expr, Index):
        return here.style.index(here.scope.names.get(expr, expr))
    if is_size(expr) or not is_entry(expr):
        return here.style.name(str(expr)), ATOM
    indices = [whole(here, i) if i.is_Add else here.write(i) for i in entry_indices(expr)]
    return tensor(here.tensors, here.style, entry_name(expr), indices)


def tensor(tensors: Tensors, style: Style, name: str, indices: Sequence[Spelled] = ()) -> Spelled:
    """A tensor's entry, a cotangent's ∂L/∂z, a tangent's ż; without indices the whole."""
    name = own_name(name)
    still = name.removesuffix(TANGENT)
    moving = still != name and name not in tensors.places
    source = tensors.source(still if moving else name)
    if source is None:
        text = style.name(still if moving else name)
        return alone(style.entry(style.dotted(text) if moving else text, indices))
    slope = style.slope(loss(tensors, style), style.entry(style.name(source), indices))
    return (style.dotted(style.group(slope)), ATOM) if moving else (slope, CALL)


def alone(text: str) -> Spelled:
    """What needs no brackets anywhere, and may be one sign."""
    return text, SIGN if len(text) == 1 else ATOM


def loss(tensors: Tensors, style: Style) -> str:
    """What is differentiated: the output, where that is a scalar; else ℒ, or beside an L or an l
    another letter, as ℒ and L would be two things in one formula."""
    output = tensors.layer.output
    if not output.indices:
        return style.name(output.name)
    if style not in tensors.losses:
        shown = {style.name(name) for name in tensors.names}
        free = [x for x in LOSSES if x not in shown]
        taken = shown & {"L", "l", style.name("ell")}
        tensors.losses[style] = free[0] if taken and free else style.loss
    return tensors.losses[style]


def number(here: Writing, expr: Expr) -> Spelled:
    """A number; constants by their sign."""
    style = here.style
    if expr is sp.E:
        return style.call("exp", ["1"]), CALL
    if expr is sp.pi:
        return (r"\pi" if style.latex else "π"), ATOM
    if expr.is_infinite:
        sign = style.minus if expr < 0 else ""
        return sign + (r"\infty" if style.latex else "∞"), ADD if sign else ATOM
    if not expr.is_Rational:
        return style.group(str(expr)), ATOM
    sign = style.minus if expr.is_negative else ""
    if zeros := power_of_ten(abs(expr)):
        return sign + style.power("10", str(zeros), plain=True), ADD if sign else CALL
    if digits := decimal(abs(expr)):
        return sign + digits, ADD if sign else ATOM
    above, below = style.integer(abs(expr.p)), style.integer(expr.q)
    text = above if expr.q == 1 else style.fraction(above, below)
    if sign or expr.q != 1:
        return sign + text, ADD if sign else MUL
    return alone(text)


def exponential(here: Writing, expr: Expr) -> Spelled:
    """exp(…); in LaTeX a power of e where that is short and no symbol is called e."""
    inside = here.within(expr.args[0], LOOSE)
    taken = "e" in here.tensors.places or any(a.name == "e" for a in here.tensors.layer.axes)
    if here.style.latex and not taken and is_entry(expr.args[0]):
        return here.style.power("e", inside, False), CALL
    return here.style.call("exp", [inside]), CALL


def function(here: Writing, expr: Expr) -> Spelled:
    """A function of one value or two."""
    args = [here.within(a, LOOSE) for a in expr.args]
    if here.style.latex and isinstance(expr, sp.Abs):
        return rf"\left| {args[0]} \right|", ATOM
    return here.style.call(function_name(type(expr).__name__), args), CALL


def function_name(name: str) -> str:
    """The printed name of a function by the name of its class."""
    return FUNCTION_NAMES.get(name, name)


def reduction(here: Writing, expr: Expr) -> Spelled:
    """A sum, an extreme value or its place."""
    binder = cast(Binder, expr)
    inner = here.under(binder.indices)
    places = [i for a in entries(binder.body) for i in entry_indices(a)]
    ordered = [i for i in dict.fromkeys(places) if i in binder.indices]
    ordered += [i for i in binder.indices if i not in ordered]
    names = [here.style.index(inner.scope.names[i])[0] for i in ordered]
    front = here.style.reduction(REDUCTION_NAMES[type(expr)], names)
    return f"{front} {inner.within(binder.body, MUL)}", MUL


def whole_matrix(here: Writing, expr: Expr) -> Spelled:
    """What is made of a whole matrix."""
    return of_matrix(here, expr, lambda h, name, at: tensor(h.tensors, h.style, name, at))


def partial(here: Writing, expr: Expr) -> Spelled:
    """A derivative that is not yet worked out; that of an entry as a fraction of its own."""
    below, _ = here.write(expr.wrt)
    if is_entry(expr.expr):
        return here.style.slope(here.write(expr.expr)[0], below), CALL
    inside = here.style.group(here.within(expr.expr, LOOSE))
    return f"{here.style.operator(below)} {inside}", MUL


WRITERS: Mapping[type, Writer] = {
    sp.Symbol: symbol,
    sp.Indexed: symbol,
    sp.Number: number,
    sp.NumberSymbol: number,
    sp.Add: sum_of_terms,
    sp.Mul: product,
    sp.exp: exponential,
    sp.Pow: power,
    Binder: reduction,
    MatrixFunction: whole_matrix,
    KroneckerDelta: delta,
    Bracket: bracket,
    Where: where,
    Partial: partial,
    sp.Function: function,
}


def writer_for(expr: Expr) -> Writer:
    """The writer for an expression's kind."""
    for kind in type(expr).__mro__:
        if kind in WRITERS:
            return WRITERS[kind]
    raise TypeError(f"cannot print {type(expr).__name__}: {expr}")
