"""What a value is and should be, told by its numbers alone: no line of a file is known."""

from __future__ import annotations

from dataclasses import replace

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.explaining import Explainer, same
from pullback.codegen.check.found import Fault
from pullback.codegen.check.quantities import Quantities, Quantity


def by_numbers(
    quantities: Quantities, quantity: Quantity, own: Array, sets: str, explainer: Explainer
) -> Fault:
    """A fault without a line."""
    explanation = explainer.explain(quantity, own, quantities.world)
    fault = untold(quantities, quantity, sets)
    return replace(fault, is_=named(quantities, own), explanation=explanation)


def untold(quantities: Quantities, quantity: Quantity, sets: str) -> Fault:
    """A fault without a line, of which it is known what is wanted and no more."""
    return Fault(
        line=0,
        source="",
        sets=sets,
        name=quantity.name,
        title=quantities.title(quantity),
        wanted=formula(quantities, quantity),
        is_="",
        explanation=None,
        repair=None,
        makes_right=(),
    )


def formula(quantities: Quantities, quantity: Quantity) -> str:
    """The formula of a quantity, or the part itself; inputs have none."""
    found = quantities.formulas.get(quantity.name)
    if found is None:
        return quantities.spelled(quantity.expr, quantity.indices)
    left = quantities.notation.whole.spell(found.left)
    return f"{left} = {quantities.spelled(found.expr, found.indices)}"


def named(quantities: Quantities, own: Array) -> str:
    """The name of the quantity that a value is, if it is one."""
    for quantity in quantities.known:
        if same(own, quantities.shaped(quantity.array, quantity.indices)):
            return quantities.title(quantity)
    return ""


def sizes_in_words(quantities: Quantities) -> str:
    """The sizes of the axes of the inputs that were drawn."""
    used = {i.size for t in quantities.layer.tensors.values() for i in t.indices}
    used |= {*quantities.layer.arguments}
    pairs = [(quantities.notation.spell(s), n) for s, n in quantities.sizes.items() if s in used]
    return ", ".join(f"{name} = {number}" for name, number in pairs)
