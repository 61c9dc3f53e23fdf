"""The file's functions called with inputs that were drawn, and what they return beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.comparing import WRONG, Compared, compared
from pullback.codegen.check.conventions import (
    CACHE,
    Call,
    NotComparable,
    Path_,
    Plan,
    gradient_names,
)
from pullback.codegen.check.drawing import Draw, draw
from pullback.codegen.check.outside import Answer, ask
from pullback.codegen.check.quantities import Quantities
from pullback.codegen.interface.shapes import has_batch
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.layer import Layer

# shapes in place of the leading axes, in the order in which they are tried
LEADS: tuple[tuple[int, ...], ...] = ((5,), (), (2, 3))


@dataclass(frozen=True)
class Ran:
    """The file, called for one draw."""

    plan: Plan
    quantities: Quantities
    request: Mapping[str, Any]
    given: Mapping[str, Array]
    answer: Answer
    places: Mapping[str, Path_]  # where each gradient lies in the result

    @property
    def paths(self) -> list[Path_]:
        """Where each array lies in the result."""
        return [tuple(p) for p in self.answer.said.get("paths", [])]

    @property
    def raised(self) -> Mapping[str, Any] | None:
        """What the file raised."""
        return self.answer.said.get("raised")


def called(derivation: Derivation, how: Plan, seconds: float) -> list[Ran]:
    """The file called with inputs of the first number of leading axes that it takes.

    Where it takes none, all runs, those that come farthest first. Raises NotComparable where it
    cannot be loaded or called at all.
    """
    leads = LEADS if has_batch(*derivation.layer.tensors.values()) else LEADS[:1]
    runs: list[Ran] = []
    for lead in leads:
        ran = called_with(how, Quantities(derivation, drawn(derivation, how, lead)), seconds)
        if ran.raised is None and fits(ran):
            return [ran]
        runs.append(ran)
    best = sorted(runs, key=reached, reverse=True)
    raised = best[0].raised
    if raised and (raised["loading"] or raised["line"] is None):
        where = f", line {raised['line']}" if raised["line"] else ""
        raise NotComparable(f"{how.path}{where}: {raised['words']}")
    return best


def reached(ran: Ran) -> float:
    """The line that a run came to: its end unless it raised."""
    return (ran.raised["line"] or 0) if ran.raised else float("inf")


def drawn(derivation: Derivation, how: Plan, lead: Sequence[int], **more: Any) -> Draw:
    """Inputs; the output's cotangent is 1 where the file does not take it."""
    return draw(derivation, lead, upstream=how.upstream is not None, **more)


def called_with(how: Plan, quantities: Quantities, seconds: float) -> Ran:
    """The file called for one draw."""
    given = {f"given {n}": a for n, a in arguments(how, quantities).items()}
    request = {
        "mode": "run",
        "file": str(how.path.resolve()),
        "text": how.text,
        "backward": as_data(how.backward),
        "forward": as_data(how.forward) if how.forward else None,
    }
    answer = ask(request, given, seconds)
    paths = [tuple(p) for p in answer.said.get("paths", [])]
    layer = quantities.layer
    places = gradient_names(paths, how, layer, lambda n: cotangent_name(n) in quantities.tensors)
    return Ran(how, quantities, request, given, answer, places)


def as_data(call: Call) -> dict[str, Any]:
    """A call as data."""
    words = {"function": call.function, "positional": list(call.positional)}
    return {**words, "keywords": dict(call.keywords)}


def arguments(how: Plan, quantities: Quantities) -> dict[str, Array]:
    """The arrays that the functions are called with."""
    names = [*how.backward.arguments, *(how.forward.arguments if how.forward else ())]
    found, given = {}, {str(s): quantities.sizes[s] for s in quantities.layer.arguments}
    for name in dict.fromkeys(n for n in names if n != CACHE):
        if name in given:
            found[name] = np.array(given[name])
            continue
        array = quantities.world.arrays[name]
        found[name] = quantities.shaped(array, quantities.tensors[name])
    return found


def fits(ran: Ran) -> bool:
    """Has a gradient that came the shape that is wanted?"""
    found = {tensor: came(ran, tensor) for tensor in ran.places}
    return any(a is not None and a.shape == wanted(ran, t).shape for t, a in found.items())


def came(ran: Ran, tensor: str) -> Array | None:
    """The gradient by a tensor as it came."""
    path = ran.places.get(tensor)
    return None if path is None else ran.answer.arrays[f"r{ran.paths.index(path)}"]


def wanted(ran: Ran, tensor: str) -> Array:
    """The right gradient by a tensor, as the file should have it."""
    name = cotangent_name(tensor)
    return ran.quantities.shaped(ran.quantities.world.arrays[name], ran.quantities.tensors[name])


def gradients(ran: Ran) -> list[Compared]:
    """Every gradient that is wanted or came."""
    layer = ran.quantities.layer
    tensors = [*layer.wrt, *(t for t in ran.places if t not in layer.wrt)]
    if ran.raised:
        return [Compared(t, WRONG, reason="the code raises an error") for t in layer.wrt]
    return [compared(t, came(ran, t), wanted(ran, t)) for t in tensors]


def output(ran: Ran) -> Compared | None:
    """The value of the output: forward's, or a first part of the result that is no gradient."""
    layer: Layer = ran.quantities.layer
    right = ran.quantities.shaped(
        ran.quantities.world.arrays[layer.output.name], layer.output.indices
    )
    own = ran.answer.arrays.get("output")
    paths = ran.paths
    if own is None and (0,) in paths and (0,) not in ran.places.values() and len(paths) > 1:
        own = ran.answer.arrays[f"r{paths.index((0,))}"]
    return None if own is None else compared(layer.output.name, own, right)


def words_of(ran: Ran) -> str:
    """What the file raised, with its line."""
    raised = ran.raised
    return f"line {raised['line']}: {raised['words']}" if raised else ""
