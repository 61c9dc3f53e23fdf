"""Runs of a file in which one statement is spelled another way.

The file is loaded once for each line: where its expression stood, a call works out whichever
expression is tried.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from pullback.codegen.check.inside.observer import Put, Site, kind
from pullback.codegen.check.inside.repairs import (
    COSTS,
    Repair,
    Variables,
    expression_of,
    first_line,
    names_of,
    place_of,
    repairs,
    statement_of,
)
from pullback.codegen.check.inside.running import Loaded
from pullback.codegen.check.inside.watched import watched

TRIED = "__pullback_tried__"  # the name in the user's module of what works out what is tried
Tree = ast.Module
Right = Callable[[Any], frozenset[str]]


@dataclass
class Tried:
    """Works out the expression that is tried, in the place where the file's own stood."""

    code: CodeType | None = None
    module: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)  # the variables of the first time

    def __call__(self, variables: dict[str, Any], own: Callable[[], Any]) -> Any:
        """The value; `variables` are those of the function, `own` gives the file's own value."""
        if self.code is None:
            self.seen = self.seen or dict(variables)
            return own()
        return eval(self.code, {**self.module, **variables})  # the user's own code, but for a slip


@dataclass(frozen=True)
class Trial:
    """Which gradients a spelling has to make right, how long they may be tried, and with what.

    Values may be put at other lines; `names` are those that the file then needs.
    """

    good: frozenset[str]
    end: float  # as of time.process_time
    put: Mapping[Site, Put]
    names: Mapping[str, Any]


@dataclass(frozen=True)
class Respelled:
    """A line, how it would be spelled, what that change costs, and what is right with it."""

    line: int
    text: str
    cost: int
    right: frozenset[str]


class Respelling:
    """The statements of a file in other spellings."""

    def __init__(self, request: Mapping[str, Any], arrays: Mapping[str, Any], right: Right) -> None:
        self.request, self.arrays, self.right = request, arrays, right
        self.tree = ast.parse(request["text"])
        self.lines: dict[int, Line] = {}

    def cheapest(self, lines: Sequence[int], trial: Trial) -> list[Respelled]:
        """One spelling for each line with which all these gradients are right: the cheapest ones.

        Of slips in one place those of all lines are found, of others the first.
        """
        found: list[Respelled] = []
        for cost in COSTS:
            for number in lines:
                line = self.lines.get(number) or Line(self, number)
                self.lines[number] = line
                if cost == COSTS[0]:
                    line.seen.clear()
                one = line.first(cost, trial)
                if one is not None:
                    found.append(one)
                if time.process_time() > trial.end or (found and cost > COSTS[0]):
                    return found
            if found:
                return found
        return found


class Line:
    """One statement of a file."""

    def __init__(self, whole: Respelling, number: int) -> None:
        self.whole, self.number = whole, number
        self.statement = statement_of(whole.tree, number)
        self.tried = Tried()
        self.loaded: Loaded | None = None
        self.seen: set[str] = set()
        self.variables = Variables()
        if self.statement is not None:
            functions = [f.name for f in whole.tree.body if isinstance(f, ast.FunctionDef)]
            self.load([*names_of(whole.tree, self.statement), *functions])

    def load(self, names: list[str]) -> None:
        """Load the file with a call in place of the expression, and see the variables there."""
        self.variables = Variables(names)
        if expression_of(self.statement) is None:
            return
        request, tried = self.whole.request, {TRIED: self.tried}
        try:
            loaded = Loaded(request, self.whole.arrays, self.replaced, tried)
            self.tried.module = loaded.module.__dict__
            self.loaded = loaded
            loaded.call()
        except Exception:
            pass  # it raises as it is
        held = self.tried.seen
        statement: Any = self.statement
        used = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name)]
        numbers: dict[int, str] = {}  # one name for each array, that of the line if it has one
        for n in sorted(names, key=lambda n: n not in used):
            if kind(held.get(n)) and not isinstance(held[n], bool):
                numbers.setdefault(id(held[n]), n)
        scalars = [n for n in numbers.values() if not np.ndim(held[n])]
        self.variables = Variables(names, [*numbers.values()], scalars)

    def replaced(self, tree: Tree) -> Tree:
        """The module with a call in place of the line's expression."""
        statement: Any = statement_of(tree, self.number)
        own: Any = expression_of(statement)
        here = ast.Call(ast.Name("locals", ast.Load()), [], [])
        empty = ast.arguments([], [], None, [], [], None, [])
        new = ast.Call(ast.Name(TRIED, ast.Load()), [here, ast.Lambda(empty, own)], [])
        setattr(statement, place_of(statement), ast.copy_location(new, own))
        return ast.fix_missing_locations(tree)

    def first(self, cost: int, trial: Trial) -> Respelled | None:
        """The first spelling of this cost with which all these gradients are right."""
        if self.statement is None:
            return None
        for repair in repairs(self.statement, cost, self.variables):
            if time.process_time() > trial.end:
                return None
            try:
                made = repair.made(self.statement)
                spelled = ast.unparse(made)
                if spelled in self.seen:
                    continue
                self.seen.add(spelled)
                right = self.whole.right(self.result(repair, made, trial))
                if trial.good <= right:
                    text = first_line(repair.statement(self.statement))
                    return Respelled(self.number, text, cost, right)
            except Exception:  # a spelling that cannot be run
                continue
        return None

    def result(self, repair: Repair, made: Any, trial: Trial) -> Any:
        """What the file returns with the line spelled so."""
        if repair.of_expression and self.loaded is not None and not trial.put:
            self.tried.code = compile(made, self.whole.request["file"], "eval")
            return self.loaded.call()[1]
        return self.anew(repair, trial).call()[1]

    def anew(self, repair: Repair, trial: Trial) -> Loaded:
        """The file loaded with the line spelled so, and with values put at others."""

        def changed(tree: Tree) -> Tree:
            old: Any = statement_of(tree, self.number)
            replace(tree, old, repair.statement(old))
            return watched(tree) if trial.put else ast.fix_missing_locations(tree)

        return Loaded(self.whole.request, self.whole.arrays, changed, trial.names)


def replace(tree: Tree, old: ast.stmt, new: ast.stmt) -> None:
    """Another statement in place of one."""
    ast.copy_location(new, old)
    for parent in ast.walk(tree):
        for body in bodies(parent):
            for k, statement in enumerate(body):
                if statement is old:
                    body[k] = new
                    return


def bodies(node: ast.AST) -> Iterator[list[Any]]:
    """The lists of statements in a node."""
    for name in ("body", "orelse", "finalbody"):
        if isinstance(found := getattr(node, name, None), list):
            yield found
