"""Steps and chains of them, and the laws that every chain comes down by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive import laws
from pullback.derive.errors import TooLarge
from pullback.derive.index.kinks import Sign, with_own_abs
from pullback.derive.laws.registry import Law, law
from pullback.derive.layer import Layer
from pullback.derive.read.limits import MAX_OPERATIONS


class Partial(Expr):
    """∂ expr / ∂ entry, not yet worked out."""

    @property
    def expr(self) -> Expr:
        """What is differentiated."""
        return cast(Expr, self.args[0])

    @property
    def wrt(self) -> Expr:
        """The entry by which it is differentiated."""
        return cast(Expr, self.args[1])


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


class Power(sp.Function):
    """b**e. SymPy's own slope is e b**e b'/b, in which b' and b lose a factor that may be 0."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """By b it is e b**(e − 1), which is there where b is 0 and e is not below 1."""
        base, exponent = self.args
        return cast(
            Expr, exponent * base ** (exponent - 1) if argindex == 1 else self * sp.log(base)
        )


def differentiate(expr: Expr) -> Expr:
    """SymPy differentiates by one entry: ∂x_n/∂x_m = δ(n, m); kinks have their declared slopes.

    diff(a * x[n]**2, x[m]) = 2 * a * x[n] * [n == m]

    The entries of a tensor change independently: x_n moves with x_m only where they are the same
    entry, and the delta says just that. The rest are the rules for functions of one variable.
    """
    assert isinstance(expr, Partial)
    real = with_own_abs(expr.expr).replace(
        lambda e: type(e) is sp.Pow and not e.exp.is_number, lambda e: Power(*e.args)
    )
    return cast(Expr, real.diff(expr.wrt).replace(sp.sign, Sign).replace(Power, sp.Pow))


DIFFERENTIATE = law("differentiate")(differentiate)


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
