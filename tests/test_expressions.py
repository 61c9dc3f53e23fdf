"""Binders, kinks and substitution; the same derivation whatever the hash seed."""

import os
import pickle
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from pullback.codegen import library
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import TooLarge
from pullback.derive.index.binders import ArgLargest, ArgSmallest, Binder, Largest, Smallest, Sum
from pullback.derive.index.functions import FUNCTIONS
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Sign, Where
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entries,
    entry,
    entry_indices,
    entry_name,
    free_indices,
    fresh_index,
    is_entry,
    is_size,
    size_symbol,
)
from pullback.derive.index.renaming import renamed
from pullback.derive.index.rewriting import exhaust, rewrite, substitute
from pullback.derive.read.reader import read_layer

N, K = size_symbol("N"), size_symbol("K")
n, m = Index("n", N), Index("m", N)
j, k, i = Index("j", K), Index("k", K), Index("i", K)
bound = Index("bound", K)
a, b = entry("a"), entry("b")


def z(*indices):
    return entry("z", indices)


def x(*indices):
    return entry("x", indices)


# -- binders ---------------------------------------------------------------------------------------

BINDERS = [Sum, Largest, Smallest, ArgLargest, ArgSmallest]


@pytest.mark.parametrize("binder", BINDERS)
def test_equality_is_up_to_the_names_of_bound_indices(binder):
    assert binder(z(n, j), j) == binder(z(n, k), k)
    assert hash(binder(z(n, j), j)) == hash(binder(z(n, k), k))
    assert binder(z(n, j), j) != binder(z(m, j), j)
    assert binder(z(n, j), j) != binder(z(j, n), j)


@pytest.mark.parametrize("binder", BINDERS)
def test_a_bound_index_is_not_free(binder):
    expr = binder(z(n, j) + x(j), j)
    assert free_indices(expr) == (n,) and j not in expr.free_symbols
    assert expr.xreplace({j: i}) == expr


def test_the_order_of_bound_indices_does_not_matter():
    body = z(n, j) * x(j)
    assert Sum(body, n, j) == Sum(body, j, n) == Sum(Sum(body, n), j) == Sum(Sum(body, j), n)
    three = entry("t", [n, j, m])
    assert len({Sum(three, *order) for order in ((n, j, m), (m, j, n), (j, n, m))}) == 1
    assert Sum(entry("t", [n, m]), n, m) == Sum(entry("t", [m, n]), n, m)


def test_indices_of_different_sizes_are_different():
    assert Index("n", N) != Index("n", K)
    assert Sum(entry("x", [Index("n", N)]), Index("n", N)) != Sum(
        entry("x", [Index("n", K)]), Index("n", K)
    )


def test_nested_binders_do_not_share_bound_indices():
    inner = Sum(z(n, j), j)
    outer = Sum(inner * x(k), k)
    assert not set(outer.indices) & set(inner.indices)
    assert outer == Sum(Sum(z(n, k), k) * x(i), i)


def test_a_canonical_name_cannot_be_captured():
    canonical = Sum(x(j), j).indices[0]
    with pytest.raises(ValueError, match="captured"):
        Sum(x(canonical) * z(n, j), j)


def test_sums_without_work():
    assert Sum(x(j)) == x(j) and Sum(0, j) == 0
    assert Sum(x(j), j).level == 1 and Sum(Largest(z(n, j), j) * x(n), n).level == 2


def test_an_opened_binder_closes_to_itself():
    expr = Sum(z(n, j) * Largest(z(m, k), k), n, j)
    body, fresh = expr.open()
    assert Sum(body, *fresh) == expr and not set(fresh) & set(expr.indices)
    assert fresh_index(N) != fresh_index(N)


# -- derivatives -----------------------------------------------------------------------------------


def test_the_derivative_of_a_sum_keeps_its_delta():
    """SymPy's own Sum loses it: the bound j is taken for the j of z[n, j]."""
    own = sp.Sum(sp.exp(z(n, j)), (j, 0, K - 1)).diff(z(n, j))
    assert not own.has(KroneckerDelta)
    for name in (j, k, i):
        found = Sum(sp.exp(z(n, j)), j).diff(z(n, name))
        assert found == Sum(KroneckerDelta(bound, name) * sp.exp(z(n, bound)), bound)


def test_the_derivative_by_another_row_has_both_deltas():
    found = Sum(z(n, j) ** 2, j).diff(z(m, k))
    assert found == Sum(2 * z(n, j) * KroneckerDelta(n, m) * KroneckerDelta(j, k), j)


