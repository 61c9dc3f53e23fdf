"""Entries at every combination of axes, labels and labels of labels, beside loops."""

import random

import numpy as np
import pytest

from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.index.binders import Largest, Smallest, Sum
from pullback.derive.index.kinks import Maximum
from pullback.derive.index.objects import Index, entry, size_symbol
from pullback.derive.read.reader import read_equations
from tests.programs import check_meaning, check_module
from tests.test_fuzz_layers import draw_inputs, flat_facts

AXES = {"a": ("n", "m"), "b": ("k", "j")}  # of two sizes
TENSORS = {"x": "a", "w": "ab", "t": "aa", "v": "baa", "r": "bb"}
LABELS = {"l": ("b", "a"), "c": ("a", "b"), "p": ("a", "a"), "q": ("ab", "a")}  # axes and range


class Maker:
    """Random definitions; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def place(self, group: str, depth: int = 2) -> str:
        """An axis of the group, or a label on it, perhaps at labels."""
        names = [name for name, (_, along) in LABELS.items() if along == group]
        if depth == 0 or self.chance.random() < 0.5:
            return self.chance.choice(AXES[group])
        name = self.chance.choice(names)
        inner = ", ".join(self.place(g, depth - 1) for g in LABELS[name][0])
        return f"{name}[{inner}]"

    def entry(self) -> str:
        """A tensor at places of every kind."""
        name = self.chance.choice(list(TENSORS))
        return f"{name}[{', '.join(map(self.place, TENSORS[name]))}]"

    def factor(self) -> str:
        """An entry, a comparison of places, or a choice by one."""
        kind = self.chance.choice(("entry", "entry", "entry", "equal", "choice", "values"))
        group = self.chance.choice("ab")
        sides = f"{self.chance.choice(AXES[group])} {{}} {self.place(group)}"
        if kind == "equal":
            return f"[{sides.format('==')}]"
        if kind == "choice":
            return f"where({sides.format('!=')}, {self.entry()}, {self.entry()})"
        if kind == "values":
            return f"where({self.entry()} > {self.entry()}, {self.entry()}**2, 0)"
        return self.entry()

    def text(self) -> str:
        """An equation: sums of products, over what is not on the left."""
        out = self.chance.choice(("", "n", "k", "n, k", "n, m", "n, m, k"))
        bound = [a for axes in AXES.values() for a in axes if a not in out]
        left = f"y[{out}]" if out else "y"
        terms = [self.term(bound) for _ in range(self.chance.choice((1, 1, 2)))]
        return f"{left} = {' + '.join(terms)} + {' + '.join(self.all_axes(out))}"

    def term(self, bound: list[str]) -> str:
        """A sum of a product over every axis that stands in it and is not on the left."""
        product = " * ".join(self.factor() for _ in range(self.chance.choice((1, 2, 2))))
        axes = [a for a in bound if f"[{a}" in product or f" {a}" in product]
        return f"sum({', '.join(axes)}, {product})" if axes else product

    def all_axes(self, out: str) -> list[str]:
        """Entries that say how long each axis is."""
        return ["sum(n, k, w[n, k] * x[n])" if not out else "sum(m, j, w[m, j])"]


@pytest.mark.parametrize("seed", range(16))
def test_random_combinations(seed):
    text = Maker(seed).text()
    try:
        derivation = derive(read_equations("own", text))
    except DefinitionError as error:
        pytest.skip(str(error).split("\n")[0])  # an axis of which nothing says how long it is
    layer = flat_facts(text)
    inputs = draw_inputs(layer, np.random.default_rng(seed))
    check_module(derivation, inputs, seed)
    check_meaning(derivation, layer, inputs, seed)


EQUATIONS = {
    "a label put beside more axes": "y[n, m, k] = x[n, k] + [k == l[n]] * v[m]",
    "a label put beside other axes first": "y[m, n, k] = x[n, k] * q[m] + [k == l[n]] * v[m, n]",
    "two labels put": "y[n, k] = x[n, k] + [k == l[n]] * v[n] + [k == c[n]] * b",
    "labels of labels": "y[n] = x[l[p[n]]]",
    "labels of labels of labels": "y[n] = x[l[p[r[n]]]]",
    "labels at a diagonal": "y[n] = x[l[n, n]]",
    "a diagonal and a label": "y[n] = x[n, n, l[n]]",
    "a diagonal beside a label": "y[n, m] = x[n, n, l[m]]",
    "a label and its axis": "y[n, k] = x[k, l[n]] * x[l[n], k]",
    "one label twice": "y[n] = x[l[n], l[n]]",
    "a label compared with a label": "y[n, m] = [l[n] == l[m]] * x[n, m]",
    "the largest at a label": "y[n] = max(k, x[l[n], k]) * v[l[n]]",
    "the largest of what has no such axis": "y[n] = max(k, x[n]) + sum(k, w[k])",
    "the largest of a condition": "y[n] = max(k, [x[n, k] > 0]) * w[n]",
    "sums of conditions at labels": "y[n] = sum(k, w[k, n]) * ([x[l[n]] > 0] + [x[l[n]] > 1])",
    "a node of conditions at labels": "m[n] = [x[n] > 0]\ny[n] = (m[l[n]] + m[n]) * w[n]",
}


@pytest.mark.parametrize("what", EQUATIONS)
def test_combinations(what):
    text = EQUATIONS[what]
    layer, derivation = flat_facts(text), derive(read_equations("own", text))
    for seed in range(3):
        inputs = draw_inputs(layer, np.random.default_rng(seed))
        check_module(derivation, inputs, seed)
        check_meaning(derivation, layer, inputs, seed)


# -- bound indices ---------------------------------------------------------------------------------
SIZE = size_symbol("N")
INNER = Index("k", SIZE)


def ring(i):
    """A product of entries, each index in two of them."""
    pairs = zip(i, [*i[1:], i[0]], strict=True)
    return np.prod([entry("z", pair) for pair in pairs])


BODIES = {
    "an index for each axis": (6, lambda i: entry("w", [entry("y", i, True)]) * entry("z", i)),
    "indices that may change places": (6, lambda i: np.prod([entry("w", [j]) for j in i])),
    "a ring": (7, ring),
    "pairs": (8, lambda i: np.prod([entry("z", i[j : j + 2]) for j in range(0, 8, 2)])),
    "two rings": (7, lambda i: ring(i[:3]) * ring(i[3:])),
    "more than letters": (30, lambda i: np.prod([entry(f"w{j}", [i[j]]) for j in range(30)])),
    "a sum within": (
        4,
        lambda i: Sum(entry("z", [Index("k", SIZE), i[0]]), Index("k", SIZE)) * ring(i),
    ),
}


@pytest.mark.parametrize("what", BODIES)
def test_sums_do_not_depend_on_names_of_indices(what):
    """Any names, bound in any order, make the same sum."""
    count, body = BODIES[what]
    chance, found = random.Random(0), set()
    for _ in range(10):
        names = [f"i{place}" for place in range(count)]
        chance.shuffle(names)
        indices = [Index(name, SIZE) for name in names]
        found.add(Sum(body(indices), *chance.sample(indices, count)))
    assert len(found) == 1


def test_sums_that_differ_stay_apart():
    """A ring of six is not two rings of three."""
    i = [Index(f"i{place}", SIZE) for place in range(6)]
    assert Sum(ring(i), *i) != Sum(ring(i[:3]) * ring(i[3:]), *i)


def test_sizes_tell_indices_apart():
    other = size_symbol("M")
    i = [Index(f"i{place}", SIZE) for place in range(4)]
    j = [Index("i0", other), *i[1:]]
    total, back = Sum(ring(j), *j), Sum(ring(j), *j[::-1])
    assert total == back != Sum(ring(i), *i)
    assert sorted(str(index.size) for index in total.indices) == ["M", "N", "N", "N"]


@pytest.mark.parametrize(
    "right",
    [
        "{0}(i, [i > d] * b[d])",
        "{0}(i, b[d] + [i == d])",
        "{0}(i, {0}(j, [j > i] * [i > d] * b[d]))",
        "{0}(j, {0}(i, [j > i] * [i > d] * b[d]))",
        "{0}(i, [i > d] * b[d]) + a",
    ],
)
def test_an_axis_that_is_only_compared_is_one_under_every_reduction(right):
    """What max and min take first may be a number; one that is compared with an axis is none."""
    nodes = {
        name: read_equations("own", f"y[d] = {right.format(name)}").nodes[0].expr
        for name in ("sum", "max", "min")
    }
    binders = {"sum": Sum, "max": Largest, "min": Smallest}
    for name, expr in nodes.items():
        assert expr.atoms(binders[name]) or isinstance(expr, binders[name])
    assert read_equations("own", "y[d] = max(a, b[d])").nodes[0].expr.has(Maximum)


def test_a_binder_of_many_opens_and_binds_again():
    """The level of a binder is read from names of any length."""
    i = [Index(f"i{place}", SIZE) for place in range(30)]
    total = Sum(np.prod([entry(f"w{k}", [i[k]]) for k in range(30)]), *i)
    body, indices = total.open()
    assert total.level == 1 and Sum(body, *indices) == total
