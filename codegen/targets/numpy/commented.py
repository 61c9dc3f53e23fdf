"""Statements with the equations that they work out above them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from sympy import Expr

from pullback.codegen.interface.words import comment
from pullback.codegen.notation.matrix.printer import matrix_form
from pullback.codegen.notation.printer import Notation
from pullback.codegen.targets.numpy.layout import broken
from pullback.codegen.targets.numpy.marked import mark
from pullback.codegen.targets.numpy.statements import Line
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.index.objects import Index

MARGIN = "    "  # of a function's body
WIDTH = 92  # of a comment inside a function


def commented(derivation: Derivation, notation: Notation, lines: Iterable[Line]) -> list[str]:
    """Statements with their equations above them."""
    found: list[str] = []
    for line in lines:
        if line.about:
            found.append(mark(line.about))
            for text in equation(derivation, notation, line.about):
                found += textwrap.wrap(
                    comment(text), WIDTH, initial_indent="# ", subsequent_indent="#     "
                )
        found += [part.removeprefix(MARGIN) for part in broken(MARGIN + line.code)]
    return [*found, mark("")]


def equation(derivation: Derivation, notation: Notation, name: str) -> list[str]:
    """The equation of a node, of a gradient or of a tangent."""
    for value in derivation.values:
        if value.node.name == name:
            laws = "; ".join(step.law for step in value.code.steps)
            return [value.node.text, *([f"in the form of: {laws}"] if laws else [])]
    for gradient in derivation.gradients:
        if cotangent_name(gradient.tensor.name) == name:
            return result(notation, gradient.cotangent, gradient.total, gradient.tensor.indices)
    for tangent in (*derivation.tangents, *derivation.seconds):
        if tangent_name(tangent.node.name) == name:
            return result(notation, tangent.tangent, tangent.total, tangent.node.indices)
    return []


def result(notation: Notation, left: Expr, right: Expr, axes: tuple[Index, ...]) -> list[str]:
    """What was derived, in index notation and as matrices."""
    matrix = matrix_form(right, axes, notation)
    found = f"{notation.spell(left)} = {notation.spell(right)}"
    return [found, *([f"that is, {matrix}"] if matrix else [])]