def test_the_derivative_of_an_extreme_value_stands_at_its_first_place():
    for extreme, place in ((Largest, ArgLargest), (Smallest, ArgSmallest)):
        found = extreme(x(j) ** 2, j).diff(x(k))
        at = place(x(j) ** 2, j)
        assert found == Sum(KroneckerDelta(j, at) * 2 * x(j) * KroneckerDelta(j, k), j)
        assert at.diff(x(k)) == 0 and at.is_integer


def test_the_place_of_an_extreme_value_does_not_move():
    """What stands there is differentiated by other tensors as anything else is, by its own by δ."""
    for place in (ArgLargest, ArgSmallest):
        for by in (a, entry("b", [k]), entry("b", [bound])):
            at = place(by * x(j), j)
            assert x(at).diff(by) == 0
            assert substitute(x(at) * by, {k: i}).diff(substitute(by, {k: i})) == x(
                substitute(at, {k: i})
            )
        assert x(at).diff(x(k)) == KroneckerDelta(at, k)


KINKS = [
    (Maximum(0, a), a, Bracket(a > 0)),
    (Maximum(a, 0), a, Bracket(a > 0)),
    (Minimum(0, a), a, Bracket(a < 0)),
    (Minimum(a, 2), a, Bracket(a < 2)),
    (Maximum(a, b), a, Bracket(a >= b)),
    (Maximum(a, b), b, Bracket(b > a)),
    (Minimum(a, b), a, Bracket(a <= b)),
    (Minimum(a, b), b, Bracket(b < a)),
    (Maximum(0, 2 * a), a, 2 * Bracket(2 * a > 0)),
    (Bracket(a > b), a, 0),
    (Where(a > 0, a**2, b), a, Where(a > 0, 2 * a, 0)),
    (Where(a > b, 1, 2), a, 0),
    (sp.Abs(a), a, sp.sign(a)),
    (FUNCTIONS["abs"](a), a, Sign(a)),
    (FUNCTIONS["abs"](sp.log(a) - b), b, Sign(b - sp.log(a))),
    (FUNCTIONS["abs"](-2 * a), a, 2 * Sign(a)),
    (FUNCTIONS["sigmoid"](a), a, FUNCTIONS["sigmoid"](a) * (1 - FUNCTIONS["sigmoid"](a))),
]


@pytest.mark.parametrize(("expr", "by", "wanted"), KINKS, ids=[str(t[:2]) for t in KINKS])
def test_the_derivative_at_a_kink_is_as_declared(expr, by, wanted):
    assert expr.diff(by) == wanted


@pytest.mark.parametrize("kind", [Maximum, Minimum])
def test_exactly_one_argument_is_chosen_at_a_tie(kind):
    for first, second in product((a, b, sp.Integer(0)), repeat=2):
        if first == second:
            continue
        slopes = [kind(first, second).fdiff(i) for i in (1, 2)]
        at_tie = [s.condition.func(0, 0) == sp.true for s in slopes]
        constant = [not v.free_symbols for v in (first, second)]
        assert at_tie == (constant if any(constant) else [True, False])


def test_conditions_that_are_decided_vanish():
    assert Bracket(sp.true) == 1 and Bracket(sp.false) == 0 and Bracket(sp.Integer(1) > 2) == 0
    assert Where(sp.true, a, b) == a and Where(sp.false, a, b) == b and Where(a > 0, b, b) == b
    assert Bracket(a > 0) ** 2 == Bracket(a > 0)


# -- entries, rewriting, substitution --------------------------------------------------------------


def test_entries_and_sizes():
    expr = N * a * Sum(z(n, j) * x(j), j) + entry("y", [n], integer=True)
    assert [entry_name(e) for e in entries(expr)] == ["a", "x", "y", "z"]
    assert entry_indices(a) == () and entry_indices(z(n, j)) == (n, j)
    assert is_size(N) and not is_size(n) and not is_size(a) and not is_entry(N)
    assert not is_entry(n) and is_entry(a) and is_entry(z(n, j))


def test_substitution_does_not_capture():
    for expr in (Sum(z(n, j), j), Largest(z(n, j), j), Sum(Largest(z(n, j), j) * z(n, k), k)):
        for other in (m, ArgLargest(x(j), j)):
            found = substitute(expr, {n: other})
            assert found == substitute(substitute(expr, {n: fresh}), {fresh: other})
            assert set(free_indices(found)) == set(free_indices(sp.sympify(other)))
    assert substitute(Sum(z(n, j), j), {j: k}) == Sum(z(n, j), j)
    assert substitute(z(n, j), {n: m, j: k}) == z(m, k) and substitute(a, {}) == a


