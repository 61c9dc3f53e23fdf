"""End results, checked at random points: gradients, tangents and second derivatives as a whole.

What was derived is compared with the derivative of the forward pass written out in scalars, which
numbers with slopes carry along, node by node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import mpmath

from pullback.derive.calculus.derivation import Derivation, Gradient, cotangent_name, tensor_of
from pullback.derive.calculus.tangents import Tangent, tangent_name
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import entry, entry_name
from pullback.derive.layer import Definitions, Node, Tensor
from pullback.derive.proof.check import NUMERIC, Check
from pullback.derive.proof.points import Directions, Point, Result
from pullback.derive.proof.small_sizes import fitting, labels, named, small_sizes
from pullback.derive.proof.witness import WORKING, close


def check_gradients(derivation: Derivation) -> tuple[tuple[str, Check], ...]:
    """Every wanted gradient, by name, against the slope of the written-out forward.

    All are compared at once, along one random direction: with 50 random digits in each entry it
    misses a wrong entry with no chance to speak of. Labels, sides of kinks and places of extreme
    values are those of the point. Both the short form and the form for computing are compared.
    """
    wanted = [g for g in derivation.gradients if g.tensor.name in derivation.wanted]
    names = ", ".join(g.tensor.name for g in wanted)
    try:
        check = check_along(derivation, wanted, f"gradient by {names}")
    except ProofFailed:
        for gradient in wanted:  # which one is it?
            check_along(derivation, [gradient], f"gradient by {gradient.tensor.name}")
        raise
    return tuple((g.tensor.name, check) for g in wanted)


def check_along(derivation: Derivation, gradients: Sequence[Gradient], what: str) -> Check:
    """The slope along a random direction of these tensors, by their gradients and written out."""

    def ours(point: Point, form: str) -> Any:
        results = [Result(g.tensor.name, g.tensor.indices, g.cotangent) for g in gradients]
        return point.along(results, known(derivation.gradients, form), tangent_name)

    direction = [(tuple(g.tensor.name for g in gradients), tangent_name)]
    return check_result(derivation, what, direction, ours)


def check_tangents(derivation: Derivation) -> Check:
    """The output's derivative along the tangents of all inputs, weighted by random cotangents."""
    output = derivation.layer.output

    def ours(point: Point, form: str) -> Any:
        meaning = known(derivation.tangents, form)
        end = entry(tangent_name(output.name), output.indices)
        return point.along([Result(output.name, output.indices, end)], meaning, cotangent_name)

    direction = [(derivation.wanted, tangent_name)]
    return check_result(derivation, "tangent of the output", direction, ours)


def check_seconds(derivation: Derivation) -> Check | None:
    """uᵀHẋ for random u and ẋ, against the second derivative of the written-out forward."""
    if not derivation.seconds:
        return None

    def ours(point: Point, form: str) -> Any:
        meaning = {
            **known(derivation.gradients, form),
            **known(derivation.tangents, form),
            **known(derivation.seconds, form),
        }
        results = [
            Result(name, second.node.indices, second.tangent)
            for second in derivation.seconds
            if (name := tensor_of(second.node.name)) in derivation.wanted
        ]
        return point.along(results, meaning, other_name)

    directions = [(derivation.wanted, tangent_name), (derivation.wanted, other_name)]
    return check_result(derivation, "second derivative", directions, ours, points=1)


def other_name(name: str) -> str:
    """The name of a second direction, which no tensor bears."""
    return f"{name}'"


def known(found: Iterable[Gradient | Tangent], form: str) -> Definitions:
    """What cotangents or tangents come to, in their short forms or in those for computing."""
    return {
        entry_name(g.cotangent if isinstance(g, Gradient) else g.tangent): (
            (g.tensor if isinstance(g, Gradient) else g.node).indices,
            getattr(g, form),
        )
        for g in found
    }


def check_result(
    derivation: Derivation,
    what: str,
    directions: Directions,
    ours: Callable[[Point, str], Any],
    points: int = 2,
) -> Check:
    """Compare a result with the written-out slope at random points, at one if nothing is chosen."""
    layer = derivation.layer
    tensors: list[Tensor | Node] = [*layer.inputs, *layer.nodes]
    every = [*labels(layer).values(), *(i.size for t in tensors for i in t.indices)]
    sizes = small_sizes([*(n.expr for n in layer.nodes), *every], largest=3)
    sizes = fitting(sizes, layer, layer.assumptions)
    count = 0
    with mpmath.workdps(WORKING):
        for seed in range(points):
            point = Point(layer, sizes, seed)
            theirs = point.slope(directions)
            for form in ("total", "code"):
                if not close(ours(point, form), theirs):
                    raise ProofFailed(
                        f"{layer.name}: the {what} is not the derivative of the written-out "
                        f"forward ({form})"
                    )
                count += 1
            if not point.decided:
                break
    return Check(what, NUMERIC, named(sizes), count)
