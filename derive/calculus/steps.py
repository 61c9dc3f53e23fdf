"""Steps and chains of them, and the laws that every chain comes down by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive import laws
from pullback.derive.errors import MissingLaw, TooLarge
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.objects import entries, entry_name
from pullback.derive.laws.registry import Law
from pullback.derive.layer import Layer
from pullback.derive.read.limits import MAX_OPERATIONS


@dataclass(frozen=True)
class Step:
    """One use of a law: `before` equals `after`, given what is assumed."""

    law: str  # its name
    before: Expr
    after: Expr
    assumes: tuple[Relational, ...] = ()


def check_size(law: Law, expr: Expr) -> None:
    """Refuse an expression that has grown beyond the limit."""
    if next(islice(sp.preorder_traversal(expr), MAX_OPERATIONS, None), None) is not None:
        raise TooLarge(
            f"the law '{law.name}' leads to more than {MAX_OPERATIONS:,} operations",
            more="; give parts of the equation names of their own, each with '='",
        )


@dataclass(frozen=True)
class Chain:
    """Steps, each of which goes on where the one before it ended."""

    start: Expr
    steps: tuple[Step, ...] = ()

    @property
    def end(self) -> Expr:
        """What the steps lead to."""
        return self.steps[-1].after if self.steps else self.start

    def then(self, law: Law, *context: Any, assumes: tuple[Relational, ...] = ()) -> Chain:
        """The chain with one more step, if the law changes anything."""
        after = law(self.end, *context)
        if after == self.end:
            return self
        check_size(law, after)
        return Chain(self.start, (*self.steps, Step(law.name, self.end, after, assumes)))


def differentiated(chain: Chain) -> Chain:
    """A derivative is worked out, rule by rule; entries by entries last."""
    while True:
        before = chain
        chain = chain.then(laws.slope_of_sum).then(laws.slope_of_quotient)
        chain = chain.then(laws.slope_of_product).then(laws.slope_of_power)
        chain = chain.then(laws.slope_of_function).then(laws.slope_of_case)
        chain = chain.then(laws.slope_of_inverse).then(laws.slope_of_determinant)
        if chain is before:
            break
    chain = chain.then(laws.slope_of_entry)
    for left in chain.end.atoms(Partial):
        raise MissingLaw(f"no rule says what the slope of {type(left.expr).__name__} is")
    return chain


def in_domain(chain: Chain, layer: Layer) -> Chain:
    """What is declared of where inputs lie is used; the step says which of it."""
    names = {entry_name(e) for e in entries(chain.end)}
    facts = tuple(f for f in layer.domain if entry_name(f.lhs) in names)
    after = laws.declared_domain(chain.end, facts)
    for fact in facts if after != chain.end else ():  # without what is not needed
        fewer = tuple(f for f in facts if f != fact)
        facts = fewer if laws.declared_domain(chain.end, fewer) == after else facts
    return chain.then(laws.declared_domain, facts, assumes=facts) if facts else chain


def tidy(chain: Chain, layer: Layer) -> Chain:
    """Deltas are summed away, constants come out of sums, assumptions are used, to the end."""
    for _ in range(20):
        before = chain
        chain = chain.then(laws.factor_of_cases)
        chain = chain.then(laws.distribute)
        chain = chain.then(laws.linearity)
        chain = chain.then(laws.sum_over_delta)
        chain = chain.then(laws.sum_of_constant)
        chain = chain.then(laws.cancel).then(laws.one_power)
        for fact in layer.assumptions:
            chain = chain.then(laws.assumption, fact, assumes=(fact,))
        if chain is before:
            return chain
    raise TooLarge("the laws do not come to an end")
