"""The rules of derivatives: they come to what SymPy comes to, step by step, for any expression."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from pullback.codegen import library
from pullback.derive import laws
from pullback.derive.calculus.steps import Chain, differentiated
from pullback.derive.errors import MissingLaw
from pullback.derive.index.binders import ArgLargest, Largest, Sum
from pullback.derive.index.derivatives import Partial, is_open, moves
from pullback.derive.index.functions import Sigmoid
from pullback.derive.index.kinks import Abs, Bracket, Maximum, Sign, Where
from pullback.derive.index.matrices import Determinant, Inverse, LogDeterminant
from pullback.derive.index.objects import Index, KroneckerDelta, entry, size_symbol
from tests.shipped import derived
from tests.test_laws import equal

N = size_symbol("N")
n, m, k = (Index(name, N) for name in "nmk")
a, b = entry("a"), entry("b")
OF_MATRICES = {law.name for law in (laws.slope_of_inverse, laws.slope_of_determinant)}
RULES = OF_MATRICES | {
    law.name
    for law in (
        laws.slope_of_sum,
        laws.slope_of_product,
        laws.slope_of_quotient,
        laws.slope_of_power,
        laws.slope_of_function,
        laws.slope_of_case,
        laws.slope_of_entry,
    )
}


def x(i):
    return entry("x", [i])


class Power(sp.Function):
    """A power whose slope is there where its base is 0, as SymPy's own is not."""

    def fdiff(self, argindex=1):
        base, exponent = self.args
        return exponent * base ** (exponent - 1) if argindex == 1 else self * sp.log(base)


def by_sympy(expr, by):
    """What SymPy comes to by itself, in one go."""
    found = expr.replace(
        lambda e: type(e) is sp.Pow and not e.exp.is_number, lambda e: Power(*e.args)
    ).diff(by)
    return found.replace(sp.sign, Sign).replace(Power, sp.Pow)


def jacobians(name):
    found = derived(name)
    sections = (*found.gradients, *found.tangents, *found.seconds)
    return {id(p.jacobian): p.jacobian for s in sections for p in s.parts}.values()


@pytest.mark.parametrize("name", library.shipped())
def test_every_jacobian_is_what_sympy_comes_to(name):
    for jacobian in jacobians(name):
        start = jacobian.entry.start
        taken = [s for s in jacobian.entry.steps if s.law in RULES]
        assert jacobian.entry.steps[: len(taken)] == tuple(taken), "they come first"
        if not start.expr.has(
            Inverse, Determinant, LogDeterminant
        ):  # SymPy has no entries of these
            assert not OF_MATRICES & {s.law for s in taken}
            difference = taken[-1].after - by_sympy(start.expr, start.wrt)
            assert difference == 0 or sp.expand(difference) == 0
        assert taken[-1].law == "entry by an entry" or taken[-1].after == 0
        assert not is_open(jacobian.entry.end)


@pytest.mark.parametrize(
    ("name", "node", "tensor", "wanted"),
    [
        ("softmax", "p", "z", ["quotient rule", "chain rule", "entry by an entry"]),
        ("mlp", "ell", "z", ["sum rule", "chain rule", "entry by an entry"]),
        ("mlp", "z", "w", ["sum rule", "entry by an entry"]),
        ("mlp", "h", "u", ["slope by cases", "entry by an entry"]),
        ("mlp", "L", "w", ["sum rule", "power rule", "entry by an entry"]),
        ("gelu", "h", "u", ["product rule", "chain rule", "entry by an entry"]),
    ],
)
def test_few_steps_lead_there(name, node, tensor, wanted):
    (found,) = (j for j in jacobians(name) if (j.node.name, j.tensor.name) == (node, tensor))
    assert [s.law for s in found.entry.steps if s.law in RULES] == wanted


@pytest.mark.parametrize("name", library.shipped())
def test_no_jacobian_of_a_gradient_takes_more_than_six(name):
    for gradient in derived(name).gradients:
        for part in gradient.parts:
            assert sum(s.law in RULES for s in part.jacobian.entry.steps) <= 6


# -- any expression --------------------------------------------------------------------------------

LEAVES = st.sampled_from([x(n), x(k), a, sp.Integer(2), x(ArgLargest(x(m), m))])


def larger(inner):
    """Expressions that have a value and a slope everywhere."""
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: p[0] + p[1]),
        pair.map(lambda p: p[0] * p[1]),
        pair.map(lambda p: p[0] / (1 + p[1] ** 2)),
        pair.map(lambda p: Maximum(*p)),
        pair.map(lambda p: Bracket(p[0] > 0) * p[1]),
        pair.map(lambda p: Where(p[0] > b, p[1], p[0])),
        inner.map(lambda e: e**3),
        inner.map(lambda e: (1 + e**2) ** sp.Rational(-1, 2)),
        inner.map(lambda e: (1 + e**2) ** x(n)),
        inner.map(sp.exp),
        inner.map(sp.sin),
        inner.map(Sigmoid),
        inner.map(Abs),
        inner.map(lambda e: Sum(e * x(n), n)),
        inner.map(lambda e: Largest(e + x(n), n)),
    )


@settings(deadline=None, max_examples=150)
@given(st.recursive(LEAVES, larger, max_leaves=5))
def test_the_rules_come_to_what_sympy_comes_to(expr):
    chain = differentiated(Chain(Partial(expr, x(m))))
    assert not is_open(chain.end)
    for step in chain.steps:
        assert step.law in RULES and step.before != step.after
    other = by_sympy(expr, x(m))
    if chain.end != other:
        assert sp.expand(chain.end) == sp.expand(other) or equal(chain.end, other, sizes={N: 2})


def test_what_has_no_slope_does_not_move():
    place = ArgLargest(x(m), m)
    for still in (Bracket(x(n) > 0), KroneckerDelta(n, place), Sign(x(n)), place, a, sp.pi):
        assert not moves(still, "x")
        assert laws.slope_of_sum(Partial(still, x(k))) == 0
    for moving in (x(place), Where(a > 0, x(n), 1), Largest(a * x(n), n), Sum(x(n), n)):
        assert moves(moving, "x")
    assert not moves(Where(x(n) > 0, a, 1), "x")


def test_a_kind_without_a_rule_is_refused():
    class Unknown(sp.Expr):
        is_commutative = True

    with pytest.raises(MissingLaw, match="no rule says what the slope of Unknown is"):
        differentiated(Chain(Partial(Unknown(x(n)), x(m))))
