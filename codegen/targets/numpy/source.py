"""Emitted text with its tree: it is parsed once, and what is done to it is done to its lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A program; `lines` hold what each line has become, by its number in the tree.

    A line that was taken out has become none, one that was broken has become several. Statements
    that were taken out stand in the tree no more.
    """

    tree: ast.Module
    lines: list[list[str]]

    @classmethod
    def of(cls, text: str) -> Source:
        """The program that a text is."""
        return cls(ast.parse(text), [[line] for line in text.split("\n")])

    def functions(self, names: Iterable[str]) -> list[ast.FunctionDef]:
        """Its functions of these names, in their order in the text."""
        wanted = {*names}
        return [f for f in self.tree.body if isinstance(f, ast.FunctionDef) and f.name in wanted]

    def of_function(self, function: ast.FunctionDef) -> list[str]:
        """The lines of a function."""
        return self.text(function.lineno - 1, function.end_lineno)

    def text(self, start: int = 0, end: int | None = None) -> list[str]:
        """The lines that lines have become."""
        return [line for lines in self.lines[start:end] for line in lines]


def joined(parts: Iterable[str]) -> str:
    """The text of a module, with two empty lines between its parts and no more anywhere."""
    return re.sub(r"\n{4,}", "\n\n\n", "\n\n\n".join(part.strip() for part in parts)) + "\n"
