"""Other spellings of a line: which there are, at which cost, and which of them is found."""

import ast
import time

import numpy as np
import pytest

from pullback.codegen.check.inside.repairs import (
    COSTS,
    Variables,
    first_line,
    names_of,
    repairs,
    statement_of,
)
from pullback.codegen.check.inside.respelling import Respelling, Trial

VARIABLES = Variables(("x", "g", "k"), ("x", "g", "k"), ("k",))


def spelled(text, cost):
    statement = ast.parse(text).body[0]
    return [first_line(r.statement(statement)) for r in repairs(statement, cost, VARIABLES)]


@pytest.mark.parametrize(
    ("text", "cost", "wanted"),
    [
        ("a = x @ g", 1, "a = x.T @ g"),
        ("a = x @ g", 1, "a = g @ x"),
        ("a = x * g", 1, "a = x / g"),
        ("a = x", 1, "a += x"),
        ("a[0] = x", 1, "x[0] = x"),
        ("a += x", 1, "a = x"),
        ("a = x.sum(axis=0)", 1, "a = x.sum(axis=1)"),
        ("a = x.sum(axis=0)", 1, "a = x.mean(axis=0)"),
        ("a = -x", 1, "a = x"),
        ("a = 2 * x", 1, "a = 3 * x"),
        ("for i in range(k - 1):\n    pass", 1, "for i in range(k):"),
        ("if x > 0:\n    pass", 1, "if x <= 0:"),
        ("return (x, x)", 1, "return (x, g)"),
        ("a = x", 2, "a = x * g"),
        ("a = x + 1", 2, "a = x / k + 1"),
        ("a = x.sum()", 2, "a = (x * g).sum()"),
        ("a = x.sum()", 2, "a = x.sum(axis=0, keepdims=True)"),
        ("a = x * g", 2, "a = x"),
        ("a = x", 2, "a = 1 - x"),
        ("a = x", 3, "a = x / g.sum(axis=-1, keepdims=True)"),
        ("a = x", 3, "a = x + k * g"),
        ("a = x", 3, "a = x * (1 - g)"),
        ("a = x", 3, "a = np.diag(g) - x"),
    ],
)
def test_what_a_line_may_be(text, cost, wanted):
    assert wanted in spelled(text, cost)
    assert all(wanted not in spelled(text, other) for other in COSTS if other < cost)


def test_a_line_is_not_changed_by_its_spellings():
    statement = ast.parse("a = x @ (g + 1)").body[0]
    for cost in COSTS:
        for repair in repairs(statement, cost, VARIABLES):
            repair.statement(statement)
    assert ast.unparse(statement) == "a = x @ (g + 1)"


def test_variables_are_those_set_before():
    tree = ast.parse("def f(x, *, k):\n    a = x\n    b = a\n    c = b\n")
    assert names_of(tree, statement_of(tree, 3)) == ["x", "k", "a", "b"]


CODE = """
def backward(x, g):
    {}
    b = [a + v for v in (1.0,)][0]
    return b
"""


def cheapest(line, right):
    """What is found where `right` of the two inputs is wanted."""
    arrays = {"given x": np.array([1.0, 2, 4]), "given g": np.array([3.0, -1, 6])}
    request = {
        "file": "f.py", "text": CODE.format(line), "forward": None,
        "backward": {"function": "backward", "positional": ["x", "g"], "keywords": {}},
    }  # fmt: skip
    wanted = right(*arrays.values()) + 1

    def is_right(came):
        return frozenset({"x"} if np.allclose(came, wanted) else ())

    trial = Trial(frozenset({"x"}), time.process_time() + 5, {}, {})
    return [(r.line, r.text) for r in Respelling(request, arrays, is_right).cheapest([3], trial)]


@pytest.mark.parametrize(
    ("line", "right", "wanted"),
    [
        ("a = x", lambda x, g: g, "a = g"),
        ("a = x", lambda x, g: x * g, "a = x * g"),
        ("a = x", lambda x, g: x / g.sum(), "a = x / g.sum(axis=-1, keepdims=True)"),
        ("a = x + x", lambda x, g: 1 - x, None),
    ],
)
def test_the_cheapest_spelling_is_found(line, right, wanted):
    assert cheapest(line, right) == ([(3, wanted)] if wanted else [])
