"""Are both sides of a step equal at every size, wherever its chain's first line has a value?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.layer import Definitions
from pullback.derive.proof.every_size.assumed import rule
from pullback.derive.proof.every_size.exponentials import rebuild
from pullback.derive.proof.every_size.facts import Fact
from pullback.derive.proof.every_size.reader import Reader
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.slopes import RULES
from pullback.derive.proof.every_size.terms import Undecided, minus
from pullback.derive.proof.every_size.zero import is_zero


@dataclass(frozen=True)
class Verdict:
    """Whether a step was decided, and why not."""

    proved: bool
    why: str = ""
    domain: bool = False  # is what is not seen that one side has a value where the other has?


class Checker:
    """Checks steps of one layer."""

    def __init__(
        self,
        label_sizes: Mapping[str, Expr],
        domain: Iterable[tuple[Expr, Definitions]] = (),
        assumed: Sequence[Relational] = (),
    ) -> None:
        self.assumed = assumed
        self.label_sizes = label_sizes
        self.domain = list(domain)

    def reader(
        self, definitions: Definitions, exprs: Iterable[Expr], strict: bool = False
    ) -> Reader:
        """A reader that knows what must hold for expressions, and the layer, to have values."""
        ring = Ring()
        signs = Signs(ring)
        ring.rebuild = lambda factor, power: rebuild(signs, factor, power)
        facts: list[Fact] = []
        for _ in range(2):
            for expr, known in [*self.domain, *((e, definitions) for e in exprs)]:
                first = Reader(signs, known, self.label_sizes, RULES)
                first.strict = strict
                with suppress(Undecided):
                    first.read(expr, {})
                facts += first.needed
            for known_fact in facts:
                signs.facts.add(known_fact)
        reader = Reader(signs, {}, self.label_sizes, RULES)
        for fact in self.assumed:
            found = rule(minus(reader.read(fact.lhs, {}), reader.read(fact.rhs, {})))
            signs.rules += [] if found is None else [found]
        ring.work = 0
        return Reader(signs, definitions, self.label_sizes, RULES)

    def chain(self, chain: Chain, definitions: Definitions) -> list[Verdict]:
        """Which steps of a chain are seen to hold, wherever its start has a value?"""
        reader = self.reader(definitions, [chain.start])
        found = [self.step(reader, step) for step in chain.steps]
        if any(v.domain for v in found):
            reader = self.reader(definitions, [chain.start], strict=True)
            for place, step in enumerate(chain.steps):
                if found[place].domain:
                    again = self.step(reader, step)
                    found[place] = again if again.proved else found[place]
        return found

    def step(self, reader: Reader, step: Step) -> Verdict:
        """Is a step seen to hold?"""
        signs, ring = reader.signs, reader.ring
        ring.work, ring.depth, signs.given, reader.level = 0, 0, (), 0
        try:
            before = reader.read(step.before, {})
            reader.needed.clear()
            after = reader.read(step.after, {})
            for fact in reader.needed:
                if not self.follows(reader, fact):
                    return Verdict(False, f"not seen to follow: {words(reader, fact)}", True)
            equal = is_zero(signs, ring.settled(minus(before, after)))
        except Undecided as error:
            return Verdict(False, str(error))
        return Verdict(equal, "" if equal else "the normal forms differ")

    def follows(self, reader: Reader, fact: Fact) -> bool:
        """Does what a value needs follow from what is known?"""
        signs = reader.signs
        value = signs.ring.inside(fact.value)
        before, signs.given = signs.given, fact.guards
        try:
            if fact.kind == ">":
                return signs.positive(value)
            return signs.not_negative(value) if fact.kind == ">=" else signs.not_zero(value)
        finally:
            signs.given = before


def words(reader: Reader, fact: Fact) -> str:
    """A fact, for those who look for a fault."""
    return f"{show(reader.signs.ring, reader.signs.ring.inside(fact.value))} {fact.kind} 0"


def show(ring: Ring, value: object) -> str:
    """A value as text, for those who look for a fault."""
    terms = []
    for (bound, factors), c in value.items():  # type: ignore[attr-defined]
        inner = " ".join(show_factor(ring, f) + (f"^{p}" if p != 1 else "") for f, p in factors)
        sums = f"Σ[{','.join(show_place(ring, b) for b in bound)}]" if bound else ""
        terms.append(f"{c} {sums} {inner}")
    return " + ".join(terms) or "0"


def show_factor(ring: Ring, factor: tuple[int, ...]) -> str:
    """A factor as text."""
    head = ring.heads[factor[0]]
    at = ",".join(show_place(ring, p) for p in factor[1:])
    if head.value is None:
        return f"{head.name or head.kind}[{at}]"
    return f"{head.kind}{head.name}{{{show(ring, ring.inside(factor))}}}"


def show_place(ring: Ring, place: int) -> str:
    """A place as text."""
    p = ring.places
    inner = ",".join(show_place(ring, q) for q in p.inner[place])
    mark = {"bound": "_", "open": "~", "holder": "@", "index": ""}.get(
        p.kinds[place], p.kinds[place]
    )
    return f"{mark}{p.names[place]}" + (f"({inner})" if inner else "")
