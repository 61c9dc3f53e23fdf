"""Forms as a textbook has them: stable, and no more exact than that.

The forms that compute best split off the largest term of a sum of exponentials, take what a share
lacks of 1 from the others, and centre deviations twice. These forms leave that out.
"""

from __future__ import annotations

from dataclasses import replace

from pullback.derive import laws
from pullback.derive.calculus.derivation import Derivation, Pullback
from pullback.derive.calculus.jacobians import (
    Value,
    exponentials_below,
    foldable,
    for_computing,
    for_tails,
    near_one,
)
from pullback.derive.calculus.steps import Chain
from pullback.derive.laws.matching import Equality


def textbook(derivation: Derivation) -> Derivation:
    """A derivation whose values and gradients are computed in textbook forms.

    Its steps are other ones: they want a proof of their own. Second derivatives are left out.
    """
    values = {v.node.name: plain_value(v) for v in derivation.values}
    gradients = tuple(
        replace(g, parts=tuple(plain_pullback(derivation, values, p) for p in g.parts))
        for g in derivation.gradients
    )
    return replace(
        derivation,
        values=tuple(values.values()),
        gradients=gradients,
        seconds=(),
        no_seconds="a textbook has none",
    )


def plain_value(value: Value) -> Value:
    """A node's right side."""
    code = near_one(Chain(value.meaning.end), ())
    code = for_tails(for_computing(code, textbook=True), ())
    if {s.law for s in value.meaning.steps} <= {laws.put_in.name} and not code.steps:
        code = Chain(value.node.expr)
    return replace(value, code=code)


def plain_pullback(derivation: Derivation, values: dict[str, Value], part: Pullback) -> Pullback:
    """A node's pullback."""
    layer, node = derivation.layer, part.jacobian.node
    start = part.result.end
    code = Chain(start).then(laws.put_in, exponentials_below(start, layer, values))
    code = for_computing(near_one(code, ()), slope=True, textbook=True)
    code = for_tails(code, foldable(layer, values, node))
    code = code.then(laws.mask_from_output, [Equality(node.entry, values[node.name].meaning.end)])
    return replace(part, code=code)
