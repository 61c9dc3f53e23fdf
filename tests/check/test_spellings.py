"""Right backward passes in many spellings are called right: loops, einsums, classes, in place."""

import ast
from pathlib import Path

import pytest

from pullback.codegen.check.checking import check_file
from pullback.codegen.check.report import text
from tests.check.mutants import names
from tests.shipped import derived

SPELLINGS = Path(__file__).parent / "spellings"
EVERY = 16  # of them, in the quick tests


def spellings(path):
    """The functions of a file that give gradients: all that no other calls, but for forward."""
    tree = ast.parse(path.read_text("utf-8"))
    names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
    functions = [f.name for f in tree.body if isinstance(f, ast.FunctionDef)]
    return [f for f in functions if f not in names and f != "forward"]


ALL = [(p.stem, function) for p in sorted(SPELLINGS.glob("*.py")) for function in spellings(p)]


def test_there_are_more_than_a_hundred_over_many_layers():
    assert len(ALL) + len(names()) >= 160 and len({layer for layer, _ in ALL}) >= 30


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        one if k % EVERY == 0 else pytest.param(*one, marks=pytest.mark.slow)
        for k, one in enumerate(ALL)
    ],
)
def test_right_ones_are_called_right(layer, function):
    path = SPELLINGS / f"{layer}.py"
    report = check_file(derived(layer), path, 20.0, function=function)
    assert report.status == 0 and all(g.status == "right" for g in report.gradients), text(report)


def test_what_asks_for_single_precision_is_compared_in_double(tmp_path):
    code = """
from numpy import float32
import numpy as np

def backward(dout, x, W, c):
    x, W, g = np.asarray(x, dtype="float32"), W.astype(np.float32), float32(dout)
    return g @ W.T, x.T @ g, g.sum(axis=0) + {}
"""
    path = tmp_path / "single.py"
    for wrong, status in ((0, 0), (1e-4, 1)):
        path.write_text(code.format(wrong), "utf-8")
        report = check_file(derived("affine"), path, 20.0)
        assert report.status == status
        assert all(g.error < 1e-12 for g in report.gradients if g.status == "right")
