"""Formulas that were typed in, held against what was derived."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.by_numbers import by_numbers, sizes_in_words, untold
from pullback.codegen.check.comparing import RIGHT, WRONG, Compared, compared
from pullback.codegen.check.drawing import draw
from pullback.codegen.check.explaining import Explainer, Explanation
from pullback.codegen.check.found import Fault, Report
from pullback.codegen.check.pasted import Claim, Pasted
from pullback.codegen.check.quantities import Quantities, Quantity
from pullback.codegen.check.transposed import turned
from pullback.codegen.check.typed import Misfit
from pullback.derive.calculus.derivation import Derivation, tensor_of
from pullback.derive.errors import DefinitionError


def check_claims(derivation: Derivation, text: str, seconds: float) -> tuple[Report, ...]:
    """Hold formulas that were typed in against what was derived; DefinitionError if unread.

    Each is held for itself: what it reads of those before it has the right values.
    """
    upstream = bool(derivation.layer.output.indices)  # of a number it is 1, and not in formulas
    quantities = Quantities(derivation, draw(derivation, upstream=upstream))
    explainer = Explainer(quantities, seconds, 2 * seconds)
    return tuple(reports(quantities, Pasted(text, quantities), explainer))


def reports(quantities: Quantities, pasted: Pasted, explainer: Explainer) -> Iterator[Report]:
    """A report on each claim."""
    for claim in pasted.claims():
        report = Report(
            name=claim.source,
            against=quantities.layer.name,
            function="",
            status=1,
            sizes=sizes_in_words(quantities),
        )
        if isinstance(claim.value, Misfit):
            found = Compared(claim.name, WRONG, reason="its shapes do not go together")
            fault = misfitting(quantities, claim, claim.value)
            yield replace(report, output=found, faults=(fault,))
            continue
        own = np.asarray(claim.value, dtype=float)
        found = compared(claim.name, own, right(quantities, claim.name))
        if found.status == RIGHT:
            yield replace(report, status=0, output=found)
            continue
        fault = by_numbers(quantities, wanted(quantities, claim.name), own, claim.name, explainer)
        yield replace(report, output=found, faults=(fault,))


def right(quantities: Quantities, name: str) -> Array:
    """The right array of a name, as code has it."""
    return quantities.shaped(quantities.world.arrays[name], quantities.tensors[name])


def wanted(quantities: Quantities, name: str) -> Quantity:
    """What the name of a claim stands for."""
    left = quantities.formulas[name].left
    return Quantity(left, quantities.tensors[name], quantities.world.arrays[name], name)


def misfitting(quantities: Quantities, claim: Claim, misfit: Misfit) -> Fault:
    """What is said of shapes that do not go together, with what would be right."""
    why = Explanation((misfit.words,), claim.name, "")
    fault = untold(quantities, wanted(quantities, claim.name), claim.name)
    others = turned(claim.tree) if claim.tree is not None else ()
    repair = next((tree for tree in others if is_right(quantities, claim, tree)), None)
    if repair is None:
        return replace(fault, explanation=why)
    line = f"{claim.name} = {ast.unparse(repair)}"
    return replace(fault, explanation=why, repair=line, makes_right=(tensor_of(claim.name),))


def is_right(quantities: Quantities, claim: Claim, tree: ast.expr) -> bool:
    """Is a formula in the place of the claim's right?"""
    try:
        own = np.asarray(claim.values.value(tree), dtype=float)
    except DefinitionError:
        return False
    return compared(claim.name, own, right(quantities, claim.name)).status == RIGHT
