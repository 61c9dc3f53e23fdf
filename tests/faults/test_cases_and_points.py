"""Cases that come about or do not, what has no value, and what a check may say of itself."""

from contextlib import suppress

import pytest

from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.steps import Step
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import KroneckerDelta
from pullback.derive.proof import step_check as check_module
from pullback.derive.proof.cases import Cases
from pullback.derive.proof.making import Nodes
from pullback.derive.proof.proving import prove
from pullback.derive.proof.settled import Contradiction
from pullback.derive.proof.signs import nonnegative, positive
from pullback.derive.proof.small_sizes import definitions_of
from pullback.derive.proof.step_check import check_step
from pullback.derive.proof.symbolic import Symbolic
from pullback.derive.read.reader import read_equations


def symbolic():
    nodes = Nodes()
    return nodes, Symbolic(nodes, Cases(100))


def test_one_question_however_it_is_spelt():
    nodes, algebra = symbolic()
    u, v = nodes.symbol("u"), nodes.symbol("v")
    less = nodes.subtract(u, v)
    grown = nodes.mul((nodes.function("exp", u), less))
    for _ in algebra.decider.rounds():
        sign = algebra.sign(less)
        assert algebra.sign(nodes.scaled(less, 2)) == sign
        assert algebra.sign(nodes.subtract(v, u)) == -sign
        assert algebra.sign(grown) == sign
        square = nodes.subtract(nodes.mul((less, u)), nodes.mul((less, u)))
        assert algebra.sign(square) == 0
        spread = nodes.subtract(nodes.mul((u, u, less)), nodes.mul((v, u, less)))
        algebra.sign(spread)
        assert len(algebra.decider.answers) <= 2


def test_the_largest_is_asked_for_once_whatever_is_added_to_all():
    nodes, algebra = symbolic()
    values = [nodes.symbol(n) for n in "abc"]
    shifted = [nodes.add((nodes.scaled(v, 2), nodes.symbol("d"))) for v in values]
    rounds = 0
    for _ in algebra.decider.rounds():
        assert algebra.largest(values) == algebra.largest(shifted)
        assert len(algebra.decider.answers) == 1
        rounds += 1
    assert rounds == 3


def possible(algebra, ask):
    """What is answered in the cases that come about."""
    found = []
    for _ in algebra.decider.rounds():
        with suppress(Contradiction):
            found.append(ask())
    return found


def test_what_ties_tell_is_asked_no_more():
    nodes, algebra = symbolic()
    u, v, w = map(nodes.symbol, "uvw")
    less = nodes.subtract(u, w)

    def ask():
        if algebra.sign(less) == 0:
            sign, largest = algebra.sign(w), algebra.largest([nodes.scaled(w, 3), v])
            count = len(algebra.decider.answers)
            assert algebra.sign(u) == sign
            assert algebra.largest([nodes.scaled(u, 3), v]) == largest
            assert algebra.sign(nodes.mul((v, less))) == 0
            if sign == 0:
                assert algebra.largest([u, nodes.add((v, w))]) == largest
            assert len(algebra.decider.answers) == count
            return sign, largest
        return None

    wanted = {(sign, largest) for sign in (1, -1, 0) for largest in (0, 1)}
    assert {*possible(algebra, ask)} == {None} | wanted


def test_answers_that_a_tie_makes_impossible_are_no_case():
    nodes, algebra = symbolic()
    u, v = map(nodes.symbol, "uv")
    product = nodes.mul((u, v))

    def ask():
        return algebra.sign(product), algebra.sign(u), algebra.sign(v), algebra.sign(u)

    found = {answers[:3] for answers in possible(algebra, ask)}
    assert {(product, 0) for product in (1, -1)}.isdisjoint(answers[:2] for answers in found)
    assert {(0, 0, 0), (0, 0, 1), (0, 0, -1), (1, 1, 1), (-1, 1, -1)} <= found


def test_of_equal_ones_the_first_is_the_largest():
    nodes, algebra = symbolic()
    u, v = map(nodes.symbol, "uv")
    less = nodes.subtract(u, v)

    def ask():
        return algebra.largest([u, v]), algebra.sign(less), algebra.sign(u)

    found = {answers[:2] for answers in possible(algebra, ask)}
    assert (0, 0) in found and (1, 0) not in found


# where all of x is 0, what a law writes for the argument of a max says which one is the largest
TIED = [
    "u[d] = max(n, log(sigmoid(x[d, n])))",
    "u[d] = min(n, log(sigmoid(x[d, n])))",
    "u[d] = max(n, log(1 + exp(x[d, n])))",
    "u[d] = min(n, log(1 + exp(x[d, n])) * abs(x[d, n]))",
    "u[d] = max(n, log(sigmoid(x[d, n] - y[d])))",
    "u = min(n, d, log(sigmoid(x[n])) * b[d, n])",
]


@pytest.mark.parametrize("text", TIED)
def test_what_is_the_largest_is_judged_where_arguments_tie(text):
    prove(derive(read_equations("own", text)))


def test_minus_infinity_is_never_the_largest_of_several():
    nodes, algebra = symbolic()
    nothing, a = nodes.infinity(-1), nodes.symbol("a")
    assert algebra.largest([nothing, a]) == 1
    assert algebra.largest([nothing, nothing]) == 0
    assert nodes.function("exp", nothing) is nodes.zero
    assert nodes.function("exp", nodes.subtract(nothing, a)) is nodes.zero


def test_what_has_no_value_is_0_times_0_and_nothing_else():
    nodes, _ = symbolic()
    lost = nodes.raised(nodes.zero, -1)
    assert lost.undefined and nodes.mul((nodes.zero, lost)) is nodes.zero
    assert nodes.add((lost, nodes.symbol("a"))).undefined


