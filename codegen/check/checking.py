"""The whole way: a file's gradients, or a formula typed in, beside those that are proved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.claims import Claim
from pullback.codegen.check.claims import came as claimed
from pullback.codegen.check.comparing import (
    RIGHT,
    TOLERANCE,
    WRONG,
    Compared,
    compared,
    status,
)
from pullback.codegen.check.conventions import (
    CACHE,
    Call,
    NotComparable,
    Path_,
    Plan,
    gradient_names,
    plan,
)
from pullback.codegen.check.drawing import Draw, draw, has_batch
from pullback.codegen.check.explaining import Explainer, Explanation, same
from pullback.codegen.check.outside import Answer, ask
from pullback.codegen.check.quantities import Quantities, Quantity
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.layer import Layer

LEADS = ((5,), (), (2, 3))  # shapes in place of the leading axes, in the order in which they are tried
LONG = 80  # characters of a line that are shown
SMALL = ((1,), (2, 1), (2,))  # lengths for a small counterexample, each repeated
SEARCHING, EXPLAINING = 0.3, 0.1  # parts of the time that is given
MOST_SEARCHING, MOST_EXPLAINING = 3.0, 1.5  # seconds


@dataclass(frozen=True)
class Fault:
    """A line of the file where it goes wrong."""

    line: int
    source: str
    sets: str  # what the line sets, in the file's words
    name: str  # the tensor or cotangent that this should be; none of a part of a formula
    title: str  # what that should be: ∂L/∂u
    wanted: str  # its formula
    is_: str  # what it is instead, where that has a name
    explanation: Explanation | None
    repair: str | None
    makes_right: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """A line before the fault that is right: what it sets, and what that is."""

    line: int
    source: str
    title: str


@dataclass(frozen=True)
class Report:
    """What was found for one file or formula; `status` as of the command."""

    name: str
    against: str
    function: str
    status: int
    gradients: tuple[Compared, ...] = ()
    output: Compared | None = None
    raised: str = ""
    faults: tuple[Fault, ...] = ()
    right_until: Seen | None = None
    sizes: str = ""
    example: str = ""
    problem: str = ""
    remarks: tuple[str, ...] = field(default=())


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
    def raised(self) -> Mapping[str, Any] | None:
        """What the file raised."""
        return self.answer.said.get("raised")


def check_file(
    derivation: Derivation,
    path: Path,
    seconds: float,
    names: Mapping[str, str] | None = None,
    function: str | None = None,
) -> Report:
    """Run the gradients of a file beside those of a proved derivation, and say why they differ."""
    layer = derivation.layer
    try:
        how = plan(path, layer, names or {}, function)
        runs = called(derivation, how, seconds)
    except NotComparable as error:
        return Report(str(path), layer.name, function or "", 2, problem=str(error))
    first = report = reported(path, runs[0], seconds)
    for ran in runs[1:]:
        if report.status != 1 or any(f.repair for f in report.faults):
            break
        report = reported(path, ran, seconds)
    return report if any(f.repair for f in report.faults) else first


def reported(path: Path, ran: Ran, seconds: float) -> Report:
    """The report on one run, with reasons where something is wrong."""
    layer, found = ran.quantities.layer, gradients(ran)
    code = 1 if ran.raised else status(found, layer.wrt)
    report = Report(
        name=str(path),
        against=layer.name,
        function=ran.plan.backward.function,
        status=code,
        gradients=tuple(found),
        output=output(ran),
        raised=words_of(ran),
        sizes=sizes_in_words(ran.quantities),
    )
    return explained(report, ran, seconds) if code == 1 else report


def check_claim(derivation: Derivation, text: str, seconds: float) -> Report:
    """Hold a formula that was typed in against what was derived; DefinitionError if unread."""
    layer = derivation.layer
    upstream = bool(layer.output.indices)  # of a number it is 1, and no formula shows it
    quantities = Quantities(derivation, draw(derivation, upstream=upstream))
    claim = Claim(text, quantities)
    indices = quantities.tensors[claim.name]
    right = quantities.shaped(quantities.world.arrays[claim.name], indices)
    own = claimed(claim)
    found = compared(claim.name, own, right)
    report = Report(
        name=text.strip(),
        against=layer.name,
        function="",
        status=0 if found.status == RIGHT else 1,
        output=found,
        sizes=sizes_in_words(quantities),
    )
    if found.status == RIGHT:
        return report
    formula_ = quantities.formulas[claim.name]
    quantity = Quantity(formula_.left, indices, quantities.world.arrays[claim.name], claim.name)
    explainer = Explainer(quantities, seconds)
    return replaced(report, faults=(by_numbers(quantities, quantity, own, claim.name, explainer),))


# -- running it ------------------------------------------------------------------------------------


def called(derivation: Derivation, how: Plan, seconds: float) -> list[Ran]:
    """The file called with inputs of the first number of leading axes that it takes.

    Where it takes none, the runs that come farthest. Raises NotComparable where it cannot be
    loaded or called at all.
    """
    leads = LEADS if has_batch(derivation.layer) else LEADS[:1]
    runs: list[Ran] = []
    for lead in leads:
        ran = called_with(how, Quantities(derivation, drawn(derivation, how, lead)), seconds)
        if ran.raised is None and fits(ran):
            return [ran]
        runs.append(ran)
    best = [ran for ran in runs if reached(ran) == max(map(reached, runs))]
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
    found = {}
    for name in dict.fromkeys(n for n in names if n != CACHE):
        array = quantities.world.arrays[name]
        found[name] = quantities.shaped(array, quantities.tensors[name])
    return found


def fits(ran: Ran) -> bool:
    """Has a gradient that came the shape that is wanted?"""
    return any(c.status == RIGHT or c.error is not None for c in gradients(ran))


def came(ran: Ran, tensor: str) -> Array | None:
    """The gradient by a tensor as it came."""
    path = ran.places.get(tensor)
    paths = [tuple(p) for p in ran.answer.said.get("paths", [])]
    return None if path is None else ran.answer.arrays[f"r{paths.index(path)}"]


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
    right = ran.quantities.shaped(ran.quantities.world.arrays[layer.output.name], layer.output.indices)
    own = ran.answer.arrays.get("output")
    paths = [tuple(p) for p in ran.answer.said.get("paths", [])]
    if own is None and (0,) in paths and (0,) not in ran.places.values() and len(paths) > 1:
        own = ran.answer.arrays[f"r{paths.index((0,))}"]
    return None if own is None else compared(layer.output.name, own, right)


def words_of(ran: Ran) -> str:
    """What the file raised, with its line."""
    raised = ran.raised
    return f"line {raised['line']}: {raised['words']}" if raised else ""


# -- why -------------------------------------------------------------------------------------------


def explained(report: Report, ran: Ran, seconds: float) -> Report:
    """The report with the lines where it goes wrong, and why."""
    try:
        said = searched(ran, seconds)
    except NotComparable as error:
        return replaced(report, remarks=(f"the line was not found: {error}",))
    explainer = Explainer(ran.quantities, min(seconds * EXPLAINING, MOST_EXPLAINING))
    faults = [*faults_of(ran, said, explainer)]
    if not faults and not ran.raised:
        faults = [*unplaced(ran, report, explainer)]
    first = min((f.line for f in faults if f.line), default=0)
    return replaced(
        report,
        faults=tuple(faults),
        right_until=right_until(ran, said, first),
        example=example(ran, seconds),
    )


def replaced(report: Report, **more: Any) -> Report:
    """The report with more in it."""
    return Report(**{**report.__dict__, **more})


def searched(ran: Ran, seconds: float) -> Answer:
    """What the search in the file found."""
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
        "tolerance": TOLERANCE,
        "search": min(seconds * SEARCHING, MOST_SEARCHING),
        "raised": ran.raised["line"] if ran.raised else None,
        # where they lie is not known where code raises or returns none: anywhere will do
        "wanted": [{"name": t, "path": ran.places.get(t)} for t in targets],
    }
    return ask(request, {**ran.given, **arrays}, seconds)


def faults_of(ran: Ran, said: Answer, explainer: Explainer) -> list[Fault]:
    """The faults that the search found, with reasons: of lines that would do the best explained."""
    found = [best(ran, said, some, explainer) for some in said.said["faults"]]
    other = said.said.get("spelled")
    if other is None or (found and not other["repair"]) or any(f.repair for f in found):
        return found
    return [spelled(ran, other, found)]


def best(
    ran: Ran, said: Answer, some: Sequence[Mapping[str, Any]], explainer: Explainer
) -> Fault:
    """Of lines that would do the one that explains most.

    A change of its own formula, or another spelling, explains what a line sets; and what it sets
    explains what the others set, if that follows from it by their formulas.
    """

    def weight(told: Mapping[str, Any], fault: Fault) -> int:
        why = fault.explanation
        own = why is not None and why.name == fault.name and len(why.words) == 1
        single = 2 * (fault.repair is not None) + (2 if own else 1 if why else 0)
        return single + 3 * follows(ran, said, told, some, explainer)

    faults = [fault_of(ran, said, told, explainer) for told in some]
    weights = [weight(told, fault) for told, fault in zip(some, faults, strict=True)]
    return faults[weights.index(max(weights))]


def follows(
    ran: Ran,
    said: Answer,
    told: Mapping[str, Any],
    some: Sequence[Mapping[str, Any]],
    explainer: Explainer,
) -> bool:
    """Does all that other lines set follow, by their formulas, from what this line sets?"""
    known = ran.quantities.known
    others = [(known[o["quantity"]], own_value(said, o)) for o in some if o is not told]
    values = [(quantity, value) for quantity, value in others if value is not None]
    own = own_value(said, told)
    return own is not None and bool(values) and explainer.follows(known[told["quantity"]], own, values)


def own_value(said: Answer, told: Mapping[str, Any]) -> Array | None:
    """What stands at a line, in the layout of what should."""
    own = said.arrays.get(told["own"])
    return own.T if own is not None and told["transposed"] else own


def fault_of(ran: Ran, said: Answer, told: Mapping[str, Any], explainer: Explainer) -> Fault:
    """A line that would do, with a reason."""
    quantity = ran.quantities.known[told["quantity"]]
    own = own_value(said, told)
    why = None
    if own is not None:
        why = explainer.explain(quantity, own, ran.quantities.world)
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


def spelled(ran: Ran, told: Mapping[str, Any], found: Sequence[Fault]) -> Fault:
    """A line of which another spelling would do, or that raises; with a change that explains it."""
    why = found[0].explanation if len(found) == 1 else None
    return Fault(
        line=told["line"],
        source=source(ran.plan.text, told["line"]),
        sets="",
        name="",
        title="",
        wanted="",
        is_="",
        explanation=why,
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


def by_numbers(
    quantities: Quantities, quantity: Quantity, own: Array, sets: str, explainer: Explainer
) -> Fault:
    """A fault without a line."""
    return Fault(
        line=0,
        source="",
        sets=sets,
        name=quantity.name,
        title=quantities.title(quantity),
        wanted=formula(quantities, quantity),
        is_=named(quantities, own),
        explanation=explainer.explain(quantity, own, quantities.world),
        repair=None,
        makes_right=(),
    )


def source(text: str, number: int) -> str:
    """A line of the file, as it is shown."""
    lines = text.splitlines()
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    line = "".join(c if c.isprintable() else " " for c in line)
    return line if len(line) <= LONG else f"{line[: LONG - 1]}…"


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


def sizes_in_words(quantities: Quantities) -> str:
    """The sizes of the axes of the inputs that were drawn."""
    used = {i.size for t in quantities.layer.tensors.values() for i in t.indices}
    pairs = [(quantities.notation.spell(s), n) for s, n in quantities.sizes.items() if s in used]
    return ", ".join(f"{name} = {number}" for name, number in pairs)


# -- a small example -------------------------------------------------------------------------------


def example(ran: Ran, seconds: float) -> str:
    """The smallest inputs among a few at which the gradients still differ, in numbers."""
    if ran.raised:
        return ""
    lead = tuple(1 for _ in ran.quantities.drawn.lead)
    for lengths in SMALL:
        try:
            small = drawn(
                ran.quantities.derivation,
                ran.plan,
                lead if lengths == (1,) else tuple(2 for _ in lead),
                lengths=lengths * 12,
                whole=True,
            )
            again = called_with(ran.plan, Quantities(ran.quantities.derivation, small), seconds)
        except Exception:  # no such inputs, or the code takes none so small
            continue
        if again.raised:
            continue
        for found in gradients(again):
            if found.status == WRONG and found.error is not None and again.places:
                return in_numbers(again, found.tensor)
    return ""


def in_numbers(ran: Ran, tensor: str) -> str:
    """Inputs, and what came and what is right for a gradient."""
    own = came(ran, tensor)
    given = [f"{n.removeprefix('given ')} = {digits(a)}" for n, a in ran.given.items()]
    assert own is not None
    name = cotangent_name(tensor)
    right = digits(wanted(ran, tensor))
    return f"{', '.join(given)}\n{name} is {digits(own)}, right is {right}"


def digits(array: Array) -> str:
    """Numbers with a few digits, as Python writes lists."""
    rounded = np.vectorize(lambda v: float(f"{float(v):.4g}"), otypes=[float])(array)
    whole = bool((rounded == np.round(rounded)).all()) and np.max(abs(rounded), initial=0) < 1e15
    return json.dumps((rounded.astype(int) if whole else rounded).tolist())
