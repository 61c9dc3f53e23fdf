"""The generated forward and backward, coloured, and tied to the steps that they come from."""

from __future__ import annotations

import io
import keyword
import re
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


def functions(
    code: Iterable[Code], classes: Mapping[str, str], language: str
) -> tuple[Function, ...]:
    """Functions of a module; `classes` colours tensors by name."""
    return tuple(Function(c.name, tuple(groups(c, classes, language))) for c in code)


def groups(code: Code, classes: Mapping[str, str], language: str) -> Iterator[Group]:
    """A function's groups, coloured."""
    text = "\n".join(line for g in code.groups for line in g.lines)
    shown = coloured(text, classes, language)
    done = 0
    for group in code.groups:
        lines = shown[done : done + len(group.lines)]
        done += len(group.lines)
        yield Group(group.about, Markup("\n").join(lines))


def coloured(text: str, classes: Mapping[str, str], language: str = "python") -> list[Markup]:
    """Lines of code with spans around words that are more than punctuation."""
    if language == "c":
        return coloured_c(text, classes)
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


OF_C = re.compile(
    r"(?P<comment>/\*.*?\*/)|(?P<string>\"[^\"\n]*\")|(?P<number>\b\d[\w.]*(?:(?<=e)[-+]\d+f?)?)"
    r"|(?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)
KEYWORDS_OF_C = frozenset(
    {
        *("char", "const", "double", "else", "enum", "float", "for", "if", "inline", "int"),
        *("int64_t", "ptrdiff_t", "return", "size_t", "sizeof", "static", "struct", "typedef"),
        *("uint8_t", "unsigned", "void"),
    }
)


def coloured_c(text: str, classes: Mapping[str, str]) -> list[Markup]:
    """Lines of C with such spans; a comment has one on each of its lines."""
    parts, done = list[Markup](), 0
    for found in OF_C.finditer(text):
        kind, word = found.lastgroup or "", found[0]
        if kind == "name":
            kind = "keyword" if word in KEYWORDS_OF_C else ""
            kind = kind or classes.get(word) or classes.get(word.removeprefix(COTANGENT), "")
        if not kind:
            continue
        parts.append(escape(text[done : found.start()]))
        span = Markup('<span class="{}">{}</span>').format
        parts.append(Markup("\n").join(span(kind, line) for line in word.split("\n")))
        done = found.end()
    whole = Markup("").join([*parts, escape(text[done:])])
    return [Markup(line) for line in whole.split("\n")][: len(text.splitlines())]