# definitions that are singular somewhere: at a tie, at i = j, in an empty mask, at 0
SINGULAR = [
    "y[n] = x[n]**2 / abs(a)",
    "y[n] = log(1 + exp(beta * x[n])) / beta",
    "y[n] = abs(log(x[n]) - t[n])",
    "y[n] = log(abs(x[n]))",
    "y[n] = sqrt(abs(x[n]) - 1)",
    "y[i, j] = sqrt(sum(d, (x[i, d] - x[j, d])**2))",
    "E = sum(i, j, where(i != j, q[i] * q[j] / abs(x[i] - x[j]), 0))",
    "s[n] = sum(j, [m[n, j] > 0] * a[n, j]) / sum(j, [m[n, j] > 0])",
    "s[n] = log(sum(j, where(m[n, j] > 0, exp(a[n, j]), 0)))",
    "C = sum(n, [m[n] > 0] * log(p[n]))",
    "y[k] = log(1 + exp(-m[k]**2 / 2))",
    "y[n] = max(0, -exp(x[n]) * a**2)",
    "y[n] = x[n]**p",
    "y[n] = max(x[n], 2 * x[n]) / x[n]",
    "y[n] = log(x[n])**2 + sqrt(log(x[n])**2)",
    # a log of what a mask makes 0 has no value there, and so no slope
    "y[n] = log([x[n] > 0] * log(x[n]))",
    "y[n] = log([x[n] > 0] * x[n]) * z[n]",
    "y[n] = log(sum(j, [x[n, j] > 0] * log(x[n, j])))",
    # a base with a factor that may be 0
    "y[n] = ([x[n] > 0] * log(x[n]))**a",
    "y[n] = (u[n] * [v[n] > 0])**v[n]",
    "k[i] := where(x[i] > 0, x[i]**2, 0)\nC = sum(i, where(x[i] > 0, log(k[i] / sum(j, k[j])), 0))",
]


@pytest.mark.parametrize("equations", SINGULAR)
def test_a_definition_that_is_singular_somewhere_is_proved(equations):
    prove(derive(read_equations("own", equations)))


SIGNS = {  # of c + a function of u times d: positive, not negative, or neither
    (2, "sin", 1): (True, True),
    (1, "cos", -1): (False, True),
    (1, "tanh", -1): (True, True),
    (1, "erf", 1): (True, True),
    (3, "tanh", 3): (True, True),
    (1, "sin", 2): (False, False),
    (0, "tanh", 1): (False, False),
}


@pytest.mark.parametrize("case", SIGNS, ids=str)
def test_the_sign_of_a_sum_with_what_is_bounded_is_seen(case):
    (number, name, factor), nodes = case, Nodes()
    bounded = nodes.scaled(nodes.function(name, nodes.symbol("u")), factor)
    found = nodes.add((nodes.number(number), bounded))
    assert (positive(found), nonnegative(found)) == SIGNS[case]
    grown = nodes.add((found, nodes.function("exp", nodes.symbol("v"))))
    assert positive(grown) == nonnegative(found)
    assert not nonnegative(nodes.add((found, nodes.symbol("w"))))


def test_a_case_that_no_point_has_is_not_searched_for():
    """Whether 2 + sin(u) is 0 is no question, so that all cases are few enough to be taken."""
    found = prove(
        derive(read_equations("own", "y[k] = log(sum(i, (2 + sin(s[i])) * exp(x[i, k])))"))
    )
    assert not any(check.sampled for _, check in found.steps)


NOWHERE = [
    "y[n] = log(sigmoid(x[n]) - 2)",
    "y[n] = a[n] * sqrt(tanh(x[n]) - 3)",
    "y[n] = log(min(x[n], -1)) + a[n]",
]


@pytest.mark.parametrize("equations", NOWHERE)
def test_a_definition_that_is_real_nowhere_is_refused_in_words(equations):
    with pytest.raises(ProofFailed, match="no point was found"):
        prove(derive(read_equations("own", equations)))


def checked(before, after):
    layer = read_equations("own", f"a[n, m, k, j] = {before}\nb[n, m, k, j] = {after}")
    sides = [n.expr for n in layer.nodes]
    return check_step(layer, "own", Step("fold", *sides), definitions_of(layer))


MANY = "x[n] * w[n, m, k, j] + abs(y[m] + x[n]) * abs(w[n, m, k, j] - x[k]) * v[j]"


def test_a_check_of_some_says_how_many(monkeypatch):
    monkeypatch.setattr(check_module, "MAX_CASES", 40)
    found = checked(MANY, MANY.replace("abs(y[m] + x[n])", "abs(-x[n] - y[m])"))
    assert found.sampled and found.how not in found.words
    assert f"{found.cases} random cases" in found.words
    if found.places < found.of:
        assert f"{found.places} of {found.of} places" in found.words


def test_no_place_is_skipped_where_all_can_be_afforded(monkeypatch):
    """A difference at one place alone, in a step whose cases are too many to take them all."""
    monkeypatch.setattr(check_module, "MAX_CASES", 20)
    layer = read_equations("own", "a[n, k] = abs(x[n] - y[k]) * abs(z[n, k])")
    a, (n, k) = layer.nodes[0].expr, layer.nodes[0].indices
    wrong = a + KroneckerDelta(n, 1) * KroneckerDelta(k, 1)
    assert check_step(layer, "own", Step("fold", a, 2 * a - a.copy()), {}).sampled
    with pytest.raises(ProofFailed, match="does not hold at k = 1, n = 1"):
        check_step(layer, "own", Step("fold", a, wrong), {})


def test_an_axis_that_is_alone_has_three_places():
    found = prove(derive(read_equations("own", "y[j] = x[j] - mean(k, x[k])")))
    assert {n for check in found.steps for _, n in check[1].sizes} == {3}
