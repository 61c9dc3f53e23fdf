"""The generated forward and backward, coloured, and tied to the steps that they come from."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from pullback.codegen.targets.target import Code
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


def functions(code: Iterable[Code], classes: Mapping[str, str]) -> tuple[Function, ...]:
    """Functions of a module; `classes` colours tensors by name."""
    return tuple(Function(c.name, tuple(groups(c, classes))) for c in code)


def groups(code: Code, classes: Mapping[str, str]) -> Iterator[Group]:
    """A function's groups, coloured."""
    shown = coloured("\n".join(line for g in code.groups for line in g.lines), classes)
    done = 0
    for group in code.groups:
        lines = shown[done : done + len(group.lines)]
        done += len(group.lines)
        yield Group(group.about, Markup("\n").join(lines))


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
