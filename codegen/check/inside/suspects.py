"""Which lines of a file may have to be spelled another way, likely ones first."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pullback.codegen.check.inside.observer import Observer

SIZE = -1  # in place of a quantity's number


def suspects(
    request: Mapping[str, Any], new: Mapping[int, set[int]], would_do: Sequence[int]
) -> list[int]:
    """Lines that may have to be spelled another way, likely ones first.

    They are the line that raises and those that called it, lines that set what is nothing known or
    what was there before, those at which a right value would do, what is returned, loops and
    conditions, and all others; but for those that are the first to set a tensor or a cotangent of
    the layer's, or a size by its name.
    """
    tree = [*ast.walk(ast.parse(request["text"]))]
    right = {line for line, found in new.items() if any(k < request["named"] for k in found)}
    strange = [line for line in new if not new[line]]
    ends = [n.lineno for n in tree if isinstance(n, ast.Return) and n.value is not None]
    heads = [n.lineno for n in tree if isinstance(n, ast.For | ast.While | ast.If)]
    functions = [f for f in tree if isinstance(f, ast.FunctionDef)]
    every = [s.lineno for f in functions for s in ast.walk(f) if isinstance(s, ast.stmt)]
    lines = dict.fromkeys([*request["raised"], *strange, *would_do, *ends, *heads, *every])
    return [line for line in lines if line not in right]


def known_first(
    request: Mapping[str, Any],
    given: Sequence[Any],
    are: Callable[[Any], list[int]],
    seen: Observer,
) -> dict[int, set[int]]:
    """The known quantities that each line is the first to set; a size by its name counts as one.

    Lines that set known ones time after time are left out: they are those of helpers.
    """
    known, new = {k for a in given for k in are(a)}, {}
    for (line, name), values in seen.seen.items():
        if name in request["sizes"]:
            is_size = np.array_equal(values[-1], request["sizes"][name])
            new[line] = {SIZE} if is_size else set()
        elif len(values) == 1 or not are(values[0]):
            new[line] = {*are(values[-1])} - known
            known |= new[line]
    return new
