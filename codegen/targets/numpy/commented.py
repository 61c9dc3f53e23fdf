"""Statements with the equations that they work out above them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from sympy import Expr

from pullback.codegen.interface.words import comment
from pullback.codegen.notation.matrix.printer import matrix_form
from pullback.codegen.notation.names import as_written
from pullback.codegen.notation.printer import Notation
from pullback.codegen.targets.numpy.layout import broken
from pullback.codegen.targets.numpy.marked import mark
from pullback.codegen.targets.numpy.text import Line
from pullback.derive.calculus.derivation import Derivation, Gradient, cotangent_name
from pullback.derive.calculus.jacobians import Value
from pullback.derive.calculus.steps import Chain
from pullback.derive.calculus.tangents import Tangent, tangent_name
from pullback.derive.index.objects import Index

MARGIN = "    "  # of a function's body
WIDTH = 92  # of a comment inside a function


def commented(derivation: Derivation, notation: Notation, lines: Iterable[Line]) -> list[str]:
    """Statements with their equations above them."""
    found: list[str] = []
    results, said, current = by_name(derivation), set[str](), ""
    for line in lines:
        if line.about and line.about != current:
            # what stands before a loop has been said where the loop comes to it
            current = "" if line.about in said else line.about
            found.append(mark(current))
            inside = line.code[: len(line.code) - len(line.code.lstrip())]  # of a loop
            for text in equation(results.get(current), notation):
                found += textwrap.wrap(
                    comment(text),
                    WIDTH,
                    initial_indent=f"{inside}# ",
                    subsequent_indent=f"{inside}#     ",
                )
        said |= {line.about}
        found += [part.removeprefix(MARGIN) for part in broken(MARGIN + line.code)]
    return [*found, mark("")]


Derived = Value | Gradient | Tangent


def by_name(derivation: Derivation) -> Mapping[str, Derived]:
    """What was derived, by the names that values of a program have."""
    found: dict[str, Derived] = {v.node.name: v for v in derivation.values}
    found |= {cotangent_name(g.tensor.name): g for g in derivation.gradients}
    tangents = (*derivation.tangents, *derivation.seconds)
    return found | {tangent_name(t.node.name): t for t in tangents}


def equation(about: Derived | None, notation: Notation) -> list[str]:
    """The equation of a node, of a gradient or of a tangent."""
    match about:
        case Value(node, _, code):
            return [*as_written(notation.layer, node), *in_the_form_of(code)]
        case Gradient():
            found = result(notation, about.cotangent, about.total, about.tensor.indices)
            return [*found, *in_the_form_of(*(part.code for part in about.parts))]
        case Tangent():
            return result(notation, about.tangent, about.total, about.node.indices)
    return []


def in_the_form_of(*chains: Chain) -> list[str]:
    """The laws that lead to the form in which it is worked out, if that is another one."""
    laws = dict.fromkeys(step.law for chain in chains for step in chain.steps)
    return [f"in the form of: {'; '.join(laws)}"] if laws else []


def result(notation: Notation, left: Expr, right: Expr, axes: tuple[Index, ...]) -> list[str]:
    """What was derived, in index notation and as matrices."""
    matrix = matrix_form(right, axes, notation)
    found = f"{notation.spell(left)} = {notation.spell(right)}"
    return [found, *([f"that is, {matrix}"] if matrix else [])]
