"""Steps that are false for some size or at some point: the checker for every size accepts none.

Each test has a kind of false step in many forms, built from what is known and what is claimed;
what is true of each is worked out here, apart from the checker.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import sympy as sp

from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.index.binders import ArgLargest, ArgSmallest, Largest, Sum
from pullback.derive.index.kinks import Bracket, Where
from pullback.derive.index.objects import Index, entry, size_symbol
from pullback.derive.law_example import read_example
from pullback.derive.laws.registry import Law
from pullback.derive.proof.every_size.checker import Checker
from pullback.derive.proof.small_sizes import labels


def accepted(text: str) -> bool:
    """Is a step `before = after`, from which a chain starts, taken to hold?"""
    example = read_example(Law("step", "", lambda e: e, (text,)))
    steps = (Step("step", example.before, example.after),)
    (verdict,) = Checker(labels(example.layer)).chain(Chain(example.before, steps), {})
    return verdict.proved


def has_value(known: str, claimed: str) -> bool:
    """Is it seen that one thing has a value wherever another has? It is added and taken off."""
    return accepted(f"{known} = {known} + ({claimed}) * [s > 0] + ({claimed}) * ([s <= 0] - 1)")


SIGNS = {  # what has a value where x is so
    "x[n]": lambda x: True,
    "sqrt(x[n])": lambda x: x >= 0,
    "log(x[n])": lambda x: x > 0,
    "1 / x[n]": lambda x: x != 0,
    "sqrt(-x[n])": lambda x: x <= 0,
    "log(-x[n])": lambda x: x < 0,
    "sqrt(x[n]**3)": lambda x: x >= 0,
    "1 / sqrt(x[n])": lambda x: x > 0,
    "log(x[n]**2)": lambda x: x != 0,
}


@pytest.mark.parametrize("known", SIGNS)
def test_what_is_known_of_a_sign_says_no_more_than_it_does(known: str) -> None:
    where = [x for x in (-1, 0, 1) if SIGNS[known](x)]
    for claimed, holds in SIGNS.items():
        if not all(map(holds, where)):
            assert not has_value(known, claimed), claimed
    assert has_value(known, known)


@pytest.mark.parametrize("below", [False, True])
def test_a_sum_makes_up_for_one_term_only_where_it_is_large_enough(below: bool) -> None:
    """Of a ≥ 0 the sum less a term is not negative; of a ≤ 0 that is so the other way round."""
    sign, known = (-1, "sqrt(-a[n])") if below else (1, "sqrt(a[n])")
    for whole, one in product((-3, -1, 1, 2), (-3, -2, -1, 1, 2, 3)):
        true = sign * whole >= 0 and sign * (whole + one) >= 0
        assert has_value(known, f"sqrt({whole} * sum(m, a[m]) + {one} * a[n])") <= true
    assert has_value(known, f"sqrt({sign} * (sum(m, a[m]) - a[n]))")


MASKS = {
    "x > 0": lambda x: x > 0,
    "x < 0": lambda x: x < 0,
    "x != 0": lambda x: x != 0,
}
POLES = {
    "1 / x": lambda x: 1 / x,
    "1 / x**2": lambda x: 1 / x**2,
    "1 / abs(x)": lambda x: 1 / abs(x),
}
CLAIMS = {
    "1": lambda x: 1,
    "[x >= 0]": lambda x: x >= 0,
    "[x > 0]": lambda x: x > 0,
    "[x <= 0]": lambda x: x <= 0,
    "[x < 0]": lambda x: x < 0,
    "[x != 0]": lambda x: x != 0,
    "2 * [x > 0] - 1": lambda x: 2 * (x > 0) - 1,
    "1 - 2 * [x < 0]": lambda x: 1 - 2 * (x < 0),
    "x": lambda x: x,
    "abs(x)": lambda x: abs(x),
}


@pytest.mark.parametrize(("mask", "pole"), list(product(MASKS, POLES)))
def test_a_pole_that_a_condition_leaves_out_stays_left_out(mask: str, pole: str) -> None:
    for power, (claim, meant) in product((1, 2), CLAIMS.items()):
        values = [x**power * POLES[pole](x) if MASKS[mask](x) else 0 for x in (-2, 0, 3)]
        true = values == [meant(x) for x in (-2, 0, 3)]
        whole = f"x**{power} * where({mask}, {pole}, 0)"
        assert accepted(f"{whole} = {claim}") <= true, (whole, claim)
        many = f"sum(j, a[j] * where({mask}, {pole}, 0)) * x**{power} = sum(j, a[j]) * ({claim})"
        assert accepted(many) <= true, many


MEET = [  # conditions under which labels meet, which they may never do
    ("j == y[n]", "j == c[n]", "x[j]"),
    ("j == y[n]", "j == c[n]", "x[y[n]]"),
    ("j == c[n]", "j == y[n]", "x[c[n]] + x[y[n]]"),
    ("j == y[n]", "i == j", "x[i]"),
]


@pytest.mark.parametrize(("first", "second", "value"), MEET)
@pytest.mark.parametrize("needs", ["log({})", "sqrt({})", "1 / ({})"])
def test_what_holds_where_labels_meet_is_not_known_elsewhere(
    first: str, second: str, value: str, needs: str
) -> None:
    inner = f"where({first}, where({second}, {needs.format(value)}, 2), 3)"
    start = f"sum(n, j, i, {inner} * x[y[n]] * x[c[n]] * x[i])"
    for place in ("y[k]", "c[k]", "m"):
        known = (first, second, place) == ("j == y[n]", "i == j", "y[k]")  # there is such an i
        assert has_value(start, needs.format(f"x[{place}]")) is known, place


def test_what_a_refused_step_needs_is_asked_again() -> None:
    """A division that was read once is not thereby known to have a value."""
    nothing = "{0} * [s > 0] / w + {0} * ([s <= 0] - 1) / w"
    for numbers in ((1, 1), (1, 2), (1, 2, 3, 3)):
        texts = [f"u = u + {nothing.format(number)}" for number in numbers]
        examples = [read_example(Law("step", "", lambda e: e, (text,))) for text in texts]
        steps = tuple(Step("step", e.before, e.after) for e in examples)
        verdicts = Checker({}).chain(Chain(examples[0].before, steps), {})
        assert not any(v.proved for v in verdicts)


J, N = size_symbol("J"), size_symbol("N")
j, k = Index("j", J), Index("k", J)
X, Y, Z, U = (entry("x", [j]), entry("y", [j]), entry("z", [j]), entry("u", []))


def over(*masks: Any) -> Any:
    """z where all masks hold, else minus infinity."""
    body: Any = Z
    for mask in masks:
        body = Where(mask, body, -sp.oo)
    return body


def proved(start: Any, before: Any, after: Any) -> bool:
    """Is a step taken to hold, wherever a start has a value?"""
    step = Step("step", sp.sympify(before), sp.sympify(after))
    (verdict,) = Checker({}).chain(Chain(sp.sympify(start), (step,)), {})
    return verdict.proved


def some(*masks: Any) -> Any:
    """What has a value only where all masks hold at some place."""
    return sp.log(Sum(sp.Mul(*map(Bracket, masks)) * sp.exp(Z), j))


MASKED = [  # what is left in, what is known to be, and is that enough?
    ((X > 0,), some(X > 0), True),
    ((X > 0, Y > 0), some(X > 0, Y > 0), True),
    ((X > 0,), U, False),
    ((X > 0, Y > 0), some(X > 0), False),
    ((X > 0, Y > 0), some(X > 0) + some(Y > 0), False),
    ((X * Y > 0,), some(X > 0) + Sum(sp.sqrt(Y), j), False),
    ((X * Y > 0,), some(X * Y > 0) + Sum(sp.sqrt(Y), j), True),
]


@pytest.mark.parametrize(("masks", "known", "enough"), MASKED)
def test_a_largest_value_is_left_in_only_where_one_is(masks: Any, known: Any, enough: bool) -> None:
    """Where nothing is left in, the first place has the largest value, and it is left out."""
    body = over(*masks)
    place = ArgLargest(body, j)
    first = sp.Mul(*(Bracket(m.xreplace({j: place})) for m in masks))
    top = Largest(body, j)
    shifted = sp.exp(top) * Sum(sp.Mul(*map(Bracket, masks)) * sp.exp(Z - top), j)
    whole = Sum(sp.Mul(*map(Bracket, masks)) * sp.exp(Z), j)
    claims = [(first, 1), (Bracket(sp.Gt(top, -sp.oo, evaluate=False)), 1), (whole, shifted)]
    for before, after in claims:
        found = proved(known, known + before, known + after)
        assert found is enough, before


def test_the_smallest_of_what_is_left_out_is_left_out() -> None:
    known = some(X > 0)
    for kind in (ArgLargest, ArgSmallest):
        at = kind(over(X > 0), j)
        found = proved(known, known + Bracket(entry("x", [at]) > 0), known + 1)
        assert found is (kind is ArgLargest)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda w: sp.exp(-(w**2)), lambda v: sp.exp(-(v**2))),
        (lambda w: 0, lambda v: 0 * v),
        (lambda w: sp.exp(w) ** 2, lambda v: sp.exp(2 * v)),
        (lambda w: sp.exp(w * Y), lambda v: sp.exp(v * Y)),
        (lambda w: sp.exp(-Sum(w * X, j)), lambda v: sp.exp(-Sum(v * X, j))),
    ],
)
def test_minus_infinity_is_no_number_to_compute_with(before: Any, after: Any) -> None:
    """exp(−∞) is 0, and of what else is made of −∞ nothing is said."""
    masked = Where(U > 0, entry("v", []), -sp.oo)
    assert proved(U, sp.exp(masked), Bracket(U > 0) * sp.exp(entry("v", [])))
    if before(masked) != 0:
        assert not proved(U, before(masked), after(entry("v", [])))


def test_what_may_be_infinite_is_not_cancelled() -> None:
    a, b = (Where(U > 0, entry(name, []), -sp.oo) for name in "ab")
    apart = Where(U > 0, sp.exp(entry("a", []) - entry("b", [])), 1)
    assert not proved(U, apart, sp.exp(a - b))


@pytest.mark.parametrize("power", [7, 11, 40])
def test_many_indices_that_stand_alike_take_no_time(power: int) -> None:
    assert accepted(f"sum(j, x[j])**{power} = sum(i, x[i])**{power}")
    assert not accepted(f"sum(j, x[j])**{power} = sum(i, x[i])**{power} + 1")
    assert not accepted(f"sum(j, 1 / (1 + x[j]**2))**{power} = sum(j, x[j])")


CONDITIONS = [
    "x == 0",
    "x != 0",
    "x > 0",
    "x >= 0",
    "x < y",
    "(x + y)**2 - x**2 - 2*x*y - y**2 > 0",
]


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("value", ["sqrt(z)", "log(z)", "1 / z"])
def test_what_a_case_needs_is_not_known_beside_it(condition: str, value: str) -> None:
    for start in (f"where({condition}, {value}, u)", f"where({condition}, u, {value})"):
        assert not has_value(start, value)
        assert has_value(f"{start} + {value}", value)
        assert has_value(start, start)


def test_what_must_hold_of_many_cases_is_one_fact() -> None:
    many = "max(max(u, a), where(b > 0, max(c, d), max(e, f)))"
    assert has_value(f"log({many})", f"log({many})")
    assert not has_value("u", f"log({many})")
    assert not has_value("u", f"1 / ({many})")


APART = ["where({0} != {1}, x[{0}] - x[{1}], u)", "where({0} != {1}, v * x[{0}] - v * x[{1}], u)"]


@pytest.mark.parametrize("inner", APART)
@pytest.mark.parametrize(("one", "other"), [("n m", "j k"), ("j k", "n m")])
def test_a_case_in_which_one_factor_has_no_value_is_one_still(
    inner: str, one: str, other: str
) -> None:
    """Where n is m, 1 / (x_n - x_m) has no value, and none is asked of it there."""
    equal = "{} == {}".format(*one.split())
    whole = f"where({equal}, {inner.format(*other.split())}, exp(v))"
    order = "t[j] * t[k] * r[n] * r[m]"
    for form, value in (("1 / {}", "exp(-v)"), ("log(({})**2)", "2 * v")):
        assert not accepted(f"{order} + {form.format(whole)} = {order} + {value}")


INNER = {  # a factor, and where it is 0
    "[y > 0] - [y < 0]": "1 / y",
    "[y > 0]": "log(y)",
    "[y >= 0]": "sqrt(y)",
    "where(d > 0, [y > 0] - [y < 0], 1)": "1 / y",
    "where(d > 0, [y > 0], 1)": "log(y)",
}


@pytest.mark.parametrize("condition", ["c > 0", "c < 0", "c != 0"])
@pytest.mark.parametrize("factor", INNER)
def test_one_case_in_which_a_value_would_be_0_says_nothing_of_others(
    condition: str, factor: str
) -> None:
    starts = ("1 / where({}, x * ({}), x)", "1 / where({}, x, -x * ({}))")
    for start in (text.format(condition, factor) for text in starts):
        for claimed in ("1 / c", "log(c)", "log(-c)", "1 / d", "log(d)", INNER[factor]):
            assert not has_value(start, claimed), (start, claimed)
        assert has_value(start, start)
