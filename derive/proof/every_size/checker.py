"""Are both sides of a step equal at every size, wherever its chain's first line has a value?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.layer import Definitions
from pullback.derive.proof.every_size.assumed import Rule, rule
from pullback.derive.proof.every_size.exponentials import rebuild
from pullback.derive.proof.every_size.facts import NOT_NEGATIVE, NOT_ZERO, POSITIVE, Fact
from pullback.derive.proof.every_size.reader import Reader
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.said import Need, strongest
from pullback.derive.proof.every_size.showing import words
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.slopes import RULES
from pullback.derive.proof.every_size.terms import Factor, Undecided, minus
from pullback.derive.proof.every_size.zero import is_zero

KINDS: Mapping[type, str] = {
    sp.StrictGreaterThan: POSITIVE,
    sp.StrictLessThan: POSITIVE,
    sp.GreaterThan: NOT_NEGATIVE,
    sp.LessThan: NOT_NEGATIVE,
    sp.Ne: NOT_ZERO,
}


@dataclass(frozen=True)
class Verdict:
    """Whether a step was decided, and why not; under which conditions its sides have values.

    What holds of every number is no condition. Those that are named follow from the chain's start.
    """

    proved: bool
    why: str = ""
    needs: tuple[Need, ...] = ()


@dataclass
class Domain:
    """What the definition of a layer says: facts, and switches that are certain."""

    facts: list[Fact]
    certain: list[tuple[Factor, str]]


class Checker:
    """Decides the steps of a layer.

    `domain` is the expressions that have values wherever the layer has, each with the names that it
    looks through; `assumed` is what the layer assumes: what is equal, and where its inputs lie,
    entries compared with numbers.
    """

    def __init__(
        self,
        label_sizes: Mapping[str, Expr],
        domain: Iterable[tuple[Expr, Definitions]] = (),
        assumed: Sequence[Relational] = (),
    ) -> None:
        self.label_sizes, self.domain = label_sizes, list(domain)
        self.assumed = [fact for fact in assumed if isinstance(fact, sp.Eq)]
        self.declared = [fact for fact in assumed if not isinstance(fact, sp.Eq)]
        self.inside = list[Fact]()
        self.ring = Ring()
        self.known: Domain | None = None  # worked out at first use, as are the rules
        self.rules: dict[Relational, Rule] = {}  # by what is assumed
        self.plain: dict[Fact, bool] = {}  # does it hold whatever the layer is?

    def chain(self, chain: Chain, definitions: Definitions) -> list[Verdict]:
        """Which steps of a chain are seen to hold, wherever its start has a value?"""
        reader = self.reader(definitions, chain.start)
        return [self.step(reader, step) for step in chain.steps]

    def reader(self, definitions: Definitions, start: Expr) -> Reader:
        """A reader that knows what must hold for the layer, and the start, to have values."""
        if self.known is None:
            signs = self.signs(Domain([], []))
            self.inside = self.of_declared(signs)
            found = self.learn(signs, self.domain)
            self.known = Domain([*self.inside, *found], self.ring.certain)
            self.rules = self.of_assumptions(signs)
        signs = self.signs(self.known)
        self.learn(signs, [(start, definitions)])
        self.ring.work = 0
        return Reader(signs, definitions, self.label_sizes, RULES)

    def signs(self, known: Domain) -> Signs:
        """Signs by what is known; the ring is shared, and what it takes for certain is not."""
        signs = Signs(self.ring)
        self.ring.rebuild = partial(rebuild, signs)
        self.ring.certain = list(known.certain)
        self.ring.work = self.ring.depth = 0
        for fact in known.facts:
            signs.facts.add(fact)
        return signs

    def of_assumptions(self, signs: Signs) -> dict[Relational, Rule]:
        """What is assumed, as rules that put one side in for the other."""
        reader = Reader(signs, {}, self.label_sizes, RULES)
        rules = {
            fact: rule(minus(reader.read(fact.lhs, {}), reader.read(fact.rhs, {})))
            for fact in self.assumed
        }
        return {fact: found for fact, found in rules.items() if found is not None}

    def of_declared(self, signs: Signs) -> list[Fact]:
        """Where inputs lie, as facts of all their entries, which are taken in."""
        reader = Reader(signs, {}, self.label_sizes, RULES)
        facts = []
        for fact in self.declared:
            less = isinstance(fact, sp.StrictLessThan | sp.LessThan)
            more, other = fact.args[::-1] if less else fact.args
            value = minus(reader.read(more, {}), reader.read(other, {}))
            facts.append(signs.fact(KINDS[type(fact)], value, ()))
        for fact in facts:
            signs.facts.add(fact)
        return facts

    def learn(self, signs: Signs, exprs: Sequence[tuple[Expr, Definitions]]) -> list[Fact]:
        """Take in what must hold for expressions to have values: twice, as one fact may give the
        values of another a simpler form."""
        facts: list[Fact] = []
        for _ in range(2):
            before = len(facts)
            for expr, definitions in exprs:
                reader = Reader(signs, definitions, self.label_sizes, RULES)
                with suppress(Undecided):
                    reader.read(expr, {})
                facts += reader.needed
            for fact in facts[before:]:
                signs.facts.add(fact)
            if len(facts) == before:
                break
        return facts

    def step(self, reader: Reader, step: Step) -> Verdict:
        """Is a step seen to hold, with t + 1 put in for m beside [m = t + 1], or without that?"""
        reader.puts_places_in = True
        verdict = self.by_forms(reader, step)
        if verdict.proved or not reader.has_put_in:
            return verdict
        reader.puts_places_in = False
        plain = self.by_forms(reader, step)
        return plain if plain.proved else verdict

    def by_forms(self, reader: Reader, step: Step) -> Verdict:
        """Is a step seen to hold, by the normal forms of its sides?"""
        signs, ring = reader.signs, reader.ring
        ring.work = ring.depth = reader.level = 0
        signs.given = ()
        signs.rules = [self.rules[fact] for fact in step.assumes if fact in self.rules]
        try:
            reader.needed.clear()
            before = reader.read(step.before, {})
            granted = dict.fromkeys(reader.needed)
            reader.needed.clear()
            after = reader.read(step.after, {})
            needed = dict.fromkeys(reader.needed)
            for fact in needed:
                if fact not in granted and not follows(signs, fact):
                    return Verdict(False, f"not seen to follow: {words(ring, fact)}")
            equal = is_zero(signs, ring.settled(minus(before, after)))
        except Undecided as error:
            return Verdict(False, str(error))
        if not equal:
            return Verdict(False, "the normal forms differ")
        found = (f.said.need for f in granted | needed if not self.always(signs, f))
        return Verdict(True, "", strongest(found))

    def always(self, signs: Signs, fact: Fact) -> bool:
        """Does what a value needs hold wherever inputs lie where they are declared to?"""
        if fact not in self.plain:
            bare = Signs(self.ring)
            for given in self.inside:
                bare.facts.add(given)
            self.ring.rebuild = partial(rebuild, bare)
            with suppress(Undecided):
                self.plain[fact] = follows(bare, fact)
            self.plain.setdefault(fact, False)
            self.ring.rebuild = partial(rebuild, signs)
        return self.plain[fact]


def follows(signs: Signs, fact: Fact) -> bool:
    """Does what a value needs follow from what is known?"""
    value = signs.ring.inside(fact.value)
    before, signs.given = signs.given, fact.guards
    try:
        if fact.kind == POSITIVE:
            return signs.positive(value)
        return signs.not_negative(value) if fact.kind == NOT_NEGATIVE else signs.not_zero(value)
    finally:
        signs.given = before
