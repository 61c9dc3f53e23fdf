"""Facts that are assumed hold together, at every solution."""

import pytest

from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.steps import Step
from pullback.derive.errors import ProofFailed
from pullback.derive.proof.points import Point
from pullback.derive.proof.proving import prove
from pullback.derive.proof.small_sizes import definitions_of, fitting, small_sizes
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_equations

CROSS = "L = -sum(i, j, t[i, j] * (z[i, j] - log(sum(k, exp(z[i, k])))))"
ROWS, COLUMNS = "sum(j, t[i, j]) == 1", "sum(i, t[i, j]) == 1"


def test_facts_about_one_tensor_hold_together():
    layer = read_equations("own", CROSS, assume=[ROWS, COLUMNS])
    sizes = fitting(small_sizes([n.expr for n in layer.nodes]), layer, layer.assumptions)
    assert len(set(sizes.values())) == 1, "a doubly stochastic matrix is square"
    point, size = Point(layer, sizes, 0), 3
    table = [[point.coordinate("t", (i, j)) for j in range(size)] for i in range(size)]
    for row in [*table, *zip(*table, strict=True)]:
        assert abs(sum(row) - 1) < 1e-12
    assert len({round(v, 6) for row in table for v in row}) == size**2, "nothing else is tied"


def test_a_layer_with_two_facts_about_one_tensor_is_proved():
    prove(derive(read_equations("own", CROSS, assume=[ROWS, COLUMNS])))


def step(before, after, fact):
    """The check of before = after, where a fact is assumed."""
    layer = read_equations("own", f"a = {before}\nb = {after}", assume=[fact])
    sides = [n.expr for n in layer.nodes]
    made = Step("assumption", *sides, layer.assumptions)
    return check_step(layer, "own", made, definitions_of(layer))


def test_every_solution_of_a_fact_is_looked_at():
    assert step("r**2 * c", "4 * c", "r**2 == 4").how == "exact"
    with pytest.raises(ProofFailed, match="does not hold"):
        step("r * c", "2 * c", "r**2 == 4")
    with pytest.raises(ProofFailed, match="does not hold"):
        step("r * c", "-2 * c", "r**2 == 4")


def test_a_fact_that_is_not_linear():
    assert step("exp(r) * c", "3 * c", "exp(r) == 3").how == "exact"
    assert step("sum(j, r[j]**2) * c", "c", "sum(j, r[j]**2) == 1").how == "exact"
    assert step("tanh(r) * c", "c / 2", "tanh(r) == 1 / 2").how == "exact"


@pytest.mark.parametrize("facts", [["r == 1", "2 * r == 3"], ["r**2 == -1"], ["exp(r) == -1"]])
def test_facts_that_cannot_hold_are_refused_in_words(facts):
    layer = read_equations("own", "L = c * exp(r) + r", assume=facts)
    with pytest.raises(ProofFailed, match="no point was found where"):
        prove(derive(layer))
