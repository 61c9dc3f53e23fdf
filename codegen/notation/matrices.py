"""Inverses and determinants of whole matrices in index notation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from sympy import Expr

from pullback.codegen.notation.styles import ATOM, CALL, LOOSE, Spelled
from pullback.codegen.notation.writing import Writing
from pullback.derive.index.matrices import Determinant, Inverse, MatrixFunction, MatrixOf
from pullback.derive.index.objects import entry_indices, entry_name, free_indices, is_entry

Whole = Callable[[Writing, str, Sequence[Spelled]], Spelled]  # a tensor by its name, at some places


def matrix(here: Writing, expr: MatrixOf, whole: Whole) -> tuple[str, bool]:
    """A matrix: a tensor's, by its name, or the value at two indices in brackets with these below;
    and whether it is the tensor's transpose."""
    body, bound = expr.body, expr.indices
    if is_entry(body):
        *lead, row, column = entry_indices(body)
        plain = not any({*free_indices(i)} & {*bound} for i in lead)
        if plain and {row, column} == {*bound}:
            name, level = whole(here, entry_name(body), [here.write(i) for i in lead])
            text = name if level >= ATOM else here.style.group(name)
            return text, (row, column) != bound
    inner = here.under(bound)
    names = [here.style.index(inner.scope.names[i]) for i in bound]
    return here.style.entry(here.style.group(inner.within(body, LOOSE)), names), False


def of_matrix(here: Writing, expr: Expr, whole: Whole) -> Spelled:
    """An entry of an inverse, a determinant, or the log of one."""
    found = cast(MatrixFunction, expr)
    text, turned = matrix(here, found.matrix, whole)
    style = here.style
    if isinstance(expr, Inverse):
        places = [here.write(i) for i in found.places]
        places = places[::-1] if turned else places
        return style.entry(style.inverse(text), places), ATOM
    name = "det" if isinstance(expr, Determinant) else "logdet"
    return style.call(name, [text]), CALL
