"""One step, checked: both sides written out at small sizes, at every place and in every case.

In each case either the difference of both sides is zero, or a point is looked for at which the
case comes about. Where one is found and the sides differ there, the step is refused. Where none is
found the case is no case.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from derive.algebra import Duals
from derive.cases import Cases, Decider, RandomCases, Symbolic, TooManyCases
from derive.errors import ProofFailed
from derive.expressions import Index, entries, entry_indices, entry_name, free_indices, is_size
from derive.layer import Layer
from derive.nodes import Node, Nodes, is_function, parts, whole_number
from derive.scalars import Scalars, Work
from derive.steps import Partial, Step
from derive.symbols import BATCH_SIZE
from derive.ties import Solution, Ties, Unsolved
from derive.vocabulary import size_words
from derive.witness import DIGITS, Search, Values, close, exact

MAX_PLACES = 150  # of the free indices of a step, beyond which smaller sizes are taken
MAX_CASES = 600  # of a step, at all places together
MAX_WORK = 40_000  # of a step at one choice of sizes, in parts written out
SAMPLES = 60  # places of which each has some cases, where not all can be taken
POINTS = 3  # at which sides are compared where they are not seen to be equal
EXACT = "exact"
NUMERIC = f"{DIGITS} digits"
Sizes = Mapping[Expr, int]
Definitions = Mapping[str, tuple[tuple[Index, ...], Expr]]


class TooMuchWork(Exception):
    """Writing a step out takes longer than it may."""


class NothingChecked(ProofFailed):
    """A step of which no case could be checked."""


@dataclass(frozen=True)
class Check:
    """What was checked, how ("exact" or "50 digits"), at which sizes, and in how many cases.

    `places` and `of` say how many places were taken where these were not all.
    """

    what: str
    how: str
    sizes: tuple[tuple[str, int], ...]
    cases: int
    sampled: bool = False  # were there too many cases to take them all?
    places: int = 0
    of: int = 0

    @property
    def words(self) -> str:
        """For pages: `exact at N=2, J=3`."""
        at = ", ".join(f"{size_words(name)}={size}" for name, size in self.sizes)
        at = f" at {at}" if at else ""
        if not self.sampled:
            return self.how + at
        how = "" if self.how == EXACT else f"{self.how} "
        some = f"{self.places} of {self.of} places, " if self.places < self.of else ""
        return f"{how}in {some}{self.cases} random cases{at}"


def check_step(
    layer: Layer, what: str, step: Step, definitions: Definitions, work: Work | None = None
) -> Check:
    """Write both sides out for every place of the free indices and every case.

    Sizes go up to 4 where that makes few places and cases and little work, else to 3 or 2; where
    it is too much even then, random places and cases are taken, and the check says so. An axis
    that stands alone has size 3 at least, as deviations from a mean of two are one number.
    """
    work = work or Work()
    indices, found = sizes_to_try(layer, step, definitions)
    for sizes in found:
        if sizes != found[-1] and prod(sizes[i.size] for i in indices) > MAX_PLACES:
            continue
        try:
            return StepCheck(layer, what, step, definitions, sizes, work).whole(indices)
        except (TooManyCases, TooMuchWork):
            pass
    return StepCheck(layer, what, step, definitions, found[-1], work).sample(indices)


def small_sizes(exprs: Iterable[Expr], largest: int = 4) -> dict[Expr, int]:
    """Small numbers for the sizes: examples and leading axes 2, the others 3, 4, … or fewer.

    With many axes the largest is 3, so that the places and cases of all of them stay few. A size
    that is alone is 3.
    """
    found = {i.size for e in exprs for i in e.atoms(Index)}
    found |= {s for e in exprs for s in e.atoms(sp.Symbol) if is_size(s)}
    ordered = sorted(found, key=lambda s: (s.name not in ("N", BATCH_SIZE), s.name))
    largest = min(largest, 3) if len(ordered) > 3 else largest
    if len(ordered) == 1:
        return {ordered[0]: 3}
    return {size: min(2 + place, largest) for place, size in enumerate(ordered)}


def sizes_to_try(
    layer: Layer, step: Step, definitions: Definitions
) -> tuple[list[Index], list[dict[Expr, int]]]:
    """The free indices of both sides of a step, and the sizes of all axes, larger ones first."""
    exprs = [step.before, step.after]
    names: set[str] = set()
    for expr in exprs:  # grows by what the names in it stand for
        new = {entry_name(a) for a in entries(expr)} - names
        exprs += [definitions[n][1] for n in sorted(new & set(definitions))]
        names |= new
    exprs += [size for name, size in labels(layer).items() if name in names]
    exprs += step.assumes
    indices = {i for e in exprs[:2] for i in free_indices(e)}
    found: list[dict[Expr, int]] = []
    for largest in (4, 3, 2):
        sizes = fitting(small_sizes(exprs, largest), layer, step.assumes)
        found += [sizes] if sizes not in found else []
    return sorted(indices, key=lambda i: i.name), found


def fitting(sizes: dict[Expr, int], layer: Layer, facts: Sequence[Relational]) -> dict[Expr, int]:
    """The sizes, or equal ones where only at these all facts can hold together."""
    equal = dict.fromkeys(sizes, max(3, *sizes.values()) if sizes else 3)
    for tried in (sizes, equal) if facts else ():
        if solved(layer, facts, tried):
            return tried
    if facts:
        raise no_point(layer, facts)
    return sizes


def solved(layer: Layer, facts: Sequence[Relational], sizes: Sizes) -> list[Solution]:
    """The ways in which facts hold together at these sizes."""
    symbolic = Symbolic(Nodes(), RandomCases(random.Random(0), 1))
    scalars = Scalars(sizes, definitions_of(layer), symbolic, labels(layer))
    try:
        return Ties(symbolic.nodes, symbolic.zeros).solve(list(written(facts, scalars)))
    except Unsolved:
        raise no_point(layer, facts) from None


def definitions_of(layer: Layer) -> Definitions:
    """What each node of a layer is."""
    return {n.name: (n.indices, n.expr) for n in layer.nodes}


def written(facts: Iterable[Relational], scalars: Scalars[Node]) -> Iterable[Node]:
    """Facts at all their places, as nodes that are 0."""
    for fact in facts:
        for at in places(free_indices(fact), scalars.sizes):
            left, right = scalars.write(fact.lhs, at), scalars.write(fact.rhs, at)
            yield cast(Symbolic, scalars.algebra).nodes.subtract(left, right)


def places(indices: Sequence[Index], sizes: Sizes) -> Iterator[dict[Index, int]]:
    """Every place of these indices."""
    for found in product(*(range(sizes[i.size]) for i in indices)):
        yield dict(zip(indices, found, strict=True))


def labels(layer: Layer) -> dict[str, Expr]:
    """The integer tensors and the sizes they point into."""
    return {t.name: t.labels_of for t in layer.inputs if t.labels_of is not None}


def named(sizes: Sizes) -> tuple[tuple[str, int], ...]:
    """Sizes for people."""
    return tuple((str(s), n) for s, n in sizes.items())


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
    ) -> None:
        self.layer, self.what, self.step = layer, what, step
        self.definitions, self.sizes, self.work = definitions, sizes, work
        self.start = work.done
        self.nodes = Nodes()
        self.symbolic = Symbolic(self.nodes, Cases(0))
        self.ties = Ties(self.nodes, self.symbolic.zeros)
        self.kinds: Counter[str] = Counter()
        self.lost = 0  # in writing out what stands before: see Nodes

    def whole(self, indices: Sequence[Index]) -> Check:
        """Every place and every case."""
        for at in places(indices, self.sizes):
            self.take(at, Cases(MAX_CASES - self.kinds.total()))
            if self.work.done - self.start > MAX_WORK:
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
            self.take(at, cases, MAX_WORK * number // len(chosen))
        return self.result(sampled=True, places=len(chosen), of=len(every))

    def take(self, at: Mapping[Index, int], cases: Cases | RandomCases, up_to: int = 0) -> None:
        """One place in every case, or until so much is written out, but in one case at least."""
        self.symbolic.decider = cases
        for _ in cases.rounds():
            self.kinds[self.verdict(at, cases)] += 1
            if up_to and self.work.done - self.start > up_to:
                return
            if not up_to and self.work.done - self.start > 2 * MAX_WORK:
                raise TooMuchWork

    def result(self, **sampled: Any) -> Check:
        """What was found; ProofFailed where it was nothing."""
        verified = self.kinds[EXACT] + self.kinds[NUMERIC]
        if not verified:
            raise NothingChecked(
                f"{self.layer.name}: {self.what}: the step '{self.step.law.name}' could not be "
                f"checked: no point was found where it says something of real numbers"
                f"\n  before: {self.step.before}\n  after:  {self.step.after}"
            )
        how = NUMERIC if self.kinds[NUMERIC] else EXACT
        return Check(self.step.law.name, how, named(self.sizes), verified, **sampled)

    def verdict(self, at: Mapping[Index, int], cases: Decider) -> str:
        """How a case was decided; ProofFailed where the sides differ."""
        scalars = Scalars(
            self.sizes, self.definitions, self.symbolic, labels(self.layer), {}, self.work
        )
        lost = self.nodes.lost
        before = self.side(scalars, self.step.before, at)
        self.lost = self.nodes.lost - lost
        after = self.side(scalars, self.step.after, at)
        if before is after and not before.undefined:
            return EXACT
        facts = list(written(self.step.assumes, scalars))
        answers = list(cases.answers.values())
        ties = [q.nodes[0] for q, answer in answers if q.kind == "sign" and answer == 0]
        if not facts and not ties:
            return self.compare(before, after, {}, answers, at)
        solutions = self.solutions(facts, ties)
        kinds = [self.compare(before, after, s, answers, at) for s in solutions]
        return next((k for k in (NUMERIC, EXACT) if k in kinds), "none")

    def side(self, scalars: Scalars[Node], expr: Expr, at: Mapping[Index, int]) -> Node:
        """One side of a step; a derivative is worked out beside the value, by the chain rule."""
        if not isinstance(expr, Partial):
            return scalars.write(expr, at)
        by = entry_name(expr.wrt), [scalars.place(i, at) for i in entry_indices(expr.wrt)]

        def tangent(name: str, places: Sequence[int]) -> Node:
            return self.nodes.number(int((name, [*places]) == by))

        duals = Duals(self.symbolic, tangent)
        written = Scalars(
            self.sizes, self.definitions, duals, scalars.labels_of, {}, self.work
        ).write(expr.expr, at)
        return written.slope

    def solutions(self, facts: Sequence[Node], ties: Sequence[Node]) -> list[Solution]:
        """The ways to make facts and ties hold; of facts alone where none is known for a tie."""
        try:
            return self.ties.solve([*facts, *ties])
        except Unsolved:
            pass
        try:
            return self.ties.solve(facts)
        except Unsolved:
            raise no_point(self.layer, self.step.assumes) from None

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
        before = self.nodes.replaced(before, table)
        lost = self.nodes.lost - lost + self.lost
        after = self.nodes.replaced(after, table)
        if before is after and not before.undefined:
            return EXACT
        difference = self.nodes.subtract(before, after)
        equal = self.symbolic.zeros.is_zero(difference)
        asked = [
            (q._replace(nodes=tuple(self.nodes.replaced(n, table) for n in q.nodes)), a)
            for q, a in answers
        ]
        if equal and not before.undefined and self.where(after) <= self.where(before, asked):
            return EXACT
        kind = "none"
        if lost:  # 0 times what has no value is 0 for whoever masks it, and no number else
            return kind
        for values in islice(Search(asked, [before]).points(POINTS), POINTS):
            b, a = exact([before, after], values)
            if b is None:
                continue
            if a is None or not close(a, b):
                raise ProofFailed(self.refusal(at, solution, values, a, b))
            kind = NUMERIC
        return kind

    def where(self, node: Node, answers: Sequence[tuple[Any, int]] = ()) -> set[Any]:
        """What must be positive for a node to have a value, beside what these answers say."""
        found: set[Any] = set()
        for inner in conditions([node]):
            sign, bare = self.symbolic.bare(inner)
            known = bare is self.nodes.one and sign > 0
            if not known:
                key, number = self.symbolic.zeros.fingerprint(bare)
                found.add(self.symbolic.known(("sign", key), bare, number, sign))
        for question, answer in answers:
            if question.kind == "sign" and answer != 0:
                key, number = self.symbolic.zeros.fingerprint(question.nodes[0])
                found.add(self.symbolic.known(("sign", key), question.nodes[0], number, answer))
        return found

    def refusal(
        self, at: Mapping[Index, int], solution: Solution, values: Values, after: Any, before: Any
    ) -> str:
        """Why a step was refused."""
        where = ", ".join(f"{i.name} = {place}" for i, place in at.items()) or "its only entry"
        point = [f"{s.args[0]} = {v:.6g}" for s, v in values.items()]
        point = point[:8] + ["…"] * (len(point) > 8)
        a = "no real number" if after is None else f"{float(after):.6g}"
        lines = [
            f"{self.layer.name}: {self.what}: the step '{self.step.law.name}' does not hold at "
            f"{where}",
            f"  before: {self.step.before}",
            f"  after:  {self.step.after}",
            f"  before is {float(before):.6g} and after is {a} at {', '.join(point)}",
        ]
        return "\n".join(lines)


def no_point(layer: Layer, facts: Iterable[Relational]) -> ProofFailed:
    """That facts cannot be made to hold."""
    words = " and ".join(f"{f.lhs} = {f.rhs}" for f in facts)
    return ProofFailed(f"{layer.name}: no point was found where {words}")


def conditions(nodes: Iterable[Node]) -> Iterable[Node]:
    """What stands under logs and roots, and must be positive."""
    seen: set[Node] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack.extend(parts(node))
        if is_function(node, "log"):
            yield node.args[1]
        elif node.kind == "product":
            yield from (b for b, e in node.args if not whole_number(e))
        elif node.kind == "power":
            yield node.args[0]
