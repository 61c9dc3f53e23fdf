"""Marks in emitted text: which lines of a function work out which value. They do not stay in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pullback.codegen.targets.target import Code, Group

MARK = "#\1"  # no text of a definition holds it


def mark(about: str) -> str:
    """A comment before the lines that work out a value; without a name the rest follows."""
    return MARK + about


def unmarked(text: str) -> str:
    """The text without marks."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(MARK))


def functions(text: str, names: Iterable[str]) -> tuple[Code, ...]:
    """These functions of a marked text, without docstrings, in groups."""
    tree, lines = ast.parse(text.replace(MARK, "#")), text.split("\n")
    found = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    return tuple(Code(name, tuple(groups(body(found[name], lines)))) for name in names)


def body(function: ast.FunctionDef, lines: list[str]) -> list[str]:
    """The lines of a function, without its docstring."""
    first = function.body[0]
    has = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start, end = (first.lineno - 1, first.end_lineno) if has else (function.lineno, function.lineno)
    return lines[function.lineno - 1 : start] + lines[end : function.end_lineno]


def groups(lines: Iterable[str]) -> Iterable[Group]:
    """Lines in groups, each from its mark to the next."""
    about, members = "", list[str]()
    for line in lines:
        if line.lstrip().startswith(MARK):
            if members:
                yield Group(about, tuple(members))
            about, members = line.lstrip().removeprefix(MARK), []
        else:
            members.append(line)
    if members:
        yield Group(about, tuple(members))
