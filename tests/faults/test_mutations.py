"""Of single mutations of emitted modules, the tests emitted beside them see nearly all."""

import ast
import re

import pytest

from pullback.codegen import library
from tests.mutations import examined, mutants, tried_of
from tests.mutations.__main__ import tried_of_all

FEW = ("softmax_cross_entropy", "affine", "huber", "mean_squared_error", "max_pool", "sigmoid")
EACH = 10  # mutants of a module in the ordinary run
SEEN = 0.995  # of the mutants


# helpers of windows, which a module has whole: padding, negative steps and blocks that one layer
# makes no use of are seen by others and by tests/test_windows.py, not by each module's own tests;
# and so are those of parts: a mean has no rest, what is cut no weight (tests/test_parts.py)
WINDOWS = re.compile(
    r": _(window|fold|contract|matrix_product|matrix|fold_product|weights|combined), line "
)


def share_seen(outcomes, least):
    """The share of the mutants that are seen, and those that are not; there must be so many."""
    found = [f"{tried.name}: {mutant}" for tried in outcomes for mutant in tried.survivors]
    survivors = [words for words in found if not WINDOWS.search(words)]
    total = sum(tried.count for tried in outcomes)
    assert total >= least
    return 1 - len(survivors) / total, "\n".join(survivors)


@pytest.mark.slow
def test_some_mutations_of_a_few_modules():
    share, survivors = share_seen([tried_of((name, EACH)) for name in FEW], EACH * len(FEW))
    assert share >= SEEN, survivors


@pytest.mark.slow
def test_mutations_of_every_third_module():
    """`make mutate` tries all of them. Of 2,520, 40 a module, 36 were left, most in helpers that
    can do more than one layer asks of them."""
    share, survivors = share_seen(list(tried_of_all(library.shipped()[1::3], EACH)), 200)
    print(f"{share:.2%} are seen, not these:", survivors, sep="\n")
    assert share >= SEEN - 0.02, survivors


# -- the mutations themselves ----------------------------------------------------------------------
TEXT = '''
def forward(x, w):
    """Words."""
    u = np.subtract(x, w, out=work.u)
    if x.ndim > 1:
        u *= 2.0 * x
    return u[x, w].max(axis=1)
'''
WANTED = {
    "arguments exchanged": "np.subtract(w, x, out=work.u)",
    "right operand dropped": "np.positive(x, out=work.u)",
    "out dropped": "np.subtract(x, w)",
    "comparison": "x.ndim >= 1",
    "condition never": "if False: u *= 2.0 * x",
    "statement left out": "pass",
    "operator": "u /= 2.0 * x",
    "constant": "3.0",
    "indices exchanged": "u[w, x]",
    "axis dropped": "u[x, w].max()",
    "function": "u[x, w].min",
    "name replaced": "w",
    "nothing returned": "return None",
}


@pytest.mark.parametrize(("kind", "after"), WANTED.items())
def test_kinds_of_mutations(kind, after):
    alike = {"forward": {"x": ["w"], "w": ["x"]}}
    assert (kind, after) in {(m.kind, m.after) for m in mutants(TEXT, alike)}


def test_a_mutant_leaves_the_text_as_it_is():
    before = [str(m) for m in mutants(TEXT, {})]
    for mutant in mutants(TEXT, {}):
        mutant.code()
        assert ast.unparse(mutant.whole) == ast.unparse(ast.parse(TEXT).body[0])
    assert [str(m) for m in mutants(TEXT, {})] == before


def test_a_mutant_is_put_in_and_taken_out():
    relu = examined("relu")
    original = relu.module.forward
    mutant = next(m for m in relu.sample() if m.function == "forward" and m.kind == "function")
    assert relu.failure(mutant)
    assert relu.module.forward is original
