"""Backward takes no more memory than some arrays that forward has: no Jacobian is ever formed."""

import time

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.lower.context import Term
from pullback.codegen.lower.contraction_order import cheapest_pair
from pullback.codegen.program import Contract, OneHot, Scan
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError, MissingLaw
from pullback.derive.index.objects import Index, size_symbol
from pullback.derive.read.reader import read_equations
from tests.memory import SLACK, TIMES, measure, sizes_of
from tests.programs import random_texts
from tests.samples import NAMES
from tests.shipped import derivation_of, derived
from tests.test_edges import NAMES as EDGES
from tests.test_edges import source


def own(text: str):
    """The derivation of equations."""
    return derive(read_equations("own", text))


def size_for(layer) -> int:
    """Small where there are many axes, so that a Jacobian shows and a test does not fill memory."""
    return {1: 400, 2: 48, 3: 32, 4: 20, 5: 20}.get(len(sizes_of(layer, 1)), 4)


def check(derivation) -> None:
    """Backward stays within its bound."""
    memory = measure(derivation, sizes_of(derivation.layer, size_for(derivation.layer)))
    assert memory.backward <= memory.bound, memory


LONG = ("t_sne",)  # whose second derivatives are long


# ∂L/∂A is summed over what each pair of labels has at each step, whole: known, not wanted
PAIRS = pytest.param(
    "crf", marks=pytest.mark.xfail(reason="∂L/∂A holds all pairs of labels", strict=True)
)


def test_a_crf_makes_no_larger_arrays():
    """No array, also of second derivatives, has more axes than steps, sequences and pairs."""
    program = lower(derived("crf"))
    made = [program.values[v] for v in program.forward + program.backward]
    made += [program.hvp.values[v] for v in program.hvp.body]
    steps = [v.op.step for v in made if isinstance(v.op, Scan)]
    assert len(steps) == 6
    made += [step.values[v] for step in steps for v in step.body]
    assert all(len(v.sizes) <= 4 for v in made)


@pytest.mark.parametrize(
    "name",  # deep_mlp is mlp once more
    [PAIRS if n == "crf" else n for n in NAMES if n != "deep_mlp"],
)
def test_shipped_layers(name):
    check(derived(name))


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in EDGES]
)
def test_definitions_at_an_edge(name):
    check(derivation_of(name, source(name)))


SHAPES = {
    "labels beside a product": "y[n, k] = sum(d, E[t[n], d] * w[d, k])",
    "labels within a product": "L = sum(n, s, log(sigmoid(-sum(d, E[g[n, s], d] * U[c[n], d]))))",
    "labels along two axes": "y[n] = E[t[n], c[n]]",
    "labels beside an axis of theirs": "y[n, m] = sum(k, E[t[n, k], m] * w[k, m])",
    "labels of labels": "y[n, d] = E[t[c[n]], d]",
    "labels of rows": "L = mean(n, (x[n] - x[b[n]])**2)",
    "a label put beside more axes": "y[n, m, k] = x[n, k] + [k == l[n]] * v[m]",
    "a choice": "h[n, j] = where(p[n, j] > 0, p[n, j] * log(p[n, j]), 0)",
    "a choice of two slopes": "h[n, j] = where(p[n, j] > q[n], p[n, j]**2, p[n, j] * q[n])",
    "a choice within a choice": "h[n, j] = where(p[n, j] > 0, where(q[n] > 0, p[n, j]**2, 1), 0)",
    "a choice in a bracket": "h[n] = sum(j, [a[j] > 0] * where(p[n, j] > 0, p[n, j]**2, a[j]))",
    "pairs": "E = sum(i, j, where(i != j, (x[i] - x[j])**2, 0))",
    "pairs of rows": "E = sum(i, j, where(i != j, q[i] / sum(d, (x[i, d] - x[j, d])**2), 0))",
    "distances": "D_[i, j] = sqrt(sum(d, (x[i, d] - x[j, d])**2))",
    "the largest": "m[n] = max(j, x[n, j] * w[j])",
    "the largest of products": "m[n, k] = max(j, x[n, j] * w[j, k])",
    "the largest of a choice": "f[i] = max(j, where(c[i] > c[j], D_[i, j], -1e30))",
    "the smallest of differences": "m[i] = min(j, (x[i] - y[j])**2)",
    "prefixes": "s[n, i] = sum(j, [j <= i] * exp(z[n, j]))",
    "masked means": "s[n] = sum(j, [m[n, j] > 0] * a[n, j]) / sum(j, [m[n, j] > 0])",
    "a sum of more axes than its terms": (
        "y[n] = sum(f, c[f] * sum(i, v[i, f] * x[n, i])**3) - sum(i, f, v[i, f]**3 * x[n, i])"
    ),
    "a Gram matrix": "G[i, j] = sum(d, x[i, d] * x[j, d])",
    "a diagonal": "y[n] = x[n, n] * w[n]",
    "softmax and labels": "L = -mean(n, log(exp(z[n, y[n]]) / sum(j, exp(z[n, j]))))",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape):
    check(own(SHAPES[shape]))


