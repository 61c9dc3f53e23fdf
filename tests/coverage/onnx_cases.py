"""The node test cases that the package onnx carries: those of operators that have a rule here.

A case counts whose inputs and outputs are floats (labels and masks aside) and whose every such
output a definition gives. Cases of a node written out as other nodes (`_expanded`) do not count:
they have the numbers of the node itself.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.coverage.onnx_operators import RULES, Case, Said, Unsaid

FLOATS = ("float16", "float32", "float64")
FIRST_OF_ANY_KIND = ("Where", "OneHot")  # a mask and labels come first


@dataclass
class Cases:
    """Definitions by their text with what they are to give, and what is left, by operator."""

    uses: dict[str, list[tuple[str, str, Said, Any]]] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)  # of cases that are said
    left: dict[str, Counter[str]] = field(default_factory=dict)  # reasons why others are not
    others: Counter[str] = field(default_factory=Counter)  # operators without a rule


def nodes() -> Iterator[Case]:
    """All test cases of one node."""
    from onnx import helper
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers out of range, on purpose, in the package
        every = collect_testcases()
    for case in every:
        graph = case.model.graph
        if len(graph.node) != 1 or case.name.endswith("_expanded"):
            continue
        node, (inputs, outputs) = graph.node[0], case.data_sets[0]
        names = [value.name for value in graph.input]
        given = {name: plain(value) for name, value in zip(names, inputs, strict=False)}
        attributes = {
            a.name: helper.get_attribute_value(a) for a in node.attribute if not a.ref_attr_name
        }
        yield Case(
            case.name.removeprefix("test_"),
            node.op_type,
            attributes,
            [given.get(name) if name else None for name in node.input],
            [plain(value) for value in outputs],
            list(node.output),
        )


def plain(value: Any) -> Any:
    """A number as an array."""
    return np.asarray(value) if isinstance(value, np.generic) else value


def is_float(value: Any) -> bool:
    """Does an array hold floats?"""
    return isinstance(value, np.ndarray) and str(value.dtype) in FLOATS


def cases() -> Cases:
    """Those that are said, and those that are not, with the reasons."""
    found = Cases()
    for case in nodes():
        first = case.inputs[0] if case.inputs else None
        floats = is_float(first) or case.operator in FIRST_OF_ANY_KIND
        if not floats or not case.outputs or not is_float(case.outputs[0]):
            continue
        if case.operator not in RULES:
            found.others[case.operator] += 1
            continue
        wanted = [output for output in case.outputs if is_float(output)]
        own = Case(case.name, case.operator, case.attributes, case.inputs, wanted, case.results)
        try:
            said = RULES[case.operator](own)
        except Unsaid as why:
            found.left.setdefault(case.operator, Counter())[str(why)] += 1
            continue
        found.names[case.operator] += 1
        for one, output in zip(said, wanted, strict=True):
            found.uses.setdefault(one.text, []).append((case.operator, case.name, one, output))
    return found
