"""Work grows with the number of calls, and not faster: nothing is searched for among all there is.

Every line of derive/ and codegen/ is counted, those of comprehensions for each round. Where a chain
of twice as many calls runs a line more than some twice as often, something there looks through all
nodes for each node. Proofs and the modules' own tests are left out: a test compares every slope of
the output by every input, which are as many as both multiplied.
"""

import sys
from collections import Counter

from pullback.codegen import library
from pullback.codegen.compiler import lowered, page_of
from pullback.codegen.faults import DEEP
from pullback.codegen.pages import page
from pullback.codegen.pages.latex import latex
from pullback.codegen.targets.table import PLAIN, PRECISE
from pullback.derive.calculus.derivation import derive
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_layer

CALLS = 12
THRESHOLD = "/numpy/layout.py"  # breaks what is too long for its line: that of few calls is not
FEW = 400  # of a line: what is run less often says nothing
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
    """Counts the lines of ours that are run in a block."""

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
        return self.line if ours and not name.endswith(THRESHOLD) else None

    def line(self, frame, event, argument):
        if event == "line":
            self.run[frame.f_code.co_filename, frame.f_lineno] += 1
        return self.line


def lines_run(calls):
    """How often each line is run on the way from a definition to its modules and pages."""
    lines = Lines()
    with DEEP, lines:
        derivation = derive(read_layer("chain", chain(calls), library.shipped_source))
    with DEEP:
        proof = prove(derivation)
        plain = lowered(proof, PLAIN)  # which proves its forms
    with DEEP, lines:
        plain.emit()
        made = lowered(proof, PRECISE)
        latex(derivation, proof)
        page_of(made, made.emit(), "", "")  # which makes the fast module too
    return lines.run


def test_twice_as_many_calls_take_twice_the_work(monkeypatch):
    monkeypatch.setattr(page, "numbers", lambda *given: None)  # it tries until one looks good
    lines_run(4)  # what is worked out once
    once, twice = lines_run(CALLS), lines_run(2 * CALLS)
    worse = {where: (once[where], count) for where, count in twice.items() if count > FEW}
    worse = {w: counts for w, counts in worse.items() if counts[1] > TIMES * counts[0]}
    assert not worse


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
