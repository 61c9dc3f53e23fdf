"""The generated forward and backward, coloured, and tied to the steps that they come from."""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from pullback.codegen.targets.numpy.module import Module
from pullback.codegen.targets.numpy.statements import Line, Statements
from pullback.derive.read.vocabulary import COTANGENT

KINDS = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}


@dataclass(frozen=True)
class Group:
    """Lines of code; `about` is the value that they compute, or empty."""

    about: str
    code: Markup


@dataclass(frozen=True)
class Function:
    """A function without its docstring, in groups of lines."""

    name: str
    groups: tuple[Group, ...]


def functions(module: Module, text: str, classes: Mapping[str, str]) -> tuple[Function, ...]:
    """forward and backward of a module's text; `classes` colours tensors by name."""
    forward, backward, _ = module.sections()
    return tuple(
        function(module, name, source(text, name), section, classes)
        for name, section in (("forward", forward), ("backward", backward))
    )


def source(text: str, name: str) -> str:
    """A function's text without its docstring."""
    tree = ast.parse(text)
    found = next(f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == name)
    lines = text.splitlines(keepends=True)
    docstring = found.body[0]
    return "".join(
        lines[found.lineno - 1 : docstring.lineno - 1]
        + lines[docstring.end_lineno : found.end_lineno]
    )


def function(
    module: Module, name: str, text: str, section: Statements, classes: Mapping[str, str]
) -> Function:
    """A function in groups: those of its section, and what stands around them."""
    lines, shown = text.splitlines(), coloured(text, classes)
    groups, done = [], 0
    for about, members in grouped(section.lines):
        own = [
            f"    {line}".rstrip()
            for member in module.lines(members)
            for line in member.split("\n")
        ]
        start = place(lines, own, done)
        if not about or start is None:
            continue
        if start > done:
            groups.append(Group("", Markup("\n").join(shown[done:start])))
        done = start + len(own)
        groups.append(Group(about, Markup("\n").join(shown[start:done])))
    groups.append(Group("", Markup("\n").join(shown[done:])))
    return Function(name, tuple(g for g in groups if g.code))


def grouped(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Statements with the value that each run of them computes."""
    groups: list[tuple[str, list[Line]]] = []
    for line in lines:
        if line.about or not groups:
            groups.append((line.about, []))
        groups[-1][1].append(line)
    return groups


def place(lines: Sequence[str], wanted: Sequence[str], start: int) -> int | None:
    """Where these lines stand together."""
    for at in range(start, len(lines) - len(wanted) + 1):
        if list(lines[at : at + len(wanted)]) == list(wanted):
            return at
    return None


def coloured(text: str, classes: Mapping[str, str]) -> list[Markup]:
    """Lines of Python with spans around words that are more than punctuation."""
    lines = text.splitlines()
    parts: list[list[Markup]] = [[] for _ in lines]
    done = [0] * len(lines)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (row, start), (last, end) = token.start, token.end
        kind = css_class(token, classes)
        if not kind or row != last:
            continue
        parts[row - 1].append(escape(lines[row - 1][done[row - 1] : start]))
        parts[row - 1].append(Markup('<span class="{}">{}</span>').format(kind, token.string))
        done[row - 1] = end
    rests = (escape(line[at:]) for line, at in zip(lines, done, strict=True))
    return [Markup("").join([*own, rest]) for own, rest in zip(parts, rests, strict=True)]


def css_class(token: tokenize.TokenInfo, classes: Mapping[str, str]) -> str:
    """The class of a word, or nothing."""
    if token.type != tokenize.NAME:
        return KINDS.get(token.type, "")
    if keyword.iskeyword(token.string):
        return "keyword"
    name = token.string
    return classes.get(name) or classes.get(name.removeprefix(COTANGENT), "")
