"""Array operations on terms: entry by entry, as floats, spread over more axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sympy as sp
from sympy import Expr

from pullback.codegen.lower.context import Context, Term
from pullback.codegen.program.functions import function
from pullback.codegen.program.operations import Constant, Elementwise, Operand, Size
from pullback.derive.index.kinks import Bracket, Where
from pullback.derive.index.objects import Index


def is_constant(expr: Expr) -> bool:
    """Is it a number that no operation makes?"""
    return bool(expr.is_number) and not expr.has(sp.Function, Bracket, Where)


def constant(here: Context, number: Expr) -> Term:
    """A number."""
    return Term(here.builder.add(Constant(number)), ())


def size(here: Context, symbol: Expr) -> Term:
    """The size of an axis."""
    return Term(here.builder.add(Size(symbol)), ())


def elementwise(here: Context, name: str, terms: Sequence[Term]) -> Term:
    """A function of entries; its axes are those of the operands together.

    Masks become floats where no other operand is an array of floats: true + true is 2. So does
    either case of a choice: of two Python numbers NumPy's makes integers.
    """
    result, kinds = function(name).result, [here.kind(t) for t in terms]
    if result == "arithmetic" and "real" not in kinds:
        terms = [real(here, t) for t in terms]
    if result == "choice" and "real" not in kinds[1:]:
        terms = [terms[0], *(floating(here, t) for t in terms[1:])]
    union = list(dict.fromkeys(i for t in terms for i in t.indices))
    largest = max(terms, key=lambda t: len(t.indices)).indices
    if set(largest) == set(union):
        union = list(largest)
    else:
        union.sort(key=here.rank)
    operands = tuple(Operand(t.value, tuple(union.index(i) for i in t.indices)) for t in terms)
    return Term(here.builder.add(Elementwise(name, operands)), tuple(union))


def real(here: Context, term: Term) -> Term:
    """A mask as floats; anything else as it is."""
    if here.kind(term) != "mask":
        return term
    operand = Operand(term.value, tuple(range(len(term.indices))))
    return Term(here.builder.add(Elementwise("float", (operand,))), term.indices)


def floating(here: Context, term: Term) -> Term:
    """A mask or a Python number in the dtype of the inputs; anything else as it is."""
    if here.kind(term) != "number":
        return real(here, term)
    return Term(here.builder.add(Elementwise("cast", (Operand(term.value, ()),))), ())


def spread(here: Context, term: Term, indices: tuple[Index, ...]) -> Term:
    """The value with exactly these axes, in this order."""
    if term.indices == indices:
        return term
    operand = Operand(term.value, tuple(indices.index(i) for i in cast(Any, term.indices)))
    whole = [Operand(size(here, i.size).value, ()) for i in indices]
    return Term(here.builder.add(Elementwise("spread", (operand, *whole))), indices)
