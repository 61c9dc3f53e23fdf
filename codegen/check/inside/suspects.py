"""Which lines of a file may have to be spelled another way, likely ones first."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from pullback.codegen.check.inside.observer import Observer


class Said(IntEnum):
    """What the values that a line sets say of it."""

    STRANGE = 0  # nothing known, or what was there before
    KNOWN = 1  # it is the first to set a part of a formula
    RIGHT = 2  # it is the first to set a tensor or a cotangent, or sets one or a size by its name


def suspects(
    request: Mapping[str, Any], said: Mapping[int, Said], would_do: Sequence[int]
) -> list[int]:
    """Lines that may have to be spelled another way, likely ones first.

    They are the line that raises and those that called it, lines that set what is nothing known or
    what was there before, those at which a right value would do, what is returned, loops and
    conditions, and all others but for those that are right.
    """
    tree = [*ast.walk(ast.parse(request["text"]))]
    strange = [line for line, what in said.items() if what is Said.STRANGE]
    ends = [n.lineno for n in tree if isinstance(n, ast.Return) and n.value is not None]
    heads = [n.lineno for n in tree if isinstance(n, ast.For | ast.While | ast.If)]
    functions = [f for f in tree if isinstance(f, ast.FunctionDef)]
    every = [s.lineno for f in functions for s in ast.walk(f) if isinstance(s, ast.stmt)]
    lines = dict.fromkeys([*request["raised"], *strange, *would_do, *ends, *heads, *every])
    return [line for line in lines if line in ends or said.get(line) is not Said.RIGHT]


def judged(
    request: Mapping[str, Any],
    given: Sequence[Any],
    are: Callable[[Any], list[int]],
    seen: Observer,
) -> dict[int, Said]:
    """What the values say of each line; of several that it sets the worst counts.

    Lines that set known quantities time after time are left out: they are those of helpers.
    """
    named = [title.lower() for title in request["titles"]]
    known = {k for a in given for k in are(a)}
    found: dict[int, Said] = {}
    for (line, name), values in seen.seen.items():
        own = {*are(values[-1])}
        if len(values) > 1 and are(values[0]):
            known |= own
            continue
        ours = request["names"].get(name, name).lower()
        if name in request["sizes"]:
            right = np.array_equal(values[-1], request["sizes"][name])
        else:
            right = any(k < len(named) and (k not in known or named[k] == ours) for k in own)
        new = own - known and ours not in named  # what is called so should be that
        what = Said.RIGHT if right else Said.KNOWN if new else Said.STRANGE
        found[line] = min(what, found.get(line, what))
        known |= own
    return found
