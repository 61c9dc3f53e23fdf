"""A formula that was typed in, held against what was derived."""

from __future__ import annotations

import ast
from dataclasses import replace

from pullback.codegen.check.by_numbers import by_numbers, sizes_in_words, untold
from pullback.codegen.check.comparing import RIGHT, WRONG, Compared, compared
from pullback.codegen.check.drawing import draw
from pullback.codegen.check.explaining import Explainer, Explanation
from pullback.codegen.check.found import Fault, Report
from pullback.codegen.check.quantities import Quantities, Quantity
from pullback.codegen.check.transposed import turned
from pullback.codegen.check.typed import Claim, Misfit
from pullback.derive.calculus.derivation import Derivation, tensor_of
from pullback.derive.errors import DefinitionError


def check_claim(derivation: Derivation, text: str, seconds: float) -> Report:
    """Hold a formula that was typed in against what was derived; DefinitionError if unread."""
    layer = derivation.layer
    upstream = bool(layer.output.indices)  # of a number it is 1, and no formula shows it
    quantities = Quantities(derivation, draw(derivation, upstream=upstream))
    claim = Claim(text, quantities)
    report = Report(
        name=text.strip(),
        against=layer.name,
        function="",
        status=1,
        sizes=sizes_in_words(quantities),
    )
    try:
        own = claim.array(claim.tree)
    except Misfit as misfit:
        found = Compared(claim.name, WRONG, reason="its shapes do not go together")
        return replace(report, output=found, faults=(misfitting(claim, misfit),))
    found = compared(claim.name, own, claim.right)
    if found.status == RIGHT:
        return replace(report, status=0, output=found)
    explainer = Explainer(quantities, seconds)
    fault = by_numbers(quantities, wanted(claim), own, claim.name, explainer)
    return replace(report, output=found, faults=(fault,))


def wanted(claim: Claim) -> Quantity:
    """What the name of a claim stands for."""
    array = claim.quantities.world.arrays[claim.name]
    left = claim.quantities.formulas[claim.name].left
    return Quantity(left, claim.indices, array, claim.name)


def misfitting(claim: Claim, misfit: Misfit) -> Fault:
    """What is said of shapes that do not go together, with what would be right."""
    why = Explanation((misfit.words,), claim.name, "")
    fault = untold(claim.quantities, wanted(claim), claim.name)
    repair = next((tree for tree in turned(claim.tree) if is_right(claim, tree)), None)
    if repair is None:
        return replace(fault, explanation=why)
    line = f"{claim.name} = {ast.unparse(repair)}"
    return replace(fault, explanation=why, repair=line, makes_right=(tensor_of(claim.name),))


def is_right(claim: Claim, tree: ast.expr) -> bool:
    """Is a formula in the place of the claim's right?"""
    try:
        return compared(claim.name, claim.array(tree), claim.right).status == RIGHT
    except DefinitionError:
        return False
