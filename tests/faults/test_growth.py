"""Work grows with the number of calls, and not faster: nothing is searched for among all there is.

Every line of derive/ and codegen/ is counted, those of comprehensions for each round. Where a chain
of twice as many calls runs a line more than some twice as often, something there looks through all
nodes for each node. Proofs are left out. Of the tests emitted beside a module the lines are counted
too, once inputs are drawn: how often these are drawn again is chance.
"""

import sys
from collections import Counter
from decimal import Decimal
from itertools import product
from types import ModuleType

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.compiler import lowered, pages
from pullback.codegen.faults import DEEP
from pullback.codegen.lower.assembly import lower
from pullback.codegen.pages import page
from pullback.codegen.pages.latex import latex
from pullback.codegen.pages.links import ALONE
from pullback.codegen.targets.numpy import test_sizes
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import SLOW, Checks, first_failure
from pullback.codegen.targets.plain.target import Plain
from pullback.codegen.targets.table import NUMPY, PLAIN, PRECISE
from pullback.derive.calculus.derivation import derive
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_layer

CALLS = 12
THRESHOLD = "/numpy/layout.py"  # breaks what is too long for its line: that of few calls is not
FEW = 400  # of a line: what is run less often says nothing
OWN = "<test_chain.py>"  # the tests emitted beside a module
TIMES = 2.3  # of twice as many calls; caches of SymPy hold less of more


def chain(calls):
    """A network of so many calls, affine and relu in turn; its names are all of one length."""
    lines, last = [], "x[n, a]"
    for k in range(100, 100 + calls, 2):
        before, after = ("a", "b") if k % 4 == 0 else ("b", "a")
        weights = f"W{k}[{before}, {after}], c{k}[{after}]"
        lines.append(f"u{k}[n, {after}] = affine({last}, {weights})")
        lines.append(f"h{k} = relu(u{k})")
        last = f"h{k}"
    return 'equations = """\n{}\n"""\n'.format("\n".join(lines))


class Lines:
    """Counts the lines of ours that are run in a block, those of emitted tests by their functions.

    The equations of an emitted test are as many lines as there are nodes.
    """

    def __init__(self):
        self.run = Counter()

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self.enter)
        return self

    def __exit__(self, *error):
        sys.settrace(self.before)

    def enter(self, frame, event, argument):
        name = frame.f_code.co_filename
        ours = "/pullback/derive/" in name or "/pullback/codegen/" in name
        own = name == OWN and frame.f_code.co_name != "equations"
        return self.line if own or (ours and not name.endswith(THRESHOLD)) else None

    def line(self, frame, event, argument):
        if event == "line":
            code, line = frame.f_code, frame.f_lineno
            own = code.co_filename == OWN
            place = (code.co_qualname, line - code.co_firstlineno) if own else line
            self.run[code.co_filename, place] += 1
        return self.line


def lines_run(calls):
    """How often each line is run on the way from a definition to its modules and pages."""
    lines = Lines()
    with DEEP, lines:
        derivation = derive(read_layer("chain", chain(calls), library.shipped_source))
    with DEEP:
        proof = prove(derivation)
        plain = lowered(proof, PLAIN)  # which proves its forms
    with DEEP, pytest.MonkeyPatch.context() as patch, lines:
        patch.setattr(Plain, "forms", lambda *given: plain.forms)
        plain.emit()
        made = lowered(proof, PRECISE)
        latex(derivation, proof)
        pages(made, made.emit(), ALONE)  # which makes the fast module too
    return lines.run


@pytest.mark.slow
def test_twice_as_many_calls_take_twice_the_work(monkeypatch):
    monkeypatch.setattr(page, "numbers", lambda *given: None)  # it tries until one looks good
    lines_run(4)  # what is worked out once
    assert not worse(lines_run(CALLS), lines_run(2 * CALLS))


def worse(once, twice):
    """The lines that twice as many calls run more often than twice."""
    found = {where: (once[where], count) for where, count in twice.items() if count > FEW}
    return {w: counts for w, counts in found.items() if counts[1] > TIMES * counts[0]}


def with_loss(calls):
    """What is emitted of such a network, whose output is a number."""
    end = f'\nL = sum(n, a, h{98 + calls}[n, a]**2)\n"""'
    source = chain(calls).replace('\n"""', end)
    with DEEP:
        derivation = derive(read_layer("chain", source, library.shipped_source))
        return derivation.layer, NUMPY.emit(derivation, lower(derivation))


def own_lines_run(calls):
    """How often each line is run to write the tests of a module, and to run them on it."""
    layer, made = with_loss(calls)
    lines, module = Lines(), ModuleType("chain")
    with lines:
        text = module_test(layer, "", made.promise)
    exec(compile(made.module, "<chain.py>", "exec"), module.__dict__)
    checks = Checks("chain", text)
    checks.look_at(module)
    names = checks.names
    with np.errstate(all="ignore"):
        drawn = [names["attempted"](*draw) for draw in product(names["SEEDS"], names["LIMITS"])]
        with lines:
            names["both"](drawn[0][0])
            failure = first_failure(c for c in checks.all() if not c.name.startswith(SLOW))
    assert failure is None
    return lines.run


@pytest.mark.slow
def test_twice_as_many_calls_take_the_tests_of_a_module_twice_the_work(monkeypatch):
    monkeypatch.setattr(test_sizes, "MOST_INPUTS", 0)
    once, twice = own_lines_run(2 * CALLS), own_lines_run(4 * CALLS)
    functions = {place[0] for file, place in twice if file == OWN}
    assert {"traced", "second_slopes", "odd_size"} <= functions
    assert not worse(once, twice)


class Counted(Decimal):
    """A decimal that counts its products and sums; those of arrays are made without a line."""

    count = 0

    def counting(self, found):
        Counted.count += 1
        return Counted(found)

    def __mul__(self, other):
        return self.counting(Decimal.__mul__(self, other))

    def __add__(self, other):
        return self.counting(Decimal.__add__(self, other))

    __rmul__, __radd__ = __mul__, __add__


def products(calls):
    """How many products and sums the slopes of a network take in its tests."""
    layer, made = with_loss(calls)
    names = Checks("chain", module_test(layer, "", made.promise)).names
    inputs = names["draw"](0)
    names["Decimal"], Counted.count = Counted, 0
    names["both"](inputs)
    return Counted.count


def test_twice_as_many_calls_take_twice_as_many_products(monkeypatch):
    """Worked out backwards they do; with a slope by each entry for every number they do not."""
    growth = {}
    for many in (0, 1000):
        monkeypatch.setattr(test_sizes, "MOST_INPUTS", many)
        growth[many] = products(2 * CALLS) / products(CALLS)
    assert growth[0] < TIMES < 3 < growth[1000]


def test_a_search_among_all_nodes_is_seen():
    """The measure itself: a line in a comprehension counts in each of its rounds."""
    lines = ["def look(names):", "  return [found(n, names) for n in names]"]
    lines += ["def found(name, names):", "  return [n for n in names if n == name]"]
    file, place = "/pullback/codegen/search.py", {}
    exec(compile("\n".join(lines), file, "exec"), place)
    counts = []
    for many in (10, 20):
        with Lines() as counted:
            place["look"](range(many))
        counts.append(counted.run)
    assert [counts[1][file, line] > TIMES * counts[0][file, line] for line in (2, 4)] == [0, 1]