@pytest.mark.parametrize("number", range(6))
def test_random_definitions(number):
    for text in random_texts(number, 5, parts=1, choices=2):
        try:
            derivation = own(text)
        except (DefinitionError, MissingLaw):
            continue
        memory = measure(derivation, sizes_of(derivation.layer, 12))
        assert memory.backward <= memory.bound, f"{text}: {memory}"


def test_a_gradient_by_label_takes_little_more_than_itself():
    """4000 rows of a table, of which 256 are read: no array of 4000 columns for each of them."""
    derivation = own(SHAPES["labels beside a product"])
    sizes = {"N": 256, "D": 16, "K": 64, "size_E_0": 4000}
    memory = measure(derivation, sizes)
    assert memory.largest == 4000 * 16 * 8
    assert memory.backward <= TIMES * memory.largest


@pytest.mark.parametrize("shape", [name for name in SHAPES if "label" in name])
def test_no_one_hot_rows(shape):
    """Where a label only picks, or what it picks is added up, no row is as long as an axis."""
    program = lower(own(SHAPES[shape]))
    assert not any(isinstance(program[v].op, OneHot) for v in program.forward + program.backward)


def test_a_jacobian_is_seen():
    """What the bound is for: a choice with its deltas left in it is an array of Jacobians."""
    text = "h[n, j] = where(p[n, j] > 0, p[n, j]**2, 0)"
    layer = own(text).layer
    sizes = sizes_of(layer, size_for(layer))
    memory = measure(own(text), sizes)
    jacobian = 8 * int(np.prod([sizes[str(i.size)] for i in layer.output.indices])) ** 2
    assert jacobian > TIMES * max(memory.largest, memory.forward) + SLACK


def test_twelve_operands_are_ordered_fast():
    """The order of a product of many matrices is found at once, and it is that of a chain."""
    axes = [Index(f"i{k}", size_symbol(f"S{k}")) for k in range(40)]
    terms = [Term(k, (axes[k], axes[k + 1])) for k in range(12)]
    start = time.perf_counter()
    pairs = []
    while len(terms) > 1:
        a, b = cheapest_pair(terms, axes[1:12])
        joined = set(terms[a].indices) ^ set(terms[b].indices)
        pairs.append(len(joined))
        rest = [t for place, t in enumerate(terms) if place not in (a, b)]
        terms = [*rest, Term(0, tuple(i for i in axes if i in joined))]
    assert time.perf_counter() - start < 30  # in milliseconds; the best of all orders takes hours
    assert pairs == [2] * 11


def test_more_axes_than_there_are_letters():
    """Five tensors of eleven axes each, 51 axes in all."""
    axes = [Index(f"i{k}", size_symbol(f"S{k}")) for k in range(51)]
    terms = [Term(k, tuple(axes[10 * k : 10 * k + 11])) for k in range(5)]
    assert cheapest_pair(terms, axes) in [(k, k + 1) for k in range(4)]


def test_a_chain_of_products_is_products_of_two():
    program = lower(own(f"y[a] = sum({', '.join('bcde')}, A[a, b] * B[b, c] * F[c, d] * G[d, e])"))
    contractions = [v.op for v in program.values if isinstance(v.op, Contract)]
    assert contractions and all(len(c.values) == 2 for c in contractions)
