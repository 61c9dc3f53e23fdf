"""Sentences of an outline: what is held in a direct derivative, what is declared at a kink."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy import Expr

from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages.outline import Formula, Words
from pullback.derive.calculus.jacobians import Jacobian
from pullback.derive.index.binders import Extreme
from pullback.derive.index.kinks import Maximum, Minimum, Where
from pullback.derive.layer import Node


def direct(notation: Notation, jacobian: Jacobian, held: Sequence[str]) -> Words:
    """That a derivative is a direct one, and what it is beside the total one."""
    if not held:
        return ""
    kept = " and ".join(f"`{notation.tensor(name)}`" for name in held)
    return (
        f"`{whole(notation, jacobian, held)}` is the direct derivative, through this use alone, "
        f"with {kept} held; `{whole(notation, jacobian)}` is the total one"
    )


def whole(notation: Notation, jacobian: Jacobian, held: Sequence[str] = ()) -> Formula:
    """The name of a whole Jacobian: ∂u/∂x."""
    names = [notation.tensor(t.name) for t in (jacobian.node, jacobian.tensor)]
    if notation.tensors.source(jacobian.node.name):
        names[0] = notation.style.group(names[0])
    return notation.directly(notation.style.slope(*names), held)


def kinks(notation: Notation) -> Iterable[tuple[Formula, str]]:
    """What has a kink in a layer, and what is declared of it."""
    found = (kink for node in notation.layer.nodes for kink in kinks_of(node, notation))
    return dict.fromkeys(found)


def kinks_of(node: Node, notation: Notation) -> Iterable[tuple[Formula, str]]:
    """The kinks of a node, and what is declared of each."""
    kinds = (Maximum, Minimum, Extreme, Where, sp.Abs)
    for found in sorted(node.expr.atoms(*kinds), key=sp.default_sort_key):
        yield notation.spell(found), kink_words(found)


def kink_words(found: Expr) -> str:
    """What is declared at a kink."""
    if isinstance(found, Maximum | Minimum):
        if any(a.is_number for a in found.args):
            return "at a tie the constant is taken, so the slope there is 0"
        return "at a tie the first argument is taken"
    if isinstance(found, Extreme):
        return "at a tie the first place is taken"
    if isinstance(found, Where):
        return "the condition has no derivative"
    return "the slope at 0 is 0"
