"""One step, checked: both sides written out at small sizes, at every place and in every case.

In each case either the difference of both sides is zero, or a point is looked for at which the
case comes about. Where one is found and the sides differ there, the step is refused. Where none is
found the case is no case.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from pullback.derive.calculus.steps import Step
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import Index
from pullback.derive.layer import Definitions, Layer
from pullback.derive.proof.cases import Cases, Decider, Question, RandomCases, TooManyCases
from pullback.derive.proof.check import EXACT, NUMERIC, Check, NothingChecked
from pullback.derive.proof.domains import Domains
from pullback.derive.proof.making import Nodes, replaced
from pullback.derive.proof.nodes import Node
from pullback.derive.proof.scalars import Scalars, Work
from pullback.derive.proof.settled import Contradiction
from pullback.derive.proof.small_sizes import (
    Sizes,
    equalities,
    labels,
    named,
    no_point,
    places,
    sizes_to_try,
    written,
)
from pullback.derive.proof.symbolic import Symbolic
from pullback.derive.proof.ties import Solution, Ties, Unsolved
from pullback.derive.proof.witness import Search, Values, close, exact
from pullback.derive.proof.writing_out import write

MAX_PLACES = 150  # of the free indices of a step, beyond which smaller sizes are taken
MAX_CASES = 600  # of a step, at all places together
MAX_WORK = 80_000  # of a step, in parts written out
MAX_SECOND = 4_000  # ... of one that is proved for every size
WORK_AT_EASE = 500_000  # of a derivation, after which steps have half, a third, … of that
SECOND_AT_EASE = 20_000  # ... those that are proved for every size
HOPELESS = 3  # times the work that there may be, at the pace of the first places
SAMPLES = 150  # places of which each has some cases, where not all can be taken
POINTS = 3  # at which sides are compared where they are not seen to be equal


class TooMuchWork(Exception):
    """Writing a step out takes longer than it may."""


def check_step(
    layer: Layer,
    what: str,
    step: Step,
    definitions: Definitions,
    work: Work | None = None,
    second: bool = False,
) -> Check:
    """Write both sides out for every place of the free indices and every case.

    Sizes go up to 4 where that makes few places and cases and little work, else to 3 or 2; where
    all these tries together come to too much, random places and cases are taken, for as much again,
    and the check says so. As a second opinion on a step that is proved for every size it takes
    less work. An axis that stands alone has size 3 at least, as deviations from a mean of two are
    one number.
    """
    work = work or Work()
    indices, found = sizes_to_try(layer, step, definitions)
    most, at_ease = (MAX_SECOND, SECOND_AT_EASE) if second else (MAX_WORK, WORK_AT_EASE)
    share = most // (1 + work.done // at_ease)
    start = work.done
    for sizes in found:
        left = share - (work.done - start)
        if left <= 0:
            break
        if sizes != found[-1] and prod(sizes[i.size] for i in indices) > MAX_PLACES:
            continue
        try:
            return StepCheck(layer, what, step, definitions, sizes, work, left).whole(indices)
        except (TooManyCases, TooMuchWork):
            pass
    return StepCheck(layer, what, step, definitions, found[-1], work, share).sample(indices)


class StepCheck:
    """The check of a step at one choice of sizes."""

    def __init__(
        self,
        layer: Layer,
        what: str,
        step: Step,
        definitions: Definitions,
        sizes: Sizes,
        work: Work,
        share: int,
    ) -> None:
        self.layer, self.what, self.step = layer, what, step
        self.definitions, self.sizes, self.work = definitions, sizes, work
        self.start = work.done
        self.share = share
        self.nodes = Nodes()
        self.symbolic = Symbolic(self.nodes, Cases(0), layer.ranges)
        self.ties = Ties(self.nodes, self.symbolic.zeros)
        self.domains = Domains(self.symbolic)
        self.kinds: Counter[str] = Counter()
        self.lost = 0  # in writing out what stands before: see Nodes
        self.lasting: dict[Any, Any] = {}  # what is written out in one way in every case

    def whole(self, indices: Sequence[Index]) -> Check:
        """Every place and every case."""
        every = list(places(indices, self.sizes))
        for number, at in enumerate(every, 1):
            self.take(at, Cases(MAX_CASES - self.kinds.total()))
            if (self.work.done - self.start) * len(every) > HOPELESS * self.share * number:
                raise TooMuchWork
        return self.result()

    def sample(self, indices: Sequence[Index]) -> Check:
        """Random places, each in some random cases."""
        every = list(places(indices, self.sizes))
        chance = random.Random(0)
        chosen = every
        if len(every) > SAMPLES:
            chosen = [every[k] for k in sorted(chance.sample(range(len(every)), SAMPLES))]
        share = max(1, MAX_CASES // len(chosen))
        for number, at in enumerate(chosen, 1):
            cases = RandomCases(chance, share)
            self.take(at, cases, max(1, self.share * number // len(chosen)))
        return self.result(sampled=True, places=len(chosen), of=len(every))

    def take(self, at: Mapping[Index, int], cases: Cases | RandomCases, up_to: int = 0) -> None:
        """One place in every case, or until so much is written out, but in one case at least."""
        self.symbolic.decider = cases
        for _ in cases.rounds():
            try:
                self.kinds[self.verdict(at, cases)] += 1
            except Contradiction:
                self.kinds["none"] += 1
            if up_to and self.work.done - self.start > up_to:
                return
            if not up_to and self.work.done - self.start > self.share:
                raise TooMuchWork

    def result(self, **sampled: Any) -> Check:
        """What was found; ProofFailed where it was nothing."""
        verified = self.kinds[EXACT] + self.kinds[NUMERIC]
        if not verified:
            raise NothingChecked(
                f"{self.what}: the step '{self.step.law}' could not be checked: no point was "
                "found where it says something of real numbers",
                self.layer.name,
                f"\n  before: {self.step.before}\n  after:  {self.step.after}",
            )
        how = NUMERIC if self.kinds[NUMERIC] else EXACT
        return Check(self.step.law, how, named(self.sizes), verified, **sampled)

    def verdict(self, at: Mapping[Index, int], cases: Decider) -> str:
        """How a case was decided; ProofFailed where the sides differ."""
        scalars = self.scalars()
        lost = self.nodes.lost
        before = write(scalars, self.step.before, at)
        self.lost = self.nodes.lost - lost
        if self.symbolic.lacks_value(before):
            return "none"
        after = write(scalars, self.step.after, at)
        if before is after and not before.undefined:
            return EXACT
        facts = list(written(equalities(self.step.assumes), scalars))
        answers = list(cases.answers.values())
        ties = [q.nodes[0] for q, answer in answers if q.kind == "sign" and answer == 0]
        if not facts and not ties:
            return self.compare(before, after, {}, answers, at)
        solutions = self.solutions(facts, ties)
        kinds = [self.compare(before, after, s, answers, at) for s in solutions]
        return next((k for k in (NUMERIC, EXACT) if k in kinds), "none")

    def scalars(self) -> Scalars[Node]:
        """What writes out in a case."""
        return Scalars(
            self.sizes,
            self.definitions,
            self.symbolic,
            labels(self.layer),
            work=self.work,
            lasting=self.lasting,
            decided=self.symbolic.decided,
            lost=lambda: self.nodes.lost,
        )

    def solutions(self, facts: Sequence[Node], ties: Sequence[Node]) -> list[Solution]:
        """The ways to make facts and ties hold; of facts alone where none is known for a tie."""
        try:
            return self.ties.solve([*facts, *ties])
        except Unsolved:
            pass
        try:
            return self.ties.solve(facts)
        except Unsolved:
            raise no_point(self.layer, equalities(self.step.assumes)) from None

    def compare(
        self,
        before: Node,
        after: Node,
        solution: Solution,
        answers: Sequence[tuple[Any, int]],
        at: Mapping[Index, int],
    ) -> str:
        """How both sides were compared, where the entries are what a solution says."""
        table = dict(solution)
        lost = self.nodes.lost
        before = replaced(self.nodes, before, table)
        lost = self.nodes.lost - lost + self.lost
        after = replaced(self.nodes, after, table)
        if before.undefined:
            return "none"
        if before is after:
            return EXACT
        equal = self.symbolic.zeros.is_zero(self.nodes.subtract(before, after))
        asked = [
            (q._replace(nodes=tuple(replaced(self.nodes, n, table) for n in q.nodes)), a)
            for q, a in answers
        ]
        beyond = self.domains.beyond(before, after, asked)
        if equal and not beyond:
            return EXACT
        if lost:  # 0 times what has no value is 0 for whoever masks it, and no number else
            return "none"
        if not all(self.possible(*found) for found in asked):
            return "none"
        tied = {n: v for n, v in table.items() if n.range is not None}
        searches = [Search([*asked, b], [before], tied).points(1) for b in beyond]
        kind = "none"
        for values in chain(*searches, Search(asked, [before], tied).points(POINTS)):
            b, a = exact([before, after], values)
            if b is not None and (a is None or not close(a, b)):
                raise ProofFailed(self.refusal(at, solution, values, a, b))
            kind = kind if b is None else NUMERIC
        return kind

    def possible(self, question: Question, answer: int) -> bool:
        """May this be the answer? No point has a tie that nothing makes hold, or has for the first
        place of the largest one whose value stands at an earlier place too."""
        if question.kind == "sign":
            return answer != 0 or not self.symbolic.zeros.is_not_zero(question.nodes[0])
        if question.kind != "largest":
            return True
        chosen = question.options.index(answer)
        best = question.nodes[chosen]
        earlier = (self.nodes.subtract(n, best) for n in question.nodes[:chosen])
        return not any(map(self.symbolic.zeros.is_zero, earlier))

    def refusal(
        self, at: Mapping[Index, int], solution: Solution, values: Values, after: Any, before: Any
    ) -> str:
        """Why a step was refused."""
        where = ", ".join(f"{i.name} = {place}" for i, place in at.items()) or "its only entry"
        point = [f"{s.args[0]} = {v:.6g}" for s, v in values.items()]
        point = point[:8] + ["…"] * (len(point) > 8)
        a = "no real number" if after is None else f"{float(after):.6g}"
        lines = [
            f"{self.layer.name}: {self.what}: the step '{self.step.law}' does not hold at {where}",
            f"  before: {self.step.before}",
            f"  after:  {self.step.after}",
            f"  before is {float(before):.6g} and after is {a} at {', '.join(point)}",
        ]
        return "\n".join(lines)
