"""The text of array notation as Python's syntax tree, with limits; errors that point into it."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from pullback.derive.errors import DefinitionError
from pullback.derive.read.descent import MAX_DEPTH, MAX_TEXT, MAX_WORDS
from pullback.derive.read.trees import Place, refuse

LONG = 400  # characters of a message, which may quote what came
PREFIXES = {"-", "+", "~", "not", "**", "lambda", "await", "else", "if", ":"}
DEEP = f"brackets, operations and calls are nested deeper than {MAX_DEPTH}"


@dataclass(frozen=True)
class Source:
    """A text and where its parts stand."""

    text: str
    within: str

    def place(self, node: ast.AST | None) -> Place:
        """Where a part stands: an operation at its sign, everything else at its start."""
        line = getattr(node, "lineno", 0)
        column = getattr(node, "col_offset", 0)
        lines = self.text.split("\n")
        if not 1 <= line <= len(lines):
            return Place(source=self.text, within=self.within)
        left = getattr(node, "left", None)
        if isinstance(left, ast.expr) and left.end_lineno is not None:
            line = left.end_lineno
            after = lines[line - 1].encode()[left.end_col_offset :]
            column = (left.end_col_offset or 0) + len(after) - len(after.lstrip(b" )"))
        before = lines[line - 1].encode()[:column].decode(errors="replace")
        return Place(line, len(before) + 1, self.text, self.within)

    def refuse(self, message: str, node: ast.AST | None) -> NoReturn:
        """Raise an error that points at a part."""
        short = message
        if len(message) > LONG:
            short = f"{message[: LONG // 2]}…{message[-LONG // 2 :]}"
        refuse(short, self.place(node))

    def at(self, message: str, line: int, column: int) -> NoReturn:
        """Raise an error that points at a line and a column, both from 1."""
        refuse(message, Place(line, column, self.text, self.within))

    def line(self, number: int) -> str:
        """One line as it is."""
        lines = self.text.split("\n")
        return lines[number - 1].strip() if 1 <= number <= len(lines) else ""


def parse(text: str, within: str) -> tuple[Source, ast.Module]:
    """Read a text as Python; nothing of it is run.

    Raises DefinitionError for what is no Python, and for what is too long or too deep.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    source = Source(text, within)
    check_text(source)
    check_words(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        line, column = error.lineno or 0, error.offset or 1
        source.at(f"not Python: {error.msg}", line, max(column, 1))
    except (RecursionError, MemoryError):
        source.refuse(DEEP, None)
    except (ValueError, OverflowError) as error:
        source.refuse(f"not Python: {error}", None)
    check_depth(source, tree)
    return source, tree


def check_text(source: Source) -> None:
    """Refuse what is too long, or no text."""
    try:
        length = len(source.text.encode())
    except UnicodeEncodeError:
        raise DefinitionError(f"{source.within}: not Unicode text") from None
    if length > MAX_TEXT:
        source.refuse(f"the text is longer than {MAX_TEXT // 1024} KiB", None)
    if "\0" in source.text:
        source.refuse("the text holds a null byte", None)


def check_words(source: Source) -> None:
    """Refuse too many words, and nesting that Python's own parser should not be asked to hold."""
    depth = run = count = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            line, column = token.start[0], token.start[1] + 1
            count += 1
            if count > MAX_WORDS:
                source.at(f"the text has more than {MAX_WORDS:,} words and signs", line, column)
            if token.string in PREFIXES:
                run += 1
            elif token.type in (tokenize.OP, tokenize.NEWLINE):
                run = 0 if token.type == tokenize.NEWLINE else run
                depth += (token.string in "([{") - (token.string in ")]}")
            if max(depth, run) > MAX_DEPTH:
                source.at(DEEP, line, column)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return  # Python's parser says what is wrong
    except (RecursionError, MemoryError):
        source.refuse(DEEP, None)


def check_depth(source: Source, tree: ast.Module) -> None:
    """Refuse nesting that is too deep to be read."""
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            source.refuse(DEEP, node)
        below = depth + isinstance(node, ast.expr | ast.stmt)
        stack.extend((child, below) for child in ast.iter_child_nodes(node))


def names_in(tree: ast.AST) -> set[str]:
    """Every name that a text has."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


def called_in(function: ast.FunctionDef, names: Iterable[str]) -> list[str]:
    """The functions among these whose names a function has, in order."""
    known = set(names)
    found = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and n.id in known]
    return list(dict.fromkeys(found))
