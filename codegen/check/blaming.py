"""The lines where a file goes wrong, and why: what the search in it found, explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.by_numbers import by_numbers, formula, named
from pullback.codegen.check.calling import Ran, came, wanted
from pullback.codegen.check.comparing import TOLERANCE, WRONG
from pullback.codegen.check.conventions import NotComparable
from pullback.codegen.check.explaining import Explainer
from pullback.codegen.check.found import Fault, Report, Seen
from pullback.codegen.check.outside import Answer, ask
from pullback.codegen.check.quantities import Quantity
from pullback.derive.calculus.derivation import cotangent_name

LONG = 80  # characters of a line that are shown
SEARCHING, MOST_SEARCHING = 0.3, 2.4  # part of the time that is given, and seconds


def searched(ran: Ran, seconds: float, part: float = 1) -> Answer:
    """What the search in the file found in this part of the time that it may take."""
    quantities = ran.quantities
    known = quantities.known
    named = sum(bool(q.name) for q in known)
    arrays = {f"quantity {k}": quantities.shaped(q.array, q.indices) for k, q in enumerate(known)}
    targets = [*(ran.places or quantities.layer.wrt)]
    arrays |= {f"wanted {t}": wanted(ran, t) for t in targets}
    request = {
        **ran.request,
        "mode": "search",
        "quantities": len(known),
        "named": named,
        "titles": [q.name for q in known[:named]],
        "names": dict(ran.plan.names),
        "made": [k for k, q in enumerate(known) if q.name in quantities.formulas],
        "sizes": {quantities.notation.spell(s): n for s, n in quantities.sizes.items()},
        "tolerance": TOLERANCE,
        "search": part * min(seconds * SEARCHING, MOST_SEARCHING),
        "raised": ran.raised["lines"] if ran.raised else [],
        # where they lie is not known where code raises or returns none: anywhere will do
        "wanted": [{"name": t, "path": ran.places.get(t)} for t in targets],
    }
    answer = ask(request, {**ran.given, **arrays}, seconds)
    if "raised" in answer.said and "faults" not in answer.said:
        raise NotComparable(answer.said["raised"]["words"])
    return answer


def faults_of(ran: Ran, said: Answer, explainer: Explainer) -> list[Fault]:
    """The faults that the search found, with reasons: of lines that would do the best explained."""
    return [best(ran, said, some, explainer) for some in said.said["faults"]]


def best(ran: Ran, said: Answer, some: Sequence[Mapping[str, Any]], explainer: Explainer) -> Fault:
    """Of lines that would do the one that explains most, and of these the first.

    Another spelling explains most; else what a line sets is explained by a change of its own
    formula, and explains what the others set, if that follows from it by their formulas.
    """

    def weight(told: Mapping[str, Any], fault: Fault) -> int:
        why = fault.explanation
        own = why is not None and why.name == fault.name and len(why.words) == 1
        spelled = {0: 2 if own else 1 if why else 0, 3: 3}.get(told["cost"], 9)
        stands = told.get("stands", False)  # it is the first to set something known
        return spelled + 3 * (not stands and follows(ran, said, told, some, explainer))

    faults = [fault_of(ran, said, told, explainer) for told in some]
    weights = [weight(told, fault) for told, fault in zip(some, faults, strict=True)]
    chosen = weights.index(max(weights))
    if faults[chosen].explanation or faults[chosen].repair:
        return told_by(faults[chosen], faults)
    return fault_of(ran, said, some[chosen], explainer, two=True)


def told_by(fault: Fault, faults: Sequence[Fault]) -> Fault:
    """A fault; where its own value is not explained, with what another line's value says of it."""
    for other in faults:
        if not fault.explanation and other.explanation and other.makes_right == fault.makes_right:
            what = {n: getattr(other, n) for n in ("sets", "name", "title", "wanted")}
            return replace(fault, explanation=other.explanation, **what)
    return fault


def follows(
    ran: Ran,
    said: Answer,
    told: Mapping[str, Any],
    some: Sequence[Mapping[str, Any]],
    explainer: Explainer,
) -> bool:
    """Does all that other lines set follow, by their formulas, from what this line sets?"""
    known = ran.quantities.known
    if "quantity" not in told:
        return False
    rest = [o for o in some if o is not told and "quantity" in o]
    others = [(known[o["quantity"]], own_value(said, o)) for o in rest]
    values = [(quantity, value) for quantity, value in others if value is not None]
    own = own_value(said, told)
    return (
        own is not None and bool(values) and explainer.follows(known[told["quantity"]], own, values)
    )


def own_value(said: Answer, told: Mapping[str, Any]) -> Array | None:
    """What stands at a line, in the layout of what should."""
    own = said.arrays.get(told["own"])
    return own.T if own is not None and told["transposed"] else own


def fault_of(
    ran: Ran, said: Answer, told: Mapping[str, Any], explainer: Explainer, two: bool = False
) -> Fault:
    """A line that would do, with a reason: a single change, or with `two` two of them."""
    if "quantity" not in told:
        return spelled(ran, told)
    quantity = ran.quantities.known[told["quantity"]]
    own = own_value(said, told)
    why = None
    if own is not None:
        why = explainer.explain(quantity, own, ran.quantities.world, two)
    return Fault(
        line=told["line"],
        source=source(ran.plan.text, told["line"]),
        sets=told["name"],
        name=quantity.name,
        title=ran.quantities.title(quantity),
        wanted=formula(ran.quantities, quantity),
        is_="" if own is None else named(ran.quantities, own),
        explanation=why,
        repair=told["repair"],
        makes_right=in_order(ran, told["fixes"]),
    )


def spelled(ran: Ran, told: Mapping[str, Any]) -> Fault:
    """A line of which another spelling would do, or that raises."""
    return Fault(
        line=told["line"],
        source=source(ran.plan.text, told["line"]),
        sets="",
        name="",
        title="",
        wanted="",
        is_="",
        explanation=None,
        repair=told["repair"],
        makes_right=in_order(ran, told["fixes"]),
    )


def in_order(ran: Ran, tensors: Sequence[str]) -> tuple[str, ...]:
    """Tensors in the order of the layer."""
    return tuple(t for t in ran.quantities.layer.tensors if t in tensors)


def unplaced(ran: Ran, report: Report, explainer: Explainer) -> Iterator[Fault]:
    """Wrong gradients for which no line was found, explained by their numbers alone."""
    for gradient in (g for g in report.gradients if g.status == WRONG):
        name = cotangent_name(gradient.tensor)
        formula = ran.quantities.formulas[name]
        array = ran.quantities.world.arrays[name]
        quantity = Quantity(formula.left, formula.indices, array, name)
        own = came(ran, gradient.tensor)
        if own is not None:
            yield by_numbers(ran.quantities, quantity, own, name, explainer)


def source(text: str, number: int) -> str:
    """A line of the file, as it is shown."""
    lines = text.splitlines()
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    line = "".join(c if c.isprintable() else " " for c in line)
    return line if len(line) <= LONG else f"{line[: LONG - 1]}…"


def right_until(ran: Ran, said: Answer, first: int) -> Seen | None:
    """The last line before the first fault that sets what a derivation's tensor is."""
    known = ran.quantities.known
    before = None
    for seen in said.said["seen"]:
        if first and (seen["line"], True) >= (first, True):
            if seen["line"] == first:
                break
            continue
        own = [known[k] for k in seen["known"] if known[k].name in ran.quantities.formulas]
        if own:
            text = source(ran.plan.text, seen["line"])
            before = Seen(seen["line"], text, ran.quantities.title(own[0]))
    return before