fresh = Index("fresh", N)


def test_substitution_is_simultaneous():
    assert substitute(entry("t", [n, m]), {n: m, m: n}) == entry("t", [m, n])
    assert substitute(z(n, entry("y", [n], integer=True)), {n: m}) == z(
        m, entry("y", [m], integer=True)
    )


def test_rewriting_looks_under_binders():
    expr = Sum(sp.exp(z(n, j)), j) + sp.exp(a)
    found = rewrite(expr, lambda e: e.args[0] if isinstance(e, sp.exp) else None)
    assert found == Sum(z(n, j), j) + a
    with pytest.raises(TooLarge):
        exhaust(a, lambda e: e + 1 if e.is_Symbol else None)


# -- pickling, order -------------------------------------------------------------------------------

PICKLED = [
    n,
    z(n, j),
    entry("y", [n], integer=True),
    Sum(z(n, j) * Largest(z(m, k), k), n, j),
    ArgLargest(x(j), j),
    Maximum(0, a),
    Where(a > 0, a, Bracket(a < b)),
    FUNCTIONS["sigmoid"](a),
    KroneckerDelta(n, m),
]


@pytest.mark.parametrize("expr", PICKLED, ids=str)
def test_pickling_round_trips(expr):
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        found = pickle.loads(pickle.dumps(expr, protocol))
        assert found == expr and hash(found) == hash(expr) and repr(found) == repr(expr)
        assert [s.size for s in free_indices(found)] == [s.size for s in free_indices(expr)]


SCRIPT = """
from pathlib import Path
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_layer
for name in ("softmax", "softmax_cross_entropy"):
    layer = read_layer(name, Path(f"layers/{name}.toml").read_text(encoding="utf-8"))
    print(layer.axes, layer.inputs, layer.nodes)
    for step in derive(layer).steps:
        print(step.law, repr(step.before), repr(step.after))
"""


def test_the_hash_seed_changes_nothing():
    root = Path(__file__).parent.parent
    outputs = set()
    for seed in ("0", "1", "42"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        outputs.add(run.stdout)
    assert len(outputs) == 1 and "KroneckerDelta" in outputs.pop()


INDICES = st.sampled_from([n, m])
LEAVES = st.one_of(
    st.sampled_from([a, sp.Integer(2)]),
    INDICES.map(lambda i: x(i)),
    st.tuples(INDICES, INDICES).map(lambda p: z(*p)),
)
TERMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        inner.map(sp.exp),
        st.tuples(inner, INDICES).map(lambda p: Sum(*p)),
        st.tuples(inner, INDICES).map(lambda p: Largest(*p)),
    ),
    max_leaves=6,
)


@given(TERMS, INDICES)
def test_renaming_before_or_after_binding_is_the_same(expr, index):
    other = Index("other", N)
    for binder in (Sum, Largest):
        made = binder(expr, index)
        assert made == binder(substitute(expr, {index: other}), other)
        assert index not in made.free_symbols
    renamed = substitute(expr, {index: other})
    assert substitute(renamed, {other: index}) == expr


def test_an_open_index_is_not_captured_by_the_binder_that_it_came_from():
    """A sum is opened, and its open index is put for a free one of the same sum."""
    n, size = Index("n", size_symbol("N")), size_symbol("N")
    i = Index("i", size)
    sum_ = Sum(entry("x", [i]) * entry("x", [n]), i)
    _, (opened,) = sum_.open()
    assert substitute(sum_, {n: opened}) == Sum(entry("x", [i]) * entry("x", [opened]), i)
    assert sum_.open() == sum_.open()


@pytest.mark.parametrize("name", ["mlp", "layer_norm", "attention", "gelu", "max_pool"])
@pytest.mark.parametrize("backwards", [False, True])
def test_renaming_is_what_putting_in_is(name, backwards):
    """Also where terms and factors, and places in deltas, come in another order by their names."""
    layer = read_layer(*library.find(name), lambda other: library.beside(name, other))
    steps = derive(layer).steps
    exprs = {e for step in steps for e in (step.before, step.after)}
    bodies = {b.body for e in exprs for b in e.atoms(Binder)}
    assert bodies
    for expr in exprs | bodies:
        free = sorted(free_indices(expr), key=str, reverse=backwards)
        names = {i: Index(f"z{place:03d}", i.size) for place, i in enumerate(free)}
        assert renamed(expr, names) == expr.xreplace(names)
