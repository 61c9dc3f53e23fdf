"""Of single mutations of emitted modules, the tests emitted beside them see nearly all."""

import ast

import pytest

from codegen import library
from codegen.lower import lower
from codegen.module import module
from codegen.module_test import module_test
from derive.derivation import derive
from derive.reader import read_layer
from tests.mutations import fails, load, mutants

FEW = ("softmax_cross_entropy", "affine", "huber", "mean_squared_error", "max_pool", "sigmoid")
EACH = 10  # mutants of a module in the ordinary run
SEEN = 0.95  # of the mutants; those that survive are nearly all the same up to rounding


def examined(name):
    layer = read_layer(name, library.shipped_source(name), library.shipped_source)
    derivation = derive(layer)
    text = module(derivation, lower(derivation))
    return load(name, text, module_test(layer, text))


def survivors(names, count):
    """Mutants that no test sees, and how many were tried."""
    found, tried = [], 0
    for name in names:
        module_and_tests = examined(name)
        assert not any(map(fails, module_and_tests.checks)), f"{name} fails as it is"
        sample = module_and_tests.sample(count)
        found += [f"{name}: {m}" for m in sample if not module_and_tests.failure(m)]
        tried += len(sample)
    return found, tried


def test_some_mutations_of_a_few_modules():
    found, tried = survivors(FEW, EACH)
    assert tried == EACH * len(FEW)
    assert len(found) <= (1 - SEEN) * tried, "\n".join(found)


@pytest.mark.slow
def test_mutations_of_every_module():
    found, tried = survivors(library.shipped(), 40)
    print(f"{len(found)} of {tried} mutants survive", *found, sep="\n  ")
    assert tried >= 1000
    assert len(found) <= (1 - SEEN) * tried, "\n".join(found)


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
