"""Marks in emitted text: which lines of a function work out which value. They do not stay in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pullback.codegen.targets.numpy.source import Source
from pullback.codegen.targets.target import Code, Group

MARK = "#\1"  # no text of a definition holds it


def mark(about: str) -> str:
    """A comment before the lines that work out a value; without a name the rest follows."""
    return MARK + about


def unmarked(text: str) -> str:
    """The text without marks."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(MARK))


def functions(source: Source, names: Iterable[str]) -> tuple[Code, ...]:
    """These functions of a marked program, without docstrings, in groups."""
    found = source.functions(names)
    return tuple(Code(f.name, tuple(groups(body(f, source)))) for f in found)


def body(function: ast.FunctionDef, source: Source) -> list[str]:
    """The lines of a function, without its docstring."""
    head, words = function.lineno - 1, function.body[0]
    assert words.end_lineno is not None
    return source.text(head, words.lineno - 1) + source.text(words.end_lineno, function.end_lineno)


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
